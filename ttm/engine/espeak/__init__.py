"""espeak-ng: the default engine, which needs no download. Runs only in the worker's process.

espeak-ng is a separate program under GPL-3 (see NOTICE); ttm talks to it across a process.
"""

from __future__ import annotations

import itertools
import math
import os
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec

from ttm.audio import Audio
from ttm.engine.espeak.library import Library, VoiceFile
from ttm.engine.espeak.mouth import Manner, Mouth, Utterance
from ttm.errors import EngineCrashed, EngineUnavailable
from ttm.speech import Speech, Timing, Voice

WORDS_A_MINUTE = 175
"""espeak-ng's usual tempo: rate 1.0."""
SEMITONES_A_STEP = 0.241
"""espeak-ng's pitch 0..99 scales the voice's lowest tone from 64/128 to 254/128, evenly:
12 * log2(254 / 64) / 99 (pitch_adjust_tab in its synthesize.c)."""
MELODY = 0.23
"""By how much of its lowest tone a voice sinks when its melody doubles (SetPitch2, there):
18 * 36 * 108 / 4096 Hz of 73 Hz in most voices."""

NAME = "libespeak-ng.dylib" if sys.platform == "darwin" else "libespeak-ng.so"
"""The library's file in the package that brings it."""

RUN = re.compile(r"\S+")
CLOSING = ".,;:!?…\"')]}”“’»。、，；：！？）】」』।،؛؟"  # noqa: RUF001
"""Punctuation at the end of a word, which is no part of it."""


class EspeakEngine:
    """espeak-ng in a forked process for each speech, so that none depends on the one before.

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
        self._mouth: Mouth | None = None
        """The one that spoke last, for a speech that continues from there."""
        self._expected: Speech | None = None
        """What that mouth was asked to say ahead of time."""
        self._coming: Speech | None = None
        """What it is to be asked next."""

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

    def speak(self, speech: Speech) -> Iterator[Audio | str]:
        said = self._say(speech)
        for text, ipa, lacking in said.unsaid:
            voice = speech.voice or "en-us"
            yield f"voice '{voice}' has no sound '{lacking}', so '{text}' is not said as /{ipa}/"
        if said.pcm:
            timings = _timings(_told(speech), said, self._library.rate)
            yield Audio(said.pcm, self._library.rate, "s16", timings)

    def expect(self, speeches: Sequence[Speech]) -> None:
        """Have the mouth go on with the first as soon as it has said what comes before."""
        self._coming = speeches[0] if speeches[0].continues else None

    def phonemes(self, text: str, voice: str) -> str:
        """The text in IPA, clauses parted by spaces, as this voice says it.

        Raises EngineCrashed (contained) and UnknownName.
        """
        speech = Speech(text, voice)
        mouth = Mouth(self._library, self._manner(speech, transcribes=True))
        mouth.ask(_told(speech))
        said = mouth.hear()
        mouth.close()
        return " ".join(said.pcm.decode(errors="replace").split())

    def close(self) -> None:
        """End the mouth; the library ends with its process."""
        if self._mouth is not None:
            self._mouth.close()
        self._mouth = self._expected = None

    def _say(self, speech: Speech) -> Utterance:
        """Say it with the mouth that spoke before if the speech continues, else with a new one."""
        used = speech.continues and self._fits(speech) and self._expected in (None, speech)
        try:
            return self._said(speech, new=not used)
        except EngineCrashed:
            if not used:
                raise
        # What came before may have hurt it: once more, by a mouth that never spoke.
        return self._said(speech, new=True)

    def _fits(self, speech: Speech) -> bool:
        return self._mouth is not None and self._mouth.manner == self._manner(speech)

    def _said(self, speech: Speech, *, new: bool) -> Utterance:
        if new:
            self.close()
        mouth = self._mouth or Mouth(self._library, self._manner(speech))
        if self._expected is None:
            mouth.ask(_told(speech), speech.phonemes)
        coming, self._coming = self._coming, None
        self._mouth = self._expected = None
        if coming is not None and mouth.manner == self._manner(coming):
            mouth.ask(_told(coming), coming.phonemes)
        else:
            coming = None
        said = mouth.hear()
        self._mouth, self._expected = mouth, coming
        return said

    def _manner(self, speech: Speech, *, transcribes: bool = False) -> Manner:
        base, plus, variant = (speech.voice or "en-us").partition("+")
        known = self._voices.get(base)
        identifier = known.aliases[0] if known else base
        return Manner(
            identifier + plus + variant,
            (
                ("rate", round(WORDS_A_MINUTE * speech.rate)),
                *_tune(speech.pitch, self._intonation),
                # In units of 10 ms at the usual tempo.
                ("wordgap", round(self._word_gap / 10)),
            ),
            speech.seed,
            transcribes,
        )


def _tune(semitones: float, intonation: int) -> tuple[tuple[str, int], tuple[str, int]]:
    """espeak-ng's pitch and range for a voice and its melody that many semitones higher."""
    factor = 2 ** (semitones / 12)
    lowest = factor * (1 + MELODY) - MELODY
    pitch = 50 + 12 * math.log2(lowest) / SEMITONES_A_STEP
    return (
        ("pitch", min(99, max(0, round(pitch)))),
        ("range", min(99, round(intonation * factor))),
    )


def _told(speech: Speech) -> str:
    """A NUL would end the text; a space leaves every character in its place."""
    return speech.text.replace("\0", " ")


def _bundled() -> tuple[str, str]:
    # Its own code imports pathlib and platform to say the same, which takes it 10 ms.
    if (spec := find_spec("espeakng_loader")) is not None and spec.origin is not None:
        folder = os.path.dirname(spec.origin)
        library, data = os.path.join(folder, NAME), os.path.join(folder, "espeak-ng-data")
        if os.path.isfile(library) and os.path.isdir(data):
            return library, data
    try:
        import espeakng_loader
    except (ImportError, RuntimeError) as failure:
        raise EngineUnavailable(
            "the package espeakng-loader is not installed",
            "Reinstall ttm, or set engine.espeak.library and engine.espeak.data",
        ) from failure
    return espeakng_loader.get_library_path(), espeakng_loader.get_data_path()


def _voices(files: list[VoiceFile]) -> dict[str, Voice]:
    """Voices by the name a user types: that of the file, which is almost always a language tag.

    The first alias is the identifier that the library is called with.
    """
    voices: dict[str, Voice] = {}
    for file in files:
        tail = file.identifier.rpartition("/")[2].lower()
        # Its own tag first: three dialects of English call themselves en-gb before anything else.
        tags = sorted((tag.lower() != tail, rank, tag.lower()) for rank, tag in file.languages)
        name = tail if tail not in voices else file.identifier
        voices[name] = Voice(
            name,
            tuple(tag for _, _, tag in tags),
            file.name,
            "female" if file.gender == 2 else "male" if file.gender == 1 else "",
            "espeak",
            aliases=tuple(dict.fromkeys((file.identifier, file.name, tail))),
        )
    return voices


def _timings(text: str, said: Utterance, rate: int) -> tuple[Timing, ...]:
    """The words with where they begin, each lasting until the next or to the last sound."""
    words = _words(text, said.words)
    sounding = len(said.pcm.rstrip(b"\0")) // 2
    untils = [*(at for _, _, at in words[1:]), sounding]
    return tuple(
        Timing("word", start, end, at / rate, max(at, until) / rate)
        for (start, end, at), until in zip(words, untils, strict=False)
    )


def _words(text: str, found: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """First character, end and first sample of each word or spoken symbol.

    The library reports `don` of `don't`, and `3.50` as several words at overlapping places; here
    a word goes on to the next one or to white space.
    """
    words: list[tuple[int, int, int]] = []
    for (place, length, sample), after in itertools.zip_longest(found, found[1:]):
        run = RUN.search(text, place)
        # At a space it reports the word behind it (`Elm St., and`), or one more word of the
        # symbol before it (the `heart` of a red heart): then the word has a report of its own.
        if run is None or (run.start() > place and after and after[0] == run.start()):
            continue
        start, end = run.span()
        if after and after[0] < end:
            end = min(end, max(after[0], place + length))
        end = start + max(1, len(text[start:end].rstrip(CLOSING)))
        if words and start < words[-1][1]:
            words[-1] = (words[-1][0], max(end, words[-1][1]), words[-1][2])
        else:
            words.append((start, end, sample))
    return words
