"""Which language a text is in, as far as its script tells."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping

LETTERS_READ = 2_000
"""Characters of a text that are looked at."""

LANGUAGES = {
    "ARABIC": "ar",
    "ARMENIAN": "hy",
    "BENGALI": "bn",
    "CJK": "cmn",
    "CYRILLIC": "ru",
    "DEVANAGARI": "hi",
    "ETHIOPIC": "am",
    "GEORGIAN": "ka",
    "GREEK": "el",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "HANGUL": "ko",
    "HEBREW": "he",
    "KANA": "ja",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "MYANMAR": "my",
    "SINHALA": "si",
    "TAMIL": "ta",
    "TELUGU": "te",
    "THAI": "th",
}
"""The most spoken language of each script. Latin has no entry: too many share it."""

_KANA = ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA")
_WIDTHS = ("FULLWIDTH", "HALFWIDTH")


def script(char: str) -> str:
    """The script of a character as Unicode names it (`LATIN`, `CJK`), Japanese kana as `KANA`."""
    words = unicodedata.name(char, "").split(" ", 2)
    name = words[1] if words[0] in _WIDTHS and len(words) > 1 else words[0]
    return "KANA" if name in _KANA else name


def script_language(text: str) -> str:
    """The language that the script of most letters suggests; empty for Latin or no letters."""
    scripts = Counter(script(char) for char in text[:LETTERS_READ] if char.isalpha())
    if scripts["KANA"]:  # Japanese mixes Han and kana, Chinese has no kana
        scripts["KANA"] += scripts.pop("CJK", 0)
    most = max(scripts, key=scripts.__getitem__, default="")
    return LANGUAGES.get(most, "")


def locale_language(environ: Mapping[str, str]) -> tuple[str, str]:
    """The language of a user's locale, and where it stands; C and POSIX name none."""
    names = (name for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name))
    if not (name := next(names, "")):
        return "", ""
    told = environ[name]
    tag = told.partition(".")[0].partition("@")[0]
    return ("", "") if tag in ("C", "POSIX") else (tag.replace("_", "-"), f"{name}={told}")
