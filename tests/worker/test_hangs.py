"""An engine that does nothing, a worker that cannot even say so, and a parent that slept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from ttm.engine.tone import ToneEngine
from ttm.errors import EngineCrashed, EngineHung
from ttm.speech import Speech


def said(worker, text: str) -> bytes:
    return b"".join(audio.pcm for audio in worker.speak(Speech(text)))


BEEP = b"".join(audio.pcm for audio in ToneEngine().speak(Speech("beep")))


def test_an_engine_without_progress_is_stopped_though_its_heart_beats(worker, gone):
    one = worker(no_progress=1)
    one.voices()
    leader, began = one.pid, time.monotonic()
    with pytest.raises(EngineHung, match="made no sound for 1 s and was stopped"):
        said(one, "hang")
    assert 0.8 < time.monotonic() - began < 5
    gone(leader)
    assert said(one, "beep") == BEEP


def test_what_a_hanging_engine_started_is_gone_too(worker, gone, family):
    one = worker(no_progress=1)
    one.voices()
    leader = one.pid
    seen: list[int] = []
    threading.Timer(0.6, lambda: seen.append(len(family(leader)))).start()
    with pytest.raises(EngineHung):
        said(one, "stray")
    assert seen == [2]
    gone(leader)


def test_what_a_crashing_engine_started_is_gone_too(worker, gone):
    one = worker()
    one.voices()
    leader = one.pid
    threading.Timer(0.5, lambda: os.kill(leader, signal.SIGKILL)).start()
    with pytest.raises(EngineCrashed):
        said(one, "stray")
    gone(leader)


def test_a_worker_without_a_heartbeat_is_stopped(worker, gone):
    one = worker(unresponsive=1)
    one.voices()
    leader, began = one.pid, time.monotonic()
    with pytest.raises(EngineHung, match="does not respond"):
        said(one, "stop")
    assert time.monotonic() - began < 5
    gone(leader)
    assert said(one, "beep") == BEEP


def test_an_engine_with_progress_may_take_as_long_as_it_likes(worker):
    one = worker(no_progress=0.5, unresponsive=0.6)
    speaking = one.speak(Speech("endless"))
    began = time.monotonic()
    while time.monotonic() - began < 1.5:
        next(speaking)
    speaking.close()


def test_a_worker_may_be_idle_for_longer_than_an_engine_may_take(worker):
    one = worker(no_progress=1)
    assert said(one, "beep") == BEEP
    first = one.pid
    time.sleep(2)
    assert said(one, "beep") == BEEP
    assert one.pid == first


def test_a_listener_may_take_longer_than_an_engine_may(worker):
    one = worker(no_progress=0.5, unresponsive=0.6)
    speaking = one.speak(Speech("beep beep later-0 beep"))
    next(speaking)
    first = one.pid
    time.sleep(1.5)
    assert next(speaking).pcm == BEEP
    assert one.pid == first
    speaking.close()


SLEEPER = """
import sys
from ttm.errors import TtmError
from ttm.speech import Speech
from ttm.worker.client import Limits, Worker

worker = Worker("faulty", limits=Limits(unresponsive=1, no_progress=20))
worker.voices()
print(worker.pid, flush=True)
try:
    for audio in worker.speak(Speech("hang")):
        pass
except TtmError as failure:
    print(failure, flush=True)
"""


def test_a_parent_that_was_suspended_does_not_blame_its_worker(plugins, gone):
    with subprocess.Popen([sys.executable, "-c", SLEEPER], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        leader = int(parent.stdout.readline())
        time.sleep(0.5)
        parent.send_signal(signal.SIGSTOP)
        time.sleep(4)
        parent.send_signal(signal.SIGCONT)
        time.sleep(1)
        assert parent.poll() is None
        assert psutil.Process(leader).status() != psutil.STATUS_ZOMBIE
        parent.kill()
        assert parent.stdout.read() == b""
    gone(leader)
