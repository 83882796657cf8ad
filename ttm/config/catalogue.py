"""The list of settings, made from their declaration, and the look-up by name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from ttm.config.declaration import Value
from ttm.config.sections import Sections
from ttm.errors import UnknownName, UsageError, nearest

PROFILE_NAME = r"[a-z0-9][a-z0-9_-]{0,63}"
"""What a profile, and a section that the user names, may be called."""

Kind = (
    type[bool] | type[int] | type[float] | type[str] | type[tuple[int, ...]] | type[dict[str, Any]]
)


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
    check: Callable[[Any], object] | None
    variable: str
    """The environment's name for it, `TTM_SAY_RATE`."""


def _declared(kind: Any, prefix: str = "") -> Iterator[Setting]:
    for each in fields(kind):
        key = prefix + each.name
        if "low" in each.metadata:
            default: Any = {} if each.default_factory is dict else each.default
            yield Setting(key, type(default), default, variable=_variable(key), **each.metadata)
        elif "named" not in each.metadata:
            yield from _declared(each.default_factory, key + ".")


def _variable(key: str) -> str:
    return "TTM_" + key.replace(".", "_").replace("-", "_").upper()


def _sections(kind: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    for each in fields(kind):
        if "low" not in each.metadata:
            yield prefix + each.name, each.metadata["sentence"]
            if "named" not in each.metadata:
                yield from _sections(each.default_factory, f"{prefix}{each.name}.")


def _named(kind: Any, prefix: str = "") -> Iterator[tuple[str, dict[str, Setting]]]:
    for each in fields(kind):
        if inside := each.metadata.get("named"):
            yield prefix + each.name, {setting.key: setting for setting in _declared(inside)}
        elif "low" not in each.metadata:
            yield from _named(each.default_factory, f"{prefix}{each.name}.")


SETTINGS: Mapping[str, Setting] = MappingProxyType({each.key: each for each in _declared(Sections)})
"""Every setting by its key, in the order of their declaration."""

SECTIONS: Mapping[str, str] = MappingProxyType(dict(_sections(Sections)))
"""Every table's name, with what it is about."""

NAMED: Mapping[str, Mapping[str, Setting]] = MappingProxyType(dict(_named(Sections)))
"""Tables that hold one section for each name of the user's: what such a section may set."""


def every_setting() -> list[Setting]:
    """Every setting, in the order of their declaration; those of named sections aside."""
    return list(SETTINGS.values())


def in_named(section: str, name: str) -> list[Setting]:
    """The settings of one named section: `engine.remote` and `home` give engine.remote.home.*."""
    place = f"{section}.{name}."
    return [
        replace(each, key=place + each.key, variable=_variable(place + each.key))
        for each in NAMED[section].values()
    ]


def known(key: str) -> Setting | None:
    """The setting with exactly this key, if there is one."""
    if found := SETTINGS.get(key):
        return found
    for section in NAMED:
        name, dot, _ = key.removeprefix(section + ".").partition(".")
        if key.startswith(section + ".") and dot and _is_name(name):
            return next((each for each in in_named(section, name) if each.key == key), None)
    return None


def by_variable(variable: str, names: Collection[str] = ()) -> Setting | None:
    """The setting of a named section that the environment calls so.

    `names`: keys that are set already; one of them tells `my-nas` from `my_nas`.
    """
    for section, inside in NAMED.items():
        place = _variable(section) + "_"
        for each in inside:
            end = "_" + each.upper()
            if variable.startswith(place) and variable.endswith(end):
                name = variable[len(place) : -len(end)]
                for key in names:
                    if (found := known(key)) and found.variable == variable:
                        return found
                    if key.startswith(section + ".") and _variable(key).startswith(
                        f"{place}{name}_"
                    ):
                        name = key.removeprefix(section + ".").partition(".")[0]
                        break
                if _is_name(name.lower()):
                    return known(f"{section}.{name.lower()}.{each}")
    return None


def _is_name(name: str) -> bool:
    import re

    return bool(re.fullmatch(PROFILE_NAME, name))


def find(key: str) -> Setting:
    """The setting with exactly this key. Raises UnknownName with the nearest one."""
    if found := known(key):
        return found
    hint = suggestion(key.split("."))
    raise UnknownName(f"there is no setting '{key}'", hint or "`ttm config show` lists them all")


def match(name: str, among: Sequence[Setting] | None = None) -> list[Setting]:
    """The setting that `name` begins, or all of the section it names; `among` all, unless given.

    Raises UsageError when it begins several, UnknownName when it begins none.
    """
    settings = every_setting() if among is None else among
    if found := known(name):
        return [found]
    section = name.removesuffix(".") + "."
    if inside := [each for each in settings if each.key.startswith(section)]:
        return inside
    hits = [each for each in settings if name and each.key.startswith(name)]
    if len(hits) > 1:
        raise UsageError(f"'{name}' could be " + ", ".join(each.key for each in hits))
    return hits or [find(name)]


def suggestion(path: list[str], *, table: bool = False) -> str:
    """`did you mean 'say.rate'?` for a wrong path into a file, else empty."""
    prefix = ".".join(path[:2]) + "." if path[0] == "profiles" and len(path) > 2 else ""
    key = ".".join(path).removeprefix(prefix)
    names = [*SECTIONS, "profiles"] if table else list(SETTINGS)
    if len(key) > 64:
        return ""
    for section in NAMED:
        name, dot, _ = key.removeprefix(section + ".").partition(".")
        if key.startswith(section + ".") and dot:
            names = [each.key for each in in_named(section, name)]
    same_name = [each for each in names if each.rpartition(".")[2] == path[-1]]
    hits = same_name if len(same_name) == 1 else nearest(key, names, 1)
    return f"did you mean '{prefix}{hits[0]}'?" if hits else ""
