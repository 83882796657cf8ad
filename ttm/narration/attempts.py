"""A chunk spoken until it is right: with the next seed, in halves, then as the settings say."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace

from ttm.audio import WIDTH, Audio
from ttm.audio.level import fade
from ttm.config import Config
from ttm.engine import EngineCard
from ttm.errors import BadAudio, EngineCrashed, SynthesisError, Unspeakable
from ttm.narration.bounds import NEIGHBOURS
from ttm.narration.fatal import Fatal
from ttm.narration.guard import ENDLESS, Finding, Guard, Verdict
from ttm.narration.pieces import between_words, halves
from ttm.narration.plan import Chunk
from ttm.narration.report import KEPT, Bad, Fate, Report, Skip
from ttm.narration.seams import edged
from ttm.narration.seeds import derived
from ttm.speech import Speech
from ttm.worker.client import Worker

SKIPPED = 0.25
"""Seconds of silence in place of what could not be spoken, and after what was stopped when somebody
had heard the beginning of it."""
FADE = 0.02
"""Seconds in which what is stopped falls to silence."""
VOICES = 64
"""Voices and manners whose levels are kept."""

Bend = Callable[[Iterable[Audio]], Iterator[Audio]]
"""What is done to the sound of a piece of text, all of it at once."""
Cut = Callable[[str], list[tuple[int, int]] | None]
"""Where a text is parted, if it can be."""
Silence = Callable[[float], Iterator[Audio]]
"""Seconds of silence like the sound around it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a chunk came out."""

    heard: bool
    """There was sound of it."""
    clean: bool
    """All that came is its accepted sound: nothing that was said again, kept or left out."""
    levels: tuple[float, ...] = ()
    """How loud its parts are, in dBFS: what later chunks are held against."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A chunk, or a piece of one."""

    piece: Chunk
    offset: int
    """Of its text in the chunk's."""
    speech: Speech


@dataclass(slots=True)
class _Case:
    """What happens to one chunk."""

    chunk: Chunk
    bend: Bend | None
    held: bool
    """Whether a part is heard only once it was judged."""
    attempts: int = 0
    findings: list[Finding] = field(default_factory=list)
    outcome: Fate = "retried"
    fatal: str = ""
    """What was seen of the engine when a piece killed it, the second time."""
    clean: bool = True
    levels: list[float] = field(default_factory=list)


class Attempts:
    """Speaks the chunks of one narration, and has the guard judge them."""

    def __init__(
        self,
        worker: Worker,
        engine: EngineCard,
        config: Config,
        report: Report,
        silence: Silence,
        fatal: Fatal,
    ) -> None:
        self._fatal = fatal
        self._worker, self._engine = worker, engine
        self._guard, self._on_error = config.guard, config.say.on_error
        self._report, self._silence = report, silence
        self._levels: dict[Speech, deque[float]] = {}
        """Of the last chunks of each voice and manner, in dBFS."""

    def spoken(
        self,
        chunk: Chunk,
        speech: Speech,
        then: tuple[Speech, ...] = (),
        *,
        bend: Bend | None = None,
        held: bool,
    ) -> Generator[Audio, None, Outcome]:
        """The chunk's sound with clean edges, its words timed in the chunk's text.

        `held`: it comes only once it was judged, so that all of it is right. Otherwise it comes as
        it is made, and what is found to be wrong is stopped and said again, with a note. `then` is
        what the engine may begin with. Raises Unspeakable, and what is no fault of the text.
        """
        case = _Case(chunk, bend, held or bend is not None)
        part = _Part(chunk, 0, speech)
        self._report.guard.judged += 1
        if self._on_error == "fail":  # otherwise what can be said of it is
            yield from self._known_fatal(case, part, whole=True)
        try:
            heard = yield from self._part(case, part, then, whole=True)
        except Unspeakable:
            self._tell(case)
            if case.fatal:
                self._fatal.add(self._engine.name, speech, case.fatal, whole=True)
            raise
        self._tell(case)
        return Outcome(heard, case.clean, tuple(case.levels))

    def recall(self, speech: Speech, levels: Iterable[float]) -> None:
        """Hold later chunks against these levels too: those of a chunk that was spoken before."""
        for level in levels:
            self._remember(speech, level)

    def _tell(self, case: _Case) -> None:
        if not case.findings:
            return
        chunk = case.chunk
        at = (chunk.start, chunk.end, chunk.line, chunk.column)
        findings = tuple(case.findings)
        self._report.guard.add(Bad(_place(chunk), *at, case.attempts, findings, case.outcome))

    def _part(
        self,
        case: _Case,
        part: _Part,
        then: tuple[Speech, ...] = (),
        *,
        whole: bool = False,
        again: bool = False,
    ) -> Generator[Audio, None, bool]:
        """A part until it is right, or given up; whether any of it was heard.

        `whole`: halves of it may be tried. `again`: because a worker died of it.
        """
        heard = False
        if (yield from self._known_fatal(case, part)):
            return heard
        keep = self._guard.on_fail == "keep"
        smaller = self._parts(part, between_words) if whole and self._guard.retries else []
        tries = 1 + (self._guard.retries if self._engine.random else 0)
        made: list[tuple[Verdict, list[Audio]]] = []
        for attempt in range(tries):
            last = attempt + 1 == tries and not smaller
            guard = self._guarding(part.speech)
            sound: list[Audio] = []
            stops = not (keep and (case.held or last))
            try:
                for audio in self._once(case, part, then, attempt, guard, sound, stops=stops):
                    heard = True
                    yield audio
            except SynthesisError as failure:
                # What is wrong with the model or the request is no SynthesisError, and would be
                # wrong with every other piece of the text too.
                died = yield from self._died(case, part, then, failure, heard=heard, again=again)
                return heard or died
            verdict = guard.verdict
            if verdict.good or (keep and last):
                self._remember(part.speech, guard.level)
                case.levels.append(guard.level)
            if guard.cut and verdict.good:
                self._report.note("a speech did not end by itself and was stopped")
            if verdict.good:
                yield from self._shaped(case, part, sound)
                return heard or bool(sound)
            case.findings += verdict.findings
            made = [min([*made, (verdict, sound)], key=lambda one: one[0].badness)]
            if heard and not last:
                yield from self._interrupted(case, part, verdict)
        if smaller:
            case.outcome = "split"
            for each in smaller:
                coming = then if self._engine.random else ()
                heard |= yield from self._part(case, each, coming)
            return heard
        verdict, sound = made[0]
        if keep:
            case.outcome, case.clean = "kept", False
            self._say("is kept as it is", part, verdict)
            yield from self._shaped(case, part, _up_to(sound, verdict))
            return heard or bool(sound)
        why = BadAudio(f"engine '{self._engine.name}' {verdict.words}")
        yield from self._given_up(case, part, why)
        return heard

    def _guarding(self, speech: Speech) -> Guard:
        usual = self._levels.get(_manner(speech), ())
        lenient = not self._guard.enabled
        return Guard(speech, usual, light=self._engine.quick, lenient=lenient)

    def _remember(self, speech: Speech, level: float) -> None:
        manner = _manner(speech)
        levels = self._levels.pop(manner, deque(maxlen=NEIGHBOURS))
        levels.append(level)
        self._levels[manner] = levels
        if len(self._levels) > VOICES:
            self._levels.pop(next(iter(self._levels)))

    def _once(
        self,
        case: _Case,
        part: _Part,
        then: tuple[Speech, ...],
        attempt: int,
        guard: Guard,
        sound: list[Audio],
        *,
        stops: bool,
    ) -> Iterator[Audio]:
        """One engine call: its sound as it comes, or into `sound` where it is held."""
        case.attempts += 1
        speech = part.speech
        if attempt:
            seed = derived(self._report.seed, speech.text, attempt)
            speech = replace(speech, seed=seed, continues=False)
        with contextlib.closing(self._worker.speak(speech, then)) as said:
            blocks = _judged(self._noted(said), guard, stops=stops)
            if case.held:
                sound += blocks
            else:
                yield from self._shaped(case, part, blocks)

    def _noted(self, said: Iterable[Audio | str]) -> Iterator[Audio]:
        """The audio of what the engine said; its notes go into the report."""
        for one in said:
            if isinstance(one, str):
                self._report.note(one)
            else:
                yield one

    def _shaped(self, case: _Case, part: _Part, blocks: Iterable[Audio]) -> Iterator[Audio]:
        """With clean edges, bent, and its words where they are in the chunk."""
        clean = edged(blocks)
        for audio in case.bend(clean) if case.bend else clean:
            words = [
                replace(one, start=one.start + part.offset, end=one.end + part.offset)
                for one in audio.timings
                if one.kind == "word" and one.start < len(part.piece.text)
            ]
            yield replace(audio, timings=tuple(words))

    def _interrupted(self, case: _Case, part: _Part, verdict: Verdict) -> Iterator[Audio]:
        """Between what somebody heard go wrong and the same once more."""
        case.clean = False
        self._say("is said again", part, verdict)
        yield from self._silence(SKIPPED)

    def _say(self, what: str, part: _Part, verdict: Verdict) -> None:
        if len(self._report.notes) < KEPT:
            why = f"engine '{self._engine.name}' {verdict.words}"
            self._report.note(f"the text at {_place(part.piece)} {what}: {why}")

    def _parts(self, part: _Part, cut: Cut) -> list[_Part]:
        found = []
        for start, end in cut(part.piece.text) or ():
            piece = part.piece.piece(start, end)
            if piece.text:
                text = part.piece.text[start:end]
                offset = part.offset + start + len(text) - len(text.lstrip())
                found.append(_Part(piece, offset, self._again(part.speech, piece.text)))
        return found

    def _again(self, speech: Speech, text: str) -> Speech:
        """The speech with other words, from nothing."""
        seed = derived(self._report.seed, text) if self._engine.random else speech.seed
        return replace(speech, text=text, seed=seed, continues=False)

    def _died(
        self,
        case: _Case,
        part: _Part,
        then: tuple[Speech, ...],
        why: SynthesisError,
        *,
        heard: bool,
        again: bool,
    ) -> Generator[Audio, None, bool]:
        """The part after its engine failed: once more, in pieces, or given up."""
        if isinstance(why, EngineCrashed) and not heard:
            if not why.contained and not again:
                # The whole worker died, perhaps of something else: the same again, once.
                self._report.retried += 1
                fresh = replace(part, speech=replace(part.speech, continues=False))
                return (yield from self._part(case, fresh, again=True))
            smaller = self._parts(part, halves) if why.contained else []
            if smaller:
                self._report.retried += not again
                for each in smaller:
                    heard |= yield from self._part(case, each, again=True)
                return heard
        if isinstance(why, EngineCrashed) and not (why.killed or heard):
            case.fatal = why.what
            self._fatal.add(self._engine.name, part.speech, why.what)
        yield from self._given_up(case, part, why)
        return heard

    def _known_fatal(
        self, case: _Case, part: _Part, *, whole: bool = False
    ) -> Generator[Audio, None, bool]:
        """Give up at once what killed the engine before; whether it did."""
        why = self._fatal.why(self._engine.name, part.speech, whole=whole)
        if why:
            told = f"{why} on it before, and is not asked for it again"
            yield from self._given_up(case, part, EngineCrashed(told))
        return bool(why)

    def _given_up(self, case: _Case, part: _Part, why: SynthesisError) -> Iterator[Audio]:
        case.outcome, case.clean = "failed", False
        piece = part.piece
        skip = Skip(piece.start, piece.end, piece.line, piece.column, why.what)
        if self._on_error == "fail":
            raise unspeakable(skip, case.attempts, case.findings) from why
        self._report.skipped += 1
        if len(self._report.skips) < KEPT:
            self._report.skips.append(skip)
        yield from self._silence(SKIPPED)


def unspeakable(skip: Skip, attempts: int = 1, findings: Sequence[Finding] = ()) -> Unspeakable:
    """The error for a piece of the text that was not spoken."""
    keep = ', set guard.on_fail to "keep"' if findings else ""
    return Unspeakable(
        f"cannot speak the text at {_place(skip)}: {skip.why}",
        f"Change the text there{keep}, or pass --on-error skip",
        place={name: getattr(skip, name) for name in ("start", "end", "line", "column")},
        attempts=attempts,
        findings=[asdict(one) for one in findings],
    )


def _place(piece: Chunk | Skip) -> str:
    span = f"characters {piece.start + 1} to {piece.end}"
    return f"line {piece.line}, column {piece.column} ({span})"


def _manner(speech: Speech) -> Speech:
    """What speeches share that are as loud as each other."""
    return replace(speech, text="", seed=0, continues=False, rate=1.0)


def _judged(blocks: Iterable[Audio], guard: Guard, *, stops: bool) -> Iterator[Audio]:
    """The blocks as the guard lets them pass.

    It ends where nothing good can come any more; with `stops`, at the first that is wrong.
    """
    for block in blocks:
        found = guard.feed(block)
        if found and (stops or found.kind in ENDLESS):
            if found.kind not in ("not_numbers", "format") and block.pcm:
                yield _cut(block, FADE)
            return
        yield replace(block, codes=(), cut=False)
    guard.end()


def _cut(block: Audio, seconds: float) -> Audio:
    """The first seconds of a block, falling to silence."""
    size = round(seconds * block.rate) * WIDTH[block.sample_format]
    timings = tuple(one for one in block.timings if one.until <= seconds)
    return fade(replace(block, pcm=block.pcm[:size], timings=timings, codes=()), FADE, "end")


def _up_to(sound: list[Audio], verdict: Verdict) -> list[Audio]:
    """What is worth keeping: all, or what came before it went on without an end."""
    ends = [one.at for one in verdict.findings if one.kind in ENDLESS and one.at]
    left = min(ends, default=float("inf"))
    kept: list[Audio] = []
    for block in sound:
        if block.seconds > left:
            kept.append(_cut(block, left))
            break
        kept.append(block)
        left -= block.seconds
    return kept
