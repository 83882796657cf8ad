"""`ttm cache`: the sound that is kept, so that nothing is spoken twice."""

from __future__ import annotations

import re
import time
from dataclasses import asdict
from typing import Annotated

from typer import Option, Typer

from ttm.audio.target import refusal
from ttm.cli import output
from ttm.cli.output import failures_in_json
from ttm.cli.progress import clock
from ttm.cli.say import load_settings
from ttm.errors import UsageError
from ttm.models.place import amount
from ttm.narration.cache import Status
from ttm.narration.opening import open_cache

UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
"""Seconds."""

app = Typer(
    no_args_is_help=True, add_completion=False, help="See and empty the sound that is kept."
)

Json = Annotated[bool, Option("--json", help="As JSON.")]
ConfigPath = Annotated[
    str | None, Option("--config", metavar="PATH", help="Settings from this file.")
]


@app.command()
def status(json: Json = False, config: ConfigPath = None) -> None:
    """Show how much is kept, and where."""
    with failures_in_json(json):
        settings = load_settings(config, None, None, {})
        cache = open_cache(settings)
        found = cache.status()
    if json:
        where = {"folder": str(cache.folder), "max_bytes": cache.max_bytes}
        rules = asdict(settings.cache)
        output.json({"ok": True, **asdict(found), **where, **rules})
        return
    kept = "all engines but quick ones such as espeak"
    if settings.cache.every_engine:
        kept = "every engine"
    if not settings.cache.enabled or not cache.max_bytes:
        kept = "none (cache.enabled and cache.max_bytes)"
    output.line(f"{'where':<6} {cache.folder}")
    output.line(f"{'holds':<6} {_told(found)}")
    output.line(f"{'limit':<6} {amount(cache.max_bytes)}")
    output.line(f"{'of':<6} {kept}")


@app.command()
def clear(
    older_than: Annotated[
        str | None,
        Option("--older-than", metavar="AGE", help="Only what was not used for so long: 30d."),
    ] = None,
    json: Json = False,
    config: ConfigPath = None,
) -> None:
    """Remove what is kept."""
    with failures_in_json(json):
        before = time.time() - _age(older_than) if older_than is not None else None
        cache = open_cache(load_settings(config, None, None, {}))
        try:
            freed = cache.clear(before)
        except OSError as failure:
            raise refusal(str(cache.folder), failure) from None
    if json:
        output.json({"ok": True, **asdict(freed)})
    else:
        output.line(f"removed {_told(freed)}")


def _told(found: Status) -> str:
    pieces = "piece" if found.entries == 1 else "pieces"
    return f"{found.entries} {pieces}, {amount(found.bytes)}, {clock(found.seconds)} of sound"


def _age(text: str) -> float:
    """Seconds. Raises UsageError."""
    hit = re.fullmatch(r"(\d{1,5})([mhdw])", text.strip(), re.ASCII)
    if hit is None:
        raise UsageError(
            f"'{text[:40]}' is no age", "Give minutes, hours, days or weeks, as in 30d"
        )
    return float(hit[1]) * UNITS[hit[2]]
