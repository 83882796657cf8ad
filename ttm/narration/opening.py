"""From the settings to what speaks: the model that a name means, and a worker for its engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ttm import paths
from ttm.config import Config, EspeakSettings, Qwen3Settings
from ttm.engine import ENGINES, EngineCard, card, every_card, missing
from ttm.errors import EngineUnavailable
from ttm.models.place import note_use
from ttm.models.store import Model, find
from ttm.worker.client import Limits, Worker

if TYPE_CHECKING:
    from ttm.models.hub import Hub


def models_dir(config: Config) -> Path:
    """The folder of the checkpoints that ttm keeps."""
    chosen = config.models.dir
    return Path(os.path.expanduser(chosen)).absolute() if chosen else paths.models_dir()


def open_hub(config: Config, environ: Mapping[str, str]) -> Hub:
    """The hub that models come from; asks it nothing yet.

    `HF_ENDPOINT` and `HF_TOKEN` of `environ` hold where no setting says otherwise. Raises
    UsageError for a token or an address that cannot be one.
    """
    from ttm.models.hub import Hub, Limits

    models = config.models
    limits = Limits(models.connect, models.stall, models.deadline, models.retries)
    endpoint = models.endpoint or environ.get("HF_ENDPOINT", "")
    return Hub(endpoint, environ.get("HF_TOKEN", ""), limits)


def find_model(name: str, config: Config) -> tuple[Model, EngineCard]:
    """The model of this name, and the card of its engine.

    Raises UnknownModel, UsageError, ModelError or BadCheckpoint, as `ttm.models.store.find` does.
    """
    if (known := ENGINES.get(name)) and not known.checkpoint:
        return Model(name, name), known  # spares the look at what other distributions offer
    model = find(
        name,
        engines=[each.name for each in every_card() if not each.checkpoint],
        models_dir=models_dir(config),
        hub_cache=paths.hub_cache(),
    )
    return model, card(model.engine)


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
    if folder:
        note_use(folder, models_dir(config))
    limits = Limits(
        no_progress=settings.no_progress,
        unresponsive=settings.unresponsive,
        cancel=settings.cancel,
        crashes=settings.crashes,
    )
    return Worker(engine.name, options, limits, loading=loading)
