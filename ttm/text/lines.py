"""What kind of line begins: a heading, a list item, a rule, a chapter's title."""

from __future__ import annotations

import re

_HEADING = r"(?P<heading>#{1,6})[ \t]"
_ITEM = r"(?P<item>[-*+•‣◦▪]|\d{1,3}[.)]|\(?[a-zA-Z]\))[ \t]"
_RULE = r"(?P<rule>[-*_=~#])(?P=rule){2}"
NEW_LINE = re.compile(rf"{_HEADING}|{_ITEM}|{_RULE}")
"""The beginning of a line that does not go on with the line before."""
NUMBER = re.compile(r"\d{1,3}[.)][ \t]")
"""The number of a list item, whose full stop ends no sentence."""
LINE_START = 8
"""Characters that tell what kind of line begins."""

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
