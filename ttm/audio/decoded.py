"""A sound file that ttm wrote, read again in blocks; decoded in a child."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from io import BufferedReader, FileIO
from typing import BinaryIO

from ttm.audio import WIDTH, Audio, SampleFormat
from ttm.child import Child, death, own_module
from ttm.errors import UsageError

BLOCK = 1 << 17
"""Bytes of a block."""
LAST_STEPS = 10
"""Seconds that a child has to exit after it closed its end."""


def decoded(path: str, *, raw_rate: int = 0) -> Iterator[Audio]:
    """The sound of a mono file, block by block, without timings.

    `raw_rate`: Hertz of a file that is nothing but s16 samples. Raises UsageError for a file that
    is not there or cannot be decoded, as soon as that is known.
    """
    try:
        file = open(path, "rb")
    except (OSError, ValueError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else failure
        raise UsageError(f"'{path}' cannot be read: {reason}") from None
    with file:
        if raw_rate:
            yield from _blocks(file, raw_rate, "s16")
            return
        reading, writing = os.pipe()
        with BufferedReader(FileIO(reading, "rb")) as sound:
            with FileIO(writing, "wb"):
                argv = own_module("ttm.audio.decoder")
                try:
                    child = Child(argv, stdin=file.fileno(), stdout=writing)
                except OSError as failure:
                    what = f"cannot start the decoder: {failure.strerror}"
                    raise UsageError(what) from None
            try:
                yield from _told(path, sound)
                status = child.wait(LAST_STEPS)
            finally:
                if child.alive:
                    child.kill()
            if status != 0:
                ended = death(-9 if status is None else status)
                raise UsageError(f"'{path}' cannot be decoded (the decoder died with {ended})")


def _told(path: str, sound: BinaryIO) -> Iterator[Audio]:
    line = sound.readline()
    if not line.endswith(b"\n"):
        return  # it died, and how is known to whoever buries it
    about = json.loads(line)
    if "error" in about:
        raise UsageError(f"'{path}' cannot be decoded: {about['error']}")
    yield from _blocks(sound, about["rate"], about["sample_format"])


def _blocks(sound: BinaryIO, rate: int, form: SampleFormat) -> Iterator[Audio]:
    while block := sound.read(BLOCK):
        whole = len(block) - len(block) % WIDTH[form]
        yield Audio(block[:whole], rate, form)
