"""What stands in for a model that cannot speak: one ladder, and only where it is allowed."""

from __future__ import annotations

from ttm.config import Config
from ttm.engine import EngineCard
from ttm.models.registry import Entry, entry_of, ladder, mode_of
from ttm.models.status import ModelStatus, effective_types, resident
from ttm.models.store import Model
from ttm.worker.client import Worker


def allowed(config: Config) -> str:
    """`none`, `mode` or `any`: `models.fallback`, unless somebody asked for strictness."""
    asked = config.models.strict and config.origin("models.strict").kind != "default"
    return "none" if asked else config.models.fallback


def rungs(name: str, found: tuple[Model, EngineCard] | None, fallback: str) -> list[Entry]:
    """What may stand in for the model of this name, best first; `found` is it, if it is here."""
    if found and not found[1].checkpoint:
        return []
    entry = entry_of(name)
    kind = entry.mode if entry else found[0].mode if found else ""
    return ladder(kind, fallback, but=entry.hub if entry else "")


def status(name: str, model: Model, worker: Worker, *, strict: bool) -> ModelStatus:
    """What a worker that was asked to load the model of this name has loaded."""
    asked, loaded = entry_of(name), entry_of(model.name)
    device, dtype = effective_types(worker.effective)
    ready, replaced = worker.ready, asked != loaded
    return ModelStatus(
        requested_mode=mode_of(asked.mode if asked else model.mode),
        requested_model_id=asked.hub if asked else name,
        mode=mode_of(model.mode),
        model_id=loaded.hub if loaded else model.name,
        loaded=ready,
        ready=ready,
        strict_load=strict,
        fallback_applied=replaced,
        detail=f"{model.title} is loaded and ready" if ready else f"{model.title} is not loaded",
        engine=model.engine,
        device=device,
        dtype=dtype,
        memory=resident(worker.pid) if worker.pid else None,
        worker_pid=worker.pid,
    )


def nothing_loaded(name: str, *, strict: bool) -> ModelStatus:
    """The status where no process keeps a model loaded; `name` is the one that would speak."""
    asked = entry_of(name)
    return ModelStatus(
        requested_mode=mode_of(asked.mode) if asked else "",
        requested_model_id=asked.hub if asked else name,
        strict_load=strict,
        detail="no server runs, so no model is kept loaded; each command loads its own",
    )
