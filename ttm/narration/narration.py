"""A text being spoken: pauses, seams, second tries -> Audio with Timings."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from ttm.audio import Audio, SampleFormat, silence
from ttm.audio.level import gain, like
from ttm.config import Config
from ttm.engine import EngineCard
from ttm.errors import (
    BadAudio,
    EngineCrashed,
    NothingToSpeak,
    SynthesisError,
    Unspeakable,
)
from ttm.narration.guard import guarded
from ttm.narration.pieces import halves
from ttm.narration.plan import Chunk
from ttm.narration.seams import edged, within
from ttm.speech import RATE_MAX, RATE_MIN, Phonemes, Speech, Timing
from ttm.text.speakable import wordy
from ttm.worker.client import Worker

SKIPPED = 0.25
"""Seconds of silence in place of what could not be spoken."""
STRETCH = 64
"""Chunks after which an engine starts from nothing again, so that a later one never depends on
all that came before it."""
SKIPS_KEPT = 100
"""Places of skipped text that a report names; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Skip:
    """A piece of the text that was not spoken."""

    start: int
    """First character of the original text."""
    end: int
    """One past the last."""
    line: int
    column: int
    why: str


@dataclass(slots=True)
class Report:
    """How a narration went; complete once it was iterated to its end."""

    model: str
    voice: str
    language: str
    seed: int
    engine: str = ""
    chunks: int = 0
    characters: int = 0
    """Of the original text, up to the end of the last chunk spoken."""
    seconds: float = 0.0
    """Of audio, pauses included."""
    retried: int = 0
    """Chunks that were spoken again in smaller pieces."""
    clipped: int = 0
    """Samples that `volume` pushed over full scale."""
    skipped: int = 0
    skips: list[Skip] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What the engine has to say to its user, each sentence once."""
    effective: dict[str, Any] = field(default_factory=dict)
    """What the engine ran with, where it says so."""


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
    ) -> None:
        self.report = report
        self._worker = worker
        self._engine = engine
        self._chunks = chunks
        self._speech = speech
        self._say = config.say
        self._follow = follow
        self._foresight = foresight
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
            self.report.characters = chunk.end
            if self._follow:
                yield from self._silence(self._pause(chunk.ends))
        if not self.report.chunks:
            raise NothingToSpeak("there is nothing to speak in the text")
        if not self._samples and self.report.skips:
            raise _unspeakable(self.report.skips[0])
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
        heard = yield from self._surely(chunk, speech, then)
        if heard:
            at, until = began / self._rate, self._samples / self._rate
            said = Timing("sentence", chunk.start, chunk.end, at, until)
            yield Audio(b"", self._rate, self._format, (said,))

    def _worded(self, chunk: Chunk, number: int = 0) -> Speech:
        """The chunk as the engine is asked for it, at a pitch and tempo that the engine can do.

        `number` of the chunk in the narration, from 0; whatever is spoken again has none.
        """
        continues, sounds = number % STRETCH > 0, self._sounds(chunk)
        return replace(self._able, text=chunk.text, continues=continues, phonemes=sounds)

    def _sounds(self, chunk: Chunk) -> tuple[Phonemes, ...]:
        """The sounds that are given for words of the chunk, for an engine that takes them."""
        given = [one for one in chunk.changes if one.phonemes]
        if self._engine.phonemes:
            return tuple(Phonemes(one.start, one.end, one.phonemes) for one in given)
        if any(chunk.text[one.start : one.end] == one.written for one in given):
            self._note(
                f"model '{self.report.model}' takes no IPA, so words for which there is nothing"
                " else are said as they are written"
            )
        return ()

    def _surely(
        self, chunk: Chunk, speech: Speech, then: tuple[Speech, ...] = (), again: bool = False
    ) -> Generator[Audio, None, bool]:
        """The chunk, whole or in pieces; what cannot be spoken raises or is skipped.

        Returns whether any of it was heard.
        """
        heard = False
        try:
            for audio in self._once(chunk, speech, then):
                heard = True
                yield audio
            return heard
        except SynthesisError as failure:
            # What is wrong with the model or the request is no SynthesisError, and would be wrong
            # with every other piece of the text too.
            why = failure
        if isinstance(why, EngineCrashed) and not heard:
            if not why.contained and not again:
                # The whole worker died, perhaps of something else: the same again, once.
                self.report.retried += 1
                return (yield from self._surely(chunk, self._worded(chunk), again=True))
            parts = halves(chunk.text) if why.contained else None
            if parts:
                self.report.retried += not again
                for start, end in parts:
                    piece = chunk.piece(start, end)
                    if piece.text:
                        heard |= yield from self._surely(piece, self._worded(piece), again=True)
                return heard
        yield from self._given_up(chunk, why)
        return heard

    def _given_up(self, chunk: Chunk, why: SynthesisError) -> Iterator[Audio]:
        skip = Skip(chunk.start, chunk.end, chunk.line, chunk.column, why.what)
        if self._say.on_error == "fail":
            raise _unspeakable(skip) from why
        self.report.skipped += 1
        if len(self.report.skips) < SKIPS_KEPT:
            self.report.skips.append(skip)
        yield from self._silence(SKIPPED)

    def _once(self, chunk: Chunk, speech: Speech, then: tuple[Speech, ...]) -> Iterator[Audio]:
        """One engine call: clean edges, what the engine cannot do, volume, places."""
        with contextlib.closing(self._worker.speak(speech, then)) as spoken:
            blocks = edged(guarded(self._noted(spoken), speech, self._engine.name))
            if self._higher != 1 or self._faster != 1:
                blocks = _bent(blocks, self._higher, self._faster)
            sound = False
            for block in blocks:
                sound = sound or block.samples > 0
                louder, clipped = gain(block, self._speech.volume)
                self.report.clipped += clipped
                yield replace(louder, timings=self._placed(louder, chunk))
        if not sound and wordy(chunk.text):
            raise BadAudio(f"engine '{self._engine.name}' made no sound")

    def _noted(self, said: Iterable[Audio | str]) -> Iterator[Audio]:
        """The audio of what the engine said; its notes go into the report."""
        for one in said:
            if isinstance(one, str):
                self._note(one)
            else:
                yield one

    def _note(self, sentence: str) -> None:
        if sentence not in self.report.notes:
            self.report.notes.append(sentence)

    def _placed(self, audio: Audio, chunk: Chunk) -> tuple[Timing, ...]:
        """Word timings in the original text and the narration's time."""
        now = self._samples / audio.rate
        size = len(chunk.text)
        words = [one for one in audio.timings if one.kind == "word" and one.start < size]
        spans = [chunk.span(one.start, max(one.end, one.start + 1)) for one in words]
        return tuple(
            replace(one, start=first, end=last, at=one.at + now, until=one.until + now)
            for one, (first, last) in zip(words, spans, strict=True)
        )


def _unspeakable(skip: Skip) -> Unspeakable:
    place = f"line {skip.line}, column {skip.column}"
    span = f"characters {skip.start + 1} to {skip.end}"
    return Unspeakable(
        f"cannot speak the text at {place} ({span}): {skip.why}",
        "Change the text there, or pass --on-error skip",
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
