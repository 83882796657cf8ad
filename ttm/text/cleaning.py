"""What no engine should see is taken out, with the way back to the original kept.

espeak-ng stops at a NUL and answers broken UTF-8 with silence; other engines read escape sequences
aloud. Bidi controls and zero-width characters split words for all of them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from ttm.text.traced import Traced, Tracer, plain

MARKS_KEPT = 16
"""Combining marks left on one base; living languages need fewer than five."""

SOFT_LINE, PARAGRAPH, FORM_FEED = "\u2028", "\u2029", "\f"
"""What a Cleaner leaves of the rarer line ends: each is one character, as in the original."""

_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17)
)
_INVISIBLE = (
    "\x01-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x8f\x91-\x97\x99\x9a\x9c\xad\u061c\u200b\u200e\u200f"
    "\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff" + _NONCHARACTERS
)
_INTRODUCERS = "\x1b\x90\x98\x9b\x9d-\x9f"
_REPLACED = {"\0": " ", "\xa0": " ", "\u2007": " ", "\u202f": " ", "\v": "\u2028", "\x85": "\u2028"}

_MESSY = re.compile(f"[{_INVISIBLE}{_INTRODUCERS}{''.join(_REPLACED)}]")

# ECMA-48: CSI; strings (DCS, SOS, OSC, PM, APC) up to ST or BEL; every other escape sequence. The
# lengths are bounded so that an unfinished sequence holds back a bounded stretch of the stream.
_CSI = r"(?:\x1b\[|\x9b)[0-?]{0,64}+[ -/]{0,8}+"
_STRING = r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x00-\x1f\x7f-\x9f]{0,4096}+"
_OTHER = r"\x1b[ -/]{0,8}+"
_JUNK = re.compile(
    rf"{_CSI}[@-~]|{_STRING}(?:\x07|\x1b\\|\x9c)|{_OTHER}[0-~]|[{_INVISIBLE}]+|[{_INTRODUCERS}]"
)
_UNFINISHED = re.compile(rf"(?:{_CSI}|{_STRING}\x1b?|{_OTHER})\Z")
_CROWD = re.compile(rf"[^\w\s\x00-\x7f]{{{MARKS_KEPT + 1},}}")  # no mark is \w: holds all crowds
_FOREIGN = re.compile(r"[\x20-\x7e]?[^\x00-\x7f]+")  # marks may stand on an ASCII letter


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned text and the way back to what it was made of."""

    traced: Traced
    removed: int
    """Characters of the original that were taken out."""

    @property
    def text(self) -> str:
        return self.traced.text

    def origin(self, i: int) -> int:
        """The index in the original of character `i`; the end maps to the end."""
        return self.traced.origin(i)


def clean(text: str) -> Cleaned:
    """`text` without controls, in NFC, with every rarer line end as newlines."""
    cleaner = Cleaner()
    traced = cleaner.feed(text) + cleaner.finish()
    if SOFT_LINE in traced.text:
        traced = traced.respelled(traced.text.replace(SOFT_LINE, "\n"))
    if PARAGRAPH in traced.text or FORM_FEED in traced.text:
        tracer, done = Tracer(), 0
        for hit in re.finditer(f"[{PARAGRAPH}{FORM_FEED}]", traced.text):
            tracer.copy(traced, done, hit.start())
            for newline in "\n\n":
                tracer.add(newline, traced.origin(hit.start()))
            done = hit.end()
        tracer.copy(traced, done, len(traced.text))
        traced = tracer.built(traced.end)
    return Cleaned(traced, cleaner.removed)


class Cleaner:
    """Cleans a text that arrives in pieces; how it was cut changes nothing.

    Held back between pieces: an escape sequence that may go on, and the last character as long as
    a combining mark may follow. Form feeds and U+2029 stay; other rare line ends become U+2028.
    """

    def __init__(self) -> None:
        self.removed = 0
        """Characters taken out so far."""
        self._unfinished = ""
        self._held = plain("")
        self._fed = 0

    def feed(self, piece: str) -> Traced:
        """What of the text is certain after this piece."""
        return self._next(piece, final=False)

    def finish(self) -> Traced:
        """The rest."""
        return self._next("", final=True)

    def _next(self, piece: str, final: bool) -> Traced:
        raw, start = self._unfinished + piece, self._fed - len(self._unfinished)
        self._fed += len(piece)
        self._unfinished = ""
        if _is_messy(raw):
            if not final and (open_end := _UNFINISHED.search(raw)):
                raw, self._unfinished = raw[: open_end.start()], open_end[0]
            fresh = self._stripped(raw, start)
        else:
            fresh = plain(raw, start)
        text = self._held + fresh
        if not text.text.isascii() and _CROWD.search(text.text):
            text = self._thinned(text)
        safe = len(text.text) if final else _certain(text.text)
        self._held = text.cut(safe, len(text.text))
        if safe < len(text.text):
            text = text.cut(0, safe)
        return text if unicodedata.is_normalized("NFC", text.text) else _composed(text)

    def _stripped(self, raw: str, start: int) -> Traced:
        """Without controls and escape sequences."""
        tracer, done = Tracer(), 0
        for junk in _JUNK.finditer(raw):
            tracer.add(raw[done : junk.start()], start + done)
            done = junk.end()
            self.removed += len(junk[0])
        tracer.add(raw[done:], start + done)
        traced = tracer.built(start + len(raw))
        text = traced.text
        for old, new in _REPLACED.items():
            text = text.replace(old, new)
        return traced.respelled(text)

    def _thinned(self, traced: Traced) -> Traced:
        """With at most 16 marks on each base."""
        tracer, done = Tracer(), 0
        for crowd in _CROWD.finditer(traced.text):
            marks = 0
            for i in range(*crowd.span()):
                marks = marks + 1 if unicodedata.category(traced.text[i])[0] == "M" else 0
                if marks > MARKS_KEPT:
                    if i > done:
                        tracer.copy(traced, done, i)
                    done = i + 1
                    self.removed += 1
        tracer.copy(traced, done, len(traced.text))
        return tracer.built(traced.end)


def _is_messy(raw: str) -> bool:
    # Printable text is clean: str.isprintable is ten times as fast as the search.
    if raw.replace("\n", "").replace("\t", "").replace("\r", "").isprintable():
        return False
    return _MESSY.search(raw) is not None


def _certain(text: str) -> int:
    """Where the last cluster begins, which the next piece may extend."""
    if not text or text[-1].isspace():
        return len(text)
    i = len(text) - 1
    while i and _joins(text[i - 1], text[i]):
        i -= 1
    return i


def _joins(before: str, char: str) -> bool:
    """Whether NFC may merge or reorder `char` with what stands before it."""
    if char < "\u0300" or before.isspace():
        return False
    if "\u1161" <= char <= "\u1175":  # a Hangul vowel after a leading consonant
        return "\u1100" <= before <= "\u1112"
    if "\u11a8" <= char <= "\u11c2":  # a trailing consonant after a vowel or an open syllable
        is_open = "\uac00" <= before <= "\ud7a3" and (ord(before) - 0xAC00) % 28 == 0
        return is_open or "\u1161" <= before <= "\u1175"
    return unicodedata.category(char)[0] == "M"


def _composed(traced: Traced) -> Traced:
    """In NFC; of a changed cluster, each character comes from the one in its place before."""
    tracer, done, text = Tracer(), 0, traced.text
    for run in _FOREIGN.finditer(text):
        if unicodedata.is_normalized("NFC", run[0]):
            continue
        start = run.start()
        while start < run.end():
            stop = start + 1
            while stop < run.end() and _joins(text[stop - 1], text[stop]):
                stop += 1
            cluster = text[start:stop]
            composed = unicodedata.normalize("NFC", cluster)
            if composed != cluster:
                if start > done:
                    tracer.copy(traced, done, start)
                for k, char in enumerate(_capped(composed)):
                    tracer.add(char, traced.origin(min(start + k, stop - 1)))
                done = stop
            start = stop
    tracer.copy(traced, done, len(text))
    return tracer.built(traced.end)


def _capped(cluster: str) -> str:
    """Without the marks beyond the 16th: NFC may turn one mark into two."""
    if len(cluster) <= MARKS_KEPT:
        return cluster
    kept, marks = [], 0
    for char in cluster:
        marks += unicodedata.category(char)[0] == "M"
        if marks <= MARKS_KEPT:
            kept.append(char)
    return "".join(kept)
