"""Owns the workers and the voices; every door speaks through a Narrator."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, replace
from types import TracebackType
from typing import Self

from ttm import voices as library
from ttm.config import Config
from ttm.engine import EngineCard, card
from ttm.errors import EngineUnavailable, UsageError, did_you_mean
from ttm.narration.narration import Narration, Report
from ttm.narration.plan import Chunk
from ttm.speech import Speech, Voice, parse_rate
from ttm.worker.client import Limits, Worker


class Narrator:
    """Owns the workers; the one thing that doors speak through.

    Not for several threads at once. `close()`, or leaving the `with` block, ends the workers.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._workers: dict[str, Worker] = {}
        self._voices: dict[str, list[Voice]] = {}

    def start(self, model: str) -> None:
        """Begin to load the model's engine, without waiting for it.

        Raises UnknownModel.
        """
        self._worker(card(model)).start()

    def voices(self, model: str) -> list[Voice]:
        """Who can speak with this model; each voice but the variants has a language."""
        if model not in self._voices:
            voices = [
                voice
                if voice.languages or voice.name.startswith(library.VARIANT)
                else replace(voice, languages=("und",))
                for voice in self._worker(card(model)).voices()
            ]
            if not any(voice.languages for voice in voices):
                raise EngineUnavailable(f"engine '{model}' has no voices")
            self._voices[model] = voices
        return self._voices[model]

    def voice(self, model: str, name: str, language: str = "") -> tuple[Voice, str]:
        """The voice for a request, and a warning when it is not what was asked for.

        Raises UnknownName or UsageError when there is none and `models.strict` holds.
        """
        voices = self.voices(model)
        strict = self._config.models.strict
        first = library.for_language(voices, "en") or voices[0]
        try:
            if not name:
                if not language:
                    return first, ""
                if voice := library.for_language(voices, language):
                    return voice, ""
                names = [tag for voice in voices for tag in (*voice.languages, voice.description)]
                raise UsageError(
                    f"model '{model}' has no voice for language '{language}'",
                    did_you_mean(language, names) or "`ttm voices list` shows the languages",
                )
            voice = library.find(voices, name)
            # A tone's `und` says that it has no language, so none is wrong.
            if language and "und" not in voice.languages and not library.speaks(voice, language):
                raise UsageError(
                    f"voice '{voice.name}' speaks {voice.languages[0]}, not {language}",
                    "Leave out --voice or --language",
                )
            return voice, ""
        except UsageError as failure:
            if strict:
                raise
            return first, f"{failure.what}; '{first.name}' speaks instead"

    def narrate(
        self,
        chunks: Iterable[Chunk],
        *,
        voice: Voice,
        model: str,
        follow: bool = False,
        ahead: bool = False,
    ) -> Narration:
        """Speak a plan's chunks with the settings' rate, pitch, volume, pauses and seed.

        `follow`: each pause comes with the chunk before it, so that what is said is out at once.
        `ahead`: the next chunk is there without waiting, so the engine may begin with it.
        """
        say = self._config.say
        engine = card(model)
        seed = say.seed if say.seed >= 0 else int.from_bytes(os.urandom(4))
        speech = Speech(
            text="",
            voice=voice.name,
            language=voice.languages[0],
            rate=parse_rate(say.rate),
            pitch=say.pitch,
            volume=say.volume,
            seed=seed,
        )
        report = Report(model, voice.name, voice.languages[0], seed)
        worker = self._worker(engine)
        return Narration(
            worker, engine, chunks, speech, report, self._config, follow=follow, ahead=ahead
        )

    def close(self) -> None:
        """End every worker."""
        for worker in self._workers.values():
            worker.close()
        self._workers.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _worker(self, engine: EngineCard) -> Worker:
        if engine.name not in self._workers:
            self._workers[engine.name] = open_worker(engine.name, self._config)
        return self._workers[engine.name]


def open_worker(engine: str, config: Config) -> Worker:
    """A worker for this engine, with the options and limits of the settings; not yet started."""
    settings = config.engine
    options = asdict(settings.espeak) if engine == "espeak" else {}
    limits = Limits(
        no_progress=settings.no_progress,
        unresponsive=settings.unresponsive,
        cancel=settings.cancel,
        crashes=settings.crashes,
    )
    return Worker(engine, options, limits)
