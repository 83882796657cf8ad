"""The codec's decoder: frames of codes to samples, with its state kept between calls.

Every stage is causal, so a stage needs of the past only the tail of its own input: the last
columns of a convolution's, the keys and values of the attention's window. With these kept, any
split of the frames gives the samples of one pass. Source: `Qwen3TTSTokenizerV2Decoder`. Shapes: B
rows, C channels, T frames or columns, K codebooks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ttm.engine.qwen3.dimensions import CodecDimensions
from ttm.engine.qwen3.layers import (
    GatedMlp,
    RmsNorm,
    Rotary,
    convolution,
    linear,
    paired,
    turn,
)

if TYPE_CHECKING:
    from ttm.engine.qwen3 import shortcut

USAGE_MIN = 1e-5
"""A codebook entry that was used less counts as used so often."""
SNAKE_EPSILON = 1e-9
NORM_EPSILON = 1e-6
"""Of the upsampling blocks' norms."""
DILATIONS = (1, 3, 9)
"""Of a decoder block's residual units."""


@dataclass(slots=True, weakref_slot=True, eq=False)
class CodecState:
    """What a decoder remembers of the frames before; empty at the start of an utterance."""

    tails: dict[str, Tensor] = field(default_factory=dict)
    """The last columns `[B, C, k]` of each convolution's input."""
    keys: dict[int, Tensor] = field(default_factory=dict)
    """`[B, H, window - 1, d]` of each attention, the latest frame last; as many of them as there
    were frames mean something."""
    values: dict[int, Tensor] = field(default_factory=dict)
    frames: int = 0
    """Frames decoded so far."""

    def copy(self, device: torch.device | None = None) -> CodecState:
        """A state that goes on from here by itself, perhaps on another device."""

        def moved(tensors: dict[Any, Tensor]) -> dict[Any, Tensor]:
            return {name: tensor.to(device, copy=True) for name, tensor in tensors.items()}

        return CodecState(moved(self.tails), moved(self.keys), moved(self.values), self.frames)

    def behind_tail(self, name: str, x: Tensor, columns: int) -> Tensor:
        """`x` behind the last columns of what came before it; its own last ones are kept."""
        return _behind(self.tails, name, x, columns)

    def behind_window(
        self, layer: int, keys: Tensor, values: Tensor, window: int
    ) -> tuple[Tensor, Tensor]:
        """`[B, H, T, d]` behind what earlier frames left, `[B, H, window - 1 + T, d]` each."""
        return (
            _behind(self.keys, layer, keys, window - 1),
            _behind(self.values, layer, values, window - 1),
        )


def _behind(kept: dict[Any, Tensor], name: str | int, new: Tensor, count: int) -> Tensor:
    """`new` behind the `count` of before (nothing at first) in dimension 2; the last `count` of
    both are kept in place, so that what is captured finds them where they were."""
    if name not in kept:
        kept[name] = new.new_zeros((*new.shape[:2], count, *new.shape[3:]))
    both = torch.cat((kept[name], new), 2)
    kept[name].copy_(both[:, :, new.shape[2] :])
    return both


Stage = Callable[[Tensor, CodecState], Tensor]
"""`[B, C, T]` and the state to `[B, C', T']`; the state is moved on."""


class Codec:
    """Codes to samples at `output_sample_rate`."""

    def __init__(
        self,
        dimensions: CodecDimensions,
        weights: Mapping[str, Tensor],
        device: torch.device | None = None,
        dtype: torch.dtype = torch.float32,
        quick: bool = False,
    ) -> None:
        """`weights`: as in `speech_tokenizer/model.safetensors`. `quick`: with the shortcuts that
        cost a digit, on a CPU in float32 where numba is."""
        self.dimensions = dimensions
        self._quick = quick
        self.device, self.dtype = device or torch.device("cpu"), dtype
        self._weights = weights
        self._codebooks = [self._codebook("first", 0)] + [
            self._codebook("rest", level) for level in range(dimensions.num_quantizers - 1)
        ]
        self._transformer = _Transformer(dimensions, self)
        self._before: Stage = CausalConv("pre_conv", *self.conv("pre_conv.conv"))
        self._after = [*self._upsampling(), *self._synthesis()]

    def decode(self, codes: Tensor, state: CodecState | None = None) -> Tensor:
        """`codes` `[B, K, T]` to samples `[B, samples_per_frame * T]` in [-1, 1], float32.

        With a `state`, the frames follow those that it has seen.
        """
        state = CodecState() if state is None else state
        with torch.inference_mode():
            seen = torch.full((), state.frames, device=self.device)
            state.frames += codes.shape[2]
            return self.run(codes.to(self.device), state, seen)

    def run(self, codes: Tensor, state: CodecState, frames: Tensor) -> Tensor:
        """`decode` where nothing waits for the device: `frames` `[]`, those before, lies there.

        The state's tensors are written in place, and made when they are missing.
        """
        x = self._codebooks[0][codes[:, 0]]
        rest = self._codebooks[1][codes[:, 1]]
        for level in range(2, codes.shape[1]):
            rest = rest + self._codebooks[level][codes[:, level]]
        x = self._before((x + rest).transpose(1, 2), state)
        x = self._transformer(x.transpose(1, 2), state, frames).transpose(1, 2)
        for stage in self._after:
            x = stage(x, state)
        return x.squeeze(1).float().clamp(-1, 1)

    def tensor(self, name: str) -> Tensor:
        """A copy of the tensor on the codec's device, in its type."""
        return self._weights[f"decoder.{name}"].to(self.device, self.dtype, copy=True)

    def affine(self, name: str) -> tuple[Tensor, Tensor]:
        """Weight and bias, copied."""
        return self.tensor(f"{name}.weight"), self.tensor(f"{name}.bias")

    def conv(self, name: str) -> tuple[Tensor, Tensor]:
        """A convolution's weight, perhaps still in the file, and its bias."""
        weight = self._weights[f"decoder.{name}.weight"].to(self.device, self.dtype)
        return weight, self.tensor(f"{name}.bias")

    def _codebook(self, part: str, level: int) -> Tensor:
        """Entries `[codebook_size, codebook_dim]`, already projected."""
        at = f"decoder.quantizer.rvq_{part}."
        book = f"{at}vq.layers.{level}._codebook."
        # In float32 whatever the codec computes in: the sums are large, the counts exact.
        usage = self._weights[f"{book}cluster_usage"].float().clamp(min=USAGE_MIN)
        entries = self._weights[f"{book}embedding_sum"].float() / usage[:, None]
        # The projection is linear, so that of a sum is the sum of the entries' projections.
        projection = self._weights[f"{at}output_proj.weight"].float().squeeze(-1)
        return F.linear(entries, projection).to(self.device, self.dtype)

    def _upsampling(self) -> list[Stage]:
        stages: list[Stage] = []
        for i in range(len(self.dimensions.upsampling_ratios)):
            weight, bias = self.conv(f"upsample.{i}.0.conv")
            stages.append(Upsampling("", weight, bias, weight.shape[2]))
            stages.append(_ConvNext(f"upsample.{i}.1", self))
        return stages

    def _synthesis(self) -> list[Stage]:
        stages: list[Stage] = [CausalConv("decoder.0", *self.conv("decoder.0.conv"))]
        for i, rate in enumerate(self.dimensions.upsample_rates, start=1):
            at = f"decoder.{i}.block"
            stages.append(self.snake(f"{at}.0"))
            stages.append(Upsampling(f"{at}.1", *self.conv(f"{at}.1.conv"), rate))
            for j, dilation in enumerate(DILATIONS, start=2):
                stages.append(self._residual_unit(f"{at}.{j}", dilation))
        last = len(self.dimensions.upsample_rates) + 1
        stages.append(self.snake(f"decoder.{last}"))
        stages.append(CausalConv(f"decoder.{last + 1}", *self.conv(f"decoder.{last + 1}.conv")))
        return stages

    def snake(self, name: str) -> Stage:
        wave = self._wave(name)
        if self._quick:
            from ttm.engine.qwen3 import shortcut

            return _ByRow(shortcut.Snake(*wave))
        return Snake(*wave)

    def _wave(self, name: str) -> tuple[Tensor, Tensor]:
        """A snake's frequency and size, `[C]`."""
        alpha, beta = self.tensor(f"{name}.alpha"), self.tensor(f"{name}.beta")
        return alpha.exp(), 1 / (beta.exp() + SNAKE_EPSILON)

    def _residual_unit(self, name: str, dilation: int) -> Stage:
        if not self._quick:
            return _ResidualUnit(name, self, dilation)
        from ttm.engine.qwen3 import shortcut

        first, second = (shortcut.Snake(*self._wave(f"{name}.act{i}")) for i in (1, 2))
        wide, narrow = (self.conv(f"{name}.conv{i}.conv") for i in (1, 2))
        unit = shortcut.ResidualUnit(first, wide, second, narrow, dilation)
        return _QuickUnit(f"{name}.conv1", unit)


class CausalConv:
    """A convolution over the past: `(k - 1) * dilation` columns of it are kept."""

    def __init__(
        self, name: str, weight: Tensor, bias: Tensor, dilation: int = 1, groups: int = 1
    ) -> None:
        self._name = name
        self._past = (weight.shape[2] - 1) * dilation
        self._convolve = convolution(weight, bias, dilation, groups)

    def __call__(self, x: Tensor, state: CodecState) -> Tensor:
        if self._past:
            x = state.behind_tail(self._name, x, self._past)
        return self._convolve(x)


class Upsampling:
    """A transposed convolution of stride `rate`, and of kernel `rate` or twice that.

    Cut on the right as the decoder is, output column `rate * t + j` depends on inputs t and t - 1
    alone: it is a convolution of one or two taps that gives `rate` columns at a time.
    """

    def __init__(self, name: str, weight: Tensor, bias: Tensor, rate: int) -> None:
        """`weight` `[C, C', k]`."""
        self._name, self._rate = name, rate
        self._taps = weight.shape[2] // rate
        inputs, outputs, _ = weight.shape
        # [C, C', taps, rate] to [C' * rate, C, taps], the older tap first.
        taps = weight.view(inputs, outputs, self._taps, rate).flip(2).permute(1, 3, 0, 2)
        weight = taps.reshape(outputs * rate, inputs, self._taps).contiguous()
        self._convolve = convolution(weight, bias.repeat_interleave(rate))

    def __call__(self, x: Tensor, state: CodecState) -> Tensor:
        if self._taps > 1:
            x = state.behind_tail(self._name, x, self._taps - 1)
        y = self._convolve(x)
        rows, _, columns = y.shape
        return (
            y.view(rows, -1, self._rate, columns)
            .transpose(2, 3)
            .reshape(rows, -1, columns * self._rate)
        )


class Snake:
    """`x + sin(x e^alpha)^2 / (e^beta + 1e-9)`."""

    def __init__(self, frequency: Tensor, size: Tensor) -> None:
        self._frequency, self._size = frequency[:, None], size[:, None]

    def __call__(self, x: Tensor, state: CodecState) -> Tensor:
        wave = (x * self._frequency).sin_()
        return torch.addcmul(x, wave.square_(), self._size)


class _ResidualUnit:
    def __init__(self, name: str, codec: Codec, dilation: int) -> None:
        self._stages: list[Stage] = [
            codec.snake(f"{name}.act1"),
            CausalConv(f"{name}.conv1", *codec.conv(f"{name}.conv1.conv"), dilation),
            codec.snake(f"{name}.act2"),
            CausalConv(f"{name}.conv2", *codec.conv(f"{name}.conv2.conv")),
        ]

    def __call__(self, x: Tensor, state: CodecState) -> Tensor:
        y = x
        for stage in self._stages:
            y = stage(y, state)
        return y.add_(x)


class _ByRow:
    """A stage without a past, whose kernel takes one row."""

    def __init__(self, kernel: Callable[[Tensor], Tensor]) -> None:
        self._kernel = kernel

    def __call__(self, x: Tensor, state: CodecState) -> Tensor:
        return torch.stack([self._kernel(row) for row in x])


class _QuickUnit:
    """A residual unit by the shortcut; its tail is that of the convolution."""

    def __init__(self, name: str, unit: shortcut.ResidualUnit) -> None:
        self._name, self._unit = name, unit

    def __call__(self, x: Tensor, state: CodecState) -> Tensor:
        tails = state.tails.get(self._name)
        if tails is None:
            tails = x.new_zeros(*x.shape[:2], self._unit.past)
        done = [self._unit(tail, row) for tail, row in zip(tails, x, strict=True)]
        state.tails[self._name] = torch.stack([tail for tail, _ in done])
        return torch.stack([row for _, row in done])


class _ConvNext:
    """A depthwise convolution, then two products over the channels, added to the input."""

    def __init__(self, name: str, codec: Codec) -> None:
        weight, bias = codec.conv(f"{name}.dwconv.conv")
        self._depthwise = CausalConv(f"{name}.dwconv", weight, bias, groups=len(weight))
        self._norm = codec.affine(f"{name}.norm")
        self._wide = linear(*codec.affine(f"{name}.pwconv1"))
        self._narrow = linear(*codec.affine(f"{name}.pwconv2"))
        self._gamma = codec.tensor(f"{name}.gamma")

    def __call__(self, x: Tensor, state: CodecState) -> Tensor:
        y = self._depthwise(x, state).transpose(1, 2)
        y = F.layer_norm(y, self._gamma.shape, *self._norm, NORM_EPSILON)
        y = self._narrow(F.gelu(self._wide(y))) * self._gamma
        return x + y.transpose(1, 2)


class _Transformer:
    """Layers whose attention sees `sliding_window` frames, the own one included."""

    def __init__(self, size: CodecDimensions, codec: Codec) -> None:
        at = "pre_transformer"
        self._size, self._codec = size, codec
        self._in = linear(*codec.affine(f"{at}.input_proj"))
        self._out = linear(*codec.affine(f"{at}.output_proj"))
        self._norm = RmsNorm(codec.tensor(f"{at}.norm.weight"), size.rms_norm_eps)
        self._rotary = Rotary(size.head_dim, size.rope_theta, codec.device)
        self._layers = [
            _TransformerLayer(i, f"{at}.layers.{i}", size, codec)
            for i in range(size.num_hidden_layers)
        ]

    def __call__(self, x: Tensor, state: CodecState, frames: Tensor) -> Tensor:
        """`[B, T, C]` to the same, behind so many `frames` `[]`."""
        new, window = x.shape[1], self._size.sliding_window
        own = torch.arange(new, device=x.device)
        turns = self._rotary.at(frames + own)
        at = torch.arange(1 - window, new, device=x.device)
        back = own[:, None] - at
        seen = (back >= 0) & (back < window) & (at + frames >= 0)
        x = self._in(x)
        for layer in self._layers:
            x = layer(x, turns, seen, state)
        return self._out(self._norm(x))


class _TransformerLayer:
    def __init__(self, index: int, at: str, size: CodecDimensions, codec: Codec) -> None:
        def matrix(name: str) -> Tensor:
            return codec.tensor(f"{at}.{name}.weight")

        def norm(name: str) -> RmsNorm:
            return RmsNorm(matrix(name), size.rms_norm_eps)

        self._index = index
        self._heads, self._keys = size.num_attention_heads, size.num_key_value_heads
        self._window = size.sliding_window
        queried, keyed = (paired(matrix(f"self_attn.{n}_proj"), size.head_dim) for n in "qk")
        self._before = norm("input_layernorm")
        self._qkv = linear(torch.cat((queried, keyed, matrix("self_attn.v_proj"))))
        self._attended = linear(matrix("self_attn.o_proj"))
        self._attention_scale = codec.tensor(f"{at}.self_attn_layer_scale.scale")
        self._after = norm("post_attention_layernorm")
        gate_up = torch.cat((matrix("mlp.gate_proj"), matrix("mlp.up_proj")))
        self._mlp = GatedMlp(linear(gate_up), linear(matrix("mlp.down_proj")))
        self._mlp_scale = codec.tensor(f"{at}.mlp_layer_scale.scale")

    def __call__(self, x: Tensor, turns: Tensor, seen: Tensor, state: CodecState) -> Tensor:
        """`seen` `[T, window - 1 + T]`: which kept and new frames each new one attends to."""
        rows, new, _ = x.shape
        both = self._heads + self._keys
        # In float32, as the talker's attention; the frames are few beside the samples.
        qkv = self._qkv(self._before(x)).float()
        qkv = qkv.view(rows, new, both + self._keys, -1).transpose(1, 2)
        turned = turn(qkv[:, :both], turns)
        queries, keys, values = turned[:, : self._heads], turned[:, self._heads :], qkv[:, both:]
        keys, values = state.behind_window(self._index, keys, values, self._window)
        group = self._heads // self._keys
        mixed = F.scaled_dot_product_attention(
            queries,
            keys if group == 1 else keys.repeat_interleave(group, 1),
            values if group == 1 else values.repeat_interleave(group, 1),
            attn_mask=seen,
        )
        mixed = mixed.transpose(1, 2).reshape(rows, new, -1).to(x.dtype)
        x = x + self._attended(mixed) * self._attention_scale
        return x + self._mlp(self._after(x)) * self._mlp_scale
