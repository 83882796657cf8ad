"""Where a sentence ends: what Unicode says about marks, and sentencex about abbreviations."""

from __future__ import annotations

import re

from ttm.text.marks import BREAK, MARK

LINE_ENDS = f"\n\u2028\u2029\f{MARK}{BREAK}"
SURE_ENDS = f"\u2029\f{MARK}{BREAK}"
"""Those that end a sentence whatever stands around them."""

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

CLOSED = re.compile(rf"[{WIDE}{NARROW}][{WIDE}{NARROW}{re.escape(CLOSERS)}]*\s*\Z")
"""The end of a stretch that ends as sentences do."""

_WIDE = frozenset(WIDE)
_BEFORE_NUMBER = re.compile(
    r"\b(?:approx|ca|ch|eq|est|ext|fig|max|min|pp?|ref|sec|tel|vols?)\.\Z", re.I
)
_NUMBER = re.compile(r"[+(#]?\d|(?:[IVXLC]{2,}|[VX])\b")
_ZONE = re.compile(r"(?:[ECMP][SD]?T|GMT|UTC|BST|CES?T|[IJ]ST)\b")
_BEFORE_WORD = re.compile(
    r"\b(?:Mon|Tues?|Wed|Thu(?:rs)?|Fri|Sat|Sun|(?i:approx|dept|govt|misc|temp|univ|ave|blvd|rd)"
    r"|\d\+?[ -]?(?:in|ft|lbs?|oz|min|sec|hrs?|yd|mi))\.\Z"
)
"""What English shortens in the middle of a sentence, and sentencex 1.0.32 takes for its end."""
_ORDINAL = re.compile(
    r"(?:\b(?:d(?:er|ie|as|e[nms])|[ai]m|vom|zu[mr]|beim|ins|bis|seit|ab|[mdsk]?ein(?:e[nmrs]?)?"
    r"|ihre?[nmrs]?|unsere?[nmrs]?|jede[nmrs]?|diese[nmrs]?)|,) \d{1,3}\.\Z",
    re.I,
)
"""A German ordinal, which sentencex 1.0.32 takes for the end of a sentence before a noun."""
_SHORT = {
    "de": (
        r"Nr|Art|Abs|Abb|Kap|Bd|Ziff|Tab|S|ca|mind|max|Tel",
        r"Fa|Hrn?|inkl|exkl|zzgl|evtl|ggf|sog|vgl|bzw|ca|z\. ?B|d\. ?h",
    ),
    "es": (
        r"núm|págs?|pp?|art|vol|cap|fig|aprox|tel|s|máx|mín",
        r"Sr|Sra|Srta|Sres|Dra?|D|Dña|Prof|Ing|Lic|Avda?|Sto|Sta|Pza|p\. ?ej",
    ),
    "fr": (
        r"art|chap|fig|vol|pp?|env|tél|min|max",
        r"MM?|Mgr|p\. ?ex|par ex|env|c\.-à-d|cf",
    ),
    "it": (
        r"nr?|pagg?|pp?|art|vol|cap|fig|tab|tel|ca|sec",
        r"Sig|Sigg|Dott|Dr|Prof|Ing|Avv|Arch|Geom|Rag|On|Mons|p\. ?es|cfr",
    ),
    "pt": (
        r"n|págs?|pp?|art|vol|cap|fig|tab|tel|aprox",
        r"Sra?|Srta|Srs|Dra?|D|Profa?|Eng|Av|R|Sto|Sta|Pe|p\. ?ex|por ex",
    ),
}
"""What is shortened in the middle of a sentence only: before a number, and before a word."""
_OPEN = {
    language: (
        re.compile(rf"(?<![\w.])(?:{numbers})\.\Z", re.IGNORECASE),
        re.compile(rf"(?<![\w.])(?:{names})\.\Z"),
    )
    for language, (numbers, names) in _SHORT.items()
}
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


def skip(run: re.Pattern[str], text: str, start: int) -> int:
    """Where a run that begins at `start`, if one does, ends."""
    found = run.match(text, start)
    return found.end() if found else start


def stands_alone(marks: str, after: str) -> bool | None:
    """Whether these marks end a sentence whatever the language, given the character after them.

    None: sentencex has to be asked, with the word that follows.
    """
    if not _WIDE.isdisjoint(marks):
        return after.isspace() or marks[-1] not in CLOSERS or after in OPENERS
    if after.isspace():
        return None
    return marks[-1] in "!?‼‽⁇⁈⁉" and _CJK.match(after) is not None


class Abbreviations:
    """Tells the full stop of a sentence from that of `Dr.`, in one language."""

    CONTEXT = 100
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
        bare = before.rstrip(CLOSERS)
        if before[-1] in ")]":  # within brackets sentencex ends no sentence
            before, word = bare, word.strip(OPENERS + CLOSERS + "([")
            if not word[:1].isupper():
                return False
        if self._language == "en" and _goes_on(before[-10:], word):
            return False
        if self._language == "de":
            if _ORDINAL.search(before[-16:]) or (word[:2] == "Jh" and before[-2:-1].isdecimal()):
                return False
        if known := _OPEN.get(self._language):
            if known[0 if _NUMBER.match(word) else 1].search(before[-12:]):
                return False
        first = len(bare.rstrip(WIDE + NARROW + CLOSERS))
        try:
            parts = self._segment(self._language, f"{before} {word}")
        except BaseException as failure:
            if type(failure).__name__ != "PanicException":  # pyo3's, which cannot be imported
                raise
            return True
        edge = 0
        for part in parts[:-1]:
            edge += len(part)
            if first < edge <= len(before) + 1:
                return True
        return False


def _goes_on(end: str, word: str) -> bool:
    """Whether an English sentence goes on after an abbreviation, given what follows it."""
    if _NUMBER.match(word):
        return _BEFORE_NUMBER.search(end) is not None
    if _ZONE.match(word) and end.endswith(".m."):
        return True
    return word[:1].islower() and _BEFORE_WORD.search(end) is not None
