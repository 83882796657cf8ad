"""Italian."""

# ruff: noqa: RUF001

from __future__ import annotations

import re

from ttm.text.normalize import Rule, emoji, spelling
from ttm.text.normalize.abbreviations import abbreviations
from ttm.text.normalize.addresses import addresses
from ttm.text.normalize.agreement import Agreement, words
from ttm.text.normalize.amounts import Fractions, Money, measures, nouns, plain_numbers
from ttm.text.normalize.calendar import Calendar
from ttm.text.normalize.clock import times
from ttm.text.normalize.context import next_word
from ttm.text.normalize.numerals import START, Amount, Noun, Numerals
from ttm.text.normalize.roman import Romans
from ttm.text.normalize.symbols import symbols
from ttm.text.normalize.telephones import telephones


def _agreed(said: str, form: str) -> str:
    if said == "uno" and form[:1] != "k":
        return {"m": "un", "f": "una", "elided": "un'"}.get(form, said)
    return f"{said[:-1]}é" if said.endswith("tre") and said != "tre" else said


_NUMERALS = Numerals(
    language="it",
    agreed=_agreed,
    thousands=("mille", "mila"),
    scales=(
        (10**12, "un bilione", "bilioni"),
        (10**9, "un miliardo", "miliardi"),
        (10**6, "un milione", "milioni"),
    ),
    point="virgola",
    full_stop="punto",
    minus="meno",
    to="a",
    ratio="a",
    glue="",
    of="di",
)

_AGREEMENT = Agreement(
    feminine=re.compile(
        r"(?:a|zione|sione|gione|tà|tù|udine|trice)$"
        r"|^(?:notte|mano|chiave|classe|parte|madre|moglie|morte|arte|legge|voce|luce|croce|rete|fonte"
        r"|nave|neve|foto|moto|radio|auto|pelle|stazione|canzone|lezione|opinione|sete|fame|carne|fine)$"
    ),
    feminines=re.compile(r"e$"),
    masculines=re.compile(r"i$"),
    others=words(
        "di del dello della dei degli delle d e ed o a al allo alla ai agli alle in nel nella nei "
        "da dal dalla dai dalle per con su sul sulla senza che è sono era ha hanno non si se lo la "
        "le il i gli un una uno più meno come ma fra tra fino dopo prima poi quando dove mentre "
        "anche ancora già ogni oltre circa"
    ),
    irregular=words(
        "problema tema sistema programma pianeta clima poema dramma diploma giornalista turista "
        "artista poeta cinema gorilla grammo schema"
    ),
    labels=words(
        "capitolo pagina numero articolo parte tomo volume livello linea gruppo versione tappa "
        "figura tabella allegato sezione fase classe binario sala stanza fila tipo il al del "
        "giorno canale"
    ),
)


_TAKES_UNO = re.compile(r"s[^aeiou]|z|gn|ps|x|y")


def _gender(match: re.Match[str], whole: int) -> str:
    gender = _AGREEMENT.gender(match, whole)
    noun = next_word(match, directly=True).lower()
    if gender == "m" and _TAKES_UNO.match(noun):
        return "uno"
    return "elided" if gender == "f" and noun.startswith(tuple("aeiou")) else gender


def _day(match: re.Match[str], day: int) -> str:
    elided = match.string[match.start() - 1 : match.start()] in ("'", "’")
    return "primo" if day == 1 and not elided else _NUMERALS.cardinal(day)


_CALENDAR = Calendar(
    months=(
        "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto",
        "settembre", "ottobre", "novembre", "dicembre",
    ),
    shorts={
        "gen.": 1, "feb.": 2, "mar.": 3, "apr.": 4, "mag.": 5, "giu.": 6, "lug.": 7, "ago.": 8,
        "set.": 9, "ott.": 10, "nov.": 11, "dic.": 12,
    },
    day=_day,
    year=_NUMERALS.cardinal,
    to="a",
    mark="[º°]?",
)  # fmt: skip


def _time(hours: int, minutes: int, seconds: int | None, mark: str) -> str:
    said = "una" if hours == 1 else _NUMERALS.cardinal(hours)
    if minutes or seconds:
        said += f" e {_NUMERALS.cardinal(minutes)}"
    if not seconds:
        return said
    return f"{said} e {_NUMERALS.counted(Amount(seconds), Noun('secondo', 'secondi'))}"


def _ordinal(n: int, gender: str) -> str:
    said = spelling.ordinal(n, "it")
    return f"{said[:-1]}a" if gender == "f" else said


def _counted_off(match: re.Match[str]) -> str:
    return _ordinal(int(match[1]), "f" if match[2] == "ª" else "m")


def _century(match: re.Match[str], n: int) -> str:
    return _ordinal(n, "f" if next_word(match).lower() == "guerra" else "m")


def _decade(match: re.Match[str]) -> str:
    return _NUMERALS.cardinal(int(match[1]))


_ABBREVIATIONS = abbreviations(
    anywhere={
        "ecc.": "eccetera", "es.": "esempio", "p. es.": "per esempio", "a. C.": "avanti Cristo",
        "d. C.": "dopo Cristo", "ca.": "circa", "tel.": "telefono", "max.": "massimo",
        "c.a.": "corrente anno", "S.p.A.": "società per azioni", "p.v.": "prossimo venturo",
        "u.s.": "ultimo scorso", "cfr.": "confronta", "P.S.": "post scriptum", "c/o": "presso",
        "gent.mo": "gentilissimo", "gent.ma": "gentilissima", "egr.": "egregio",
        "spett.": "spettabile",
    },
    numbers={
        "n.": "numero", "nr.": "numero", "n°": "numero", "nº": "numero", "p.": "pagina",
        "pag.": "pagina", "pagg.": "pagine", "pp.": "pagine", "art.": "articolo", "vol.": "volume",
        "cap.": "capitolo", "fig.": "figura", "tab.": "tabella", "min.": "minimo",
    },
    names={
        "Sig.": "signor", "Sig.ra": "signora", "Sig.na": "signorina", "Sigg.": "signori",
        "Dott.": "dottor", "Dr.": "dottor", "Dott.ssa": "dottoressa", "Prof.": "professor",
        "Prof.ssa": "professoressa", "Ing.": "ingegner", "Avv.": "avvocato", "Arch.": "architetto",
        "Geom.": "geometra", "Rag.": "ragionier", "On.": "onorevole", "Mons.": "monsignor",
    },
)  # fmt: skip

_UNITS = nouns("""
    km chilometro chilometri; m metro metri; dm decimetro decimetri; cm centimetro centimetri;
    mm millimetro millimetri; µm,μm micrometro micrometri; nm nanometro nanometri;
    kg chilogrammo chilogrammi; g,gr grammo grammi; mg milligrammo milligrammi;
    t tonnellata tonnellate f; q quintale quintali; hg,etto ettogrammo ettogrammi; l,L litro litri;
    dl decilitro decilitri; cl centilitro centilitri; ml,mL millilitro millilitri;
    hl ettolitro ettolitri; km²,km2,kmq chilometro_quadrato chilometri_quadrati;
    m²,m2,mq metro_quadrato metri_quadrati; cm²,cm2 centimetro_quadrato centimetri_quadrati;
    ha ettaro ettari; m³,m3,mc metro_cubo metri_cubi; cm³,cm3 centimetro_cubo centimetri_cubi;
    h ora ore f; min minuto minuti; s,sec secondo secondi; ms millisecondo millisecondi; W watt;
    kW chilowatt; MW megawatt; GW gigawatt; kWh chilowattora; MWh megawattora;
    s²,s2 secondo_quadrato; V volt; kV chilovolt; mA milliampere; Hz hertz; kHz chilohertz;
    MHz megahertz; GHz gigahertz; KB,kB chilobyte; MB megabyte; GB gigabyte; TB terabyte;
    kcal chilocaloria chilocalorie f; J joule; kJ chilojoule; hPa ettopascal; bar bar; dB decibel;
    °C,ºC grado_Celsius gradi_Celsius; mln,Mln milione milioni; mld,Mld miliardo miliardi;
    °F grado_Fahrenheit gradi_Fahrenheit; ° grado gradi; % per_cento n; ‰ per_mille;
    CV cavallo cavalli; km/h chilometro_all'ora chilometri_all'ora; Mbit megabit
""")

_MONEY = Money(
    units=nouns("""
        €,EUR euro; $,US$,USD dollaro dollari; £,GBP sterlina sterline f; ¥,JPY yen;
        CHF franco_svizzero franchi_svizzeri
    """),
    cents=nouns("""
        €,EUR centesimo centesimi; $,US$,USD centesimo centesimi; £,GBP penny pence;
        CHF centesimo centesimi
    """),
    scales=nouns("""
        mln,Mln,milione,milioni milione milioni; mld,Mld,miliardo,miliardi miliardo miliardi
    """),
    joint=" e ",
)

_FRACTIONS = Fractions(
    parts=dict(enumerate(nouns("""
        3 terzo terzi; 4 quarto quarti; 5 quinto quinti; 6 sesto sesti; 7 settimo settimi;
        8 ottavo ottavi; 9 nono noni; 10 decimo decimi
    """).values(), 3)),
    half={"": "un mezzo", "m": "mezzo", "f": "mezza", "elided": "mezza"},
    and_half={"": " e mezzo"},
    joint=" e ",
)  # fmt: skip

_ROMANS = Romans(
    kings=words(
        "Luigi Carlo Vittorio Emanuele Umberto Filippo Enrico Federico Francesco Ferdinando "
        "Giovanni Paolo Pio Benedetto Gregorio Leone Innocenzo Clemente Urbano Giulio Alessandro "
        "Sisto Bonifacio Guglielmo Giorgio Edoardo Nicola Pietro Napoleone Leopoldo Ramses Ramsete "
        "Riccardo Amedeo Cosimo Giuseppe Alfonso Ottone Adriano Giacomo"
    ),
    queens=words("Elisabetta Caterina Maria Isabella Margherita Giovanna Cleopatra"),
    ruler=lambda match, n, gender: _ordinal(n, gender),
    ordinal=_century,
    centuries=("secolo", "secoli", "sec", "guerra"),
    cardinal=_NUMERALS.cardinal,
    labels=words(
        "capitolo cap tomo volume vol libro parte atto scena titolo allegato articolo art tipo fase"
    ),
)

_BEFORE_TIME = "(?:(?<=alle )|(?<=dalle )|(?<=ore )|(?<=le ))"

_SYMBOLS = symbols(
    between={
        "&": "e", "+": "più", "=": "uguale a", "<": "minore di", ">": "maggiore di", "×": "per",
        "·": "per", "*": "per", "÷": "diviso", "−": "meno", "-": "meno", "±": "più o meno",
        "≈": "circa", "≤": "minore o uguale a", "≥": "maggiore o uguale a", "≠": "diverso da",
    },
    before={
        "+": "più", "±": "più o meno", "≈": "circa", "~": "circa", "<": "meno di",
        ">": "più di", "≤": "al massimo", "≥": "almeno", "§": "paragrafo",
    },
)  # fmt: skip

RULES: tuple[Rule, ...] = (
    *addresses(
        _NUMERALS, {"@": "chiocciola", "/": "barra", "-": "trattino", "_": "trattino basso"}
    ),
    emoji.rule("it"),
    telephones(
        _NUMERALS.digits,
        "più",
        "telefono",
        r"[Tt]el|[Tt]elefono|[Ff]ax|[Cc]ell(?:ulare)?",
        r"0\d{1,3}[ /-]\d{5,8}",
    ),
    *_CALENDAR.rules(),
    Rule("dates", re.compile(r"(?<!\S)['’‘](\d\d)(?![\w'’])"), _decade),
    *times(_time, "a", "H:M(?::S)?", rf"{_BEFORE_TIME}H\.M"),
    Rule(
        "ordinals",
        re.compile(
            rf"{START}(\d{{1,4}})(?:\.?([ºª])"
            r"|°(?= (?!a |e |di |in |all|nord|sud|est|ovest)[a-zà-ù]))(?!\w)"
        ),
        _counted_off,
    ),
    _MONEY.rule(_NUMERALS, _UNITS, "per"),
    measures(_NUMERALS, _UNITS, "per"),
    *_ABBREVIATIONS,
    _ROMANS.rule(),
    _FRACTIONS.rule(_NUMERALS, _gender),
    *plain_numbers(_NUMERALS, _gender),
    *_SYMBOLS,
)
