"""Abbreviations in full, where what stands around them says which: Dr. Smith, Elm Dr., No. 5."""

# ruff: noqa: RUF001

from __future__ import annotations

import re

from ttm.text.normalize import Rule
from ttm.text.normalize.context import after, before, last_word, next_word, stopped

_TITLES = {
    "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Messrs": "Messieurs", "Prof": "Professor",
    "Gen": "General", "Capt": "Captain", "Rev": "Reverend", "Sgt": "Sergeant", "Sen": "Senator",
    "Gov": "Governor", "Lt": "Lieutenant", "Col": "Colonel", "Maj": "Major", "Cpl": "Corporal",
    "Pvt": "Private", "Adm": "Admiral", "Cmdr": "Commander", "Rep": "Representative",
    "Pres": "President", "Hon": "Honorable", "Supt": "Superintendent", "Insp": "Inspector",
    "Mt": "Mount", "Ft": "Fort", "Dr": "Doctor", "St": "Saint", "Ste": "Sainte", "Fr": "Father",
    "Sr": "Sister", "Br": "Brother", "Dir": "Director", "Amb": "Ambassador", "Det": "Detective",
}  # fmt: skip
"""What stands before a name."""
_BARE_TITLES = "Mr|Mrs|Ms|Dr|Prof|Mt|Lt|Sgt|Capt|St"
_STREETS = {
    "St": "Street", "Dr": "Drive", "Ave": "Avenue", "Av": "Avenue", "Blvd": "Boulevard",
    "Rd": "Road", "Ln": "Lane", "Ct": "Court", "Pl": "Place", "Sq": "Square", "Hwy": "Highway",
    "Pkwy": "Parkway", "Ter": "Terrace", "Cir": "Circle", "Expy": "Expressway", "Rte": "Route",
}  # fmt: skip
"""What stands behind the name of a street."""
_NUMBERED = {
    "no": "number", "nos": "numbers", "fig": "figure", "figs": "figures", "p": "page",
    "pp": "pages", "pg": "page", "vol": "volume", "vols": "volumes", "ch": "chapter",
    "chs": "chapters", "chap": "chapter", "sec": "section", "sect": "section", "eq": "equation",
    "eqs": "equations", "art": "article", "par": "paragraph", "para": "paragraph",
    "ref": "reference", "apt": "apartment", "ver": "version", "app": "appendix", "tab": "table",
    "nr": "number", "rm": "room", "bldg": "building", "fl": "floor", "ext": "extension",
    "v": "verse",
}  # fmt: skip
"""What stands before a number."""
_WORDS = {
    "etc": "et cetera", "vs": "versus", "approx": "approximately", "dept": "department",
    "depts": "departments", "govt": "government", "est": "established",
    "misc": "miscellaneous",
    "incl": "including", "excl": "excluding", "esp": "especially", "tel": "telephone",
    "univ": "university", "assn": "association", "assoc": "associate", "asst": "assistant",
    "cf": "compare", "viz": "namely", "intl": "international", "natl": "national",
    "avg": "average", "appt": "appointment", "ave": "avenue", "blvd": "boulevard", "wt": "weight",
    "qty": "quantity", "tbsp": "tablespoons", "tsp": "teaspoons", "lbs": "pounds", "hrs": "hours",
    "mins": "minutes", "secs": "seconds", "yrs": "years", "temp": "temperature", "ibid": "ibidem",
    "inc": "incorporated", "corp": "corporation", "ltd": "limited", "bros": "brothers",
    "mfg": "manufacturing", "mgr": "manager", "mgmt": "management", "bldg": "building",
}  # fmt: skip
"""What is one wherever a full stop follows."""
_FIRMS = {"Inc": "Incorporated", "Corp": "Corporation", "Ltd": "Limited", "Co": "Company"}
_FIRMS |= {"Jr": "Junior", "Sr": "Senior", "Bros": "Brothers", "Esq": "Esquire"}
_DOTLESS = {"approx": "approximately", "dept": "department", "Dept": "Department", "Ltd": "Limited"}
_DIRECTIONS = {"N": "North", "S": "South", "E": "East", "W": "West"}
_WITH = {"w/o": "without", "w/": "with ", "c/o": "care of", "b/c": "because", "a/c": "A C"}
_MOUNTS = frozenset(
    "Mount Mt Lake Port Fort East West North South San Sault Isle Gulf The At".split()
)
_ADDRESS = re.compile(r"\d[\w-]* (?:[A-Z]\w+ ){0,2}[A-Z]\w+ \Z")
_NAME = re.compile(r"(?:[A-Z][\w'’-]*|\d+(?:st|nd|rd|th)),? \Z")
_FUNCTION = frozenset(
    "The A An At In On With Dear And But Or By From To For As If When Then My Your His Her Our"
    " Their".split()
)
_COUPLE = re.compile(r" (?:and|&) ")
_SOMEBODY = frozenset("the a my your his her our their".split())
_LETTERED = frozenset(
    "Vitamin Plan Grade Class Type Group Appendix Section Hepatitis Option".split()
)


def _street_or_title(match: re.Match[str]) -> str | None:
    """Dr. and St., which stand before a name or behind one."""
    short, dotted = match[1], match[0].endswith(".")
    word, following = last_word(match), next_word(match)
    named = bool(_NAME.search(before(match))) and word not in _FUNCTION
    if following[:1].isupper() and after(match)[:1] == " ":
        address = named and _ADDRESS.search(before(match))
        if word in _MOUNTS or not address:
            return _TITLES[short]
        return _STREETS[short]
    if named:
        return stopped(match, _STREETS[short])
    a_doctor = dotted and short == "Dr" and (following or word.lower() in _SOMEBODY)
    return stopped(match, _TITLES[short]) if a_doctor else None


def _title(match: re.Match[str]) -> str | None:
    title, following = match[1] or match[2], next_word(match)
    if following[:1].isupper() or (title in ("Mr", "Mrs", "Ms") and _COUPLE.match(after(match))):
        return _TITLES[title]
    return None


def _street(match: re.Match[str]) -> str | None:
    if not _NAME.search(before(match)):
        return None
    return stopped(match, _STREETS[match[1]])


def _numbered(match: re.Match[str]) -> str:
    word = _NUMBERED[match[1].lower()]
    if match[1][0].isupper() and word[:6] != "number":
        word = word.capitalize()
    return f"{word} "


def _firm(match: re.Match[str]) -> str | None:
    word = last_word(match)
    if not (word[:1].isupper() or re.search(r"[&,] \Z", before(match))):
        return None
    return stopped(match, _FIRMS[match[1]])


def _word(match: re.Match[str]) -> str | None:
    if match[1].isupper():  # EST is no word
        return None
    word = _WORDS[match[1].lower()]
    if match[1] == "est" and not re.match(
        r"\.? \d", match.string[match.end() - 1 : match.end() + 3]
    ):
        word = "estimated"
    return stopped(match, word)


def _latin(match: re.Match[str]) -> str:
    if match[1].lower() == "e":
        return "for example"
    return "that is" if after(match)[:1] == "," else "that is,"


def _letters(match: re.Match[str]) -> str:
    return stopped(match, " ".join(char.upper() for char in match[0] if char.isalpha()))


def _initial(match: re.Match[str]) -> str | None:
    word, following = last_word(match), next_word(match)
    if not following[:1].isupper() or after(match)[:1] not in (" ", "-"):
        return None
    start = not before(match).strip(" \"“'([")
    return match[1] if start or (word[:1].isupper() and word not in _FUNCTION | _LETTERED) else None


def _versus(match: re.Match[str]) -> str | None:
    names = last_word(match)[:1].isupper() and next_word(match)[:1].isupper()
    return "versus" if names else None


def _with(match: re.Match[str]) -> str:
    return _WITH[match[0].lower()]


def _one_of(words: dict[str, str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


DOTTED = (
    Rule("abbreviations", re.compile(r"(?<![\w.])([ei])\.\s?[eg]\.", re.IGNORECASE), _latin),
    Rule(
        "abbreviations",
        re.compile(r"(?<![\w.])(?:Ph\.\s?D|[MB]\.\s?(?:Sc|Ed)|M\.D|B\.A)\b\.?"),
        _letters,
    ),
    Rule(
        "abbreviations",
        re.compile(
            r"(?<![\w.])(?:(?:[A-Z]\.){2,8}|(?:[a-z]\.){2,8}|(?:[A-Z]\. ){1,3}[A-Z]\.(?= [A-Z]))"
        ),
        _letters,
    ),
    Rule(
        "abbreviations",
        re.compile(
            rf"(?<![\w.])({_one_of(_NUMBERED)})\. ?(?=[#(]?\d|(?:[IVXLC]{{2,7}}|[VX])\b)",
            re.IGNORECASE,
        ),
        _numbered,
    ),
    Rule("abbreviations", re.compile(r"(?<![\w.])(?:ca|c)\.(?= ?\d)"), lambda match: "circa"),
    Rule("abbreviations", re.compile(r"(?<![\w.])v\.(?= )"), _versus),
    Rule("abbreviations", re.compile(rf"(?<![\w.])({_one_of(_WORDS)})\.", re.IGNORECASE), _word),
    Rule("abbreviations", re.compile(r"(?<![\w.])et al\."), lambda match: stopped(match, "et al")),
    Rule(
        "abbreviations",
        re.compile(r"(?<![\w.])([NSEW])\.(?= \d)"),
        lambda match: _DIRECTIONS[match[1]],
    ),
    Rule("abbreviations", re.compile(r"(?<![\w.'’])([A-Z])\.(?= [A-Z]|-[A-Z])"), _initial),
)
RULES = (
    Rule("abbreviations", re.compile(r"(?<![\w.])(Dr|St)(?:\.|(?![\w'’.-]))"), _street_or_title),
    Rule(
        "abbreviations",
        re.compile(rf"(?<![\w.])(?:({_one_of(_TITLES)})\.|({_BARE_TITLES})(?= [A-Z&a]))"),
        _title,
    ),
    Rule("abbreviations", re.compile(rf"(?<![\w.])({_one_of(_STREETS)})\b\.?"), _street),
    Rule("abbreviations", re.compile(rf"(?<![\w.])({_one_of(_FIRMS)})\b\.?"), _firm),
    Rule(
        "abbreviations",
        re.compile(rf"(?<![\w.])({_one_of(_DOTLESS)})(?![\w.])"),
        lambda match: _DOTLESS[match[1]],
    ),
    Rule("abbreviations", re.compile(rf"(?<![\w/])({_one_of(_WITH)})(?![/\d])", re.I), _with),
)
