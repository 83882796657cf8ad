"""openai-python 3.54 over TCP: what most programs speak with, Home Assistant among them."""

from __future__ import annotations

import base64
import json
from functools import partial
from typing import Any

from ttm.conformance.check import Broken, Check, Skipped
from ttm.conformance.exchange import LARGEST, Answer, Headers, Line, Server
from ttm.conformance.refusal import refused
from ttm.conformance.sound import KINDS, begun, heard, of_length, spoken, told

CLIENT = "openai-python"
VERSION = "3.54.0"

TEXT = "The quick brown fox jumps over the lazy dog, and the dog does not mind."
LONG = " ".join([TEXT] * 57)[:4096]
"""As long as OpenAI lets a text be."""
SEVERAL = " ".join([TEXT] * 4)
"""Sentences enough for the first to be heard before the last; 20 s of sound."""
FOREIGN = "“Café”, naïve façade, £5, 😀 and that is all of it."

QUICK = 1.0
"""Seconds within which a whole answer is as good as one that begins early."""
EARLY = 0.8
"""Share of an answer's time by which its first bytes are due; a tenth is usual."""
ENOUGH = 1 << 14
"""Bytes after which the rest of a long text need not be heard."""


def headers(
    server: Server,
    *,
    key: str = "",
    accept: str = "application/octet-stream",
    streamed: bool = False,
    asynchronous: bool = False,
) -> Headers:
    """What it sends with a request, in its order."""
    name = "AsyncOpenAI" if asynchronous else "OpenAI"
    sent = {
        "Accept-Encoding": "gzip, deflate",
        "Connection": "keep-alive",
        # It insists on a key, and whoever has none gives it a word.
        "authorization": f"Bearer {key or server.key or 'none'}",
        "accept": accept,
        "content-type": "application/json",
        "user-agent": f"{name}/Python {VERSION}",
        "x-stainless-lang": "python",
        "x-stainless-package-version": VERSION,
        "x-stainless-os": "Linux",
        "x-stainless-arch": "x64",
        "x-stainless-runtime": "CPython",
        "x-stainless-runtime-version": "3.13.5",
        "x-stainless-async": "async:asyncio" if asynchronous else "false",
        "x-stainless-raw-response": "stream",
        "x-stainless-retry-count": "0",
        "x-stainless-read-timeout": "600",
    }
    if not streamed:
        del sent["x-stainless-raw-response"]
    return list(sent.items())


def written(fields: dict[str, Any]) -> bytes:
    """A body as it writes one: without spaces, and letters as they are."""
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()


def speech(
    server: Server,
    text: str = TEXT,
    *,
    line: Line | None = None,
    key: str = "",
    streamed: bool = False,
    asynchronous: bool = False,
    until: int = LARGEST,
    **fields: Any,
) -> Answer:
    """`client.audio.speech.create`; a field that is None is left out, even one that is required."""
    asked = {"model": server.model, "input": text, "voice": server.voice, **fields}
    body = written({name: one for name, one in asked.items() if one is not None})
    said = headers(server, key=key, streamed=streamed, asynchronous=asynchronous)
    if line is not None:
        return line.ask("POST", "/audio/speech", said, body, until=until)
    return server.ask("POST", "/audio/speech", said, body, until=until)


def _models(server: Server) -> str:
    answer = server.ask("GET", "/models", headers(server, accept="application/json"))
    spoken(answer)
    try:
        models = answer.json()["data"]
        names = [model["id"] for model in models]
    except (ValueError, LookupError, TypeError):
        raise Broken('the answer is not {"data": [{"id": …}]}') from None
    if not names or not all(isinstance(name, str) and name for name in names):
        raise Broken("no model is listed")
    return f"{len(names)}: {', '.join(names[:4])}"


def _format(server: Server, form: str) -> str:
    answer = speech(server, response_format=form)
    if form == "aac" and answer.status != 200:
        raise Skipped(f"the server has no AAC, and says so ({refused(answer, 400)})")
    if form == "aac":
        begun(answer, form)
        return f"{len(answer.body)} bytes; AAC is not decoded here"
    return told(heard(answer, form, TEXT))


def _default(server: Server) -> str:
    return told(heard(speech(server), "mp3", TEXT))


def _early(server: Server) -> str:
    answer = speech(server, SEVERAL, streamed=True, response_format="pcm")
    begun(answer, "pcm")
    seen = f"first bytes after {answer.first:.2f} s of {answer.total:.2f} s"
    if answer.total > QUICK and answer.first > EARLY * answer.total:
        raise Broken(seen)
    return seen


def _events(server: Server) -> str:
    answer = speech(server, streamed=True, response_format="pcm", stream_format="sse")
    spoken(answer)
    if answer.kind != "text/event-stream":
        raise Broken(f"the answer says it is {answer.kind or 'nothing'}, not text/event-stream")
    sound, usage = b"", None
    for event in answer.body.decode(errors="replace").replace("\r\n", "\n").split("\n\n"):
        data = "\n".join(x[5:].strip() for x in event.split("\n") if x.startswith("data:"))
        if not data:
            continue
        try:
            found = json.loads(data)
            if found["type"] == "speech.audio.delta":
                sound += base64.b64decode(found["audio"], validate=True)
            elif found["type"] == "speech.audio.done":
                usage = found["usage"]
        except (ValueError, LookupError, TypeError):
            raise Broken(f"an event is not as it should be: {data[:80]}") from None
    if not isinstance(usage, dict) or not all(
        isinstance(usage.get(name), int)
        for name in ("input_tokens", "output_tokens", "total_tokens")
    ):
        raise Broken("no `speech.audio.done` with `usage` of three numbers ends it")
    return told(of_length(sound, "pcm", TEXT))


def _voice_object(server: Server) -> str:
    return told(heard(speech(server, voice={"id": server.voice}), "mp3", TEXT))


def _speed(server: Server) -> str:
    usual = heard(speech(server), "mp3", TEXT).seconds
    quick = heard(speech(server, speed=2.0), "mp3", TEXT, speed=2.0).seconds
    if not 0.3 < quick / usual < 0.8:
        raise Broken(f"{quick:.1f} s at speed 2 and {usual:.1f} s at 1")
    return f"{usual:.1f} s, and {quick:.1f} s at twice the speed"


def _foreign(server: Server) -> str:
    return told(heard(speech(server, FOREIGN), "mp3", FOREIGN))


def _long(server: Server) -> str:
    answer = speech(server, LONG, streamed=True, response_format="pcm", until=ENOUGH)
    begun(answer, "pcm")
    return f"{len(LONG)} characters; first bytes after {answer.first:.2f} s"


def _extra(server: Server) -> str:
    """`extra_body`, which is how other servers' fields are sent."""
    fields: dict[str, Any] = {"lang_code": "en", "normalization_options": {"normalize": True}}
    return told(heard(speech(server, **fields), "mp3", TEXT))


def _refusal(server: Server, statuses: tuple[int, ...], fields: dict[str, Any]) -> str:
    return refused(speech(server, **fields), *statuses)


def _key(server: Server, key: str) -> str:
    if not server.key:
        raise Skipped("no key was given, so the server is taken to need none")
    return refused(speech(server, key=key), 401)


def _address(server: Server) -> str:
    said = headers(server, accept="application/json")
    return refused(server.ask("GET", "/audio/no-such-thing", said), 404)


def _kept(server: Server) -> str:
    """Its pool gives a connection to the next request, whatever came of the last one."""
    with server.line() as line:
        refusal = speech(server, line=line, speed=99)
        if not refusal.kept:
            raise Skipped("the server closes the connection after a refusal, and says so")
        answer = speech(server, line=line)
        heard(answer, "mp3", TEXT)
        if not answer.kept:
            raise Skipped("the server closes each connection, and says so")
        heard(speech(server, line=line), "mp3", TEXT)
    return "a refusal and two speeches on one connection"


def _left(server: Server) -> str:
    """A program that is closed while it listens."""
    answer = speech(server, LONG, streamed=True, response_format="pcm", until=1)
    begun(answer, "pcm")
    after = speech(server)
    heard(after, "mp3", TEXT)
    return f"the next one was served after {after.total:.2f} s"


def _row(name: str, expected: str, look: Any) -> Check:
    return Check(f"{CLIENT}/{name}", CLIENT, expected, look)


REFUSALS: tuple[tuple[str, str, tuple[int, ...], dict[str, Any]], ...] = (
    ("no-input", "400 without `input`", (400,), {"input": None}),
    ("empty-input", "400 for an empty text", (400,), {"input": ""}),
    ("wrong-type", "400 for a text that is a number", (400,), {"input": 42}),
    ("bad-speed", "400 for a speed of 99", (400,), {"speed": 99}),
    ("bad-format", "400 for a format that does not exist", (400,), {"response_format": "xyz"}),
    ("bad-voice", "400 for a voice that does not exist", (400,), {"voice": "nobody-7f3a"}),
    ("bad-model", "404 for a model that does not exist", (404,), {"model": "no-such-model-7f3a"}),
)
"""Name, what is expected, statuses, fields. Its exception is chosen by the status."""

CHECKS = (
    _row("models", "the models, as `client.models.list()` reads them", _models),
    *(
        _row(form, f"speech as {KINDS[form][0]}, whole and decodable", partial(_format, form=form))
        for form in KINDS
    ),
    _row("default", "MP3 where no format is asked for", _default),
    _row("early", "the first bytes before all is spoken", _early),
    _row("sse", "events with the sound, and `usage` at the end", _events),
    _row("voice-object", 'a voice as {"id": …}', _voice_object),
    _row("speed", "speed 2 takes about half the time", _speed),
    _row("unicode", "letters, quotes and emoji as UTF-8", _foreign),
    _row("long", "a text of 4,096 characters", _long),
    _row("extra", "fields that OpenAI does not have", _extra),
    *(
        _row(name, expected, partial(_refusal, statuses=statuses, fields=fields))
        for name, expected, statuses, fields in REFUSALS
    ),
    _row("wrong-key", "401 for a wrong key", partial(_key, key="wrong-key-7f3a")),
    _row("unknown-route", "404 with `error` for an unknown address", _address),
    _row("keep-alive", "several requests on one connection", _kept),
    _row("leaves", "a client that leaves holds nobody up", _left),
)
