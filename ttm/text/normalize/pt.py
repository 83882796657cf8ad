"""Portuguese, as it is read in Brazil."""

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
    if form[-1:] != "f":
        return said
    said = re.sub(r"\bum$", "uma", re.sub(r"\bdois$", "duas", said))
    return re.sub(r"(ent|inhent)os\b", r"\1as", said)


_NUMERALS = Numerals(
    language="pt_BR",
    agreed=_agreed,
    thousands=("mil", " mil"),
    scales=(
        (10**12, "um trilhão", "trilhões"),
        (10**9, "um bilhão", "bilhões"),
        (10**6, "um milhão", "milhões"),
    ),
    point="vírgula",
    full_stop="ponto",
    minus="menos",
    to="a",
    ratio="a",
    link=" e ",
    of="de",
    singular=lambda n: n.whole == 1,
)

_AGREEMENT = Agreement(
    feminine=re.compile(
        r"(?:a|ção|são|dade|gem|tude|ez|triz)$"
        r"|^(?:noite|tarde|parte|mulher|vez|flor|torre|chave|fonte|base|frase|mão|foto|moto|rede|pele"
        r"|série|sede|morte|sorte|luz|voz|cruz|lei|maçã|irmã|manhã|mãe|classe|ponte|nave|cor|dor)$"
    ),
    feminines=re.compile(
        r"(?:(?<!ist)as|ções|sões|dades|gens|tudes|trizes)$"
        r"|^(?:noites|tardes|partes|mulheres|vezes|flores|torres|chaves|fontes|bases|frases|mãos|fotos"
        r"|motos|redes|peles|séries|sedes|mortes|luzes|vozes|cruzes|leis|maçãs|irmãs|manhãs|mães|classes"
        r"|pontes|naves|cores|dores)$"
    ),
    masculines=re.compile(r"s$"),
    others=words(
        "de do da dos das d e ou a à ao aos às em no na nos nas por para com sem que é são foi era "
        "há está se o os as um uma uns umas mais menos nem não como seu sua meu minha até desde "
        "entre sobre quando onde mas muito já lhe depois antes além após contra pela pelas pela "
        "ela elas esta estas essa essas outra outras apenas ambas três seis dois duas nada cada "
        "toda todas fica ficava"
    ),
    irregular=words(
        "dia dias problema problemas tema temas sistema sistemas programa programas planeta "
        "planetas mapa mapas idioma idiomas clima climas poema poemas drama dramas grama gramas "
        "quilograma atleta atletas colega colegas poeta poetas diploma diplomas pijama pijamas "
        "cinema cinemas sofá sofás personagem personagens guarda guardas"
    ),
    labels=words(
        "capítulo página número artigo parte tomo volume nível linha grupo versão etapa figura "
        "tabela anexo seção fase classe plataforma sala quarto fila tipo dia canal"
    ),
)


def _day(match: re.Match[str], day: int) -> str:
    return "primeiro" if day == 1 else _NUMERALS.cardinal(day)


_CALENDAR = Calendar(
    months=(
        "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro",
        "outubro", "novembro", "dezembro",
    ),
    shorts={},
    day=_day,
    year=_NUMERALS.cardinal,
    to="a",
    of=" de ",
    mark=r"(?:\.?[º°])?",
    of_written=" (?:de )?",
)  # fmt: skip


def _time(hours: int, minutes: int, seconds: int | None, mark: str) -> str:
    said = _NUMERALS.cardinal(hours, "f")
    if not minutes and not seconds:
        return f"{said} {'hora' if hours in (0, 1) else 'horas'}"
    said += f" e {_NUMERALS.cardinal(minutes)}"
    if not seconds:
        return said
    return f"{said} e {_NUMERALS.counted(Amount(seconds), Noun('segundo', 'segundos'))}"


def _ordinal(n: int, gender: str) -> str:
    said = spelling.ordinal(n, "pt_BR")
    return re.sub(r"o\b", "a", said) if gender == "f" else said


def _counted_off(match: re.Match[str]) -> str:
    return _ordinal(int(match[1]), "f" if match[2] == "ª" or match[3] == "a" else "m")


def _century(match: re.Match[str], n: int) -> str:
    return _ruler(match, n, "f" if next_word(match).lower() == "guerra" else "m")


def _ruler(match: re.Match[str], n: int, gender: str) -> str:
    return _ordinal(n, gender) if n <= 10 else _NUMERALS.cardinal(n)


_ABBREVIATIONS = abbreviations(
    anywhere={
        "etc.": "et cetera", "p. ex.": "por exemplo", "por ex.": "por exemplo",
        "a. C.": "antes de Cristo", "d. C.": "depois de Cristo", "aprox.": "aproximadamente",
        "tel.": "telefone", "máx.": "máximo", "mín.": "mínimo", "EUA": "Estados Unidos",
        "Cia.": "companhia", "Ltda.": "limitada", "obs.": "observação",
    },
    numbers={
        "n.º": "número", "nº": "número", "n°": "número", "n.": "número", "pág.": "página",
        "págs.": "páginas", "p.": "página", "art.": "artigo", "vol.": "volume", "cap.": "capítulo",
        "fig.": "figura", "tab.": "tabela",
    },
    names={
        "Sr.": "senhor", "Sra.": "senhora", "Srta.": "senhorita", "Srs.": "senhores",
        "Dr.": "doutor", "Dra.": "doutora", "D.": "dom", "Prof.": "professor",
        "Profa.": "professora", "Profª": "professora", "Eng.": "engenheiro", "Av.": "avenida",
        "R.": "rua", "Sto.": "santo", "Sta.": "santa", "Pe.": "padre",
    },
)  # fmt: skip

_UNITS = nouns("""
    km quilômetro quilômetros; m metro metros; dm decímetro decímetros; cm centímetro centímetros;
    mm milímetro milímetros; µm,μm micrômetro micrômetros; nm nanômetro nanômetros; kg quilo quilos;
    g,gr grama gramas; mg miligrama miligramas; t tonelada toneladas f; l,L litro litros;
    dl decilitro decilitros; cl centilitro centilitros; ml,mL mililitro mililitros;
    hl hectolitro hectolitros; km²,km2 quilômetro_quadrado quilômetros_quadrados;
    m²,m2 metro_quadrado metros_quadrados; cm²,cm2 centímetro_quadrado centímetros_quadrados;
    ha hectare hectares; m³,m3 metro_cúbico metros_cúbicos;
    cm³,cm3 centímetro_cúbico centímetros_cúbicos; h hora horas f; min minuto minutos;
    s,seg segundo segundos; ms milissegundo milissegundos; W watt watts; kW quilowatt quilowatts;
    MW megawatt megawatts; GW gigawatt gigawatts; kWh quilowatt-hora quilowatts-hora;
    MWh megawatt-hora megawatts-hora; s²,s2 segundo_quadrado; V volt volts; kV quilovolt quilovolts;
    mA miliampere miliamperes; Hz hertz; kHz quilohertz; MHz megahertz; GHz gigahertz;
    KB,kB quilobyte quilobytes; MB megabyte megabytes; GB gigabyte gigabytes; TB terabyte terabytes;
    kcal quilocaloria quilocalorias f; J joule joules; kJ quilojoule quilojoules;
    hPa hectopascal hectopascais; bar bar bars; dB decibel decibéis;
    °C,ºC grau_Celsius graus_Celsius; °F grau_Fahrenheit graus_Fahrenheit; ° grau graus;
    % por_cento; ‰ por_mil; cv cavalo cavalos; Mbit megabit megabits
""")

_MONEY = Money(
    units=nouns("""
        R$,BRL real reais; €,EUR euro euros; $,US$,USD dólar dólares; £,GBP libra libras f;
        ¥,JPY iene ienes; CHF franco_suíço francos_suíços
    """),
    cents=nouns("""
        R$,BRL,$,US$,USD,€,EUR,CHF centavo centavos; £,GBP pêni pence
    """),
    scales=nouns("""
        mi,milhão,milhões milhão milhões; bi,bilhão,bilhões bilhão bilhões;
        tri,trilhão,trilhões trilhão trilhões; mil mil
    """),
    joint=" e ",
    names_cents=True,
)

_FRACTIONS = Fractions(
    parts=dict(enumerate(nouns("""
        3 terço terços; 4 quarto quartos; 5 quinto quintos; 6 sexto sextos; 7 sétimo sétimos;
        8 oitavo oitavos; 9 nono nonos; 10 décimo décimos
    """).values(), 3)),
    half={"": "um meio", "m": "meio", "f": "meia"},
    and_half={"": " e meio", "f": " e meia"},
    joint=" e ",
)  # fmt: skip

_ROMANS = Romans(
    kings=words(
        "Pedro João Luís Luis Carlos Afonso Manuel Filipe Henrique Paulo Pio Bento Gregório Leão "
        "Inocêncio Clemente Urbano Guilherme Jorge Eduardo Frederico Nicolau Alexandre Napoleão "
        "Leopoldo Ramsés Ricardo Francisco José Sancho Dinis Fernando Bonifácio Sisto Júlio Jaime "
        "Miguel"
    ),
    queens=words("Isabel Elizabeth Elisabete Catarina Maria Joana Margarida Cleópatra"),
    ruler=_ruler,
    ordinal=_century,
    centuries=("século", "séculos", "guerra"),
    cardinal=_NUMERALS.cardinal,
    labels=words(
        "capítulo cap tomo volume vol livro parte ato cena título anexo artigo art tipo fase"
    ),
)

_SYMBOLS = symbols(
    between={
        "&": "e", "+": "mais", "=": "igual a", "<": "menor que", ">": "maior que", "×": "vezes",
        "·": "vezes", "*": "vezes", "÷": "dividido por", "−": "menos", "-": "menos",
        "±": "mais ou menos", "≈": "aproximadamente", "≤": "menor ou igual a",
        "≥": "maior ou igual a", "≠": "diferente de",
    },
    before={
        "+": "mais", "±": "mais ou menos", "≈": "aproximadamente", "~": "cerca de",
        "<": "menos de", ">": "mais de", "≤": "no máximo", "≥": "no mínimo", "§": "parágrafo",
    },
)  # fmt: skip

RULES: tuple[Rule, ...] = (
    *addresses(_NUMERALS, {"@": "arroba", "/": "barra", "-": "hífen", "_": "sublinhado"}),
    emoji.rule("pt"),
    telephones(
        _NUMERALS.digits,
        "mais",
        "telefone",
        r"[Tt]el|[Tt]elefone|[Ff]ax|[Cc]elular|[Ll]igue para",
        r"\(\d\d\) ?\d{4,5}-\d{4}|(?:9\d{4}|[3-8]\d{3})-\d{4}",
    ),
    *_CALENDAR.rules(),
    *times(_time, "a", "H ?h(?: ?M(?:min)?)?", "H:M(?::S)?(?: ?(?P<mark>horas|h))?"),
    Rule(
        "ordinals",
        re.compile(
            rf"{START}(\d{{1,4}})(?:\.?([ºª])|\.([oa])"
            r"|°(?= (?!a |e |de |na |no |em |ao )[a-zà-ú]))(?!\w)"
        ),
        _counted_off,
    ),
    _MONEY.rule(_NUMERALS, _UNITS, "por"),
    measures(_NUMERALS, _UNITS, "por"),
    *_ABBREVIATIONS,
    _ROMANS.rule(),
    _FRACTIONS.rule(_NUMERALS, _AGREEMENT.gender),
    *plain_numbers(_NUMERALS, _AGREEMENT.gender),
    *_SYMBOLS,
)
