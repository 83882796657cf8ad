"""A chunk as it was spoken, and the file that keeps it: a head, a JSON header, samples.

Nothing in it says what was spoken. Nothing in it is believed either: a file that is cut, altered
or of another chunk is no take.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from dataclasses import dataclass

from ttm.audio import WIDTH, Audio, SampleFormat
from ttm.speech import Timing

MARK = b"ttm chunk 1\n"
HEAD = struct.Struct("<12s16sIII")
"""The mark, a checksum of all that follows it, the header's length, hertz, bytes a sample."""
CHECKED = 28
"""Where begins what the checksum is of."""
RATES = range(1_000, 768_001)
"""Hertz."""
TAKE_MAX = 32 << 20
"""Bytes: five minutes of float32 at 24 kHz, where a chunk of 400 characters lasts half of one."""
SIZES: dict[int, SampleFormat] = {width: form for form, width in WIDTH.items()}


class Damaged(ValueError):
    """Not what was written."""


@dataclass(frozen=True, slots=True)
class Take:
    """What came out of an engine for a chunk and was found good, before volume and pauses."""

    blocks: tuple[Audio, ...]
    """As they came, since their borders show in what some encoders write. One rate and format;
    timings of words in characters of the chunk."""
    levels: tuple[float, ...] = ()
    """How loud its parts are, in dBFS: what later chunks are held against."""


def pack(key: str, take: Take) -> bytes:
    """The file of a take with at least one block; the same for the same take."""
    first = take.blocks[0]
    blocks = [
        [block.samples, [[t.start, t.end, t.at, t.until, t.exact] for t in block.timings]]
        for block in take.blocks
    ]
    header = json.dumps({"key": key, "blocks": blocks, "levels": take.levels}).encode()
    width = WIDTH[first.sample_format]
    pcm = b"".join(block.pcm for block in take.blocks)
    rest = HEAD.pack(MARK, b"", len(header), first.rate, width)[CHECKED:] + header + pcm
    return MARK + _checksum(rest) + rest


def unpack(key: str, file: bytes) -> Take:
    """The take of this key. Raises Damaged."""
    try:
        mark, checksum, length, rate, width = HEAD.unpack_from(file)
        if mark != MARK or checksum != _checksum(memoryview(file)[CHECKED:]):
            raise Damaged("altered")
        header = json.loads(file[HEAD.size : HEAD.size + length])
        if header["key"] != key or rate not in RATES:
            raise Damaged("of another chunk")
        blocks, at = [], HEAD.size + length
        for samples, timings in header["blocks"]:
            end = at + samples * width
            if not at <= end <= len(file):
                raise Damaged("too short")
            words = tuple(_timing(*timing) for timing in timings)
            blocks.append(Audio(file[at:end], rate, SIZES[width], words))
            at = end
        if at != len(file) or not any(block.pcm for block in blocks):
            raise Damaged("of another length")
        levels = tuple(map(float, header["levels"]))
        if not all(map(math.isfinite, levels)):
            raise Damaged("no level")
        return Take(tuple(blocks), levels)
    except (struct.error, ValueError, TypeError, KeyError, AttributeError, RecursionError) as why:
        raise Damaged(str(why)) from None


def seconds(head: bytes, size: int) -> float:
    """How long a take of `size` bytes lasts, by its first `HEAD.size` bytes; 0 for none."""
    try:
        mark, _, length, rate, width = HEAD.unpack(head)
    except struct.error:
        return 0.0
    if mark != MARK or rate not in RATES or width not in SIZES:
        return 0.0
    return float(max(0, size - HEAD.size - length) / width / rate)


def _timing(start: int, end: int, at: float, until: float, exact: bool) -> Timing:
    # A word comes with the block in which it ends, and may have begun before that.
    if not (0 <= start <= end and math.isfinite(at) and math.isfinite(until)):
        raise Damaged("no time")
    return Timing("word", int(start), int(end), float(at), float(until), bool(exact))


def _checksum(rest: bytes | memoryview) -> bytes:
    return hashlib.blake2b(rest, digest_size=16).digest()
