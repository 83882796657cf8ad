"""How German words for numbers end."""

from __future__ import annotations

import re

from ttm.text.normalize import spelling
from ttm.text.normalize.agreement import words
from ttm.text.normalize.context import before, last_word, next_word
from ttm.text.normalize.numerals import Numerals

_FEMININE = re.compile(r"(?:e|ung|heit|keit|schaft|ion|tät|ur|ik|erin|liga|halbzeit)$")
_FEMININES = words(
    "Tochter Frau Nacht Stadt Hand Person Kuh Maus Wand Bank Fahrt Mutter Schwester Uhr Zahl Tür "
    "Wahl Art Mark Schulter Feder Nummer Regel Schachtel Insel Gabel Kartoffel Halbzeit"
)
_NEUTER = re.compile(
    r"(?:chen|lein|ment|um|zeug|jahr|haus|kind|stück|werk|gramm|buch|bild|jahrhundert)$", re.I
)
_NEUTERS = words(
    "Auto Bett Bier Glas Ei Tor Tier Zimmer Mal Pfund Prozent Auge Ende Interesse Jahrhundert Land "
    "Spiel Kapitel Viertel Drittel Quartal Semester Geschenk Boot Schiff Pferd Brot Kilo Wort Foto "
    "Team Hotel Konto Messer Fenster Schloss Problem Gebäude Ergebnis Blatt Gesetz Lied Mitglied "
    "Paket Treffen Opfer Leben Gebiet Dorf Tal Paar Rad Bad Obergeschoss Lebensjahr Gebot"
)
_MASCULINES = words(
    "Name Kunde Kollege Junge Hase Käse Zeuge Neffe Löwe Buchstabe Gedanke Friede Glaube Kur"
)
_LABELS = words(
    "abs art kap s nr bd abb tab ziff kapitel seite teil band nummer nr zimmer platz artikel "
    "absatz paragraph bild abbildung tabelle klasse stufe phase version raum gleis linie tag "
    "formel gruppe punkt schritt spalte zeile"
)
_DATIVE = words("in im vor nach seit mit von vom zu zum zur aus bei beim ab an am unter")
_ACCUSATIVE = words(
    "für um ohne gegen pro bis durch über hat habe hatte haben hatten gibt gab kostet kostete "
    "kosten braucht brauche brauchen kauft kaufe kaufte dauert dauerte wiegt zahlt zahlte zahle "
    "nimmt bekam bekommt sieht sah trinkt isst"
)
_ENDS_IN_EN = words(
    "am im zum vom beim dem den des einem einen eines einer keinem keinen meinem meinen seinem "
    "seinen ihrem ihren unserem unseren diesem diesen jedem jeden zur meiner seiner ihrer unserer "
    "dieses jedes ab bis seit nach vor"
)
_ENDS_IN_E = words("der die das eine keine meine deine seine ihre unsere jeder jede dieser diese")
_ENDS_STRONGLY = words("ein kein mein dein sein ihr unser euer")
_PASSED_OVER = words(
    "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag und oder"
)
"""Words that leave the ending to those before them: `am Montag, 5. Mai`."""
_STRONG = {"m": "er", "f": "e", "n": "es"}
_COUNTED_OFF = tuple(
    "platz stock tag teil band auflage klasse etage liga runde halbzeit staffel folge akt mal "
    "jahrhundert kapitel quartal semester viertel drittel".split()
)
"""Ends of nouns that an ordinal may stand before without an article."""
_ONE = {"m": "", "n": "", "f": "e", "accusative": "en", "dative m": "em", "dative f": "er"}


def _agreed(said: str, form: str) -> str:
    if not form or not said.endswith("eins"):
        return said
    return said[:-1] + _ONE.get(form, "")


NUMERALS = Numerals(
    language="de",
    agreed=_agreed,
    thousands=("eintausend", "tausend"),
    scales=(
        (10**12, "eine Billion", "Billionen"),
        (10**9, "eine Milliarde", "Milliarden"),
        (10**6, "eine Million", "Millionen"),
    ),
    point="Komma",
    full_stop="Punkt",
    minus="minus",
    to="bis",
    ratio="zu",
    glue="",
    many="f",
    grouped=0,
)


def gender(noun: str) -> str:
    """m, f or n, for a noun in the singular."""
    if noun in _NEUTERS or _NEUTER.search(noun):
        return "n"
    if noun in _FEMININES or (_FEMININE.search(noun) and noun not in _MASCULINES):
        return "f"
    return "m"


def form(match: re.Match[str], whole: int) -> str:
    """Which form of `ein` a number takes before a noun; nothing where no noun is counted."""
    noun = next_word(match, directly=True)
    if whole != 1 or len(noun) < 2 or not noun[0].isupper():
        return ""
    preceding = last_word(match).lower().rstrip(".")
    if preceding in _LABELS:
        return ""
    kind = gender(noun)
    if preceding in _DATIVE:
        return "dative f" if kind == "f" else "dative m"
    return "accusative" if kind == "m" and preceding in _ACCUSATIVE else kind


def ordinal(n: int) -> str:
    """Which one, without an ending: `viert`."""
    said = spelling.ordinal(n, "de")[:-1]
    return f"{said[:-6]}siebt" if said.endswith("siebent") else said


def ending(match: re.Match[str], kind: str = "m") -> str | None:
    """The ending of an adjective before a noun of this gender, if the words before decide it."""
    found = re.findall(r"[\w.]+,?", before(match))
    for word in [one.lower() for one in found[:-5:-1]]:
        if word in _ENDS_IN_EN or (word == "der" and kind == "f"):  # genitive or dative
            return "en"
        if word in _ENDS_IN_E:
            return "e"
        if word.rstrip(",") not in _PASSED_OVER and not word[0].isdecimal():
            return None
    return None


def day(match: re.Match[str], n: int) -> str:
    """A day of the month, as the words before it ask for."""
    return ordinal(n) + (ending(match) or "er")


def counted_off(match: re.Match[str], n: int) -> str | None:
    """An ordinal before the noun that follows; None where it may be the end of a sentence."""
    noun = next_word(match, directly=True)
    kind = gender(noun)
    end = ending(match, kind)
    if end is None:
        strongly = last_word(match).lower() in _ENDS_STRONGLY
        if not strongly and not noun.lower().endswith(_COUNTED_OFF):
            return None
        end = _STRONG[kind]
    return ordinal(n) + end


def ruler(match: re.Match[str], n: int, kind: str) -> str:
    """`der Vierzehnte`, in the case that stands before the name."""
    preposition = before(match).split()[-2:-1]
    article, end = ("die", "e") if kind == "f" else ("der", "e")
    if preposition and preposition[0].lower() in _DATIVE:
        article, end = ("der", "en") if kind == "f" else ("dem", "en")
    elif preposition and preposition[0].lower() in _ACCUSATIVE and kind == "m":
        article, end = "den", "en"
    return f"{article} {(ordinal(n) + end).capitalize()}"


def year(n: int) -> str:
    """A year, in hundreds from 1100 to 1999."""
    century, rest = divmod(n, 100)
    if not 11 <= century <= 19:
        return NUMERALS.cardinal(n)
    return f"{NUMERALS.cardinal(century)}hundert{NUMERALS.cardinal(rest) if rest else ''}"
