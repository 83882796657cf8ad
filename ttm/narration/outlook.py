"""What would speak, and on what, told without loading it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from ttm.config import Config
from ttm.engine import EngineCard
from ttm.errors import BadCheckpoint, EngineUnavailable, RuntimeMissing
from ttm.models.speakers import speakers
from ttm.models.store import Model, read_config
from ttm.narration.opening import open_worker
from ttm.speech import Voice


def voices(model: Model, config: Config) -> list[Voice]:
    """Who can speak with this model, as far as its files and the settings tell; of what they do not
    tell, the one that the settings ask for. Empty for a model that needs a recording."""
    if model.engine == "qwen3" and model.folder:
        with contextlib.suppress(BadCheckpoint):
            talker = _table(read_config(model.folder / "config.json").get("talker_config"))
            languages = list(_table(talker.get("codec_language_id")))
            return speakers(model.mode, _table(talker.get("spk_id")), languages, model.name)
    names = list(config.engine.remote[model.server].voices) if model.server else []
    asked = config.say.voice or "default"
    tag = "en" if config.say.language == "auto" else config.say.language
    return [Voice(name, (tag,), model=model.name) for name in dict.fromkeys((*names, asked))]


def effective(engine: EngineCard, config: Config) -> tuple[dict[str, Any], str]:
    """What a neural engine would run with here: device, dtype, ...; and why it cannot, where it is
    not ready. Nothing of a checkpoint is loaded."""
    if not engine.checkpoint:
        return {}, ""
    try:
        with contextlib.closing(open_worker(engine, config)) as worker:
            worker.load()
            return dict(worker.effective), ""
    except (EngineUnavailable, RuntimeMissing) as failure:
        return {}, failure.sentence


def _table(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}
