"""A recording taken in: decoded in a child, measured, and prepared for cloning."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from io import FileIO
from typing import Any

from ttm.child import Child, death, own_module
from ttm.errors import BadRecording, UsageError

LAST_STEPS = 10
"""Seconds that a child has to exit after it closed its report."""
REPORT_MAX = 4 << 20
"""Bytes that a child says at most: 31 s of sound and a line."""


@dataclass(frozen=True, slots=True)
class Take:
    """What is heard in a recording. Levels are of the mean power, in dBFS."""

    pcm: bytes
    """Its speech: signed 16 bit, mono, trimmed, levelled, with half a second of silence."""
    kept_rate: int
    """Hertz of `pcm`."""
    form: str
    """libsndfile's names for container and coding: `WAV PCM_16`."""
    rate: int
    """Hertz of the file."""
    channels: int
    seconds: float
    """Of the file."""
    speech: float
    """Seconds from the first to the last sound of speech."""
    pause: float
    """Seconds, the longest between two of them."""
    level: float
    """Of the speech."""
    noise: float
    """Of the quietest twentieth that is not digital silence."""
    clipped: float
    """Share of samples that are full."""
    offset: float
    """Mean of all samples."""


def take_in(path: str) -> Take:
    """Listen to a recording.

    Raises UsageError when there is none, BadRecording when it cannot be read, is too short, too
    long, or silent.
    """
    answer, pcm, ended = _ask(path)
    if "error" in answer:
        leaf = BadRecording if answer["code"] != UsageError.code else UsageError
        raise leaf(answer["error"], answer["fix"])
    if "speech" not in answer:
        raise BadRecording(
            f"the recording '{path}' cannot be decoded (the decoder died with {ended})",
            "Save it again as 16-bit WAV",
        )
    return Take(pcm=pcm, **answer)


def _ask(path: str) -> tuple[dict[str, Any], bytes, str]:
    """What the listener said, the sound it gave, and how it ended."""
    reading, writing = os.pipe()
    with FileIO(reading, "rb") as report:
        with FileIO(writing, "wb"):
            argv = own_module("ttm.audio.listener", path)
            try:
                child = Child(argv, stdout=writing)
            except (OSError, ValueError) as failure:
                raise BadRecording(f"the recording {path!r} cannot be read ({failure})") from None
        said = b""
        try:
            while len(said) < REPORT_MAX and (block := report.read(1 << 16)):
                said += block
            status = child.wait(LAST_STEPS)
        finally:
            if child.alive:
                child.kill()
    line, _, pcm = said.partition(b"\n")
    ended = death(-9 if status is None else status)
    return (json.loads(line) if status == 0 and line else {}), pcm, ended
