"""Who can speak, and the voices that users bring."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from pydantic import BaseModel

from ttm.audio.intake import take_in
from ttm.audio.recording import ENCODED_MAX
from ttm.config import Config
from ttm.errors import BadRecording, NameTaken, UsageError
from ttm.models.speakers import DESIGNED, SPEAKERS
from ttm.narration.opening import open_library
from ttm.server.aliases import model_meant
from ttm.server.answer import while_there
from ttm.server.hall import Hall
from ttm.server.problems import Problem
from ttm.server.schemas import failures
from ttm.speech import Voice
from ttm.voicefile import VoiceFile
from ttm.voices import VARIANT, exactly
from ttm.voices.enrolment import kept, origin, tidy
from ttm.voices.library import checked_name, taken
from ttm.voices.verdict import Finding, judge, refusals

router = APIRouter(tags=["voices"])


class Spoken(BaseModel):
    """A voice as Open WebUI lists one, and what else is known of it."""

    id: str
    name: str
    description: str
    languages: list[str]
    gender: str
    kept: bool
    """Whether a user has added it."""


class Voices(BaseModel):
    """Open WebUI's list."""

    voices: list[Spoken]


class Found(BaseModel):
    """One thing that was looked at in a recording."""

    name: str
    state: str
    found: str
    sentence: str


class Added(BaseModel):
    """A voice that was kept."""

    id: str
    object: Literal["audio.voice"] = "audio.voice"
    name: str
    created_at: int
    seconds: float
    findings: list[Found]


class Removed(BaseModel):
    """A voice that is no more."""

    id: str
    object: Literal["audio.voice.deleted"] = "audio.voice.deleted"
    deleted: bool = True


@router.get("/v1/audio/voices", response_model=Voices, responses=failures(404, 503))
async def voices(request: Request, model: Annotated[str, Query(max_length=256)] = "") -> Voices:
    """Who can speak with a model, the settings' own unless one is named."""
    config: Config = request.app.state.config
    hall: Hall = request.app.state.hall
    name, _ = model_meant(config, model)
    found, card = await hall.find(name)
    own = [one for one in await hall.voices(name) if not one.name.startswith(VARIANT)]
    mine: list[Voice] = []
    if card.clones and found.clones:
        mine = await asyncio.to_thread(open_library(config).voices)
    told = [_told(one, mine=True) for one in mine if one.source != "damaged"]
    listed = told + [_told(one, mine=False) for one in own]
    known = {one.id: one for one in listed}
    for alias, meant in config.server.aliases.items():
        voice = exactly([*mine, *own], meant) if meant else None
        if voice and voice.name in known and alias not in known:
            about = {"id": alias, "name": f"{alias} ({known[voice.name].name})"}
            listed.append(known[voice.name].model_copy(update=about))
    return Voices(voices=listed)


@router.post(
    "/v1/audio/voices",
    response_model=Added,
    status_code=201,
    responses=failures(409, 413, 415, 507),
)
async def add(
    request: Request,
    audio_sample: Annotated[UploadFile, File(description="1 to 30 s of one voice.")],
    name: Annotated[str, Form(max_length=256, description="What to call it.")],
    consent: Annotated[str, Form(description="Whose voice it is, and who agreed.")] = "",
    ref_text: Annotated[str, Form(description="What is said in it, every word.")] = "",
    speaker_description: Annotated[str, Form(description="What the voice is like.")] = "",
    language: Annotated[str, Form(max_length=64, description="Of the recording.")] = "",
) -> Added:
    """Keep the voice of a recording, when it makes a good one."""
    config: Config = request.app.state.config
    block = await audio_sample.read(ENCODED_MAX + 1)
    if len(block) > ENCODED_MAX:
        most = f"{ENCODED_MAX >> 20} MiB"
        raise Problem(
            413, "audio_too_large", f"The recording has more than {most}", param="audio_sample"
        )
    plain = checked_name(name)
    agreed = tidy(consent, "consent")
    if not agreed:
        what = "Nobody's consent is given; say whose voice it is, and who agreed"
        raise Problem(400, "consent_missing", what, param="consent")
    await _check_free(request, plain)
    about = (tidy(ref_text, "ref_text"), tidy(language, "language"))
    take = await while_there(request, asyncio.to_thread(_taken_in, block))
    findings = judge(take, about[0])
    _accept(findings)
    voice = replace(
        kept(plain, take, *about),
        description=tidy(speaker_description, "speaker_description"),
        consent=agreed,
        source=origin(take),
    )
    await asyncio.to_thread(open_library(config).add, voice)
    return _added(voice, findings)


@router.delete("/v1/audio/voices/{name}", response_model=Removed, responses=failures(404, 507))
async def remove(name: str, request: Request) -> Removed:
    """Remove a voice that a user has added."""
    library = open_library(request.app.state.config)
    found = await asyncio.to_thread(library.find, checked_name(name))
    if not found:
        raise Problem(404, "unknown_voice", "There is no voice of yours by this name", param="name")
    await asyncio.to_thread(library.remove, found)
    return Removed(id=found)


async def _check_free(request: Request, name: str) -> None:
    """Raise NameTaken for a name that a voice has already."""
    config: Config = request.app.state.config
    if await asyncio.to_thread(open_library(config).find, name):
        raise taken(name)
    built_in = [Voice(one, model="Qwen3-TTS") for one in (*SPEAKERS, DESIGNED)]
    espeak = await request.app.state.hall.voices("espeak")
    if found := exactly([*built_in, *espeak], name):
        raise NameTaken(f"'{name}' is a built-in voice of {found.model}", "Choose another name")


def _taken_in(block: bytes) -> Any:
    with TemporaryDirectory(prefix="ttm-") as folder:
        path = Path(folder, "recording")
        path.write_bytes(block)
        try:
            return take_in(str(path))
        except UsageError as failure:
            # Where it lay for a moment is of no use to anybody.
            what = failure.what.replace(str(path), "audio_sample")
            raise BadRecording(what, failure.fix) from None


def _accept(findings: list[Finding]) -> None:
    if refused := refusals(findings):
        why = "; ".join(f"{one.found}: {one.sentence}" for one in refused)
        rows = [asdict(one) for one in findings]
        raise BadRecording(f"the recording cannot become a voice ({why})", "Send another", rows)


def _added(voice: VoiceFile, findings: Iterable[Finding]) -> Added:
    found = [Found(**asdict(one)) for one in findings]
    return Added(
        id=voice.name,
        name=voice.name,
        created_at=round(time.time()),
        seconds=round(voice.seconds, 2),
        findings=found,
    )


def _told(voice: Voice, *, mine: bool) -> Spoken:
    name = f"{voice.name} ({voice.description})" if voice.description else voice.name
    return Spoken(
        id=voice.name,
        name=name,
        description=voice.description,
        languages=list(voice.languages),
        gender=voice.gender,
        kept=mine,
    )
