"""What `ttm models`, `voices`, `engines`, `queue` and `stop` show and do where a server is asked:
of models, by the routes that TalkToMeKit's clients know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any
from urllib.parse import quote

from ttm.cli import output
from ttm.errors import ModelError, NotReady, RemoteError, UsageError
from ttm.models.place import amount
from ttm.models.registry import DEFAULTS, REGISTRY, Entry, entry_of, mode_of, require_mode
from ttm.narration.exchange import OURS, Server
from ttm.narration.frames import failure
from ttm.narration.queue import Entry as Place

ABOUT = {"mode": str, "model_id": str, "loaded": bool, "ready": bool, "detail": str}
"""What is needed of a status."""


def models(server: Server, *, as_json: bool) -> None:
    """List the models that it has, of those that it tells of."""
    rows = _rows(server, "/model/inventory", "models")
    found: list[dict[str, Any]] = []
    for row in rows:
        known = entry_of(str(row.get("model_id")))
        found.append(
            {
                "name": known.name if known else str(row.get("model_id")),
                "hub": str(row.get("model_id")),
                "mode": str(row.get("mode")),
                "available": row.get("available") is True,
                "size": row["size"] if type(row.get("size")) is int else 0,
                "folder": str(row.get("local_path") or ""),
            }
        )
    if as_json:
        output.json(found)
        return
    cells = [
        (one["name"], "yes" if one["available"] else "-", amount(one["size"]), one["mode"])
        for one in found
    ]
    output.table(cells, ("NAME", "HERE", "SIZE", "MODE"))


def status(server: Server) -> dict[str, Any]:
    """Which model it was asked for, and which is loaded."""
    return _checked(server, server.record("GET", "/model/status"))


def load(server: Server, entry: Entry, *, strict: bool | None) -> dict[str, Any]:
    """Have it load a model, and wait for it. Raises the error for which it could not."""
    asked: dict[str, Any] = {"mode": mode_of(entry.mode), "model_id": entry.hub}
    if strict is not None:
        asked["strict_load"] = strict
    told = _checked(server, server.record("POST", "/model/load", asked))
    if told["loaded"]:
        return told
    why = told.get("error")
    if isinstance(why, dict) and isinstance(why.get("code"), str):
        raise failure(why["code"], str(why.get("message") or told["detail"]))
    if told.get("loading") is True:
        raise NotReady(str(told["detail"]) or "the model is being loaded", "Try again soon")
    raise ModelError(str(told["detail"]) or "the model was not loaded")


def unload(server: Server) -> dict[str, Any]:
    """Have it let go of the models that it keeps loaded."""
    return _checked(server, server.record("POST", "/model/unload"))


def asked(name: str, mode: str) -> Entry:
    """The model that somebody names for a server, by name or by mode.

    Raises UsageError for one that it cannot be told to load, and for one of another mode.
    """
    name = name or DEFAULTS.get(mode, "")
    entry = entry_of(name)
    if entry is None:
        known = ", ".join(one.name for one in REGISTRY)
        raise UsageError(f"a server loads '{name}' when it is spoken with", f"It takes {known}")
    if mode:
        require_mode(name, entry.mode, mode)
    return entry


def voices(server: Server, model: str) -> list[dict[str, Any]]:
    """Who can speak there, with this model or the usual one."""
    path = "/v1/audio/voices" + (f"?model={quote(model, safe='')}" if model else "")
    found = []
    for row in _rows(server, path, "voices"):
        name = row.get("id") or row.get("name")
        tags = row.get("languages") or row.get("language") or ()
        found.append(
            {
                "name": str(name),
                "languages": [tags] if isinstance(tags, str) else [str(tag) for tag in tags],
                "description": str(row.get("description") or ""),
                "gender": str(row.get("gender") or ""),
                "model": str(row.get("model") or model),
            }
        )
    return found


def engines(server: Server) -> list[dict[str, Any]]:
    """The engines there, and what each has loaded."""
    found = []
    for row in _rows(server, "/adapters", "adapters"):
        name = str(row.get("id"))
        told = _checked(server, server.record("GET", f"/adapters/{quote(name, safe='')}/status"))
        found.append({"name": name, "sentence": str(row.get("name") or ""), **told})
    return found


def tell(server: Server, command: str, channel: str) -> int:
    """Ask it of what plays where the server is; how many were there to hear it."""
    with server:
        told = server.record("POST", f"/v1/ttm/{command}", {"channel": channel}).get("told")
    if type(told) is not int:
        raise _shape(server)
    return told


def queue(server: Server) -> list[Place]:
    """Who speaks where the server is, and who waits."""
    with server:
        rows = _rows(server, "/v1/ttm/queue", "queue")
    kinds = {field.name: type(field.default) for field in fields(Place)}
    kinds |= {"number": int, "pid": int, "door": str, "characters": int, "since": float}
    found = []
    for row in rows:
        told = {name: one for name, one in row.items() if name in kinds and one is not None}
        for name, one in told.items():
            # JSON writes a whole number without a point.
            if type(one) is not kinds[name] and not (kinds[name] is float and type(one) is int):
                raise _shape(server)
        if not {"number", "pid", "door", "state"} <= told.keys():
            raise _shape(server)
        found.append(Place(**told))
    return found


def _rows(server: Server, path: str, name: str) -> list[dict[str, Any]]:
    """The objects of a list that it answers with; a name alone is an object with an id."""
    rows = server.record("GET", path).get(name)
    if not isinstance(rows, list):
        raise _shape(server)
    objects = [{"id": row} if isinstance(row, str) else row for row in rows]
    if not all(isinstance(row, dict) for row in objects):
        raise _shape(server)
    return objects


def _checked(server: Server, told: Mapping[str, Any]) -> dict[str, Any]:
    if any(type(told.get(name)) is not kind for name, kind in ABOUT.items()):
        raise _shape(server)
    return dict(told)


def _shape(server: Server) -> RemoteError:
    return RemoteError(f"{server} answered with JSON of another shape", OURS)
