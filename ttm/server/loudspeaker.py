"""The loudspeaker of the machine that the server runs on: what is heard there takes its turn among
everything that plays."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from ttm.config import PlaybackSettings
from ttm.errors import DeviceError
from ttm.narration.frames import End, Frame, Note, Sound
from ttm.narration.queue import Command, Place, SpeakerQueue
from ttm.playback import Loudspeaker, Player

T = TypeVar("T")

SOON = 0.1
"""Seconds that one may wait for one's turn without being told so."""


class Hearing:
    """What others ask of a speech that is heard; asked in a thread of the queue's."""

    def __init__(self) -> None:
        self.stopped = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._paused = False
        self._player: Player | None = None

    def obey(self, command: Command) -> None:
        """Do it at once: what is heard falls silent before the loop knows of it."""
        self._paused = command == "pause"
        with contextlib.suppress(DeviceError):  # of which writing tells
            if command == "stop":
                self._loop.call_soon_threadsafe(self.stopped.set)
                if self._player:
                    self._player.abort()
            elif self._player:
                self._player.pause() if self._paused else self._player.resume()

    def progress(self) -> tuple[float, float | None]:
        """Seconds that were heard, and that there are, once that is known."""
        return self._player.progress if self._player else (0.0, None)

    def plays(self, player: Player) -> None:
        """From here on it is heard."""
        self._player = player
        if self._paused:
            player.pause()

    async def meanwhile(self, work: Awaitable[T]) -> T | None:
        """What this gives; None when it is stopped before, and then it is cancelled."""
        working = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self.stopped.wait())
        try:
            await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
            return None if self.stopped.is_set() else working.result()
        finally:
            for task in (working, stopping):
                task.cancel()
            await asyncio.wait([working, stopping])
            if not working.cancelled():
                working.exception()


async def played(
    frames: AsyncGenerator[Frame],
    queue: SpeakerQueue,
    place: Place,
    loudspeaker: Loudspeaker,
    settings: PlaybackSettings,
) -> AsyncGenerator[Frame]:
    """The frames but those of sound, which is heard; the last one comes when all of it was.

    Nothing is made before it is its turn. Where somebody stops it, the last one says so. Raises
    DeviceError, and what making the frames raises.
    """
    loop, hearing = asyncio.get_running_loop(), Hearing()
    # Its own: it waits for its turn and for the device, for as long as that takes.
    thread = ThreadPoolExecutor(1, "ttm-loudspeaker")
    player: Player | None = None
    try:
        turn = loop.run_in_executor(thread, place.wait)
        if not (await asyncio.wait([turn], timeout=SOON))[0]:
            yield Note("it waits until others have spoken")
        if await _turn(turn, queue, place):
            place.listen(hearing.obey, hearing.progress)
        else:
            hearing.stopped.set()
        while frame := await hearing.meanwhile(anext(frames, None)):
            if not isinstance(frame, Sound):
                if isinstance(frame, End) and player:
                    await hearing.meanwhile(loop.run_in_executor(thread, player.close))
                    if hearing.stopped.is_set():
                        break
                yield frame
            elif frame.audio.pcm:
                if player is None:
                    make = partial(Player, loudspeaker, frame.audio.rate, settings)
                    player = await loop.run_in_executor(thread, make)
                    hearing.plays(player)
                await hearing.meanwhile(loop.run_in_executor(thread, player.write, frame.audio))
        if hearing.stopped.is_set():
            yield Note("it was stopped")
            yield End({"stopped": True})
    finally:
        if player is not None:
            player.abort()
        await asyncio.shield(loop.run_in_executor(None, place.close))
        thread.shutdown(wait=False, cancel_futures=True)
        await frames.aclose()


async def _turn(waiting: asyncio.Future[bool], queue: SpeakerQueue, place: Place) -> bool:
    """Whether its turn has come; False when it was stopped before."""
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        mine = [one for one in queue.entries() if one.number == place.number]
        queue.tell("stop", mine)
        await asyncio.wait([waiting])
        raise
