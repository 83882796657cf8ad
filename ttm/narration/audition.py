"""A line spoken to hear a voice."""

from __future__ import annotations

from dataclasses import dataclass

from ttm.audio import Audio
from ttm.audio.formats import choose
from ttm.audio.sink import open_sink
from ttm.audio.target import open_target
from ttm.errors import UsageError
from ttm.narration.narrator import Narrator
from ttm.narration.plan import BUDGET, Chunk
from ttm.speech import Voice
from ttm.text.cleaning import clean
from ttm.voices import primary

LINE = (
    "The north wind and the sun were disputing which of them was the stronger, when a traveller "
    "came along, wrapped in a warm cloak."
)
"""What is said to hear a voice: the beginning of Aesop's fable, as phoneticians have it read."""

NEUTRAL: dict[str, object] = {"say.rate": "1.0", "say.pitch": 0.0, "say.volume": 0.0}
"""What a line is said with, whatever the settings are for other texts."""


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
