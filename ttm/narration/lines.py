"""Where the words of a sentence are broken into cues, and those into lines."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from ttm.speech import Timing
from ttm.text.cutting import best_cut
from ttm.text.language import script

COLUMNS = 42
"""Of a line; what broadcasters have for Latin letters. A full-width character takes two."""
LONGEST = 7.0
"""Seconds of a cue."""
SHORT = 1.2
"""Seconds below which a cue is hard to read."""

CUE = 10.0
"""What a cue costs, as a unit for the rest: seconds that it is too short cost as much each."""
BROKEN = 12.0
"""What it costs to end a cue inside a clause: a little more than another cue."""

CLOSES = ",;:.!?…—–)]}”»、，。；：！？）】」』।،؛؟"  # noqa: RUF001
"""Behind these a line is well broken."""
SPACELESS = ("CJK", "KANA")
"""Scripts in which a line may end anywhere."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is not broken: a word, with the punctuation at it."""

    text: str
    at: float
    """Seconds."""
    until: float
    """Seconds."""
    exact: bool
    """Whether the engine told when it begins."""
    spaced: bool
    """Whether a space stands before it."""

    @property
    def columns(self) -> int:
        """Of a terminal; what is wide takes two."""
        return sum(1 + (unicodedata.east_asian_width(char) in "WF") for char in self.text)


def cut(sentence: Timing, words: Sequence[Timing]) -> list[list[Piece]]:
    """The pieces of each cue of a sentence that holds these words, in order.

    The cheapest way: cues of two lines and seven seconds at most, which end where a clause does,
    none of them short.
    """
    pieces = _timed(sentence, words)
    ruler = _Ruler(pieces)
    count = len(pieces)
    best = [0.0, *[float("inf")] * count]
    came = [0] * (count + 1)
    for end in range(1, count + 1):
        for start in range(end - 1, -1, -1):
            seconds = pieces[end - 1].until - pieces[start].at
            if end - start > 1 and (seconds > LONGEST or not ruler.fits(start, end)):
                break
            cost = best[start] + _cost(seconds, ruler.width(start, end))
            if end < count and pieces[end - 1].text[-1] not in CLOSES:
                cost += BROKEN
            if cost < best[end]:
                best[end], came[end] = cost, start
    cues: list[list[Piece]] = []
    while count:
        cues.append(pieces[came[count] : count])
        count = came[count]
    return cues[::-1]


def lines(pieces: Sequence[Piece]) -> tuple[tuple[Piece, ...], ...]:
    """The pieces of a cue in one line, or in two of about the same length."""
    ruler, count = _Ruler(pieces), len(pieces)
    if ruler.width(0, count) <= COLUMNS or count < 2:
        return (tuple(pieces),)

    def badness(i: int) -> float:
        upper, lower = ruler.width(0, i), ruler.width(i, count)
        over = max(upper, lower) > COLUMNS
        return abs(upper - lower) - 12 * (pieces[i - 1].text[-1] in CLOSES) + 1000 * over

    middle = min(range(1, count), key=badness)
    return tuple(pieces[:middle]), tuple(pieces[middle:])


class _Ruler:
    """Measures stretches of pieces, each set on one line or two."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        wide = (piece.columns + piece.spaced for piece in pieces)
        self._before = list(accumulate(wide, initial=0))

    def width(self, start: int, end: int) -> int:
        """Columns of the pieces from `start` up to `end` on one line."""
        return self._before[end] - self._before[start] - self._pieces[start].spaced

    def fits(self, start: int, end: int) -> bool:
        """Whether they fit on two lines."""
        room = self._before[start] + self._pieces[start].spaced + COLUMNS
        middle = bisect_right(self._before, room) - 1
        return middle >= end or (middle > start and self.width(middle, end) <= COLUMNS)


def _cost(seconds: float, width: int) -> float:
    """How badly so much makes a cue: short ones flicker."""
    short = max(0.0, SHORT - seconds)
    return CUE * (1 + short) + 4 * (1 - min(1.0, width / COLUMNS)) ** 2


def _timed(sentence: Timing, words: Sequence[Timing]) -> list[Piece]:
    """The sentence's text in pieces, each with the time of the words in it.

    Punctuation that stands alone goes with what is before it.
    """
    pieces: list[Piece] = []
    coming = iter([*_found(sentence.text, words), (len(sentence.text) + 1, None)])
    place, word = next(coming)
    at = 0
    for text, spaced in _broken(sentence.text):
        at = sentence.text.index(text, at) + len(text)
        inside: list[Timing] = []
        while word is not None and place < at:
            inside.append(word)
            place, word = next(coming)
        if inside:
            exact = inside[0].exact
            pieces.append(Piece(text, inside[0].at, inside[-1].until, exact, spaced))
        elif pieces and pieces[-1].columns + spaced + len(text) <= COLUMNS:
            pieces[-1] = replace(pieces[-1], text=pieces[-1].text + " " * spaced + text)
        else:
            since = pieces[-1].until if pieces else sentence.at
            pieces.append(Piece(text, since, since, False, spaced))
    if pieces:  # what no word was told of lasts as long as there is nothing else
        ends = [*(piece.at for piece in pieces[1:]), sentence.until]
        pieces = [
            replace(piece, until=max(piece.until, end)) if piece.until <= piece.at else piece
            for piece, end in zip(pieces, ends, strict=True)
        ]
    return [part for piece in pieces for part in _narrow(piece)]


def _found(text: str, words: Iterable[Timing]) -> list[tuple[int, Timing]]:
    """Where in the text each word stands."""
    places: list[tuple[int, Timing]] = []
    done = 0
    for word in words:
        at = text.find(word.text, done) if word.text else -1
        if at >= 0:
            places.append((at, word))
            done = at + len(word.text)
    return places


def _broken(text: str) -> list[tuple[str, bool]]:
    """The smallest parts between which a line may end, and whether a space stands before each."""
    parts: list[tuple[str, bool]] = []
    for run in text.split():
        begun = False
        start = 0
        for i in range(1, len(run)):
            if run[i] in CLOSES or not _free(run[i - 1], run[i]):
                continue
            parts.append((run[start:i], not begun))
            start, begun = i, True
        parts.append((run[start:], not begun))
    return parts


def _free(before: str, char: str) -> bool:
    """Whether a line may end between two characters that stand together."""
    if before < "\u2e80" and char < "\u2e80":
        return False
    if unicodedata.category(before) in ("Ps", "Pi"):
        return False
    return script(before) in SPACELESS or script(char) in SPACELESS or before in CLOSES


def _narrow(piece: Piece) -> list[Piece]:
    """The piece, in several that fit a line each if it is wider than one."""
    if piece.columns <= COLUMNS:
        return [piece]
    wide = any(unicodedata.east_asian_width(char) in "WF" for char in piece.text)
    room = COLUMNS // 2 if wide else COLUMNS
    parts: list[str] = []
    done = 0
    while done < len(piece.text):
        left = len(piece.text) - done
        end = len(piece.text) if left <= room else best_cut(piece.text, done, done + room)
        parts.append(piece.text[done:end])
        done = end
    shares = accumulate((len(part) / len(piece.text) for part in parts), initial=0.0)
    moments = [piece.at + (piece.until - piece.at) * share for share in shares]
    return [
        Piece(
            part.strip() or part,
            moments[i],
            moments[i + 1],
            piece.exact and not i,
            piece.spaced if not i else parts[i - 1][-1:].isspace(),
        )
        for i, part in enumerate(parts)
    ]
