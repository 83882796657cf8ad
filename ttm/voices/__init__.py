"""Which voice is meant by what a user typed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ttm.audio.formats import FORMATS
from ttm.errors import UnknownName, UsageError, did_you_mean
from ttm.models import speakers
from ttm.speech import Voice
from ttm.voicefile import SUFFIX, is_voice, read

DEFAULT_FOR = {"en": "en-us"}
"""Where a bare language has several equal voices."""

TAGS = {name: tag for tag, name in speakers.TAGS.items()} | {"cmn": "zh"}
"""Other names of languages, for voices that are not described by that of theirs."""

VARIANT = "+"
"""Joins a voice and a variant of its timbre, as in `en-us+f3`."""

RECORDINGS = (
    *(suffix for form in FORMATS.values() for suffix in form.suffixes),
    *(".aac", ".aif", ".aiff", ".au", ".caf", ".m4a", ".mp4", ".webm"),
)
"""Suffixes by which a recording is known, whether or not ttm can read it."""


def find(voices: Sequence[Voice], name: str) -> Voice:
    """The voice of that name, alias, language tag or unique beginning; with a variant if given.

    Raises UnknownName with the nearest names, UsageError when several voices begin so.
    """
    base, plus, variant = name.partition(VARIANT)
    voice = _find(_bases(voices), base)
    if not plus:
        return voice
    variants = {v.name.casefold(): v for v in voices if v.name.startswith(VARIANT)}
    chosen = variants.get(name[len(base) :].casefold())
    if chosen is None:
        hint = did_you_mean(plus + variant, variants)
        raise UnknownName(
            f"unknown voice variant '{plus}{variant}'",
            f"{hint} " * bool(hint) + "`ttm voices list --variants` shows all",
        )
    return replace(voice, name=voice.name + chosen.name, gender=chosen.gender or voice.gender)


def for_language(voices: Sequence[Voice], language: str) -> Voice | None:
    """The voice whose own language this is: a BCP-47 tag, tried without its last subtag until
    one fits, or an English name (`German`)."""
    bases = _bases(voices)
    tag = _tag(language)
    while tag:
        if preferred := next((v for v in bases if v.name == DEFAULT_FOR.get(tag)), None):
            return preferred
        for rank in range(3):
            for voice in bases:
                if rank < len(voice.languages) and voice.languages[rank] == tag:
                    return voice
        tag = tag.rpartition("-")[0]
    if named := _by_english_name(bases, language):
        return named
    other = TAGS.get(language.casefold())
    return for_language(voices, other) if other else None


def native(voices: Sequence[Voice], language: str) -> Voice | None:
    """The first voice whose own language this is, of voices that all speak several."""
    own = (replace(voice, languages=voice.languages[:1]) for voice in voices)
    return next((v for v, only in zip(voices, own, strict=True) if speaks(only, language)), None)


def speaks(voice: Voice, language: str) -> bool:
    """Whether this voice is made for that language, dialects aside."""
    known = {tag.partition("-")[0] for tag in voice.languages}
    known.add(voice.description.casefold().partition(" (")[0])
    asked = {_tag(language).partition("-")[0], primary(language), language.casefold()}
    return not known.isdisjoint(asked)


def primary(language: str) -> str:
    """The first subtag of a tag, or of the tag that an English name stands for."""
    tag = _tag(language).partition("-")[0]
    return TAGS.get(tag, tag)


def exactly(voices: Sequence[Voice], name: str) -> Voice | None:
    """The voice that has this name whole: as its own, an alias, a tag or an English name."""
    wanted, plain = _tag(name), name.strip().casefold()
    for voice in _bases(voices):
        named = (voice.name, *voice.aliases, *(tag for tag in voice.languages if tag != "und"))
        english = voice.description.casefold().partition(" (")[0]
        if wanted in map(_tag, named) or plain == english:
            return voice
    return None


def together(own: Sequence[Voice], kept: Sequence[Voice], *, clones: bool) -> list[Voice]:
    """A model's `own` voices but the variants, and those that the user `kept`, by name.

    One name is one voice: the user's where the model `clones`, else the model's.
    """
    mine = {voice.name for voice in kept} if clones else set()
    found = [voice for voice in _bases(own) if voice.name not in mine]
    found += [voice for voice in kept if clones or not exactly(own, voice.name)]
    return sorted(found, key=lambda voice: voice.name)


def is_recording(name: str) -> bool:
    """Whether this looks like the path of a recording rather than like a voice's name."""
    endings = (*RECORDINGS, SUFFIX)
    return os.sep in name or name.startswith("~") or name.casefold().endswith(endings)


def recorded(path: str, transcript: str) -> Voice:
    """The voice of a recording, of which `transcript` is what is said in it; or of a voice file,
    which says that itself.

    Raises UsageError when there is no such file, BadVoice for a voice file that is damaged.
    """
    file = os.path.abspath(os.path.expanduser(path))
    if "\0" in path or not os.path.exists(file):
        raise UsageError(f"there is no recording '{path}'", "Check the path that --voice names")
    if os.path.isdir(file):
        raise UsageError(f"'{path}' is a folder, not a recording", "Name a sound file with --voice")
    about = "the voice of a recording"
    if is_voice(file):
        transcript = transcript or read(Path(file)).transcript
        about = "the voice of a file"
    return Voice(path, ("und",), about, recording=file, transcript=transcript, source="recording")


def _bases(voices: Sequence[Voice]) -> list[Voice]:
    return [voice for voice in voices if not voice.name.startswith(VARIANT)]


def _find(voices: list[Voice], name: str) -> Voice:
    wanted = _tag(name)
    for voice in voices:
        if wanted == _tag(voice.name):
            return voice
    for voice in voices:
        if name.casefold() in (alias.casefold() for alias in voice.aliases):
            return voice
    for rank in range(3):
        for voice in voices:
            if rank < len(voice.languages) and voice.languages[rank] == wanted:
                return voice
    if voice_by_name := _by_english_name(voices, name):
        return voice_by_name
    beginning = [voice for voice in voices if wanted and _tag(voice.name).startswith(wanted)]
    if len(beginning) == 1:
        return beginning[0]
    if beginning:
        names = ", ".join(sorted(voice.name for voice in beginning))
        raise UsageError(f"'{name}' is the beginning of several voices", f"Choose one of: {names}")
    known = [n for voice in voices for n in (voice.name, voice.description)]
    hint = did_you_mean(name, known)
    model = voices[0].model if voices else ""
    listed = f"`ttm voices list{model and ' -m '}{model}` shows all"
    raise UnknownName(f"unknown voice '{name}'", f"{hint} " * bool(hint) + listed)


def _by_english_name(voices: list[Voice], name: str) -> Voice | None:
    """`French` is the voice `fr`, not `fr-be`."""
    wanted = name.casefold()
    preferred = DEFAULT_FOR.values()
    named = [v for v in voices if v.description.casefold().partition(" (")[0] == wanted]
    return min(named, key=lambda v: (v.name not in preferred, "-" in v.name), default=None)


def _tag(name: str) -> str:
    return name.strip().casefold().replace("_", "-")
