"""French."""

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
    if form[:1] == "k":  # quatre-vingt mille, deux cent mille
        return said[:-1] if said.endswith(("vingts", "cents")) else said
    return f"{said}e" if form == "f" and re.search(r"\bun$", said) else said


_NUMERALS = Numerals(
    language="fr",
    agreed=_agreed,
    thousands=("mille", " mille"),
    scales=(
        (10**12, "un billion", "billions"),
        (10**9, "un milliard", "milliards"),
        (10**6, "un million", "millions"),
    ),
    point="virgule",
    full_stop="point",
    minus="moins",
    to="à",
    ratio="à",
    of="de",
    singular=lambda n: n.whole < 2,
)

_FEMININE = (
    "(?:tion|sion|[^r]té|ée|ance|ence|ette|esse|ure|ille|ise|ière|elle|onne|ienne|euse|trice|ude|aine"
    "|\\b(?:heure|minute|seconde|page|femme|personne|année|maison|voiture|chambre|table|place|pièce"
    "|rue|école|ville|tonne|lettre|carte|photo|porte|chaise|rose|robe|étoile|image|note|ligne|règle"
    "|phrase|tasse|pomme|poire|orange|guerre|langue|île|nuit|main|fleur|mère|sœur|équipe|espèce|étape"
    "|base|chose|cause|classe|vache|chatte|part|mer|forêt|clé|chanson|leçon|façon|livraison|raison"
    "|saison|boisson|œuvre|plante|vitre|date|tête|idée|étude|goutte|fête|usine|église|branche))"
)

_AGREEMENT = Agreement(
    feminine=re.compile(rf"{_FEMININE}$|^(?:fois|voix)$"),
    feminines=re.compile(rf"{_FEMININE}s$|^(?:fois|voix)$"),
    masculines=re.compile(r"[sx]$"),
    others=words(
        "de des du d et ou à au aux en par pour avec sans que qui est sont se le la les un une "
        "plus moins ni ne comme si sur sous dans mais pas dont quand après avant depuis entre vers "
        "puis était fut sera ans dans sans alors mais jamais très trop près"
    ),
    irregular=words(
        "musée lycée trophée silence comité côté pâté été traité député arrêté musées lycées "
        "silences comités côtés députés traités domaine domaines capitaine capitaines murmure "
        "murmures"
    ),
    labels=words(
        "chapitre page numéro n° article partie tome volume niveau chambre ligne groupe version "
        "étape figure tableau annexe section phase classe quai voie salle place bus tramway le"
    ),
)


def _day(match: re.Match[str], day: int) -> str:
    return "premier" if day == 1 else _NUMERALS.cardinal(day)


_CALENDAR = Calendar(
    months=(
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
        "octobre", "novembre", "décembre",
    ),
    shorts={
        "janv.": 1, "févr.": 2, "fév.": 2, "avr.": 4, "juil.": 7, "sept.": 9, "oct.": 10,
        "nov.": 11, "déc.": 12, "aout": 8,
    },
    day=_day,
    year=_NUMERALS.cardinal,
    to="à",
    mark="(?:er)?",
)  # fmt: skip


def _time(hours: int, minutes: int, seconds: int | None, mark: str) -> str:
    said = f"{_NUMERALS.cardinal(hours, 'f')} {'heure' if hours < 2 else 'heures'}"
    if minutes or seconds:
        said += f" {_NUMERALS.cardinal(minutes, 'f')}"
    if not seconds:
        return said
    return f"{said} et {_NUMERALS.counted(Amount(seconds), Noun('seconde', 'secondes', 'f'))}"


def _ordinal(n: int, ending: str = "") -> str:
    if n == 1:
        return "première" if ending in ("re", "ère", "ere") else "premier"
    if ending in ("nd", "nde"):
        return f"secon{ending[1:]}"
    return spelling.ordinal(n, "fr").replace("vingtsième", "vingtième")


def _counted_off(match: re.Match[str]) -> str | None:
    n, ending = int(match[1]), match[2]
    if (n == 1) != (ending in ("er", "re", "ère", "ere")) or (ending[0] == "n" and n != 2):
        return None
    return _ordinal(n, ending) + match[3]


def _roman_ordinal(match: re.Match[str], n: int) -> str | None:
    suffix = match["suffix"]
    if not suffix and not next_word(match).lower().startswith("siècle"):
        return None
    return _ordinal(n, suffix or "")


def _ruler(match: re.Match[str], n: int, gender: str) -> str:
    return _ordinal(n, "re" if gender == "f" else "er") if n == 1 else _NUMERALS.cardinal(n)


def _pairs(group: str) -> str:
    """Up to three digits as a number, more in pairs."""
    if len(group) > 3:
        cut = len(group) % 2
        parts = [group[:cut]] * cut + [group[i : i + 2] for i in range(cut, len(group), 2)]
        return " ".join(map(_pairs, parts))
    zeros = len(group) - len(group.lstrip("0"))
    rest = [_NUMERALS.cardinal(int(group))] if zeros < len(group) else []
    return " ".join([*["zéro"] * zeros, *rest])


_ABBREVIATIONS = abbreviations(
    anywhere={
        "etc.": "et cetera", "M. le": "Monsieur le", "p. ex.": "par exemple",
        "par ex.": "par exemple", "c.-à-d.": "c'est-à-dire", "env.": "environ",
        "av. J.-C.": "avant Jésus-Christ", "apr. J.-C.": "après Jésus-Christ",
        "ap. J.-C.": "après Jésus-Christ", "s.v.p.": "s'il vous plaît", "S.V.P.": "s'il vous plaît",
        "tél.": "téléphone", "max.": "maximum", "éd.": "édition", "bd.": "boulevard",
        "cf.": "confer", "n. b.": "nota bene", "N. B.": "nota bene", "P.-S.": "post-scriptum",
    },
    numbers={
        "n°": "numéro", "no": "numéro", "nº": "numéro", "nos": "numéros", "p.": "page",
        "pp.": "pages", "art.": "article", "vol.": "volume", "chap.": "chapitre", "fig.": "figure",
        "min.": "minimum",
    },
    names={
        "M.": "Monsieur", "MM.": "Messieurs", "Mme": "Madame", "Mmes": "Mesdames",
        "Mlle": "Mademoiselle", "Mlles": "Mesdemoiselles", "Dr": "Docteur", "Dr.": "Docteur",
        "Pr": "Professeur", "Me": "Maître", "Mgr": "Monseigneur", "St": "Saint", "Ste": "Sainte",
        "bd": "boulevard", "av.": "avenue",
    },
)  # fmt: skip

_UNITS = nouns("""
    km kilomètre kilomètres; m mètre mètres; dm décimètre décimètres; cm centimètre centimètres;
    mm millimètre millimètres; µm,μm micromètre micromètres; nm nanomètre nanomètres;
    kg kilogramme kilogrammes; g gramme grammes; mg milligramme milligrammes; t tonne tonnes f;
    l,L litre litres; dl,dL décilitre décilitres; cl,cL centilitre centilitres;
    ml,mL millilitre millilitres; hl,hL hectolitre hectolitres;
    km²,km2 kilomètre_carré kilomètres_carrés; m²,m2 mètre_carré mètres_carrés;
    cm²,cm2 centimètre_carré centimètres_carrés; ha hectare hectares; m³,m3 mètre_cube mètres_cubes;
    cm³,cm3 centimètre_cube centimètres_cubes; h heure heures f; min,mn minute minutes f;
    s seconde secondes f; ms milliseconde millisecondes f; W watt watts; kW kilowatt kilowatts;
    MW mégawatt mégawatts; GW gigawatt gigawatts; kWh kilowattheure kilowattheures;
    MWh mégawattheure mégawattheures; s²,s2 seconde_carrée; V volt volts; kV kilovolt kilovolts;
    mA milliampère milliampères; Hz hertz; kHz kilohertz; MHz mégahertz; GHz gigahertz;
    Ko,ko kilooctet kilooctets; Mo mégaoctet mégaoctets; Go gigaoctet gigaoctets;
    To téraoctet téraoctets; kcal kilocalorie kilocalories f; J joule joules;
    kJ kilojoule kilojoules; hPa hectopascal hectopascals; bar bar bars; dB décibel décibels;
    °C degré_Celsius degrés_Celsius; °F degré_Fahrenheit degrés_Fahrenheit; ° degré degrés;
    % pour_cent; ‰ pour_mille; ch cheval chevaux; km/h kilomètre_à_l'heure kilomètres_à_l'heure;
    Mbit mégabit mégabits
""")

_MONEY = Money(
    units=nouns("""
        €,EUR euro euros; $,US$,USD dollar dollars; £,GBP livre livres f; ¥,JPY yen yens;
        CHF,FS franc_suisse francs_suisses
    """),
    cents=nouns("""
        €,EUR centime centimes; $,US$,USD cent cents; £,GBP penny pence; CHF,FS centime centimes
    """),
    scales=nouns("""
        M,million,millions million millions; Md,Mds,milliard,milliards milliard milliards
    """),
)

_FRACTIONS = Fractions(
    parts=dict(enumerate(nouns("""
        3 tiers; 4 quart quarts; 5 cinquième cinquièmes; 6 sixième sixièmes; 7 septième septièmes;
        8 huitième huitièmes; 9 neuvième neuvièmes; 10 dixième dixièmes
    """).values(), 3)),
    half={"": "un demi", "f": "une demi"},
    and_half={"": " et demi", "f": " et demie"},
)  # fmt: skip

_ROMANS = Romans(
    kings=words(
        "Louis Charles François Henri Philippe Napoléon Jean-Paul Jean Paul Pie Benoît Grégoire "
        "Léon Innocent Clément Urbain Guillaume Georges Édouard Édouard Frédéric Nicolas Alexandre "
        "Pierre Léopold Albert Baudouin Ramsès Robert Hugues Jacques Richard Rodolphe Joseph"
    ),
    queens=words("Élisabeth Elisabeth Élizabeth Elizabeth Catherine Marie Isabelle Marguerite"),
    ruler=_ruler,
    ordinal=_roman_ordinal,
    centuries=("siècle", "siècles"),
    cardinal=_NUMERALS.cardinal,
    labels=words(
        "chapitre chap tome volume vol livre partie acte scène titre annexe article art type phase "
        "paris"
    ),
    suffix="er|re|ère|ème|e",
)

_SYMBOLS = symbols(
    between={
        "&": "et", "+": "plus", "=": "égale", "<": "inférieur à", ">": "supérieur à",
        "×": "fois", "·": "fois", "*": "fois", "÷": "divisé par", "−": "moins", "-": "moins",
        "±": "plus ou moins", "≈": "environ", "≤": "inférieur ou égal à",
        "≥": "supérieur ou égal à", "≠": "différent de",
    },
    before={
        "+": "plus", "±": "plus ou moins", "≈": "environ", "~": "environ", "<": "moins de",
        ">": "plus de", "≤": "au plus", "≥": "au moins", "§": "paragraphe",
    },
)  # fmt: skip

RULES: tuple[Rule, ...] = (
    *addresses(_NUMERALS, {"@": "arobase", "/": "barre oblique", "-": "tiret", "_": "tiret bas"}),
    emoji.rule("fr"),
    telephones(
        _pairs,
        "plus",
        "téléphone",
        r"[Tt]él(?:éphone)?|[Ff]ax|[Pp]ortable",
        r"0\d(?:[ .-]?\d\d){4}",
    ),
    *_CALENDAR.rules(),
    *times(_time, "à", r"H ?h(?: ?M(?: ?min)?)?", r"H:M(?::S)?(?: ?(?P<mark>h))?"),
    _MONEY.rule(_NUMERALS, _UNITS, "par"),
    measures(_NUMERALS, _UNITS, "par"),
    *_ABBREVIATIONS,
    Rule(
        "ordinals",
        re.compile(rf"{START}(\d{{1,4}})(er|re|ère|ere|nde|nd|ème|eme|e)(s?)(?!\w)"),
        _counted_off,
    ),
    _ROMANS.rule(),
    _FRACTIONS.rule(_NUMERALS, _AGREEMENT.gender),
    *plain_numbers(_NUMERALS, _AGREEMENT.gender),
    *_SYMBOLS,
)
