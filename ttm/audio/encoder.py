"""The encoder: `python -m ttm.audio.encoder FD [spare]`, a child process of `ttm.audio.encoded`.

stdin: one JSON line of Settings, then samples. FD: what they become. stdout: one JSON line at the
end, `{"samples": 48000}`, or `{"errno": 28}` and `{"error": "..."}` when it came to nothing.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from ttm.audio import WIDTH, SampleFormat
from ttm.child import settle_in

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.int16] | NDArray[np.float32]

PEAK = 10 ** (-1 / 20)
"""-1 dBFS, the loudest sample after normalizing: lossy formats overshoot a little."""

OGG_PAGE = 200.0
"""Milliseconds of Opus a page in a stream; libsndfile's own 1000 would delay the first sound."""

VORBIS = {
    9_000: (16, 21, 26, 31, 35, 39),
    15_000: (21, 27, 33, 39, 44, 50),
    19_000: (26, 36, 46, 56, 68, 80),
    26_000: (32, 46, 60, 76, 95, 114),
    192_000: (52, 73, 83, 120, 162, 225),
}
"""Highest rate in Hz of a class -> kbit/s of speech at quality 0, 0.2 ... 1.0, as measured."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the parent wants."""

    form: str
    """flac, mp3, ogg or opus; empty: plain 16-bit samples."""
    rate: int
    """Hertz of the samples on stdin."""
    sample_format: SampleFormat
    output_rate: int
    """Hertz."""
    bitrate: int
    """kbit/s; 0: the format's usual quality."""
    normalize: bool
    into_file: bool
    """Whether FD is an empty file, where a header can be written again at the end."""


class Outlet:
    """What libsndfile writes to; a stream forgets what would change bytes that have left."""

    def __init__(self, fd: int, into_file: bool) -> None:
        self._fd = fd
        self._into_file = into_file
        self._at = self._length = 0
        self.failure: OSError | None = None
        """The first; libsndfile would say no more than `System error.`"""

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._length)[whence]
        return self._at

    def write(self, block: Any) -> int:
        fresh = memoryview(block)
        start = self._at
        if not self._into_file:
            fresh, start = fresh[max(0, self._length - start) :], self._length
        try:
            while fresh:
                count = self._put(fresh, start)
                fresh, start = fresh[count:], start + count
        except OSError as failure:
            self.failure = self.failure or failure
            return 0
        self._at += len(block)
        self._length = max(self._length, self._at)
        return len(block)

    def _put(self, block: memoryview, start: int) -> int:
        return os.pwrite(self._fd, block, start) if self._into_file else os.write(self._fd, block)


def main() -> int:
    """Encode stdin; report on stdout."""
    settle_in()
    # One thread is enough, and each further one would cost address space and start-up time.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    import soundfile

    # What takes time the first time is done before the settings come, while the engine works: the
    # import with numpy's 0.1 s, and 14 ms for the callbacks of the first file of any format.
    soundfile.SoundFile(io.BytesIO(), "w", 8_000, 1, "PCM_16", format="WAV").close()
    if sys.argv[2:] == ["spare"]:
        import soxr  # noqa: F401

    wanted = sys.stdin.buffer.readline()
    if not wanted:
        return 0  # nothing was to be encoded
    settings = Settings(**json.loads(wanted))
    outlet = Outlet(int(sys.argv[1]), settings.into_file)
    answer: dict[str, Any]
    try:
        answer = {"samples": encode(sys.stdin.buffer, outlet, settings)}
    except Exception as failure:
        answer = {"error": f"{type(failure).__name__}: {failure}"}
    if outlet.failure is not None:  # libsndfile may not have noticed, or only say so its way
        answer = {"errno": outlet.failure.errno}
    os.write(1, json.dumps(answer).encode() + b"\n")
    # Past libsndfile's finalizers: after a failure they would write to the file again.
    os._exit(0 if "samples" in answer else 1)


def encode(source: BinaryIO, outlet: Outlet, settings: Settings) -> int:
    """Everything from `source` into `outlet`; the number of samples that were written."""
    blocks: Iterable[Samples]
    if settings.normalize:
        blocks = normalized(source, settings)
    elif settings.rate == settings.output_rate and settings.sample_format == "s16":
        import numpy as np

        blocks = (np.frombuffer(block, "<i2") for block in pieces(source, settings))
    else:
        blocks = resampled(pieces(source, settings), settings)
    write, close = _libsndfile(outlet, settings) if settings.form else _plain(outlet)
    samples = 0
    for block in blocks:
        write(block)
        if outlet.failure is not None:
            raise outlet.failure
        samples += len(block)
    close()
    return samples


def pieces(source: BinaryIO, settings: Settings) -> Iterator[bytes]:
    """Whole samples as they come, at most a second at a time: libvorbis dies of minutes at once."""
    width = WIDTH[settings.sample_format]
    rest = b""
    reader: Any = source
    while block := reader.read1(settings.rate * width - len(rest)):
        block = rest + block
        whole = len(block) - len(block) % width
        rest = block[whole:]
        if whole:
            yield block[:whole]


def resampled(blocks: Iterable[bytes], settings: Settings) -> Iterator[NDArray[np.float32]]:
    """Blocks as float32 at the output rate; a resampler holds back a few milliseconds."""
    import numpy as np

    def floats(block: bytes) -> NDArray[np.float32]:
        if settings.sample_format == "f32":
            return np.frombuffer(block, "<f4").astype(np.float32, copy=False)
        return np.frombuffer(block, "<i2").astype(np.float32) / np.float32(32768)

    if settings.rate == settings.output_rate:
        yield from map(floats, blocks)
        return
    import soxr

    # Floats, because soxr dithers 16-bit output: silence would no longer be silent.
    stream = soxr.ResampleStream(settings.rate, settings.output_rate, 1, dtype="float32")
    for block in blocks:
        if len(out := stream.resample_chunk(floats(block))):
            yield out
    yield stream.resample_chunk(np.empty(0, np.float32), last=True)


def normalized(source: BinaryIO, settings: Settings) -> Iterator[NDArray[np.float32]]:
    """Everything with one gain: written to a temporary file first, to know the loudest sample."""
    import numpy as np

    try:
        with tempfile.TemporaryFile() as spool:

            def kept() -> Iterator[bytes]:
                for block in pieces(source, settings):
                    spool.write(block)
                    yield block

            heard = resampled(kept(), settings)
            peak = max((float(np.abs(block).max(initial=0)) for block in heard), default=0.0)
            gain = np.float32(PEAK / peak if peak else 1.0)
            spool.seek(0)
            for block in resampled(pieces(spool, settings), settings):
                yield block * gain
    except OSError as failure:
        where = tempfile.gettempdir()
        raise RuntimeError(
            f"normalizing needs a temporary file in {where}: {failure.strerror}; set TMPDIR"
        ) from None


def _s16(samples: Samples) -> NDArray[np.int16]:
    """Whole numbers, rounded and clipped."""
    import numpy as np

    if samples.dtype == np.int16:
        return samples.astype("<i2", copy=False)
    whole: NDArray[np.int16] = (
        np.rint(samples * np.float32(32768)).clip(-32768, 32767).astype("<i2")
    )
    return whole


def _plain(outlet: Outlet) -> tuple[Callable[[Samples], None], Callable[[], None]]:
    """How to write a block of plain samples, and how to end."""

    def write(block: Samples) -> None:
        outlet.write(_s16(block).tobytes())

    return write, lambda: None


def _libsndfile(
    outlet: Outlet, settings: Settings
) -> tuple[Callable[[Samples], None], Callable[[], None]]:
    """How to write a block, and how to end."""
    import soundfile

    forms: dict[str, tuple[str, str, dict[str, Any]]] = {
        "flac": ("FLAC", "PCM_16", {}),
        "mp3": (
            "MP3",
            "MPEG_LAYER_III",
            {
                "compression_level": mp3_compression(settings.output_rate, settings.bitrate),
                # Only this one plays to its end without the header that is written last.
                "bitrate_mode": "CONSTANT",
            },
        ),
        "ogg": ("OGG", "VORBIS", vorbis_quality(settings.output_rate, settings.bitrate)),
        "opus": ("OGG", "OPUS", {"compression_level": 1 - (settings.bitrate - 6) / 250}),
    }
    container, subtype, keywords = forms[settings.form]
    sound = soundfile.SoundFile(
        outlet, "w", settings.output_rate, 1, subtype, format=container, **keywords
    )
    # soundfile seeks after every write, for the sake of files open for reading too.
    sound.seekable = lambda: False
    if settings.form == "opus" and not settings.into_file:
        page = soundfile._ffi.new("double*", OGG_PAGE)
        soundfile._snd.sf_command(sound._file, 0x1302, page, 8)  # SFC_SET_OGG_PAGE_LATENCY_MS
    whole = settings.form == "flac"

    def write(block: Samples) -> None:
        for start in range(0, len(block), settings.output_rate):
            part = block[start : start + settings.output_rate]
            sound.write(_s16(part) if whole else part)

    return write, sound.close


def mp3_compression(rate: int, bitrate: int) -> float:
    """libsndfile's scale from 0 (the highest bitrate at this rate) to 1 (the lowest)."""
    from ttm.audio.formats import mp3_bitrates

    low, high = mp3_bitrates(rate)
    # It rounds down to whole kbit/s; half of one keeps 64 from becoming 63.
    return min(1.0, max(0.0, (high - bitrate - 0.5) / (high - low)))


def vorbis_quality(rate: int, bitrate: int) -> dict[str, float]:
    """The compression level that gives speech about this bitrate; 0 kbit/s: libvorbis' usual."""
    if not bitrate:
        return {}
    import numpy as np

    sizes = next(sizes for highest, sizes in VORBIS.items() if rate <= highest)
    return {"compression_level": 1 - float(np.interp(bitrate, sizes, np.linspace(0, 1, 6)))}


if __name__ == "__main__":
    sys.exit(main())
