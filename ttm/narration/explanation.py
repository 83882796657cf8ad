"""What would be said of a text, piece by piece, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field

from ttm.config import SaySettings
from ttm.errors import SynthesisError
from ttm.narration import duration
from ttm.narration.manner import silence_before
from ttm.narration.plan import Chunk
from ttm.narration.written import Written
from ttm.speech import parse_rate
from ttm.text.marks import USUAL, Delivery
from ttm.text.traced import Change


@dataclass(frozen=True, slots=True)
class Altered:
    """A stretch that is spoken otherwise than it was written."""

    written: str
    spoken: str
    rule: str
    """What made it: a rule of `[text.rules]`, `lexicon`, or what a markup asked for."""
    start: int
    """First character of the original."""
    end: int
    """One past the last."""
    phonemes: str = ""
    """How it sounds, in IPA, where that was given."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one call of the engine would speak."""

    index: int
    """1-based."""
    line: int
    column: int
    start: int
    """First character of the original that it stands for."""
    end: int
    """One past the last."""
    paragraph: int
    chapter: int
    begins: str
    """cut, sentence or paragraph."""
    pause: int
    """Milliseconds of silence before it."""
    delivery: dict[str, str | float]
    """What the text asks for beyond the settings: `voice`, `language`, `rate`, ..."""
    written: str
    """As it stands in the text, white space collapsed and markup left out."""
    spoken: str
    """As the engine is given it."""
    characters: int
    """Of what is spoken."""
    budget: int
    """Characters that one call speaks at most."""
    seconds: float
    """Estimated from its letters, without the pause."""
    changes: tuple[Altered, ...]
    phonemes: str
    """All of it in IPA, where the engine tells."""
    trouble: str
    """Why the engine could not tell."""


@dataclass(slots=True)
class Totals:
    """Of a text; complete once it was explained to its end."""

    pieces: int = 0
    sentences: int = 0
    paragraphs: int = 0
    characters: int = 0
    """Of the original, up to the end of the last piece."""
    spoken: int = 0
    """Characters that the engine is given."""
    seconds: float = 0.0
    """Estimated, pauses included."""
    pauses: float = 0.0
    """Seconds of silence between pieces."""
    rules: Counter[str] = field(default_factory=Counter)
    """How often each rule changed something."""


def explain(
    chunks: Iterable[Chunk],
    totals: Totals,
    say: SaySettings,
    *,
    budget: int,
    phonemes: Callable[[str, Delivery | None], str],
) -> Iterator[Piece]:
    """The pieces of a plan as they come; `totals` counts them. `phonemes` tells a text in IPA,
    spoken so."""
    rate = parse_rate(say.rate)
    waits = {"cut": 0, "sentence": say.pause, "paragraph": say.paragraph_pause}
    for chunk in chunks:
        usual = waits[chunk.begins] / 1000 if totals.pieces else 0.0
        pause = silence_before(chunk, usual)
        totals.characters = chunk.end
        totals.pauses += pause
        totals.seconds += pause
        if not chunk.text:  # the pause that the text ends with
            continue
        faster = chunk.delivery.rate if chunk.delivery else 1.0
        seconds = duration.seconds(chunk.text, rate * faster)
        changes = tuple(_altered(chunk, change) for change in chunk.changes)
        try:
            ipa, trouble = phonemes(chunk.text, chunk.delivery), ""
        except SynthesisError as failure:
            ipa, trouble = "", failure.what
        totals.pieces += 1
        totals.sentences += chunk.begins != "cut" or totals.pieces == 1
        totals.paragraphs = chunk.paragraph
        totals.spoken += len(chunk.text)
        totals.seconds += seconds
        totals.rules.update(change.rule for change in changes)
        yield Piece(
            index=chunk.index,
            line=chunk.line,
            column=chunk.column,
            start=chunk.start,
            end=chunk.end,
            paragraph=chunk.paragraph,
            chapter=chunk.chapter,
            begins=chunk.begins,
            pause=round(pause * 1000),
            delivery=_asked(chunk.delivery),
            written=Written(chunk).text,
            spoken=chunk.text,
            characters=len(chunk.text),
            budget=budget,
            seconds=seconds,
            changes=changes,
            phonemes=ipa,
            trouble=trouble,
        )


def _asked(delivery: Delivery | None) -> dict[str, str | float]:
    if delivery is None:
        return {}
    usual = asdict(USUAL)
    return {name: each for name, each in asdict(delivery).items() if each != usual[name]}


def _altered(chunk: Chunk, change: Change) -> Altered:
    return Altered(
        written=change.written,
        spoken=chunk.text[change.start : change.end],
        rule=change.rule,
        start=change.first,
        end=change.last,
        phonemes=change.phonemes,
    )
