"""The speech tokenizer's encoder: a recording to the codes that its own decoder would speak.

Source: Mimi (arXiv:2410.00037) as transformers 4.57.3 runs it, which is what the official package
pins. There attention sees everything before; transformers 5 sees 250 steps, and its codes differ
after 10 s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ttm.engine.qwen3.dimensions import EncoderDimensions, SpeechTokenizerDimensions
from ttm.engine.qwen3.layers import Rotary, paired, turn

HALVING = 2
"""Stride of the convolution between the transformer (25 steps a second) and the codes."""
RARE = 1e-5
"""A codebook entry that was used less than this in training counts as used this much."""


class CodecEncoder:
    """Samples to codes.

    `weights` has the names of `speech_tokenizer/model.safetensors`; what decodes, and the levels
    of codes that are not kept, is left alone. Everything is float32: codes hang on small distances.
    """

    def __init__(
        self, dimensions: SpeechTokenizerDimensions, weights: Mapping[str, Tensor]
    ) -> None:
        encoder = dimensions.encoder_config
        self._samples_per_frame = HALVING * math.prod(encoder.upsampling_ratios)
        assert self._samples_per_frame == dimensions.encode_downsample_rate, self._samples_per_frame
        self._convolutions = _Convolutions(encoder, weights)
        self._transformer = _Transformer(encoder, weights)
        weight = weights["encoder.downsample.conv.weight"]
        self._downsample = _Conv(weight, None, stride=HALVING, pad="replicate")
        semantic = encoder.num_semantic_quantizers
        acoustic = dimensions.encoder_valid_num_quantizers - semantic
        at = "encoder.quantizer.{}_residual_vector_quantizer."
        self._quantizers = [_Quantizer(weights, at.format("semantic"), semantic)]
        if acoustic:
            self._quantizers.append(_Quantizer(weights, at.format("acoustic"), acoustic))

    def encode(self, samples: Tensor) -> Tensor:
        """A recording's codes; the last frame may be partly filled.

        samples  [S] float32 in [-1, 1] at `input_sample_rate`
        return   [T, K] int64, T = ceil(S / `encode_downsample_rate`)
        """
        assert samples.ndim == 1, samples.shape
        assert samples.dtype == torch.float32, samples.dtype
        assert len(samples), "no samples"
        x = self._convolutions(samples[None, None])  # [1, C, 2 T]
        x = self._transformer(x.mT).mT
        x = self._downsample(x)  # [1, C, T]
        codes = torch.cat([quantizer(x) for quantizer in self._quantizers], dim=1)
        assert len(codes) == -(-len(samples) // self._samples_per_frame), codes.shape
        return codes


@dataclass(frozen=True, slots=True)
class _Conv:
    """A causal convolution: padded on the left by its reach, on the right to whole strides."""

    weight: Tensor
    bias: Tensor | None
    stride: int = 1
    dilation: int = 1
    pad: str = "constant"

    def __call__(self, x: Tensor, *, activate: bool = False) -> Tensor:
        """
        x       [1, C, T]
        return  [1, C', ceil(T / stride)]
        """
        reach = (self.weight.shape[-1] - 1) * self.dilation + 1 - self.stride
        x = F.pad(x, (reach, -x.shape[-1] % self.stride), self.pad)
        if activate:
            F.elu_(x)  # in the copy that padding made: 30 s are 184 MB here, and elu(0) is 0
        return F.conv1d(x, self.weight, self.bias, self.stride, dilation=self.dilation)


class _Convolutions:
    """Samples to a vector for every 40 ms: residual units, each stage ended by a strided one."""

    def __init__(self, encoder: EncoderDimensions, weights: Mapping[str, Tensor]) -> None:
        def conv(at: str, stride: int = 1, dilation: int = 1) -> _Conv:
            at = f"encoder.encoder.layers.{at}.conv"
            return _Conv(weights[f"{at}.weight"], weights[f"{at}.bias"], stride, dilation)

        self._first = conv("0")
        self._stages: list[tuple[list[tuple[_Conv, _Conv]], _Conv]] = []
        index = 0
        for ratio in reversed(encoder.upsampling_ratios):
            units = []
            for i in range(encoder.num_residual_layers):
                index += 1
                dilation = encoder.dilation_growth_rate**i
                narrow = conv(f"{index}.block.1", dilation=dilation)
                units.append((narrow, conv(f"{index}.block.3")))
            index += 2  # an activation has a number of its own
            self._stages.append((units, conv(str(index), stride=ratio)))
        self._last = conv(str(index + 2))

    def __call__(self, x: Tensor) -> Tensor:
        """
        x       [1, 1, S]
        return  [1, C, T]
        """
        x = self._first(x)
        for units, shorten in self._stages:
            for narrow, widen in units:
                x = widen(narrow(x, activate=True), activate=True).add_(x)
            x = shorten(x, activate=True)
        return self._last(x, activate=True)


class _Transformer:
    """Causal layers, each attending to everything before."""

    def __init__(self, encoder: EncoderDimensions, weights: Mapping[str, Tensor]) -> None:
        self._encoder = encoder
        self._layers = [
            _below(f"encoder.encoder_transformer.layers.{i}.", weights)
            for i in range(encoder.num_hidden_layers)
        ]
        for layer in self._layers:
            for name in ("self_attn.q_proj.weight", "self_attn.k_proj.weight"):
                layer[name] = paired(layer[name], encoder.head_dim)

    def __call__(self, x: Tensor) -> Tensor:
        """
        x       [1, T, C]
        return  [1, T, C]
        """
        rotary = Rotary(self._encoder.head_dim, self._encoder.rope_theta, x.device)
        turns = rotary.upto(x.shape[1])[: x.shape[1]]
        for layer in self._layers:
            attended = self._attend(self._norm(x, layer, "input_layernorm"), layer, turns)
            x = x + layer["self_attn_layer_scale.scale"] * attended
            hidden = self._norm(x, layer, "post_attention_layernorm")
            hidden = F.gelu(F.linear(hidden, layer["mlp.fc1.weight"]))
            x = x + layer["mlp_layer_scale.scale"] * F.linear(hidden, layer["mlp.fc2.weight"])
        return x

    def _norm(self, x: Tensor, layer: Mapping[str, Tensor], name: str) -> Tensor:
        weight, bias = layer[f"{name}.weight"], layer[f"{name}.bias"]
        return F.layer_norm(x, weight.shape, weight, bias, self._encoder.norm_eps)

    def _attend(self, x: Tensor, layer: Mapping[str, Tensor], turns: Tensor) -> Tensor:
        """
        x       [1, T, C]
        turns   [T, D/2]
        return  [1, T, C]
        """
        encoder = self._encoder

        def heads(name: str, count: int) -> Tensor:
            flat = F.linear(x, layer[f"self_attn.{name}_proj.weight"])
            return flat.view(*x.shape[:2], count, -1).transpose(1, 2)  # [1, H, T, D]

        query = turn(heads("q", encoder.num_attention_heads), turns)
        key = turn(heads("k", encoder.num_key_value_heads), turns)
        value = heads("v", encoder.num_key_value_heads)
        group = encoder.num_attention_heads // encoder.num_key_value_heads
        if group > 1:
            key, value = (each.repeat_interleave(group, dim=1) for each in (key, value))
        # No mask: the kernel for `is_causal` needs none, and 30 s would have one of [750, 750].
        attended = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        return F.linear(attended.transpose(1, 2).flatten(2), layer["self_attn.o_proj.weight"])


class _Quantizer:
    """Residual vector quantization: each level names the entry nearest to what is left."""

    def __init__(self, weights: Mapping[str, Tensor], at: str, levels: int) -> None:
        self._projection = weights[f"{at}input_proj.weight"]
        self._codebooks = []
        for i in range(levels):
            book = _below(f"{at}layers.{i}.codebook.", weights)
            usage = book["cluster_usage"].clamp(min=RARE)
            self._codebooks.append(book["embed_sum"] / usage[:, None])  # [V, C]

    def __call__(self, x: Tensor) -> Tensor:
        """
        x       [1, C, T]
        return  [T, K] int64
        """
        left = F.conv1d(x, self._projection)[0].mT  # [T, C]
        codes = []
        for book in self._codebooks:
            nearest = torch.cdist(left, book).argmin(dim=-1)  # [T]
            left = left - book[nearest]
            codes.append(nearest)
        return torch.stack(codes, dim=1)


def _below(prefix: str, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`, by the rest of their names."""
    return {name.removeprefix(prefix): weights[name] for name in weights if name.startswith(prefix)}
