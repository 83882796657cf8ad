"""A model that a program keeps loaded: brought where it is missing, spoken with, let go."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ttm import paths
from ttm.audio import Audio
from ttm.config import Config, load
from ttm.errors import (
    AlreadyStarted,
    ModelError,
    NotReady,
    NotStarted,
    StartupTimedOut,
    SynthesisError,
    TtmError,
    UsageError,
)
from ttm.models import inventory
from ttm.models.inventory import Holding
from ttm.models.registry import DEFAULTS, mode_called
from ttm.models.status import ModelStatus
from ttm.narration import ladder
from ttm.narration.narrator import Narrator
from ttm.narration.opening import models_dir as models_folder
from ttm.narration.provision import CHECKING, Progress, provide
from ttm.service.request import Request, as_file, demand, in_file, known_format, mode_for
from ttm.speech import Voice
from ttm.text.markup import check_form

STOPPED, LOADING, READY, FAILED = "stopped", "loading", "ready", "failed"
"""Of a service's states those that bringing a model does not have: nothing is loaded, ..."""

AGAIN = 0.1
"""Seconds between two attempts to stop what goes on."""


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """What a service does, and with which model."""

    state: str
    """stopped, checking, downloading, validating, loading, ready or failed."""
    started: bool
    ready: bool
    """The model is loaded, and its worker lives."""
    model_loaded: bool
    detail: str
    """One sentence; why it failed, where it did."""
    model: ModelStatus | None
    """None before a model was found."""


class Service:
    """Keeps one model loaded, and speaks with it.

    `model` (or the usual one for a `mode`: voice_design, custom_voice, voice_clone) is the user's
    own when empty. With `fetch`, what it needs and is not here is brought: the neural runtime and
    the model's files; without it nothing ever reaches for the network. `timeout`: seconds that
    loading may take, None for as long as it goes on. `on_state` hears each state, `on_progress` how
    far it has come; both in the thread that calls `start` or `load`. `models_dir` and
    `runtime_dir`: folders that a program brings along. `settings`: fields of `[say]` by name.

    One thread speaks at a time and the others wait for it; `stop` and `status` may come from any
    thread at any time. Raises ConfigError or UsageError for settings that are wrong.
    """

    def __init__(
        self,
        model: str = "",
        *,
        mode: str = "",
        fetch: bool = False,
        timeout: float | None = None,
        on_state: Callable[[str], object] | None = None,
        on_progress: Callable[[Progress], object] | None = None,
        config: Path | None = None,
        profile: str | None = None,
        models_dir: str | Path = "",
        runtime_dir: str | Path = "",
        **settings: object,
    ) -> None:
        self._file, self._profile = config, profile
        self._settings: dict[str, object] = {f"say.{name}": one for name, one in settings.items()}
        folders = {"models.dir": str(models_dir), "runtime.dir": str(runtime_dir)}
        self._settings |= {name: folder for name, folder in folders.items() if folder}
        self._config = self._with({})
        self._mode = mode_called(mode) if mode else ""
        usual = DEFAULTS[self._mode] if self._mode else self._config.say.model
        self._model = model or usual
        self._fetch, self._timeout = fetch, timeout
        self._on_state, self._on_progress = on_state, on_progress
        self._narrator: Narrator | None = None
        self._state, self._detail = STOPPED, "the service is not started"
        self._turn = threading.Lock()
        self._whose = 0
        """The thread whose turn it is."""
        self._stopping = False

    def start(self) -> None:
        """Bring what is missing, where that is wished, load the model, and be ready.

        Raises AlreadyStarted, StartupTimedOut, NotStarted when it is stopped meanwhile, UsageError
        for a model that does not exist or is for another mode, and ModelError for what is missing,
        damaged or cannot be brought; a process that dies while it loads is told at once.
        """
        with self._alone():
            if self._narrator is not None:
                raise AlreadyStarted("the service is started", "Stop it first")
            self._stopping = False
            self._narrator = Narrator(self._config, loading=self._loading)
            self._load(self._narrator, self._model, self._mode)

    def stop(self) -> None:
        """End what goes on, and let the model go; a service that is not started stays so.

        From within a callback it takes effect when that returns, and in the midst of one's own
        `speak` when that is gone on with, or closed.
        """
        self._stopping = True
        if self._whose == threading.get_ident():
            return
        while not self._turn.acquire(timeout=AGAIN):
            if narrator := self._narrator:
                narrator.stop()
        try:
            self._let_go(STOPPED, "the service was stopped")
        finally:
            self._stopping = False
            self._turn.release()

    def load(self, model: str = "", *, mode: str = "") -> None:
        """Load another model in place of the one that is loaded. Raises what `start` raises."""
        with self._alone():
            narrator = self._started()
            mode = mode_called(mode) if mode else ""
            narrator.close()
            self._load(narrator, model or (DEFAULTS[mode] if mode else self._model), mode)

    def unload(self) -> None:
        """Let the model go, and stay started: `load` brings one again. Raises NotStarted."""
        with self._alone():
            self._started().close()
            self._to(STOPPED, "no model is loaded")

    def status(self) -> ServiceStatus:
        """What it does at this moment."""
        narrator, model = self._narrator, None
        if narrator is not None and self._state in (LOADING, READY):
            with contextlib.suppress(TtmError):
                model = narrator.status(self._model)
        elif narrator is not None:
            strict = ladder.allowed(self._config) == "none"
            model = ladder.nothing_loaded(self._model, strict=strict)
        loaded = model is not None and model.loaded
        return ServiceStatus(
            self._state,
            narrator is not None,
            self._state == READY and model is not None and model.ready,
            loaded,
            self._detail,
            model,
        )

    def voices(self) -> list[Voice]:
        """Who can speak with the model; none where that takes recordings. Raises NotStarted."""
        with self._alone():
            return self._ready().voices(self._model)

    def models(self) -> list[Holding]:
        """Every model that ttm knows or has, with what of it is here."""
        return inventory.every(models_folder(self._config), paths.hub_cache())

    def speak(
        self,
        text: str | Iterable[str],
        *,
        model: str = "",
        mode: str = "",
        voice: str = "",
        language: str = "",
        instruct: str = "",
        recording: str | Path | bytes = "",
        transcript: str = "",
        input_format: str = "text",
        **settings: object,
    ) -> Iterator[Audio]:
        """Speak; yields mono Audio of one rate as it is made, timed in the original text.

        Another `model` or `mode` than what is loaded is loaded first. A design model takes
        `instruct`, else `voice`, for the description; one that clones needs a `recording`, of which
        `transcript` is what is said in it, or the name of a voice that the user keeps. `settings`
        are fields of `[say]` by name, `input_format` how the text is written (`text`, `markdown`,
        `html` or `ssml`). To stop, close the iterator.

        Raises NotStarted, also when the service is stopped meanwhile, NotReady, and what
        `ttm.speak` raises.
        """
        written = check_form(input_format)
        with self._alone(), in_file(recording) as path:
            request = Request(text, voice, language, instruct, path, transcript, settings, written)
            yield from self._spoken(request, model, mode, unheard=False)

    def synthesize(
        self,
        text: str,
        *,
        model: str = "",
        mode: str = "",
        voice: str = "",
        language: str = "",
        instruct: str = "",
        recording: str | Path | bytes = "",
        transcript: str = "",
        form: str = "wav",
        sample_rate: int = 0,
        input_format: str = "text",
        **settings: object,
    ) -> bytes:
        """Speak, and give all of it as a file: a WAV of 16 bits, or of another format.

        `sample_rate` in Hertz is the model's own, or the format's, when 0. Raises what `speak`
        raises, and UsageError for what the format cannot have.
        """
        known_format(form)
        written = check_form(input_format)
        with self._alone(), in_file(recording) as path:
            request = Request(text, voice, language, instruct, path, transcript, settings, written)
            sound = self._spoken(request, model, mode, unheard=True)
            return as_file(sound, form, sample_rate)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _spoken(self, asked: Request, model: str, mode: str, *, unheard: bool) -> Iterator[Audio]:
        narrator = self._ready()
        name = self._meant(narrator, model, mode)
        if name != self._model:
            narrator.close()
            self._load(narrator, name, "")
        if mode:
            demand(narrator, name, mode_called(mode))
        wishes = asked.wishes(mode_for(narrator, name))
        config = self._with({f"say.{key}": value for key, value in wishes.items()})
        try:
            for audio in asked.spoken(narrator, name, config, unheard=unheard, check=self._check):
                yield audio
                self._check()
        except SynthesisError:
            self._check()
            raise
        self._check()

    def _meant(self, narrator: Narrator, model: str, mode: str) -> str:
        """The model for a request: the one that is loaded wherever that will do."""
        if model or not mode:
            return model or self._model
        mode = mode_called(mode)
        return self._model if mode_for(narrator, self._model) == mode else DEFAULTS[mode]

    def _load(self, narrator: Narrator, name: str, mode: str) -> None:
        """Bring and load the model, and be ready; or fail, and let everything go."""
        self._model = name
        try:
            self._to(CHECKING, f"looking for {name}")
            if self._fetch:
                try:
                    provide(name, self._config, self._tell)
                except ModelError:
                    if ladder.allowed(self._config) == "none":
                        raise
            if mode:
                demand(narrator, name, mode)
            warning = narrator.settle(name)
            self._to(LOADING, f"loading {name}")
            self._in_time(narrator, name)
            self._to(READY, warning or f"{name} is loaded and ready")
        except BaseException as failure:
            sentence = failure.sentence if isinstance(failure, TtmError) else repr(failure)
            self._let_go(STOPPED if self._stopping else FAILED, sentence)
            raise

    def _in_time(self, narrator: Narrator, name: str) -> None:
        """Load it, unless it takes too long or is stopped."""
        done, late = threading.Event(), threading.Event()

        def watch() -> None:
            if not done.wait(self._timeout):
                late.set()
                while not done.wait(AGAIN):
                    narrator.stop()

        watching = threading.Thread(target=watch, daemon=True)
        watching.start()
        try:
            narrator.load(name)
        finally:
            done.set()
            watching.join()
        self._check()
        if late.is_set() and not narrator.status(name).ready:
            raise StartupTimedOut(
                f"model '{name}' was not loaded within {self._timeout:g} s",
                "Give it more time, or take a smaller one",
            )

    def _tell(self, progress: Progress) -> None:
        self._check()
        self._to(progress.state, f"{progress.state} {progress.what}")
        if self._on_progress:
            self._on_progress(progress)
        self._check()

    def _loading(self, model: str, what: str, part: float) -> None:
        if self._on_progress:
            self._on_progress(Progress(LOADING, f"{model}: {what}", part=part))
        self._check()

    def _to(self, state: str, detail: str) -> None:
        """Be in this state, and say so when it is another one."""
        new, self._state, self._detail = state != self._state, state, detail
        if new and self._on_state:
            self._on_state(state)

    def _let_go(self, state: str, detail: str) -> None:
        narrator, self._narrator = self._narrator, None
        if narrator is not None:
            narrator.close()
            self._to(state, detail)

    def _check(self) -> None:
        if self._stopping:
            raise NotStarted("the service was stopped", "Start it again")

    def _started(self) -> Narrator:
        if self._narrator is None:
            raise NotStarted("the service is not started", "Start it first")
        return self._narrator

    def _ready(self) -> Narrator:
        narrator = self._started()
        if self._state != READY:
            raise NotReady(f"the service is not ready: {self._detail}", "Load a model first")
        return narrator

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Have one's turn. Raises UsageError in the midst of one's own."""
        me = threading.get_ident()
        if self._whose == me:
            raise UsageError("the service is at work for this thread", "Finish or close that first")
        with self._turn:
            self._whose = me
            try:
                yield
            finally:
                self._whose = 0
                if self._stopping:
                    self._let_go(STOPPED, "the service was stopped")
                    self._stopping = False

    def _with(self, settings: dict[str, object]) -> Config:
        overrides = self._settings | settings
        return load(self._file, profile=self._profile, overrides=overrides, environ=os.environ)
