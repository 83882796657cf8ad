"""`ttm serve`: its addresses, its end, and what it leaves behind."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import select
import signal
import socket
import threading

import psutil
import pytest

from ttm.server.log import WAITING, Log


@pytest.fixture(scope="module")
def server(start):
    return start("--set", "server.grace=5")


def test_it_says_where_it_listens_and_who_it_is(server):
    found = server.line(lambda row: row["event"] == "listening")
    assert found["url"] == f"http://127.0.0.1:{server.port}"
    assert found["pid"] == server.process.pid
    lock = json.loads(server.socket.with_name("ttm.sock.lock").read_text())
    assert lock == {k: found[k] for k in ("pid", "version", "url", "socket")}
    assert server.socket.with_name("ttm.pid").read_text() == f"{server.process.pid}\n"
    assert server.ask("GET", "/ready").json == {"ready": True, "detail": ""}
    document = server.ask("GET", "/openapi.json").json
    assert {"/health", "/v1/audio/speech", "/v1/audio/voices"} <= set(document["paths"])


def test_a_second_one_is_refused_and_the_first_goes_on(server, ttm):
    run = {"XDG_RUNTIME_DIR": str(server.folder / "run")}
    done = ttm("serve", "--port", server.port, "--socket", "x.sock", env=run)
    assert (done.returncode, done.stdout) == (2, b"")
    assert f"port {server.port} is in use".encode() in done.stderr
    done = ttm("serve", "--port", "0", env=run)
    assert done.returncode == 2
    assert f"pid {server.process.pid}".encode() in done.stderr
    assert server.ask("GET", "/health", by_socket=True).status == 200


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--host", "0.0.0.0"), 2, "without a key"),
        (("--set", "server.api_key_file=/nowhere"), 4, "cannot read"),
        (("--no-http", "--socket", "/proc/x.sock"), 7, "cannot make"),
    ],
)
def test_what_cannot_be_served_is_told_before_anything_is_loaded(ttm, tmp_path, words, code, said):
    run = {"XDG_RUNTIME_DIR": str(tmp_path)}
    done = ttm("serve", "--port", "0", *words, env=run)
    assert done.returncode == code
    assert said.encode() in done.stderr
    assert b"Traceback" not in done.stderr


def test_what_is_no_socket_of_ours_is_left_alone(ttm, tmp_path):
    (tmp_path / "x.sock").write_text("mine")
    done = ttm("serve", "--port", "0", "--socket", "x.sock")
    assert done.returncode == 2
    assert (tmp_path / "x.sock").read_text() == "mine"


def test_a_socket_that_a_dead_server_left_is_replaced_and_a_second_signal_ends_at_once(start):
    first = start()
    first.end(signal.SIGKILL)
    with socket.socket(socket.AF_UNIX) as made, pytest.raises(ConnectionRefusedError):
        made.connect(str(first.socket))
    busy = start("--set", "server.grace=60", folder=first.folder)
    assert busy.ask("GET", "/health", by_socket=True).status == 200
    connection = http.client.HTTPConnection("127.0.0.1", busy.port, timeout=60)
    asked = {"model": "faulty", "input": "endless", "response_format": "pcm"}
    connection.request(
        "POST", "/v1/audio/speech", json.dumps(asked), {"Content-Type": "application/json"}
    )
    with contextlib.closing(connection), connection.getresponse() as got:
        assert got.read(1000)
        children = psutil.Process(busy.process.pid).children(recursive=True)
        busy.process.send_signal(signal.SIGTERM)
        busy.until(lambda: not busy.takes_connections)
        assert busy.process.poll() is None
        assert busy.end(signal.SIGTERM) == 143
    assert not psutil.wait_procs(children, 5)[1]
    assert not list(busy.socket.parent.iterdir())


def test_lines_that_were_lost_are_counted():
    taken, written, free = threading.Event(), [], threading.Event()

    def write(line: str) -> None:
        taken.set()
        assert free.wait(30)
        written.append(json.loads(line))

    log = Log(write)
    log.line("first")
    assert taken.wait(30)
    for number in range(WAITING + 7):
        log.line("more", number=number)
    free.set()
    log.close()
    assert len(written) == WAITING + 2
    assert (written[-1]["event"], written[-1]["lines"]) == ("lines_lost", 7)


def test_a_log_that_nobody_reads_holds_nothing_up_not_even_its_end(server):
    # As small as a pipe can be: some twenty lines fill it.
    fcntl.fcntl(server.process.stderr, fcntl.F_SETPIPE_SZ, 4096)
    for _ in range(60):
        assert server.ask("GET", "/health").status == 200
    got = []
    text = "Hello there. " * 10
    speaking = threading.Thread(target=lambda: got.append(server.speech(text, model="espeak")))
    speaking.start()
    server.until(lambda: server.ask("GET", "/health").status == 200)
    speaking.join()
    children = psutil.Process(server.process.pid).children(recursive=True)
    assert select.select([server.process.stderr], [], [], 0)[0]
    assert server.end() == 0
    assert got[0].whole
    assert not [child for child in children if child.is_running()]
    assert not list(server.socket.parent.iterdir())
