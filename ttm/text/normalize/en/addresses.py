"""Web and e-mail addresses, paths, files, handles and tags, as one would tell them."""

from __future__ import annotations

import re

from ttm.text.normalize import Rule
from ttm.text.normalize.en.numbers import paired

_SIGNS = {
    ".": "dot", "/": "slash", "-": "dash", "_": "underscore", "@": "at", ":": "colon",
    "?": "question mark", "=": "equals", "&": "and", "+": "plus", "#": "hash", "%": "percent",
    "~": "tilde", "\\": "backslash", ",": "comma", ";": "semicolon", "*": "star", "$": "dollar",
    "!": "exclamation mark", "'": "apostrophe", "(": "open paren", ")": "close paren",
}  # fmt: skip
_PIECE = re.compile(r"[^\W\d_]+|\d+|.", re.DOTALL)
_DOMAINS = (
    "com|org|net|edu|gov|mil|int|io|dev|app|ai|co|uk|de|fr|es|eu|ca|au|jp|cn|ru|br|nl|ch|dk|pl"
    "|se|info|biz|tv|xyz|online|site|tech|cloud|club|shop|blog|wiki|news|page|gg|fm|ly|sh|nz|za"
)
_FILES = (
    "html?|pdf|md|txt|py|js|ts|jsx|tsx|css|json|ya?ml|toml|xml|csv|tsv|png|jpe?g|gif|svg|webp|mp[34]"
    "|wav|flac|ogg|opus|m4a|mkv|avi|mov|zip|tar|gz|tgz|bz2|xz|7z|exe|dmg|deb|rpm|iso|docx?|xlsx?"
    "|pptx?|odt|epub|rst|tex|log|ini|cfg|conf|sh|bat|ps1|rs|go|c|h|cpp|hpp|java|rb|php|sql|db|bak"
    "|lock|ipynb|whl|so|dll|srt|vtt|NET"
)
_SPOKEN = frozenset("co tv me".split())
"""Endings of two letters that are said as a word or as they are."""
_VOWELS = re.compile("[aeiou]", re.IGNORECASE)
_ENDING = re.compile(r"\.([A-Za-z]{2,5}\d?)(?=[/:?#]|\Z)")
_SPELLED = frozenset(
    "exe avi iso xlsx odt deb ini html htm jsx tsx epub ai io eu au es se de uk".split()
)

_LABEL = r"[A-Za-z\d](?:[\w-]{0,61}[A-Za-z\d])?+"
_TAIL = r"(?:[/?#][\w\-./?=&%#~+:@!$,;*'()]{0,2000}+)?"
_TRAILING = ".,;:!?'\")("


def tell(address: str) -> str:
    """An address, sign by sign."""
    said: list[str] = []
    endings = {found.start(1): found[1] for found in _ENDING.finditer(address)}
    for piece in _PIECE.finditer(address):
        text = piece[0]
        if text in _SIGNS:
            said.append(_SIGNS[text])
        elif text.isdigit():
            said.append(paired(text))
        elif piece.start() in endings and _is_spelled(text):
            said.append(" ".join(text))
        else:
            said.append(text)
    return " ".join(said)


def _is_spelled(ending: str) -> bool:
    bare = ending.lower()
    return bare in _SPELLED or not _VOWELS.search(bare) or (len(bare) == 2 and bare not in _SPOKEN)


def _trimmed(address: str) -> tuple[str, str]:
    """An address without the punctuation of the sentence around it, and that."""
    end = len(address)
    while end and address[end - 1] in _TRAILING:
        if address[end - 1] == ")" and address.count("(", 0, end) >= address.count(")", 0, end):
            break
        end -= 1
    return address[:end], address[end:]


def _web(match: re.Match[str]) -> str | None:
    address, rest = _trimmed(match[0])
    bare = re.sub(r"\A(?:[a-z]{2,8}://)?(?:www\.)?", "", address, flags=re.IGNORECASE)
    return tell(bare.rstrip("/")) + rest if bare else None


def _mail(match: re.Match[str]) -> str:
    return tell(re.sub(r"\Amailto:", "", match[0], flags=re.IGNORECASE))


def _path(match: re.Match[str]) -> str:
    path, rest = _trimmed(match[0])
    return tell(path.rstrip("/") or path) + rest


def _handle(match: re.Match[str]) -> str:
    return tell(match[0])


def _tag(match: re.Match[str]) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", match[1]).replace("_", " ")
    return f"hashtag {' '.join(tell(word) for word in words.split())}"


RULES = (
    Rule(
        "addresses",
        re.compile(r"\b(?:https?|ftp|ssh|git|file)://[^\s<>\"“”{}|^`\[\]]{1,2000}+", re.IGNORECASE),
        _web,
    ),
    Rule(
        "addresses",
        re.compile(
            rf"(?<![\w.+%@-])(?:mailto:)?[\w.+%-]{{1,64}}+@(?:{_LABEL}\.){{1,8}}[A-Za-z]{{2,24}}(?![\w@])"
        ),
        _mail,
    ),
    Rule(
        "addresses",
        re.compile(
            rf"(?<![\w.@/-])www\.(?:{_LABEL}\.){{1,8}}[A-Za-z]{{2,24}}(?::\d{{1,5}})?{_TAIL}"
        ),
        _web,
    ),
    Rule(
        "addresses",
        re.compile(
            rf"(?<![\w.@/-])(?:(?:{_LABEL}\.){{1,8}}(?:{_DOMAINS})|localhost(?=:\d))"
            rf"(?![\w@-]|\.\w)(?::\d{{1,5}})?{_TAIL}"
        ),
        _web,
    ),
    Rule("addresses", re.compile(r"(?<![\w])[A-Za-z]:\\[\w\\.~$ -]{0,200}[\w\\]"), _path)
    if False
    else Rule("addresses", re.compile(r"(?<!\w)[A-Za-z]:\\[\w\\.~$-]{0,200}+"), _path),
    Rule(
        "addresses",
        re.compile(r"(?<![\w/.~])(?:~|\.{1,2})?(?:/[A-Za-z_.\d][\w.@+-]{0,100}+){1,20}+/?"),
        _path,
    ),
    Rule(
        "addresses",
        re.compile(
            rf"(?<![\w./@-])(?:[\w.-]{{1,64}}+/){{0,12}}+[A-Za-z_][\w-]{{0,63}}(?:\.[\w-]{{1,32}}){{0,3}}?"
            rf"\.(?:{_FILES})(?![\w@/-]|\.\w)"
        ),
        _path,
    ),
    Rule("addresses", re.compile(r"(?<![\w@.])@[A-Za-z_]\w{1,30}+(?!@)"), _handle),
    Rule("addresses", re.compile(r"(?<![\w#&])#([A-Za-z_]\w{1,60}+)"), _tag),
)
