"""Emoji are said by the short names that Unicode's CLDR gives them in each language."""

from __future__ import annotations

import re
from functools import lru_cache, partial

from ttm.text.normalize import Rule
from ttm.text.normalize.spelling import cardinal

_SKIN = "\U0001f3fb-\U0001f3ff"
_ONE = (
    "[\u231a\u231b\u2328\u23cf\u23e9-\u23f3\u23f8-\u23fa\u24c2\u25aa\u25ab\u25b6\u25c0"
    "\u25fb-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d"
    f"\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001faff]\ufe0f?[{_SKIN}]?+"
    "[\U000e0020-\U000e007f]{0,8}+"
)
_WHOLE = (
    rf"[\U0001f1e6-\U0001f1ff]{{2}}|{_ONE}(?:\u200d{_ONE}){{0,5}}+"
    r"|(?<![\d])[0-9#*]\ufe0f?\u20e3"
)
EMOJI = re.compile(rf"({_WHOLE})(?: ?\1){{0,100}}+")
"""One emoji, however often it is repeated."""

_UNSAID = re.compile(f"[\ufe0f{_SKIN}]")
_KEYCAPS = {"#": "hash", "*": "star"}


def rule(language: str) -> Rule:
    """The rule for a language of ttm.text.normalize."""
    return Rule("emoji", EMOJI, partial(_speak, language))


def _speak(language: str, match: re.Match[str]) -> str | None:
    name = _name(match[1], language)
    if not name:
        return None
    text, start, end = match.string, match.start(), match.end()
    if start and not text[start - 1].isspace():
        name = f" {name}"
    return f"{name} " if end < len(text) and text[end].isalnum() else name


@lru_cache(1 << 10)
def _name(written: str, language: str) -> str:
    if written.endswith("\u20e3"):
        return cardinal(written[0], language) if written[0].isdigit() else _KEYCAPS[written[0]]
    from emoji import EMOJI_DATA, config  # 50 ms

    if language != "en":
        config.load_language(language)
    bare = _UNSAID.sub("", written)
    for form in (written, bare, f"{bare}\ufe0f"):
        if known := EMOJI_DATA.get(form):
            break
    else:
        return ""
    if bare != written:  # skin tones are not said
        known = EMOJI_DATA.get(bare) or EMOJI_DATA.get(f"{bare}\ufe0f") or known
    return str(known.get(language, "")).strip(":").replace("_", " ")
