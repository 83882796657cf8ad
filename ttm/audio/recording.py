"""A recording of a voice, read to be cloned: whatever file it is, some seconds of one voice.

For a worker: a decoder that dies takes only that one along. Nothing in the file's header is
believed but the rate and the channels, and decoding ends with the longest recording allowed.
"""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from ttm.errors import BadRecording, UsageError
from ttm.voicefile import is_voice, read

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from soundfile import SoundFile

ENCODED_MAX = 10 << 20
"""Bytes of the file."""
SHORTEST, LONGEST = 1, 30
"""Seconds."""
RATES = range(8_000, 192_000 + 1)
"""Hertz: from the telephone's to the highest of studios. A header can state 4 GHz, of which 30 s
would be 480 GB."""
CHANNELS_MAX = 8
PIECE = 1 << 16
"""Samples of all channels that are decoded at a time."""
FAINTEST = 1e-3
"""What swings less than this to both sides (-60 dBFS) is silence; an offset is no swing."""
LOUDEST = 8.0
"""MP3 and float files may go a little beyond 1, which is full scale; what goes beyond this was
never scaled to it."""

FULL = 0.999
"""What reaches this was clipped, or may have been."""

GIVE = f"give {SHORTEST} to {LONGEST} s of one voice"


@dataclass(frozen=True, slots=True)
class Source:
    """A recording as its file has it."""

    samples: NDArray[np.float32]
    """`[S]`, the mean of the channels."""
    rate: int
    """Hertz."""
    channels: int
    form: str
    """libsndfile's names for container and coding: `WAV PCM_16`."""
    clipped: float
    """Share of the samples of which a channel was full."""


def read_recording(path: Path, rate: int) -> NDArray[np.float32]:
    """The recording at `rate` Hertz, its channels mixed to one; a voice file's is as it was kept.

    return  [S] float32

    Raises UsageError when it cannot be read, BadRecording when no voice could be cloned from it,
    and BadVoice for a voice file that is damaged.
    """
    if is_voice(path):
        voice = read(path)
        return resample(_samples(voice.audio), voice.rate, rate)
    source = read_source(path)
    return resample(source.samples, source.rate, rate)


def read_source(path: Path) -> Source:
    """The recording at its own rate. Raises UsageError and BadRecording."""
    import numpy as np

    name = f"the recording '{path}'"
    pieces, clipped = [], 0
    with _opened(path, name) as file, _sound(file, name) as sound:
        rate, channels = sound.samplerate, sound.channels
        form = f"{sound.format} {sound.subtype}"
        for piece in _decoded(sound, name):
            clipped += int(np.count_nonzero((np.abs(piece) >= FULL).any(axis=1)))
            pieces.append(piece.mean(axis=1))
    samples = np.concatenate(pieces)
    if len(samples) < SHORTEST * rate:
        # Rounded down: 0.999 s is not the "1 s" that would be allowed.
        seconds = len(samples) * 100 // rate / 100
        raise BadRecording(f"{name} is {seconds:g} s long", GIVE)
    if (samples.max() - samples.min()) / 2 < FAINTEST:
        raise BadRecording(f"no speech is heard in {name}: it is silent", GIVE)
    return Source(samples, rate, channels, form, clipped / len(samples))


def _opened(path: Path, name: str) -> FileIO:
    """The file, when it is one, and of a size that may be decoded."""
    try:
        # O_NONBLOCK: a named pipe that nobody writes to would keep us here.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise UsageError(f"there is no recording '{path}'", "Check the path") from None
    except (OSError, ValueError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else failure
        raise UsageError(f"{name} cannot be read: {reason}") from None
    found = os.fstat(fd)
    refusal, fix = "", GIVE
    if stat.S_ISDIR(found.st_mode):
        refusal, fix = "is a directory", "name a file in it"
    elif not stat.S_ISREG(found.st_mode):
        refusal, fix = "is not a file", "save it to one first"
    elif not found.st_size:
        refusal = "is empty"
    elif found.st_size > ENCODED_MAX:
        refusal = f"is larger than {ENCODED_MAX >> 20} MB"
    if refusal:
        os.close(fd)
        raise BadRecording(f"{name} {refusal}", fix)
    return FileIO(fd, "rb")


def _sound(file: FileIO, name: str) -> SoundFile:
    """The decoder of the file, when it is of a shape that may be decoded."""
    import soundfile

    try:
        sound = soundfile.SoundFile(file.fileno(), closefd=False)
    except soundfile.LibsndfileError:
        fix = "give WAV, FLAC, MP3, Ogg or Opus"
        raise BadRecording(f"{name} is not audio that ttm can read", fix) from None
    refusal = ""
    if sound.channels > CHANNELS_MAX:
        refusal = f"has {sound.channels} channels, and at most {CHANNELS_MAX} are allowed"
    elif sound.samplerate not in RATES:
        refusal = f"has a rate of {sound.samplerate} Hz, not {RATES[0]} to {RATES[-1]}"
    if refusal:
        sound.close()
        raise BadRecording(f"{name} {refusal}", "convert it to 24 kHz mono")
    # soundfile seeks after every read: it would lose the end of a FLAC without a length, and what
    # an MP3 frame borrows from the frame before it.
    sound.seekable = lambda: False
    return sound


def _decoded(sound: SoundFile, name: str) -> Iterator[NDArray[np.float32]]:
    """All samples, piece by piece, `[S, C]`; the last piece is empty."""
    import numpy as np
    import soundfile

    frames = 0
    while True:
        try:
            piece = sound.read(PIECE // sound.channels, dtype="float32", always_2d=True)  # [S, C]
        except soundfile.LibsndfileError as failure:
            at = f"after {frames / sound.samplerate:.1f} s"
            reason = failure.error_string.strip().rstrip(".")
            raise BadRecording(
                f"{name} is broken {at}: {reason}", "record or save it again"
            ) from None
        frames += len(piece)
        if frames > LONGEST * sound.samplerate:
            raise BadRecording(f"{name} is longer than {LONGEST} s", GIVE)
        # A NaN is not within either.
        if not np.abs(piece).max(initial=0) <= LOUDEST:
            what = f"has samples that are not numbers, or beyond {LOUDEST:g} where 1 is full scale"
            raise BadRecording(f"{name} {what}", "save it again as 16-bit WAV")
        yield piece
        if not len(piece):
            return


def _samples(pcm: bytes) -> NDArray[np.float32]:
    import numpy as np

    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)


def resample(samples: NDArray[np.float32], source: int, rate: int) -> NDArray[np.float32]:
    """From `source` to `rate` Hertz, as the official package does.

    samples  [S]
    return   [ceil(S * rate / source)]
    """
    if source == rate:
        return samples
    import numpy as np
    import soxr

    # soxr rounds the length; librosa, with which the official package resamples, rounds it up.
    length = math.ceil(len(samples) * (rate / source))
    found: NDArray[np.float32] = soxr.resample(samples, source, rate, "HQ")[:length]
    return np.pad(found, (0, length - len(found)))
