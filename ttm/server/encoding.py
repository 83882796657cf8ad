"""Sound into the bytes of an answer, as it comes: one encoder for each."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ttm.audio import Audio
from ttm.audio.formats import Format, output_rate
from ttm.audio.level import finite
from ttm.audio.sink import Sink, open_sink, wav_header
from ttm.audio.target import Target, open_target
from ttm.errors import BadAudio, ReaderLeft
from ttm.server.handover import Handover, Left

THREADS = ThreadPoolExecutor(64, "ttm-encoding")
"""They wait for encoders and for slow clients, each answer for one at a time."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How sound becomes bytes."""

    form: Format
    sample_rate: int = 0
    """Hertz; 0 for the format's usual, or the sound's own."""
    bitrate: int = 0
    normalize: bool = False

    def rate(self, native: int) -> int:
        """Hertz of what is written. Raises UsageError for what the format cannot have."""
        return output_rate(self.form, native, self.sample_rate)


class _Stream(Target):
    """The body of an answer; whoever writes waits where nobody reads."""

    def __init__(self, out: Handover[bytes]) -> None:
        self.path, self.name = "-", "the answer"
        self.written = 0
        self.seekable = False
        self._fd = -1
        self._out = out

    def write(self, block: bytes) -> None:
        try:
            self._out.put(bytes(block), len(block))
        except Left:
            raise ReaderLeft("the client left") from None
        self.written += len(block)


async def encoded(sound: AsyncIterator[Audio], wanted: Wanted) -> AsyncGenerator[bytes]:
    """The bytes of a stream, the first as soon as there are any.

    Raises what iterating the sound raises, and BadAudio, UsageError and OutputError.
    """
    first = await anext(sound, None)
    while first is not None and not first.pcm:
        first = await anext(sound, None)
    if first is None:
        raise BadAudio("no sound was made")
    plain = wanted.form.name in ("wav", "pcm") and wanted.rate(first.rate) == first.rate
    blocks = _plain if plain and not wanted.normalize else _through_a_child
    async with contextlib.aclosing(blocks(first, sound, wanted)) as out:
        async for block in out:
            yield block


async def _plain(
    first: Audio, sound: AsyncIterator[Audio], wanted: Wanted
) -> AsyncGenerator[bytes]:
    """16-bit samples as they are."""
    yield (wav_header(first.rate) if wanted.form.name == "wav" else b"") + _samples(first, first)
    async for audio in sound:
        if audio.pcm:
            yield _samples(audio, first)


def _samples(audio: Audio, first: Audio) -> bytes:
    if audio.rate != first.rate or not finite(audio):
        raise BadAudio("the engine gave samples that are not numbers, or of another rate")
    return audio.s16()


async def _through_a_child(
    first: Audio, sound: AsyncIterator[Audio], wanted: Wanted
) -> AsyncGenerator[bytes]:
    out: Handover[bytes] = Handover()
    feeding = asyncio.create_task(_feed(first, sound, wanted, out))
    try:
        while (block := await out.get()) is not None:
            yield block
        await feeding
    finally:
        out.leave()
        feeding.cancel()
        await asyncio.wait([feeding])
        if not feeding.cancelled():
            feeding.exception()


async def _feed(
    first: Audio, sound: AsyncIterator[Audio], wanted: Wanted, out: Handover[bytes]
) -> None:
    loop, sink, failure = asyncio.get_running_loop(), None, None
    try:
        sink = await loop.run_in_executor(THREADS, _open, _Stream(out), first, wanted)
        await loop.run_in_executor(THREADS, sink.write, first)
        async for audio in sound:
            if audio.pcm:
                await loop.run_in_executor(THREADS, sink.write, audio)
        await loop.run_in_executor(THREADS, sink.close)
    except Exception as found:
        failure = found
    finally:
        out.end(failure)
        if sink is not None:
            # Not waited for: it takes until the child is gone.
            loop.run_in_executor(THREADS, sink.abort)


def _open(target: Target, first: Audio, wanted: Wanted) -> Sink:
    return open_sink(
        target,
        wanted.form,
        native_rate=first.rate,
        sample_format=first.sample_format,
        sample_rate=wanted.sample_rate,
        bitrate=wanted.bitrate,
        normalize=wanted.normalize,
    )


async def as_file(sound: AsyncIterator[Audio], wanted: Wanted) -> bytes:
    """All of it as a file, whose header tells how long it is. Raises what `encoded` raises."""
    loop, sink = asyncio.get_running_loop(), None
    with TemporaryDirectory(prefix="ttm-") as folder:
        path = str(Path(folder, f"speech{wanted.form.suffixes[0]}"))
        try:
            async for audio in sound:
                if not audio.pcm:
                    continue
                if sink is None:
                    target = open_target(path)
                    sink = await loop.run_in_executor(THREADS, _open, target, audio, wanted)
                await loop.run_in_executor(THREADS, sink.write, audio)
            if sink is None:
                raise BadAudio("no sound was made")
            await loop.run_in_executor(THREADS, sink.close)
            return await loop.run_in_executor(THREADS, Path(path).read_bytes)
        finally:
            if sink is not None:
                await loop.run_in_executor(THREADS, sink.abort)


def pcm16(audio: Audio) -> Audio:
    """The same sound as 16-bit samples. Raises BadAudio for samples that are no numbers."""
    if not finite(audio):
        raise BadAudio("the engine gave samples that are not numbers")
    return replace(audio, pcm=audio.s16(), sample_format="s16")
