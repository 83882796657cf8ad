"""Owns the workers and the voices; every door speaks through a Narrator."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from ttm import voices as library
from ttm.config import Config
from ttm.engine import EngineCard
from ttm.errors import EngineUnavailable, UsageError
from ttm.models.store import Model
from ttm.narration import casting
from ttm.narration.narration import Narration, Report
from ttm.narration.opening import find_model, open_worker
from ttm.narration.plan import Chunk
from ttm.speech import Speech, Voice, parse_rate
from ttm.worker.client import Worker


class Narrator:
    """Owns the workers; the one thing that doors speak through.

    Not for several threads at once. `close()`, or leaving the `with` block, ends the workers.
    `loading` hears which model is being loaded, what of it, and how much of that is there from
    0 to 1.
    """

    def __init__(
        self, config: Config, *, loading: Callable[[str, str, float], None] | None = None
    ) -> None:
        self._config = config
        self._loading = loading
        self._models: dict[str, tuple[Model, EngineCard]] = {}
        self._workers: dict[tuple[str, Path | None, str], Worker] = {}
        self._voices: dict[str, list[Voice]] = {}

    def model(self, name: str) -> Model:
        """The model of this name.

        Raises UnknownModel or UsageError, ModelError for one that is not here, and BadCheckpoint
        for a folder that holds none.
        """
        return self._found(name)[0]

    def card(self, model: str) -> EngineCard:
        """What is known of the model's engine. Raises what `model` raises."""
        return self._found(model)[1]

    def start(self, model: str) -> None:
        """Begin to load the model's engine, without waiting for it.

        Raises what `model` raises, and EngineUnavailable.
        """
        self._worker(model).start()

    def voices(self, model: str) -> list[Voice]:
        """Who can speak with this model; each voice but the variants has a language.

        Empty for a model that speaks with the voices of recordings alone.
        """
        if model not in self._voices:
            voices = [
                voice
                if voice.languages or voice.name.startswith(library.VARIANT)
                else replace(voice, languages=("und",))
                for voice in self._worker(model).voices()
            ]
            found, engine = self._found(model)
            if not any(voice.languages for voice in voices) and not engine.clones:
                raise EngineUnavailable(f"engine '{engine.name}' has no voices")
            if engine.checkpoint:  # whose engine does not know what its user calls it
                voices = [replace(voice, model=found.name) for voice in voices]
            self._voices[model] = voices
        return self._voices[model]

    def voice(
        self, model: str, name: str, language: str = "", *, transcript: str = ""
    ) -> tuple[Voice, str]:
        """The voice for a request, and a warning when it is not what was asked for.

        `name` may be the path of a recording, of which `transcript` is what is said in it.
        Raises UnknownName or UsageError when there is none and `models.strict` holds.
        """
        found, engine = self._found(model)
        if voice := casting.without_looking(found, engine, name, transcript):
            return voice, ""
        voices = self.voices(model)
        try:
            voice, warning = casting.cast(found, engine, voices, name, language, transcript), ""
        except UsageError as failure:
            if self._config.models.strict or not voices:
                raise
            voice = casting.first(voices)
            warning = f"{failure.what}; '{voice.name}' speaks instead"
        if transcript and not voice.recording:
            raise UsageError(
                "--voice-text is what is said in a recording, and none was given",
                "Name the recording with --voice FILE",
            )
        return voice, warning

    def instruction(self, model: str) -> tuple[str, str]:
        """The settings' instruction for this model, and a warning when it has no use for it.

        Raises UsageError when it has no use for one that came with an option.
        """
        wanted = self._config.say.instruct.strip()
        if not wanted or self.card(model).instructs:
            return wanted, ""
        what = f"model '{self.model(model).name}' does not follow instructions"
        if self._config.origin("say.instruct").kind == "flag":
            raise UsageError(what, "Leave out --instruct, or take a model such as qwen3:1.7b")
        return "", f"{what}, so say.instruct has no effect"

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
        found, engine = self._found(model)
        asked = "" if say.language == "auto" else say.language
        language = asked if engine.multilingual else voice.languages[0]
        seed = say.seed if say.seed >= 0 else int.from_bytes(os.urandom(4))
        speech = Speech(
            text="",
            voice="" if voice.recording else voice.name,
            language=language,
            rate=parse_rate(say.rate),
            pitch=say.pitch,
            volume=say.volume,
            seed=seed,
            instruct=self.instruction(model)[0],
            recording=voice.recording,
            transcript=voice.transcript,
        )
        report = Report(found.name, voice.name, language or "auto", seed, engine.name)
        return Narration(
            self._worker(model),
            engine,
            chunks,
            speech,
            report,
            self._config,
            follow=follow,
            ahead=ahead,
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

    def _found(self, name: str) -> tuple[Model, EngineCard]:
        if name not in self._models:
            self._models[name] = find_model(name, self._config)
        return self._models[name]

    def _worker(self, name: str) -> Worker:
        model, engine = self._found(name)
        key = (engine.name, model.folder, model.server)
        if key not in self._workers:
            loading = self._loading and partial(self._loading, model.title)
            self._workers[key] = open_worker(
                engine, self._config, model.folder, model.server, loading=loading
            )
        return self._workers[key]
