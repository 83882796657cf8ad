"""A server's sound as it comes: WAV and raw samples at once, other formats when they are whole."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from ttm.audio import Audio, SampleFormat
from ttm.errors import RemoteError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HEADER_MAX = 1 << 20
"""Bytes that may come before the samples of a WAV."""
ENCODED_MAX = 32 << 20
"""Bytes of compressed sound: an hour of MP3, for a piece of text of a minute."""
PIECE = 1 << 16
"""Samples that are decoded at a time."""
RATES = range(8_000, 192_000 + 1)
"""Hertz."""
CHANNELS_MAX = 8
OPEN = 0x7FFFF000
"""A WAV whose stated size is this or more, or 0, was made for a stream: it ends where it ends."""

MAGICS = {b"fLaC": "flac", b"OggS": "ogg", b"ID3": "mp3"}
"""How compressed sound begins, where it says what it is."""


class NotSound(Exception):
    """What came cannot be read as sound; says why."""


class Decoder(Protocol):
    """Takes bytes as they come."""

    def take(self, block: bytes) -> Iterator[Audio]:
        """The sound that these bytes complete. Raises NotSound."""
        ...

    def end(self) -> Iterator[Audio]:
        """What is left. Raises NotSound, and EOFError where the end is missing."""
        ...


class Raw:
    """Signed 16-bit little-endian samples without a header, one channel."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._rest = b""

    def take(self, block: bytes) -> Iterator[Audio]:
        block = self._rest + block
        whole = len(block) & ~1
        self._rest = block[whole:]
        if whole:
            yield Audio(block[:whole], self._rate)

    def end(self) -> Iterator[Audio]:
        yield from ()


class Wav:
    """RIFF WAVE, of integers or floats."""

    def __init__(self) -> None:
        self._buffer = b""
        self._samples: _Samples | None = None
        self._left: int | None = None
        """Bytes of samples still to come; None where the header does not say."""
        self._inside = False

    def take(self, block: bytes) -> Iterator[Audio]:
        self._buffer += block
        if not self._inside and not self._header():
            if len(self._buffer) > HEADER_MAX:
                raise NotSound("a WAV whose samples do not begin")
            return
        assert self._samples is not None
        ready = self._buffer if self._left is None else self._buffer[: self._left]
        ready = ready[: len(ready) - len(ready) % self._samples.width]
        self._buffer = self._buffer[len(ready) :]
        if self._left is not None:
            self._left -= len(ready)
            if not self._left:
                self._buffer = b""  # what follows the samples describes them
        if ready:
            yield self._samples.audio(ready)

    def end(self) -> Iterator[Audio]:
        if not self._inside or self._left:
            raise EOFError("the WAV is not whole")
        yield from ()

    def _header(self) -> bool:
        """Read up to the samples; whether they are reached."""
        data = self._buffer
        if len(data) < 12:
            return False
        if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
            raise NotSound("no WAV")
        at = 12
        while len(data) >= at + 8:
            name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
            if name == b"data":
                if self._samples is None:
                    raise NotSound("a WAV that does not say what its samples are")
                open_ended = size == 0 or size >= OPEN
                self._left = None if open_ended else size - size % self._samples.width
                self._buffer, self._inside = data[at + 8 :], True
                return True
            if len(data) < at + 8 + size:
                return False
            if name == b"fmt ":
                self._samples = _Samples(data[at + 8 : at + 8 + size])
            at += 8 + size + size % 2
        return False


class _Samples:
    """What the `fmt ` chunk of a WAV says of its samples."""

    def __init__(self, chunk: bytes) -> None:
        if len(chunk) < 16:
            raise NotSound("a WAV with half a header")
        code, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunk[:16])
        if code == 0xFFFE and len(chunk) >= 26:  # WAVE_FORMAT_EXTENSIBLE
            code = int.from_bytes(chunk[24:26], "little")
        if (code, bits) not in ((1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64)):
            raise NotSound(f"a WAV of a kind that ttm does not read ({code}, {bits} bits)")
        if not 1 <= channels <= CHANNELS_MAX or rate not in RATES:
            raise NotSound(f"a WAV of {channels} channels at {rate} Hz")
        self._code, self._bits, self._channels, self._rate = code, bits, channels, rate
        self.width = channels * bits // 8
        """Bytes of all channels."""

    def audio(self, block: bytes) -> Audio:
        if (self._code, self._bits, self._channels) == (1, 16, 1):
            return Audio(block, self._rate)
        return _mono(self._floats(block).reshape(-1, self._channels), self._rate)

    def _floats(self, block: bytes) -> NDArray[np.float32]:
        """All channels, [S * C]."""
        import numpy as np

        if self._code == 3:
            kind = np.dtype("<f4" if self._bits == 32 else "<f8")
            floats: NDArray[np.float32] = np.frombuffer(block, kind).astype(np.float32)
            return floats
        if self._bits == 8:  # the one width without a sign
            return _scaled(np.frombuffer(block, np.uint8).astype(np.int16) - 128, 8)
        if self._bits == 24:
            padded = np.zeros((len(block) // 3, 4), np.uint8)
            padded[:, 1:] = np.frombuffer(block, np.uint8).reshape(-1, 3)
            return _scaled(padded.view("<i4")[:, 0], 32)
        return _scaled(np.frombuffer(block, "<i2" if self._bits == 16 else "<i4"), self._bits)


def _scaled(integers: NDArray[Any], bits: int) -> NDArray[np.float32]:
    import numpy as np

    scaled: NDArray[np.float32] = (integers / 2.0 ** (bits - 1)).astype(np.float32)
    return scaled


class Whole:
    """Compressed sound, decoded when all of it is there."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def take(self, block: bytes) -> Iterator[Audio]:
        self._buffer += block
        if len(self._buffer) > ENCODED_MAX:
            raise NotSound(f"more than {ENCODED_MAX >> 20} MB for a piece of text")
        yield from ()

    def end(self) -> Iterator[Audio]:
        import soundfile

        try:
            sound = soundfile.SoundFile(io.BytesIO(self._buffer))
        except soundfile.LibsndfileError:
            raise NotSound("no sound that ttm can read") from None
        with sound:
            if sound.channels > CHANNELS_MAX or sound.samplerate not in RATES:
                raise NotSound(f"sound of {sound.channels} channels at {sound.samplerate} Hz")
            while True:
                try:
                    piece = sound.read(PIECE, dtype="float32", always_2d=True)
                except soundfile.LibsndfileError:
                    raise EOFError("the sound is broken") from None
                if not len(piece):
                    return
                yield _mono(piece, sound.samplerate)


def _mono(channels: NDArray[np.float32], rate: int) -> Audio:
    """The mean of the channels, [S, C] float32."""
    form: SampleFormat = "f32"
    return Audio(channels.mean(axis=1).astype("<f4").tobytes(), rate, form)


def decoder(asked: str, kind: str, begins: bytes, rate: int, name: str) -> Decoder:
    """What reads an answer of this media type that begins so, where `asked` was asked for.

    Goes by what is there: some servers send WAV or MP3 whatever they are asked for. Raises
    RemoteError for what is no sound.
    """
    if begins[:4] == b"RIFF":
        return Wav()
    text = begins.lstrip()[:1]
    if kind == "text/html" or (not kind.startswith("audio/") and text == b"<"):
        raise RemoteError(
            f"the server '{name}' answered with a web page, not with sound",
            f"Check engine.remote.{name}.url, which usually ends in /v1",
        )
    if (
        kind.startswith("text/")
        or "json" in kind
        or (not kind.startswith("audio/") and text == b"{")
    ):
        raise RemoteError(
            f"the server '{name}' answered with {kind or 'JSON'}, not with sound",
            f"Check engine.remote.{name}.url and engine.remote.{name}.extra",
        )
    compressed = any(begins.startswith(magic) for magic in MAGICS) or kind in (
        "audio/mpeg", "audio/mp3", "audio/ogg", "audio/opus", "audio/flac", "audio/x-flac",
    )  # fmt: skip
    if compressed or asked in ("flac", "mp3", "opus"):
        return Whole()
    if asked == "pcm" or kind in ("audio/pcm", "audio/l16"):
        return Raw(rate)
    raise RemoteError(
        f"the server '{name}' answered with {kind or 'something'} that is no {asked}",
        f"Try another engine.remote.{name}.format",
    )
