"""The edges of what an engine said, so that pauses are exact and joints do not click."""

from __future__ import annotations

import array
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ttm.audio import WIDTH, Audio
from ttm.audio.level import fade
from ttm.speech import Timing

FADE = 0.003
"""Seconds over which a cut waveform falls to silence."""
QUIET = 0.01
"""An edge that starts or ends below this share of full scale does not click (-40 dBFS)."""


def edged(blocks: Iterable[Audio]) -> Iterator[Audio]:
    """The blocks without the digital silence before the first and after the last sound.

    Silence between sounds stays. A first or last sample in the middle of a wave is faded. The
    last 3 ms, and any silence at the end of a block, wait for the next block.
    """
    held: Audio | None = None
    for block in blocks:
        if held is None:
            held = _begun(block)
            continue
        whole = _joined(held, block)
        sure = _sounding(whole) - round(FADE * whole.rate)
        if sure > 0:
            ready, held = _cut(whole, sure)
            yield ready
        else:
            held = whole
    if held is not None:
        last = _sounding(held)
        yield _faded(_cut(held, last)[0], "end")


def _begun(block: Audio) -> Audio | None:
    """The block from its first sound on; None when it has none."""
    width = WIDTH[block.sample_format]
    silent = (len(block.pcm) - len(block.pcm.lstrip(b"\0"))) // width
    if silent >= block.samples:
        return None
    trimmed = _cut(block, silent)[1] if silent else block
    return _faded(trimmed, "start")


def _sounding(block: Audio) -> int:
    """Samples up to the end of the last sound."""
    return -(-len(block.pcm.rstrip(b"\0")) // WIDTH[block.sample_format])


def _joined(first: Audio, second: Audio) -> Audio:
    shift = first.seconds
    moved = tuple(
        replace(one, at=one.at + shift, until=one.until + shift) for one in second.timings
    )
    return replace(first, pcm=first.pcm + second.pcm, timings=first.timings + moved)


def _cut(block: Audio, samples: int) -> tuple[Audio, Audio]:
    """The block up to and from a sample; a timing goes to the side in which it begins."""
    at = samples * WIDTH[block.sample_format]
    second = samples / block.rate
    before: list[Timing] = []
    after: list[Timing] = []
    for one in block.timings:
        if samples and one.at < second:
            before.append(one)
        else:
            start, until = max(0.0, one.at - second), max(0.0, one.until - second)
            after.append(replace(one, at=start, until=until))
    return (
        replace(block, pcm=block.pcm[:at], timings=tuple(before)),
        replace(block, pcm=block.pcm[at:], timings=tuple(after)),
    )


def _faded(block: Audio, at: str) -> Audio:
    """The block, faded at that end if it would click there."""
    width = WIDTH[block.sample_format]
    edge = array.array("h" if width == 2 else "f")
    edge.frombytes(block.pcm[:width] if at == "start" else block.pcm[-width:])
    if sys.byteorder == "big":
        edge.byteswap()
    scale = 32768 if width == 2 else 1
    if not edge or abs(edge[0]) / scale < QUIET:
        return block
    return fade(block, FADE, "start" if at == "start" else "end")
