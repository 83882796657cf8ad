"""Whether the server is there, and how it is."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from ttm import __version__
from ttm.server.metrics import MEDIA_TYPE
from ttm.server.schemas import Health, Ready, failures

router = APIRouter(tags=["system"])


@router.get("/health", response_model=Health)
async def health() -> Health:
    """Whether the server runs; answered whatever the models do."""
    return Health(status="ok", version=__version__)


@router.get("/ready", response_model=Ready, responses={503: {"model": Ready}})
async def ready(request: Request) -> JSONResponse:
    """Whether it may be asked for speech: 503 while a model is loaded, or has failed."""
    why_not = request.app.state.hall.ready
    found = Ready(ready=not why_not, detail=why_not)
    headers = {"Retry-After": "1"} if why_not else {}
    return JSONResponse(found.model_dump(), 503 if why_not else 200, headers)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}, **failures()},
)
async def metrics(request: Request) -> Response:
    """What was counted, for Prometheus."""
    return Response(request.app.state.metrics.text(), media_type=MEDIA_TYPE)
