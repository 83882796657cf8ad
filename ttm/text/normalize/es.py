"""Spanish."""

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

_SHORTENED = re.compile(r"(veinti)?uno$")


def _agreed(said: str, form: str) -> str:
    if form in ("", "n"):
        return said
    if form[-1] == "f":
        said = re.sub(r"(cient|quinient)os\b", r"\1as", said)
    if form == "f":
        return re.sub(r"uno$", "una", said)
    return _SHORTENED.sub(lambda match: "veintiún" if match[1] else "un", said)


_NUMERALS = Numerals(
    language="es",
    agreed=_agreed,
    thousands=("mil", " mil"),
    scales=((10**12, "un billón", "billones"), (10**6, "un millón", "millones")),
    point="coma",
    full_stop="punto",
    minus="menos",
    to="a",
    ratio="a",
    of="de",
)

_NOT_NOUNS = words(
    "de del y e o u a al en por para con sin que es son era fue hay está se lo la los las un una "
    "unos unas más menos ni no como si su sus mi tu hasta desde entre sobre cuando donde pero muy "
    "ya le les después antes además mientras tras según ellas ellos estas estos esas esos otras "
    "gracias apenas ambas ambos tres seis dos quizás"
)

_AGREEMENT = Agreement(
    feminine=re.compile(
        r"(?:a|ión|dad|tad|tud|umbre|ez)$"
        r"|^(?:noche|tarde|clase|calle|parte|gente|mujer|flor|torre|llave|fuente|imagen|orden|base"
        r"|frase|nube|mano|foto|moto|radio|red|señal|piel|serie|sede|tarde|carne|leche|muerte|suerte)$"
    ),
    feminines=re.compile(
        r"(?:(?<!ist)as|iones|dades|tades|tudes|umbres|eces)$"
        r"|^(?:noches|tardes|clases|calles|partes|mujeres|flores|torres|llaves|fuentes|imágenes"
        r"|órdenes|bases|frases|nubes|manos|fotos|motos|radios|redes|señales|series|sedes|muertes)$"
    ),
    masculines=re.compile(r"s$"),
    others=_NOT_NOUNS,
    irregular=words(
        "día días problema problemas tema temas sistema sistemas programa programas planeta "
        "planetas mapa mapas idioma idiomas clima climas poema poemas drama dramas avión camión "
        "aviones camiones gramas atleta atletas colega colegas poeta poetas tranvía tranvías "
        "diploma diplomas juez jueces pez peces pijama pijamas sofá cura curas guardia guardias"
    ),
    labels=words(
        "capítulo página número núm artículo parte tomo volumen nivel línea grupo versión etapa "
        "figura tabla anexo sección fase clase andén sala habitación fila tipo el al del día canal"
    ),
)


def _cardinal_day(match: re.Match[str], day: int) -> str:
    first = day == 1 and "º" in match[0]
    return "primero" if first else _NUMERALS.cardinal(day)


_CALENDAR = Calendar(
    months=(
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
        "octubre", "noviembre", "diciembre",
    ),
    shorts={"setiembre": 9},
    day=_cardinal_day,
    year=_NUMERALS.cardinal,
    to="a",
    of=" de ",
    mark=r"(?:\.?º)?",
    of_written=" (?:del? )?",
)  # fmt: skip


def _time(hours: int, minutes: int, seconds: int | None, mark: str) -> str:
    said = _NUMERALS.cardinal(hours, "f")
    if minutes or seconds:
        joint = " " if mark and minutes >= 10 else " y "
        said += joint + _NUMERALS.cardinal(minutes)
    if seconds:
        said += f" y {_NUMERALS.counted(Amount(seconds), Noun('segundo', 'segundos'))}"
    elif mark or (hours > 12 and not minutes):
        said += " hora" if hours == 1 and not minutes else " horas"
    return said


_TEENS = {11: "undécimo", 12: "duodécimo"}


def _ordinal(n: int, ending: str = "o") -> str:
    """With the ending that its nouns take: o, a, or r before a masculine noun."""
    said = _TEENS.get(n) or spelling.ordinal(n, "es").replace("décimo ", "decimo", n < 20)
    if ending == "a":
        return re.sub(r"o\b", "a", said)
    if ending == "r" and n % 10 in (1, 3) and n not in _TEENS:
        return said[:-1]
    return said


def _counted_off(match: re.Match[str]) -> str:
    n, ending = int(match[1]), match[2]
    if ending == "º" and _AGREEMENT.gender(match, 1) == "m":
        ending = "er"
    return _ordinal(n, {"ª": "a", "a": "a", "º": "o", "o": "o"}.get(ending, "r"))


def _ruler(match: re.Match[str], n: int, gender: str) -> str:
    return _ordinal(n, "a" if gender == "f" else "o") if n <= 10 else _NUMERALS.cardinal(n)


def _century(match: re.Match[str], n: int) -> str:
    return _ruler(match, n, "f" if next_word(match).lower() == "guerra" else "m")


_ABBREVIATIONS = abbreviations(
    anywhere={
        "etc.": "etcétera", "p. ej.": "por ejemplo", "EE. UU.": "Estados Unidos", "a. m.": "a eme",
        "p. m.": "pe eme", "a. C.": "antes de Cristo", "d. C.": "después de Cristo",
        "aprox.": "aproximadamente", "tel.": "teléfono", "máx.": "máximo", "mín.": "mínimo",
        "Ud.": "usted", "Uds.": "ustedes", "Vd.": "usted", "Vds.": "ustedes", "c/u": "cada uno",
        "dpto.": "departamento",
    },
    numbers={
        "n.º": "número", "nº": "número", "n°": "número", "núm.": "número", "pág.": "página",
        "págs.": "páginas", "p.": "página", "pp.": "páginas", "s.": "siglo", "art.": "artículo",
        "vol.": "volumen", "cap.": "capítulo", "fig.": "figura",
    },
    names={
        "Sr.": "señor", "Sra.": "señora", "Srta.": "señorita", "Sres.": "señores", "Dr.": "doctor",
        "Dra.": "doctora", "D.": "don", "Dña.": "doña", "D.ª": "doña", "Prof.": "profesor",
        "Ing.": "ingeniero", "Lic.": "licenciado", "Sto.": "santo", "Sta.": "santa",
        "Avda.": "avenida", "Av.": "avenida", "C/": "calle", "Pza.": "plaza",
    },
)  # fmt: skip

_UNITS = nouns("""
    km kilómetro kilómetros; m metro metros; dm decímetro decímetros; cm centímetro centímetros;
    mm milímetro milímetros; µm,μm micrómetro micrómetros; nm nanómetro nanómetros;
    kg kilogramo kilogramos; g,gr gramo gramos; mg miligramo miligramos; t tonelada toneladas f;
    l,L litro litros; dl decilitro decilitros; cl centilitro centilitros;
    ml,mL mililitro mililitros; hl hectolitro hectolitros;
    km²,km2 kilómetro_cuadrado kilómetros_cuadrados; m²,m2 metro_cuadrado metros_cuadrados;
    cm²,cm2 centímetro_cuadrado centímetros_cuadrados; ha hectárea hectáreas f;
    m³,m3 metro_cúbico metros_cúbicos; cm³,cm3 centímetro_cúbico centímetros_cúbicos;
    h,hs hora horas f; min minuto minutos; s,seg segundo segundos; ms milisegundo milisegundos;
    W vatio vatios; kW kilovatio kilovatios; MW megavatio megavatios; GW gigavatio gigavatios;
    kWh kilovatio_hora kilovatios_hora; MWh megavatio_hora megavatios_hora; s²,s2 segundo_cuadrado;
    V voltio voltios; kV kilovoltio kilovoltios; mA miliamperio miliamperios; Hz hercio hercios;
    kHz kilohercio kilohercios; MHz megahercio megahercios; GHz gigahercio gigahercios;
    KB,kB kilobyte kilobytes; MB megabyte megabytes; GB gigabyte gigabytes; TB terabyte terabytes;
    kcal kilocaloría kilocalorías f; J julio julios; kJ kilojulio kilojulios;
    hPa hectopascal hectopascales; bar bar bares; dB decibelio decibelios;
    °C,ºC grado_Celsius grados_Celsius; °F grado_Fahrenheit grados_Fahrenheit; ° grado grados;
    % por_ciento n; ‰ por_mil; CV caballo caballos; Mbit megabit megabits
""")

_MONEY = Money(
    units=nouns("""
        €,EUR euro euros; $,US$,USD dólar dólares; £,GBP libra libras f; ¥,JPY yen yenes;
        CHF franco_suizo francos_suizos; MXN peso_mexicano pesos_mexicanos;
        ARS peso_argentino pesos_argentinos
    """),
    cents=nouns("""
        €,EUR céntimo céntimos; $,US$,USD,MXN,ARS centavo centavos; £,GBP penique peniques;
        CHF céntimo céntimos
    """),
    scales=nouns("M,millón,millones millón millones; mil mil"),
    joint=" con ",
    names_cents=True,
)

_FRACTIONS = Fractions(
    parts=dict(enumerate(nouns("""
        3 tercio tercios; 4 cuarto cuartos; 5 quinto quintos; 6 sexto sextos; 7 séptimo séptimos;
        8 octavo octavos; 9 noveno novenos; 10 décimo décimos
    """).values(), 3)),
    half={"": "un medio", "m": "medio", "f": "media"},
    and_half={"": " y medio", "f": " y media"},
    joint=" y ",
)  # fmt: skip

_ROMANS = Romans(
    kings=words(
        "Felipe Carlos Alfonso Fernando Luis Enrique Juan Pablo Pío Benedicto Gregorio León "
        "Inocencio Clemente Urbano Pedro Jaime Sancho Guillermo Jorge Eduardo Federico Nicolás "
        "Alejandro Napoleón Leopoldo Ramsés Ricardo Francisco José Ramiro Bonifacio Sixto Julio "
        "Adriano Jacobo"
    ),
    queens=words("Isabel Catalina María Juana Margarita Cristina Berenguela Urraca"),
    ruler=_ruler,
    ordinal=_century,
    centuries=("siglo", "siglos", "s", "guerra"),
    cardinal=_NUMERALS.cardinal,
    labels=words(
        "capítulo cap tomo volumen vol libro parte acto escena título anexo artículo art tipo fase"
    ),
)

_SYMBOLS = symbols(
    between={
        "&": "y", "+": "más", "=": "igual a", "<": "menor que", ">": "mayor que", "×": "por",
        "·": "por", "*": "por", "÷": "entre", "−": "menos", "-": "menos", "±": "más menos",
        "≈": "aproximadamente", "≤": "menor o igual que", "≥": "mayor o igual que",
        "≠": "distinto de",
    },
    before={
        "+": "más", "±": "más menos", "≈": "aproximadamente", "~": "aproximadamente",
        "<": "menos de", ">": "más de", "≤": "como máximo", "≥": "como mínimo", "§": "párrafo",
    },
)  # fmt: skip

RULES: tuple[Rule, ...] = (
    *addresses(_NUMERALS, {"@": "arroba", "/": "barra", "-": "guion", "_": "guion bajo"}),
    emoji.rule("es"),
    telephones(
        _NUMERALS.digits,
        "más",
        "teléfono",
        r"[Tt]el|[Tt]eléfono|[Ff]ax|[Mm]óvil|[Ll]lam[ae] al",
        r"[689]\d\d(?: \d\d){3}",
    ),
    *_CALENDAR.rules(),
    *times(
        _time, "a", r"H:M(?::S)?(?: ?(?P<mark>horas|hs?)\.?)?", r"H[.]M ?(?P<mark>horas|hs?)\.?"
    ),
    _MONEY.rule(_NUMERALS, _UNITS, "por"),
    measures(_NUMERALS, _UNITS, "por"),
    *_ABBREVIATIONS,
    Rule(
        "ordinals", re.compile(rf"{START}(\d{{1,3}})\.?(er|[ºª]|(?<=\.)[oa])(?!\w)"), _counted_off
    ),
    _ROMANS.rule(),
    _FRACTIONS.rule(_NUMERALS, _AGREEMENT.gender),
    *plain_numbers(_NUMERALS, _AGREEMENT.gender),
    *_SYMBOLS,
)
