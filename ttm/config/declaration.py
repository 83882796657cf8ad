"""How a setting is declared: a field of a dataclass that knows what it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from ttm.errors import UsageError

Table = Mapping[str, Any]
"""A TOML table of the user's own names, as deep as JSON allows."""

Value = bool | int | float | str | tuple[int, ...] | Table
"""What a setting can hold."""


def setting(
    default: Value | type[dict[str, Any]],
    sentence: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Value, ...] = (),
    expects: str = "",
    check: Callable[[Any], object] | None = None,
) -> Any:
    """A field that knows what it means.

    Beside a range, `choices` are values outside it that are accepted too. Text with a range may
    be written as a number; of a list, the range is each number's. `check` raises UsageError for
    text, or a table, that cannot be meant; `expects` says what would be right, where type, range
    and choices do not. A default of `dict` is an empty table.
    """
    about = {
        "sentence": sentence,
        "unit": unit,
        "low": low,
        "high": high,
        "choices": choices,
        "expects": expects,
        "check": check,
    }
    if default is dict:
        return field(default_factory=dict, metadata=about)
    return field(default=default, metadata=about)


def named(kind: type[Any], sentence: str) -> Any:
    """A field that holds one section of this kind for each name that the user gives it."""
    return field(default_factory=dict, metadata={"sentence": sentence, "named": kind})


def is_path(text: str) -> None:
    """Raise UsageError for what cannot be a path."""
    if "\0" in text:
        raise UsageError("no path holds a NUL character")


def is_device(text: str) -> None:
    """Raise UsageError for what is no device of torch."""
    import re

    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", text):
        raise UsageError("no such device")


def is_address(text: str) -> None:
    """Raise UsageError for what is no address of a server; empty is none yet."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    # A name or a key in the address would be shown wherever the address is.
    plain = text.isascii() and text.isprintable() and not set(text) & set("@?# ")
    if text and not (sound and plain):
        raise UsageError("no such address")
