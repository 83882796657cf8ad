"""Every voice that there is, whichever model speaks with it, and those that answer to a search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ttm import paths
from ttm.config import Config
from ttm.engine import every_card
from ttm.errors import ModelError, TtmError, UsageError
from ttm.models import inventory
from ttm.models.registry import DEFAULTS, REGISTRY
from ttm.models.speakers import SPEAKERS, TAGS, speakers
from ttm.narration import outlook
from ttm.narration.narrator import Narrator
from ttm.narration.opening import REMOTE, find_model, model_here, models_dir, require_runtime
from ttm.speech import Voice
from ttm.voices import VARIANT

Kind = Literal["cloned", "designed", "damaged", "built in"]

YOURS: tuple[Kind, ...] = ("cloned", "designed", "damaged")


@dataclass(frozen=True, slots=True)
class Member:
    """A voice, and the model that speaks with it."""

    voice: Voice
    model: str
    """What `say.model` has to be."""
    why_not: str = ""
    """Why it cannot speak here; empty when it can."""
    sought: str = field(init=False, repr=False, compare=False)
    """All that a search looks into, in small letters."""

    def __post_init__(self) -> None:
        voice = self.voice
        words = (voice.name, voice.description, *voice.languages, *voice.aliases, self.model)
        named = (TAGS.get(tag, "") for tag in voice.languages[:1])
        text = " ".join((*words, *named, voice.gender, self.kind))
        object.__setattr__(self, "sought", text.casefold())

    @property
    def kind(self) -> Kind:
        source = self.voice.source
        return source if source in ("cloned", "designed", "damaged") else "built in"

    @property
    def yours(self) -> bool:
        """Whether the user keeps it."""
        return self.kind in YOURS

    @property
    def language(self) -> str:
        """The voice's own, as a tag; empty where it has none."""
        tag = self.voice.languages[0] if self.voice.languages else ""
        return "" if tag == "und" else tag

    @property
    def key(self) -> str:
        """One for each."""
        return f"{self.model}\n{self.voice.name}\n{int(self.yours)}"


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; empty is anything."""

    words: str = ""
    language: str = ""
    """A primary subtag."""
    kind: str = ""
    """A Kind, or `yours`."""
    model: str = ""

    def finds(self, member: Member) -> bool:
        """Whether it is this voice, too."""
        if self.language and member.language.partition("-")[0] != self.language:
            return False
        if self.kind and member.kind != self.kind and not (self.kind == "yours" and member.yours):
            return False
        if self.model and member.model != self.model:
            return False
        return all(word in member.sought for word in self.words.casefold().split())

    def ranked(self, members: Sequence[Member]) -> list[Member]:
        """Those that are found: names that begin so first, then the user's own, then those
        that can speak, then by name."""
        begun = self.words.casefold().strip()

        def rank(member: Member) -> tuple[bool, bool, bool, str, str]:
            name = member.voice.name.casefold()
            other = not (begun and name.startswith(begun))
            return other, not member.yours, bool(member.why_not), name, member.model

        return sorted(filter(self.finds, members), key=rank)


def languages(members: Sequence[Member]) -> list[tuple[str, str]]:
    """The primary subtag of every language that is spoken, with its English name."""
    named: dict[str, str] = {}
    for member in members:
        tag = member.language.partition("-")[0]
        english = member.voice.description.partition(" (")[0]
        if tag and member.model == "espeak" and (tag not in named or member.language == tag):
            named[tag] = english
    for tag in {member.language.partition("-")[0] for member in members} - {""}:
        named.setdefault(tag, TAGS.get(tag, tag).capitalize())
    named |= {tag: name.capitalize() for tag, name in TAGS.items() if tag in named}
    return sorted(((tag, name) for tag, name in named.items()), key=lambda both: both[1])


def spelled(member: Member, named: Mapping[str, str]) -> str:
    """The language of a voice as people call it: `English (Scotland)` where its engine says so,
    else as its primary subtag is `named`; empty where it has none."""
    if member.model == "espeak":  # which describes its voices by their languages
        return member.voice.description
    return named.get(member.language.partition("-")[0], member.language)


def yours(narrator: Narrator, config: Config) -> list[Member]:
    """The voices that the user keeps. Raises BadVoice for a folder that cannot be read."""
    cloner = model_here("base", config)
    need = "" if cloner else "it needs a model that clones, and none is ready"
    able = cloner or DEFAULTS["voice_clone"]
    found = narrator.library.voices()
    return [
        Member(voice, able, voice.description if voice.source == "damaged" else need)
        for voice in found
    ]


def models(config: Config) -> list[str]:
    """Every model that has voices of its own, as far as can be told without a network."""
    names = [card.name for card in every_card() if not card.checkpoint and not card.named]
    names += [f"{REMOTE}:{server}" for server in config.engine.remote]
    names += [entry.name for entry in REGISTRY if entry.mode == "custom_voice"]
    here = inventory.every(models_dir(config), paths.hub_cache())
    return names + [each.name for each in here if each.entry is None and each.available]


def built_in(narrator: Narrator, config: Config, name: str) -> list[Member]:
    """The voices of a model, whether or not it is here. Raises what finding it raises."""
    entry = next((each for each in REGISTRY if each.name == name), None)
    try:
        model, engine = find_model(name, config)
        require_runtime(engine, config)
    except (ModelError, UsageError) as failure:
        if entry is None:
            raise
        known = speakers(entry.mode, SPEAKERS, TAGS.values(), name)
        return [Member(voice, name, failure.what) for voice in known]
    if engine.checkpoint or engine.named:  # whose worker would take seconds, or a network
        found = outlook.voices(model, config)
    else:
        found = narrator.voices(name)
    return [Member(voice, name) for voice in found if not voice.name.startswith(VARIANT)]


def every(narrator: Narrator, config: Config) -> Iterator[list[Member] | TtmError]:
    """Every voice, a model at a time, the user's own first; of a model that has trouble, that."""
    try:
        yield yours(narrator, config)
    except TtmError as failure:
        yield failure
    for name in models(config):
        try:
            yield built_in(narrator, config, name)
        except TtmError as failure:
            yield failure
