"""`ttm bench`: how fast a model speaks here."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from typer import Option

from ttm.cli import output
from ttm.cli.output import failures_in_json
from ttm.cli.progress import Progress
from ttm.cli.say import load_settings
from ttm.narration.narrator import Narrator
from ttm.narration.pace import Pace, measure


def bench(
    model: Annotated[
        str | None, Option("--model", "-m", metavar="ID", help="What speaks; see `ttm say`.")
    ] = None,
    voice: Annotated[
        str | None, Option("--voice", "-v", metavar="NAME|FILE", help="Who speaks.")
    ] = None,
    runs: Annotated[
        int, Option("--runs", metavar="N", min=1, max=100, help="Speeches; figures are medians.")
    ] = 3,
    set_: Annotated[
        list[str] | None,
        Option("--set", metavar="KEY=VALUE", help="Any setting, as often as needed."),
    ] = None,
    config: Annotated[
        str | None, Option("--config", metavar="PATH", help="Settings from this file.")
    ] = None,
    json: Annotated[bool, Option("--json", help="As JSON, with the figures of every run.")] = False,
) -> None:
    """Measure how fast a model speaks on this machine."""
    with failures_in_json(json):
        # What came from the cache would tell how fast the disk is.
        asked = {"say.model": model, "say.voice": voice, "cache.enabled": False}
        settings = load_settings(config, None, set_, asked)
        progress = Progress(wanted=output.progress_wanted())
        with Narrator(settings, loading=progress.loading) as narrator:
            pace = measure(narrator, settings.say.model, settings.say.voice, runs)
            title = narrator.model(settings.say.model).title
        progress.clear()
        if json:
            output.json(_plain(pace))
        else:
            _show(pace, title)


def _plain(pace: Pace) -> dict[str, Any]:
    return {
        "ok": True,
        "model": pace.report.model,
        "engine": pace.report.engine,
        "voice": pace.report.voice,
        "effective": pace.report.effective,
        "load_s": pace.load,
        "first_sound_s": pace.first,
        "real_time_factor": pace.factor,
        "memory_bytes_per_s": pace.bandwidth,
        "memory_floor": pace.floor,
        "limit": pace.limit,
        "runs": [asdict(run) for run in pace.runs],
    }


def _show(pace: Pace, title: str) -> None:
    effective = pace.report.effective
    how = [str(effective[key]) for key in ("device", "dtype") if key in effective]
    if effective.get("quantize", "none") != "none":
        how.append(f"{effective['quantize']} weights")
    if threads := effective.get("threads"):
        how.append(f"{threads} threads")
    keeps = "faster" if pace.factor < 1 else "slower"
    rows = [
        ("model", ", ".join([title, *how])),
        ("voice", pace.report.voice),
        ("load", f"{pace.load:.2f} s"),
        ("first sound", f"{pace.first:.2f} s"),
        ("real time", f"{pace.factor:.2f} s for a second of sound, {keeps} than it is heard"),
        ("memory", f"read at {pace.bandwidth / 1e9:.1f} GB/s"),
    ]
    if pace.floor is not None:
        rows.append(("floor", f"{pace.floor:.2f} s for a second of sound, for the weights alone"))
    rows.append(("limit", pace.limit))
    for name, value in rows:
        output.line(f"{name:<12} {value}")
