"""What TalkToMeKit's routes were asked to have loaded, and what is: it knew one model at a time."""

from __future__ import annotations

from typing import Any

from ttm.engine import ENGINES, EngineCard
from ttm.errors import EngineUnavailable, ModelMissing, ServerError, TtmError
from ttm.models.registry import DEFAULTS, MODES, REGISTRY, Entry, by_name, entry_of, ladder, mode_of
from ttm.models.status import ModelStatus
from ttm.narration import ladder as standing_in
from ttm.narration.opening import require_runtime
from ttm.server.compat_schemas import Failure, Status
from ttm.server.hall import Hall
from ttm.server.lane import IDLE, LOADING, READY, Lane
from ttm.server.problems import Problem

MODELS = sorted(REGISTRY, key=lambda entry: list(MODES.values()).index(entry.mode))
"""Those that it knew, in its order."""
USUAL = by_name()[DEFAULTS["voice_design"]]
"""What it called its model while it had none."""
QWEN3 = ENGINES["qwen3"]
NAME = "Qwen3-TTS"
AGAIN = 5
"""Seconds after which somebody who was told that a model is loading may ask again."""


class Desk:
    """Keeps what was asked for last; what is loaded, the hall knows."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._asked: Entry | None = None
        self._strict: bool | None = None
        self._got: Entry | None = None
        """What was loaded for it: itself, or what stands in for it."""
        self._failure: TtmError | None = None
        self._loading: Entry | None = None

    async def load(self, entry: Entry, *, strict: bool | None) -> None:
        """Have this model loaded, or one that stands in for it; `status` tells what became of it.

        Returns at once when it is being loaded for somebody else. `strict`: nothing may stand in;
        None is as the settings have it. Raises ServerError.
        """
        if self._loading is entry:
            return
        self._asked, self._strict, self._got, self._failure = entry, strict, None, None
        self._loading = entry
        failure: TtmError | None = None
        got = None
        try:
            for one in [entry, *self._rungs(entry)]:
                try:
                    got = await self._loaded(one)
                    break
                except ServerError:
                    raise
                except TtmError as refusal:
                    failure = failure or refusal
        finally:
            if self._loading is entry:
                self._loading = None
            if self._asked is entry:
                self._got, self._failure = got, None if got else failure

    async def unload(self) -> None:
        """Let go of every model that these routes know, each after what it is at. Raises
        QueueFull."""
        self._asked = self._strict = self._got = self._failure = None
        for lane in self._lanes():
            if lane.state != IDLE:
                async with self._hall.admit(lane.model) as turn:
                    await turn.run(turn.let_go, lambda: None)

    def usual(self, mode: str) -> str:
        """The model of this mode that is meant where none is named: the one that is loaded."""
        for lane in self._lanes():
            entry = entry_of(lane.model)
            if lane.state == READY and entry and mode_of(entry.mode) == mode:
                return entry.name
        return DEFAULTS[mode]

    def check_not_loading(self, hub: str | None) -> None:
        """Raise Problem while this model, or any where none is named, is being loaded by `load`."""
        if self._loading and hub in (None, self._loading.hub):
            raise Problem(
                503,
                "not_ready",
                f"{self._loading.hub} is being loaded. Try again in {AGAIN} s",
                headers={"Retry-After": str(AGAIN)},
            )

    def status(self) -> Status:
        """What is loaded of what was asked for; where nothing was, what is loaded at all."""
        asked, lane = self._asked, self._ready(self._got or self._asked)
        if lane is None and not (self._failure or self._loading):
            asked, lane = None, self._ready(None)
        told = lane.status if lane else None
        shown = (entry_of(told.model_id) if told else None) or asked or USUAL
        loading = bool(self._loading) or any(one.state == LOADING for one in self._lanes())
        return self._record(
            shown,
            asked or shown,
            told,
            loading=loading and told is None,
            why_not=_why_not(QWEN3, self._hall),
        )

    def status_of(self, card: EngineCard) -> Status:
        """What another engine has loaded."""
        lanes = sorted(self._hall.status(), key=lambda lane: -lane.used)
        own = [lane for lane in lanes if lane.status and lane.status.engine == card.name]
        told = own[0].status if own and own[0].state == READY else None
        why_not = _why_not(card, self._hall)
        name = told.model_id if told else card.name
        about = _about(told)
        return Status(
            mode="",
            model_id=name,
            requested_mode="",
            requested_model_id=name,
            loading=False,
            qwen_tts_available=not why_not,
            strict_load=self._is_strict,
            fallback_applied=False,
            detail=told.detail if told else why_not or f"{card.name} is not loaded",
            **about,
        )

    @property
    def _is_strict(self) -> bool:
        if self._strict is not None:
            return self._strict
        return standing_in.allowed(self._hall.config) == "none"

    def _record(
        self, shown: Entry, asked: Entry, told: ModelStatus | None, *, loading: bool, why_not: str
    ) -> Status:
        failure = None if told or loading else self._failure
        if told:
            detail = f"{NAME} runtime is ready"
        elif loading:
            detail = f"{NAME} is loading {(self._loading or asked).hub}"
        elif why_not:
            detail = f"{NAME} service is disabled; {why_not}"
        elif failure:
            detail = f"{NAME} error: {failure.sentence}"
        else:
            detail = f"{NAME} service is running; model not loaded"
        return Status(
            mode=mode_of(shown.mode),
            model_id=shown.hub,
            requested_mode=mode_of(asked.mode),
            requested_model_id=asked.hub,
            loading=loading,
            qwen_tts_available=not why_not,
            strict_load=self._is_strict,
            fallback_applied=told is not None and shown is not asked,
            detail=detail,
            error=Failure(code=failure.code, message=failure.sentence) if failure else None,
            **_about(told),
        )

    async def _loaded(self, entry: Entry) -> Entry:
        """What is loaded for this one. Raises what loading raises, and ModelMissing when what is
        loaded stands in for it and may not."""
        lane = await self._hall.load(entry.name)
        found = entry_of(lane.status.model_id) if lane.status else None
        if found is not None and found is not entry and self._strict:
            raise ModelMissing(f"model '{entry.name}' cannot be loaded", model=entry.name)
        return found or entry

    def _rungs(self, entry: Entry) -> list[Entry]:
        """What may stand in where a request says so: another of the mode, and of others only where
        the settings let it, as it could not do what is asked of this one."""
        if self._strict is not False:
            return []
        kind = "mode" if self._hall.config.models.fallback == "none" else "any"
        return ladder(entry.mode, kind, but=entry.hub)

    def _lanes(self) -> list[Lane]:
        """Those of the models that these routes know, the one that was used last first."""
        known = [lane for lane in self._hall.status() if entry_of(lane.model)]
        return sorted(known, key=lambda lane: -lane.used)

    def _ready(self, entry: Entry | None) -> Lane | None:
        """The lane of this model, or of any, if it is loaded."""
        ready = (lane for lane in self._lanes() if lane.state == READY and lane.status)
        return next((lane for lane in ready if entry in (None, entry_of(lane.model))), None)


def _why_not(card: EngineCard, hall: Hall) -> str:
    """Why an engine cannot run here; empty where it can."""
    try:
        require_runtime(card, hall.config)
    except EngineUnavailable as failure:
        return failure.sentence
    return ""


def _about(told: ModelStatus | None) -> dict[str, Any]:
    """The fields of a status that are the model's own."""
    if told is None:
        return {"loaded": False, "ready": False}
    names = ("loaded", "ready", "engine", "device", "dtype", "memory", "worker_pid")
    return {name: getattr(told, name) for name in names}
