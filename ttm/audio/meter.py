"""The meter: `python -m ttm.audio.meter`, a child process of `ttm.audio.measure`.

stdin: a sound file. stdout: one JSON line, a Measurement without its path, or `{"error": "..."}`.
A small file can decode to gigabytes, and a broken one can kill its decoder; both end here.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import stat
import sys
import tempfile
from typing import TYPE_CHECKING, Any

from ttm.child import settle_in

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MEMORY_MAX = 2 << 30
"""Bytes of address space."""
CPU_MAX = 3600
"""Seconds; ten hours of MP3 take about three minutes."""
PIECE = 4096
"""Samples of all channels that are decoded at a time."""
QUIET = 0.01
"""What does not go beyond this is silence."""
FULL = 0.999
"""What reaches this is clipped."""
UNKNOWN = 1 << 48
"""Frames beyond any file: libsndfile's answer to a FLAC stream without a length."""
STREAMED = 0xFFFF_FF00
"""Bytes that the header of a WAV stream states at least."""


class Tally:
    """Sums over everything that was fed."""

    def __init__(self, rate: int, channels: int) -> None:
        from ttm.audio.loudness import CHANNELS_MAX, Loudness

        self._rate, self._channels = rate, channels
        self._loudness = Loudness(rate, channels) if channels <= CHANNELS_MAX else None
        self.frames = 0
        self._peak = 0.0
        self._sum = self._squares = 0.0
        self._clipped = self._strange = 0
        self._first = self._last = -1
        self._gap = 0

    def feed(self, samples: NDArray[np.float32]) -> None:
        """Take the next samples.

        samples  [S, C]
        """
        import numpy as np

        numbers = np.isfinite(samples)
        if strange := samples.size - int(np.count_nonzero(numbers)):
            self._strange += strange
            samples = np.where(numbers, samples, np.float32(0))
        height = np.abs(samples)
        self._peak = max(self._peak, float(height.max(initial=0)))
        self._clipped += int(np.count_nonzero(height >= FULL))
        self._sum += float(samples.sum(dtype=np.float64))
        self._squares += float(np.square(samples, dtype=np.float64).sum())
        loud = np.flatnonzero((height > QUIET).any(axis=1)) + self.frames
        if len(loud):
            if self._last < 0:
                self._first = self._last = int(loud[0])
            # One less: neighbours have no silence between them.
            self._gap = max(self._gap, int(np.diff(loud, prepend=self._last).max()) - 1)
            self._last = int(loud[-1])
        if self._loudness is not None:
            self._loudness.feed(samples)
        self.frames += len(samples)

    def result(self) -> dict[str, Any]:
        """The measured fields of a Measurement."""
        total = self.frames * self._channels
        silent = self._last < 0
        return {
            "frames": self.frames,
            "seconds": self.frames / self._rate,
            "peak": _decibels(self._peak),
            "rms": _decibels(math.sqrt(self._squares / total)) if total else None,
            "loudness": self._loudness.integrated() if self._loudness is not None else None,
            "leading_silence": (self.frames if silent else self._first) / self._rate,
            "trailing_silence": (self.frames - self._last - 1) / self._rate,
            "longest_silence": max(0, self._gap) / self._rate,
            "clipped": self._clipped / total if total else 0.0,
            "offset": self._sum / total if total else 0.0,
            "not_numbers": self._strange,
        }


def main() -> int:
    """Measure stdin; report on stdout."""
    import resource

    settle_in()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_MAX, CPU_MAX))
    # Each thread reserves address space, of which there is little.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    try:
        answer = read(_seekable(0))
    except MemoryError:
        answer = {"error": f"it would take more than {MEMORY_MAX >> 30} GiB of memory"}
    except OSError as failure:
        answer = {"error": failure.strerror or str(failure)}
    os.write(1, json.dumps(answer).encode() + b"\n")
    return 0


def _seekable(fd: int) -> int:
    """`fd` itself when it is a file, else a temporary file with all that comes from it."""
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    with open(fd, "rb", closefd=False) as source, tempfile.TemporaryFile() as spool:
        shutil.copyfileobj(source, spool)
        spool.flush()
        copy = os.dup(spool.fileno())
    os.lseek(copy, 0, os.SEEK_SET)
    return copy


def read(fd: int) -> dict[str, Any]:
    """Everything that is to be said about the file, or why it cannot be read."""
    import soundfile

    try:
        sound = soundfile.SoundFile(fd)
    except soundfile.LibsndfileError as failure:
        return {"error": failure.error_string.strip().rstrip(".")}
    # soundfile seeks after every read: it would lose the end of a FLAC without a length, and what
    # an MP3 frame borrows from the frame before it.
    sound.seekable = lambda: False
    tally = Tally(sound.samplerate, sound.channels)
    fault = _decode(sound, tally) or _cut_off(fd, sound, tally.frames)
    return {
        "format": sound.format,
        "subtype": sound.subtype,
        "rate": sound.samplerate,
        "channels": sound.channels,
        **tally.result(),
        "fault": fault,
    }


def _decode(sound: Any, tally: Tally) -> str:
    """Feed all of it to `tally`; a sentence when it is broken.

    Blocks are read in small pieces: a decoder that fails loses no more than the piece it is at.
    """
    import numpy as np
    import soundfile

    fault = ""
    pieces: list[NDArray[np.float32]] = []
    while True:
        try:
            piece = sound.read(max(1, PIECE // sound.channels), dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as failure:
            fault = f"broken: {failure.error_string.strip().rstrip('.')}"
            piece = np.empty((0, sound.channels), np.float32)
        pieces.append(piece)
        if len(pieces) == 64 or not len(piece):
            tally.feed(np.concatenate(pieces))
            pieces = []
        if not len(piece):
            return fault


def _cut_off(fd: int, sound: Any, frames: int) -> str:
    """What the header promises and the file does not have, as a sentence or nothing."""
    if sound.format == "WAV":
        # libsndfile corrects this one silently; a stream states the largest size.
        head = os.pread(fd, 8, 0)
        stated = int.from_bytes(head[4:], "little") + 8 if head[:4] == b"RIFF" else 0
        lost = stated - os.fstat(fd).st_size
        return f"ends {lost} bytes before its header says" if 1 < lost and stated < STREAMED else ""
    # An MP3 without a header has no more than a guess.
    if sound.format == "MP3" or not frames < sound.frames < UNKNOWN:
        return ""
    return f"ends {(sound.frames - frames) / sound.samplerate:.2f} s before its header says"


def _decibels(level: float) -> float | None:
    return 20 * math.log10(level) if level > 0 else None


if __name__ == "__main__":
    sys.exit(main())
