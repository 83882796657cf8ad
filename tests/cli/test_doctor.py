"""`ttm doctor`: what works here, and what to do about the rest."""

from __future__ import annotations

import json
import os

import pytest

from ttm import __version__


def findings(done) -> dict[str, dict[str, str]]:
    return {each["name"]: each for each in json.loads(done.stdout)["findings"]}


def test_a_sound_installation_is_told_so(ttm):
    done = ttm("doctor")
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode().splitlines()
    assert lines[0].split()[:3] == ["ok", "ttm", __version__]
    assert any("engine espeak" in line and "speaks (1" in line for line in lines)
    assert any("engine qwen3" in line and "starts (device " in line for line in lines)
    assert any("wav, flac, mp3, ogg, opus, pcm can be written" in line for line in lines)
    assert "-> Write a file instead with -o FILE.wav" in done.stdout.decode()  # no player here


def test_an_engine_that_fails_is_bad_with_the_exit_code_it_would_have(ttm, faulty, without_torch):
    folders = os.pathsep.join([faulty["PYTHONPATH"], without_torch["PYTHONPATH"]])
    env = {"PYTHONPATH": folders, "TTM_ENGINE_ESPEAK_LIBRARY": "/nope.so"}
    done = ttm("doctor", "--json", env=env)
    assert done.returncode == 5
    assert json.loads(done.stdout)["ok"] is False
    found = findings(done)
    assert found["engine espeak"]["state"] == found["engine broken"]["state"] == "bad"
    assert "/nope.so" in found["engine espeak"]["sentence"]
    assert "doctor" not in found["engine broken"]["fix"]
    assert found["engine tone"]["state"] == "ok"


@pytest.mark.parametrize("text", ["junk", "[say]\nrate = 9\npitch = 99\n"])
def test_wrong_settings_are_bad_and_the_rest_is_still_looked_at(ttm, home, without_torch, text):
    file = home / ".config/ttm/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    done = ttm("doctor", "--json", env=without_torch)
    found = findings(done)
    assert done.returncode == 4
    assert found["settings"]["state"] == "bad"
    assert str(file) in found["settings"]["sentence"]
    assert found["engine espeak"]["state"] == "ok"


def test_settings_that_others_may_change_are_noted(ttm, home, without_torch):
    file = home / ".config/ttm/config.toml"
    file.parent.mkdir(parents=True)
    file.touch()
    file.chmod(0o666)
    done = ttm("doctor", "--json", env=without_torch)
    assert done.returncode == 0
    assert findings(done)["settings"]["fix"] == f"chmod go-w {file}"


def test_it_leaves_nothing_behind(ttm, home, tmp_path, tmp_path_factory):
    temporary = tmp_path_factory.mktemp("temporary")
    assert ttm("doctor", env={"TMPDIR": str(temporary)}).returncode == 0
    assert not [*temporary.iterdir(), *tmp_path.iterdir(), *home.iterdir()]
