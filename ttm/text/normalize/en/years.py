"""Years, told from quantities by what stands around them: in 1984, the '90s, 1939-45, 44 BC."""

# ruff: noqa: RUF001

from __future__ import annotations

import re

from ttm.text.normalize import Rule
from ttm.text.normalize.context import before, last_word, next_word
from ttm.text.normalize.en.numbers import MONEY_SIGNS, whole
from ttm.text.normalize.spelling import cardinal, year

_EDGE = rf"(?<![\w.,:/+#~^{MONEY_SIGNS}])(?<!\d-)(?<![\s(]-)(?<!^-)"
_END = r"(?!\w|[.,:/]\d| ?[%°+=<>×]|['’]\d)"
_FIRST, _LAST = 1100, 2100
"""What a number of four digits that nothing tells more of may be the year of."""

_CUES = frozenset(
    "in since until till by before after during circa ca c around about year years summer spring"
    " winter autumn fall of class early late mid copyright fiscal season season's".split()
)
_STRONG = frozenset("in since until till circa ca c year years summer winter autumn class".split())
_DETERMINERS = frozenset("the a an this that his her their its our my your".split())
_COUNTED = frozenset(
    "people items boxes words guests pages points years days hours minutes seconds weeks months"
    " times cases places ways men women children students pieces copies units feet miles meters"
    " metres kilometers kilometres inches pounds dollars euros cents tons tonnes calories rpm steps"
    " members votes voters employees workers jobs homes houses cars seats tickets books songs"
    " species soldiers troops lines files users square cubic degrees percent more other".split()
)
_FUNCTION_WORDS = frozenset(
    "was is were are be been had has have will would may might can could should must did does do"
    " and or but nor to the a an when that as at on for with by from in of i he she it we they you"
    " there this which who whom whose what where while because if than then until till after before"
    " came saw marked began brought through about not also it's there's he's she's we're you're"
    " my his her their our your its these those all some many most each every no nothing everyone"
    " someone nobody only just still almost nearly both several".split()
)
_TENS = ("", "tens", "twenties", "thirties", "forties", "fifties", "sixties", "seventies")
_TENS += ("eighties", "nineties")
_AGES = frozenset("the early mid late his her their my your our".split())
_SHORTENED = frozenset("of in since the from by until class and to summer winter before".split())


def _era(match: re.Match[str]) -> str:
    number = match[0]
    return year(number, "en") if len(number) == 4 else whole(number)


def _decade(match: re.Match[str]) -> str:
    first = match[1]
    century, tens = first[:2], int(first[2])
    if not tens:
        if first[1] == "0":
            return f"{cardinal(first + '0', 'en')}s"
        return f"{cardinal(century, 'en')} hundreds"
    return f"{cardinal(century, 'en')} {_TENS[tens]}"


def _tens(match: re.Match[str]) -> str | None:
    if (
        match[1]
        or last_word(match).lower() in _AGES
        or re.search(r"\b(?:early|mid|late)-\Z", before(match))
    ):
        return _TENS[int(match[2])]
    return None


def _shortened(match: re.Match[str]) -> str | None:
    if last_word(match).lower() not in _SHORTENED:
        return None
    number = match[1]
    return f"oh {whole(number[1])}" if number[0] == "0" else whole(number)


def _span(match: re.Match[str]) -> str | None:
    first, second = match[1], match[2]
    last = second if len(second) == 4 else first[:2] + second
    if not (1000 <= int(first) < int(last) < _LAST) or int(last) - int(first) > 900:
        return None
    return f"{year(first, 'en')} to {year(last, 'en')}"


def _fiscal(match: re.Match[str]) -> str:
    number = match[1]
    return f"fiscal year {year(number if len(number) == 4 else '20' + number, 'en')}"


def _year(match: re.Match[str]) -> str | None:
    """A year, if it is one; what counts something is left to the rules of numbers."""
    number, cue = int(match[0]), last_word(match)
    following = next_word(match, directly=True)
    if following in _COUNTED:
        return None
    # 1066 is far more often a quantity; the words around it have to say that it is a year.
    if not _FIRST <= number < _LAST:
        sure = cue.lower() in _STRONG and (not following or following.lower() in _FUNCTION_WORDS)
        return year(match[0], "en") if sure and 1000 <= number < _FIRST else None
    if not following or following[0].isupper() or following.lower() in _FUNCTION_WORDS:
        return year(match[0], "en")
    if cue.lower() in _CUES:
        return year(match[0], "en")
    if cue.lower() in _DETERMINERS and not following.endswith("s"):
        return year(match[0], "en")
    return None


def _copyright(match: re.Match[str]) -> str:
    return f"copyright {year(match[1], 'en')}"


DECADES = (
    Rule("dates", re.compile(rf"{_EDGE}([12]\d\d)0['’]?s(?!\w)"), _decade),
    Rule("dates", re.compile(r"(?<![\w.,$€£])(['’‘])?([2-9])0['’]?s(?!\w)"), _tens),
    Rule("dates", re.compile(r"(?<!\S)['’‘](\d\d)(?![\w'’])"), _shortened),
)
"""Before the rules of units, for which 30s are seconds."""
RULES = (
    Rule(
        "dates",
        re.compile(
            r"(?<![\w.,])\d{1,4}(?= ?(?:BCE?|CE|AD|B\.C\.|A\.D\.)(?!\w))|(?<=\bAD )\d{1,4}(?!\w)"
        ),
        _era,
    ),
    Rule("dates", re.compile(rf"{_EDGE}(\d{{4}}) ?[-–—/] ?(\d{{4}}|\d\d)(?!\w|[-/.,:]\d)"), _span),
    Rule("dates", re.compile(r"\bFY ?['’]?(\d{4}|\d\d)(?![\w/-])"), _fiscal),
    Rule("dates", re.compile(r"(?:©|\([cC]\)) ?(\d{4})(?!\w)"), _copyright),
    Rule("dates", re.compile(rf"{_EDGE}\d{{4}}{_END}"), _year),
)
