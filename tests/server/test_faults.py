"""What goes wrong under way, and what of the server goes on: workers that die, clients that leave,
lines that are full, texts that take too long."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time

import psutil
import pytest

HEAD = "POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def server(start):
    return start("--set", "server.max_queue=2", "--set", "guard.enabled=false",
                 "--set", "engine.crashes=100")  # fmt: skip


def asked(server, text: str, **about) -> socket.socket:
    """A request for speech whose answer nobody has read yet."""
    body = {"model": "faulty", "input": text, "response_format": "pcm", **about}
    sent = json.dumps(body).encode()
    made = server.connect()
    made.sendall(f"{HEAD}Content-Length: {len(sent)}\r\n\r\n".encode() + sent)
    return made


def busy(server) -> bool:
    return server.metric('ttm_busy{model="faulty"}') == 1.0


def quiet(server) -> bool:
    return server.metric('ttm_busy{model="faulty"}') == 0.0


def worker(server) -> psutil.Process | None:
    """The faulty engine's process, by its name in the list of models."""
    children = psutil.Process(server.process.pid).children()
    found = [c for c in children if "ttm.worker" in " ".join(c.cmdline())]
    return found[0] if found else None


def encoders(process: psutil.Process) -> list[psutil.Process]:
    return [c for c in process.children() if "ttm.audio.encoder" in " ".join(c.cmdline())]


def test_a_worker_that_dies_before_any_sound_is_tried_again_and_then_told(server, tmp_path):
    once = server.speech(f"once-{tmp_path}/there", model="faulty")
    assert once.status == 200
    for told in ("crashed (SIGSEGV). ", "crashed (SIGSEGV) on it before, and is not asked for it"):
        got = server.speech("kill-11", model="faulty")
        assert (got.status, got.json["error"]["type"]) == (500, "server_error")
        assert got.code == "unspeakable"
        assert told in got.json["error"]["message"]
    assert server.speech("Hello.", model="faulty").status == 200
    assert server.process.poll() is None


def test_a_worker_that_dies_in_the_midst_breaks_the_answer_off(server):
    got = server.speech("Well. later-9", model="faulty")
    assert got.status == 200
    assert not got.whole
    assert len(got.body) > 1000
    server.until(lambda: server.ask("GET", "/ready").status == 200)
    assert server.speech("Hello.", model="faulty").whole


def test_an_old_client_does_not_take_half_an_answer_for_all_of_it(server):
    body = json.dumps({"model": "faulty", "input": "later-9", "response_format": "pcm"}).encode()
    with server.connect() as made:
        head = HEAD.replace("1.1", "1.0")
        made.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        with pytest.raises(ConnectionResetError):
            any(iter(lambda: not made.recv(65536), True))


def test_a_client_that_leaves_frees_the_engine(server):
    for whole in (False, True):
        made = asked(server, "endless", stream=not whole)
        if not whole:
            assert made.recv(1000)
        server.until(lambda: busy(server))
        made.close()
        server.until(lambda: quiet(server))
        assert server.speech("Hello.", model="faulty").whole


def test_a_client_that_leaves_before_the_first_sound_frees_the_engine(server):
    assert server.speech("Hello.", model="faulty").whole
    before = worker(server).pid
    made = asked(server, "hang")
    server.until(lambda: busy(server))
    made.close()
    server.until(lambda: quiet(server))
    assert worker(server).pid == before or not psutil.pid_exists(before)
    assert server.speech("Hello.", model="faulty").whole


def test_as_many_wait_as_may_and_one_more_is_told_when_to_come_again(server, tmp_path):
    server.until(lambda: server.ask("GET", "/ready").status == 200 and quiet(server))
    first = asked(server, "endless")
    server.until(lambda: busy(server))
    seen = tmp_path / "seen"
    # It would make the file, were it ever begun.
    waiting = [asked(server, f"once-{seen}"), asked(server, "Hello.")]
    server.until(lambda: server.metric('ttm_waiting{model="faulty"}') == 2)
    got = server.speech("Hello.", model="faulty")
    assert (got.status, got.code) == (503, "queue_full")
    assert 1 <= int(got.headers["retry-after"]) <= 60
    assert server.ask("GET", "/health").status == 200
    assert server.speech("Hello.").status == 200  # another model's line is its own
    waiting.pop(0).close()
    server.until(lambda: server.metric('ttm_waiting{model="faulty"}') == 1)
    first.close()
    with waiting[0] as last:
        assert last.recv(15) == b"HTTP/1.1 200 OK"
    server.until(lambda: quiet(server))
    assert not seen.exists()


def test_a_client_that_reads_nothing_holds_its_engine_and_not_the_memory(server):
    made = asked(server, "endless", response_format="wav")
    server.until(lambda: busy(server))
    before = psutil.Process(server.process.pid).memory_info().rss
    time.sleep(0.5)  # in which an engine that is not held back makes five times as much sound
    after = psutil.Process(server.process.pid).memory_info().rss
    assert after - before < 16 << 20
    made.close()
    server.until(lambda: quiet(server))


def test_clients_that_leave_in_numbers_leave_nothing_behind(server):
    process = psutil.Process(server.process.pid)
    assert server.speech("Hello.", model="faulty", response_format="mp3").whole
    server.until(lambda: len(encoders(process)) == 1)  # the one that is ready for the next
    base = process.num_fds(), len(process.children(recursive=True))
    for _ in range(8):
        with contextlib.closing(asked(server, "Hello there. Hello.", response_format="mp3")) as one:
            with contextlib.suppress(OSError):
                one.settimeout(0.02)
                one.recv(10)
    server.until(lambda: quiet(server))
    server.until(lambda: process.num_fds() <= base[0] + 2)
    server.until(lambda: len(process.children(recursive=True)) <= base[1])
    server.until(lambda: len(encoders(process)) == 1)
    assert server.speech("Hello.", model="faulty").whole


def test_many_clients_get_an_answer_each(server):
    got: list[int] = []

    def one() -> None:
        got.append(server.speech("Hello.", model="faulty").status)

    threads = [threading.Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 12
    assert set(got) <= {200, 503}
    assert got.count(200) >= 3


def test_what_fails_to_load_is_told_and_the_others_go_on(server):
    got = server.speech("Hello.", model="broken")
    assert (got.status, got.code) == (503, "engine_unavailable")
    assert int(got.headers["retry-after"]) > 0
    assert "Traceback" not in got.body.decode()
    assert server.speech("Hello.").status == 200


def test_a_model_is_let_go_when_nobody_uses_it(server):
    assert server.speech("Hello.", model="slow", voice="bob").status == 200
    assert server.metric('ttm_loaded{model="slow"}') == 1
    assert server.speech("Hello.", model="slow", voice="bob", keep_alive=0).status == 200
    server.until(lambda: server.metric('ttm_loaded{model="slow"}') == 0)


def test_a_text_that_takes_too_long_is_given_up(start):
    quick = start("--set", "server.deadline=0.4", "--set", "engine.crashes=1")
    got = quick.speech("hang", model="faulty")
    assert (got.status, got.code) == (504, "deadline_exceeded")
    got = quick.speech("kill-9", model="faulty")
    assert got.status in (500, 503)
    got = quick.speech("Hello.", model="faulty")
    assert (got.status, got.code) == (503, "engine_unavailable")
    assert "retry-after" in got.headers
    assert quick.ask("GET", "/ready").status == 503
    assert quick.ask("GET", "/health").status == 200
    os.kill(quick.process.pid, 0)
