"""The settings as a form has them: each with its value, where that comes from, and what is wrong.

Knows no widget. Reading takes disk time, so it is for a thread.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ttm import config as settings
from ttm.config import NAMED, SECTIONS, Config, Origin, Setting, Value
from ttm.config.catalogue import in_named
from ttm.config.checking import Checked
from ttm.config.values import from_text
from ttm.errors import ConfigError, TtmError, UnknownName, UsageError

Stamp = tuple[int, int, int] | None
"""What tells one state of a file from another: when it changed, its size and its inode."""

NOTHING: Mapping[str, Value] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Line:
    """One setting in the form."""

    setting: Setting
    value: Value
    """What applies."""
    origin: Origin
    written: Value | None = None
    """What the file, or the profile that is being edited, sets it to."""

    @property
    def section(self) -> str:
        """`say` of `say.rate`."""
        return self.setting.key.rpartition(".")[0]

    @property
    def name(self) -> str:
        """`rate` of `say.rate`."""
        return self.setting.key.rpartition(".")[2]

    @property
    def overruled(self) -> str:
        """What wins over anything that is written; empty where nothing does."""
        return self.origin.where if self.origin.kind in ("environment", "flag") else ""

    @property
    def text(self) -> str:
        """The value as one types it."""
        return typed(self.value)


@dataclass(frozen=True, slots=True)
class Sheet:
    """All settings, as they were when the file was read."""

    path: Path
    config: Config
    """What applies; where the file is wrong, all but the file."""
    lines: tuple[Line, ...]
    profile: str | None = None
    profiles: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """What is wrong, with file and line."""
    exists: bool = False
    stamp: Stamp = None

    def line(self, key: str) -> Line | None:
        """The line of this setting."""
        return next((each for each in self.lines if each.setting.key == key), None)

    def key(self, setting: Setting) -> str:
        """What this setting is called where it is written: in the profile, if there is one."""
        return f"profiles.{self.profile}.{setting.key}" if self.profile else setting.key


def read(
    path: Path | None,
    environ: Mapping[str, str],
    *,
    profile: str | None = None,
    flags: Mapping[str, Value] = NOTHING,
    names: Collection[tuple[str, str]] = (),
) -> Sheet:
    """The settings of the file at `path`, None for the user's. Never raises a TtmError.

    `flags`: what the command line said, by key. `names`: sections that somebody is about to name,
    such as ("channels", "mail").
    """
    problems: tuple[str, ...] = ()
    try:
        place = path or settings.default_path()
    except ConfigError as failure:
        place, problems = Path(os.devnull), (failure.sentence,)
    stamp = stamp_of(place)
    try:
        config = settings.load(path, profile=profile, overrides=flags, environ=environ)
    except UnknownName:  # the profile is gone from the file
        return read(path, environ, flags=flags, names=names)
    except TtmError as failure:
        problems = problems or _told(failure)
        config = without_file(environ, flags)
    found = settings.check(config.document) if config.document and not problems else Checked()
    written = found.profiles.get(profile, {}) if profile else found.values
    return Sheet(
        path=place,
        config=config,
        lines=tuple(_lines(config, written, names)),
        profile=profile,
        profiles=tuple(found.profiles),
        problems=problems,
        exists=stamp is not None,
        stamp=stamp,
    )


def stamp_of(path: Path) -> Stamp:
    """The state of a file; None where there is none."""
    try:
        about = os.stat(path)
    except (OSError, ValueError):
        return None
    return about.st_mtime_ns, about.st_size, about.st_ino


def complaint(setting: Setting, text: str, key: str) -> str:
    """What `ttm config set` would say to this value; empty where it would take it."""
    try:
        from_text(setting, text)
    except UsageError as failure:
        return f"{key}: {failure.what}"
    return ""


def typed(value: Value) -> str:
    """A value as one types it: text without quotation marks."""
    return value if isinstance(value, str) else settings.spelled(value)


def found(lines: Iterable[Line], wanted: str) -> list[Line]:
    """Those whose name or sentence has every word of `wanted`; names come first."""
    words = wanted.casefold().split()
    named, told = [], []
    for line in lines:
        key = line.setting.key.casefold()
        if all(word in key for word in words):
            named.append(line)
        elif all(word in f"{key} {line.setting.sentence}".casefold() for word in words):
            told.append(line)
    return named + told


def _told(failure: TtmError) -> tuple[str, ...]:
    if isinstance(failure, ConfigError) and failure.problems:
        return tuple(failure.problems)
    return (failure.sentence,)


def without_file(
    environ: Mapping[str, str], flags: Mapping[str, object] | Sequence[tuple[str, object]]
) -> Config:
    """The settings that apply when those of the file cannot: the defaults, and what overrules."""
    try:
        return settings.load(Path(os.devnull), overrides=flags, environ=environ)
    except TtmError:  # the environment is wrong, too
        return Config()


def _lines(
    config: Config, written: Mapping[str, Value], names: Collection[tuple[str, str]]
) -> Iterator[Line]:
    from ttm.config.places import Lines

    where = Lines(config.document.text) if config.document else None
    known = {each.key: each for each in settings.settings_of(config)}
    for section, name in names:
        known.update({each.key: each for each in in_named(section, name)})
    for setting in sorted(known.values(), key=lambda each: _rank(each.key)):
        origin = config.origins.get(setting.key, Origin("default"))
        if origin.kind == "file" and where and config.document:
            line = where.of(setting.key.split("."))
            origin = Origin("file", f"{config.document.path}:{line}")
        try:
            value = settings.value(config, setting.key)
        except UnknownName:  # a section that is only about to be named
            value = setting.default
        yield Line(setting, value, origin, written.get(setting.key))


def _rank(key: str) -> int:
    """Where its section stands in the declaration; sorting keeps the order within it."""
    section = key.rpartition(".")[0]
    for place in NAMED:
        if key.startswith(place + "."):
            section = place
    return list(SECTIONS).index(section)
