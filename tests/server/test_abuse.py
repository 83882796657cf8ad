"""What somebody might try: names that are paths, addresses to fetch, lines to forge, descriptors to
use up."""

from __future__ import annotations

import contextlib
import json
import resource
import socket

import psutil
import pytest


@pytest.fixture(scope="module")
def server(common):
    return common


@pytest.mark.parametrize(
    "name",
    ["../x", "%2e%2e%2fx", "..%5cx", "x%00", ".", "a" * 300, "CON", "%E2%88%95etc", "/etc/passwd"],
)
def test_a_name_is_never_a_path(server, name):
    before = sorted(server.folder.rglob("*"))
    gone = server.ask("DELETE", f"/v1/audio/voices/{name}")
    assert 400 <= gone.status < 500
    said = server.speech("Hi.", voice=name)
    assert said.status in (400, 404)
    told = server.speech("Hi.", model=name)
    assert told.status in (400, 404)
    assert sorted(server.folder.rglob("*")) == before


def test_no_address_is_ever_fetched(server):
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0.2)
        url = f"http://127.0.0.1:{canary.getsockname()[1]}/me.wav"
        for one in (url, "file:///etc/passwd", "/etc/passwd", "ftp://localhost/x", r"\\host\x"):
            about = {"text": "hi", "settings": {"say.model": "espeak"}, "recording": one}
            assert server.ask("POST", "/v1/ttm/say", about).status == 400
            about = {"text": "hi", "reference_audio_b64": one}
            assert server.ask("POST", "/synthesize/voice-clone", about).status in (400, 503)
            assert server.speech("Hi.", voice=one).status == 400
        with pytest.raises(TimeoutError):
            canary.accept()


def test_every_answer_has_the_headers_that_keep_it_what_it_is(server):
    for path in ("/health", "/v1/models", "/nothing", "/", "/metrics"):
        got = server.ask("GET", path, headers={"Range": "bytes=0-1", "If-None-Match": "*"})
        assert got.status in (200, 404)
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["cache-control"] == "no-store"
        assert "server" not in got.headers
        assert "accept-ranges" not in got.headers
    assert "server" not in server.speech("Hi.").headers


def test_no_client_can_write_a_line_of_the_log(server):
    forged = '\n{"event": "forged"}\r\n\x1b[31m'
    for headers in ({"User-Agent": "x\x1b[31m"}, {"X-Request-Id": 'x","event":"forged'}):
        assert server.ask("GET", "/health%0a%7b%22event%22", headers=headers).status == 404
    server.speech("Hi.", model=forged, voice=forged)
    last = server.ask("GET", "/health", headers={"X-Request-Id": "the-last"})
    server.line(lambda row: row.get("id") == last.headers["x-request-id"] == "the-last")
    assert "\x1b" not in server.log
    rows = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    assert "forged" not in {row["event"] for row in rows}


def test_without_descriptors_it_waits_and_goes_on_when_there_are_some(server):
    process = psutil.Process(server.process.pid)
    assert server.speech("Hi.").status == 200
    usual = process.rlimit(resource.RLIMIT_NOFILE)
    process.rlimit(resource.RLIMIT_NOFILE, (process.num_fds() + 8, usual[1]))
    try:
        with contextlib.ExitStack() as held:
            for _ in range(20):
                held.enter_context(server.connect())
            spent = process.cpu_times()
            late = held.enter_context(server.connect())
            late.settimeout(1.5)
            late.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            with pytest.raises(TimeoutError):
                late.recv(100)
            # Of processor time: who asked again and again for a connection would spend all of it.
            assert process.cpu_times().user - spent.user < 0.75
    finally:
        process.rlimit(resource.RLIMIT_NOFILE, usual)
    assert server.speech("Hi.").whole
