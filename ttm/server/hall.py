"""The seam between the loop and narration: every model has a lane, and every speech a turn in one.

hall = Hall(config)
sound = hall.speak(Order("Hello.", "espeak", deadline=120))
async for audio in sound:
    ...
await hall.close()
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Self

from ttm.audio import Audio
from ttm.config import Config, seconds
from ttm.engine import EngineCard
from ttm.errors import (
    ModelBusy,
    ModelError,
    QueueFull,
    SynthesisTimedOut,
    TtmError,
    UnknownModel,
)
from ttm.models import inventory
from ttm.models.inventory import Holding
from ttm.models.registry import entry_of
from ttm.models.store import Model, is_folder
from ttm.narration import ladder
from ttm.narration.narrator import Narrator
from ttm.narration.opening import find_model, models_dir
from ttm.narration.report import Report
from ttm.paths import hub_cache
from ttm.server.handover import Handover, Left
from ttm.server.lane import FAILED, IDLE, LOADING, READY, Lane
from ttm.server.order import Order, Told, perform
from ttm.speech import Voice

PAUSES = (0, 5, 15, 30, 60)
"""Seconds before each attempt to load again what has died."""


class Sounding:
    """A speech that is being made: iterate for its Audio, in the loop; `aclose` ends it.

    Iterating raises what speaking raises, QueueFull, SynthesisTimedOut, and what finding and
    loading the model raise. Closing it returns once the engine is free again.
    """

    def __init__(self, hall: Hall, order: Order) -> None:
        self._hall = hall
        self.order = order
        self.model = ""
        """What speaks; known once it is iterated."""
        self._told = Told()
        self._out: Handover[Audio] = Handover()
        self._left = order.allowed
        self.begun = asyncio.Event()
        """Set when its turn has come and the model is loaded, or when it came to nothing."""
        self._task: asyncio.Task[None] | None = None

    @property
    def report(self) -> Report | None:
        """How it goes; known before the first sound is there."""
        return self._told.report

    @property
    def voice(self) -> Voice | None:
        """Who speaks; known as soon as that."""
        return self._told.voice

    @property
    def warnings(self) -> list[str]:
        """What there is to say to the user so far."""
        notes = self.report.notes if self.report else []
        return list(dict.fromkeys([*self._told.warnings, *notes]))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Audio:
        if self._task is None:
            self._task = asyncio.create_task(self._hall.perform(self, self._told, self._out))
        await self.begun.wait()
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._left):
                audio = await self._out.get()
        except TimeoutError:
            await self.aclose()
            raise SynthesisTimedOut(
                f"the text was not spoken within the {self.order.allowed or 0:g} s that the server"
                " allows for it",
                "Send less text at a time, or raise server.deadline",
            ) from None
        if self._left is not None:
            self._left = max(0.0, self._left - (time.monotonic() - began))
        if audio is None:
            await self._task
            raise StopAsyncIteration
        return audio

    async def aclose(self) -> None:
        """End it, if it goes on."""
        self._out.leave()
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])


class Hall:
    """Owns a lane for each model that is in use; made and used in one loop."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.closing = False
        self.used = time.monotonic()
        """When the last speech ended, in seconds of the monotonic clock."""
        self._lanes: dict[str, Lane] = {}
        self._names: dict[str, str] = {}
        self._places: dict[tuple[str, Path | None, str], str] = {}
        self._voices: dict[str, list[Voice]] = {}
        self._scouting = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def speak(self, order: Order) -> Sounding:
        """Have this spoken; it begins when it is iterated."""
        return Sounding(self, order)

    async def lane(self, model: str, *, local: bool = False) -> Lane:
        """The lane of a model, whatever it is called.

        Raises what `find_model` raises, and UnknownModel for a folder that the settings do not
        name, unless it is `local`: asked for by the user of this machine.
        """
        self._refuse_folder(model, local)
        name = self._names.get(model)
        if name is None:
            found, card = await asyncio.to_thread(self._found, model)
            entry = entry_of(model)
            name = entry.name if entry else found.name if found else model
            if found and (found.folder or found.server):
                # A hub's id, a short name and a folder may be one checkpoint: it is loaded once.
                place = (found.engine, found.folder, found.server)
                name = self._places.setdefault(place, name)
            large = card.checkpoint if card else True
            if name not in self._lanes:
                self._lanes[name] = Lane(name, self.config, large=large)
            self._names[model] = name
        return self._lanes[name]

    @contextlib.asynccontextmanager
    async def admit(
        self, model: str, client: str = "", *, local: bool = False
    ) -> AsyncIterator[Lane]:
        """Have a turn with a model. Raises QueueFull, and what finding the model raises."""
        lane = await self.lane(model, local=local)
        async with lane.line.turn(client, f"model '{lane.model}'"):
            if lane.timer:
                lane.timer.cancel()
                lane.timer = lane.expires = None
            try:
                yield lane
            finally:
                lane.used = self.used = time.monotonic()

    async def perform(self, sounding: Sounding, told: Told, out: Handover[Audio]) -> None:
        """Speak what was ordered, into `out`."""
        order, failure = sounding.order, None
        loop = asyncio.get_running_loop()

        def work(lane: Lane, narrator: Narrator) -> None:
            try:
                lane.load(narrator)
                out.check()
                sounding.model = lane.model
                loop.call_soon_threadsafe(sounding.begun.set)
                put = lambda audio: out.put(audio, len(audio.pcm))  # noqa: E731
                perform(order, narrator, lane.model, self.config, told, put, out.check)
            finally:
                lane.look(narrator)

        try:
            async with self.admit(order.model, order.client, local=order.local) as lane:
                try:
                    await self._room_for(lane)
                    await lane.run(partial(work, lane), out.leave)
                finally:
                    self._keep(lane, order.keep_alive or self.config.models.keep_alive)
                    if lane.state == FAILED and sounding.model:
                        self._begin(self._revive(lane))
        except Left:
            pass
        except Exception as found:
            failure = found
        finally:
            out.end(failure)
            sounding.begun.set()

    async def load(
        self, model: str, *, keep_alive: str = "", client: str = "", local: bool = False
    ) -> Lane:
        """Have a model in memory. Raises what `speak` raises."""
        async with self.admit(model, client, local=local) as lane:
            try:
                await self._room_for(lane)
                await lane.run(lane.load, lambda: None)
            finally:
                self._keep(lane, keep_alive or self.config.models.keep_alive)
        return lane

    async def unload(self, model: str) -> Lane:
        """Let a model go, and free its memory. Raises ModelBusy, and what finding it raises."""
        lane = await self.lane(model, local=model in self._lanes)
        if lane.busy:
            raise ModelBusy(f"model '{lane.model}' is at work", "Try again when it is done")
        async with lane.line.turn("", lane.model):
            await lane.run(lane.let_go, lambda: None)
            if lane.timer:
                lane.timer.cancel()
                lane.timer = lane.expires = None
        return lane

    def status(self) -> list[Lane]:
        """The lanes there are: their `model`, `state`, `detail`, `status`, `line` and `expires`."""
        return list(self._lanes.values())

    @property
    def ready(self) -> str:
        """Why no model should be asked for anything at this moment; empty when one may."""
        if self.closing:
            return "the server is ending"
        for lane in self._lanes.values():
            if lane.state == LOADING or (lane.state == FAILED and lane.served):
                return lane.detail
        return ""

    @property
    def busy(self) -> bool:
        """Whether any model is at work."""
        return any(lane.busy for lane in self._lanes.values())

    async def inventory(self) -> list[Holding]:
        """Every model that ttm knows or has, with what of it is here."""
        return await asyncio.to_thread(inventory.every, models_dir(self.config), hub_cache())

    async def find(self, model: str) -> tuple[Model, EngineCard]:
        """What is meant by a model's name. Raises what `lane` raises."""
        self._refuse_folder(model, False)
        return await asyncio.to_thread(find_model, model, self.config)

    async def voices(self, model: str) -> list[Voice]:
        """The model's own voices, without loading a checkpoint for it; each is asked once.

        Raises what `lane`, `Narrator.foresee` and `Narrator.voices` raise.
        """
        self._refuse_folder(model, False)

        def look() -> list[Voice]:
            with Narrator(self.config) as narrator:
                narrator.foresee(model)
                return narrator.voices(model)

        async with self._scouting:
            if model not in self._voices:
                self._voices[model] = await asyncio.to_thread(look)
        return self._voices[model]

    async def close(self) -> None:
        """End everything."""
        self.closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))

    def _refuse_folder(self, model: str, local: bool) -> None:
        named = (self.config.say.model, *self.config.server.aliases.values())
        if not local and model not in named and is_folder(model):
            raise UnknownModel(
                "the model has the name of a folder, and folders are not read for clients",
                "Give it an alias in server.aliases",
            )

    def _found(self, model: str) -> tuple[Model | None, EngineCard | None]:
        try:
            return find_model(model, self.config)
        except ModelError:
            if ladder.allowed(self.config) == "none":
                raise
            return None, None

    async def _room_for(self, lane: Lane) -> None:
        """Let go of the model that was idle longest, where one more is more than may be there."""
        if not lane.large or lane.state == READY:
            return
        others = [each for each in self._lanes.values() if each.large and each is not lane]
        loaded = [each for each in others if each.state in (READY, LOADING)]
        if len(loaded) < self.config.models.max_loaded:
            return
        idle = sorted((each for each in loaded if not each.busy), key=lambda each: each.used)
        if not idle:
            raise QueueFull(
                f"{len(loaded)} models are at work, as many as may be in memory",
                "Try again soon, or raise models.max_loaded",
                again_in=5.0,
            )
        await self.unload(idle[0].model)

    def _keep(self, lane: Lane, keep_alive: str) -> None:
        """Have the lane's model let go when nobody used it for as long as was said."""
        after = seconds(keep_alive)
        if lane.timer:
            lane.timer.cancel()
            lane.timer = lane.expires = None
        if after is None or self.closing or lane.line.waiting:
            return
        lane.expires = time.monotonic() + after
        loop = asyncio.get_running_loop()
        lane.timer = loop.call_later(after, lambda: self._begin(self._expire(lane)))

    async def _expire(self, lane: Lane) -> None:
        with contextlib.suppress(ModelBusy):
            await self.unload(lane.model)

    async def _revive(self, lane: Lane) -> None:
        """Load again what has died, so that the next request need not wait for it."""
        for pause in PAUSES:
            await asyncio.sleep(pause)
            if lane.state != FAILED or self.closing:
                return
            with contextlib.suppress(TtmError):  # the lane says why it failed
                await self.load(lane.model, local=True)
        if lane.state == FAILED:
            lane.state = IDLE  # whoever asks next is told what is wrong

    def _begin(self, work: object) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
