"""Voices that a description makes: candidates, and one of them as a voice to keep."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ttm.audio.intake import take_in
from ttm.config import Config
from ttm.errors import UsageError
from ttm.narration.audition import Heard, say_line, write
from ttm.narration.narrator import Narrator
from ttm.narration.opening import model_here
from ttm.voicefile import VoiceFile
from ttm.voices.enrolment import kept
from ttm.voices.verdict import Finding, judge

USUAL = "qwen3:1.7b-design"
"""The model that designs where none is named."""
SEED_MAX = 2**32 - 1


def seeds(first: int, numbers: Iterable[int]) -> dict[int, int]:
    """The seed of each candidate by its number from 1; a negative `first` is drawn."""
    if first < 0:
        first = int.from_bytes(os.urandom(4)) >> 1
    return {number: (first + number - 1) % (SEED_MAX + 1) for number in numbers}


def designer(narrator: Narrator, asked: str | None, settings: Config) -> str:
    """The model that designs. Raises UsageError for another, and what finding it raises."""
    name = asked or model_here("voice_design", settings) or USUAL
    if narrator.model(name).mode != "voice_design":
        raise UsageError(
            f"model '{name}' does not design voices", f"Take one that does, such as {USUAL}"
        )
    return name


def made(
    narrator: Narrator, model: str, said: str, chosen: dict[int, int]
) -> Iterator[tuple[int, Heard]]:
    """Each candidate by its number."""
    voice, _ = narrator.voice(model, "")
    for number, seed in chosen.items():
        yield number, say_line(narrator, model, voice, said, seed)


def frozen(
    heard: Heard, name: str, said: str, language: str, *, about: str, source: str
) -> tuple[VoiceFile, list[Finding]]:
    """A candidate as a voice, of which what it said is the recording, and what is found of that.

    `about`: the description that it was made from. Raises BadRecording when nothing is heard in it.
    """
    with tempfile.TemporaryDirectory(prefix="ttm-") as folder:
        path = os.path.join(folder, "candidate.wav")
        write(heard, path)
        take = take_in(path)
    voice = kept(name, take, said, language)
    voice = replace(voice, kind="designed", description=about, source=source)
    return voice, judge(take, said, recorded=False)
