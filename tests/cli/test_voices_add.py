"""`ttm voices add`: what is taken for a voice, what is refused, and with which words."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from ttm.audio.intake import Take
from ttm.audio.listener import listen
from ttm.audio.recording import read_source
from ttm.errors import BadRecording
from ttm.speech import Speech
from ttm.voicefile import read
from ttm.voices.verdict import judge
from ttm.worker.client import Worker

TEXT = (
    "The harbour was quiet when the first boat came in. Nobody asked what it had brought, "
    "and by noon the whole town knew."
)


@pytest.fixture(scope="module")
def spoken():
    """Some seconds of espeak-ng; samples and rate."""
    worker = Worker("espeak")
    heard = [each for each in worker.speak(Speech(TEXT, "en-us")) if not isinstance(each, str)]
    worker.close()
    return np.concatenate([each.numpy() for each in heard]), heard[0].rate


def hiss(samples, level):
    return samples + np.random.default_rng(7).standard_normal(len(samples)) * level


MADE = {
    "good": lambda s, r: s,
    "clipped": lambda s, r: np.clip(8 * s, -1, 1),
    "silent": lambda s, r: np.zeros(3 * r),
    "short": lambda s, r: s[: int(0.3 * r)],
    "long": lambda s, r: np.tile(s, 9)[: 40 * r],
    "noisy": lambda s, r: hiss(s, 0.05),
    "hissing": lambda s, r: hiss(s, 0.015),
    "noise": lambda s, r: hiss(np.zeros(3 * r), 0.1),
    "hum": lambda s, r: 0.3 * np.sin(np.arange(3 * r) * 100 * np.pi / r),
    "faint": lambda s, r: s * 0.003,
    "pausing": lambda s, r: np.concatenate([s, np.zeros(4 * r), s]),
    "offset": lambda s, r: s * 0.5 + 0.2,
    "nan": lambda s, r: np.where(np.arange(len(s)) == r, np.nan, s),
    "denormal": lambda s, r: np.full(3 * r, 1e-42),
}


@pytest.fixture
def recorded(tmp_path, spoken):
    """Write one of the recordings; its name."""

    def write(name):
        samples, rate = spoken
        soundfile.write(tmp_path / f"{name}.wav", MADE[name](samples, rate), rate, subtype="FLOAT")
        return f"{name}.wav"

    return write


@pytest.fixture
def judged(recorded, tmp_path):
    """What is said of one of the recordings; in this process, which takes a tenth of the time."""

    def judge_it(name, text=TEXT):
        answer, pcm = listen(read_source(tmp_path / recorded(name)))
        findings = judge(Take(pcm=pcm, **answer), text)
        return [f"{one.name}: {one.state}, {one.found}" for one in findings]

    return judge_it


@pytest.fixture
def voices(home):
    return home / ".local/share/ttm/voices"


def verdicts(told):
    return {one["name"]: one["state"] for one in told["findings"]}


def test_a_good_recording_is_kept_trimmed_levelled_and_with_silence_behind_it(
    here, recorded, voices
):
    code, out, err = here(
        *("voices", "add", "Anna", recorded("good"), "--text", TEXT, "-l", "en"),
        *("--consent", "mine\n\x1b[31m", "--json"),
    )
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert set(verdicts(told).values()) == {"ok"}
    assert set(verdicts(told)) >= {"length", "level", "clipping", "noise", "silence", "transcript"}
    assert (told["model"], told["prompts"]) == ("", [])
    assert "no model that clones is here" in told["warnings"][0]
    kept = read(voices / "anna.ttmvoice")
    assert (kept.name, kept.transcript, kept.consent) == ("anna", TEXT, "mine")
    samples = np.frombuffer(kept.audio, "<i2") / 32768
    assert not samples[-12_000:].any()  # half a second
    assert 0.05 < np.abs(samples).max() <= 0.9
    assert np.flatnonzero(np.abs(samples) > 0.01)[0] < 0.15 * 24_000
    assert "good.wav" not in (voices / "anna.ttmvoice").read_bytes().decode("latin-1")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("clipped", "% of samples are full: its loudest parts are cut off"),
        ("silent", "no speech is heard in the recording"),
        ("short", "is 0.3 s long. Give 1 to 30 s of one voice"),
        ("long", "is longer than 30 s. Give 1 to 30 s of one voice"),
    ],
)
def test_a_recording_that_makes_no_voice_is_refused_with_the_reason(
    here, recorded, voices, name, says
):
    code, out, err = here("voices", "add", "x", recorded(name), "--json")
    error = json.loads(out)["error"]
    assert (code, error["code"]) == (2, "invalid_audio")
    assert says in error["message"]
    assert err.count("\n") == 1
    assert not voices.exists()


@pytest.mark.parametrize(
    ("name", "state", "of"),
    [
        ("noisy", "refused", "noise"),
        ("noise", "refused", "noise"),
        ("hum", "refused", "noise"),
        ("faint", "refused", "level"),
        ("pausing", "refused", "silence"),
        ("hissing", "note", "noise"),
        ("offset", "note", "offset"),
    ],
)
def test_what_is_heard_in_a_recording(judged, name, state, of):
    found = dict(one.partition(",")[0].split(": ") for one in judged(name))
    assert found[of] == state
    # Where there is hardly any speech, its length and tempo are wrong too.
    others = {**found, "length": "ok", "transcript": "ok", of: "ok"}
    assert set(others.values()) == {"ok"}


@pytest.mark.parametrize("name", ["nan", "denormal"])
def test_samples_that_are_no_sound_are_refused(judged, name):
    with pytest.raises(BadRecording):
        judged(name)


def test_a_transcript_of_something_else_is_refused(here, recorded):
    code, out, _ = here("voices", "add", "x", recorded("good"), "-t", "Hello there.", "--json")
    told = json.loads(out)["error"]
    assert (code, verdicts(told)["transcript"]) == (2, "refused")
    assert "it is not what is said, or not all of it" in told["message"]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (TEXT * 3, "refused"),
        (TEXT[:60], "note"),
        ("海港很安静。第一艘船进来了。没有人问它带来了什么。中午全镇都知道了。", "ok"),
        ("07 12 19 24 33 46 58 61 70 84 92", "ok"),
    ],
    ids=["long", "half", "chinese", "digits"],
)
def test_a_transcript_is_held_against_the_length_of_the_speech(judged, text, state):
    (said,) = (one for one in judged("good", text) if one.startswith("transcript"))
    assert said.startswith(f"transcript: {state}, ")


def test_what_is_only_doubtful_is_told_and_kept(here, recorded):
    code, out, err = here("voices", "add", "a", recorded("hissing"))
    assert code == 0
    assert "note     noise" in out
    assert "note     transcript   none" in out
    assert "kept 'a', 6." in out
    assert "nobody's consent is recorded" in err


def test_what_is_no_sound_at_all_is_refused(here, tmp_path):
    (tmp_path / "x").write_bytes(b"<!DOCTYPE html>" * 99)
    code, _, err = here("voices", "add", "x", "x")
    assert (code, err.count("is not audio that ttm can read")) == (2, 1)
    assert here("voices", "add", "x", "nowhere.wav")[0] == 2


def lying(samples, rate, at, value, width):
    """A WAV in whose header the number at this place behind `fmt ` is another one."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype="PCM_16")
    block = bytearray(file.getvalue())
    place = block.index(b"fmt ") + 8 + at
    block[place : place + width] = value.to_bytes(width, "little")
    return bytes(block)


@pytest.mark.parametrize(
    ("at", "value", "width"),
    [(2, 0, 2), (2, 65_535, 2), (4, 0, 4), (4, 4_000_000_000, 4), (0, 0x31, 2), (0, 0x11, 2)],
    ids=["no-channel", "channels", "no-rate", "4-GHz", "gsm", "adpcm"],
)
def test_a_header_that_lies_is_a_refusal(tmp_path, spoken, at, value, width):
    (tmp_path / "x.wav").write_bytes(lying(*spoken, at, value, width))
    with pytest.raises(BadRecording):
        read_source(tmp_path / "x.wav")


def test_a_file_that_unfolds_to_hours_is_left_after_thirty_seconds(tmp_path):
    bomb = tmp_path / "bomb.flac"
    soundfile.write(bomb, np.zeros(3600 * 8000, np.int16), 8000)
    assert bomb.stat().st_size < 1 << 18
    code = (
        "import resource, sys; from ttm.audio.intake import take_in\n"
        "try: take_in(sys.argv[1])\n"
        "except Exception as failure: print(failure)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_maxrss // 1024, used.ru_utime + used.ru_stime)"
    )
    command = [sys.executable, "-c", code, str(bomb)]
    said, used = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    memory, seconds = used.split()
    assert "is longer than 30 s" in said
    assert int(memory) < 200  # MB
    assert float(seconds) < 2


def test_a_decoder_that_dies_is_a_refusal(tmp_path, here, recorded, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\nif 'ttm.audio.listener' in sys.orig_argv: os.kill(os.getpid(), 11)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code, _, err = here("voices", "add", "x", recorded("good"))
    assert code == 2
    assert "cannot be decoded (the decoder died with SIGSEGV)" in err


def test_nothing_of_the_file_but_its_sound_is_kept(tmp_path, here, spoken, voices):
    samples, rate = spoken
    with soundfile.SoundFile(tmp_path / "x.wav", "w", rate, 1, "PCM_16") as file:
        file.title, file.comment = "Anna \x1b[31mred", "secret " * 1_000
        file.write(samples)
    with (tmp_path / "x.wav").open("ab") as file:
        file.write(b"PK\x03\x04 a second file behind the first")
    assert here("voices", "add", "x", "x.wav")[0] == 0
    block = (voices / "x.ttmvoice").read_bytes()
    assert not any(word in block for word in (b"secret", b"\x1b[31m", b"second file", b"x.wav"))


@pytest.mark.parametrize("name", ["German", "ono-anna"])
def test_no_voice_is_called_as_a_built_in_one(here, recorded, voices, name):
    code, out, _ = here("voices", "add", name, recorded("good"), "--json")
    assert (code, json.loads(out)["error"]["code"]) == (2, "name_taken")
    assert not voices.exists()


def test_a_model_that_cannot_clone_is_refused_before_anything_is_heard(here):
    code, _, err = here("voices", "add", "x", "nowhere.wav", "-m", "tone")
    assert (code, err.count("does not clone voices. Take one that does")) == (2, 1)


def test_a_telephones_recording_is_doubted(tmp_path, spoken):
    import soxr

    samples, rate = spoken
    soundfile.write(tmp_path / "x.wav", soxr.resample(samples, rate, 8000), 8000)
    answer, pcm = listen(read_source(tmp_path / "x.wav"))
    found = {one.name: one for one in judge(Take(pcm=pcm, **answer), "")}
    assert (found["sample rate"].state, found["sample rate"].found) == ("note", "8000 Hz")


def test_the_listener_has_limits():
    from ttm.audio import listener

    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    code = (
        "import resource, ttm.audio.listener as l, ttm.audio.recording as r, sys\n"
        "def look(path): print(*resource.getrlimit(resource.RLIMIT_AS), file=sys.stderr); "
        "raise MemoryError\n"
        "r.read_source = look; sys.argv = ['x', 'y']; l.main()"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.stderr.split() == [str(listener.MEMORY_MAX)] * 2
    assert "takes too much memory" in json.loads(done.stdout)["error"]
