"""`ttm engines`: what can speak here, and why the rest cannot."""

from __future__ import annotations

import json


def test_every_engine_is_tried_and_told(ttm, faulty):
    done = ttm("engines", env=faulty)
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode().splitlines()
    assert lines[0].split(maxsplit=2)[:2] == ["NAME", "STATE"]
    own = ["espeak", "tone", "qwen3", "huggingface", "remote"]
    states = {line.split()[0]: line for line in lines[1:10]}
    assert list(states) == [*own, "faulty", "broken", "slow", "mute"]
    assert " ready " in states["espeak"]
    assert "the espeak-ng library" in states["espeak"]
    assert " not ready " in states["broken"]
    assert "the neural runtime (`ttm runtime stage`), and a checkpoint" in states["qwen3"]
    told = {line.split()[0]: line for line in lines[10:] if line}
    assert told["broken"].startswith("broken is not ready: engine 'broken' cannot start (Runtime")
    assert told["slow"] == "slow runs with device cpu, threads 2, exact true"
    assert told["remote"].startswith("remote is not ready: no server is named in the settings")
    assert "tone" not in told


def test_an_engine_that_lacks_what_it_needs_is_not_ready(ttm):
    done = ttm("engines", "--json", env={"TTM_ENGINE_ESPEAK_LIBRARY": "/nope.so"})
    espeak, tone, *_ = json.loads(done.stdout)
    assert done.returncode == 0
    assert (espeak["ready"], espeak["voices"]) == (False, 0)
    assert "/nope.so" in espeak["why_not"]
    assert (tone["ready"], tone["voices"], tone["why_not"]) == (True, 3, "")
    assert tone["effective"] == {}


def test_what_the_neural_engine_lacks_is_named_with_what_brings_it(ttm, home, without_torch):
    told = json.loads(ttm("engines", "--json", env=without_torch).stdout)
    (qwen3,) = (one for one in told if one["name"] == "qwen3")
    assert (qwen3["ready"], qwen3["effective"]) == (False, {})
    assert qwen3["why_not"] == (
        "engine 'qwen3' needs torch, tokenizers, which are not installed, and no runtime is staged "
        f"in {home}/.local/share/ttm/runtime. Run `ttm runtime stage`"
    )


def test_the_doctor_takes_a_neural_engine_that_is_not_installed_for_no_illness(ttm, without_torch):
    done = ttm("doctor", "--json", env=without_torch)
    found = {each["name"]: each for each in json.loads(done.stdout)["findings"]}
    assert done.returncode == 0
    assert found["engine qwen3"]["state"] == "note"
    assert found["engine qwen3"]["sentence"] == "needs torch, tokenizers"
    assert found["runtime"]["state"] == "note"
    assert "ttm runtime stage" in found["engine qwen3"]["fix"]


def test_wrong_settings_are_told_instead(ttm):
    done = ttm("engines", "--json", "--config", "nope")
    assert done.returncode == 4
    assert json.loads(done.stdout)["error"]["code"] == "invalid_config"
