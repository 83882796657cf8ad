"""OpenAI's route for speech: the sound as it is made, or the events that carry it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ttm.audio import Audio
from ttm.audio.formats import FORMATS, Format
from ttm.config import Config
from ttm.errors import NothingToSpeak, TtmError, did_you_mean
from ttm.server.aliases import model_meant, voice_meant
from ttm.server.answer import Streamed, begun, counted, honest, while_there
from ttm.server.encoding import Spare, Wanted, as_file, encoded
from ttm.server.hall import Hall, Sounding
from ttm.server.order import Order
from ttm.server.problems import Problem, of_error
from ttm.server.route import Route
from ttm.server.schemas import SpeechRequest, VoiceId, failures

router = APIRouter(tags=["speech"], route_class=Route)

FRAMES = 12.5
"""A second of sound as `usage` counts it: frames of 80 ms, as Qwen3-TTS's codec has them."""

SPOKEN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The sound, or the events that carry it.",
        "content": {
            **{
                form.media_type: {"schema": {"type": "string", "format": "binary"}}
                for form in FORMATS.values()
            },
            "text/event-stream": {"schema": {"type": "string"}},
        },
    },
    **failures(404, 408, 413, 415, 500, 503, 504),
}


@router.post("/v1/audio/speech", response_class=Response, responses=SPOKEN)
async def speech(asked: SpeechRequest, request: Request, stream: bool = True) -> Response:
    """Speak a text. The sound comes while it is made; `stream=false` waits for all of it."""
    hall: Hall = request.app.state.hall
    config: Config = request.app.state.config
    began = asyncio.get_running_loop().time()
    wanted = Wanted(
        _format(asked.response_format),
        asked.sample_rate or 0,
        normalize=config.say.normalize,
    )
    if asked.sample_rate:
        wanted.rate(asked.sample_rate)
    whole = not stream or asked.stream is False
    events = asked.stream_format == "sse"
    order, ignored = await _order(asked, request, unheard=whole and not events)
    request.state.characters = len(asked.input)
    sound = hall.speak(order)
    heard = counted(request, sound, began)
    if events:
        told = _events(sound, heard, wanted, request.app.state.spare)
        first = await begun(request, told, sound)
        headers = honest(request, sound, ignored)
        stall = config.server.stall
        return Streamed(first, told, "text/event-stream", headers, sound=sound, stall=stall)
    noted, rates = _noted(heard)
    if whole:
        try:
            body = await while_there(request, as_file(noted, wanted))
        finally:
            await sound.aclose()
        headers = honest(request, sound, ignored) | _rate(wanted, rates)
        return Response(body, media_type=wanted.form.media_type, headers=headers)
    blocks = encoded(noted, wanted, sound.begun, request.app.state.spare)
    first = await begun(request, blocks, sound)
    headers = honest(request, sound, ignored) | _rate(wanted, rates)
    stall = config.server.stall
    return Streamed(first, blocks, wanted.form.media_type, headers, sound=sound, stall=stall)


def _format(name: str | None) -> Format:
    """The format of that name. Raises Problem."""
    name = name or "mp3"
    if name == "aac":
        raise Problem(
            400, "unsupported_format", "There is no encoder for aac here; ask for mp3 or opus",
            param="response_format",
        )  # fmt: skip
    if name not in FORMATS:
        hint = did_you_mean(name[:32], FORMATS)
        listed = f"It may be one of: {', '.join(FORMATS)}"
        raise Problem(
            400, "unsupported_format", f"There is no such response_format. {hint or listed}",
            param="response_format",
        )  # fmt: skip
    return FORMATS[name]


async def _order(
    asked: SpeechRequest, request: Request, *, unheard: bool
) -> tuple[Order, list[str]]:
    """What is to be spoken, and the fields that nothing comes of. Raises Problem, and what
    finding the model raises."""
    config: Config = request.app.state.config
    check_length(config, asked.input)
    model, known_elsewhere = model_meant(config, asked.model)
    named = asked.voice.id if isinstance(asked.voice, VoiceId) else asked.voice or ""
    voice, loose = voice_meant(config, named)
    ignored = asked.ignored()
    instruct = (asked.instructions or "").strip()
    if instruct == "None":  # what Home Assistant sends where its user gave none
        instruct = ""
    if instruct and known_elsewhere:
        _, card = await request.app.state.hall.find(model)
        if not card.instructs:
            instruct = ""
            ignored.append("instructions")
    settings: dict[str, object] = {}
    if asked.speed is not None:
        settings["say.rate"] = asked.speed
    if asked.seed is not None:
        settings["say.seed"] = asked.seed
    keep = asked.keep_alive
    order = Order(
        asked.input,
        model,
        voice,
        loose,
        asked.language or asked.lang_code or "",
        instruct,
        form=asked.input_format or "text",
        settings=settings,
        unheard=unheard,
        client=request.state.address,
        deadline=config.server.deadline,
        keep_alive="" if keep is None else str(keep),
    )
    return order, ignored


def check_length(config: Config, text: str) -> None:
    """Raise Problem for a text that is longer than the server takes, NothingToSpeak for none."""
    if len(text) > config.server.max_characters:
        most = config.server.max_characters
        what = f"The text has {len(text)} characters, and the server takes {most}"
        raise Problem(413, "input_too_long", what, param="input")
    if not text.strip():
        raise NothingToSpeak("there is nothing to speak in the text", "Send some in `input`")


def _noted(heard: AsyncIterator[Audio]) -> tuple[AsyncIterator[Audio], list[int]]:
    """The sound, and a list that gets its rate."""
    rates: list[int] = []

    async def passing() -> AsyncIterator[Audio]:
        async for audio in heard:
            if not rates:
                rates.append(audio.rate)
            yield audio

    return passing(), rates


def _rate(wanted: Wanted, rates: list[int]) -> dict[str, str]:
    return {"X-Audio-Sample-Rate": str(wanted.rate(rates[0]))} if rates else {}


async def _events(
    sound: Sounding, heard: AsyncIterator[Audio], wanted: Wanted, spare: Spare
) -> AsyncGenerator[bytes]:
    """The same as events of OpenAI's; what goes wrong after the first is one too."""
    seconds, sent = 0.0, False

    async def timed() -> AsyncIterator[Audio]:
        nonlocal seconds
        async for audio in heard:
            seconds += audio.seconds
            yield audio

    try:
        async with aclosing(encoded(timed(), wanted, sound.begun, spare)) as blocks:
            async for block in blocks:
                audio = base64.b64encode(block).decode()
                yield _event("speech.audio.delta", audio=audio)
                sent = True
    except TtmError as failure:
        if not sent:
            raise
        about = {"message": of_error(failure).message, "type": "server_error", "param": None}
        yield _event("speech.audio.error", error=about | {"code": failure.code})
        return
    characters, frames = len(str(sound.order.text)), round(seconds * FRAMES)
    usage = {"input_tokens": characters, "output_tokens": frames}
    yield _event("speech.audio.done", usage=usage | {"total_tokens": characters + frames})


def _event(kind: str, **about: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **about})}\n\n".encode()
