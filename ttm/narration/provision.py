"""What a model needs and is not here, brought: the neural runtime, then the files of the model."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from ttm.config import Config
from ttm.engine import ENGINES, missing
from ttm.errors import ModelMissing, RuntimeMissing
from ttm.models.place import Place
from ttm.models.registry import hub_id
from ttm.narration.opening import find_model, models_dir, open_hub, require_runtime, runtime_root
from ttm.runtime.environment import Place as RuntimePlace
from ttm.runtime.staging import Wish, carry_out, plan

CHECKING, DOWNLOADING, VALIDATING = "checking", "downloading", "validating"

STEPS = {
    "environment": (DOWNLOADING, "the runtime's Python"),
    "packages": (DOWNLOADING, "the runtime's packages"),
    "trial": (VALIDATING, "the runtime"),
}
"""What the steps of staging are to somebody who waits for a model."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far something has come."""

    state: str
    """checking, downloading, validating or loading."""
    what: str
    """What is being brought or loaded: a file, the runtime's packages, the weights."""
    done: int = 0
    """Bytes of the model that are there; 0 where they are not counted."""
    total: int = 0
    part: float | None = None
    """From 0 to 1; None where nobody knows."""
    rate: float = 0.0
    """Bytes a second that come over the network."""
    left: float | None = None
    """Seconds until all of it is there; None where nobody knows."""


Tell = Callable[[Progress], None]


def wish(config: Config) -> Wish:
    """What the settings ask of staging."""
    chosen = config.runtime
    return Wish(device=chosen.device, installer=chosen.installer, index=chosen.index)


def provide(name: str, config: Config, tell: Tell) -> None:
    """Have everything here that the model of this name needs to speak.

    What `tell` raises ends it; what came so far is kept. Raises what `find_model` raises for a
    model that cannot be fetched, StagingFailed, and DownloadFailed.
    """
    tell(Progress(CHECKING, name))
    # The files of a model that has no short name tell which engine, and so what else, it needs.
    for _ in range(2):
        model, runtime = _missing(name, config)
        if runtime:
            stage(config, tell)
        if model:
            bring(model, config, tell)
        if not (model or runtime):
            return


def _missing(name: str, config: Config) -> tuple[str, bool]:
    """The model to be fetched, and whether the runtime is to be staged."""
    try:
        require_runtime(find_model(name, config)[1], config)
    except ModelMissing as failure:
        if not failure.model:
            raise
        return failure.model, False
    except RuntimeMissing as failure:
        return failure.model, True
    return "", False


def lacking() -> list[str]:
    """What the extra `neural` would bring and ttm's own environment does not have."""
    cards = [card for card in ENGINES.values() if card.extra == "neural"]
    return sorted({module for card in cards for module in missing(card)})


def stage(config: Config, tell: Tell) -> None:
    """Make what is missing of the neural runtime. Raises StagingFailed, and UsageError."""
    place, wanted = RuntimePlace(runtime_root(config)), wish(config)

    def step(name: str, age: float) -> None:
        tell(Progress(*STEPS[name]))

    with place.locked(lambda: tell(Progress(CHECKING, "the runtime, which another ttm stages"))):
        todo = plan(place, wanted)
        if todo.anything:
            carry_out(todo, place, wanted, step)


def bring(name: str, config: Config, tell: Tell, *, again: bool = False) -> None:
    """Fetch what is missing of a model, or with `again` every file of it, and verify it.

    What `tell` raises ends it; what came so far is kept, and the next time goes on from there.
    Raises DownloadFailed.
    """
    from ttm.models.download import Coming, pull

    def come(told: Coming) -> None:
        part = told.done / told.total if told.total else None
        # Before the first byte comes, what is here already is looked at.
        state = DOWNLOADING if told.state == "downloading" else CHECKING
        if told.state == "ready":
            state = VALIDATING
        what = told.file or told.hub
        tell(Progress(state, what, told.done, told.total, part, told.rate, told.left))

    place = Place(models_dir(config), hub_id(name))
    pull(place, open_hub(config, os.environ), again=again, tell=come)
