"""TalkToMeKit's twelve routes: its paths, fields, order of checks and statuses.

What was broken there is mended here: a refusal says why, what is malformed is 400, a model loads
when it is needed, `loading` is true while one does, and a deadline ends the work.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from ttm import __version__
from ttm.audio.formats import FORMATS
from ttm.engine import EngineCard, every_card
from ttm.errors import BadRecording, UnknownName
from ttm.models.registry import DEFAULTS, Entry, by_hub, by_name, mode_of, require_mode
from ttm.narration.opening import require_runtime
from ttm.server.answer import counted, honest, while_there
from ttm.server.compat_schemas import (
    Adapter,
    Adapters,
    AdapterStatus,
    CustomVoiceRequest,
    Health,
    Inventory,
    InventoryRow,
    LoadRequest,
    ModelId,
    Speaker,
    Speakers,
    Status,
    SynthesisRequest,
    Version,
    VoiceCloneRequest,
    VoiceDesignRequest,
)
from ttm.server.desk import MODELS, NAME, QWEN3, Desk
from ttm.server.encoding import Wanted, as_file
from ttm.server.hall import Hall
from ttm.server.order import Order
from ttm.server.problems import Problem
from ttm.server.route import Route
from ttm.server.schemas import failures

router = APIRouter(route_class=Route)

SERVICE = "ttm"
OPENAPI = "3.1.0"
"""The version of OpenAPI that this API is described in."""

ADAPTERS = {QWEN3.name: ("qwen3-tts", NAME)}
"""Id and name of an engine that TalkToMeKit knew by others than ours."""

WAV = Wanted(FORMATS["wav"])
NAMES = ("wav", "audio/wav")
"""What it may be called."""
RECORDING_MOST = 10 << 20
"""Bytes of a recording, as a file."""

SOUND: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A WAV file; `X-Sample-Rate` tells its rate in Hertz.",
        "content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}},
    },
    **failures(404, 408, 413, 415, 500, 503, 504),
}


@router.get("/health", tags=["system"])
async def health() -> Health:
    """Whether the server runs, whatever the models do; `/ready` tells of these."""
    return Health(service=SERVICE, version=__version__)


@router.get("/version", tags=["system"], responses=failures())
async def version() -> Version:
    """Which version of ttm it is."""
    return Version(service=SERVICE, api_version=__version__, openapi_version=OPENAPI)


@router.get("/adapters", tags=["adapters"], responses=failures())
def adapters() -> Adapters:
    """The engines."""
    return Adapters(adapters=[_adapter(card) for card in every_card()])


@router.get("/adapters/{adapter_id}/status", tags=["adapters"], responses=failures(404))
def adapter_status(adapter_id: str, request: Request) -> AdapterStatus:
    """What an engine has loaded."""
    cards = {_adapter(card).id: card for card in every_card()}
    if adapter_id not in cards:
        told = f"There is no such adapter; there are {', '.join(cards)}"
        raise Problem(404, "unknown_adapter", told, param="adapter_id")
    desk, card = _desk(request), cards[adapter_id]
    status = desk.status() if card is QWEN3 else desk.status_of(card)
    return AdapterStatus(adapter_id=adapter_id, **status.model_dump())


@router.get("/model/status", tags=["system"], responses=failures())
def model_status(request: Request) -> Status:
    """Which model is loaded, and which was asked for."""
    return _desk(request).status()


@router.get("/model/inventory", tags=["system"], responses=failures())
async def model_inventory(request: Request) -> Inventory:
    """The models that these routes know, and which of them are here."""
    held = {one.hub: one for one in await _hall(request).inventory()}
    rows = [
        InventoryRow.model_validate(
            {
                "mode": mode_of(entry.mode),
                "model_id": entry.hub,
                "available": held[entry.hub].available,
                "local_path": str(held[entry.hub].folder or ""),
                "size": held[entry.hub].size,
            }
        )
        for entry in MODELS
    ]
    return Inventory(models=rows)


@router.post(
    "/model/load",
    tags=["system"],
    response_model=Status,
    responses={202: {"model": Status}, **failures(408, 413, 415, 503)},
)
async def model_load(asked: LoadRequest, request: Request) -> Response:
    """Load a model, and wait for it: 200 when it is loaded, 202 when it is not.

    Then `loading` is true while it is being loaded for somebody else; otherwise `detail` and
    `error` say why it is not loaded.
    """
    desk = _desk(request)
    entry = _chosen(asked.mode, asked.model_id, DEFAULTS[asked.mode])
    await desk.load(entry, strict=asked.strict_load)
    told = desk.status()
    return JSONResponse(told.model_dump(), 200 if told.loaded else 202)


@router.post("/model/unload", tags=["system"], responses=failures(503))
async def model_unload(request: Request) -> Status:
    """Let the model go, after what it is at; none is loaded then, whether or not one was."""
    desk = _desk(request)
    await desk.unload()
    return desk.status()


@router.get("/custom-voice/speakers", tags=["tts"], responses=failures(503))
async def custom_voice_speakers(
    request: Request, model_id: Annotated[ModelId | None, Query()] = None
) -> Speakers:
    """Who can speak with a model, as its files say; nothing is loaded for it."""
    hall = _hall(request)
    entry = _chosen("custom_voice", model_id, DEFAULTS["custom_voice"])
    require_runtime(QWEN3, hall.config)
    voices = await hall.voices(entry.name)
    about = [
        Speaker(name=v.name, languages=[*v.languages], gender=v.gender, description=v.description)
        for v in voices
    ]
    names = sorted(voice.name for voice in voices)
    return Speakers(model_id=entry.hub, speakers=names, about=about)


@router.post("/synthesize/voice-design", tags=["tts"], response_class=Response, responses=SOUND)
async def synthesize_voice_design(asked: VoiceDesignRequest, request: Request) -> Response:
    """Speak with the voice that a description is of."""
    order = Order(asked.text, "", instruct=asked.instruct)
    return await _spoken(asked, request, order, "voice_design")


@router.post("/synthesize/custom-voice", tags=["tts"], response_class=Response, responses=SOUND)
async def synthesize_custom_voice(asked: CustomVoiceRequest, request: Request) -> Response:
    """Speak with one of a model's voices."""
    order = Order(asked.text, "", voice=asked.speaker, instruct=asked.instruct or "")
    return await _spoken(asked, request, order, "custom_voice")


@router.post("/synthesize/voice-clone", tags=["tts"], response_class=Response, responses=SOUND)
async def synthesize_voice_clone(asked: VoiceCloneRequest, request: Request) -> Response:
    """Speak with the voice of a recording."""
    order = Order(asked.text, "", transcript=asked.reference_text or "")
    return await _spoken(asked, request, order, "voice_clone")


async def _spoken(asked: SynthesisRequest, request: Request, order: Order, mode: str) -> Response:
    """The checks in TalkToMeKit's order, then all of the sound as one file."""
    hall, desk = _hall(request), _desk(request)
    if asked.format.casefold() not in NAMES:
        raise UnknownName("format can only be wav", "/v1/audio/speech has others")
    require_runtime(QWEN3, hall.config)
    desk.check_not_loading(asked.model_id)
    recording = b""
    if isinstance(asked, VoiceCloneRequest):
        recording = decoded(asked.reference_audio_b64, "reference_audio_b64")
    order = replace(
        order,
        model=_chosen(mode, asked.model_id, desk.usual(mode)).name,
        language=asked.language,
        recording=recording,
        unheard=True,
        client=request.state.address,
        deadline=hall.config.server.deadline,
    )
    request.state.characters = len(asked.text)
    sound = hall.speak(order)
    heard = counted(request, sound, asyncio.get_running_loop().time())
    rates: set[int] = set()

    async def noted() -> Any:
        async for audio in heard:
            rates.add(audio.rate)
            yield audio

    try:
        body = await while_there(request, as_file(noted(), WAV))
    finally:
        await sound.aclose()
    rate = str(max(rates))
    headers = honest(request, sound, []) | {"X-Sample-Rate": rate, "X-Audio-Sample-Rate": rate}
    return Response(body, media_type=WAV.form.media_type, headers=headers)


def decoded(text: str, param: str) -> bytes:
    """The recording that base64 stands for, with or without `data:…;base64,` before it.

    Raises BadRecording for what is none, and Problem for one that is too large.
    """
    what, fix = f"{param} is no base64", "Encode the bytes of a sound file"
    if text[:5].casefold() == "data:":
        head, comma, text = text.partition(",")
        if not comma or not head.casefold().endswith(";base64"):
            raise BadRecording(what, fix)
    if len(text) > RECORDING_MOST * 4 / 3 + 4:
        told = f"The recording has over {RECORDING_MOST >> 20} MiB; ten seconds are enough"
        raise Problem(413, "recording_too_large", told, param=param)
    try:
        recording = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise BadRecording(what, fix) from None
    if not recording:
        raise BadRecording(f"{param} holds no sound", fix)
    return recording


def _chosen(mode: str, model_id: str | None, usual: str) -> Entry:
    """The model that is meant. Raises UsageError for one of another mode."""
    entry = by_hub(model_id) if model_id else by_name()[usual]
    assert entry is not None  # the schema lets no other id through
    require_mode(entry.hub, entry.mode, mode)
    return entry


def _adapter(card: EngineCard) -> Adapter:
    own, name = ADAPTERS.get(card.name, (card.name, card.name))
    return Adapter(id=own, name=name, status_path=f"/adapters/{own}/status")


def _hall(request: Request) -> Hall:
    hall: Hall = request.app.state.hall
    return hall


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk
