"""Writing sound: blocks of Audio in, a complete file or stream out.

    with open_sink(open_target("out.mp3"), FORMATS["mp3"], native_rate=22_050) as sink:
        for audio in narration:
            sink.write(audio)
        written = sink.close()

16-bit WAV and PCM at the sound's own rate are written right here, without numpy. Everything else
goes through a child process (`ttm.audio.encoded`).
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ttm.audio import WIDTH, Audio, SampleFormat
from ttm.audio.formats import Format, output_bitrate, output_rate
from ttm.audio.level import finite
from ttm.audio.target import Target
from ttm.errors import BadAudio, TtmError

if TYPE_CHECKING:
    from ttm.audio.encoded import Started

UNKNOWN = 0xFFFF_FFFF
"""Both sizes of a WAV whose end is not known, as OpenAI's streams have it."""


@dataclass(frozen=True, slots=True)
class Written:
    """What came to be written."""

    path: str
    """As the user gave it; `-` is stdout."""
    format: str
    rate: int
    """Hertz."""
    samples: int
    bytes: int
    warning: str = ""
    """A sentence, when the result is not quite what was asked for."""

    @property
    def seconds(self) -> float:
        return self.samples / self.rate


class Sink(ABC):
    """Takes sound until it is closed; aborted when left without that."""

    def __init__(
        self, target: Target, form: Format, rate: int, native_rate: int, sample_format: SampleFormat
    ) -> None:
        self.rate = rate
        """Hertz of what is written."""
        self._target = target
        self._form = form
        self._native = (native_rate, sample_format)
        self._taken = 0

    def write(self, audio: Audio) -> None:
        """Write a block of any length.

        Raises BadAudio for samples that are no numbers, or a block unlike those promised, before
        anything of it is written; ReaderLeft or OutputError when writing fails, and aborts.
        """
        if (audio.rate, audio.sample_format) != self._native:
            raise BadAudio(
                f"the engine promised {_shape(*self._native)}"
                f" and gave {_shape(audio.rate, audio.sample_format)}"
            )
        if len(audio.pcm) % WIDTH[audio.sample_format]:
            raise BadAudio("the engine gave half a sample")
        if not finite(audio):
            raise BadAudio("the engine gave samples that are not numbers")
        try:
            self._send(audio.pcm)
        except TtmError:
            self.abort()
            raise
        self._taken += audio.samples

    def close(self) -> Written:
        """Write what is still held back and make the result final.

        Raises BadAudio when there was no sound at all: an empty file is no speech.
        """
        try:
            if not self._taken:
                raise BadAudio("no sound was made, so nothing was written")
            samples, warning = self._finish()
            self._stop()
            size = self._target.size
            self._target.commit()
        except BaseException:
            self.abort()
            raise
        return Written(self._target.path, self._form.name, self.rate, samples, size, warning)

    def abort(self) -> None:
        """Stop, and take back what can be taken back; may be called at any time."""
        self._stop()
        self._target.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.abort()

    @abstractmethod
    def _send(self, pcm: bytes) -> None: ...

    @abstractmethod
    def _finish(self) -> tuple[int, str]:
        """How many samples were written, and a warning."""

    @abstractmethod
    def _stop(self) -> None:
        """Let go of everything but the target; may be called twice."""


class Plain:
    """16-bit samples on their way to a target, behind a WAV header where one belongs."""

    def __init__(self, target: Target, form: Format, rate: int) -> None:
        self._target = target
        self._header = wav_header(rate) if form.name == "wav" else b""
        self._rate = rate
        self._begun = False
        self._length = 0

    def write(self, pcm: bytes) -> None:
        if not self._begun:
            self._begun = True
            self._target.write(self._header)
        self._target.write(pcm)
        self._length += len(pcm)

    def finish(self) -> tuple[int, str]:
        """Put the true sizes into the header of a file; the number of samples, and a warning."""
        warning = ""
        if self._header and self._target.seekable:
            header = wav_header(self._rate, self._length)
            self._target.patch(0, header)
            if header == self._header:
                warning = (
                    f"{self._target.name} is larger than the 4 GiB that a WAV header can state;"
                    " some programs will read it only in part"
                )
        return self._length // 2, warning


class PlainSink(Sink):
    """16-bit WAV and PCM, written by this process."""

    def __init__(self, target: Target, form: Format, native_rate: int) -> None:
        super().__init__(target, form, native_rate, native_rate, "s16")
        self._plain = Plain(target, form, native_rate)

    def _send(self, pcm: bytes) -> None:
        self._plain.write(pcm)

    def _finish(self) -> tuple[int, str]:
        return self._plain.finish()

    def _stop(self) -> None:
        return


def open_sink(
    target: Target,
    form: Format,
    *,
    native_rate: int,
    sample_format: SampleFormat = "s16",
    sample_rate: int = 0,
    bitrate: int = 0,
    normalize: bool = False,
    early: Started | None = None,
) -> Sink:
    """A sink for blocks of `native_rate` Hz in `sample_format`; from here on it owns `target`.

    `early`: an encoder that was started before, for a target that is a stream and a form other
    than plain samples.

    `sample_rate` in Hz and `bitrate` in kbit/s are the format's usual ones when 0. `normalize`
    brings the loudest sample to -1 dBFS with one gain for all; the loudest is known only at the
    end, so a pipe gets nothing before `close`. Raises UsageError for what the format cannot have.
    """
    try:
        rate = output_rate(form, native_rate, sample_rate)
        kbits = output_bitrate(form, rate, bitrate)
        plain = form.name in ("wav", "pcm")
        if plain and rate == native_rate and sample_format == "s16" and not normalize:
            return PlainSink(target, form, native_rate)
        from ttm.audio.encoded import EncodedSink

        return EncodedSink(
            target,
            form,
            rate,
            native_rate,
            sample_format,
            bitrate=kbits,
            normalize=normalize,
            plain=Plain(target, form, rate) if plain else None,
            early=early,
        )
    except BaseException:
        target.discard()
        raise


def wav_header(rate: int, length: int | None = None) -> bytes:
    """The 44 bytes before `length` bytes of 16-bit mono samples; None when the end is unknown."""
    riff, data = UNKNOWN, UNKNOWN
    if length is not None and length + 36 < UNKNOWN:
        riff, data = length + 36, length
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", riff, b"WAVE", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16, b"data", data,
    )  # fmt: skip


def _shape(rate: int, sample_format: SampleFormat) -> str:
    return f"{sample_format} at {rate} Hz"
