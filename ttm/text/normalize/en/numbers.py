"""Numbers by themselves: 1,234.5, 007, 1e6, -5, 21st."""

# ruff: noqa: RUF001

from __future__ import annotations

import re

from ttm.text.normalize import Rule
from ttm.text.normalize.context import before
from ttm.text.normalize.spelling import cardinal, digits, ordinal

MONEY_SIGNS = "$€£¥₹₩₽₺₪₫₴₦฿¢"
WHOLE = (
    r"(?>\d{1,3}(?:,\d{3}){1,5}(?!\d)|\d{1,3}(?: \d{3}){2,5}(?![\d,.])|\d{1,3} 000(?!\d)|\d{1,40}+)"
)
"""A whole number, its thousands apart or not."""
NUMBER = rf"(?:{WHOLE}(?:\.\d{{1,15}}+)?)"
MINUS = r"(?:(?<![\w.)\]%°\"'′″])[-−])"
LEFT = rf"(?<![\w.{MONEY_SIGNS}])(?<!\d[,:/])"
"""No number begins in the middle of one, or in that of a word."""
RIGHT = r"(?!\w|[.,:/]\d)"

_ROUND = re.compile(r"\d+?0{6,}")
_LONG = 10
"""Digits of a number that nobody would say as one unless its thousands stand apart."""
_SERIAL = re.compile(
    r"\b(?:code|pin|password|passcode|zip|ssn|id|extension|(?:serial|account|card|order|tracking"
    r"|reference|confirmation|routing|case|ticket|phone|telephone|mobile|policy|customer|invoice"
    r"|passport|member|registration|part|model) (?:number|no\.?|id|#))(?: is| was| number)?:? ?#?\Z"
    r"|\b(?i:text) [A-Z]+ to \Z|\b(?:[A-Z]{2}|[A-Z]\.[A-Z]\.),? \Z",
    re.IGNORECASE,
)


def whole(text: str) -> str:
    """A whole number as written, in words."""
    bare = text.replace(",", "").replace(" ", "")
    if len(bare) > 1 and bare[0] == "0":
        return digits(bare, "en")
    if bare == text and len(bare) >= _LONG and not _ROUND.fullmatch(bare):
        return digits(bare, "en")
    return cardinal(bare, "en")


def amount(text: str) -> str:
    """A number as written, with decimals or without, in words."""
    before_point, point, decimals = text.partition(".")
    if not point:
        return whole(text)
    said = f"point {digits(decimals, 'en')}"
    if not before_point:
        return said
    units = "zero" if not before_point.strip("0") else whole(before_point)
    return f"{units} {said}"


def signed(sign: str | None, text: str) -> str:
    """A number behind its minus, if it has one."""
    return f"minus {amount(text)}" if sign else amount(text)


def paired(text: str) -> str:
    """A number of a thing, as 737, 4090 or 66 are said."""
    size = len(text)
    if size < 3 or text[0] == "0" or size > 4:
        return digits(text, "en") if size > 1 and (text[0] == "0" or size > 4) else whole(text)
    head, tail = text[:-2], text[-2:]
    if tail == "00":
        return whole(text) if size == 3 or head[1] == "0" else f"{whole(head)} hundred"
    if size == 4 and head[1] == "0" and tail[0] == "0":
        return whole(text)
    return f"{whole(head)} {f'oh {whole(tail[1])}' if tail[0] == '0' else whole(tail)}"


def _ordinal(match: re.Match[str]) -> str:
    return ordinal(match[1].replace(",", ""), "en")


def _scientific(match: re.Match[str]) -> str:
    power = ordinal(match[3], "en")
    minus = "minus " if match[2] in ("-", "−") else ""
    return f"{amount(match[1])} times ten to the {minus}{power}"


def _power(match: re.Match[str]) -> str:
    return f"{amount(match[1])} to the {ordinal(match[2], 'en')}"


def _serial(match: re.Match[str]) -> str | None:
    found = _SERIAL.search(before(match))
    if not found or (found[0].rstrip(", ").isalpha() and len(found[0].strip(", ")) == 2):
        state = found is not None and found[0][:2].isupper() and len(match[0]) == 5
        return digits(match[0], "en") if state else None
    return digits(match[0], "en")


def _number(match: re.Match[str]) -> str:
    return signed(match[1], match[2])


ORDINALS = (
    Rule(
        "ordinals",
        re.compile(
            rf"{LEFT}(\d{{1,3}}(?:,\d{{3}}){{1,4}}|\d{{1,15}}+)(?:st|nd|rd|th|ST|ND|RD|TH)\b"
        ),
        _ordinal,
    ),
)
_SOLE = rf"(?<![{MONEY_SIGNS}^])"
_NO_UNIT = rf"(?! ?[{MONEY_SIGNS}%‰°²³½¼¾′″'\"])"
RULES = (
    Rule(
        "numbers",
        re.compile(rf"{LEFT}(\d{{1,3}}(?:\.\d{{1,6}}+)?)[eE]([-+−]?)(\d{{1,3}})(?!\w|\.\d)"),
        _scientific,
    ),
    Rule("numbers", re.compile(rf"{LEFT}({NUMBER})\^(\d{{1,3}})(?!\w|\.\d)"), _power),
    Rule("numbers", re.compile(rf"{LEFT}\d{{3,12}}{RIGHT}"), _serial),
    Rule(
        "numbers",
        re.compile(
            rf"(?<![\w.])(?<!\d[,:/])({MINUS})?{_SOLE}({NUMBER}|(?<![\w)\]])\.\d{{1,15}}+){RIGHT}"
            r"(?![%‰°²³])"
        ),
        _number,
    ),
)
