"""ttm's own routes: its state, a text said in frames or on the server's loudspeaker, and the
speaker queue."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import asdict
from functools import partial
from typing import Any, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from ttm import __version__
from ttm.audio import Audio
from ttm.errors import OutputError, TtmError
from ttm.narration.frames import (
    MEDIA_TYPE,
    PROTOCOL,
    SPEAKS,
    TRAVELS,
    Begin,
    End,
    Frame,
    Loading,
    Note,
    Sound,
    check_protocol,
    encode,
    failed,
    print_of,
)
from ttm.narration.queue import Command, speaker_queue
from ttm.narration.report import Report
from ttm.playback import find_loudspeaker
from ttm.server.answer import Streamed, begun, counted, honest
from ttm.server.compat import decoded
from ttm.server.hall import Hall, Sounding
from ttm.server.loudspeaker import played
from ttm.server.order import Order
from ttm.server.own_schemas import Entry, Lane, Queue, SayRequest, ServerStatus, Told, Which
from ttm.server.problems import Problem
from ttm.server.route import Route
from ttm.server.schemas import failures
from ttm.server.speech import check_length
from ttm.text.markup import Opening

T = TypeVar("T")

router = APIRouter(prefix="/v1/ttm", tags=["ttm"], route_class=Route)

BEGAN = time.monotonic()
"""When this process began to serve."""
LOOK = 0.25
"""Seconds between two frames on how far the loading is."""
SOON = 0.005
"""Seconds between two looks at who speaks, once the model is loaded: that takes milliseconds."""
SIGN = 10.0
"""Seconds without anything to tell after which the client hears that it still waits."""

STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Frames: each one JSON line, and raw PCM behind those of kind `audio`. The "
        "last is a `report` or an `error`.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    },
    **failures(404, 408, 413, 415, 500, 503, 504),
}


@router.get("/status", responses=failures())
async def status(request: Request) -> ServerStatus:
    """The server, and every model that it has or had in use."""
    hall: Hall = request.app.state.hall
    now = time.monotonic()
    lanes = [
        Lane(
            model=lane.model,
            state=lane.state,
            detail=lane.detail,
            busy=lane.line.taken,
            waiting=lane.line.waiting,
            expires_in=None if lane.expires is None else round(max(0.0, lane.expires - now), 1),
            status=lane.status.record() if lane.status else None,
        )
        for lane in hall.status()
    ]
    return ServerStatus(
        version=__version__,
        pid=os.getpid(),
        uptime=round(now - BEGAN, 1),
        settings=print_of(hall.config),
        model=hall.config.say.model,
        ready=not hall.ready,
        detail=hall.ready or "ready",
        models=lanes,
    )


def understood(request: Request) -> None:
    """Raise Incompatible for a client that means something else by its request."""
    client = request.headers.get("user-agent", "")[:40] or "the client"
    check_protocol(request.headers.get(SPEAKS), client, f"this server of ttm {__version__}")


# Before the body is looked at, whose fields may be others.
@router.post("/say", response_class=Response, responses=STREAM, dependencies=[Depends(understood)])
async def say(asked: SayRequest, request: Request) -> Response:
    """Say a text: its sound comes in frames while it is made, or is heard where the server runs."""
    hall: Hall = request.app.state.hall
    order = _order(asked, request)
    request.state.characters = order.characters
    sound = hall.speak(order)
    heard = counted(request, sound, asyncio.get_running_loop().time())
    frames = _frames(hall, sound, heard)
    if asked.play:
        loudspeaker = await asyncio.to_thread(find_loudspeaker(hall.config.playback).ready)
        queue = speaker_queue()
        join = partial(
            queue.join,
            "server",
            interrupt=asked.interrupt,
            channel=asked.channel,
            priority=asked.priority,
            model=order.model,
            voice=order.voice,
            characters=order.characters,
        )
        place = await _of_queue(join)
        frames = played(frames, queue, place, loudspeaker, hall.config.playback)
    blocks = _encoded(frames, request)
    first = await begun(request, blocks, sound)
    stall = hall.config.server.stall
    headers = honest(request, sound, []) | {SPEAKS: str(PROTOCOL)}
    return Streamed(first, blocks, MEDIA_TYPE, headers, sound=sound, stall=stall)


@router.get("/queue", responses=failures())
async def queue() -> Queue:
    """Who speaks on the loudspeaker, and who waits for it: from this server or anywhere else."""
    entries = await _of_queue(speaker_queue().entries)
    return Queue(queue=[Entry.model_validate(asdict(one)) for one in entries])


@router.post("/stop", responses=failures())
async def stop(which: Which | None = None) -> Told:
    """Silence: end what speaks, and what waits."""
    return await _tell("stop", which)


@router.post("/pause", responses=failures())
async def pause(which: Which | None = None) -> Told:
    """Hold what speaks where it is."""
    return await _tell("pause", which, "speaking")


@router.post("/resume", responses=failures())
async def resume(which: Which | None = None) -> Told:
    """Go on where it was paused."""
    return await _tell("resume", which, "paused")


@router.post("/skip", responses=failures())
async def skip(which: Which | None = None) -> Told:
    """End what speaks; the next one begins."""
    return await _tell("stop", which, "speaking", "paused")


def _order(asked: SayRequest, request: Request) -> Order:
    """What is to be said. Raises Problem, UsageError, BadRecording and NothingToSpeak."""
    config = request.app.state.config
    settings: dict[str, Any] = dict(asked.settings)
    for key in settings:
        if not key.startswith("say.") and key not in TRAVELS:
            told = f"'{key[:60]}' is a setting that the server has for itself"
            raise Problem(400, "invalid_value", told, param="settings")
    own = {name: settings.pop(f"say.{name}", "") for name in ("model", "voice", "language")}
    for name, value in own.items():
        if not isinstance(value, str):
            raise Problem(400, "invalid_value", f"say.{name} has to be text", param="settings")
    pieces: list[str | Opening] = [
        piece if isinstance(piece, str) else Opening(piece.form, piece.name, piece.chapter)
        for piece in ([asked.text] if isinstance(asked.text, str) else asked.text)
    ]
    check_length(config, "".join(piece for piece in pieces if isinstance(piece, str)))
    local = bool(getattr(getattr(request.state, "wire", None), "local", False))
    keep = asked.keep_alive
    return Order(
        pieces,
        own["model"] or config.say.model,
        voice=own["voice"],
        language=own["language"],
        recording=decoded(asked.recording, "recording") if asked.recording else b"",
        transcript=asked.transcript,
        form=asked.form,
        settings=settings,
        unheard=asked.unheard and not asked.play,
        client=request.state.address,
        deadline=None if local or asked.play else config.server.deadline,
        local=local,
        keep_alive="" if keep is None else str(keep),
    )


async def _frames(
    hall: Hall, sound: Sounding, heard: AsyncGenerator[Audio]
) -> AsyncGenerator[Frame]:
    """The speech as a client is told of it, up to its report."""
    lane = await hall.lane(sound.order.model, local=sound.order.local)
    begun, told, sign = False, None, time.monotonic()
    notes: set[str] = set()
    coming = asyncio.ensure_future(anext(heard, None))
    turn = asyncio.ensure_future(sound.begun.wait())
    try:
        while True:
            look = LOOK if not turn.done() else SOON
            awaited = [coming] if turn.done() else [coming, turn]
            await asyncio.wait(
                awaited, timeout=None if begun else look, return_when=asyncio.FIRST_COMPLETED
            )
            if not begun and sound.report is not None:
                begun = True
                notes.update(sound.warnings)
                yield _begin(sound, sound.report)
            for note in sound.warnings:
                if begun and note not in notes:
                    notes.add(note)
                    yield Note(note)
            if coming.done():
                if (audio := coming.result()) is None:
                    break
                coming = asyncio.ensure_future(anext(heard, None))
                yield Sound(audio)
            elif not begun and (lane.progress != told or time.monotonic() - sign > SIGN):
                told, sign = lane.progress, time.monotonic()
                yield Loading(*(told or (lane.model, "waiting", 0.0)))
        yield End(asdict(sound.report) if sound.report else {})
    finally:
        turn.cancel()
        coming.cancel()
        await asyncio.wait([coming])
        if not coming.cancelled():
            coming.exception()
        await heard.aclose()


def _begin(sound: Sounding, report: Report) -> Begin:
    return Begin(
        report.model,
        report.engine,
        report.voice,
        report.language,
        report.seed,
        sound.voice.description if sound.voice else "",
        tuple(sound.warnings),
    )


async def _encoded(frames: AsyncGenerator[Frame], request: Request) -> AsyncGenerator[bytes]:
    """The frames as they travel; what goes wrong after the first one is one too."""
    sent = False
    async with aclosing(frames):
        try:
            async for frame in frames:
                yield encode(frame)
                sent = True
        except TtmError as failure:
            if not sent:
                raise
            request.app.state.metrics.failures.labels(failure.code).inc()
            yield encode(failed(failure))


async def _of_queue(ask: Callable[[], T]) -> T:
    """What the queue answers. Raises OutputError where its folder cannot be used."""
    try:
        return await asyncio.to_thread(ask)
    except OSError as failure:
        raise OutputError(
            f"the speaker queue cannot be used: {failure.strerror}",
            "Set XDG_RUNTIME_DIR to a folder of your own",
        ) from failure


async def _tell(command: Command, which: Which | None, *states: str) -> Told:
    """Have those hear it that are in one of these states, or in any."""
    which = which or Which()

    def tell() -> int:
        queue = speaker_queue()
        entries = [
            one
            for one in queue.entries()
            if (not states or one.state in states)
            and which.channel in ("", one.channel)
            and which.number in (None, one.number)
        ]
        return queue.tell(command, entries)

    return Told(told=await _of_queue(tell))
