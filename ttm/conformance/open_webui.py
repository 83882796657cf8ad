"""Open WebUI: its backend asks with aiohttp, and its settings page with requests."""

from __future__ import annotations

import json
import threading
from functools import partial
from typing import Any

from ttm.conformance.check import Broken, Check, Skipped
from ttm.conformance.exchange import Answer, Headers, Server
from ttm.conformance.openai_python import FOREIGN as TEXT
from ttm.conformance.refusal import refused
from ttm.conformance.sound import heard, spoken, told

CLIENT = "Open WebUI"

PARTS = (
    "Here is the first part of the answer.",
    "And now the second one has its place.",
    "With the third of them all was said.",
)
"""It splits what the model says, and asks for each part by itself (`SPLIT_ON`)."""

AIOHTTP = [
    ("Accept", "*/*"),
    ("Accept-Encoding", "gzip, deflate"),
    ("User-Agent", "Python/3.11 aiohttp/3.12.15"),
]
REQUESTS = [
    ("User-Agent", "python-requests/2.32.5"),
    ("Accept-Encoding", "gzip, deflate"),
    ("Accept", "*/*"),
    ("Connection", "keep-alive"),
]
PERSON = [
    ("X-OpenWebUI-User-Name", "Zo%C3%AB"),
    ("X-OpenWebUI-User-Id", "5f2c8a1e-9d1c-4b36-8a55-0f6c1d2e3f40"),
    ("X-OpenWebUI-User-Email", "zoe@example.com"),
    ("X-OpenWebUI-User-Role", "user"),
]
"""Sent where ENABLE_FORWARD_USER_INFO_HEADERS is set."""


def speech(
    server: Server, text: str = TEXT, *, about: Headers = (), keyless: bool = False, **params: Any
) -> Answer:
    """What the backend makes of the browser's request: `params` are its TTS_OPENAI_PARAMS.

    Like aiohttp it escapes all but ASCII, so that an emoji is a pair of surrogates.
    """
    key = "" if keyless else server.key
    said = [
        ("Content-Type", "application/json"),
        # It has no other way to say that there is no key.
        ("Authorization", f"Bearer {key}"),
        *about,
        *AIOHTTP,
    ]
    fields = {"input": text, "voice": server.voice, "model": server.model} | params
    return server.ask("POST", "/audio/speech", said, json.dumps(fields).encode())


def _speech(server: Server) -> str:
    return told(heard(speech(server), "mp3", TEXT))


def _person(server: Server) -> str:
    return told(heard(speech(server, about=PERSON), "mp3", TEXT))


def _params(server: Server) -> str:
    params: dict[str, Any] = {
        "response_format": "mp3",
        "speed": 1.0,
        "lang_code": "en",
        "volume_multiplier": 1.0,
    }
    return told(heard(speech(server, **params), "mp3", TEXT))


def _keyless(server: Server) -> str:
    if server.key:
        raise Skipped("a key was given, so the server is taken to need one")
    return told(heard(speech(server, keyless=True), "mp3", TEXT))


def _refusal(server: Server) -> str:
    return refused(speech(server, voice="nobody-7f3a"), 400)


def _parts(server: Server) -> str:
    answers: dict[str, Answer | Exception] = {}

    def ask(part: str) -> None:
        try:
            answers[part] = speech(server, part)
        except Exception as failure:  # told in the thread that asked
            answers[part] = failure

    threads = [threading.Thread(target=ask, args=(part,)) for part in PARTS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for part in PARTS:
        answer = answers[part]
        if isinstance(answer, Exception):
            raise answer
        heard(answer, "mp3", part)
    return f"{len(PARTS)} at once"


def _listing(server: Server, what: str, known: bool) -> str:
    said = list(REQUESTS)
    if known:
        said.append(("Authorization", f"Bearer {server.key}"))
    answer = server.ask("GET", f"/audio/{what}", said)
    spoken(answer)
    try:
        entries = answer.json()[what]
        names = [entry["id"] for entry in entries]
        if what == "voices":
            names = [entry["name"] and entry["id"] for entry in entries]
    except (ValueError, LookupError, TypeError):
        fields = '"id": …, "name": …' if what == "voices" else '"id": …'
        raise Broken(f'the answer is not {{"{what}": [{{{fields}}}]}}') from None
    if not names or not all(isinstance(name, str) and name for name in names):
        raise Broken("the list is empty, or has an entry without a name")
    return f"{len(names)}: {', '.join(names[:4])}"


def _row(name: str, expected: str, look: Any) -> Check:
    return Check(f"open-webui/{name}", CLIENT, expected, look)


CHECKS = (
    *(
        _row(name, f"the {what}, {how}", partial(_listing, what=what, known=known))
        for what in ("models", "voices")
        for name, how, known in (
            (what, "asked for without a key, as older ones do", False),
            (f"{what}-key", "asked for with the key", True),
        )
    ),
    _row("speech", "MP3, which it saves as .mp3 unseen", _speech),
    _row("user", "the same with headers about the person", _person),
    _row("params", "the same with TTS_OPENAI_PARAMS merged in", _params),
    _row("no-key", "an empty key where none is needed", _keyless),
    _row("parts", "three parts of a text at once", _parts),
    _row("error", "a top-level `error`, the only one it shows", _refusal),
)
