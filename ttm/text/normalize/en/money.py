"""Amounts of money: $5.99, €2.5bn, 100 USD, $10-15, $5/month, 50¢."""

# ruff: noqa: RUF001

from __future__ import annotations

import re

from ttm.text.normalize import Rule
from ttm.text.normalize.context import last_word, next_word
from ttm.text.normalize.en.numbers import LEFT, NUMBER, amount, whole
from ttm.text.normalize.en.ranges import DASH
from ttm.text.normalize.en.units import PER, is_adjective

_SIGNS: dict[str, tuple[str, str, str, str]] = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "¥": ("yen", "yen", "", ""),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "₩": ("won", "won", "", ""),
    "₽": ("ruble", "rubles", "kopeck", "kopecks"),
    "₺": ("lira", "liras", "kurush", "kurush"),
    "₪": ("shekel", "shekels", "agora", "agorot"),
    "₫": ("dong", "dong", "", ""),
    "₴": ("hryvnia", "hryvnias", "kopiyka", "kopiykas"),
    "₦": ("naira", "naira", "kobo", "kobo"),
    "฿": ("baht", "baht", "satang", "satang"),
}
"""Of each sign: one and several of the unit, one and several of its hundredths."""
_COUNTRIES = {
    "US": "US", "C": "Canadian", "CA": "Canadian", "A": "Australian", "AU": "Australian",
    "NZ": "New Zealand", "HK": "Hong Kong", "S": "Singapore", "NT": "New Taiwan",
}  # fmt: skip
_CODES = {
    "USD": ("US ", "$"), "EUR": ("", "€"), "GBP": ("British ", "£"), "JPY": ("", "¥"),
    "INR": ("Indian ", "₹"), "CAD": ("Canadian ", "$"), "AUD": ("Australian ", "$"),
    "NZD": ("New Zealand ", "$"), "HKD": ("Hong Kong ", "$"), "SGD": ("Singapore ", "$"),
    "RUB": ("", "₽"), "KRW": ("", "₩"), "ILS": ("", "₪"), "UAH": ("", "₴"),
}  # fmt: skip
_OTHERS = {
    "CHF": ("Swiss franc", "Swiss francs"), "CNY": ("yuan", "yuan"), "RMB": ("yuan", "yuan"),
    "SEK": ("Swedish krona", "Swedish kronor"), "NOK": ("Norwegian krone", "Norwegian kroner"),
    "DKK": ("Danish krone", "Danish kroner"), "PLN": ("zloty", "zlotys"),
    "CZK": ("Czech koruna", "Czech korunas"), "BRL": ("Brazilian real", "Brazilian reals"),
    "MXN": ("Mexican peso", "Mexican pesos"), "ZAR": ("rand", "rand"), "TRY": ("lira", "liras"),
    "HUF": ("forint", "forints"), "BTC": ("bitcoin", "bitcoins"), "ETH": ("ether", "ether"),
}  # fmt: skip
_SCALES = {
    "k": "thousand", "m": "million", "mn": "million", "mm": "million", "b": "billion",
    "bn": "billion", "t": "trillion", "tn": "trillion",
}  # fmt: skip
_SIGN = f"[{''.join(_SIGNS)}]"
_CODE = "|".join((*_CODES, *_OTHERS))
_WORDED = r"[ -](?:hundred|thousand|million|billion|trillion)\b"
_SCALE = rf"(?:{_WORDED}|(?: ?(?:mn|bn|tn)|[kKmMbBtT])(?![\w]))"
_END = r"(?!\w|[.,:]\d)"
_PRICED = rf"(?:/({'|'.join(PER)})(?!\w))"


def _names(country: str, sign: str) -> tuple[str, str, str, str]:
    one, several, cent, cents = _SIGNS[sign]
    return (f"{country} {one}", f"{country} {several}", cent, cents) if country else (
        one, several, cent, cents
    )  # fmt: skip


def _scale(written: str | None) -> str:
    if not written:
        return ""
    bare = written.strip(" -").lower()
    return f" {_SCALES.get(bare, bare)}"


def _worth(number: str, scale: str, names: tuple[str, str, str, str], single: bool) -> str:
    """An amount with its unit; `single`: as before a noun, where the unit has no plural."""
    one, several, cent, cents = names
    bare = number.replace(",", "")
    units, _, decimals = bare.partition(".")
    if scale or not cent or len(decimals) != 2:
        unit = one if single or (bare == "1" and not scale) else several
        return f"{amount(number)}{scale} {unit}"
    fraction = int(decimals)
    units_said = f"{whole(number.partition('.')[0])} {one if single or units == '1' else several}"
    if not fraction:
        return units_said
    said = f"{whole(str(fraction))} {cent if single or fraction == 1 else cents}"
    return said if not int(units) else f"{units_said} and {said}"


def _signed(match: re.Match[str]) -> str | None:
    minus, country, sign, minus_too, number, scale, last, last_scale, per = match.groups()
    if country and country not in _COUNTRIES:
        return None
    names = _names(_COUNTRIES.get(country or "", ""), sign)
    if re.fullmatch(r"\d+,\d\d", number):  # €3,50, as the continent writes it
        number = number.replace(",", ".")
    if last:
        first = f"{amount(number)}{_scale(scale)}"
        said = f"{first} to {_worth(last, _scale(last_scale), names, is_adjective(match))}"
    else:
        said = _worth(number, _scale(scale), names, is_adjective(match))
    if minus or minus_too:
        said = f"minus {said}"
    return f"{said} per {PER[per]}" if per else said


def _behind(match: re.Match[str]) -> str:
    number, scale, sign, per = match.groups()
    if re.fullmatch(r"\d+,\d\d", number):
        number = number.replace(",", ".")
    said = _worth(number, _scale(scale), _SIGNS[sign], False)
    return f"{said} per {PER[per]}" if per else said


def _coded(match: re.Match[str]) -> str:
    code = match["code"] or match["before"]
    number, scale = match["number"] or match["last"], match["scale"] or match["scale_too"]
    if code in _OTHERS:
        one, several = _OTHERS[code]
        return _worth(number, _scale(scale), (one, several, "", ""), False)
    country, sign = _CODES[code]
    return _worth(number, _scale(scale), _names(country.strip(), sign), False)


def _cents(match: re.Match[str]) -> str:
    return f"{amount(match[1])} cent{'s' * (match[1] != '1')}"


def _pence(match: re.Match[str]) -> str | None:
    if last_word(match).lower() in ("page", "pages", "line") or next_word(match) == "video":
        return None
    return "one penny" if match[1] == "1" else f"{whole(match[1])} pence"


RULES = (
    Rule(
        "currency",
        re.compile(
            rf"(?<![\w.,])([-−])?([A-Z]{{1,2}})?({_SIGN}) ?([-−])?({NUMBER}(?:,\d\d(?!\d))?)"
            rf"({_SCALE})?(?:{DASH}{_SIGN}?({NUMBER})({_SCALE})?)?{_PRICED}?{_END}"
        ),
        _signed,
    ),
    Rule(
        "currency",
        re.compile(rf"{LEFT}({NUMBER}(?:,\d\d(?!\d))?)({_SCALE})? ?({_SIGN}){_PRICED}?{_END}"),
        _behind,
    ),
    Rule(
        "currency",
        re.compile(
            rf"(?<![\w.])(?P<before>{_CODE}) ?(?P<last>{NUMBER})(?P<scale_too>{_SCALE})?{_END}"
            rf"|{LEFT}(?P<number>{NUMBER})(?P<scale>{_SCALE})? ?(?P<code>{_CODE})(?!\w)"
        ),
        _coded,
    ),
    Rule("currency", re.compile(rf"{LEFT}({NUMBER}) ?¢"), _cents),
    Rule("currency", re.compile(rf"{LEFT}(\d\d?)p(?!\w|[.,:]\d)"), _pence),
)
