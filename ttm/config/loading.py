"""The layers of settings, laid over each other: defaults, file, profile, environment, flags."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ttm import paths
from ttm.config.catalogue import by_variable, every_setting, known, suggestion
from ttm.config.checking import LISTED, Checked, check, problems
from ttm.config.declaration import Value
from ttm.config.document import Document, read
from ttm.config.effective import Config, Origin, filled
from ttm.config.values import from_text, from_toml
from ttm.errors import ConfigError, UnknownName, UsageError, did_you_mean

OPTIONS = {
    "text.encoding": "--encoding",
    "text.errors": "--errors",
    "models.strict": "--strict",
    "models.fallback": "--fallback",
    "runtime.dir": "--dir",
    "runtime.device": "--device",
    "runtime.installer": "--installer",
    "server.host": "--host",
    "server.port": "--port",
}
"""The options beside those that are named after a setting of `[say]`."""

NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


class Assignment(NamedTuple):
    """What `--set key=value` said; its value is text, whatever the setting's type."""

    key: str
    value: str


def assignment(text: str) -> Assignment:
    """`key=value` as `--set` takes it. Raises UsageError."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"--set takes key=value, not '{text}'")
    return Assignment(key.strip(), value)


def load(
    path: Path | None = None,
    *,
    profile: str | None = None,
    overrides: Mapping[str, object] | Sequence[tuple[str, object]] = (),
    environ: Mapping[str, str] = NO_VARIABLES,
) -> Config:
    """The settings that apply.

    `path`: None reads the user's file, if there is one. `overrides`: by key, later ones win; an
    Assignment is reported as `--set`, anything else as the flag of that name; None is a flag that
    was not given. Text is parsed to the setting's type.

    Raises ConfigError with all that is wrong, UsageError when only `overrides` are, UnknownName
    for a profile that is not there.
    """
    document = _document(path)
    found = check(document) if document else Checked()
    layers = _Layers(wrong=problems(found, document) if document else [])
    in_file = len(layers.wrong)
    layers.lay(found.values, Origin("file"))
    if profile is not None and not in_file:
        layers.lay(_profile(profile, found, document), Origin("profile", profile))
    layers.lay_environment(environ)
    layers.lay_flags(overrides.items() if isinstance(overrides, Mapping) else overrides)
    if layers.misused and not layers.wrong:
        raise UsageError("; ".join(layers.misused))
    layers.wrong += layers.misused
    refuse(layers.wrong, document.path if document and in_file == len(layers.wrong) else None)
    return filled(layers.values, layers.origins, document)


@dataclass(slots=True)
class _Layers:
    """What has been set so far, by whom, and what was wrong with it."""

    wrong: list[str]
    misused: list[str] = field(default_factory=list)
    """What was wrong on the command line."""
    values: dict[str, Value] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)

    def lay(self, values: Mapping[str, Value], origin: Origin) -> None:
        self.values.update(values)
        self.origins.update(dict.fromkeys(values, origin))

    def lay_environment(self, environ: Mapping[str, str]) -> None:
        found = [(each.variable, each) for each in every_setting() if each.variable in environ]
        for name in sorted(environ):
            if setting := by_variable(name, self.values):
                found.append((name, setting))
        for name, setting in found:
            try:
                value = from_text(setting, environ[name])
            except UsageError as failure:
                self.wrong.append(f"{name}: {failure.what}")
            else:
                self.lay({setting.key: value}, Origin("environment", name))

    def lay_flags(self, overrides: Iterable[tuple[str, object]]) -> None:
        for pair in overrides:
            key, given = pair
            if given is None:
                continue
            flag = _flag(key, assigned=isinstance(pair, Assignment))
            setting = known(key)
            if setting is None:
                hint = suggestion(key.split("."))
                self.misused.append(f"{flag}: unknown setting" + (hint and f"; {hint}"))
                continue
            try:
                if isinstance(given, str):
                    value = from_text(setting, given)
                else:
                    value = from_toml(setting, given)
            except UsageError as failure:
                self.misused.append(f"{flag}: {failure.what}")
            else:
                self.lay({key: value}, Origin("flag", flag))


def refuse(wrong: Sequence[str], path: Path | None) -> None:
    """Raise ConfigError if anything is wrong; `path` is the file that all of it stands in."""
    if len(wrong) == 1:
        raise ConfigError(wrong[0])
    if wrong:
        place = f" in {path}" if path else ""
        number = len(wrong) if len(wrong) <= LISTED else f"more than {LISTED}"
        raise ConfigError(f"{number} settings are wrong{place}", problems=wrong)


def default_path() -> Path:
    """The user's file, whether it exists or not. Raises ConfigError when it has no place."""
    try:
        return paths.config_file()
    except RuntimeError as failure:
        raise ConfigError(f"TTM_CONFIG: {failure}") from None


def _document(path: Path | None) -> Document | None:
    named = path is not None or bool(os.environ.get("TTM_CONFIG"))
    path = path or default_path()
    document = read(path)
    if document is None and named:
        raise ConfigError(f"{path} does not exist", "`ttm config init` writes one")
    return document


def _profile(name: str, found: Checked, document: Document | None) -> dict[str, Value]:
    if name in found.profiles:
        return found.profiles[name]
    place = f" in {document.path}" if document else ", as there is no file of settings"
    raise UnknownName(f"there is no profile '{name}'{place}", did_you_mean(name, found.profiles))


def _flag(key: str, *, assigned: bool) -> str:
    if not assigned and key in OPTIONS:
        return OPTIONS[key]
    if assigned or not key.startswith("say."):
        return f"--set {key}"
    return "--" + key.removeprefix("say.").replace("_", "-")
