"""From the settings to what speaks: the model that a name means, and a worker for its engine."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ttm import paths
from ttm.config import Config
from ttm.engine import ENGINES, EngineCard, card, every_card, missing
from ttm.errors import EngineUnavailable, UnknownModel
from ttm.models.store import Model, find
from ttm.worker.client import Limits, Worker

REMOTE = "remote"
"""The engine that speaks through servers; `remote:NAME` is a model of it."""

NO_SERVER = (
    "no server is named in the settings",
    "Name one with `ttm config set engine.remote.NAME.url URL`",
)


def find_model(name: str, config: Config) -> tuple[Model, EngineCard]:
    """The model of this name, and the card of its engine.

    Raises UnknownModel, UsageError, ModelError or BadCheckpoint, as `ttm.models.store.find` does.
    """
    if (known := ENGINES.get(name)) and not known.checkpoint and not known.named:
        return Model(name, name), known  # spares the look at what other distributions offer
    chosen = config.models.dir
    cards = every_card()
    servers = [f"{REMOTE}:{server}" for server in config.engine.remote]
    if not servers and name.casefold().partition(":")[0] == REMOTE:
        raise UnknownModel(*NO_SERVER)
    model = find(
        name,
        engines=[*(c.name for c in cards if not c.checkpoint and not c.named), *servers],
        models_dir=Path(os.path.expanduser(chosen)) if chosen else paths.models_dir(),
        hub_cache=paths.hub_cache(),
    )
    engine, _, server = model.engine.partition(":")
    if server:
        model = replace(model, name=model.engine, engine=engine, server=server)
    return model, card(engine)


def open_worker(
    engine: EngineCard,
    config: Config,
    folder: Path | None = None,
    server: str = "",
    *,
    loading: Callable[[str, float], None] | None = None,
) -> Worker:
    """A worker for this engine, with the options and limits of the settings; not yet started.

    `folder` of the checkpoint, for an engine that speaks with one; `server` of the settings, for
    one that speaks through it. Raises EngineUnavailable when packages that it needs are not
    installed, or no server is named.
    """
    if engine.named and server not in config.engine.remote:
        raise EngineUnavailable(*NO_SERVER)
    if lacking := missing(engine):
        are = "is" if len(lacking) == 1 else "are"
        raise EngineUnavailable(
            f"engine '{engine.name}' needs {', '.join(lacking)}, which {are} not installed",
            f"Install what it needs with pip install 'ttm-speech[{engine.extra}]'",
        )
    settings = config.engine
    options: dict[str, Any] = {}
    if engine.named:
        options = asdict(settings.remote[server]) | {"name": server}
    elif engine.name in ("espeak", "huggingface", "qwen3"):
        options = asdict(getattr(settings, engine.name))
    if engine.checkpoint:
        options["folder"] = str(folder or "")
    limits = Limits(
        no_progress=settings.no_progress,
        unresponsive=settings.unresponsive,
        cancel=settings.cancel,
        crashes=settings.crashes,
    )
    return Worker(engine.name, options, limits, loading=loading)
