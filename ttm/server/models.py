"""The lists of models that clients choose from."""

from __future__ import annotations

import asyncio
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel

from ttm.config import Config
from ttm.engine import every_card
from ttm.errors import UnknownModel, did_you_mean
from ttm.server.aliases import MODELS, model_meant
from ttm.server.hall import Hall
from ttm.server.schemas import failures

router = APIRouter(tags=["models"])

MADE = 1_795_305_600
"""When a model came to be, in seconds of the epoch, where nobody says: clients ask for a number."""


class Model(BaseModel):
    """A model as OpenAI lists one."""

    id: str
    object: Literal["model"] = "model"
    created: int = MADE
    owned_by: str = "ttm"
    root: str
    """What is meant by an alias; the same as `id` for every other."""


class Models(BaseModel):
    """OpenAI's list."""

    object: Literal["list"] = "list"
    data: list[Model]


class Named(BaseModel):
    """A model as Open WebUI lists one."""

    id: str


class AudioModels(BaseModel):
    """Open WebUI's list."""

    models: list[Named]


@router.get("/v1/models", response_model=Models, responses=failures())
async def models(request: Request) -> Models:
    """What can speak here, and the names of others that stand for it."""
    return Models(data=await _listed(request))


@router.get("/v1/audio/models", response_model=AudioModels, responses=failures())
async def audio_models(request: Request) -> AudioModels:
    """What can speak here, in the shape that Open WebUI reads."""
    return AudioModels(models=[Named(id=one.id) for one in await _listed(request)])


@router.get("/v1/models/{name:path}", response_model=Model, responses=failures(404))
async def model(name: str, request: Request) -> Model:
    """One of them."""
    listed = {one.id: one for one in await _listed(request)}
    if name not in listed:
        hint = did_you_mean(name[:128], listed)
        raise UnknownModel(f"there is no model '{name[:128]}' here", hint)
    return listed[name]


async def _listed(request: Request) -> list[Model]:
    config: Config = request.app.state.config
    hall: Hall = request.app.state.hall
    cards = await asyncio.to_thread(every_card)
    names = [card.name for card in cards if not card.checkpoint and not card.named]
    names += [f"remote:{server}" for server in config.engine.remote]
    names += [held.name for held in await hall.inventory() if held.available]
    usual = config.say.model
    if usual in names:
        names.remove(usual)
    names.insert(0, usual)  # clients take the first
    aliases = [name for name in (*MODELS, *config.server.aliases) if name not in names]
    meant = {name: model_meant(config, name)[0] for name in dict.fromkeys(aliases)}
    found = [Model(id=name, root=name) for name in names]
    return found + [Model(id=name, root=to) for name, to in meant.items() if to in names]
