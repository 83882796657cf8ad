"""The settings that apply, and where each of them comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Literal

from ttm.config.catalogue import find
from ttm.config.document import Document
from ttm.config.sections import Sections, Value


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from."""

    kind: Literal["default", "file", "profile", "environment", "flag"]
    where: str = ""
    """`FILE:line`, the profile's name, the variable or the flag; empty for a default."""


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
    """The value of this setting. Raises UnknownName."""
    found: Any = config
    for name in find(key).key.split("."):
        found = getattr(found, name)
    assert isinstance(found, bool | int | float | str | tuple)
    return found


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
        if "low" not in each.metadata:
            inner: Any = each.default_factory
            given[each.name] = inner(**_sections(inner, values, key + "."))
        elif key in values:
            given[each.name] = values[key]
    return given
