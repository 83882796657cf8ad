"""One setting's value: from TOML or from text, checked; and spelled for people."""

from __future__ import annotations

import math
import re
from typing import Any

from ttm.config.catalogue import Setting
from ttm.config.declaration import Table, Value
from ttm.errors import UsageError

SHOWN = 40
"""Characters of a wrong value that are repeated to its user."""

LISTED = 64
"""Numbers that a list, and entries that a table may hold."""

TABLE_MAX = 10_000
"""Characters of a table that is typed."""

DEEPEST = 4
"""Tables that a table may hold within each other."""

WORDS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
"""How the environment and `--set` say yes and no."""


def from_toml(setting: Setting, value: object) -> Value:
    """`value` as the setting's type: a whole number will do for a number, nothing else for
    anything else.

    Raises UsageError with what was expected and what was got.
    """
    if setting.type is tuple:
        return _listed(setting, value, value)
    if setting.type is dict:
        return _table(setting, value, value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    # Compared before it is converted: an int can be too large for a float, or for text.
    if number and setting.low is not None and not _accepted(setting, value):
        raise _wrong(setting, value)
    if setting.type is float and number:
        return float(value)  # type: ignore[arg-type]
    if setting.type is str and number and setting.low is not None:
        return _checked(setting, str(value))
    if isinstance(value, str) and setting.type is str:
        return _checked(setting, value)
    if setting.type is not type(value) or not _accepted(setting, value):
        raise _wrong(setting, value)
    assert isinstance(value, bool | int)
    return value


def from_text(setting: Setting, text: str) -> Value:
    """What `text`, typed by somebody, means for this setting.

    Raises UsageError with what was expected and what was got.
    """
    if setting.type is str:
        return _checked(setting, text)
    if setting.type is tuple:
        bare = text.strip()
        words = (bare[1:-1] if bare[:1] + bare[-1:] == "[]" else bare).split(",")
        # int() would also take 1_0, and more digits than it can read.
        plain = all(re.fullmatch(r"\s*\d{1,9}\s*", word, re.A) for word in words)
        return _listed(setting, [int(word) for word in words] if plain else None, text)
    if setting.type is dict:
        return _table(setting, _inline(text), text)
    word = text.strip().casefold()
    try:
        if setting.type is bool:
            return WORDS[word]
        value: int | float = int(word) if setting.type is int else float(word)
    except (KeyError, ValueError):
        raise _wrong(setting, text) from None
    if "_" in word or not _accepted(setting, value):
        raise _wrong(setting, text)
    return value


def _listed(setting: Setting, numbers: object, given: object) -> tuple[int, ...]:
    if isinstance(numbers, list) and 0 < len(numbers) <= LISTED:
        if all(type(each) is int and _accepted(setting, each) for each in numbers):
            return tuple(numbers)
    raise _wrong(setting, given)


def _inline(text: str) -> object:
    """What an inline table of TOML, `{ a = "b" }`, holds; None for anything else."""
    import tomllib

    if len(text) > TABLE_MAX:
        return None
    try:
        found = tomllib.loads(f"x = {text.strip()}")
    except (ValueError, RecursionError):
        return None
    return found["x"] if len(found) == 1 else None


def _table(setting: Setting, value: Any, given: object) -> Table:
    if isinstance(value, dict) and _plain(value, DEEPEST):
        try:
            if setting.check:
                setting.check(value)
            return value
        except UsageError:
            pass
    raise _wrong(setting, given)


def _plain(value: object, deeper: int) -> bool:
    """Whether JSON can hold it too, and a person could have written it."""
    if isinstance(value, dict | list):
        inside = value.values() if isinstance(value, dict) else value
        return len(value) <= LISTED and deeper > 0 and all(_plain(v, deeper - 1) for v in inside)
    if isinstance(value, str):
        return value.isprintable() and not any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and value.bit_length() <= 64


def _accepted(setting: Setting, value: object) -> bool:
    if setting.low is not None and setting.high is not None and isinstance(value, int | float):
        return setting.low <= value <= setting.high or value in setting.choices
    return not setting.choices or value in setting.choices


def _checked(setting: Setting, text: str) -> str:
    try:
        text.encode()
        if setting.check:
            setting.check(text)
    except (UnicodeEncodeError, UsageError):
        raise _wrong(setting, text) from None
    if setting.choices and text not in setting.choices:
        raise _wrong(setting, text)
    return text


def _wrong(setting: Setting, value: object) -> UsageError:
    return UsageError(f"expected {expected(setting)}, got {shown(value)}")


def expected(setting: Setting) -> str:
    """What would be right, in words."""
    if setting.expects:
        return setting.expects
    if setting.type is bool:
        return "true or false"
    if setting.type is dict:
        return "a table"
    either = ", ".join(str(each) for each in setting.choices[:-1])
    either += (" or " if either else "") + "".join(str(each) for each in setting.choices[-1:])
    if setting.low is None or setting.high is None:
        return either or "text"
    kind = "a whole number" if setting.type is int else "a number"
    if setting.type is tuple:
        kind = "whole numbers in a list, each"
    unit = f" {setting.unit}" if setting.unit else ""
    span = f"{kind} from {setting.low:.15g} to {setting.high:.15g}{unit}"
    return f"{either} or {span}" if either else span


def spelled(value: Value | list[Any]) -> str:
    """`value` as TOML spells it, on one line."""
    if isinstance(value, str):
        return '"' + "".join(map(_spelled_character, value)) + '"'
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(spelled, value))}]"
    if isinstance(value, dict):
        inside = ", ".join(f"{_spelled_key(key)} = {spelled(v)}" for key, v in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _spelled_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else spelled(key)


def _spelled_character(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shown(value: object) -> str:
    """A wrong value, short and safe to print."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, int) and value.bit_length() > 128:
        return "a huge number"
    if isinstance(value, bool | int | float | str):
        cut = isinstance(value, str) and len(value) > SHOWN
        return spelled(value[:SHOWN] if isinstance(value, str) else value) + ("…" if cut else "")
    return f"a {type(value).__name__}"
