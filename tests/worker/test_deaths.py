"""An engine dies, as foreign libraries do; nothing else may."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from ttm.engine.tone import ToneEngine
from ttm.errors import EngineCrashed, EngineUnavailable
from ttm.speech import Speech
from ttm.worker import client

DEATHS = {11: "SIGSEGV", 9: "SIGKILL", 6: "SIGABRT"}


def said(worker, text: str) -> bytes:
    return b"".join(audio.pcm for audio in worker.speak(Speech(text)))


def eventually_dead(pid: int) -> None:
    """Wait until all threads of a child are gone, and leave it to be buried."""
    deadline = time.monotonic() + 5
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


BEEP = b"".join(audio.pcm for audio in ToneEngine().speak(Speech("beep")))


@pytest.mark.parametrize(("number", "name"), DEATHS.items())
def test_a_death_before_any_sound_is_named_and_the_next_request_works(worker, number, name):
    one = worker()
    with pytest.raises(EngineCrashed) as failure:
        said(one, f"kill-{number}")
    assert f"crashed ({name})" in failure.value.what
    assert not failure.value.contained
    assert said(one, "beep") == BEEP


@pytest.mark.parametrize(("number", "name"), DEATHS.items())
def test_a_death_amid_the_sound_is_named_after_what_was_heard(worker, number, name):
    one = worker()
    speaking = one.speak(Speech(f"beep later-{number} beep"))
    heard = [next(speaking).pcm, next(speaking).pcm]
    assert heard == [BEEP, b"\x00\x10" * 12_000]
    with pytest.raises(EngineCrashed, match=name):
        next(speaking)
    assert said(one, "beep") == BEEP


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="macOS has waitid from Python 3.13 on")
@pytest.mark.parametrize("number", DEATHS)
def test_a_death_between_two_requests_is_not_even_noticed(worker, number):
    one = worker()
    assert said(one, "beep") == BEEP
    first = one.pid
    os.kill(first, number)
    eventually_dead(first)
    assert said(one, "beep") == BEEP
    assert one.pid not in (None, first)


def test_a_death_is_noticed_at_once(worker):
    one = worker()
    one.voices()
    killed: list[float] = []

    def kill() -> None:
        killed.append(time.monotonic())
        os.kill(one.pid, signal.SIGKILL)

    threading.Timer(0.5, kill).start()
    with pytest.raises(EngineCrashed, match="SIGKILL"):
        said(one, "hang")
    assert time.monotonic() - killed[0] < 2  # 0.1 s on a machine with nothing else to do


def test_the_last_words_are_kept(worker):
    with pytest.raises(EngineCrashed) as failure:
        said(worker(), "words")
    assert failure.value.log.endswith("last words of the engine")


def test_the_last_words_are_the_last_and_not_too_many(worker, engine):
    name = engine("""
import os, sys
class Engine:
    def speak(self, speech):
        for i in range(5000):
            os.write(2, b"line %d\\n" % i)
        os.abort()
""")
    with pytest.raises(EngineCrashed) as failure:
        said(worker(name), "hi")
    assert failure.value.log.endswith("line 4998\nline 4999")
    assert len(failure.value.log) <= 8192


def test_a_kill_from_outside_is_taken_for_want_of_memory(worker):
    with pytest.raises(EngineCrashed, match="out of memory"):
        said(worker(), "kill-9")
    with pytest.raises(EngineCrashed) as failure:
        said(worker(), "kill-11")
    assert "memory" not in failure.value.sentence


def test_an_engine_that_leaves_is_no_answer(worker, engine):
    name = engine("""
class Engine:
    def speak(self, speech):
        raise SystemExit(3)
""")
    with pytest.raises(EngineCrashed, match="exit code 3"):
        said(worker(name), "hi")


def test_three_crashes_within_a_minute_and_the_engine_is_left_alone(worker, monkeypatch):
    one = worker(crashes=3)
    for _ in range(3):
        with pytest.raises(EngineCrashed):
            said(one, "kill-9")
    with pytest.raises(EngineUnavailable, match=r"crashed 3 times within a minute. Try again in"):
        said(one, "beep")
    assert one.pid is None  # nothing was started
    monkeypatch.setattr(client, "CRASH_WINDOW", 0.0)  # the minute is past
    assert said(one, "beep") == BEEP


def test_a_crash_while_the_engine_is_loaded_makes_it_unavailable(worker, engine):
    name = engine("""
import os, sys
class Engine:
    def __init__(self):
        print("the weights are broken", file=sys.stderr)
        os.abort()
""")
    with pytest.raises(EngineUnavailable, match=r"cannot start \(SIGABRT: the weights are broken"):
        said(worker(name), "hi")
