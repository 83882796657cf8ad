"""espeak-ng: the default engine, which needs no download. Runs only in the worker's process.

espeak-ng is a separate program under GPL-3 (see NOTICE); ttm talks to it across a process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from ttm.audio import Audio
from ttm.engine.espeak import mouth
from ttm.engine.espeak.library import SENTENCE, WORD, Event, Library, VoiceFile
from ttm.errors import EngineUnavailable
from ttm.speech import Speech, Timing, Voice

WORDS_A_MINUTE = 175
"""espeak-ng's usual tempo: rate 1.0."""
SEMITONES_A_STEP = 0.241
"""espeak-ng's pitch 0..99 goes evenly from 64/128 to 254/128 of the voice's own frequency:
12 * log2(254 / 64) / 99 (pitch_adjust_tab in its synthesize.c)."""

WORD_AT = re.compile(r"\w+")


class EspeakEngine:
    """espeak-ng, one utterance a forked process, so that none depends on the one before.

    `library` and `data` name another libespeak-ng and its data folder than the bundled ones;
    `intonation` is 0 to 99, `word_gap` milliseconds.

    Raises EngineUnavailable.
    """

    def __init__(
        self, library: str = "", data: str = "", intonation: int = 50, word_gap: int = 0
    ) -> None:
        if not library or not data:
            bundled_library, bundled_data = _bundled()
            library, data = library or bundled_library, data or bundled_data
        self._library = Library(library, data)
        # Listed before any fork: the first listing leaves marks in the library's state.
        self._voices = _voices(self._library.list_voices())
        self._variants = self._library.list_voices("variant")
        self._intonation = intonation
        self._word_gap = word_gap

    def voices(self) -> list[Voice]:
        """The voices by their language tags, then the variants, whose names begin with `+`."""
        variants = [
            Voice(
                "+" + file.identifier.rpartition("/")[2],
                (),
                f"{file.name}: timbre to add to a voice, as in en-us+{file.name.lower()}",
                "female" if file.gender == 2 else "male" if file.gender == 1 else "",
                "espeak",
            )
            for file in self._variants
        ]
        return [*self._voices.values(), *variants]

    def speak(self, speech: Speech) -> Iterator[Audio]:
        base, plus, variant = (speech.voice or "en-us").partition("+")
        known = self._voices.get(base)
        identifier = known.aliases[0] if known else base
        said = mouth.speak(
            self._library,
            speech.text,
            voice=identifier + plus + variant,
            parameters=(
                ("rate", round(WORDS_A_MINUTE * speech.rate)),
                ("pitch", min(99, max(0, round(50 + speech.pitch / SEMITONES_A_STEP)))),
                ("range", self._intonation),
                # In units of 10 ms at the usual tempo.
                ("wordgap", round(self._word_gap / 10)),
            ),
        )
        rate = self._library.rate
        timings = _timings(speech.text, said.events, len(said.pcm) // 2, rate)
        if said.pcm:
            yield Audio(said.pcm, rate, "s16", timings)

    def close(self) -> None:
        """The process ends with its engine; there is nothing else to give back."""


def _bundled() -> tuple[str, str]:
    try:
        import espeakng_loader
    except ImportError as failure:
        raise EngineUnavailable(
            "the package espeakng-loader is not installed",
            "reinstall ttm, or set engine.espeak.library and engine.espeak.data",
        ) from failure
    return espeakng_loader.get_library_path(), espeakng_loader.get_data_path()


def _voices(files: list[VoiceFile]) -> dict[str, Voice]:
    """Voices by the name a user types: the language tag, or the file's name where it is taken.

    The first alias is the identifier that the library is called with.
    """
    voices: dict[str, Voice] = {}
    for file in files:
        tail = file.identifier.rpartition("/")[2].lower()
        tags = tuple(tag.lower() for _, tag in sorted(file.languages))
        name = tags[0] if tags[0] not in voices else tail
        voices[name] = Voice(
            name,
            tags,
            file.name,
            "female" if file.gender == 2 else "male" if file.gender == 1 else "",
            "espeak",
            aliases=tuple(dict.fromkeys((file.identifier, file.name, tail))),
        )
    return voices


def _timings(text: str, events: tuple[Event, ...], samples: int, rate: int) -> tuple[Timing, ...]:
    """Sentences and words with where they begin, each lasting until the next of its kind."""
    sentences = [(e.position - 1, e.sample) for e in events if e.type == SENTENCE]
    ends = [*(start for start, _ in sentences[1:]), len(text)][: len(sentences)]
    spans = [(start, end, at) for (start, at), end in zip(sentences, ends, strict=True)]
    timings = _lasting("sentence", spans, samples, rate)
    timings += _lasting("word", _words(text, events), samples, rate)
    return tuple(sorted(timings, key=lambda timing: (timing.at, timing.kind)))


def _words(text: str, events: tuple[Event, ...]) -> list[tuple[int, int, int]]:
    """Start, end and first sample of each word.

    The library reports `$3.50` as several words at overlapping places, and a word after a
    comma at the space before it; here the former are one and the latter start at a letter.
    """
    words: list[tuple[int, int, int]] = []
    for event in events:
        found = WORD_AT.search(text, max(0, event.position - 1))
        if event.type != WORD or not found:
            continue
        start, end = found.start(), max(found.end(), event.position - 1 + event.length)
        end = start + len(text[start:end].rstrip(" \t\n.,;:!?)\"'"))
        if words and start < words[-1][1]:
            words[-1] = (words[-1][0], max(end, words[-1][1]), words[-1][2])
        else:
            words.append((start, max(end, start + 1), event.sample))
    return words


def _lasting(
    kind: Literal["word", "sentence"], spans: list[tuple[int, int, int]], samples: int, rate: int
) -> list[Timing]:
    untils = [*(at for _, _, at in spans[1:]), samples][: len(spans)]
    return [
        Timing(kind, start, end, at / rate, until / rate)
        for (start, end, at), until in zip(spans, untils, strict=True)
    ]
