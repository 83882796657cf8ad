"""`ttm.Service`: a model that a program keeps loaded."""

from __future__ import annotations

import io
import threading
import time
import wave
from collections.abc import Callable

import psutil
import pytest

import ttm
from ttm.errors import (
    AlreadyStarted,
    BadCheckpoint,
    EngineUnavailable,
    ModelMissing,
    NotReady,
    NotStarted,
    StartupTimedOut,
    UnknownModel,
    UnknownName,
    UsageError,
)
from ttm.service.request import Request

REPO = "Tiny/Voice"


@pytest.fixture
def states() -> list[str]:
    return []


@pytest.fixture
def service(plugins, states) -> Callable[..., ttm.Service]:
    """Open a service of an engine that takes its time to load; what it says of itself is kept."""

    def open_one(model: str = "slow", **options: object) -> ttm.Service:
        return ttm.Service(model, on_state=states.append, **options)

    return open_one


@pytest.fixture
def hub(mock_hub, monkeypatch):
    found = mock_hub()
    found.repos[REPO] = found.checkpoint()
    monkeypatch.setenv("HF_ENDPOINT", found.url)
    return found


def length(file: bytes) -> tuple[int, float]:
    """Rate and seconds of a WAV of 16 bits."""
    with wave.open(io.BytesIO(file)) as sound:
        assert (sound.getsampwidth(), sound.getnchannels()) == (2, 1)
        return sound.getframerate(), sound.getnframes() / sound.getframerate()


def test_it_is_started_speaks_and_is_stopped(service, states):
    one = service()
    assert one.status() == ttm.ServiceStatus(
        "stopped", False, False, False, "the service is not started", None
    )
    with one:
        told = one.status()
        assert (told.state, told.started, told.ready, told.model_loaded) == (
            "ready", True, True, True,
        )  # fmt: skip
        assert told.model.engine == "slow"
        assert psutil.pid_exists(told.model.worker_pid)
        first = one.synthesize("beep beep", seed=1)
        assert length(first)[0] == 24_000
        assert first == one.synthesize("beep beep", seed=1)
        assert one.status().model.worker_pid == told.model.worker_pid
        assert [voice.name for voice in one.voices()] == ["anna", "bob", "chen"]
    assert states == ["checking", "loading", "ready", "stopped"]
    assert one.status().started is False
    with one:  # and again
        assert sum(audio.seconds for audio in one.speak("beep")) > 0.05


def test_what_is_asked_for_out_of_turn_is_refused(service):
    one = service()
    for ask in (lambda: one.synthesize("beep"), lambda: list(one.speak("beep")), one.unload,
                one.voices, one.load):  # fmt: skip
        with pytest.raises(NotStarted, match="the service is not started"):
            ask()
    one.stop()
    with one:
        with pytest.raises(AlreadyStarted):
            one.start()
        speaking = one.speak("beep beep")
        next(speaking)
        with pytest.raises(UsageError, match="at work for this thread"):
            one.synthesize("beep")
        speaking.close()
        one.unload()
        assert (one.status().started, one.status().model_loaded) == (True, False)
        with pytest.raises(NotReady, match="no model is loaded"):
            one.synthesize("beep")
        one.load()
        assert one.synthesize("beep")


def test_loading_tells_how_far_it_is(service, monkeypatch):
    monkeypatch.setenv("LOADING", "0.2")
    told: list[ttm.Progress] = []
    with service(on_progress=told.append):
        assert {each.state for each in told} == {"loading"}
        assert [each.part for each in told] == [part / 10 for part in range(11)]


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("broken", EngineUnavailable),
        ("qwen3:0.6b", ModelMissing),
        ("nope", UnknownModel),
    ],
)
def test_what_cannot_be_loaded_fails_at_once_with_its_reason(service, states, model, error):
    one = service(model)
    with pytest.raises(error) as failure:
        one.start()
    assert states[-1] == "failed"
    told = one.status()
    assert (told.started, told.ready, told.detail) == (False, False, failure.value.sentence)


def test_loading_that_takes_too_long_is_given_up(service, states, monkeypatch):
    monkeypatch.setenv("LOADING", "hang")
    with pytest.raises(StartupTimedOut, match=r"'slow' was not loaded within 0\.5 s"):
        service(timeout=0.5).start()
    assert states == ["checking", "loading", "failed"]


def test_it_can_be_stopped_from_another_thread_while_it_loads(service, states, monkeypatch):
    monkeypatch.setenv("LOADING", "hang")
    begun = threading.Event()

    def hear(state: str) -> None:
        states.append(state)
        if state == "loading":
            begun.set()

    one = ttm.Service("slow", on_state=hear)
    stopping = threading.Thread(target=lambda: (begun.wait(20), one.stop()))
    stopping.start()
    with pytest.raises(NotStarted, match="was stopped"):
        one.start()
    stopping.join()
    assert states == ["checking", "loading", "stopped"]


def test_it_can_be_stopped_from_another_thread_while_it_speaks(service):
    one = service()
    one.start()
    speaking = one.speak("endless")
    next(speaking)
    stopping = threading.Thread(target=one.stop)
    stopping.start()
    with pytest.raises(NotStarted, match="was stopped"):
        for _ in speaking:
            pass
    stopping.join()
    assert one.status().started is False


def test_a_callback_may_stop_it(service, monkeypatch):
    monkeypatch.setenv("LOADING", "0.5")
    one: ttm.Service = service(on_progress=lambda told: one.stop() if told.part > 0.3 else None)
    with pytest.raises(NotStarted):
        one.start()
    assert one.status().state == "stopped"


def test_threads_speak_one_after_the_other(service):
    made: list[bytes] = []
    with service() as one:
        threads = [
            threading.Thread(target=lambda: made.append(one.synthesize("beep beep")))
            for _ in range(4)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert len(made) == 4
    assert len({length(each) for each in made}) == 1


def test_a_request_says_how_and_in_which_format(service):
    with service("tone", rate="2") as one:
        usual = length(one.synthesize("beep"))
        assert length(one.synthesize("beep", rate="1"))[1] == pytest.approx(2 * usual[1], rel=0.1)
        assert length(one.synthesize("beep", sample_rate=16_000))[0] == 16_000
        assert one.synthesize("beep", form="flac")[:4] == b"fLaC"
        with pytest.raises(UnknownName, match=r"unknown format 'wave'\. Did you mean 'wav'"):
            one.synthesize("beep", form="wave")
        with pytest.raises(UsageError):
            one.synthesize("beep", voyce="x")
        assert one.synthesize("beep")  # and goes on
        assert one.synthesize("beep", model="slow", voice="bob")
        assert one.status().model.engine == "slow"


def test_a_recording_can_be_a_file_or_its_bytes(service, tmp_path):
    with service() as one:
        recording = one.synthesize("beep")
        (tmp_path / "me.wav").write_bytes(recording)
        about = {"transcript": "beep", "language": "de"}
        for given in (recording, tmp_path / "me.wav", str(tmp_path / "me.wav")):
            assert one.synthesize("beep", recording=given, **about)


@pytest.mark.parametrize(
    ("mode", "voice", "instruct", "wanted"),
    [
        ("voice_design", "an old sailor", "", {"instruct": "an old sailor"}),
        ("voice_design", "an old sailor", "a child", {"instruct": "a child"}),
        ("voice_design", "", "", {}),
        ("custom_voice", "serena", "", {"voice": "serena"}),
        ("custom_voice", "", "softly", {"instruct": "softly"}),
        ("voice_clone", "", "", {}),
    ],
)
def test_what_a_voice_is_depends_on_the_mode(mode, voice, instruct, wanted):
    assert Request("hi", voice, "", instruct, "", "", {}).wishes(mode) == wanted


def test_what_is_missing_is_brought_where_that_is_wished(service, states, hub):
    """The hub's model is none that could be loaded, which is found out behind everything else."""
    told: list[ttm.Progress] = []
    one = service(REPO, fetch=True, on_progress=told.append)
    with pytest.raises(BadCheckpoint):
        one.start()
    assert states == ["checking", "downloading", "validating", "loading", "failed"]
    coming = [each for each in told if each.state == "downloading"]
    assert (
        coming[-1].done
        == coming[-1].total
        == sum(
            len(content)
            for name, content in hub.repos[REPO].items()
            if name[-3:] not in (".md", ".py")
        )
    )
    assert [each.done for each in coming] == sorted(each.done for each in coming)
    (held,) = [each for each in one.models() if each.hub == REPO]
    assert held.state == "complete"
    hub.log.clear()
    states.clear()
    with pytest.raises(BadCheckpoint):
        one.start()
    assert (states, hub.log) == (["checking", "loading", "failed"], [])


def test_bringing_that_fails_can_be_gone_on_with(service, states, hub, monkeypatch):
    monkeypatch.setenv("TTM_MODELS_RETRIES", "0")
    hub.always["model.safetensors"] = hub.cut(100_000)
    one = service(REPO, fetch=True)
    with pytest.raises(ttm.TtmError, match="download interrupted at"):
        one.start()
    assert states == ["checking", "downloading", "failed"]
    hub.always.clear()
    hub.sent.clear()
    with pytest.raises(BadCheckpoint):
        one.start()
    assert 0 < hub.sent["model.safetensors"] < 150_000


def test_bringing_can_be_stopped(service, states, hub):
    hub.always["model.safetensors"] = hub.slowly(1 << 12, 0.05)
    began = threading.Event()
    one = service(REPO, fetch=True, on_progress=lambda told: told.done > 9_000 and began.set())
    stopping = threading.Thread(target=lambda: (began.wait(20), one.stop()))
    stopping.start()
    with pytest.raises(NotStarted):
        one.start()
    stopping.join()
    assert states == ["checking", "downloading", "stopped"]


def test_without_the_wish_nothing_reaches_for_the_network(service, hub):
    with pytest.raises(ModelMissing):
        service(REPO).start()
    assert hub.log == []


def test_folders_that_a_program_brings_along_are_used(service, tmp_path):
    folder = tmp_path / "brought"
    assert [each.folder for each in service(models_dir=folder).models() if each.folder] == []
    (folder / "Tiny--Voice").mkdir(parents=True)
    with pytest.raises(ModelMissing, match="is here in part only"):
        service(REPO, models_dir=folder).start()


def test_a_worker_that_died_is_told_and_replaced(service):
    with service() as one:
        psutil.Process(one.status().model.worker_pid).kill()
        deadline = time.monotonic() + 5
        while one.status().ready and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (one.status().started, one.status().ready) == (True, False)
        assert one.synthesize("beep")
        assert one.status().ready
