"""The edges of what an engine said, so that pauses are exact and joints do not click."""

from __future__ import annotations

import array
import sys
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace

from ttm.audio import WIDTH, Audio, silence
from ttm.audio.level import fade
from ttm.speech import Timing

FADE = 0.003
"""Seconds over which a cut waveform falls to silence."""
QUIET = 0.01
"""An edge that starts or ends below this share of full scale does not click (-40 dBFS)."""


def edged(blocks: Iterable[Audio]) -> Iterator[Audio]:
    """The blocks without the digital silence before the first and after the last sound.

    Silence between sounds stays. A first or last sample in the middle of a wave is faded. The
    last 3 ms of sound, and all silence, wait for the sound after them; a timing comes with the
    block in which it ends, so that it can begin before that block.
    """
    held: Audio | None = None
    silent = 0
    begun = False
    for block in blocks:
        held = held or replace(block, pcm=b"", timings=())
        length = round(FADE * block.rate)
        first, last = _sounding(block)
        skipped = 0
        if not held.pcm:
            skipped = first
            held = replace(held, timings=_moved(held.timings, -first / held.rate))
        shift = (held.samples + silent - skipped) / held.rate
        timings = held.timings + _moved(block.timings, shift)
        if first == last:
            silent += block.samples if held.pcm else 0
            held = replace(held, timings=timings)
            continue
        width = WIDTH[block.sample_format]
        pcm = held.pcm + bytes(silent * width) + block.pcm[skipped * width : last * width]
        silent = block.samples - last
        held = replace(held, pcm=pcm, timings=timings)
        if not begun and held.samples >= length:
            begun = True
            held = _faded(held, "start")
        if begun and held.samples > length:
            ready, held = _cut(held, held.samples - length)
            yield ready
    if held is not None and held.pcm:
        if not begun:
            held = _faded(held, "start")
        yield _faded(replace(held, timings=within(held)), "end")


def led(said: Generator[Audio, None, bool], seconds: float) -> Generator[Audio, None, bool]:
    """What is said, after so much silence, of which the rate is that of the first sound.

    Returns what `said` returns.
    """
    if not seconds:
        return (yield from said)
    try:
        first = next(said)
    except StopIteration as end:
        return bool(end.value)
    yield silence(seconds, first.rate, first.sample_format)
    yield replace(first, timings=_moved(first.timings, seconds))
    return (yield from said)


def _sounding(block: Audio) -> tuple[int, int]:
    """The first sample of the first sound, and one past the last of the last."""
    width = WIDTH[block.sample_format]
    first = (len(block.pcm) - len(block.pcm.lstrip(b"\0"))) // width
    return first, max(first, -(-len(block.pcm.rstrip(b"\0")) // width))


def _moved(timings: tuple[Timing, ...], shift: float) -> tuple[Timing, ...]:
    """The timings later by `shift` seconds; none is moved to before the start."""
    return tuple(
        replace(one, at=max(0.0, one.at + shift), until=max(0.0, one.until + shift))
        for one in timings
    )


def within(block: Audio) -> tuple[Timing, ...]:
    """The block's timings, none later than its end."""
    end = block.seconds
    return tuple(
        replace(one, at=min(one.at, end), until=min(one.until, end)) for one in block.timings
    )


def _cut(block: Audio, samples: int) -> tuple[Audio, Audio]:
    """The block up to and from a sample; a timing goes to the side in which it ends."""
    at = samples * WIDTH[block.sample_format]
    second = samples / block.rate
    before = tuple(one for one in block.timings if one.until <= second)
    after = tuple(
        replace(one, at=one.at - second, until=one.until - second)
        for one in block.timings
        if one.until > second
    )
    return (
        replace(block, pcm=block.pcm[:at], timings=before),
        replace(block, pcm=block.pcm[at:], timings=after),
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
