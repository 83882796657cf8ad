"""`ttm say` on the null device of miniaudio: what is chosen, and what is said when it cannot be."""

from __future__ import annotations

import json
import signal
import subprocess

import pytest

pytest.importorskip("miniaudio")

NULL = {"TTM_PLAYBACK_PLAYER": "auto", "TTM_PLAYBACK_DEVICE": "null"}


def test_it_is_played_without_a_word(ttm):
    done = ttm("say", "hi", "-m", "tone", env=NULL)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    ("settings", "code", "says"),
    [
        ({"backend": "none"}, 8, "playback is switched off (playback.backend is none)"),
        ({"player": "none"}, 8, "playback is switched off (playback.player is none)"),
        ({"backend": "command", "player": "cat"}, 2, "'null' can be chosen with miniaudio only"),
        ({"backend": "simpleaudio"}, 2, "'null' can be chosen with miniaudio only"),
        ({"backend": "pulse"}, 4, "TTM_PLAYBACK_BACKEND"),
    ],
)
def test_settings_that_play_nothing_are_explained(ttm, settings, code, says):
    env = {**NULL, **{f"TTM_PLAYBACK_{name.upper()}": each for name, each in settings.items()}}
    done = ttm("say", "hi", "-m", "tone", env=env)
    assert (done.returncode, done.stdout) == (code, b"")
    assert says in done.stderr.decode()


def test_the_null_device_is_listed_as_any_other(ttm):
    done = ttm("say", "-d", "?", "--json", env=NULL)
    assert json.loads(done.stdout) == {"devices": [{"name": "NULL Playback Device"}]}


def test_without_miniaudio_that_is_said(ttm, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['miniaudio'] = None")
    env = {**NULL, "PYTHONPATH": str(tmp_path), "TTM_PLAYBACK_DEVICE": ""}
    done = ttm("say", "hi", "-m", "tone", env={**env, "TTM_PLAYBACK_BACKEND": "miniaudio"})
    assert done.returncode == 8
    assert b"miniaudio is not installed. Install it with pip" in done.stderr
    done = ttm("say", "hi", "-m", "tone", env={**env, "PATH": str(tmp_path)})
    assert done.returncode == 8
    assert b"miniaudio is not installed, and no audio player was found" in done.stderr


def test_ctrl_c_ends_it_at_once(tmp_path, begin, eventually):
    process = begin("say", "word " * 200, "-m", "tone", env=NULL)
    listing = f"/proc/{process.pid}/task"
    eventually(lambda: subprocess.run(["ls", listing], capture_output=True).stdout.count(b"\n") > 3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, b"", b"ttm: interrupted\n")


def test_doctor_names_what_would_play(ttm, tmp_path):
    absent = "import sys; sys.modules.update(torch=None, tokenizers=None)"
    (tmp_path / "sitecustomize.py").write_text(absent)
    found = json.loads(ttm("doctor", "--json", env={**NULL, "PYTHONPATH": str(tmp_path)}).stdout)
    (line,) = (each for each in found["findings"] if each["name"] == "playback")
    assert line["state"] == "ok"
    assert line["sentence"].startswith("through miniaudio 1.")
