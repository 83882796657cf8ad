"""`ttm engines`: what can speak here."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Annotated, Any

from typer import Option

from ttm.cli import output
from ttm.cli.output import failures_in_json
from ttm.cli.reach import At, at
from ttm.cli.say import load_settings
from ttm.config import Config, spelled
from ttm.engine import EngineCard, every_card
from ttm.errors import EngineUnavailable, TtmError
from ttm.narration.opening import open_worker


def engines(
    json: Annotated[bool, Option("--json", help="As JSON.")] = False,
    config: Annotated[
        str | None, Option("--config", metavar="PATH", help="Settings from this file.")
    ] = None,
    server: At = None,
) -> None:
    """List the engines, what each needs, and whether it is ready."""
    with failures_in_json(json):
        settings = load_settings(config, None, None, {})
        if there := at(server, settings):
            from ttm.cli import elsewhere

            with there:
                _show_elsewhere(elsewhere.engines(there), json)
            return
    found = [
        look_at(engine, settings, server)
        for engine in every_card()
        for server in servers(engine, settings)
    ]
    if json:
        output.json(found)
        return
    rows = [
        (f["name"], "ready" if f["ready"] else "not ready", f["needs"] or "nothing", f["sentence"])
        for f in found
    ]
    output.table(rows, ("NAME", "STATE", "NEEDS", "WHAT IT IS"))
    for one in found:
        if not one["ready"]:
            output.line(f"\n{one['name']} is not ready: {one['why_not']}")
        elif one["effective"]:
            output.line(f"\n{one['name']} runs with {spelled_out(one['effective'])}")


def _show_elsewhere(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        output.json(found)
        return
    rows = [
        (one["name"], "loaded" if one["loaded"] else "-", one["model_id"], one["detail"])
        for one in found
    ]
    output.table(rows, ("NAME", "STATE", "MODEL", "DETAIL"))


def spelled_out(effective: Mapping[str, Any]) -> str:
    """What an engine runs with, on one line: `device cpu, threads 2`."""
    return ", ".join(
        f"{name} {value if isinstance(value, str) else spelled(value)}"
        for name, value in effective.items()
    )


def servers(engine: EngineCard, settings: Config) -> list[str]:
    """The servers that the settings name, for an engine that speaks through them; else, and where
    none is named, an empty name."""
    return (list(settings.engine.remote) if engine.named else []) or [""]


def look_at(engine: EngineCard, settings: Config, server: str = "") -> dict[str, Any]:
    """Start the engine in a worker, and ask for its voices where it has its own: the only proof
    that it is ready."""
    why_not = ""
    voices = 0
    effective: dict[str, Any] = {}
    try:
        with contextlib.closing(open_worker(engine, settings, server=server)) as worker:
            worker.load()
            effective = dict(worker.effective)
            if not engine.checkpoint:
                voices = len(worker.voices())
        if not voices and not engine.clones:
            raise EngineUnavailable(f"engine '{engine.name}' has no voices")
    except TtmError as failure:
        why_not = failure.sentence
    return {
        "name": f"{engine.name}:{server}" if server else engine.name,
        "sentence": engine.sentence,
        "needs": engine.needs,
        "ready": not why_not,
        "why_not": why_not,
        "voices": voices,
        "effective": effective,
    }
