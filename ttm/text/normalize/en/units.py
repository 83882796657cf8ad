"""Measures: 5 km/h, 20°C, 6'2", 12 in wide, 5-10 kg, ½ mi."""

# ruff: noqa: RUF001

from __future__ import annotations

import re

from ttm.text.normalize import Rule
from ttm.text.normalize.context import after, before, last_word, next_word, stopped
from ttm.text.normalize.en.fractions import FRACTION, parts, said
from ttm.text.normalize.en.numbers import LEFT, MINUS, NUMBER, amount, signed
from ttm.text.normalize.en.ranges import DASH

_PLAIN = """
km kilometer; m meter; cm centimeter; mm millimeter; µm micrometer; μm micrometer; nm nanometer
mi. mile; mi mile; yd yard; yds yard; yd. yard; ft. foot; ft foot; in. inch; kg kilogram; g gram
mg milligram; µg microgram; μg microgram; mcg microgram; t ton; lb pound; lbs pound; lb. pound
lbs. pound; oz ounce; oz. ounce; l liter; L liter; ml milliliter; mL milliliter; cl centiliter
dl deciliter; gal gallon; gal. gallon; qt quart; tsp teaspoon; tbsp tablespoon; tsp. teaspoon
tbsp. tablespoon; s second; sec second; sec. second; secs second; ms millisecond; µs microsecond
μs microsecond; ns nanosecond; min minute; min. minute; mins minute; h hour; hr hour; hr. hour
hrs hour; hrs. hour; wk week; wks week; yr year; yrs year; yrs. year; kB kilobyte; KB kilobyte
MB megabyte; GB gigabyte; TB terabyte; PB petabyte; KiB kibibyte; MiB mebibyte; GiB gibibyte
TiB tebibyte; Mb megabit; Gb gigabit; kbit kilobit; Mbit megabit; Gbit gigabit; Hz hertz
kHz kilohertz; MHz megahertz; GHz gigahertz; THz terahertz; V volt; mV millivolt; kV kilovolt
W watt; mW milliwatt; kW kilowatt; MW megawatt; GW gigawatt; TW terawatt; Wh watt-hour
kWh kilowatt-hour; MWh megawatt-hour; GWh gigawatt-hour; TWh terawatt-hour; mA milliamp
mAh milliamp-hour; Ah amp-hour; Ω ohm; kΩ kiloohm; J joule; kJ kilojoule; MJ megajoule
kcal kilocalorie; cal calorie; eV electronvolt; keV kiloelectronvolt; MeV megaelectronvolt
GeV gigaelectronvolt; Pa pascal; hPa hectopascal; kPa kilopascal; MPa megapascal; mbar millibar
kN kilonewton; Nm newton-meter; dB decibel; dBA decibel; px pixel; ha hectare; lm lumen; lx lux
km² square_kilometer; m² square_meter; cm² square_centimeter; mm² square_millimeter
ft² square_foot; m³ cubic_meter; cm³ cubic_centimeter; mm³ cubic_millimeter; km³ cubic_kilometer
ft³ cubic_foot; cc cubic_centimeter; km2 square_kilometer; m2 square_meter; m3 cubic_meter
cm3 cubic_centimeter; mi² square_mile; in² square_inch; MP megapixel; hp horsepower; kt knot
kn knot; nmi nautical_mile; dpi dot_per_inch; MPx megapixel; fl_oz fluid_ounce; sq_ft square_foot
sq_m square_meter; sq_km square_kilometer; sq_mi square_mile; cu_ft cubic_foot
sq._ft. square_foot; sq._ft square_foot; sq._mi. square_mile; fl._oz. fluid_ounce
"""
_COMPOUND = """
km/h kilometer per_hour; kph kilometer per_hour; kmh kilometer per_hour; mph mile per_hour
m/s meter per_second; m/s² meter per_second_squared; km/s kilometer per_second
ft/s foot per_second; km/l kilometer per_liter; mpg mile per_gallon
l/100_km liter per_hundred_kilometers; rpm revolution per_minute; bpm beat per_minute
fps frame per_second; ppm part per_million; ppb part per_billion; psi pound per_square_inch
kbps kilobit per_second; Kbps kilobit per_second; Mbps megabit per_second; Gbps gigabit per_second
Tbps terabit per_second; bps bit per_second; Mb/s megabit per_second; Gb/s gigabit per_second
Mbit/s megabit per_second; Gbit/s gigabit per_second; kB/s kilobyte per_second
KB/s kilobyte per_second; MB/s megabyte per_second; GB/s gigabyte per_second
TB/s terabyte per_second; wpm word per_minute; mg/dl milligram per_deciliter
mg/dL milligram per_deciliter; mmol/l millimole per_liter; mg/kg milligram per_kilogram
mg/l milligram per_liter; g/l gram per_liter; kg/m³ kilogram per_cubic_meter
g/cm³ gram per_cubic_centimeter; W/m² watt per_square_meter; N/m newton per_meter
kg/m² kilogram per_square_meter
"""
_IRREGULAR = {"foot": "feet", "inch": "inches", "hertz": "hertz", "lux": "lux"}
_IRREGULAR |= {f"{n}hertz": f"{n}hertz" for n in ("kilo", "mega", "giga", "tera")}
_IRREGULAR |= {"horsepower": "horsepower"}
_DEGREES = {"C": " Celsius", "F": " Fahrenheit", "K": " Kelvin", "": ""}

PER = {
    "month": "month", "mo": "month", "year": "year", "yr": "year", "day": "day", "hour": "hour",
    "hr": "hour", "h": "hour", "week": "week", "wk": "week", "minute": "minute", "min": "minute",
    "second": "second", "sec": "second", "s": "second", "night": "night", "person": "person",
    "user": "user", "seat": "seat", "head": "head", "unit": "unit", "piece": "piece",
    "item": "item", "share": "share", "gallon": "gallon", "gal": "gallon", "kg": "kilogram",
    "g": "gram", "lb": "pound", "oz": "ounce", "km": "kilometer", "mile": "mile", "mi": "mile",
    "m²": "square meter", "sq ft": "square foot", "ft": "foot", "GB": "gigabyte",
    "TB": "terabyte", "kWh": "kilowatt-hour", "MWh": "megawatt-hour", "ton": "ton", "t": "ton",
    "barrel": "barrel", "bbl": "barrel", "liter": "liter", "l": "liter", "L": "liter",
    "call": "call", "page": "page", "word": "word", "student": "student", "child": "child",
    "visit": "visit", "session": "session", "bottle": "bottle", "game": "game", "ticket": "ticket",
}  # fmt: skip
"""What something may be paid or counted per."""


def _entries() -> dict[str, tuple[str, str]]:
    """Of each unit as written: one of it, and several."""
    found = {}
    for line in (_PLAIN + _COMPOUND).replace("\n", ";").split(";"):
        if not line.strip():
            continue
        written, name, *rest = line.split()
        head, _, last = name.rpartition("_")
        several = f"{head}_{_IRREGULAR.get(last, last + 's')}".strip("_")
        if name == "dot_per_inch":
            several = "dots_per_inch"
        words = [" ".join([form, *rest]).replace("_", " ") for form in (name, several)]
        found[written.replace("_", " ")] = (words[0], words[1])
    return found


_UNITS = _entries()
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_VALUE = rf"({MINUS})?(?:({NUMBER})(?:({DASH}| to )({NUMBER}))?|{FRACTION})"
_DETERMINERS = frozenset(
    "a an the this that another one each every her his my our their its".split()
)
_NO_NOUN = frozenset(
    "in on at of to for from by with and or but is was are were has had will would can could may"
    " might as than then that which who when while if into onto over under through after before"
    " during until since per a an the i he she it we they you off out away up down left so because"
    " more less each every all today tomorrow yesterday now ago later here there too only"
    " about".split()
)
MILLIONS = frozenset(
    "people users customers subscribers followers viewers views downloads voters members jobs homes"
    " households copies tonnes tons barrels dollars euros pounds".split()
)
"""What is counted by the million, written as 5m."""
_SIZES = frozenset("wide long tall high deep thick across diameter apart square".split())
_QUOTE = re.compile(r"(?<!\d)[\"“”]")


def is_adjective(match: re.Match[str]) -> bool:
    """Whether a measure stands before its noun, as in `a 5 km run`: then it has no plural."""
    if last_word(match).lower() not in _DETERMINERS:
        return False
    noun = next_word(match, directly=True)
    return noun.islower() and noun not in _NO_NOUN and (noun not in _SIZES or noun == "long")


def _value(match: re.Match[str], names: tuple[str, str], single: bool) -> str | None:
    """The words for the groups of _VALUE with a unit."""
    one, several = names
    sign, number, last = match[1], match[2], match[4]
    if number:
        if last:
            return f"{signed(sign, number)} to {amount(last)} {one if single else several}"
        return f"{signed(sign, number)} {one if single or number == '1' else several}"
    units, top, bottom = parts(match, 5)
    fraction = said(units, top, bottom)
    if not fraction:
        return None
    if units or top > bottom:
        return f"{fraction} {one if single else several}"
    article = "an" if one[0] in "aeio" or one.startswith("hour") else "a"
    return f"half {article} {one}" if (top, bottom) == (1, 2) else f"{fraction} of {article} {one}"


def _measure(match: re.Match[str]) -> str | None:
    gap, unit = match["gap"], match["unit"]
    if unit in ("g", "t", "cal") and gap == "-":
        return None
    if unit == "s" and not gap and len(match[2] or "") == 3 and match[2][-1] != "0":
        return None  # 747s are aeroplanes
    if unit == "m" and not gap and match[2] and next_word(match, directly=True) in MILLIONS:
        return f"{signed(match[1], match[2])} million"
    said = _value(match, _UNITS[unit], gap == "-" or is_adjective(match))
    return said and stopped(match, said)


def _inches(match: re.Match[str]) -> str | None:
    return _value(match, ("inch", "inches"), match["gap"] == "-")


def _degrees(match: re.Match[str]) -> str | None:
    scale = _DEGREES[match["scale"] or ""]
    return _value(match, (f"degree{scale}", f"degrees{scale}"), False)


def _percent(match: re.Match[str]) -> str | None:
    name = "percent" if match["sign"] == "%" else "per mille"
    return _value(match, (name, name), False)


def _quoted(match: re.Match[str]) -> bool:
    """Whether a mark behind a number may rather be the end of a quotation."""
    return len(_QUOTE.findall(before(match))) % 2 == 1


def _feet_and_inches(match: re.Match[str]) -> str | None:
    feet, inches = match[1], match[2]
    whole_inches = int(inches.partition(".")[0])
    if whole_inches < 12:
        foot = "foot" if feet == "1" else "feet"
        return f"{amount(feet)} {foot} {amount(inches)} inch{'es' * (inches != '1')}"
    if whole_inches > 59:
        return None
    minute, second = "s" * (feet != "1"), "s" * (inches != "1")
    return f"{amount(feet)} minute{minute} {amount(inches)} second{second}"


def _primed(match: re.Match[str]) -> str | None:
    straight, mark = match["mark"] in "\"'", match["mark"]
    if straight and _quoted(match):
        return None
    if mark == "'" and re.search(r"(?<!\w)'\w", before(match)):
        return None  # a quotation in single quotes
    name = ("foot", "feet") if mark in "'′" else ("inch", "inches")
    noun = next_word(match, directly=True)
    if straight and after(match)[:1] not in ("", " ", ",", ".", ";", ")", "-"):
        return None
    return _value(match, name, bool(noun) and is_adjective(match))


_RIGHT = r"(?![\w²³]|/\w|[.,:]\d)"
RULES = (
    Rule(
        "units",
        re.compile(r"(?<![\w.,'\"])(\d{1,2})(?:'|’|′) ?(\d{1,2}(?:\.\d)?)(?:\"|”|″|'')(?!\w)"),
        _feet_and_inches,
    ),
    Rule("units", re.compile(rf"{LEFT}{_VALUE}(?P<gap> ?|-)(?P<unit>{_UNIT}){_RIGHT}"), _measure),
    Rule(
        "units",
        re.compile(
            rf"{LEFT}{_VALUE}(?P<gap> |-)in(?= (?:{'|'.join(sorted(_SIZES))}|x \d|by \d|× \d)\b)"
        ),
        _inches,
    ),
    Rule("units", re.compile(rf"{LEFT}{_VALUE} ?[°º](?: ?(?P<scale>[CFK])(?!\w))?"), _degrees),
    Rule("units", re.compile(rf"{LEFT}{_VALUE} ?(?P<sign>[%‰])"), _percent),
    Rule("units", re.compile(rf"{LEFT}{_VALUE}(?P<mark>[\"'″′])(?![\w\"'])"), _primed),
)
