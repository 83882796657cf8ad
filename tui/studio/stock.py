"""The models: which there are, whether each could speak this minute, and if not, why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ttm import paths
from ttm.config import Config
from ttm.engine import every_card
from ttm.errors import (
    BadCheckpoint,
    ModelError,
    ModelMissing,
    RuntimeMissing,
    TtmError,
    UsageError,
)
from ttm.models import inventory
from ttm.models.inventory import Holding
from ttm.models.registry import MODES
from ttm.models.speakers import TAGS
from ttm.models.status import ModelStatus
from ttm.narration.narrator import Narrator
from ttm.narration.opening import REMOTE, find_model, models_dir, require_runtime, runtime_root
from ttm.narration.provision import lacking, wish
from ttm.runtime.environment import Place
from ttm.runtime.inspection import Found, look
from ttm.runtime.staging import plan

Need = Literal["", "model", "runtime", "damaged", "other"]
"""What keeps a model from speaking: nothing, its files, the runtime, what its files are, or
something that no key brings."""


@dataclass(frozen=True, slots=True)
class Item:
    """A model, and how it is with it."""

    name: str
    engine: str
    sentence: str
    """What it does."""
    need: Need
    why: str
    """Why it cannot speak; empty when it can."""
    holding: Holding | None = None
    """None for an engine that needs no files."""

    @property
    def state(self) -> str:
        """ready, not ready, part, damaged or not here."""
        if not self.need:
            return "ready"
        if self.need == "damaged":
            return "damaged"
        if self.holding and self.holding.state == inventory.PARTIAL:
            return "part"
        if self.holding and not self.holding.available:
            return "not here"
        return "not ready"

    @property
    def size(self) -> int:
        """Bytes that it takes here, or would have to be fetched; 0 where it needs none."""
        if self.holding is None:
            return 0
        if self.holding.state != inventory.ABSENT or not self.holding.entry:
            return self.holding.size
        return self.holding.entry.download

    @property
    def languages(self) -> tuple[str, ...]:
        """English names of the languages that it speaks, where that is known."""
        known = self.holding and self.holding.entry
        return tuple(name.capitalize() for name in TAGS.values()) if known else ()

    @property
    def mode(self) -> str:
        """What it is for, in words."""
        words = {
            "custom_voice": "speakers of its own",
            "voice_design": "voices that you describe",
            "voice_clone": "voices of recordings",
        }
        assert set(words) == set(MODES)
        return words.get(self.holding.mode, "") if self.holding else ""


@dataclass(frozen=True, slots=True)
class Runtime:
    """How it is with the neural runtime."""

    ready: bool
    own: bool
    """Whether ttm's own environment has what the neural engines need, so that none is staged."""
    sentence: str
    fetched: int = 0
    """Megabytes that staging would fetch, about; 0 where nothing is to be staged."""
    kept: int = 0
    """Megabytes that it would take."""
    device: str = ""
    """The build of torch that is, or would be, staged."""


def every(config: Config) -> list[Item]:
    """Every model, those that are here first as the inventory has them, then the engines."""
    found = [_item(each, config) for each in inventory.every(models_dir(config), paths.hub_cache())]
    cards = every_card()
    for card in cards:
        if not card.checkpoint and not card.named:
            found.append(Item(card.name, card.name, card.sentence, "", ""))
    for server in config.engine.remote:
        name = f"{REMOTE}:{server}"
        found.append(Item(name, REMOTE, config.engine.remote[server].url, "", ""))
    return found


def _item(holding: Holding, config: Config) -> Item:
    entry = holding.entry
    about = entry.sentence if entry else holding.mode.replace("_", " ")
    engine = entry.engine if entry else ""
    need: Need = ""
    why = ""
    try:
        model, card = find_model(holding.name, config)
        engine = model.engine
        require_runtime(card, config)
    except (ModelError, UsageError) as failure:
        need, why = _need(failure), failure.what
        if not holding.available and need == "runtime":
            need = "model"  # both are missing, and this one comes first
    return Item(holding.name, engine, about or engine, need, why, holding)


def _need(failure: TtmError) -> Need:
    if isinstance(failure, ModelMissing):
        return "model"
    if isinstance(failure, RuntimeMissing):
        return "runtime"
    return "damaged" if isinstance(failure, BadCheckpoint) else "other"


def runtime(config: Config) -> Runtime:
    """How it is with it, and what staging would bring. May wait for a driver that is asked."""
    if not (lacks := lacking()):
        return Runtime(True, True, "the environment of ttm has what the neural engines need")
    place = Place(runtime_root(config))
    found: Found = look(place)
    if found.condition == "ready" and found.manifest:
        return Runtime(True, False, "", device=found.manifest.flavour)
    why = found.sentence if found.condition != "absent" else f"there is no {', '.join(lacks)}"
    try:
        flavour = plan(place, wish(config)).flavour
    except TtmError as failure:
        return Runtime(False, False, failure.sentence)
    return Runtime(False, False, why, flavour.fetched, flavour.kept, flavour.name)


def load(narrator: Narrator, name: str) -> ModelStatus:
    """Load a model, and say how. Raises what loading raises."""
    narrator.load(name)
    return narrator.status(name)
