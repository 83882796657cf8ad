"""The talker: text and the frames so far in, the first code of the next frame out.

28 layers at both published sizes. Source: `Qwen3TTSTalkerForConditionalGeneration`. Shapes: B
rows, S positions, D width, V codec vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ttm.engine.qwen3.dimensions import TalkerDimensions
from ttm.engine.qwen3.layers import Linear, linear
from ttm.engine.qwen3.stack import AnyCache, AnyStack, Stack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ttm.engine.qwen3.prefixes import Prefixes
    from ttm.engine.qwen3.quantized import Quantization, QuantizedCache, QuantizedStack


class Talker:
    """Embeddings, the stack, and the head that scores the first code."""

    def __init__(
        self,
        dimensions: TalkerDimensions,
        weights: Mapping[str, Tensor],
        device: torch.device,
        dtype: torch.dtype,
        quantization: Quantization | None = None,
    ) -> None:
        """With `quantization`, the weights are integers, on the CPU with `dtype` float32."""

        def matrix(name: str) -> Tensor:
            return weights[f"talker.{name}"].to(device, dtype, copy=True)

        self.dimensions = dimensions
        self.device, self.dtype = device, dtype
        self.quantized = quantization is not None
        # 311 M values of which a speech reads a few dozen rows: they stay in the file.
        self._text_embedding = weights["talker.model.text_embedding.weight"]
        self._text_inner = linear(
            matrix("text_projection.linear_fc1.weight"), matrix("text_projection.linear_fc1.bias")
        )
        self._text_outer = linear(
            matrix("text_projection.linear_fc2.weight"), matrix("text_projection.linear_fc2.bias")
        )
        self._code_embedding = weights["talker.model.codec_embedding.weight"].to(device, copy=True)
        """`[V, D]`, in the file's type."""
        self.stack: AnyStack
        self._head: Linear
        self._several: QuantizedStack | None = None
        self._prefixes: Prefixes | None = None
        if quantization:
            from ttm.engine.qwen3.prefixes import Prefixes
            from ttm.engine.qwen3.quantized import QuantizedMatrix, QuantizedStack

            head = "talker.codec_head.weight"
            self._several = QuantizedStack(dimensions, weights, "talker.model.", quantization)
            self.stack = self._several
            self._prefixes = Prefixes()
            self._head = QuantizedMatrix(weights[head], quantization, head)
        else:
            self.stack = Stack(dimensions, weights, "talker.model.", device, dtype)
            self._head = linear(matrix("codec_head.weight"))

    def embed_text(self, ids: Tensor) -> Tensor:
        """Text tokens `[S]` as the talker reads them, `[S, D]`."""
        rows = self._text_embedding[ids.cpu()].to(self.device, self.dtype)
        return self._text_outer(F.silu(self._text_inner(rows)))

    def embed_codes(self, ids: Tensor) -> Tensor:
        """First codes, or ids of the codec's control tokens, `[...]` to `[..., D]`."""
        return F.embedding(ids, self._code_embedding).to(self.dtype)

    def cache(self, rows: int, capacity: int) -> AnyCache:
        return self.stack.cache(rows, capacity)

    def extend(
        self, x: Tensor, cache: QuantizedCache, counts: NDArray[Any]
    ) -> tuple[Tensor, Tensor]:
        """Of quantized weights, several texts at once, each with as many of the positions `x`
        `[S, D]` as `counts` `[B]` says; as a call for those that have any."""
        assert self._several is not None, "only int8 weights take texts of different lengths"
        hidden = self._several.extend(x, cache, counts)[counts[counts > 0].cumsum() - 1]
        return hidden, self._head(hidden).float()

    def read(
        self, prompts: Mapping[int, tuple[Tensor, int]], cache: QuantizedCache
    ) -> tuple[Tensor, Tensor]:
        """Of quantized weights: prompts of texts that begin, by their places in the cache, in
        rising order; each `[L, D]` with how many positions of it may be known from others."""
        assert self._prefixes is not None, "only int8 weights remember beginnings"
        counts, parts, new = np.zeros(len(cache.lengths), np.int64), [], []
        for text, (prompt, beginning) in prompts.items():
            cache.lengths[text] = 0
            known = self._prefixes.recall(prompt[:beginning], cache, text)
            counts[text] = len(prompt) - known
            parts.append(prompt[known:])
            if not known:
                new.append((prompt[:beginning], text))
        found = self.extend(torch.cat(parts), cache, counts)
        for opening, text in new:
            self._prefixes.keep(opening, cache, text)
        return found

    def __call__(
        self,
        x: Tensor,
        cache: AnyCache,
        positions: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """The last position's normed hidden state `[B, D]` and logits `[B, V]`, float32.

        `x` `[B, S, D]`; see `Stack` for the rest.
        """
        hidden = self.stack(x, cache, positions, mask)[:, -1]
        return hidden, self.score(hidden)

    def score(self, hidden: Tensor) -> Tensor:
        """Logits `[B, V]`, float32, of the first code after the hidden states `[B, D]`."""
        return self._head(hidden).float()
