"""What goes wrong, as clients of OpenAI's interface expect to be told: never the input."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from ttm.errors import EngineUnavailable, NotReady, RuntimeMissing, TtmError
from ttm.narration.frames import SPEAKS

TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error",
         409: "conflict_error", 429: "rate_limit_error"}  # fmt: skip
"""The `type` of an error by its status; the others are for their hundreds."""

AGAIN = 30
"""Seconds after which an engine that crashed too often may be asked for again."""

RETRIED = (408, 429, 503)
"""Statuses after which a client may send the same again."""


CLAUSES = re.compile(r"(?<=[?.]) |,? or (?=[a-z`])|; ")
"""Where a piece of advice ends."""
TYPED = re.compile(r"(?<![\w-])--?[a-z][\w-]*|`ttm [^`]*`")
"""Options and commands."""
ROUTES = {"`ttm voices list": "GET /v1/audio/voices lists them",
          "`ttm models list": "GET /v1/models lists them"}  # fmt: skip
"""Commands for which clients have a route."""


class Problem(Exception):
    """A request that the server itself refuses."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.param = status, code, message, param
        self.headers = dict(headers or {})


class Broken(Exception):
    """An answer that has begun cannot be finished, for this problem's sake."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def envelope(status: int, code: str, message: str, param: str | None = None) -> dict[str, Any]:
    """The body of an answer that tells of an error."""
    kind = TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def as_bytes(problem: Problem) -> bytes:
    """The same for a problem, as it goes out."""
    told = envelope(problem.status, problem.code, problem.message, problem.param)
    return json.dumps(told).encode()


def told(failure: TtmError) -> str:
    """The sentence of a failure for somebody who has no command line of ttm.

    Advice that only one could follow is left out, or a route put in its place. Where the client is
    not at fault, a command is advice to whoever runs the server.
    """
    kept: list[str] = []
    left = False
    for clause in CLAUSES.split(failure.fix):
        typed = TYPED.findall(clause)
        if failure.status >= 500:
            typed = [one for one in typed if not one.startswith("`")]
        left = left or bool(typed)
        kept += {ROUTES[name] for name in ROUTES for one in typed if one.startswith(name)}
        kept += [] if typed else [clause]
    if not left:
        return failure.sentence
    fixes = [f"{clause[:1].upper()}{clause[1:].rstrip('.')}" for clause in kept]
    return ". ".join([failure.what, *fixes]).replace("?.", "?")


def of_error(failure: TtmError, param: str | None = None, *, typing: bool = False) -> Problem:
    """What a failure below the server is to a client; `typing`: to one that is a command."""
    headers: dict[str, str] = {}
    again = getattr(failure, "again_in", None)
    if again is None and isinstance(failure, NotReady):
        again = 1
    if again is None and type(failure) is EngineUnavailable:
        again = AGAIN
    if again is not None and not isinstance(failure, RuntimeMissing):
        headers["Retry-After"] = str(max(1, round(again)))
    said = failure.sentence if typing else told(failure)
    return Problem(failure.status, failure.code, said, param=param, headers=headers)


def answer(problem: Problem) -> JSONResponse:
    told = envelope(problem.status, problem.code, problem.message, problem.param)
    return JSONResponse(told, problem.status, problem.headers)


def install(app: FastAPI) -> None:
    """Have every failure inside the routes answered so."""

    async def failed(request: Request, failure: Exception) -> JSONResponse:
        assert isinstance(failure, TtmError)
        request.state.code = failure.code
        return answer(of_error(failure, typing=SPEAKS in request.headers))

    async def refused(request: Request, failure: Exception) -> JSONResponse:
        assert isinstance(failure, Problem)
        request.state.code = failure.code
        return answer(failure)

    async def invalid(request: Request, failure: Exception) -> JSONResponse:
        assert isinstance(failure, RequestValidationError)
        problem = _invalid(request, failure)
        request.state.code = problem.code
        return answer(problem)

    async def routed(request: Request, failure: Exception) -> JSONResponse:
        assert isinstance(failure, HTTPException)
        problem = _routed(app, request, failure)
        request.state.code = problem.code
        return answer(problem)

    app.add_exception_handler(TtmError, failed)
    app.add_exception_handler(Problem, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, routed)


def _invalid(request: Request, failure: RequestValidationError) -> Problem:
    """The first thing that is wrong with a request; its value stays with the client."""
    found = failure.errors()
    first: Mapping[str, Any] = found[0] if found else {}
    where = [str(part) for part in first.get("loc", ())]
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = kind == "multipart/form-data"
    if where[:1] == ["body"] and not form and not kind.endswith(("/json", "+json")):
        return Problem(
            415, "unsupported_media_type", "The body has to be JSON, with Content-Type:"
            " application/json",
        )  # fmt: skip
    if first.get("type") == "json_invalid":
        return Problem(400, "invalid_json", "The body is no JSON")
    param = ".".join(part for part in where[1:] if part.isidentifier()) or None
    said = str(first.get("msg", "is wrong")).removeprefix("Value error, ")
    place = param or "The body"
    return Problem(400, "invalid_value", f"{place}: {said[:1].lower()}{said[1:]}", param=param)


def _routed(app: FastAPI, request: Request, failure: HTTPException) -> Problem:
    if failure.status_code == 404:
        return Problem(404, "unknown_route", "There is nothing at this address")
    if failure.status_code == 405:
        allowed = sorted(_methods(app, request))
        what = f"This address takes {', '.join(allowed)}"
        return Problem(405, "method_not_allowed", what, headers={"Allow": ", ".join(allowed)})
    what = "The body cannot be read" if failure.status_code == 400 else "The request is refused"
    return Problem(failure.status_code, "invalid_request", what, headers=failure.headers)


def _methods(app: FastAPI, request: Request) -> set[str]:
    """What may be done at this address; who may get it may look at its head too."""
    found: set[str] = {"OPTIONS"}
    for route in _every(app.routes):
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return found | ({"HEAD"} if "GET" in found else set())


def _every(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """These, and in place of a router that was included those within it."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield route
        else:
            yield from _every(inner.routes)
