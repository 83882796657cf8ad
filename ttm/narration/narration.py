"""A text being spoken: pauses, tempo, volume, places -> Audio with Timings."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

from ttm.audio import Audio, SampleFormat, silence
from ttm.audio.level import gain, like
from ttm.config import Config
from ttm.engine import EngineCard
from ttm.errors import NothingToSpeak
from ttm.narration.attempts import Attempts, Outcome, unspeakable
from ttm.narration.fatal import Fatal
from ttm.narration.manner import Manner, Manners, silence_before
from ttm.narration.memory import Memory, independent
from ttm.narration.plan import Chunk
from ttm.narration.report import Report
from ttm.narration.seams import led, within
from ttm.narration.seeds import derived
from ttm.narration.words import Words
from ttm.speech import RATE_MAX, RATE_MIN, Phonemes, Speech, Timing
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
        manners: Manners,
        report: Report,
        config: Config,
        *,
        follow: bool,
        foresight: int,
        held: bool,
        fatal: Fatal,
        memory: Memory | None = None,
    ) -> None:
        self.report = report
        self._memory = memory or Memory()
        self._alone = independent(engine, config.cache)
        self._worker = worker
        self._engine = engine
        self._chunks = chunks
        self._manners = manners
        self._say = config.say
        self._follow = follow
        self._foresight = foresight
        # Nothing is gained by passing on what a quick engine makes before it was judged.
        self._held = held or engine.quick
        self._attempts = Attempts(worker, engine, config, report, self._silence, fatal)
        self._rate = 0
        self._format: SampleFormat = "s16"
        self._samples = 0
        self._timed = False
        """Whether the engine told of the words of the chunk before."""
        self._owed = 0.0
        """Seconds of silence before the first sound, from which alone its rate is known."""

    def __iter__(self) -> Iterator[Audio]:
        for audio in self._spoken():
            self._rate, self._format = audio.rate, audio.sample_format
            self._samples += audio.samples
            self.report.seconds = self._samples / self._rate
            yield audio

    def _spoken(self) -> Iterator[Audio]:
        for chunk, after in self._foreseen():
            usual = self._pause(chunk.begins) if self.report.chunks and not self._follow else 0.0
            yield from self._silence(silence_before(chunk, usual))
            if not chunk.text:  # the pause that the text ends with
                self.report.characters = chunk.end
                continue
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
        if not self._rate:
            self._owed += seconds
        elif seconds > 0:
            yield silence(seconds, self._rate, self._format)

    def _chunk(self, chunk: Chunk, after: Sequence[Chunk]) -> Iterator[Audio]:
        """The chunk's audio, with its words and itself timed in the original text."""
        began = self._samples
        number = self.report.chunks
        manner = self._worded(chunk, number)
        words = Words(chunk, estimated=not self._timed)
        coming = [each for each in after if each.text]
        then = [self._worded(each, number + i) for i, each in enumerate(coming, start=1)]
        owed, self._owed = self._owed, 0.0
        heard = yield from words.passing(led(self._said(chunk, manner, then), owed))
        self._timed = words.told
        if heard:
            since, until = began / self._rate, self._samples / self._rate
            at = since + round(owed * self._rate) / self._rate
            yield Audio(b"", self._rate, self._format, words.rest(at, until, since))

    def _said(
        self, chunk: Chunk, manner: Manner, then: Sequence[Manner]
    ) -> Generator[Audio, None, bool]:
        """The chunk at its volume, its words timed in the original text; whether it was heard."""
        made = self._chunk_audio(chunk, manner, self._memory.missing(manner, then))
        recall = partial(self._attempts.recall, manner.speech)
        with contextlib.closing(self._memory.through(manner, made, recall)) as sound:
            while True:
                try:
                    audio = next(sound)
                except StopIteration as end:
                    return bool(end.value.heard)
                louder, clipped = gain(audio, manner.volume)
                self.report.clipped += clipped
                yield replace(louder, timings=self._placed(louder, chunk))

    def _chunk_audio(
        self, chunk: Chunk, manner: Manner, then: tuple[Speech, ...]
    ) -> Generator[Audio, None, Outcome]:
        """The chunk's audio before its volume, its words timed in the chunk's text."""
        bend = None
        if manner.higher != 1 or manner.faster != 1:
            bend = partial(_bent, higher=manner.higher, faster=manner.faster)
        return self._attempts.spoken(chunk, manner.speech, then, bend=bend, held=self._held)

    def _worded(self, chunk: Chunk, number: int = 0) -> Manner:
        """How the chunk is asked for, at a pitch and tempo that the engine can do.

        `number` of the chunk in the narration, from 0.
        """
        manner = self._manners(chunk.delivery)
        # Where nothing is drawn, a seed of its own would only keep an engine from going on.
        seed = manner.speech.seed
        if self._engine.random:
            seed = derived(seed, chunk.text)
        goes_on = not self._alone and number % STRETCH > 0
        speech = replace(
            manner.speech,
            text=chunk.text,
            seed=seed,
            continues=goes_on,
            phonemes=self._sounds(chunk),
        )
        return replace(manner, speech=speech)

    def _sounds(self, chunk: Chunk) -> tuple[Phonemes, ...]:
        """The sounds that are given for words of the chunk, for an engine that takes them."""
        given = [one for one in chunk.changes if one.phonemes]
        if self._engine.phonemes:
            return tuple(Phonemes(one.start, one.end, one.phonemes) for one in given)
        if any(chunk.text[one.start : one.end] == one.written for one in given):
            self.report.note(
                f"model '{self.report.model}' takes no IPA, so words for which there is nothing"
                " else are said as they are written"
            )
        return ()

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
