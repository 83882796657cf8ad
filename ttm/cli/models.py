"""`ttm models`: what can speak, how it comes, and whether it is as it came."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option, Typer

from ttm import paths
from ttm.cli import output
from ttm.cli.output import failures_in_json
from ttm.cli.progress import Progress
from ttm.cli.reach import At, at, running
from ttm.cli.say import load_settings
from ttm.config import Config
from ttm.errors import BadCheckpoint
from ttm.models import inventory
from ttm.models.inventory import Holding
from ttm.models.place import amount
from ttm.models.registry import DEFAULTS, entry_of, hub_id, mode_called, require_mode
from ttm.models.speakers import DEFAULT, SPEAKERS, TAGS
from ttm.models.status import ModelStatus
from ttm.narration import ladder
from ttm.narration.narrator import Narrator
from ttm.narration.opening import models_dir

if TYPE_CHECKING:
    from ttm.narration.exchange import Server

app = Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Fetch, list, check and load the models that speak.",
)

Name = Annotated[
    str, Argument(metavar="NAME", show_default=False, help="qwen3:0.6b, or a hub id (Owner/Name).")
]
Json = Annotated[bool, Option("--json", help="As JSON.")]
ConfigPath = Annotated[
    str | None, Option("--config", metavar="PATH", help="Settings from this file.")
]


@app.command("list")
def list_(json: Json = False, config: ConfigPath = None, server: At = None) -> None:
    """List the models: which there are, which are here, and when they last spoke."""
    with failures_in_json(json):
        settings = load_settings(config, None, None, {})
        if there := at(server, settings):
            from ttm.cli import elsewhere

            with there:
                elsewhere.models(there, as_json=json)
            return
        found = inventory.every(models_dir(settings), paths.hub_cache())
    if json:
        output.json([_record(each) for each in found])
        return
    rows = []
    for each in found:
        entry = each.entry
        size = each.size or (entry.download if entry else 0)
        about = entry.sentence if entry else each.mode.replace("_", " ")
        absent = each.state == inventory.ABSENT
        state = "-" if absent else each.state
        rows.append((each.name, state, amount(size), _ago(each.used), about))
    output.table(rows, ("NAME", "HERE", "SIZE", "USED", "WHAT IT DOES"))


@app.command()
def pull(
    name: Name,
    from_: Annotated[
        str | None,
        Option("--from", metavar="FOLDER", help="Take the files from here, without a network."),
    ] = None,
    revision: Annotated[
        str | None,
        Option("--revision", metavar="REV", help="A branch, tag or commit; main without it."),
    ] = None,
    update: Annotated[
        bool, Option("--update", help="Ask for a newer revision even if one is here.")
    ] = False,
    json: Annotated[bool, Option("--json", help="Progress and result as lines of JSON.")] = False,
    config: ConfigPath = None,
) -> None:
    """Fetch a model, or what of it is missing, and verify every file."""
    from ttm.cli.pulling import bring

    settings = load_settings(config, None, None, {})
    bring(
        name,
        settings,
        folder=from_ or "",
        revision=revision or "",
        update=update,
        as_json=json,
    )
    if not json:
        from ttm.cli.offer import runtime_offered

        runtime_offered(name, settings)


@app.command()
def rm(name: Name, json: Json = False, config: ConfigPath = None) -> None:
    """Remove a model that ttm keeps."""
    with failures_in_json(json):
        settings = load_settings(config, None, None, {})
        freed = inventory.remove(models_dir(settings), hub_id(name))
    if json:
        output.json({"ok": True, "name": name, "freed": freed})
    else:
        output.note(f"removed {name}: {amount(freed)} freed")


@app.command()
def verify(
    names: Annotated[
        list[str] | None,
        Argument(metavar="NAME...", show_default=False, help="All that ttm fetched without it."),
    ] = None,
    json: Json = False,
    config: ConfigPath = None,
) -> None:
    """Hash every file of a model again, and say whether each is as it came."""
    progress = Progress(wanted=output.progress_wanted() and not json)
    with failures_in_json(json):
        settings = load_settings(config, None, None, {})
        folder = models_dir(settings)
        hubs = [hub_id(name) for name in names or ()] or [
            each.hub
            for each in inventory.every(folder, paths.hub_cache())
            if each.state == inventory.COMPLETE
        ]
        wrong: dict[str, list[str]] = {}
        for hub in hubs:
            about = inventory.holding(hub, folder, paths.hub_cache())

            def tell(file: str, done: int, total: int, name: str = about.name) -> None:
                progress.verifying(name, done / total)

            try:
                wrong[about.name] = inventory.verify(folder, hub, tell)
            finally:
                progress.clear()
            if not json and not wrong[about.name]:
                output.line(f"{about.name}: {amount(about.size)}, every file is as it came")
        if damaged := {name: files for name, files in wrong.items() if files}:
            name, files = next(iter(damaged.items()))
            more = f" and {len(files) - 1} more" if len(files) > 1 else ""
            raise BadCheckpoint(
                f"{files[0]}{more} of {', '.join(damaged)} is not as it came",
                f"Fetch it again with `ttm models pull {name}`",
            )
    if json:
        output.json({"ok": True, "verified": list(wrong)})
    elif not hubs:
        output.note("ttm has fetched no model yet")


@app.command()
def info(name: Name, json: Json = False, config: ConfigPath = None) -> None:
    """Show what a model is, what it can be asked for, and what of it is here."""
    with failures_in_json(json):
        settings = load_settings(config, None, None, {})
        found = inventory.holding(hub_id(name), models_dir(settings), paths.hub_cache())
    about = _record(found)
    if json:
        output.json(about)
        return
    width = max(map(len, about))
    for key, value in about.items():
        if key != "speakers" and value not in ("", None, []):
            output.line(f"{key.ljust(width)}  {_spelled(key, value)}")
    for speaker in about["speakers"]:
        mark = "; speaks English unless another is named" if speaker["name"] == DEFAULT else ""
        said = f"{speaker['language']}, {speaker['gender']}: {speaker['description']}{mark}"
        output.line(f"{'speaker'.ljust(width)}  {speaker['name']} ({said})")


@app.command()
def load(
    name: Annotated[
        str | None,
        Argument(metavar="NAME", show_default=False, help="What --model of `ttm say` takes."),
    ] = None,
    mode: Annotated[
        str | None,
        Option("--mode", metavar="MODE", help="voice_design, custom_voice or voice_clone."),
    ] = None,
    fallback: Annotated[
        str | None,
        Option("--fallback", metavar="WHICH", help="What may stand in: none, mode or any."),
    ] = None,
    json: Json = False,
    config: ConfigPath = None,
    server: At = None,
) -> None:
    """Prove that a model loads: start it, show what it runs with, and end it.

    Where a server runs, or is named, it stays loaded there.
    """
    progress = Progress(wanted=output.progress_wanted() and not json)
    with failures_in_json(json):
        settings = load_settings(config, None, None, {"models.fallback": fallback})
        if there := _keeper(server, settings, name, mode):
            from ttm.cli import elsewhere

            named = name or ("" if mode else settings.say.model)
            entry = elsewhere.asked(named, mode_called(mode) if mode else "")
            strict = None if fallback is None else fallback == "none"
            with there:
                _show(elsewhere.load(there, entry, strict=strict), json)
            return
        asked = name or (DEFAULTS[mode_called(mode)] if mode else settings.say.model)
        with Narrator(settings, loading=progress.loading) as narrator:
            try:
                if mode:
                    _require(narrator, asked, mode_called(mode))
                warning = narrator.settle(asked)
                narrator.load(asked)
            finally:
                progress.clear()
            status = narrator.status(asked)
    if warning:
        output.warn(warning)
    _show(status.record(), json)


@app.command()
def unload(json: Json = False, config: ConfigPath = None, server: At = None) -> None:
    """Let go of the model that a server keeps loaded; without a server there is none."""
    with failures_in_json(json):
        settings = load_settings(config, None, None, {})
        if there := at(server, settings) or running(settings):
            from ttm.cli import elsewhere

            with there:
                told = elsewhere.unload(there)
            if json:
                output.json(told)
            else:
                output.note(told["detail"])
            return
    status = _without_server(settings)
    if json:
        output.json(status.record())
    else:
        output.note(status.detail)


@app.command("status")
def status_(json: Json = False, config: ConfigPath = None, server: At = None) -> None:
    """Show which model is asked for, which is loaded, and where it runs."""
    with failures_in_json(json):
        settings = load_settings(config, None, None, {})
        if there := at(server, settings) or running(settings):
            from ttm.cli import elsewhere

            with there:
                told = elsewhere.status(there)
        else:
            told = _without_server(settings).record()
    _show(told, json)


def _keeper(
    flag: str | None, settings: Config, name: str | None, mode: str | None
) -> Server | None:
    """The server that is to keep a model loaded: the named one, else the one that runs here where
    it can be told to."""
    if there := at(flag, settings):
        return there
    known = entry_of(name or settings.say.model) is not None or (mode and not name)
    return running(settings) if known else None


def _without_server(settings: Config) -> ModelStatus:
    strict = ladder.allowed(settings) == "none"
    return ladder.nothing_loaded(settings.say.model, strict=strict)


def _require(narrator: Narrator, name: str, mode: str) -> None:
    """Raise UsageError when a model is not for this mode, whether or not it is here."""
    entry = entry_of(name)
    require_mode(name, entry.mode if entry else narrator.model(name).mode, mode)


def _show(record: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.json(record)
        return
    width = max(map(len, record))
    for key, value in record.items():
        if value not in ("", None) and not isinstance(value, dict):
            output.line(f"{key.ljust(width)}  {_spelled(key, value)}")


def _record(found: Holding) -> dict[str, Any]:
    """A model as JSON has it."""
    entry, manifest = found.entry, found.manifest
    mode = found.mode
    speakers = SPEAKERS if entry and mode == "custom_voice" else {}
    return {
        "name": found.name,
        "hub": found.hub,
        "mode": mode,
        "state": found.state,
        "available": found.available,
        "size": found.size,
        "download": entry.download if entry else None,
        "used": _iso(found.used),
        "sentence": entry.sentence if entry else "",
        "licence": entry.licence if entry else "",
        "instructs": entry.instructs if entry else None,
        "clones": entry.clones if entry else None,
        "languages": list(TAGS) if entry else [],
        "speakers": [{"name": name, **who._asdict()} for name, who in speakers.items()],
        "folder": str(found.folder or ""),
        "revision": manifest.revision if manifest else "",
        "source": manifest.source if manifest else "",
        "pulled": manifest.pulled if manifest else "",
        "files": [{"path": f.path, "size": f.size} for f in manifest.files] if manifest else [],
    }


def _spelled(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if key in ("size", "download", "memory"):
        return amount(value)
    if key == "files":
        return ", ".join(f"{each['path']} ({amount(each['size'])})" for each in value)
    return ", ".join(value) if isinstance(value, list) else str(value)


def _iso(when: float | None) -> str:
    if when is None:
        return ""
    return datetime.fromtimestamp(when).astimezone().isoformat(timespec="seconds")


def _ago(when: float | None) -> str:
    """How long ago a model was used, as people say it."""
    if when is None:
        return "never"
    seconds = max(0.0, time.time() - when)
    for unit, step in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= step:
            count = int(seconds / step)
            return f"{count} {unit}{'s' * (count != 1)} ago"
    return "just now"
