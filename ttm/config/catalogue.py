"""The list of settings, made from their declaration, and the look-up by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from types import MappingProxyType
from typing import Any

from ttm.config.sections import Sections, Value
from ttm.errors import UnknownName, UsageError, nearest

PROFILE_NAME = r"[a-z0-9][a-z0-9_-]{0,63}"
"""What a profile may be called."""

Kind = type[bool] | type[int] | type[float] | type[str] | type[tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, with everything that is known about it."""

    key: str
    """`say.rate`."""
    type: Kind
    default: Value
    unit: str
    sentence: str
    low: float | None
    high: float | None
    choices: tuple[Value, ...]
    """What is accepted; beside a range, what is accepted outside it."""
    expects: str
    check: Callable[[str], object] | None
    variable: str
    """The environment's name for it, `TTM_SAY_RATE`."""


def _declared(kind: Any, prefix: str = "") -> Iterator[Setting]:
    for each in fields(kind):
        key = prefix + each.name
        if each.default is MISSING:
            yield from _declared(each.default_factory, key + ".")
        else:
            variable = "TTM_" + key.replace(".", "_").upper()
            yield Setting(key, type(each.default), each.default, variable=variable, **each.metadata)


def _sections(kind: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    for each in fields(kind):
        if each.default is MISSING:
            yield prefix + each.name, each.metadata["sentence"]
            yield from _sections(each.default_factory, f"{prefix}{each.name}.")


SETTINGS: Mapping[str, Setting] = MappingProxyType({each.key: each for each in _declared(Sections)})
"""Every setting by its key, in the order of their declaration."""

SECTIONS: Mapping[str, str] = MappingProxyType(dict(_sections(Sections)))
"""Every table's name, with what it is about."""


def every_setting() -> list[Setting]:
    """Every setting, in the order of their declaration."""
    return list(SETTINGS.values())


def find(key: str) -> Setting:
    """The setting with exactly this key. Raises UnknownName with the nearest one."""
    if found := SETTINGS.get(key):
        return found
    hint = suggestion(key.split("."))
    raise UnknownName(f"there is no setting '{key}'", hint or "`ttm config show` lists them all")


def match(name: str) -> list[Setting]:
    """The setting that `name` begins, or all of the section it names.

    Raises UsageError when it begins several, UnknownName when it begins none.
    """
    if name in SETTINGS:
        return [SETTINGS[name]]
    section = name.removesuffix(".") + "."
    if inside := [each for each in every_setting() if each.key.startswith(section)]:
        return inside
    hits = [each for each in every_setting() if name and each.key.startswith(name)]
    if len(hits) > 1:
        raise UsageError(f"'{name}' could be " + ", ".join(each.key for each in hits))
    return hits or [find(name)]


def suggestion(path: list[str], *, table: bool = False) -> str:
    """`did you mean 'say.rate'?` for a wrong path into a file, else empty."""
    prefix = ".".join(path[:2]) + "." if path[0] == "profiles" and len(path) > 2 else ""
    key = ".".join(path).removeprefix(prefix)
    known = [*SECTIONS, "profiles"] if table else list(SETTINGS)
    if len(key) > 64:
        return ""
    same_name = [each for each in known if each.rpartition(".")[2] == path[-1]]
    hits = same_name if len(same_name) == 1 else nearest(key, known, 1)
    return f"did you mean '{prefix}{hits[0]}'?" if hits else ""
