"""Answers that are sent while they are made, broken off when that fails, and left by clients."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Mapping
from typing import TypeVar
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ttm.audio import Audio
from ttm.errors import TtmError
from ttm.server.guards import until_left
from ttm.server.hall import Sounding
from ttm.server.problems import Broken, Problem, of_error

T = TypeVar("T")

LEFT = Problem(499, "client_left", "The client left before its answer was there")
"""Nobody reads it; the log does."""

STALLED = Problem(408, "reader_stalled", "The client took nothing of its answer for too long")
"""The same."""


async def while_there(request: Request, work: Awaitable[T]) -> T:
    """What this gives, unless the client leaves meanwhile: then it is cancelled, and that waited
    for. Raises Problem for a client that left."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(until_left(request.receive))
    try:
        await asyncio.wait([working, leaving], return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        request.app.state.metrics.left.inc()
        raise LEFT
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.wait([working, leaving])
        if not working.cancelled():
            working.exception()


class Streamed(Response):
    """An answer whose blocks come one after the other, the first of which is there already.

    What goes wrong with a later one breaks the connection off, so that nobody takes what came for
    all of it.
    """

    def __init__(
        self,
        first: bytes,
        rest: AsyncGenerator[bytes],
        media_type: str,
        headers: Mapping[str, str],
        *,
        sound: Sounding,
        stall: float,
    ) -> None:
        super().__init__(None, 200, headers, media_type)
        del self.headers["content-length"]
        self._first, self._rest = first, rest
        self._sound = sound
        self._stall = stall

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state, metrics = scope["state"], scope["app"].state.metrics
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(until_left(receive))
        try:
            await asyncio.wait([sending, leaving], return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                metrics.left.inc()
                state["code"] = LEFT.code
                return
            sending.result()
        except TimeoutError:
            raise Broken(STALLED) from None
        except TtmError as failure:
            metrics.failures.labels(failure.code).inc()
            state["detail"] = failure.what if failure.code == "worker_crashed" else None
            raise Broken(of_error(failure)) from None
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.wait([sending, leaving])
            if not sending.cancelled():
                sending.exception()

    async def _send(self, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await self._pass(send, self._first)
            async for block in self._rest:
                await self._pass(send, block)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._rest.aclose()
            await self._sound.aclose()

    async def _pass(self, send: Send, block: bytes) -> None:
        async with asyncio.timeout(self._stall):
            await send({"type": "http.response.body", "body": block, "more_body": True})


async def begun(request: Request, blocks: AsyncGenerator[bytes], sound: Sounding) -> bytes:
    """The first block of an answer, while the client is there.

    Raises what making it raises; the sound is closed then.
    """
    try:
        return await while_there(request, anext(blocks))
    except BaseException as failure:
        if isinstance(failure, TtmError):
            request.app.state.metrics.failures.labels(failure.code).inc()
        with contextlib.suppress(Exception):
            await blocks.aclose()
        await sound.aclose()
        raise


def honest(request: Request, sound: Sounding, ignored: list[str]) -> dict[str, str]:
    """The headers that tell what really spoke."""
    report = sound.report
    headers = {"X-TTM-Model": quote(sound.model, safe="/:@ .+")}
    if report is not None:
        voice = "recording" if sound.order.recording else report.voice
        headers |= {"X-TTM-Voice": quote(voice, safe="/:@ .+")}
        headers |= {"X-TTM-Seed": str(report.seed)}
        request.state.voice = voice
    if ignored:
        headers["X-TTM-Ignored"] = ", ".join(quote(name[:64]) for name in ignored[:32])
    request.state.model = sound.model
    return headers


async def counted(request: Request, sound: Sounding, began: float) -> AsyncGenerator[Audio]:
    """The sound, and a word of it for the metrics."""
    metrics, loop = request.app.state.metrics, asyncio.get_running_loop()
    first = True
    async for audio in sound:
        if first and audio.pcm:
            first = False
            metrics.first.labels(sound.model).observe(loop.time() - began)
        metrics.spoken.labels(sound.model).inc(audio.seconds)
        yield audio
    metrics.characters.labels(sound.model).inc(sound.order.characters)
