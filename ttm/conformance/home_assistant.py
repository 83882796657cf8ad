"""Home Assistant: its own integration asks through openai-python, the custom one by itself."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from ttm.conformance import openai_python
from ttm.conformance.check import Broken, Check
from ttm.conformance.exchange import Answer, Server
from ttm.conformance.openai_python import TEXT
from ttm.conformance.sound import heard, spoken, told

CORE = "Home Assistant"
CUSTOM = "HA openai_tts"

AGENT = ("User-Agent", "HomeAssistant-OpenAI-TTS")
FIRST, ALL = 30.0, 60.0
"""Seconds that the custom integration waits for something, and for the end of a stream."""
LISTED = 8.0
"""Seconds that it waits for a list of voices."""
BEGINNING = 1024
"""Bytes that it wants to have before it passes anything on."""


def _core(server: Server, form: str) -> str:
    answer = openai_python.speech(
        server, streamed=True, asynchronous=True,
        # str() of a prompt that nobody wrote.
        instructions="None", speed=1.0, response_format=form,
    )  # fmt: skip
    return told(heard(answer, form, TEXT))


def _custom(server: Server, agent: tuple[tuple[str, str], ...], **fields: Any) -> Answer:
    said = [("Content-Type", "application/json"), AGENT]
    if server.key:
        said.append(("Authorization", f"Bearer {server.key}"))
    asked = {"model": server.model, "input": TEXT, "voice": server.voice} | fields
    return server.ask("POST", "/audio/speech", [*said, *agent], json.dumps(asked).encode())


def _whole(server: Server, extra: dict[str, Any]) -> str:
    """With urllib, which hangs up after each answer and takes it as it is."""
    urllib = (("Accept-Encoding", "identity"), ("Connection", "close"))
    answer = _custom(server, urllib, response_format="mp3", speed=1.0, **extra)
    found = told(heard(answer, "mp3", TEXT))
    if answer.total > FIRST:
        raise Broken(f"it came after {answer.total:.0f} s, and nobody waits more than {FIRST:g}")
    return found


def _stream(server: Server) -> str:
    """With aiohttp, in blocks of 4 KB."""
    aiohttp = (("Accept", "*/*"), ("Accept-Encoding", "gzip, deflate"))
    answer = _custom(server, aiohttp, response_format="opus", speed=1.0)
    found = told(heard(answer, "opus", TEXT))
    if len(answer.body) < BEGINNING:
        raise Broken(f"{len(answer.body)} bytes, of which nothing is passed on below {BEGINNING}")
    if answer.total > ALL:
        raise Broken(f"it took {answer.total:.0f} s, and nobody waits more than {ALL:g}")
    return found


def _voices(server: Server) -> str:
    said = [AGENT, ("Accept", "*/*"), ("Accept-Encoding", "gzip, deflate")]
    if server.key:
        said.append(("Authorization", f"Bearer {server.key}"))
    answer = server.ask("GET", "/audio/voices?limit=100", said)
    spoken(answer)
    try:
        listed = answer.json()
    except ValueError:
        raise Broken("the answer is not JSON") from None
    if isinstance(listed, dict):
        listed = listed.get("items") or listed.get("data") or listed.get("voices")
    names = [
        each if isinstance(each, str) else each.get("id")
        for each in (listed if isinstance(listed, list) else ())
        if isinstance(each, str | dict)
    ]
    names = [name for name in names if name]
    if not names:
        raise Broken("there is no voice in it that could be chosen")
    if answer.total > LISTED:
        raise Broken(f"it took {answer.total:.0f} s, and nobody waits more than {LISTED:g}")
    return f"{len(names)}: {', '.join(map(str, names[:4]))}"


def _row(name: str, client: str, expected: str, look: Any) -> Check:
    return Check(name, client, expected, look)


CHECKS = (
    *(
        _row(
            f"home-assistant/{form}",
            CORE,
            f'{form} with the instructions "None"',
            partial(_core, form=form),
        )
        for form in ("mp3", "opus", "flac", "wav", "pcm")
    ),
    _row("openai-tts/voices", CUSTOM, "voices beside the speech, in 8 s", _voices),
    _row("openai-tts/speech", CUSTOM, "the whole MP3 in 30 s", partial(_whole, extra={})),
    _row(
        "openai-tts/extra",
        CUSTOM,
        "the same with fields of other servers",
        partial(_whole, extra={"instructions": "", "exaggeration": 0.5}),
    ),
    _row("openai-tts/stream", CUSTOM, "Opus in a stream, 1 KB at least, in 60 s", _stream),
)
