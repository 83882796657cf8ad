"""A Typer group that knows its commands by name and imports one when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from ttm.cli import COMMANDS, ELSEWHERE

HELP = ["--help", "-h"]
"""The options that ask for help."""


class LazyGroup(TyperGroup):
    """Lists `COMMANDS` without importing them; resolves one by importing `ttm.cli.<name>`."""

    _listing = False

    def get_params(self, ctx: Any) -> Any:
        return _as_they_are(super().get_params(ctx))

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        if self._listing:
            return TyperCommand(cmd_name, help=COMMANDS[cmd_name])
        return command(cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._listing = True
        super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        self._listing = True
        return super().shell_complete(ctx, incomplete)


def command(name: str) -> Any:
    """The named command, ready to run."""
    module = importlib.import_module(f"ttm.cli.{ELSEWHERE.get(name, name)}")
    app = getattr(module, "app", None)
    if app is None:
        app = typer.Typer(add_completion=False)
        app.command(name, help=COMMANDS[name])(getattr(module, name))
    found = typer.main.get_command(app)
    found.name = name
    for one in (found, *getattr(found, "commands", {}).values()):
        one.get_params = partial(_parameters, one.get_params)
    return found


class _AsItIs:
    """What Typer asks to convert a value: text, lists of text and flags need no conversion."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        if value is None and (param.multiple or param.nargs == -1):
            return ()
        return value


class _AsPath:
    """The same for a path."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        return None if value is None else Path(value)


def _parameters(inner: Callable[[Any], list[Any]], ctx: Any) -> list[Any]:
    return _as_they_are(inner(ctx))


def _as_they_are(parameters: list[Any]) -> list[Any]:
    """The parameters, the text among them spared Typer's conversion, whose pydantic takes 100 ms
    to import, and help spared types that say nothing, such as the `<bool>` of a flag.

    Where a later Typer does not ask this way, the conversion happens and only the time is lost.
    """
    for parameter in parameters:
        described = getattr(parameter, "type_descriptor", None)
        if described is None or described.annotation not in (str, list[str], bool, Path):
            continue
        parameter.get_runtime_param = _AsPath if described.annotation is Path else _AsItIs
        is_argument = parameter.param_type_name == "argument"
        if is_argument or parameter.metavar is None:
            parameter.display_type_rich = _no_type
        if is_argument and parameter.metavar is None:
            parameter.metavar = parameter.name.upper()
    return parameters


def _no_type(ctx: Any) -> str:
    return ""
