"""German."""

# ruff: noqa: RUF001

from __future__ import annotations

import re

from ttm.text.normalize import Rule, emoji
from ttm.text.normalize.abbreviations import abbreviations
from ttm.text.normalize.addresses import addresses
from ttm.text.normalize.agreement import words
from ttm.text.normalize.amounts import Fractions, Money, measures, nouns, plain_numbers
from ttm.text.normalize.calendar import Calendar
from ttm.text.normalize.clock import times
from ttm.text.normalize.context import closes
from ttm.text.normalize.de.inflection import (
    NUMERALS,
    counted_off,
    day,
    form,
    ruler,
    year,
)
from ttm.text.normalize.numerals import DASH, START
from ttm.text.normalize.roman import Romans
from ttm.text.normalize.symbols import symbols
from ttm.text.normalize.telephones import telephones

_CALENDAR = Calendar(
    months=(
        "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
        "Oktober", "November", "Dezember",
    ),
    shorts={
        "Jan.": 1, "Feb.": 2, "Apr.": 4, "Aug.": 8, "Sept.": 9, "Sep.": 9, "Okt.": 10, "Nov.": 11,
        "Dez.": 12, "Jänner": 1,
    },
    day=day,
    year=year,
    to="bis",
    mark=r"\. ?",
    of_written="(?: |(?<=[. ]))",
)  # fmt: skip


def _years(match: re.Match[str]) -> str | None:
    first, last = match["first"], match["last"]
    if not last:
        return year(int(first))
    return f"{year(int(first))} bis {year(int(last))}" if last > first[: len(last)] else None


def _decade(match: re.Match[str]) -> str:
    return f"{year(int(match[1]))}er{match[2] or ''}"


def _short_date(match: re.Match[str]) -> str | None:
    said = _CALENDAR.said(match, int(match[1]), int(match[2]))
    return f"{said}." if said and closes(match) else said


def _first_of_two(match: re.Match[str]) -> str:
    return day(match, int(match[1]))


def _ordinals(match: re.Match[str]) -> str | None:
    return counted_off(match, int(match[1]))


def _time(hours: int, minutes: int, seconds: int | None, mark: str) -> str:
    said = f"{NUMERALS.cardinal(hours, 'm')} Uhr"
    if minutes or seconds:
        said += f" {NUMERALS.cardinal(minutes)}"
    return f"{said} und {NUMERALS.cardinal(seconds)} Sekunden" if seconds else said


_ABBREVIATIONS = abbreviations(
    anywhere={
        "z. B.": "zum Beispiel", "d. h.": "das heißt", "u. a.": "unter anderem",
        "usw.": "und so weiter", "u. s. w.": "und so weiter", "etc.": "et cetera",
        "bzw.": "beziehungsweise", "ca.": "circa", "evtl.": "eventuell", "ggf.": "gegebenenfalls",
        "inkl.": "inklusive", "exkl.": "exklusive", "vgl.": "vergleiche", "sog.": "sogenannt",
        "u. U.": "unter Umständen", "i. d. R.": "in der Regel", "v. a.": "vor allem",
        "o. Ä.": "oder Ähnliches", "u. Ä.": "und Ähnliches", "z. T.": "zum Teil",
        "v. Chr.": "vor Christus", "n. Chr.": "nach Christus", "bspw.": "beispielsweise",
        "zzgl.": "zuzüglich", "Mwst.": "Mehrwertsteuer", "MwSt.": "Mehrwertsteuer",
        "Tel.": "Telefon", "max.": "maximal", "mind.": "mindestens", "geb.": "geboren",
        "gest.": "gestorben", "z. Hd.": "zu Händen", "i. A.": "im Auftrag", "a. D.": "außer Dienst",
        "o. g.": "oben genannt", "s. o.": "siehe oben", "s. u.": "siehe unten",
        "z. Zt.": "zur Zeit", "m. E.": "meines Erachtens",
    },
    numbers={
        "Nr.": "Nummer", "S.": "Seite", "Art.": "Artikel", "Abs.": "Absatz", "Kap.": "Kapitel",
        "Bd.": "Band", "Abb.": "Abbildung", "Tab.": "Tabelle", "Ziff.": "Ziffer",
        "min.": "mindestens",
    },
    names={
        "Dr.": "Doktor", "Prof.": "Professor", "Hr.": "Herr", "Hrn.": "Herrn", "Fr.": "Frau",
        "St.": "Sankt", "Ing.": "Ingenieur", "Dipl.-Ing.": "Diplomingenieur", "Fa.": "Firma",
    },
)  # fmt: skip

_UNITS = nouns("""
    km Kilometer; m Meter; dm Dezimeter; cm Zentimeter; mm Millimeter; µm,μm Mikrometer;
    nm Nanometer; kg Kilogramm; g Gramm; mg Milligramm; t Tonne Tonnen f; l,L Liter; dl Deziliter;
    cl Zentiliter; ml,mL Milliliter; hl Hektoliter; km²,km2,qkm Quadratkilometer;
    m²,m2,qm Quadratmeter; cm²,cm2 Quadratzentimeter; ha Hektar; m³,m3 Kubikmeter;
    cm³,cm3 Kubikzentimeter; km³,km3 Kubikkilometer; h,Std. Stunde Stunden f;
    min,Min. Minute Minuten f; s,Sek. Sekunde Sekunden f; ms Millisekunde Millisekunden f; W Watt;
    kW Kilowatt; MW Megawatt; GW Gigawatt; kWh Kilowattstunde Kilowattstunden f;
    MWh Megawattstunde Megawattstunden f; s²,s2 Quadratsekunde; V Volt; kV Kilovolt; mA Milliampere;
    Hz Hertz; kHz Kilohertz; MHz Megahertz; GHz Gigahertz; KB,kB Kilobyte; MB Megabyte; GB Gigabyte;
    TB Terabyte; kcal Kilokalorie Kilokalorien f; J Joule; kJ Kilojoule; hPa Hektopascal; bar Bar;
    dB Dezibel; °C Grad_Celsius; °F Grad_Fahrenheit; ° Grad; %,v.H. Prozent; ‰ Promille; PS PS;
    Mbit Megabit; Gbit Gigabit; Mio.,Mio Million Millionen f; Mrd.,Mrd Milliarde Milliarden f;
    Tsd. Tausend
""")

_MONEY = Money(
    units=nouns("""
        €,EUR Euro; $,US$,USD Dollar; £,GBP Pfund; CHF,SFr.,Fr. Schweizer_Franken Schweizer_Franken;
        ¥,JPY Yen; ct,Ct. Cent
    """),
    cents=nouns("""
        €,EUR Cent; $,US$,USD Cent; £,GBP Penny Pence; CHF,SFr.,Fr. Rappen
    """),
    scales=nouns("""
        Mio.,Mio,Million,Millionen Million Millionen f;
        Mrd.,Mrd,Milliarde,Milliarden Milliarde Milliarden f; Bio. Billion Billionen f;
        Tsd.,Tausend,tausend tausend
    """),
)

_FRACTIONS = Fractions(
    parts={
        n: one
        for n, one in enumerate(
            nouns("""
                3 Drittel; 4 Viertel; 5 Fünftel; 6 Sechstel; 7 Siebtel; 8 Achtel; 9 Neuntel;
                10 Zehntel
            """).values(),
            3,
        )
    },
    half={
        "": "ein halb", "m": "ein halber", "f": "eine halbe", "n": "ein halbes",
        "accusative": "einen halben", "dative m": "einem halben", "dative f": "einer halben",
    },
    and_half={"": "einhalb"},
)  # fmt: skip

_ROMANS = Romans(
    kings=words(
        "Karl Ludwig Friedrich Wilhelm Heinrich Otto Philipp Georg Eduard Franz Josef Joseph "
        "Leopold Maximilian Ferdinand Rudolf Nikolaus Alexander Iwan Peter Paul Johannes Pius "
        "Benedikt Gregor Leo Innozenz Clemens Klemens Urban Gustav Christian Albrecht Ramses "
        "Napoleon Richard Jakob Konrad Karls Ludwigs Friedrichs Heinrichs"
    ),
    queens=words("Elisabeth Katharina Maria Margarethe Kleopatra Isabella Anna"),
    ruler=ruler,
    ordinal=counted_off,
    centuries=("jahrhundert", "jahrhunderts", "jh"),
    cardinal=NUMERALS.cardinal,
    labels=words("kapitel teil band akt buch stufe klasse phase artikel abschnitt weltkrieg"),
    suffix=r"\.",
)

_SYMBOLS = symbols(
    between={
        "&": "und", "+": "plus", "=": "gleich", "<": "kleiner als", ">": "größer als",
        "×": "mal", "·": "mal", "*": "mal", "÷": "geteilt durch", "−": "minus", "-": "minus",
        "±": "plus minus", "≈": "ungefähr", "≤": "kleiner gleich", "≥": "größer gleich",
        "≠": "ungleich",
    },
    before={
        "+": "plus", "±": "plus minus", "≈": "ungefähr", "~": "ungefähr", "<": "unter",
        ">": "über", "≤": "höchstens", "≥": "mindestens", "§": "Paragraph",
    },
)  # fmt: skip

RULES: tuple[Rule, ...] = (
    *addresses(NUMERALS, {"@": "at", "/": "Schrägstrich", "-": "Bindestrich", "_": "Unterstrich"}),
    emoji.rule("de"),
    telephones(
        NUMERALS.digits,
        "plus",
        "Telefon",
        r"[Tt]el|Telefon|Fax|Mobil|Handy",
        r"0\d{2,4}[ /-]\d{4,9}",
    ),
    *_CALENDAR.rules(),
    Rule("dates", re.compile(rf"{START}(\d{{1,2}})\.(\d{{1,2}})\.(?![\d\w])"), _short_date),
    Rule(
        "dates",
        re.compile(
            rf"{START}(\d{{1,2}})\.(?= ?(?:bis|und|oder|[-–—])(?: zum)? ?\d{{1,2}}\. ?[A-ZÄÖÜ\d])"
        ),
        _first_of_two,
    ),
    *times(
        _time,
        "bis",
        r"H:M(?::S)?(?: ?(?P<mark>Uhr|h))?",
        r"H\.M ?(?P<mark>Uhr|h)",
        r"H\.M(?= (?:bis|und) \d{1,2}\.\d\d ?Uhr)",
        "H (?P<mark>Uhr)",
    ),
    _MONEY.rule(NUMERALS, _UNITS, "pro"),
    measures(NUMERALS, _UNITS, "pro"),
    *_ABBREVIATIONS,
    Rule("abbreviations", re.compile(r"(?<=[a-zäöüß])str\.(?!\w)"), lambda match: "straße"),
    Rule("dates", re.compile(rf"{START}(\d{{4}}|[2-9]0)er(n|s)?(?!\w)"), _decade),
    Rule(
        "dates",
        re.compile(
            rf"{START}(?P<first>1[1-9]\d\d)(?:{DASH}(?P<last>\d{{4}}|\d\d))?(?!\w|[.,:/-]\d)"
        ),
        _years,
    ),
    Rule("ordinals", re.compile(rf"{START}(\d{{1,3}})\.(?= [A-ZÄÖÜ])"), _ordinals),
    _ROMANS.rule(),
    _FRACTIONS.rule(NUMERALS, form),
    *plain_numbers(NUMERALS, form),
    *_SYMBOLS,
)
