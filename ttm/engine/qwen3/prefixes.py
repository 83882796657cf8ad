"""What the talker made of the beginnings of prompts: one voice with one instruction begins alike.

Of int8 weights, whose results do not depend on what is computed beside them, so that a speech is
the same to the bit with a beginning that is remembered. Shapes: L positions, D width.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from torch import Tensor

from ttm.engine.qwen3.quantized import Array, QuantizedCache

KEPT = 8
"""Beginnings; 229 kB a position at 0.6B, and a voice without an instruction has ten."""
LONGEST = 256
"""Positions; a longer one is made anew."""


class Prefixes:
    """Keys and values of the beginnings used last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, tuple[Array, Array]] = OrderedDict()

    def recall(self, beginning: Tensor, cache: QuantizedCache, text: int) -> int:
        """Put what is known of `beginning` `[L, D]` into the empty cache of a text; L, or 0."""
        found = self._kept.get(_name(beginning))
        if found is None:
            return 0
        self._kept.move_to_end(_name(beginning))
        count = len(beginning)
        cache.keys[:, text, :, :count], cache.values[:, text, :, :count] = found
        cache.lengths[text] = count
        return count

    def keep(self, beginning: Tensor, cache: QuantizedCache, text: int) -> None:
        """Remember what the cache has of a text that begins so."""
        count = len(beginning)
        if 0 < count <= LONGEST:
            both = (part[:, text, :, :count].copy() for part in (cache.keys, cache.values))
            keys, values = both
            self._kept[_name(beginning)] = keys, values
            self._kept.move_to_end(_name(beginning))
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def _name(beginning: Tensor) -> bytes:
    return hashlib.sha256(beginning.numpy().tobytes()).digest()
