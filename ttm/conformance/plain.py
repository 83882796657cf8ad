"""AnythingLLM, SillyTavern and curl: one plain call each, and each its own way of making it."""

from __future__ import annotations

import json
from typing import Any

from ttm.conformance.check import Broken, Check, Skipped
from ttm.conformance.exchange import Headers, Server
from ttm.conformance.openai_python import TEXT, written
from ttm.conformance.sound import heard, told


def _anything_llm(server: Server) -> str:
    """openai-node 4; without a key it sends what JavaScript makes of none."""
    said: Headers = [
        ("user-agent", "OpenAI/JS 4.95.1"),
        ("content-type", "application/json"),
        ("accept", "application/octet-stream"),
        ("x-stainless-retry-count", "0"),
        ("x-stainless-timeout", "600"),
        ("x-stainless-lang", "js"),
        ("x-stainless-package-version", "4.95.1"),
        ("x-stainless-os", "Linux"),
        ("x-stainless-arch", "x64"),
        ("x-stainless-runtime", "node"),
        ("x-stainless-runtime-version", "v18.20.8"),
        ("authorization", f"Bearer {server.key or 'null'}"),
        ("accept-encoding", "gzip,deflate"),
        ("connection", "keep-alive"),
    ]
    fields = {"model": server.model, "voice": server.voice, "input": TEXT}
    answer = server.ask("POST", "/audio/speech", said, written(fields))
    return told(heard(answer, "mp3", TEXT))


def _silly_tavern(server: Server) -> str:
    """node-fetch; without a key nothing follows `Bearer `."""
    said: Headers = [
        ("Content-Type", "application/json"),
        ("Authorization", f"Bearer {server.key}"),
        ("Accept", "*/*"),
        ("User-Agent", "node-fetch"),
        ("Accept-Encoding", "gzip, deflate, br"),
        ("Connection", "close"),
    ]
    fields = {
        "input": TEXT,
        "response_format": "mp3",
        "voice": server.voice,
        "speed": 1,
        "model": server.model,
    }
    answer = server.ask("POST", "/audio/speech", said, written(fields))
    if (coding := answer.headers.get("Content-Encoding", "").lower()) == "br":
        raise Skipped(f"the answer came in {coding}, which is not undone here")
    return told(heard(answer, "mp3", TEXT))


def _curl_headers(server: Server, *more: tuple[str, str]) -> Headers:
    said = [("User-Agent", "curl/8.14.1"), ("Accept", "*/*")]
    if server.key:
        said.append(("Authorization", f"Bearer {server.key}"))
    return [*said, ("Content-Type", "application/json"), *more]


def _curl_body(server: Server, **fields: Any) -> bytes:
    """As a person types it, over several lines."""
    asked = {"model": server.model, "input": TEXT, "voice": server.voice} | fields
    return json.dumps(asked, indent=2).encode()


def _curl(server: Server) -> str:
    answer = server.ask("POST", "/audio/speech", _curl_headers(server), _curl_body(server))
    return told(heard(answer, "mp3", TEXT))


def _curl_wav(server: Server) -> str:
    """`| aplay`, which wants a header whatever becomes of the length in it."""
    body = _curl_body(server, response_format="wav")
    answer = server.ask("POST", "/audio/speech", _curl_headers(server), body)
    return told(heard(answer, "wav", TEXT))


def _curl_chunked(server: Server) -> str:
    """`-H 'Transfer-Encoding: chunked'`, and what proxies make of a body."""
    with server.line() as line:
        headers, body = _curl_headers(server), _curl_body(server)
        answer = line.ask("POST", "/audio/speech", headers, body, chunked=True)
    return told(heard(answer, "mp3", TEXT))


def _curl_expects(server: Server) -> str:
    """What curl asks before it sends a long body; it goes on after a second of silence."""
    headers = _curl_headers(server, ("Expect", "100-continue"))
    answer = server.ask("POST", "/audio/speech", headers, _curl_body(server))
    if answer.status == 417:
        raise Broken("answered with 417, and curl has to ask again")
    return told(heard(answer, "mp3", TEXT))


CHECKS = (
    Check("anythingllm/speech", "AnythingLLM", "MP3; `Bearer null` where no key is", _anything_llm),
    Check("sillytavern/speech", "SillyTavern", "MP3; an empty key where none is", _silly_tavern),
    Check("curl/speech", "curl", "MP3 for a plain request", _curl),
    Check("curl/wav", "curl", "WAV that can be piped to a player", _curl_wav),
    Check("curl/chunked", "curl", "a body in chunks", _curl_chunked),
    Check("curl/expect", "curl", "a body that is announced first", _curl_expects),
)
