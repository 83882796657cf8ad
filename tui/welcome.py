"""What somebody who starts ttm for the first time should know: what a natural voice takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ttm import paths
from ttm.config import Config

SUGGESTED = "qwen3:0.6b"
"""The smallest model with voices of its own; the others are on the screen of the models."""

SENTENCE = "Hello. This is espeak: it speaks at once, and needs nothing more."


@dataclass(frozen=True, slots=True)
class Need:
    """What a natural voice needs of this machine."""

    model: str
    sentence: str
    """What the model does."""
    licence: str
    fetched: int
    """Bytes of the model that are still to come; 0 where it is here."""
    runtime_fetched: int
    """Bytes of the runtime that are still to come, about; 0 where it is here."""
    runtime_kept: int
    """Bytes of the disk that the runtime takes, about."""
    device: str
    """What the runtime computes on."""

    @property
    def anything(self) -> bool:
        return bool(self.fetched or self.runtime_fetched)


def need(config: Config, model: str = SUGGESTED) -> Need:
    """What is missing for this model. Looks at the disk, and for a GPU. Raises what planning the
    runtime raises."""
    from ttm.models.place import Place
    from ttm.models.registry import entry_of
    from ttm.narration.opening import models_dir, runtime_root
    from ttm.narration.provision import wish
    from ttm.runtime.environment import Place as RuntimePlace
    from ttm.runtime.staging import plan

    entry = entry_of(model)
    assert entry is not None
    todo = plan(RuntimePlace(runtime_root(config)), wish(config))
    here = Place(models_dir(config), entry.hub).complete() is not None
    mega = 1_000_000
    return Need(
        model=entry.name,
        sentence=entry.sentence,
        licence=entry.licence,
        fetched=0 if here else entry.download,
        runtime_fetched=todo.flavour.fetched * mega if todo.anything else 0,
        runtime_kept=todo.flavour.kept * mega,
        device=todo.flavour.name,
    )


def mark() -> Path:
    """The file that is there once somebody was welcomed."""
    return paths.history_dir() / "welcomed"


def welcomed() -> bool:
    """Whether this user has been here before."""
    return mark().exists()


def remember() -> None:
    """Do not welcome this user again. Raises OutputError."""
    from ttm.audio.target import refusal

    try:
        mark().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        mark().touch(mode=0o600)
    except OSError as failure:
        raise refusal(str(mark()), failure) from None
