"""Voices of the user's library with the real engine: kept once, the same for ever after."""

from __future__ import annotations

import array
import json
import os
import pty
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from ttm.audio.intake import take_in
from ttm.cli import QUITTING, main
from ttm.engine.qwen3 import Qwen3Engine
from ttm.engine.qwen3.checkpoint import Checkpoint
from ttm.engine.qwen3.cloning import fingerprint
from ttm.errors import BadVoice, UsageError
from ttm.speech import Speech
from ttm.voicefile import VoiceFile, pack, read
from ttm.voices.library import Library
from ttm.worker.client import Worker

TEXT = "The harbour was quiet when the first boat came in. Nobody asked what it had brought."


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    worker = Worker("espeak")
    heard = [each for each in worker.speak(Speech(TEXT, "en-us")) if not isinstance(each, str)]
    worker.close()
    path = tmp_path_factory.mktemp("recording") / "me.wav"
    soundfile.write(path, np.concatenate([each.numpy() for each in heard]), heard[0].rate)
    return path


@pytest.fixture
def brief(monkeypatch):
    """15 frames; random weights never end by themselves."""
    monkeypatch.setenv("TTM_ENGINE_QWEN3_MAX_SECONDS", "1.2")
    monkeypatch.setenv("TTM_ENGINE_QWEN3_DTYPE", "float32")


@pytest.fixture
def here(tmp_path, capfd, monkeypatch, brief):
    """Run `ttm` in this process; its worker is one of its own each time."""
    monkeypatch.chdir(tmp_path)
    kept = {number: signal.getsignal(number) for number in QUITTING}

    def run(*words):
        code = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return code, out, err

    yield run
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def library(home):
    return Library(home / ".local/share/ttm/voices")


@pytest.fixture
def base(made):
    return made("tiny", "base", 5)


def test_a_cloned_voice_says_the_same_in_every_process_and_after_a_journey(
    here, ttm, base, recording, library, tmp_path
):
    add = ("voices", "add", "anna", recording, "--text", TEXT, "-m", base, "-o", "test.wav")
    code, out, err = here(*add, "--json")
    told = json.loads(out)
    assert code == 0, err
    assert (told["test_seconds"], told["prompts"]) == (1.2, [fingerprint(Checkpoint(base))])
    assert soundfile.info(tmp_path / "test.wav").duration == pytest.approx(1.2)
    kept = library.path("anna").read_bytes()

    say = ("say", "Good morning.", "-m", base, "--seed", "1")
    done = ttm(*say, "-v", "anna", "-o", "a.wav")
    assert done.returncode == 0, done.stderr
    first = (tmp_path / "a.wav").read_bytes()
    assert library.path("anna").read_bytes() == kept

    assert here("voices", "export", "anna", "out.ttmvoice")[0] == 0
    assert (tmp_path / "out.ttmvoice").read_bytes() == kept
    assert (tmp_path / "out.ttmvoice").stat().st_mode & 0o777 == 0o600
    assert here("voices", "rm", "ANNA")[0] == 0
    code, _, err = here(*say, "-v", "anna", "-o", "c.wav")
    assert (code, err.count("\n")) == (2, 1)
    assert here("voices", "import", "out.ttmvoice", "--name", "bob")[0] == 0
    attempt = ("voices", "try", "bo", "Good morning.", "-m", base, "--seed", "1", "-o", "c.wav")
    assert here(*attempt)[0] == 0
    assert (tmp_path / "c.wav").read_bytes() == first


@pytest.fixture
def engine(base):
    return Qwen3Engine(str(base), dtype="float32", max_seconds=0.5)


@pytest.fixture
def voice(recording, tmp_path):
    """A voice of which nothing was made yet, and its file."""
    take = take_in(str(recording))
    voice = VoiceFile("anna", "cloned", take.pcm, take.kept_rate, TEXT)
    (path := tmp_path / "anna.ttmvoice").write_bytes(pack(voice))
    return voice, path


def spoken(engine, path, transcript=TEXT):
    speech = Speech("Good morning.", seed=1, recording=str(path), transcript=transcript)
    return b"".join(one.pcm for one in engine.speak(speech) if not isinstance(one, str))


@pytest.mark.parametrize("transcript", [TEXT, ""], ids=["in-context", "x-vector"])
def test_what_was_made_of_a_recording_is_not_made_again(engine, voice, transcript):
    voice, path = voice
    mark, prompt = engine.prompt(str(path), transcript)
    assert set(prompt) == ({"embedding", "codes"} if transcript else {"embedding"})
    made = spoken(engine, path, transcript)
    # With another recording beside the same prompt, nothing changes: nobody listens to it.
    other = array.array("h", [99, -99] * 30_000).tobytes()
    path.write_bytes(pack(replace(voice, audio=other, prompts={mark: prompt})))
    assert spoken(engine, path, transcript) == made
    assert engine.prompt(str(path), transcript) == ("", {})
    path.write_bytes(pack(replace(voice, audio=other)))
    assert spoken(engine, path, transcript) != made


def test_another_checkpoint_makes_its_own(engine, voice, made):
    voice, path = voice
    other = Qwen3Engine(str(made("tiny", "base", 601)), dtype="float32")
    assert other.prompt(str(path), "")[0] != engine.prompt(str(path), "")[0]
    designer = Qwen3Engine(str(made("tiny", "voice_design", 5)), dtype="float32")
    with pytest.raises(UsageError, match="cannot clone"):
        designer.prompt(str(path), "")


def test_numbers_that_the_checkpoint_cannot_have_made_are_refused(engine, voice):
    voice, path = voice
    mark, prompt = engine.prompt(str(path), TEXT)
    codes, embedding = prompt["codes"], prompt["embedding"]
    for wrong in (
        {"codes": replace(codes, data=b"\xff\x7f" * (len(codes.data) // 2))},
        {"codes": replace(codes, shape=(len(codes.data) // 2, 1))},
        {"embedding": replace(embedding, shape=(1, *embedding.shape))},
        {"embedding": codes},
    ):
        path.write_bytes(pack(replace(voice, prompts={mark: {**prompt, **wrong}})))
        with pytest.raises(BadVoice, match="keeps for this model was not made by it"):
            spoken(engine, path)
    path.write_bytes(pack(replace(voice, prompts={mark: {"codes": codes}})))
    with pytest.raises(BadVoice):
        spoken(engine, path)


def test_a_designed_voice_is_chosen_by_its_number_and_frozen(here, made, library, tmp_path):
    designer = made("tiny", "voice_design", 5)
    design = ["voices", "design", "sailor", "an old sailor,\nhoarse", "-m", designer]
    design += ["-t", "Ahoy there.", "-n", "2", "--seed", "5"]
    ours, theirs = pty.openpty()
    os.write(ours, b"7\n\n")
    command = [sys.executable, "-m", "ttm", *map(str, design), "-o", "takes"]
    done = subprocess.run(
        command, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, cwd=tmp_path, timeout=60
    )
    told = os.read(ours, 1 << 16).decode()
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 0, told
    assert told.count("Keep which (1 to 2;") == 2
    assert "--seed 5 --keep K with the same words keeps the Kth" in told
    first, second = ((tmp_path / f"takes/sailor-{k}.wav").read_bytes() for k in (1, 2))
    assert first != second
    assert not library.names()

    code, out, err = here(*design, "--keep", "2", "--json", "-o", "again")
    assert code == 0, err
    assert (tmp_path / "again/sailor-2.wav").read_bytes() == second
    assert not (tmp_path / "again/sailor-1.wav").exists()
    told = json.loads(out)
    assert (told["kind"], told["model"]) == ("designed", "")
    voice = read(library.path("sailor"))
    assert (voice.description, voice.transcript) == ("an old sailor, hoarse", "Ahoy there.")
    assert voice.source == "qwen3 (0.6B VoiceDesign), seed 6"
