"""What a worker is given and what it is not, how it starts, and what its engine may do."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil
import pytest

from ttm.engine.tone import ToneEngine
from ttm.errors import EngineUnavailable, SynthesisError, UnknownModel, UnknownName
from ttm.speech import Speech, Voice

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

HEAVY = {"torch", "numpy", "typer", "soundfile", "soxr", "tomlkit", "platformdirs", "sentencex"}


def said(worker, text: str, voice: str = "") -> bytes:
    return b"".join(audio.pcm for audio in worker.speak(Speech(text, voice)))


BEEP = b"".join(audio.pcm for audio in ToneEngine().speak(Speech("beep")))


@LINUX
def test_secrets_of_the_environment_stay_at_home(worker, monkeypatch):
    for name in ("HF_TOKEN", "OPENAI_API_KEY", "aws_secret", "DB_PASSWORD"):
        monkeypatch.setenv(name, "hush-hush")
    monkeypatch.setenv("HARMLESS", "yes")
    one = worker()
    one.voices()
    environment = Path(f"/proc/{one.pid}/environ").read_bytes()
    assert b"hush-hush" not in environment
    assert b"HARMLESS=yes" in environment


@pytest.mark.parametrize("model", ["faulty", "espeak"])
def test_the_text_is_in_no_command_line(worker, family, model):
    one = worker(model)
    speaking = one.speak(Speech("confidential beep beep"))
    next(speaking)
    for process in family(one.pid):
        assert process.cmdline()[1:4] == ["-P", "-m", "ttm.worker"]
        assert not any("confidential" in word for word in process.cmdline())
    speaking.close()


@LINUX
def test_a_worker_writes_no_core_file_and_only_private_ones(worker, engine):
    name = engine("""
import os
from ttm.audio import Audio
class Engine:
    def speak(self, speech):
        open(speech.text, "w").close()
        yield Audio(bytes(2), 8000)
""")
    one = worker(name)
    made = Path("made").absolute()
    try:
        said(one, str(made))
        assert made.stat().st_mode & 0o077 == 0
    finally:
        made.unlink(missing_ok=True)
    assert psutil.Process(one.pid).rlimit(psutil.RLIMIT_CORE) == (0, 0)


def test_a_module_in_the_current_folder_is_not_taken_for_a_library(worker, tmp_path, monkeypatch):
    for name in ("queue", "socket", "json", "array", "ttm", "espeakng_loader"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    assert said(worker("espeak"), "hi")


@LINUX
@pytest.mark.parametrize("model", ["espeak", "tone"])
def test_a_worker_imports_nothing_heavy(worker, plugins, tmp_path, monkeypatch, model):
    told = tmp_path / "told"
    monkeypatch.setenv("TOLD", str(told))
    (plugins / "sitecustomize.py").write_text("""
import os, sys
told = os.open(os.environ["TOLD"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def hear(event, values):
    if event == "import":
        os.write(told, str(values[0]).encode() + b"\\n")
sys.addaudithook(hear)
""")
    assert said(worker(model), "Good morning.")
    imported = {name.partition(".")[0] for name in told.read_text().split()}
    assert "ttm" in imported
    assert not imported & HEAVY


def test_junk_on_standard_output_hurts_nobody(worker):
    one = worker()
    assert said(one, "prints beep prints") == BEEP * 3


def test_an_engine_that_cannot_start_says_why(worker):
    with pytest.raises(EngineUnavailable, match=r"'broken' cannot start \(RuntimeError: no such"):
        worker("broken").voices()


def test_an_engine_that_cannot_start_says_so_however_late_it_is_asked(worker, family, gone):
    one = worker("broken")
    one.start()
    gone(one.pid, within=10)
    with pytest.raises(EngineUnavailable, match="no such luck"):
        said(one, "hi")


def test_an_unknown_engine_is_named_with_its_neighbours(worker):
    with pytest.raises(UnknownModel, match=r"unknown model 'fautly'. Did you mean 'faulty'"):
        worker("fautly").voices()


def test_options_that_the_engine_does_not_take_are_named(worker):
    with pytest.raises(EngineUnavailable, match="treble"):
        worker("espeak", {"treble": 3}).voices()


def test_a_worker_that_cannot_be_started_is_no_bug_of_ours(worker, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    before = descriptors()
    with pytest.raises(EngineUnavailable, match="cannot start a worker: No such file"):
        worker().start()
    assert descriptors() == before


def descriptors() -> int:
    return psutil.Process().num_fds()


def test_an_exception_of_the_engine_is_named_without_its_words_and_hurts_nobody(worker):
    one = worker()
    # Its words, `told to`, might be the text.
    with pytest.raises(SynthesisError, match=r"the engine failed \(ZeroDivisionError\)"):
        said(one, "raises")
    first = one.pid
    assert said(one, "beep") == BEEP
    assert one.pid == first


def test_an_error_of_the_system_in_the_engine_is_told_too(worker, engine):
    name = engine("""
class Engine:
    def speak(self, speech):
        open("/nonexistent/weights")
        yield
""")
    one = worker(name)
    for _ in range(2):
        with pytest.raises(SynthesisError, match="FileNotFoundError"):
            said(one, "hi")
    assert psutil.pid_exists(one.pid)


def test_an_error_of_ours_comes_through_as_it_is(worker):
    with pytest.raises(UnknownName, match=r"unknown voice 'sone'. Did you mean 'sine'\?"):
        said(worker("tone"), "hi", "sone")


@pytest.mark.parametrize(
    "text", ["日本 héllo", "a\ud800b c", "e\u0301 \U0001f600 x", "a\0b", "\n\r\u2028"]
)
def test_any_text_goes_over_the_wire_and_its_words_come_back_in_place(worker, text):
    engine = ToneEngine()
    spoken = list(worker("tone").speak(Speech(text)))
    assert spoken == list(engine.speak(Speech(text)))


def test_voices_come_over_the_wire(worker):
    assert worker("tone").voices() == ToneEngine().voices()
    assert worker().voices() == [Voice("faulty", ("und",), "does what it is told", model="faulty")]


def test_an_empty_request_is_answered_with_nothing(worker):
    assert list(worker("tone").speak(Speech(""))) == []


def test_the_folder_stays_as_it_was(worker, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(os.listdir())
    said(worker("espeak"), "hi")
    assert sorted(os.listdir()) == before
