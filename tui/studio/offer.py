"""What can be asked of a model: who speaks with it, in which languages, and what it takes."""

from __future__ import annotations

from dataclasses import dataclass

from ttm import paths
from ttm.config import Config
from ttm.engine import every_card, missing
from ttm.models import inventory
from ttm.models.registry import by_hub
from ttm.models.store import Model
from ttm.narration import outlook
from ttm.narration.narrator import Narrator
from ttm.narration.opening import models_dir
from ttm.speech import Voice
from ttm.voices import VARIANT

UNDETERMINED = "und"
"""The language of a voice that has none."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a model honours."""

    model: str
    title: str
    voices: tuple[Voice, ...] = ()
    languages: tuple[str, ...] = ()
    """Tags; empty where there is nothing to choose."""
    instructs: bool = False
    """Follows an instruction."""
    describes: bool = False
    """The instruction is the voice's description, without which there is none."""
    clones: bool = False
    """Speaks with the voice of a recording."""
    varies: bool = False
    """Says the same words otherwise with another seed."""


def offer(narrator: Narrator, config: Config, name: str) -> Offer:
    """Without loading a checkpoint. Raises what `Narrator.model` and `Narrator.voices` raise."""
    model, card = narrator.model(name), narrator.card(name)
    known = card.checkpoint or card.named
    voices = outlook.voices(model, config) if known else narrator.voices(name)
    own = [voice for voice in voices if not voice.name.startswith(VARIANT)]
    clones = card.clones and model.clones
    if clones:
        own += [Voice(each, (UNDETERMINED,), "your voice") for each in narrator.library.names()]
    tags = {tag for voice in own for tag in voice.languages[:1]} - {UNDETERMINED, ""}
    return Offer(
        name,
        model.title,
        tuple(own),
        tuple(sorted(tags)),
        instructs=card.instructs and _follows(model),
        describes=model.mode == "voice_design",
        clones=clones,
        varies=card.random,
    )


def _follows(model: Model) -> bool:
    """Whether its checkpoint, if it has one, was trained on instructions."""
    return model.mode in ("", "voice_design") or (model.mode != "base" and model.size != "0.6B")


def here(config: Config) -> tuple[tuple[str, str], ...]:
    """The models that could speak, the settings' own first, each with a sentence about it."""
    found = {
        card.name: card.sentence
        for card in every_card()
        if not card.checkpoint and not card.named and not missing(card)
    }
    for server in config.engine.remote:
        found[f"remote:{server}"] = f"the server at {config.engine.remote[server].url}"
    for each in inventory.every(models_dir(config), paths.hub_cache()):
        if each.available:
            entry = by_hub(each.hub)
            found[each.name] = entry.sentence if entry else each.mode.replace("_", " ")
    own = config.say.model
    first = {own: found.pop(own, "")}
    fake = {"tone": found.pop("tone")} if "tone" in found else {}
    return tuple((first | found | fake).items())
