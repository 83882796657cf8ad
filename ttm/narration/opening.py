"""From the settings to what speaks: the model that a name means, and a worker for its engine."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from ttm import paths
from ttm.config import Config, EspeakSettings, Qwen3Settings
from ttm.engine import ENGINES, EngineCard, card, every_card, missing
from ttm.errors import EngineUnavailable, ModelError, UsageError
from ttm.models.registry import REGISTRY
from ttm.models.store import Model, find
from ttm.voices.library import Library
from ttm.worker.client import Limits, Worker


def find_model(name: str, config: Config) -> tuple[Model, EngineCard]:
    """The model of this name, and the card of its engine.

    Raises UnknownModel, UsageError, ModelError or BadCheckpoint, as `ttm.models.store.find` does.
    """
    if (known := ENGINES.get(name)) and not known.checkpoint:
        return Model(name, name), known  # spares the look at what other distributions offer
    chosen = config.models.dir
    model = find(
        name,
        engines=[each.name for each in every_card() if not each.checkpoint],
        models_dir=Path(os.path.expanduser(chosen)) if chosen else paths.models_dir(),
        hub_cache=paths.hub_cache(),
    )
    return model, card(model.engine)


def model_here(mode: str, config: Config) -> str:
    """The first model of this mode that is here and could be loaded: the settings' own, then those
    that have a short name; empty when there is none. `base` takes any that clones."""
    names = [config.say.model, *(entry.name for entry in REGISTRY if entry.mode == mode)]
    for name in names:
        try:
            model, engine = find_model(name, config)
        except (ModelError, UsageError):
            continue
        able = engine.clones and model.clones if mode == "base" else model.mode == mode
        if able and not missing(engine):
            return name
    return ""


def open_library(config: Config) -> Library:
    """The voices that the user keeps."""
    chosen = config.voices.dir
    folder = Path(os.path.expanduser(chosen)) if chosen else paths.voices_dir()
    return Library(folder.absolute(), config.voices.max)


def open_worker(
    engine: EngineCard,
    config: Config,
    folder: Path | None = None,
    *,
    loading: Callable[[str, float], None] | None = None,
) -> Worker:
    """A worker for this engine, with the options and limits of the settings; not yet started.

    `folder` of the checkpoint, for an engine that speaks with one. Raises EngineUnavailable when
    packages that it needs are not installed.
    """
    if lacking := missing(engine):
        are = "is" if len(lacking) == 1 else "are"
        raise EngineUnavailable(
            f"engine '{engine.name}' needs {', '.join(lacking)}, which {are} not installed",
            f"Install what it needs with pip install 'ttm-speech[{engine.extra}]'",
        )
    settings = config.engine
    sections: dict[str, EspeakSettings | Qwen3Settings] = {
        "espeak": settings.espeak,
        "qwen3": settings.qwen3,
    }
    section = sections.get(engine.name)
    options = asdict(section) if section else {}
    if engine.checkpoint:
        options["folder"] = str(folder or "")
    limits = Limits(
        no_progress=settings.no_progress,
        unresponsive=settings.unresponsive,
        cancel=settings.cancel,
        crashes=settings.crashes,
    )
    return Worker(engine.name, options, limits, loading=loading)
