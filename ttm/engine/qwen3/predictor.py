"""The code predictor: the other codes of a frame, each from those before it.

15 passes of 5 layers for every frame: 71 % of the weights that a frame reads at 0.6B. Source:
`Qwen3TTSTalkerCodePredictorModelForConditionalGeneration`. Shapes: B rows, D the talker's width,
V codes in a codebook, G groups (16).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from ttm.engine.qwen3.dimensions import PredictorDimensions
from ttm.engine.qwen3.layers import Linear, linear
from ttm.engine.qwen3.sampling import Choose
from ttm.engine.qwen3.stack import AnyStack, Stack

if TYPE_CHECKING:
    from ttm.engine.qwen3.quantized import Quantization


class CodePredictor:
    """One stack, with an embedding and a head of its own for every group."""

    def __init__(
        self,
        dimensions: PredictorDimensions,
        weights: Mapping[str, Tensor],
        device: torch.device,
        dtype: torch.dtype,
        quantization: Quantization | None = None,
    ) -> None:
        """With `quantization`, the weights are integers, on the CPU with `dtype` float32."""
        at = "talker.code_predictor."

        def matrix(name: str) -> Tensor:
            return weights[at + name].to(device, dtype, copy=True)

        later = range(dimensions.num_code_groups - 1)
        self.dimensions = dimensions
        tables = [weights[f"{at}model.codec_embedding.{i}.weight"] for i in later]
        self._table = torch.cat([table.to(device) for table in tables])
        """`[(G - 1) V, D]`, in the file's type: embeddings of group 1, of group 2, and so on."""
        self._dtype = dtype
        self._starts = torch.tensor([i * dimensions.vocab_size for i in later], device=device)
        self._stack: AnyStack
        self._heads: list[Linear]
        if quantization:
            from ttm.engine.qwen3.quantized import QuantizedMatrix, QuantizedStack

            self._stack = QuantizedStack(
                dimensions, weights, f"{at}model.", quantization, quantization.four_bit_predictor
            )
            self._heads = [
                QuantizedMatrix(weights[name], quantization, name)
                for name in (f"{at}lm_head.{i}.weight" for i in later)
            ]
        else:
            self._stack = Stack(dimensions, weights, f"{at}model.", device, dtype)
            self._heads = [linear(matrix(f"lm_head.{i}.weight")) for i in later]
        self._narrow: Linear | None = None
        inputs = self._table[: -dimensions.vocab_size]
        if f"{at}small_to_mtp_projection.weight" in weights:
            narrow = [matrix(f"small_to_mtp_projection.{name}") for name in ("weight", "bias")]
            self._narrow = linear(*narrow)
            # Every code's projected row once, rather than 2 M products a pass.
            inputs = F.linear(inputs.to(dtype), *narrow)
        self._inputs = inputs.split(dimensions.vocab_size)
        """What the stack reads for a code of each group but the last."""

    def embed(self, first: Tensor, codes: Tensor) -> Tensor:
        """Frames as the talker hears them, `[N, D]`: the sum of their codes' embeddings.

        `first` `[N, D]`: code 0 embedded; `codes` `[N, G - 1]`: the others.
        """
        later = F.embedding(codes + self._starts, self._table).to(self._dtype)
        # One sum of all: added up one by one, bfloat16 would round 15 times.
        return torch.cat((first.unsqueeze(1), later), 1).sum(1)

    def __call__(self, hidden: Tensor, first: Tensor, pick: Choose) -> Tensor:
        """Codes 1 to G - 1 of a frame, `[B, G - 1]`.

        `hidden` `[B, D]`: the talker's state that chose code 0; `first` `[B, D]`: code 0 embedded.
        """
        x = torch.stack((hidden, first), 1)
        if self._narrow is not None:
            x = self._narrow(x)
        cache = self._stack.cache(len(x), self.dimensions.num_code_groups)
        codes: list[Tensor] = []
        for group, head in enumerate(self._heads):
            if group:
                x = F.embedding(codes[-1], self._inputs[group - 1]).unsqueeze(1).to(self._dtype)
            codes.append(pick(head(self._stack(x, cache)[:, -1]).float()))
        return torch.stack(codes, 1)
