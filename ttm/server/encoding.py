"""Sound into the bytes of an answer, as it comes: one encoder for each."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from ttm.audio import Audio
from ttm.audio.encoded import Started, started
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


class Spare:
    """An encoder that is ready for the next answer, from the first one on that needed any: to start
    one takes 150 ms, which every client would wait for. Used in the loop."""

    def __init__(self) -> None:
        self._made: Future[Started] | None = None
        self._closed = False

    def take(self) -> Future[Started]:
        """It, or a new one; the caller's from here on."""
        made, self._made = self._made, None
        if made is not None and made.done():
            if made.exception() is None and made.result().child.alive:
                return made
            _end(made)
            made = None
        return made or THREADS.submit(started)

    def refill(self) -> None:
        """Have one ready again, now that nobody waits for the processor."""
        if self._made is None and not self._closed:
            self._made = THREADS.submit(started, spare=True)

    def close(self) -> None:
        """End it."""
        self._closed = True
        if self._made is not None:
            _end(self._made)
            self._made = None


async def encoded(
    sound: AsyncIterator[Audio], wanted: Wanted, begun: asyncio.Event, spare: Spare
) -> AsyncGenerator[bytes]:
    """The bytes of a stream, the first as soon as there are any.

    An encoder that is needed in any case is taken once `begun` is set, beside an engine that works
    on its first sound. Raises what iterating the sound raises, and BadAudio, UsageError and
    OutputError.
    """
    early = None
    if wanted.form.name not in ("wav", "pcm"):
        early = _Early(begun, spare)
    try:
        async with contextlib.aclosing(_encoded(sound, wanted, early)) as blocks:
            async for block in blocks:
                yield block
    finally:
        if early is not None:
            early.leave()
            spare.refill()


class _Early:
    """An encoder that is there before there is anything to encode."""

    def __init__(self, begun: asyncio.Event, spare: Spare) -> None:
        self._spare = spare
        self._taken = False
        self._starting: Future[Started] | None = None
        self._waiting = asyncio.create_task(self._start(begun))

    async def _start(self, begun: asyncio.Event) -> None:
        await begun.wait()
        self._starting = self._spare.take()

    async def take(self) -> Started:
        """The encoder, which is the caller's from here on. Raises OutputError."""
        await asyncio.shield(self._waiting)
        assert self._starting is not None
        made = await asyncio.shield(asyncio.wrap_future(self._starting))
        self._taken = True
        return made

    def leave(self) -> None:
        """End it, unless it was taken."""
        self._waiting.cancel()
        if self._starting is not None and not self._taken:
            _end(self._starting)


def _end(starting: Future[Started]) -> None:
    """End what is being started, once it is."""
    starting.add_done_callback(_ended)


def _ended(starting: Future[Started]) -> None:
    if not starting.cancelled() and starting.exception() is None:
        made = starting.result()
        THREADS.submit(made.end)


async def _encoded(
    sound: AsyncIterator[Audio], wanted: Wanted, early: _Early | None
) -> AsyncGenerator[bytes]:
    first = await anext(sound, None)
    while first is not None and not first.pcm:
        first = await anext(sound, None)
    if first is None:
        raise BadAudio("no sound was made")
    plain = wanted.form.name in ("wav", "pcm") and wanted.rate(first.rate) == first.rate
    if plain and not wanted.normalize:
        blocks = _plain(first, sound, wanted)
    else:
        blocks = _through_a_child(first, sound, wanted, early)
    async with contextlib.aclosing(blocks) as out:
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
    first: Audio, sound: AsyncIterator[Audio], wanted: Wanted, early: _Early | None
) -> AsyncGenerator[bytes]:
    out: Handover[bytes] = Handover()
    feeding = asyncio.create_task(_feed(first, sound, wanted, out, early))
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
    first: Audio,
    sound: AsyncIterator[Audio],
    wanted: Wanted,
    out: Handover[bytes],
    early: _Early | None,
) -> None:
    failure = None
    try:
        async with _encoder() as encoder:
            made = await early.take() if early else None
            await encoder.open(_Stream(out), first, wanted, made)
            await encoder.write(first)
            async for audio in sound:
                if audio.pcm:
                    await encoder.write(audio)
            await encoder.close()
    except Exception as found:
        failure = found
    finally:
        out.end(failure)


class _Encoder:
    """A sink whose calls are made in threads, one after the other."""

    def __init__(self) -> None:
        self._sink: Sink | None = None
        self._last: Future[object] | None = None

    async def open(
        self, target: Target, first: Audio, wanted: Wanted, early: Started | None = None
    ) -> None:
        def opened() -> None:
            try:
                self._sink = _open(target, first, wanted, early)
            except BaseException:
                if early is not None:
                    early.end()
                raise

        await self._call(opened)

    @property
    def begun(self) -> bool:
        return self._last is not None

    async def write(self, audio: Audio) -> None:
        assert self._sink is not None
        await self._call(partial(self._sink.write, audio))

    async def close(self) -> None:
        assert self._sink is not None
        await self._call(self._sink.close)

    async def _call(self, work: Callable[[], object]) -> None:
        self._last = THREADS.submit(work)
        # Shielded: what was cancelled before a thread took it would never be ended.
        await asyncio.shield(asyncio.wrap_future(self._last))

    def leave(self) -> None:
        """Have the child gone once the last call has ended; not waited for, as it is killed."""
        if self._last is not None:
            self._last.add_done_callback(lambda _: THREADS.submit(self._abort))

    def _abort(self) -> None:
        if self._sink is not None:
            self._sink.abort()


@contextlib.asynccontextmanager
async def _encoder() -> AsyncIterator[_Encoder]:
    encoder = _Encoder()
    try:
        yield encoder
    finally:
        encoder.leave()


async def as_file(sound: AsyncIterator[Audio], wanted: Wanted) -> bytes:
    """All of it as a file, whose header tells how long it is. Raises what `encoded` raises."""
    with TemporaryDirectory(prefix="ttm-", ignore_cleanup_errors=True) as folder:
        path = Path(folder, f"speech{wanted.form.suffixes[0]}")
        async with _encoder() as encoder:
            async for audio in sound:
                if not audio.pcm:
                    continue
                if not encoder.begun:
                    await encoder.open(open_target(str(path)), audio, wanted)
                await encoder.write(audio)
            if not encoder.begun:
                raise BadAudio("no sound was made")
            await encoder.close()
            return await asyncio.to_thread(path.read_bytes)


def _open(target: Target, first: Audio, wanted: Wanted, early: Started | None) -> Sink:
    return open_sink(
        target,
        wanted.form,
        native_rate=first.rate,
        sample_format=first.sample_format,
        sample_rate=wanted.sample_rate,
        bitrate=wanted.bitrate,
        normalize=wanted.normalize,
        early=early,
    )
