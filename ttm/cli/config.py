"""`ttm config`: see and change settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from ttm import config
from ttm.cli import output
from ttm.config import Config, Setting
from ttm.errors import UsageError, nearest

app = typer.Typer(help="See and change settings.", no_args_is_help=True, add_completion=False)

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="PATH", help="The file of settings, instead of yours."),
]
ProfileOption = Annotated[
    str | None, typer.Option("--profile", "-p", metavar="NAME", help="Lay a profile over it.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting for this once; repeatable."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

OTHER_VARIABLES = ("TTM_CONFIG", "TTM_DEBUG", "TTM_LOG", "TTM_SERVER")
OTHER_PREFIX = "TTM_RUN_"
"""Names in the environment that belong to ttm and are no settings."""


@app.command()
def show(
    origin: Annotated[bool, typer.Option("--origin", help="Say where each comes from.")] = False,
    json: JsonOption = False,
    profile: ProfileOption = None,
    assignments: SetOption = None,
    path: ConfigOption = None,
) -> None:
    """Print the settings that apply."""
    settings = _load(path, profile, assignments)
    if json and origin:
        output.json(
            {
                each.key: config.with_origin(settings, each.key)
                for each in config.settings_of(settings)
            }
        )
    else:
        _print(settings, config.settings_of(settings), json=json, origin=origin)


@app.command("path")
def show_path(path: ConfigOption = None) -> None:
    """Print where the file of settings is."""
    chosen = path or config.default_path()
    output.line(str(chosen))
    if not os.path.exists(chosen):
        output.note("It does not exist. `ttm config init` writes it.")


@app.command()
def init(
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    path: ConfigOption = None,
) -> None:
    """Write a file with every setting in it, commented out."""
    chosen = path or config.default_path()
    config.write_example(chosen, force=force)
    output.note(f"Wrote {chosen}")


@app.command()
def get(
    key: Annotated[
        str,
        typer.Argument(help="A setting (say.rate), a unique beginning of one, or a section (say)."),
    ],
    json: JsonOption = False,
    profile: ProfileOption = None,
    assignments: SetOption = None,
    path: ConfigOption = None,
) -> None:
    """Print one setting, or all of a section."""
    settings = _load(path, profile, assignments)
    found = config.match(key, config.settings_of(settings))
    if json or len(found) > 1:
        _print(settings, found, json=json)
    else:
        value = config.value(settings, found[0].key)
        output.line(value if isinstance(value, str) else config.spelled(value))


# Unknown options are values here, or `set say.pitch -3` would need a `--`.
@app.command("set", context_settings={"ignore_unknown_options": True})
def change(
    key: Annotated[str, typer.Argument(help="say.rate, or profiles.NAME.say.rate.")],
    value: Annotated[str, typer.Argument(help="Its new value.")],
    path: ConfigOption = None,
) -> None:
    """Change a setting in the file; its comments stay."""
    if not key.startswith("profiles."):
        key = _one(key).key
    chosen = path or config.default_path()
    written = config.write_setting(chosen, key, value)
    output.note(f"{key} = {config.spelled(written)} written to {chosen}")
    if (setting := config.known(key)) and setting.variable in os.environ:
        output.warn(f"{setting.variable} is set in the environment, and wins")


@app.command()
def unset(
    key: Annotated[str, typer.Argument(help="say.rate, or profiles.NAME.say.rate.")],
    path: ConfigOption = None,
) -> None:
    """Take a setting out of the file, so that its default applies; comments stay."""
    if not key.startswith("profiles."):
        key = _one(key).key
    chosen = path or config.default_path()
    if config.unset_setting(chosen, key):
        output.note(f"{key} taken out of {chosen}")
    else:
        output.note(f"{chosen} does not set {key}")


@app.command()
def edit(path: ConfigOption = None) -> None:
    """Open the file in your editor, and check it afterwards."""
    config.editor(os.environ)
    chosen = path or config.default_path()
    if not os.path.exists(chosen):
        config.write_example(chosen)
    config.edit(chosen, os.environ)
    config.load(chosen)


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="Instead of your file.")] = None,
    path: ConfigOption = None,
) -> None:
    """Find everything that is wrong with the settings."""
    if file and path:
        raise UsageError("check takes FILE or --config, not both")
    for name in sorted(os.environ):
        _note_unknown(name)
    chosen = file or path or config.default_path()
    settings = config.load(file or path, environ=os.environ)
    count = config.check(settings.document).count if settings.document else 0
    output.line(f"{chosen}: ok ({count} setting{'s' * (count != 1)})")
    if settings.document is None:
        output.note("It does not exist, so every setting has its default.")


def _load(path: Path | None, profile: str | None, assignments: list[str] | None) -> Config:
    overrides = [config.assignment(each) for each in assignments or ()]
    return config.load(path, profile=profile, overrides=overrides, environ=os.environ)


def _one(key: str) -> Setting:
    found = config.match(key)
    if len(found) > 1:
        raise UsageError(f"'{key}' could be " + ", ".join(each.key for each in found))
    return found[0]


def _print(settings: Config, which: list[Setting], *, json: bool, origin: bool = False) -> None:
    if json:
        output.json({each.key: config.value(settings, each.key) for each in which})
        return
    lines = [f"{each.key} = {config.spelled(config.value(settings, each.key))}" for each in which]
    width = min(max(map(len, lines)), 48)
    for line, each in zip(lines, which, strict=True):
        where = f"  # {settings.origin(each.key).told}" if origin else ""
        output.line(line.ljust(width) + where if where else line)


def _note_unknown(name: str) -> None:
    known = [*(each.variable for each in config.every_setting()), *OTHER_VARIABLES]
    if not name.startswith("TTM_") or name in known or name.startswith(OTHER_PREFIX):
        return
    if config.by_variable(name):
        return
    hits = nearest(name, known)
    hint = " or ".join(hits)
    output.note(f"{name} names no setting" + (f"; did you mean {hint}?" if hint else ""))
