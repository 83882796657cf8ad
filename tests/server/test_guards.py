"""Who may ask, and how much at a time."""

from __future__ import annotations

import re
import socket

import pytest

KEY = "s3cret-key"
RIGHT = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture(scope="module")
def server(start):
    """Without a key."""
    return start("--set", "server.max_body=100000", "--set", "server.receipt=0.6",
                 "--set", "server.cors_origins=https://good.example",
                 "--set", "server.allowed_hosts=nas.local")  # fmt: skip


@pytest.fixture(scope="module")
def keyed(start, tmp_path_factory):
    """With one."""
    file = tmp_path_factory.mktemp("key") / "key"
    file.write_text(f"{KEY}\n")
    return start("--set", f"server.api_key_file={file}")


def raw(server, sent: bytes, more: bytes = b"") -> bytes:
    """All that comes back, until the server hangs up or the answer is there."""
    with server.connect() as made:
        made.sendall(sent)
        if more:
            made.sendall(more)
        heard = b""
        while block := made.recv(65536):
            heard += block
    return heard


def status(heard: bytes) -> int:
    return int(heard.split(b" ", 2)[1])


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:99", "127.0.0.1", "[::1]:8080", "nas.local"]
)
def test_the_server_goes_by_the_names_of_this_machine(server, host):
    assert server.ask("GET", "/health", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    "host", ["evil.com", "127.0.0.1.nip.io", "localhost.evil.com", "", "localhost.", "a@localhost",
             "localhost:x", "localhost/", "10.0.0.1"],
)  # fmt: skip
def test_and_by_no_other(server, host):
    got = server.ask("GET", "/health", headers={"Host": host})
    assert (got.status, got.code) == (403, "host_not_allowed")


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.com", "x"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_pages_of_others_may_not_ask(server, origin, method):
    got = server.ask(method, "/v1/audio/speech", {"input": "hi"}, {"Origin": origin})
    assert (got.status, got.code) == (403, "origin_not_allowed")
    assert "access-control-allow-origin" not in got.headers


def test_pages_that_are_listed_may_and_so_may_the_servers_own(server):
    about = {"input": "hi", "model": "tone", "response_format": "wav"}
    good = {"Origin": "https://good.example"}
    asking = server.ask("OPTIONS", "/v1/audio/speech", headers=good | {
        "Access-Control-Request-Method": "POST", "Access-Control-Request-Private-Network": "true"
    })  # fmt: skip
    assert asking.status == 204
    assert asking.headers["access-control-allow-origin"] == good["Origin"]
    assert asking.headers["access-control-allow-private-network"] == "true"
    got = server.ask("POST", "/v1/audio/speech", about, good)
    assert (got.status, got.headers["access-control-allow-origin"]) == (200, good["Origin"])
    own = {"Origin": f"http://127.0.0.1:{server.port}"}
    assert server.ask("POST", "/v1/audio/speech", about, own).status == 200


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/audio/speech", "OPTIONS, POST"),
        ("HEAD", "/v1/audio/speech", "OPTIONS, POST"),
        ("PUT", "/v1/audio/voices", "GET, HEAD, OPTIONS, POST"),
        ("TRACE", "/health", "GET, HEAD, OPTIONS"),
        ("POST", "/metrics", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method_is_told_which_are_right(server, method, path, allow):
    got = server.ask(method, path)
    assert (got.status, got.headers["allow"]) == (405, allow)
    if method != "HEAD":
        assert got.code == "method_not_allowed"


def test_a_head_is_the_answer_without_its_body(server):
    got = server.ask("HEAD", "/health")
    assert (got.status, got.body) == (200, b"")
    assert int(got.headers["content-length"]) > 0


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1/audio/speech/", "/docs", "/%00", "//health", "/../x"]
)
def test_there_is_nothing_elsewhere(server, path):
    got = server.ask("GET", path)
    assert (got.status, got.code) == (404, "unknown_route")


@pytest.mark.parametrize("accept", ["application/octet-stream", "text/html", "x/y"])
def test_whatever_a_client_accepts_it_gets_sound(server, accept):
    about = {"input": "hi", "model": "tone"}
    assert server.ask("POST", "/v1/audio/speech", about, {"Accept": accept}).status == 200


def test_a_body_has_its_bounds(server):
    long = b'{"input": "' + b"a" * 200_000 + b'"}'
    kind = {"Content-Type": "application/json"}
    got = server.ask("POST", "/v1/audio/speech", None, kind, long)
    assert (got.status, got.code) == (413, "body_too_large")
    with server.connect() as made:
        made.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        made.sendall(b"20000\r\n" + b"a" * 0x20000)
        assert status(made.recv(65536)) == 413
    packed = server.ask("POST", "/v1/audio/speech", None, kind | {"Content-Encoding": "gzip"}, b"x")
    assert (packed.status, packed.code) == (415, "unsupported_encoding")
    huge = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {'9' * 30}\r\n\r\n".encode()
    with server.connect() as made:
        made.sendall(huge)
        assert status(made.recv(65536)) in (400, 413)


def test_a_body_of_too_many_pieces_is_refused(server):
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with server.connect() as made:
        made.sendall(head)
        try:
            made.sendall(b"1\r\na\r\n" * 70_000)
        except (BrokenPipeError, ConnectionResetError):
            return
        assert status(made.recv(65536)) in (400, 408)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /health HTTP/1.1\r\nHos",
        b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{",
        b"POST /nothing HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
)
def test_a_request_that_does_not_arrive_is_given_up(server, sent):
    heard = raw(server, sent)
    assert status(heard) == 408
    assert b'"code": "request_timeout"' in heard


def test_a_second_request_of_a_connection_has_to_arrive_too(server):
    one = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    heard = raw(server, one, b"GET /hea")
    assert heard.count(b"HTTP/1.1 ") == 2
    assert b"408" in heard.split(b"HTTP/1.1 ")[2]


def test_who_says_nothing_is_hung_up_on(server):
    assert raw(server, b"") == b""


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        + b"X: y\r\n" * 9_000
        + b"\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhi",
        b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET http://evil/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ],
)
def test_what_is_no_request_gets_no_more_than_a_refusal(server, sent):
    try:
        heard = raw(server, sent)
    except ConnectionError:
        heard = b""
    assert not heard or 400 <= status(heard) < 500
    assert server.ask("GET", "/health").status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Bearer {KEY[:-1]}"},
        {"Authorization": KEY},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": "Bearer \u00e9\u00fc"},
        {"Authorization": "Bearer"},
        {"X-Api-Key": KEY},
    ],
)
def test_without_the_key_nothing_is_done(keyed, headers):
    got = keyed.ask("GET", "/v1/models", headers=headers)
    assert (got.status, got.code) == (401, "invalid_api_key")
    assert got.headers["www-authenticate"].startswith("Bearer")
    assert KEY not in got.body.decode()


def test_with_the_key_everything_is(keyed):
    assert keyed.ask("GET", "/v1/models", headers=RIGHT).status == 200
    assert keyed.ask("GET", "/v1/models", headers={"Authorization": f"bearer {KEY}"}).status == 200
    assert keyed.ask("GET", f"/v1/models?key={KEY}").status == 401
    assert KEY not in keyed.log


def test_every_route_but_the_public_ones_asks_for_the_key(keyed):
    document = keyed.ask("GET", "/openapi.json", headers=RIGHT).json
    public = set()
    for path, methods in document["paths"].items():
        for method in methods:
            got = keyed.ask(method.upper(), re.sub(r"{\w+}", "x", path))
            if got.status != 401:
                public.add((method, path))
    assert public == {
        ("get", "/health"), ("get", "/ready"), ("get", "/v1/audio/models"),
        ("get", "/v1/audio/voices"),
    }  # fmt: skip
    assert keyed.ask("GET", "/openapi.json").status == 401


def test_the_socket_needs_no_key_as_nobody_else_can_open_it(keyed):
    assert keyed.socket.stat().st_mode & 0o777 == 0o600
    assert keyed.socket.parent.stat().st_mode & 0o777 == 0o700
    assert keyed.ask("GET", "/v1/models", headers={"Host": "x"}, by_socket=True).status == 200


def test_who_tries_many_keys_has_to_wait(keyed):
    wrong = {"Authorization": "Bearer guess"}
    got = [keyed.ask("GET", "/v1/models", headers=wrong).status for _ in range(21)]
    assert got[-1] == 429
    with socket.socket(socket.AF_UNIX) as made:
        made.connect(str(keyed.socket))
    assert keyed.ask("GET", "/health").status == 200
