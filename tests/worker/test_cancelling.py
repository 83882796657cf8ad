"""Who stops listening stops the engine, and never hears the rest of it later."""

from __future__ import annotations

import threading
import time

import psutil
import pytest

from ttm.engine.tone import ToneEngine
from ttm.speech import Speech


def said(worker, text: str) -> bytes:
    return b"".join(audio.pcm for audio in worker.speak(Speech(text)))


BEEP = b"".join(audio.pcm for audio in ToneEngine().speak(Speech("beep")))


def test_closing_the_iterator_stops_the_engine_within_a_second(worker):
    one = worker()
    speaking = one.speak(Speech("endless"))
    next(speaking)
    first, began = one.pid, time.monotonic()
    speaking.close()
    assert time.monotonic() - began < 1
    assert said(one, "beep") == BEEP
    assert one.pid == first


@pytest.mark.parametrize("heard", [0, 1, 7, 50])
def test_nothing_of_a_cancelled_speech_is_heard_in_the_next(worker, heard):
    one = worker()
    for _ in range(3):
        speaking = one.speak(Speech("endless"))
        for _ in range(heard):
            next(speaking)
        speaking.close()
        assert said(one, "beep") == BEEP


def test_an_engine_that_does_not_hear_is_killed_after_the_time_to_cancel(worker, gone):
    one = worker(cancel=0.5)
    speaking = one.speak(Speech("beep hang"))
    next(speaking)
    leader, began = one.pid, time.monotonic()
    speaking.close()
    assert 0.3 < time.monotonic() - began < 2
    gone(leader)
    assert said(one, "beep") == BEEP


@pytest.mark.parametrize("text", ["endless", "beep hang", "hang"])
def test_stop_from_another_thread_ends_the_iteration(worker, text):
    one = worker()
    one.voices()
    stopped: list[float] = []

    def stop() -> None:
        stopped.append(time.monotonic())
        one.stop()

    threading.Timer(0.4, stop).start()
    for _ in one.speak(Speech(text)):
        pass
    assert time.monotonic() - stopped[0] < 2
    assert said(one, "beep") == BEEP


def test_stop_means_nothing_to_a_worker_that_does_not_speak(worker):
    one = worker()
    one.stop()
    assert said(one, "beep") == BEEP
    one.stop()
    assert said(one, "beep") == BEEP


def test_an_iterator_that_was_never_begun_starts_nothing(worker):
    one = worker()
    one.speak(Speech("endless")).close()
    assert one.pid is None


def test_a_listener_that_does_not_listen_holds_the_engine_up(worker):
    one = worker()
    speaking = one.speak(Speech("endless"))
    next(speaking)
    process = psutil.Process(one.pid)
    time.sleep(1.5)  # the wire takes 200 kB, which is half a second of this engine
    size, turns = process.memory_info().rss, process.num_ctx_switches().voluntary
    time.sleep(1)
    # Unhindered it would turn a hundred times a second.
    assert process.num_ctx_switches().voluntary - turns < 20
    assert process.memory_info().rss - size < 200_000
    speaking.close()
    assert said(one, "beep") == BEEP


def test_two_workers_do_not_hear_each_other(worker):
    one, other = worker(), worker("tone")
    speaking = one.speak(Speech("beep beep"))
    assert next(speaking).pcm == BEEP
    high = b"".join(audio.pcm for audio in other.speak(Speech("beep", "high")))
    assert high == b"".join(audio.pcm for audio in ToneEngine().speak(Speech("beep", "high")))
    assert next(speaking).pcm == BEEP
    assert list(speaking) == []
