"""Versions and the addresses of machines: v2.0, 3.11.7, 192.168.0.1."""

from __future__ import annotations

import re

from ttm.text.normalize import Rule
from ttm.text.normalize.context import last_word
from ttm.text.normalize.en.numbers import whole
from ttm.text.normalize.spelling import digits

_RELEASES = {"rc": "R C", "alpha": "alpha", "beta": "beta", "a": "A", "b": "B", "dev": "dev"}
_EDGE = r"(?<![\w.,:/$€£-])"
_NAMED = frozenset("version versions release releases v python java kernel".split())


def _host(match: re.Match[str]) -> str | None:
    if any(int(part) > 255 for part in match[0].split(".")):
        return None
    return " dot ".join(digits(part, "en") for part in match[0].split("."))


def _said(numbers: str) -> str:
    return " point ".join(
        digits(n, "en") if n[0] == "0" or len(n) > 3 else whole(n) for n in numbers.split(".")
    )


def _version(match: re.Match[str]) -> str | None:
    marked, numbers, release, count = match[1], match[2], match[3], match[4]
    parts = numbers.count(".") + 1
    if not marked and parts < 3 and last_word(match).lower() not in _NAMED:
        return None
    said = f"version {_said(numbers)}" if marked else _said(numbers)
    if release:
        said += f" {_RELEASES[release.lower()]}"
    return f"{said} {whole(count)}" if count else said


def _protocol(match: re.Match[str]) -> str:
    return f"{match[1]} {_said(match[2])}"


RULES = (
    Rule(
        "numbers",
        re.compile(rf"{_EDGE}\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?![\w:/]|\.\d)"),
        _host,
    ),
    Rule(
        "numbers",
        re.compile(
            rf"{_EDGE}(v(?:er)?\.? ?(?=\d))?(\d{{1,5}}+(?:\.\d{{1,5}}+){{0,4}}+)"
            r"(?:[-.]?(rc|alpha|beta|dev|a|b)[-.]?(\d{1,3})?)?(?![\w]|[-.,:/]\d)",
            re.IGNORECASE,
        ),
        _version,
    ),
    Rule("numbers", re.compile(r"\b(HTTP|TLS|SSL|HTTPS)/(\d(?:\.\d)?)(?![\w.]\d)"), _protocol),
)
