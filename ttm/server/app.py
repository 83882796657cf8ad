"""The application: its routes, and what stands before all of them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from ttm import __version__
from ttm.config import Config
from ttm.server import compat, models, own, page, problems, speech, system, voices
from ttm.server.desk import Desk
from ttm.server.encoding import Spare
from ttm.server.guards import Guard
from ttm.server.hall import Hall
from ttm.server.log import Log
from ttm.server.metrics import Metrics

ROUTERS = (
    system.router,
    speech.router,
    models.router,
    voices.router,
    compat.router,
    own.router,
    page.router,
)
"""Every route; one line for each file of them."""


def create_app(config: Config, hall: Hall, *, key: bytes = b"", log: Log | None = None) -> FastAPI:
    """The application that speaks through this hall, which it closes when it ends.

    `key`: the digest of what clients have to send, empty for nothing.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await hall.close()
        app.state.spare.close()

    app = FastAPI(
        title="ttm",
        version=__version__,
        summary="Talk To Me: local text-to-speech",
        lifespan=lifespan,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.config, app.state.hall, app.state.desk = config, hall, Desk(hall)
    app.state.spare = Spare()
    app.state.metrics = Metrics(hall)
    app.state.log = log or Log(lambda line: None)
    for router in ROUTERS:
        app.include_router(router)
    problems.install(app)
    app.add_middleware(Guard, config=config, key=key, metrics=app.state.metrics, log=app.state.log)
    return app
