"""A text being spoken: pauses, tempo, volume, places -> Audio with Timings."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from ttm.audio import Audio, SampleFormat, silence
from ttm.audio.level import gain, like
from ttm.config import Config
from ttm.engine import EngineCard
from ttm.errors import NothingToSpeak
from ttm.narration.attempts import Attempts, Outcome, unspeakable
from ttm.narration.memory import Memory, independent
from ttm.narration.plan import Chunk
from ttm.narration.report import Report
from ttm.narration.seams import within
from ttm.narration.seeds import derived
from ttm.speech import RATE_MAX, RATE_MIN, Speech, Timing
from ttm.worker.client import Worker

STRETCH = 64
"""Chunks after which an engine starts from nothing again, so that a later one never depends on
all that came before it."""


class Narration:
    """A text being spoken: iterate for its Audio; `report` says how it went.

    The Audio's timings are of the original text, in seconds of the narration.
    """

    def __init__(
        self,
        worker: Worker,
        engine: EngineCard,
        chunks: Iterable[Chunk],
        speech: Speech,
        report: Report,
        config: Config,
        *,
        follow: bool,
        foresight: int,
        held: bool,
        memory: Memory | None = None,
    ) -> None:
        self.report = report
        self._memory = memory or Memory()
        self._alone = independent(engine, config.cache)
        self._worker = worker
        self._engine = engine
        self._chunks = chunks
        self._speech = speech
        self._say = config.say
        self._follow = follow
        self._foresight = foresight
        # Nothing is gained by passing on what a quick engine makes before it was judged.
        self._held = held or engine.quick
        self._attempts = Attempts(worker, engine, config, report, self._silence)
        pitch = min(max(speech.pitch, engine.lowest), engine.highest)
        self._higher = 2 ** ((speech.pitch - pitch) / 12)
        tempo = speech.rate / self._higher
        able = min(max(tempo, engine.slowest), engine.fastest)
        self._faster = tempo / able
        """With `_higher`: factors of pitch and tempo that the engine cannot do."""
        self._able = replace(speech, pitch=pitch, rate=able)
        self._rate = 0
        self._format: SampleFormat = "s16"
        self._samples = 0

    def __iter__(self) -> Iterator[Audio]:
        for audio in self._spoken():
            self._rate, self._format = audio.rate, audio.sample_format
            self._samples += audio.samples
            self.report.seconds = self._samples / self._rate
            yield audio

    def _spoken(self) -> Iterator[Audio]:
        for chunk, after in self._foreseen():
            if not self._follow and self.report.chunks:
                yield from self._silence(self._pause(chunk.begins))
            yield from self._chunk(chunk, after)
            self.report.effective = dict(self._worker.effective)
            self.report.chunks += 1
            self.report.cached = self._memory.found
            self.report.characters = chunk.end
            if self._follow:
                yield from self._silence(self._pause(chunk.ends))
        if not self.report.chunks:
            raise NothingToSpeak("there is nothing to speak in the text")
        if not self._samples and self.report.skips:
            raise unspeakable(self.report.skips[0])
        if not self._samples:
            raise NothingToSpeak("nothing in the text has a sound in this voice")

    def _foreseen(self) -> Iterator[tuple[Chunk, tuple[Chunk, ...]]]:
        """Each chunk with those after it that the engine is to know of."""
        chunks = iter(self._chunks)
        coming = deque(islice(chunks, self._foresight))
        for chunk in chunks:
            coming.append(chunk)
            yield coming.popleft(), tuple(coming)
        while coming:
            yield coming.popleft(), tuple(coming)

    def _pause(self, at: str) -> float:
        """Seconds of silence where a chunk begins or ends so."""
        waits = {"cut": 0, "sentence": self._say.pause, "paragraph": self._say.paragraph_pause}
        return waits[at] / 1000

    def _silence(self, seconds: float) -> Iterator[Audio]:
        if seconds > 0 and self._rate:
            yield silence(seconds, self._rate, self._format)

    def _chunk(self, chunk: Chunk, after: Sequence[Chunk]) -> Iterator[Audio]:
        """The chunk's audio, with its words and itself timed in the original text."""
        began = self._samples
        number = self.report.chunks
        speech = self._worded(chunk, number)
        then = tuple(self._worded(each, number + i) for i, each in enumerate(after, start=1))
        outcome = Outcome(heard=False, clean=True)

        def spoken() -> Iterator[Audio]:
            nonlocal outcome
            outcome = yield from self._chunk_audio(chunk, speech, then)

        for audio in spoken():
            louder, clipped = gain(audio, self._speech.volume)
            self.report.clipped += clipped
            yield replace(louder, timings=self._placed(louder, chunk))
        if outcome.heard:
            at, until = began / self._rate, self._samples / self._rate
            said = Timing("sentence", chunk.start, chunk.end, at, until)
            yield Audio(b"", self._rate, self._format, (said,))

    def _chunk_audio(
        self, chunk: Chunk, speech: Speech, then: tuple[Speech, ...]
    ) -> Generator[Audio, None, Outcome]:
        """The chunk's audio before `volume`, its words timed in the chunk's text."""
        then = self._memory.missing(speech, then)
        if self._foresight > 1 and not then:
            # Told of itself alone, an engine speaks it as it would among others: what it computes
            # together is rounded otherwise.
            then = (speech,)
        bend = self._bent if self._higher != 1 or self._faster != 1 else None
        spoken = self._attempts.spoken(chunk, speech, then, bend=bend, held=self._held)
        return self._memory.through(speech, spoken)

    def _bent(self, blocks: Iterable[Audio]) -> Iterator[Audio]:
        return _bent(blocks, self._higher, self._faster)

    def _worded(self, chunk: Chunk, number: int = 0) -> Speech:
        """The chunk as the engine is asked for it, at a pitch and tempo that the engine can do.

        `number` of the chunk in the narration, from 0.
        """
        # Where nothing is drawn, a seed of its own would only keep an engine from going on.
        seed = self._able.seed
        if self._engine.random:
            seed = derived(seed, chunk.text)
        goes_on = not self._alone and number % STRETCH > 0
        return replace(self._able, text=chunk.text, seed=seed, continues=goes_on)

    def _placed(self, audio: Audio, chunk: Chunk) -> tuple[Timing, ...]:
        """Word timings in the original text and the narration's time."""
        now = self._samples / audio.rate
        words = [one for one in audio.timings if one.kind == "word"]
        spans = [chunk.span(one.start, max(one.end, one.start + 1)) for one in words]
        return tuple(
            replace(one, start=first, end=last, at=one.at + now, until=one.until + now)
            for one, (first, last) in zip(words, spans, strict=True)
        )


def _bent(blocks: Iterable[Audio], higher: float, faster: float) -> Iterator[Audio]:
    """The whole chunk at another pitch and tempo; all of it has to be there before."""
    from ttm.audio.stretch import stretch

    parts = list(blocks)
    if not parts:
        return
    timings: list[Timing] = []
    at = 0.0
    for part in parts:
        timings += [replace(one, at=one.at + at, until=one.until + at) for one in part.timings]
        at += part.seconds
    whole = replace(parts[0], pcm=b"".join(part.pcm for part in parts), timings=tuple(timings))
    if higher != 1:
        whole = _retuned(whole, higher)
    # One stretch goes as far as a tempo may; beside a change of pitch, more can be asked for.
    steps = 1 if RATE_MIN <= faster <= RATE_MAX else 2
    bent = whole
    for _ in range(steps):
        bent = stretch(bent, faster ** (1 / steps))
    yield replace(bent, timings=within(bent))  # its length is rounded to whole samples


def _retuned(audio: Audio, factor: float) -> Audio:
    """`audio` higher and shorter by `factor`, as on a tape that runs faster."""
    import soxr

    samples = soxr.resample(audio.numpy(), audio.rate * factor, audio.rate)
    return like(audio, samples.clip(-1, 1), 1 / factor)
