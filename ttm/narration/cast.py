"""The voices of the models that are in use, and which of them takes each part of a text."""

from __future__ import annotations

import copy
from dataclasses import replace

from ttm import voices as library
from ttm.config import Config
from ttm.errors import EngineUnavailable, UsageError
from ttm.narration import casting, outlook
from ttm.narration.manner import understudy
from ttm.narration.report import Report
from ttm.narration.workers import Workers
from ttm.speech import Speech, Voice
from ttm.text.marks import Delivery
from ttm.voices.library import Library


class Cast:
    """Who can speak with each model; a model's voices are asked for once."""

    def __init__(self, config: Config, workers: Workers, saved: Library) -> None:
        self._config = config
        self._workers = workers
        self._saved = saved
        self._voices: dict[str, list[Voice]] = {}

    def under(self, config: Config) -> Cast:
        """The same under other settings of `[say]`."""
        other = copy.copy(self)
        other._config = config
        return other

    def foresee(self, model: str) -> str:
        """See `Narrator.foresee`."""
        warning = self._workers.foresee(model)
        engine = self._workers.found(model)[1]
        if engine.checkpoint or engine.named:
            self.expect(model)
        return warning

    def expect(self, model: str) -> None:
        """Have `voices` answer from the files and the settings, unless the model was asked."""
        if model not in self._voices:
            self._voices[model] = outlook.voices(self._workers.found(model)[0], self._config)

    def voices(self, model: str) -> list[Voice]:
        """See `Narrator.voices`."""
        if model not in self._voices:
            voices = [
                voice
                if voice.languages or voice.name.startswith(library.VARIANT)
                else replace(voice, languages=("und",))
                for voice in self._workers.of(model).voices()
            ]
            found, engine = self._workers.found(model)
            if not any(voice.languages for voice in voices) and not engine.clones:
                raise EngineUnavailable(f"engine '{engine.name}' has no voices")
            if engine.checkpoint:  # whose engine does not know what its user calls it
                voices = [replace(voice, model=found.name) for voice in voices]
            self._voices[model] = voices
        return self._voices[model]

    def voice(
        self, model: str, name: str, language: str = "", transcript: str = ""
    ) -> tuple[Voice, str]:
        """See `Narrator.voice`."""
        found, engine = self._workers.found(model)
        if voice := casting.without_looking(found, engine, self._saved, name, transcript):
            return voice, ""
        voices = self.voices(model)
        try:
            voice = casting.cast(found, engine, voices, self._saved, name, language, transcript)
            warning = ""
        except UsageError as failure:
            if self._config.models.strict or not voices:
                raise
            voice = casting.first(voices)
            warning = f"{failure.what}; '{voice.name}' speaks instead"
        if transcript and not voice.recording:
            raise UsageError(
                "what is said in a recording was given, and no recording",
                "Name the recording with --voice FILE",
            )
        return voice, warning

    def named(self, model: str, delivery: Delivery) -> Delivery:
        """The delivery with the language of the voice that it names. Raises UsageError for a voice
        that there is not, and for a file, and what `voice` raises."""
        if not delivery.voice:
            return delivery
        if library.is_recording(delivery.voice):  # a text may come from anybody
            raise UsageError("the text names a file as its voice", "Name a voice in it")
        voice, _ = self.voice(model, delivery.voice, delivery.language)
        known = delivery.language or self._workers.found(model)[1].multilingual
        return delivery if known else replace(delivery, language=voice.languages[0])

    def delivered(
        self, model: str, usual: Voice, speech: Speech, report: Report, wanted: Delivery
    ) -> Speech:
        """What a delivery makes of a speech; whom it asks for in vain is told in the report."""
        voice, note = usual, ""
        found, engine = self._workers.found(model)
        several = engine.multilingual
        if wanted.voice:
            voice, note = self.voice(model, wanted.voice, wanted.language)
        elif wanted.gender or (wanted.language and not several):
            language = "" if several else wanted.language
            voice, lacking = understudy(self.voices(model), usual, language, wanted.gender)
            note = f"model '{found.name}' has no voice {lacking}; '{voice.name}' speaks"
            note *= bool(lacking)
        if note and note not in report.notes:
            report.notes.append(note)
        language = wanted.language or speech.language
        if not several:
            language = voice.languages[0]
        if voice is usual:
            return replace(speech, language=language)
        return replace(
            speech,
            voice="" if voice.recording else voice.name,
            language=language,
            recording=voice.recording,
            transcript=voice.transcript,
        )
