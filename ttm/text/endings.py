"""Where a sentence ends: what Unicode says about marks, and sentencex about abbreviations."""

from __future__ import annotations

import re

LINE_ENDS = "\n\u2028\u2029\f"

WIDE = "。｡！﹗？﹖।॥။៕។፧"  # noqa: RUF001
"""Marks that end a sentence without a space after them."""
NARROW = ".!?;…‥‼‽⁇⁈⁉؟۔։．"  # noqa: RUF001
"""Marks that may end a sentence when a space follows; `;` is the Greek question mark."""
CLOSERS = "\"'”’»›)]}」』】》〉）］｝*_"  # noqa: RUF001
OPENERS = "“‘«‹「『【《〈（［｛"  # noqa: RUF001

GAP = 200
"""Blanks in a row that separate what stands around them, as in a table."""
WORD = 40
"""Characters of the next word that are waited for."""

BLANKS = re.compile(rf"[^\S{LINE_ENDS}]*")
EVENT = re.compile(rf"[{LINE_ENDS}{WIDE}{NARROW}][{WIDE}{NARROW}{re.escape(CLOSERS)}]*+")
"""Whatever may end a sentence: a run of marks with closing quotes; a line end with what follows."""
WIDE_GAP = re.compile(rf"[^\S{LINE_ENDS}]{{{GAP}}}")
NEXT_WORD = re.compile(rf"\S{{1,{WORD}}}")

_HEADING = r"(?P<heading>#{1,6})[ \t]"
_ITEM = r"(?P<item>[-*+•‣◦▪]|\d{1,3}[.)]|\(?[a-zA-Z]\))[ \t]"
_RULE = r"(?P<rule>[-*_=~#])(?P=rule){2}"
NEW_LINE = re.compile(rf"{_HEADING}|{_ITEM}|{_RULE}")
"""The beginning of a line that does not go on with the line before."""
LINE_START = 8
"""Characters that tell what kind of line begins."""

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")

CHAPTER_WORD = re.compile(
    r"(?:chapter|part|book|kapitel|teil|buch|chapitre|partie|livre|cap[ií]tulo|capitolo|parte"
    r"|libro|livro|hoofdstuk|deel|boek|глава|часть)\s|(?:prologue|epilogue)\b|第",
    re.IGNORECASE,
)
"""What a chapter's own line begins with."""
_COUNTED = (
    "one two three four five six seven eight nine ten eleven twelve first second third fourth fifth"
    " eins zwei drei vier fünf sechs sieben acht neun zehn erster zweiter dritter"
    " un une deux trois quatre cinq six sept huit neuf dix premier première"
    " uno dos tres cuatro cinco seis siete ocho nueve diez primero primera"
    " due tre quattro cinque sei sette otto nove dieci primo prima um dois três"
).replace(" ", "|")
_CHAPTER_LINE = re.compile(
    rf"\w+\s+(?:the\s+)?(?:\d+|[ivxlcdm]+|{_COUNTED})(?!\w).*"
    r"|(?:prologue|epilogue)[.:]?"
    r"|第\s*[0-9０-９〇零一二三四五六七八九十百千两]+\s*[章回卷部編编話话節节].*",  # noqa: RUF001
    re.IGNORECASE | re.DOTALL,
)
CHAPTER_LENGTH = 60
"""Characters of the longest chapter line."""


def is_chapter(paragraph: str) -> bool:
    """Whether a paragraph that begins with a chapter word is a chapter's title."""
    title = paragraph.strip()
    return len(title) <= CHAPTER_LENGTH and _CHAPTER_LINE.fullmatch(title) is not None


def stands_alone(marks: str, after: str) -> bool | None:
    """Whether these marks end a sentence whatever the language, given the character after them.

    None: sentencex has to be asked, with the word that follows.
    """
    if any(mark in WIDE for mark in marks):
        return after.isspace() or marks[-1] not in CLOSERS or after in OPENERS
    if after.isspace():
        return None
    return marks[-1] in "!?‼‽⁇⁈⁉" and _CJK.match(after) is not None


class Abbreviations:
    """Tells the full stop of a sentence from that of `Dr.`, in one language."""

    CONTEXT = 160
    """Characters before the mark that sentencex is shown."""

    def __init__(self, language: str) -> None:
        from sentencex import segment  # 4 MB of machine code

        primary = language.replace("_", "-").partition("-")[0].lower()
        self._segment = segment
        self._language = {"cmn": "zh", "yue": "zh", "nb": "no", "nn": "no"}.get(primary, primary)
        if not (self._language.isascii() and self._language.isalpha()):
            self._language = "en"

    def split(self, text: str, start: int, stop: int, word: str) -> bool:
        """Whether a sentence ends at `stop`, where `word` follows its marks and a space.

        `start` is where the sentence begins.
        """
        if stop - start > self.CONTEXT:
            start = max(start, text.find(" ", stop - self.CONTEXT, stop) + 1)
            start = max(start, stop - self.CONTEXT)
        # One ASCII space between words: sentencex 1.0.32 panics on "A.\u3000B" and the like.
        before = " ".join(text[start:stop].split())
        marks = len(before) - len(before.rstrip(WIDE + NARROW + CLOSERS))
        try:
            parts = self._segment(self._language, f"{before} {word}")
        except BaseException as failure:
            if type(failure).__name__ != "PanicException":  # pyo3's, which cannot be imported
                raise
            return True
        edge, first = 0, len(before) - marks
        for part in parts[:-1]:
            edge += len(part)
            if first < edge <= len(before) + 1:
                return True
        return False
