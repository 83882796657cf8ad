"""What is known of a model, and of what comes, as its screen tells it."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from ttm.models.place import amount
from ttm.models.status import ModelStatus
from tui.safe import at_home, begun
from tui.studio.porter import RUNTIME, Load
from tui.studio.stock import Item, Runtime

FIXES = {
    "model": "f fetches it",
    "runtime": "f stages the neural runtime",
    "damaged": "f fetches it anew",
}
"""The key that does what a model needs."""


class Told(TypedDict):
    """What `Facts.show` takes."""

    title: str
    about: str
    wrong: str
    rows: list[tuple[str, str]]


def told(item: Item, runtime: Runtime | None, status: ModelStatus | None) -> Told:
    """All that is known of it."""
    holding = item.holding
    entry = holding.entry if holding else None
    manifest = holding.manifest if holding else None
    wrong = ""
    if item.need:
        fix = FIXES.get(item.need, "")
        cost = f" ({amount(entry.download)})" if entry and item.need == "model" else ""
        wrong = begun(item.why) + (f".\n{fix}{cost}" if fix else "")
        if item.need == "model" and runtime and not runtime.ready and runtime.fetched:
            wrong += f"\nr stages the neural runtime, which it needs ({runtime.fetched} MB)"
    rows = [
        ("state", "loaded" if status else item.state),
        ("speaks with", item.mode),
        ("languages", ", ".join(item.languages)),
        ("device", status.device if status else ""),
        ("numbers", status.dtype if status else ""),
        ("memory", amount(status.memory) if status and status.memory else ""),
        ("worker", f"process {status.worker_pid}" if status and status.worker_pid else ""),
        ("on the disk", amount(holding.size) if holding and holding.size else ""),
        ("to fetch", amount(entry.download) if entry and item.need == "model" else ""),
        ("instructions", "follows them" if entry and entry.instructs else ""),
        ("licence", entry.licence if entry else ""),
        ("hub", holding.hub if holding else ""),
        ("revision", manifest.revision[:12] if manifest else ""),
        ("fetched", f"{_day(manifest.pulled)} from {manifest.source}" if manifest else ""),
        ("last used", _when(holding.used) if holding and holding.used else ""),
        ("folder", at_home(holding.folder) if holding and holding.folder else ""),
        ("engine", item.engine),
    ]
    return {"title": item.name, "about": item.sentence, "wrong": wrong, "rows": rows}


def coming(load: Load) -> tuple[str, float | None, str]:
    """What a gauge shows of something that comes: what, which part of it, and the rest in words."""
    name = "neural runtime" if load.name == RUNTIME else load.name
    progress = load.progress
    if load.phase == "paused":
        return f"‖ {name}", progress.part if progress else None, "paused; c ends it, and keeps it"
    if load.phase == "pausing":
        return f"‖ {name}", progress.part if progress else None, "pausing ..."
    if progress is None:
        return name, None, "begins ..."
    words = [progress.state if progress.state != "downloading" else ""]
    if progress.total and progress.state == "downloading":
        words.append(f"{amount(progress.done)} of {amount(progress.total)}")
    if progress.rate:
        words.append(f"{amount(progress.rate)}/s")
    if progress.left is not None:
        words.append(f"{clock(progress.left)} left")
    if not progress.total:
        words.append(progress.what)
    part = progress.part if progress.total else None
    return name, part, ", ".join(filter(None, words))


def clock(seconds: float) -> str:
    """`1:02:03`, or `2:03` below an hour."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _day(iso: str) -> str:
    return iso.partition("T")[0]


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
