"""Roman numerals where they can be nothing else: Henry VIII, World War II, Chapter IV."""

# ruff: noqa: RUF001

from __future__ import annotations

import re

from ttm.text.normalize import Rule
from ttm.text.normalize.context import after, before, last_word
from ttm.text.normalize.spelling import cardinal, ordinal

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_NUMERAL = r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_VALID = re.compile(_NUMERAL)

_PARTS = (
    "Chapter|Part|Act|Scene|Section|Volume|Vol\\.?|Book|Article|Title|Type|Phase|Stage|Level|Class"
    "|Appendix|Figure|Fig\\.?|Table|Episode|Season|Round|Canto|Schedule|Division|Group|Category"
    "|Mark|Mk|Unit|Lesson|Step|Tier|Zone|Plate|War|Bowl|Symphony|Sonata|Movement|Paragraph|Clause"
    "|Rule|Exhibit|Annex|Protocol|Factor|Corps|Legion|Region|District|Grade|Version|Fantasy|Quest"
    "|No\\.|Page|Item|Psalm|Sura|Verse|Series|Apollo|Saturn|Titan|Olympiad|WrestleMania|Angiotensin"
)
_PLACED = re.compile(
    rf"\b(?:{_PARTS})s? (?:[IVXLC]{{1,7}}(?:, |[-–]| and | or | to |, and )){{0,4}}\Z"
)
_LOWER = re.compile(r"\b(?:type|phase|stage|class|grade|factor|category|level|tier|group|part) \Z")
_REGNAL = frozenset(
    "Henry Louis Elizabeth Charles George Edward James William Richard Mary Philip Philippe Francis"
    " Frederick Friedrich Pius John Paul Benedict Leo Gregory Innocent Clement Urban Alexander"
    " Nicholas Catherine Peter Ivan Napoleon Ramses Ramesses Rameses Thutmose Ptolemy Wilhelm Otto"
    " Ferdinand Alfonso Felipe Carlos Haakon Harald Olaf Olav Carl Karl Gustav Gustavus Christian"
    " Margrethe Albert Leopold Umberto Emmanuel Emanuel Maximilian Rudolf Joseph Sixtus Julius"
    " Boniface Celestine Malcolm Robert David Constantine Theodosius Justinian Basil Darius Xerxes"
    " Artaxerxes Cyrus Selim Mehmed Mehmet Murad Suleiman Amenhotep Seti Cleopatra Rama Pedro"
    " Manuel Sancho Juan Isabella Anne Adrian Martin Eugene Stephen Casimir Sigismund Vladislaus"
    " Wenceslaus Conrad Lothair Baldwin Tutankhamun Abdulhamid Michael Alexios Valdemar Eric Canute"
    " Kenneth Edmund Harold Ethelred Akbar Hussein Abdullah Faisal Hassan Mohammed Vajiralongkorn"
    " Willem Victor Antoninus Honorius Nectanebo Antiochus Seleucus Mithridates Tigranes".split()
)
_TITLED = re.compile(
    r"\b(?:King|Queen|Pope|Emperor|Empress|Tsar|Czar|Kaiser|Prince|Sultan|Shah) \S{2,20} \Z"
)
_GOES_ON = re.compile(
    r"(?:['’]s)?(?:[.,;:!?)\"”]|\Z| (?:was|of|is|died|became|reigned|ruled|and|in|to)\b)"
)
_PERSON = re.compile(r"\b[A-Z][a-z]+,? (?:[A-Z]\. )?[A-Z][a-z]+,? \Z")
_UNMISTAKABLE = re.compile(r"[IVX]{2,6}")
_SHIRTS = frozenset("XX XXX II".split())


def value(numeral: str) -> int:
    """What a Roman numeral is; 0 if it is none."""
    if not numeral or not _VALID.fullmatch(numeral):
        return 0
    total = 0
    for char, following in zip(numeral, f"{numeral[1:]} ", strict=True):
        worth = _VALUES[char]
        total += -worth if worth < _VALUES.get(following, 0) else worth
    return total


def _numeral(match: re.Match[str]) -> str | None:
    numeral = match[0]
    number = value(numeral)
    if not number:
        return None
    text = before(match)
    if _PLACED.search(text) and not (numeral == "I" and text.endswith(("No. ", "Class "))):
        return cardinal(number, "en").capitalize()
    word = last_word(match)
    if not text.endswith(f"{word} "):
        return None
    if (word in _REGNAL or _TITLED.search(text)) and not (word == "Malcolm" and numeral == "X"):
        if numeral != "I" or _GOES_ON.match(after(match)):
            return f"the {ordinal(number, 'en').capitalize()}"
        return None
    if numeral != "I" and _LOWER.search(text):
        return cardinal(number, "en")
    if len(word) > 2 and word[0].isupper() and not word.isupper() and "." not in word:
        if _UNMISTAKABLE.fullmatch(numeral) and numeral not in ("XX", "XXX"):
            if number < 10 and _PERSON.search(text) and numeral in ("III", "IV", "II"):
                return f"the {ordinal(number, 'en').capitalize()}"
            return cardinal(number, "en").capitalize()
    return None


_WARS = {"WWI": "World War One", "WWII": "World War Two", "WWIII": "World War Three"}
RULES = (
    Rule("roman", re.compile(r"\bWWI{1,3}\b"), lambda match: _WARS[match[0]]),
    Rule("roman", re.compile(r"(?<![\w.'’-])[IVXLCDM]{1,9}(?![\w-]|['’](?!s\b))"), _numeral),
    Rule("roman", re.compile(r"(?<=[IVX][-–])[IVXLC]{1,7}(?!\w)"), _numeral),
)
