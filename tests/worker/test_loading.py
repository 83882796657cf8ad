"""An engine that takes long: to be loaded, or to make a sound."""

from __future__ import annotations

import threading
import time

import pytest

from ttm.errors import EngineHung, EngineUnavailable
from ttm.speech import Speech
from ttm.worker.client import Limits, Worker


def said(worker, text: str) -> list[str]:
    """The notes of a speech, and `sound` for each block of sound."""
    return [one if isinstance(one, str) else "sound" for one in worker.speak(Speech(text))]


def test_what_is_being_loaded_is_told_as_it_comes(plugins, monkeypatch):
    monkeypatch.setenv("LOADING", "0.3")
    told: list[tuple[str, float]] = []
    worker = Worker("slow", loading=lambda what, part: told.append((what, part)))
    try:
        worker.load()
        assert told == [("weights", part / 10) for part in range(11)]
    finally:
        worker.close()


def test_an_engine_that_goes_on_loading_may_take_as_long_as_it_likes(worker, monkeypatch):
    monkeypatch.setenv("LOADING", "2.5")  # a report every 0.25 s
    one = worker("slow", no_progress=1)
    began = time.monotonic()
    assert said(one, "beep") == ["sound"]
    assert time.monotonic() - began > 2.5


HELD = """
import ctypes, time
from ttm.engine.tone import ToneEngine

class Engine(ToneEngine):
    def __init__(self, seconds):
        time.sleep(0.4)  # its heart begins to beat
        ctypes.PyDLL(None).usleep(int(seconds * 1e6))  # keeps the interpreter to itself
"""


def test_an_import_that_stops_the_heartbeat_is_waited_for(worker, engine):
    one = worker(engine(HELD), {"seconds": 1.5}, unresponsive=0.5)
    one.load()
    assert said(one, "beep") == ["sound"]


def test_an_import_that_stops_the_heartbeat_for_good_is_not(worker, engine, gone):
    one = worker(engine(HELD), {"seconds": 60}, unresponsive=0.5, no_progress=1.5)
    one.start()
    leader = one.pid
    with pytest.raises(EngineHung, match="does not respond"):
        one.load()
    gone(leader)


def test_an_engine_that_does_not_go_on_loading_is_stopped(worker, monkeypatch, gone):
    monkeypatch.setenv("LOADING", "hang")
    one = worker("slow", no_progress=1)
    one.start()
    leader = one.pid
    with pytest.raises(EngineHung, match="engine 'slow' did not go on loading for 1 s"):
        one.load()
    gone(leader)


def test_loading_can_be_stopped_from_another_thread(worker, monkeypatch, gone):
    monkeypatch.setenv("LOADING", "hang")
    one = worker("slow", cancel=0.3)
    one.start()
    leader = one.pid
    threading.Timer(0.3, one.stop).start()
    one.load()
    gone(leader)


def test_what_the_engine_runs_with_is_known_once_it_is_loaded(worker):
    one = worker("slow")
    assert one.effective == {}
    one.load()
    wanted = {"device": "cpu", "threads": 2, "exact": True}
    assert one.effective == wanted
    assert [type(value) for value in one.effective.values()] == [str, int, bool]
    one.load()  # once more costs nothing
    assert said(one, "beep") == ["sound"]
    plain = worker("tone")
    plain.load()
    assert plain.effective == {}


def test_what_cannot_be_loaded_is_told_when_it_is_to_be(worker):
    with pytest.raises(EngineUnavailable, match="no such luck"):
        worker("broken").load()


def test_an_engine_that_says_wrong_things_of_itself_cannot_start(worker, engine):
    name = engine("""
class Engine:
    def voices(self): ...
    def speak(self, speech): ...
    def close(self): ...
    def effective(self):
        return 1 / 0
""")
    with pytest.raises(EngineUnavailable, match="ZeroDivisionError"):
        worker(name).load()


def test_notes_come_in_their_place_and_breaths_do_not_come(worker):
    assert said(worker(), "note-a beep breathe-2 note-b beep") == [
        "noted: a", "sound", "noted: b", "sound",
    ]  # fmt: skip


def test_an_engine_that_draws_breath_is_at_work(worker):
    one = worker(no_progress=1)
    assert said(one, "breathe-16 beep") == ["sound"]  # 1.6 s
    with pytest.raises(EngineHung, match="made no sound for 1 s"):
        said(one, "breathe-5 hang")


def test_a_cancel_is_looked_at_at_every_breath(worker):
    one = worker(cancel=2)
    speaking = one.speak(Speech("note-a breathe-99"))
    assert next(speaking) == "noted: a"
    first, began = one.pid, time.monotonic()
    speaking.close()
    assert time.monotonic() - began < 1
    assert said(one, "beep") == ["sound"]
    assert one.pid == first


def test_everything_that_is_asked_for_arrives(worker):
    speech = Speech(
        "asked",
        voice="bob",
        language="de",
        rate=1.5,
        pitch=-2.0,
        instruct="sing, Ä\n",
        recording="/a b/c.wav",
        transcript="hé",
    )
    (note,) = worker("slow").speak(speech)
    assert note == (
        "voice=bob language=de instruct=sing, Ä\n recording=/a b/c.wav transcript=hé"
        " rate=1.5 pitch=-2.0"
    )


def test_a_worker_without_somebody_to_tell_loads_all_the_same(plugins):
    worker = Worker("slow", {}, Limits())
    assert [voice.name for voice in worker.voices()] == ["anna", "bob", "chen"]
    worker.close()
