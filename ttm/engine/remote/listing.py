"""A server's list of its voices, in any of the shapes in which servers give it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

from ttm.speech import Voice
from ttm.voices import VARIANT

OPENAI = (
    "alloy", "ash", "ballad", "coral", "echo", "fable", "onyx",
    "nova", "sage", "shimmer", "verse", "marin", "cedar",
)  # fmt: skip
"""The names in OpenAI's own interface, which lists them nowhere."""

LISTED = 5_000
"""Voices that are taken from a list."""
NAME_MAX = 200
"""Characters of a name."""


def listed(body: bytes, model: str) -> list[Voice]:
    """The voices of a list such as `{"voices": ["af_heart", {"id": "am_adam"}]}`.

    What is no voice in it is left out; nothing is a voice in what is no list.
    """
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if isinstance(found, dict):
        found = found.get("voices", found.get("data"))
    if isinstance(found, dict):
        found = [{"id": name, **_fields(about)} for name, about in found.items()]
    if not isinstance(found, list):
        return []
    voices = {voice.name: voice for voice in _read(found[:LISTED], model)}
    return list(voices.values())


def _read(entries: list[Any], model: str) -> Iterator[Voice]:
    for entry in entries:
        about = _fields(entry)
        name = entry if isinstance(entry, str) else _text(about, "id", "voice_id", "name")
        if not name or len(name) > NAME_MAX or name.startswith(VARIANT):
            continue
        if not name.isprintable():
            continue
        shown = _text(about, "description", "name")
        yield Voice(
            name,
            tuple(_languages(about)),
            shown[:NAME_MAX] if shown != name else "",
            _gender(about),
            model,
        )


def _fields(entry: Any) -> dict[str, Any]:
    return entry if isinstance(entry, dict) else {}


def _text(about: dict[str, Any], *names: str) -> str:
    return next((found for name in names if isinstance(found := about.get(name), str)), "")


def _languages(about: dict[str, Any]) -> Iterator[str]:
    for name in ("languages", "language", "lang"):
        found = about.get(name)
        for tag in found if isinstance(found, list) else [found]:
            if isinstance(tag, str) and 1 < len(tag) <= 35 and tag.isascii() and tag.isprintable():
                yield tag.lower().replace("_", "-")


def _gender(about: dict[str, Any]) -> Literal["female", "male", ""]:
    match _text(about, "gender").lower():
        case "female" | "f":
            return "female"
        case "male" | "m":
            return "male"
    return ""
