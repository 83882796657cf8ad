"""What a sound file holds: length, level, loudness, silence, clipping; decoded in a child."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from io import FileIO
from typing import Any

from ttm.child import Child, death, own_module
from ttm.errors import UsageError

LAST_STEPS = 10
"""Seconds that a child has to exit after it closed its report."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One file, as decoded to samples in [-1, 1]. Levels are None when there is no sound at all."""

    path: str
    format: str
    """libsndfile's name for the container: WAV, FLAC, OGG, MP3, ..."""
    subtype: str
    """libsndfile's name for the coding: PCM_16, VORBIS, ..."""
    rate: int
    """Hertz."""
    channels: int
    frames: int
    """Samples a channel that could be decoded, whatever the header says."""
    seconds: float
    peak: float | None
    """dBFS of the loudest sample."""
    rms: float | None
    """dBFS, over everything; a full-scale sine has -3.01."""
    loudness: float | None
    """LUFS, integrated (ITU-R BS.1770-4); None below 0.4 s or in silence."""
    leading_silence: float
    """Seconds before the first sample beyond 0.01, in any channel."""
    trailing_silence: float
    """Seconds after the last one."""
    longest_silence: float
    """Seconds, the longest between two of them."""
    clipped: float
    """Share of samples at or beyond 0.999."""
    offset: float
    """Mean of all samples."""
    not_numbers: int
    """Samples that are NaN or infinite; they count as 0 above."""
    fault: str = ""
    """What is wrong with the file, when something is."""


def measure(path: str) -> Measurement:
    """Decode and measure a file that libsndfile reads; `-` is stdin.

    Raises UsageError when there is no such file, or when it cannot be decoded.
    """
    name = "stdin" if path == "-" else f"'{path}'"
    with _opened(path, name) as sound:
        answer, ended = _ask(sound)
    if "error" in answer:
        raise UsageError(f"{name} cannot be decoded: {answer['error']}")
    if "rate" not in answer:
        raise UsageError(f"{name} cannot be decoded (the decoder died with {ended})")
    return Measurement(path=path, **answer)


def _opened(path: str, name: str) -> FileIO:
    try:
        return FileIO(os.dup(0) if path == "-" else path, "rb")
    except ValueError:
        raise UsageError(f"{path!r} is no file name") from None
    except OSError as failure:
        raise UsageError(f"{name} cannot be read: {failure.strerror}") from None


def _ask(sound: FileIO) -> tuple[dict[str, Any], str]:
    """What the meter said, and how it ended."""
    reading, writing = os.pipe()
    with FileIO(reading, "rb") as report:
        with FileIO(writing, "wb"):
            try:
                child = Child(
                    own_module("ttm.audio.meter"),
                    stdin=sound.fileno(),
                    stdout=writing,
                )
            except OSError as failure:
                return {"error": f"cannot start the decoder: {failure.strerror}"}, ""
        try:
            said = report.readall()
            status = child.wait(LAST_STEPS)
        finally:
            if child.alive:
                child.kill()
    answer: dict[str, Any] = json.loads(said.splitlines()[-1]) if said.endswith(b"\n") else {}
    return answer, death(-9 if status is None else status)
