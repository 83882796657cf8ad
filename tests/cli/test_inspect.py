"""`ttm inspect`: what a sound file holds."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile

RATE = 16_000


@pytest.fixture
def sine(tmp_path):
    """Half a second of silence, one of sine at -6 dBFS, and a quarter of silence."""
    t = np.arange(RATE) / RATE
    wave = 10 ** (-6 / 20) * np.sin(2 * np.pi * 997 * t)
    samples = np.concatenate([np.zeros(RATE // 2), wave, np.zeros(RATE // 4)])
    soundfile.write(tmp_path / "sine.flac", samples, RATE)
    return tmp_path / "sine.flac"


def test_a_file_is_measured(ttm, sine):
    done = ttm("inspect", sine, "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    found = json.loads(done.stdout)
    assert (found["format"], found["rate"], found["channels"]) == ("FLAC", RATE, 1)
    assert (found["frames"], found["seconds"]) == (28_000, 1.75)
    assert found["peak"] == pytest.approx(-6, abs=0.01)
    assert found["leading_silence"] == pytest.approx(0.5, abs=0.02)
    assert found["trailing_silence"] == pytest.approx(0.25, abs=0.02)
    assert found["clipped"] == 0


def test_a_file_is_measured_for_people(ttm, sine):
    lines = ttm("inspect", sine).stdout.decode().splitlines()
    assert lines[0] == str(sine)
    told = dict(line.split(maxsplit=1) for line in lines[1:])
    assert told["format"] == "FLAC PCM_16, 16000 Hz, mono"
    assert told["duration"] == "1.750 s (28000 frames)"
    assert told["peak"] == "-6.0 dBFS"


def test_what_is_spoken_into_a_pipe_can_be_measured_at_its_end(ttm, shell):
    code, out, err = shell("ttm say 'hi there' -m tone -o - | ttm inspect - --json")
    assert (code, err) == (0, b"")
    found = json.loads(out)
    assert (found["path"], found["rate"]) == ("-", 24_000)
    assert found["seconds"] > 0.3


def test_several_files_are_a_list(ttm, sine):
    found = json.loads(ttm("inspect", sine, sine, "--json").stdout)
    assert [each["path"] for each in found] == [str(sine)] * 2
    shown = ttm("inspect", sine, sine).stdout.decode()
    assert shown.count(str(sine)) == 2


@pytest.mark.parametrize(
    ("path", "content", "says"),
    [("nope.wav", None, "No such file"), ("text.wav", b"no sound at all", "text.wav")],
)
def test_what_is_no_sound_is_refused(ttm, tmp_path, path, content, says):
    if content is not None:
        (tmp_path / path).write_bytes(content)
    done = ttm("inspect", path, "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["ok"] is False
    assert says in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_without_a_file_its_help_is_named(ttm):
    done = ttm("inspect")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"missing argument 'FILE'. `ttm inspect --help`" in done.stderr
