"""Timings as cues of subtitles, and as SRT, WebVTT and JSON; each as soon as it is certain."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Literal

from ttm.narration.lines import Piece, cut, lines
from ttm.speech import Timing

SHORTEST = 1.0
"""Seconds that a cue stays at least, where the next one leaves it so long."""
LINGERS = 0.25
"""Seconds that a cue may stay behind its last word, where the next one leaves it so long."""

Kind = Literal["srt", "vtt", "json"]


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown at once."""

    number: int
    """1-based."""
    at: int
    """Milliseconds from the start of the sound."""
    until: int
    """Milliseconds; later than `at`, and no later than the next cue's `at`."""
    lines: tuple[tuple[Piece, ...], ...]
    """One or two of at most 42 columns, each piece with the milliseconds at which it is said."""


class Cues:
    """Cues from the timings of a narration, in the order in which these come.

    Holds the words of one sentence and the last cue, which may stay until the next begins.
    """

    def __init__(self) -> None:
        self._words: list[Timing] = []
        self._held: Cue | None = None
        self._count = 0
        self._now = 0
        """Milliseconds at which the next cue can begin at the earliest."""

    def feed(self, timings: Iterable[Timing]) -> Iterator[Cue]:
        """What of the cues is certain after these timings."""
        for timing in timings:
            if timing.kind == "word":
                self._words.append(timing)
                continue
            words, self._words = self._words, []
            for pieces in cut(timing, words):
                yield from self._next(pieces)

    def finish(self) -> Iterator[Cue]:
        """The last cue."""
        if self._held is not None:
            yield self._held
            self._held = None

    def _next(self, pieces: list[Piece]) -> Iterator[Cue]:
        at = max(self._now, milliseconds(pieces[0].at))
        until = max(at + 1, milliseconds(pieces[-1].until))
        if (held := self._held) is not None:
            wanted = max(held.until + round(LINGERS * 1000), held.at + round(SHORTEST * 1000))
            yield replace(held, until=max(held.until, min(wanted, at)))
        self._count += 1
        self._held = Cue(self._count, at, until, lines(pieces))
        self._now = until


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


class Srt:
    """Cues as SubRip writes them."""

    def __init__(self) -> None:
        self._cues = Cues()

    def feed(self, timings: Iterable[Timing]) -> str:
        """What can be written after these timings."""
        return "".join(map(self._block, self._cues.feed(timings)))

    def finish(self) -> str:
        """The rest."""
        return "".join(map(self._block, self._cues.finish()))

    def _block(self, cue: Cue) -> str:
        text = "\n".join(_line(each, _as_it_is) for each in cue.lines)
        return f"{cue.number}\n{_clock(cue.at, ',')} --> {_clock(cue.until, ',')}\n{text}\n\n"


class Vtt:
    """Cues as WebVTT has them; `words`: with the moment at which each exactly known word begins."""

    def __init__(self, *, words: bool = True) -> None:
        self._cues = Cues()
        self._timed = words
        self._before = "WEBVTT\n\n"

    def feed(self, timings: Iterable[Timing]) -> str:
        """What can be written after these timings."""
        return self._written(self._cues.feed(timings))

    def finish(self) -> str:
        """The rest."""
        return self._written(self._cues.finish())

    def _written(self, cues: Iterable[Cue]) -> str:
        before, self._before = self._before, ""
        return before + "".join(map(self._block, cues))

    def _block(self, cue: Cue) -> str:
        said = cue.at
        rows: list[str] = []
        for each in cue.lines:
            row = ""
            for piece in each:
                # A moment has to lie within the cue, behind every moment before it.
                moment = milliseconds(piece.at)
                mark = ""
                if self._timed and piece.exact and said < moment < cue.until:
                    mark, said = f"<{_clock(moment, '.')}>", moment
                row += " " * (piece.spaced and bool(row)) + mark + _escaped(piece.text)
            rows.append(row)
        text = "\n".join(rows)
        return f"{cue.number}\n{_clock(cue.at, '.')} --> {_clock(cue.until, '.')}\n{text}\n\n"


class Rows:
    """Timings as one JSON object, a row a line."""

    def __init__(self) -> None:
        self._before = '{"unit": "characters and seconds", "timings": [\n'

    def feed(self, timings: Iterable[Timing]) -> str:
        """What can be written after these timings."""
        written = ""
        for timing in timings:
            row = asdict(timing)
            row |= {"at": round(timing.at, 4), "until": round(timing.until, 4)}
            if not timing.spoken:
                del row["spoken"]
            written += self._before + json.dumps(row)
            self._before = ",\n"
        return written

    def finish(self) -> str:
        """The end of the object."""
        return ("" if self._before == ",\n" else self._before) + "\n]}\n"


def transcript(kind: Kind, *, words: bool = True) -> Srt | Vtt | Rows:
    """What writes timings in this format."""
    return Srt() if kind == "srt" else Vtt(words=words) if kind == "vtt" else Rows()


def _line(pieces: Iterable[Piece], escaped: Callable[[str], str]) -> str:
    row = ""
    for piece in pieces:
        row += " " * (piece.spaced and bool(row)) + escaped(piece.text)
    return row


def _as_it_is(text: str) -> str:
    """SubRip has no escapes; only an arrow could be taken for one between two times."""
    return text.replace("-->", "→")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(moment: int, point: str) -> str:
    seconds, thousandths = divmod(moment, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{thousandths:03}"
