"""Web and e-mail addresses, sign by sign, where numbers are read as they stand."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ttm.text.normalize import Rule
from ttm.text.normalize.numerals import Numerals

_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?+"
_WEB = re.compile(
    r"(?<![\w@])(?:(?:https?|ftp)://[^\s<>\"“”{}|^`\[\]]{1,2000}+"
    rf"|www\.(?:{_LABEL}\.){{1,8}}[A-Za-z]{{2,24}}(?:/[^\s<>\"“”{{}}|^`\[\]]{{0,2000}}+)?)"
)
_MAIL = re.compile(
    rf"(?<![\w.+%@-])[\w.+%-]{{1,64}}+@(?:{_LABEL}\.){{1,8}}[A-Za-z]{{2,24}}(?![\w@])"
)
_SCHEME = re.compile(r"\A(?:[a-z]{2,5}://)?(?:www\.)?", re.IGNORECASE)
_PIECE = re.compile(r"[^\W\d_]+|\d+|.", re.DOTALL)
_TRAILING = ".,;:!?'\")("


def addresses(numerals: Numerals, signs: Mapping[str, str]) -> tuple[Rule, ...]:
    """Reads addresses; `signs` names what is no letter and no digit, others are passed over."""
    named = {".": numerals.full_stop, **signs}

    def tell(address: str) -> str:
        said = (
            piece if piece.isalpha() else numerals.digits(piece) or named.get(piece, "")
            for piece in _PIECE.findall(address)
        )
        return " ".join(filter(None, said))

    def web(match: re.Match[str]) -> str | None:
        address = match[0].rstrip(_TRAILING)
        rest = match[0][len(address) :]
        said = tell(_SCHEME.sub("", address).rstrip("/"))
        return said + rest if said else None

    return (
        Rule("addresses", _WEB, web, needs=":w"),
        Rule("addresses", _MAIL, lambda match: tell(match[0]), needs="@"),
    )
