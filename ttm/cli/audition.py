"""A line spoken to hear a voice: written, played, or only listened to."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from ttm.audio import Audio
from ttm.audio.formats import choose
from ttm.audio.sink import open_sink
from ttm.audio.target import open_target
from ttm.config import Config
from ttm.errors import DeviceError, UsageError
from ttm.narration.narrator import Narrator
from ttm.narration.plan import BUDGET, Chunk
from ttm.playback import Player, find_loudspeaker
from ttm.speech import Voice
from ttm.text.cleaning import clean
from ttm.voices import primary

LINE = (
    "The north wind and the sun were disputing which of them was the stronger, when a traveller "
    "came along, wrapped in a warm cloak."
)
"""What is said to hear a voice: the beginning of Aesop's fable, as phoneticians have it read."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A line as it was spoken."""

    audio: tuple[Audio, ...]
    notes: tuple[str, ...]
    """What the engine had to say about it."""

    @property
    def seconds(self) -> float:
        return sum(audio.seconds for audio in self.audio)


def line(text: str | None, language: str) -> str:
    """The line to be said: the one given, clean and in one piece, else ours.

    Raises UsageError when it is too long, or when there is none for the language.
    """
    if not text:
        if primary(language or "en") != "en":
            raise UsageError(
                f"ttm has no line to be said in language '{language}'", "Give one with --text"
            )
        return LINE
    found = " ".join(clean(text).text.split())
    if not 0 < len(found) <= BUDGET:
        raise UsageError(f"the line is not of 1 to {BUDGET} characters", "Give one sentence")
    return found


def say_line(narrator: Narrator, model: str, voice: Voice, text: str, seed: int) -> Heard:
    """The line in one breath: cut in two, each half could have another voice.

    Raises what a narration raises.
    """
    chunk = Chunk(1, text, 0, len(text), 1, 1, 1, 1, "paragraph")
    narration = narrator.narrate([chunk], voice=voice, model=model, seed=seed)
    audio = tuple(audio for audio in narration if audio.pcm)
    return Heard(audio, tuple(narration.report.notes))


def write(heard: Heard, path: str, *, form: str = "wav") -> None:
    """Into a file whose suffix is the format, whole or not at all. Raises OutputError."""
    first = heard.audio[0]
    target = open_target(path)
    chosen = choose(path, "", form)
    with open_sink(
        target, chosen, native_rate=first.rate, sample_format=first.sample_format
    ) as sink:
        for audio in heard.audio:
            sink.write(audio)
        sink.close()


Opener = Callable[[int], Player]
"""Opens the loudspeaker for sound of so many Hertz. Raises DeviceError."""


def loudspeaker(wanted: bool | None, config: Config) -> Opener | None:
    """None when nobody wants to hear it, or, unless asked for, when there is no terminal or no
    loudspeaker.

    Raises DeviceError when it was asked for and there is none.
    """
    if wanted is False or (wanted is None and not os.isatty(2)):
        return None
    try:
        found = find_loudspeaker(config.playback).ready()
    except DeviceError:
        if wanted:
            raise
        return None
    return lambda rate: Player(found, rate, config.playback)


def play(heard: Heard, opener: Opener | None) -> None:
    """Until it was heard. Raises DeviceError."""
    if opener is None:
        return
    player = opener(heard.audio[0].rate)
    try:
        for audio in heard.audio:
            player.write(audio)
        player.close()
    except BaseException:
        player.abort()
        raise
