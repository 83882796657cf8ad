"""The settings that apply, and where each of them comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Literal

from ttm.config.catalogue import NAMED, Setting, every_setting, find, in_named
from ttm.config.declaration import Value
from ttm.config.document import Document
from ttm.config.sections import Sections
from ttm.errors import UnknownName, did_you_mean


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from."""

    kind: Literal["default", "file", "profile", "environment", "flag"]
    where: str = ""
    """`FILE:line`, the profile's name, the variable or the flag; empty for a default."""

    @property
    def told(self) -> str:
        """In a word or two, for people."""
        if self.kind in ("profile", "environment"):
            return f"{self.kind} {self.where}"
        return self.where or self.kind


@dataclass(frozen=True, slots=True)
class Config(Sections):
    """Every setting, as it applies."""

    origins: Mapping[str, Origin] = field(
        default_factory=lambda: MappingProxyType({}), compare=False, repr=False
    )
    """Of every setting that was set; without a line for those from the file."""
    document: Document | None = field(default=None, compare=False, repr=False)
    """The file that was read."""

    def origin(self, key: str) -> Origin:
        """Where this setting's value comes from. Raises UnknownName."""
        origin = self.origins.get(find(key).key, Origin("default"))
        if origin.kind != "file" or self.document is None:
            return origin
        from ttm.config.places import Lines

        line = Lines(self.document.text).of(key.split("."))
        return replace(origin, where=f"{self.document.path}:{line}")


def value(config: Sections, key: str) -> Value:
    """The value of this setting. Raises UnknownName, for a section too that nothing names."""
    found: Any = config
    for name in find(key).key.split("."):
        if isinstance(found, dict):
            if name not in found:
                raise UnknownName(f"nothing sets '{key}'", did_you_mean(name, found))
            found = found[name]
        else:
            found = getattr(found, name)
    assert isinstance(found, bool | int | float | str | tuple | dict)
    return found


def with_origin(config: Config, key: str) -> dict[str, Value | str]:
    """The value of this setting and where it comes from, as JSON has them. Raises UnknownName."""
    origin = config.origin(key)
    return {"value": value(config, key), "origin": origin.kind, "where": origin.where}


def overlaid(config: Config, values: Mapping[str, object], where: str) -> Config:
    """The same settings but for these, which somebody asks for by `where`.

    Raises UnknownName for a setting that there is not, UsageError for a value that it cannot have.
    """
    from ttm.config.values import from_toml

    sections: dict[str, dict[str, Value]] = {}
    for key, given in values.items():
        section, _, name = key.rpartition(".")
        sections.setdefault(section, {})[name] = from_toml(find(key), given)
    changed: dict[str, Any] = {
        section: replace(getattr(config, section), **inside) for section, inside in sections.items()
    }
    origins = {**config.origins, **dict.fromkeys(values, Origin("flag", where))}
    return replace(config, origins=MappingProxyType(origins), **changed)


def settings_of(config: Sections) -> list[Setting]:
    """Every setting, those of the sections that this configuration names included."""
    named: list[Setting] = []
    for section in NAMED:
        found: Any = config
        for name in section.split("."):
            found = getattr(found, name)
        for name in found:
            named += in_named(section, name)
    return every_setting() + named


def filled(
    values: Mapping[str, Value], origins: Mapping[str, Origin], document: Document | None
) -> Config:
    """Settings with these values, and the defaults for all others."""
    return Config(
        **_sections(Sections, values, ""),
        origins=MappingProxyType(dict(origins)),
        document=document,
    )


def _sections(kind: Any, values: Mapping[str, Value], prefix: str) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for each in fields(kind):
        key = prefix + each.name
        if kind_of_each := each.metadata.get("named"):
            place = key + "."
            names = dict.fromkeys(
                name.removeprefix(place).partition(".")[0]
                for name in values
                if name.startswith(place)
            )
            given[each.name] = {
                name: kind_of_each(**_sections(kind_of_each, values, f"{place}{name}."))
                for name in names
            }
        elif "low" not in each.metadata:
            inner: Any = each.default_factory
            given[each.name] = inner(**_sections(inner, values, key + "."))
        elif key in values:
            given[each.name] = values[key]
    return given
