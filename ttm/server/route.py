"""Routes whose JSON means one thing alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from ttm.server.problems import Problem

TWICE = Problem(400, "invalid_json", "The body names a field twice")


class _Once(Request):
    """A request of whose JSON no object names a field twice: a guard before the server and the
    server itself could each take another one."""

    async def json(self) -> Any:
        if not hasattr(self, "_once"):
            self._once = json.loads(await self.body(), object_pairs_hook=_object)
        return self._once


class _Twice(Exception):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


class Route(APIRoute):
    """For `APIRouter(route_class=Route)`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await handle(_Once(request.scope, request.receive))
            except Exception as failure:
                # FastAPI makes one of its own of what reading a body raises.
                if isinstance(failure.__cause__, _Twice):
                    raise TWICE from None
                raise

        return handler
