"""From the settings to what speaks: the model that a name means, and a worker for its engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttm import paths, runtime
from ttm.config import Config, default_path
from ttm.engine import ENGINES, EngineCard, card, every_card, missing
from ttm.errors import (
    EngineUnavailable,
    ModelError,
    ModelMissing,
    RuntimeMissing,
    UnknownModel,
    UsageError,
)
from ttm.models.place import note_use
from ttm.models.registry import REGISTRY, entry_of
from ttm.models.store import Model, find
from ttm.narration.cache import Cache
from ttm.text.lexicon import FILE
from ttm.voices.library import Library
from ttm.worker.client import Limits, Worker

if TYPE_CHECKING:
    from ttm.models.hub import Hub

REMOTE = "remote"
"""The engine that speaks through servers; `remote:NAME` is a model of it."""

NO_SERVER = (
    "no server is named in the settings",
    "Name one with `ttm config set engine.remote.NAME.url URL`",
)


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

    Raises UnknownModel, UsageError, ModelError or BadCheckpoint, as `ttm.models.store.find` does,
    and RuntimeMissing for a model that lacks both its checkpoint and the neural runtime.
    """
    if (known := ENGINES.get(name)) and not known.checkpoint and not known.named:
        return Model(name, name), known  # spares the look at what other distributions offer
    cards = every_card()
    servers = [f"{REMOTE}:{server}" for server in config.engine.remote]
    if not servers and name.casefold().partition(":")[0] == REMOTE:
        raise UnknownModel(*NO_SERVER)
    try:
        model = find(
            name,
            engines=[*(c.name for c in cards if not c.checkpoint and not c.named), *servers],
            models_dir=models_dir(config),
            hub_cache=paths.hub_cache(),
        )
    except ModelMissing as failure:
        raise _and_runtime(failure, config) from None
    engine, _, server = model.engine.partition(":")
    if server:
        model = replace(model, name=model.engine, engine=engine, server=server)
    return model, card(engine)


def model_here(mode: str, config: Config) -> str:
    """The first model of this mode that is here and could be loaded: the settings' own, then those
    that have a short name; empty when there is none. `base` takes any that clones."""
    names = [config.say.model, *(entry.name for entry in REGISTRY if entry.mode == mode)]
    for name in names:
        try:
            model, engine = find_model(name, config)
            require_runtime(engine, config)
        except (ModelError, UsageError):
            continue
        if engine.clones and model.clones if mode == "base" else model.mode == mode:
            return name
    return ""


def open_library(config: Config) -> Library:
    """The voices that the user keeps."""
    chosen = config.voices.dir
    folder = Path(os.path.expanduser(chosen)) if chosen else paths.voices_dir()
    return Library(folder.absolute(), config.voices.max)


def open_cache(config: Config) -> Cache:
    """What was spoken once; nothing is read or made yet."""
    return Cache(paths.spoken_dir(), config.cache.max_bytes)


def lexicon_path(config: Config) -> Path | None:
    """The file that says how words are said, whether it is there or not; None for settings that
    have no place."""
    if chosen := config.text.lexicon:
        return Path(os.path.expanduser(chosen)).absolute()
    settings = config.document.path if config.document else default_path()
    return None if str(settings) == os.devnull else settings.absolute().with_name(FILE)


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
    one that speaks through it. What the environment of ttm lacks, the neural runtime has: raises
    RuntimeMissing when that is not staged, and EngineUnavailable for packages that it does not
    bring, and when no server is named.
    """
    if engine.named and server not in config.engine.remote:
        raise EngineUnavailable(*NO_SERVER)
    seat = require_runtime(engine, config)
    settings = config.engine
    options: dict[str, Any] = {}
    if engine.named:
        options = asdict(settings.remote[server]) | {"name": server}
    elif engine.name in ("espeak", "huggingface", "qwen3"):
        options = asdict(getattr(settings, engine.name))
    if engine.checkpoint:
        options["folder"] = str(folder or "")
    if options.pop("keep_packed", False):
        options["packed_dir"] = str(paths.packed_dir())
    if folder:
        note_use(folder, models_dir(config))
    limits = Limits(
        no_progress=settings.no_progress,
        unresponsive=settings.unresponsive,
        cancel=settings.cancel,
        crashes=settings.crashes,
    )
    return Worker(engine.name, options, limits, loading=loading, seat=seat)


def runtime_root(config: Config) -> Path:
    """The folder of the neural runtime."""
    chosen = config.runtime.dir
    return Path(os.path.expanduser(chosen)) if chosen else paths.runtime_dir()


def require_runtime(engine: EngineCard, config: Config) -> runtime.Seat | None:
    """What a worker of this engine is started with; None for the Python of ttm itself.

    Raises RuntimeMissing when it needs the neural runtime and none that fits is staged, and
    EngineUnavailable for packages that the runtime does not bring, or that are missing beside a
    torch of the user's own.
    """
    lacking = missing(engine)
    if not lacking:
        return None
    are = "is" if len(lacking) == 1 else "are"
    what = f"engine '{engine.name}' needs {', '.join(lacking)}, which {are} not installed"
    install = f"Install what it needs with pip install 'ttm-speech[{engine.extra}]'"
    if not runtime.offers(engine.modules):
        raise EngineUnavailable(what, install)
    try:
        return runtime.seat(runtime_root(config), what)
    except RuntimeMissing:
        if "torch" in lacking:
            raise
        raise EngineUnavailable(what, install) from None


def _and_runtime(absent: ModelMissing, config: Config) -> ModelMissing | RuntimeMissing:
    """What to say of a model that is not here: of the runtime too, where that is missing as well,
    so that one command brings both."""
    entry = entry_of(absent.model)
    engines = [ENGINES[entry.engine]] if entry else [c for c in ENGINES.values() if c.checkpoint]
    lacking = None
    for engine in engines:
        try:
            require_runtime(engine, config)
        except RuntimeMissing as failure:
            lacking = failure
        except EngineUnavailable:
            continue
        else:
            return absent
    if lacking is None or not absent.model:
        return absent
    return RuntimeMissing(
        f"{absent.what}, and the neural runtime, which it needs, is not staged",
        f"Fetch both with `ttm runtime stage --model {absent.model}`",
        model=absent.model,
    )
