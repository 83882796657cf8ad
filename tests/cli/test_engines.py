"""`ttm engines`: what can speak here, and why the rest cannot."""

from __future__ import annotations

import json


def test_every_engine_is_tried_and_told(ttm, faulty):
    done = ttm("engines", env=faulty)
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode().splitlines()
    assert lines[0].split(maxsplit=2)[:2] == ["NAME", "STATE"]
    states = {line.split()[0]: line for line in lines[1:5]}
    assert list(states) == ["espeak", "tone", "faulty", "broken"]
    assert " ready " in states["espeak"]
    assert "the espeak-ng library" in states["espeak"]
    assert " not ready " in states["broken"]
    assert lines[-1].startswith("broken is not ready: engine 'broken' cannot start (RuntimeError")


def test_an_engine_that_lacks_what_it_needs_is_not_ready(ttm):
    done = ttm("engines", "--json", env={"TTM_ENGINE_ESPEAK_LIBRARY": "/nope.so"})
    espeak, tone = json.loads(done.stdout)
    assert done.returncode == 0
    assert (espeak["ready"], espeak["voices"]) == (False, 0)
    assert "/nope.so" in espeak["why_not"]
    assert (tone["ready"], tone["voices"], tone["why_not"]) == (True, 3, "")


def test_wrong_settings_are_told_instead(ttm):
    done = ttm("engines", "--json", "--config", "nope")
    assert done.returncode == 4
    assert json.loads(done.stdout)["error"]["code"] == "invalid_config"
