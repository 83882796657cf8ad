"""`ttm bench`, on engines of which the test knows what they take."""

from __future__ import annotations

import json

import pytest


def test_it_says_how_fast_a_model_speaks_and_what_binds(ttm):
    done = ttm("bench", "-m", "tone", "--runs", "2")
    assert (done.returncode, done.stderr) == (0, b"")
    rows = dict(line.split(None, 1) for line in done.stdout.decode().splitlines())
    assert rows["model"] == "tone"
    assert {"voice", "load", "first", "real", "memory", "limit"} <= set(rows)


def test_the_figures_of_every_run_are_in_json_and_fit_together(ttm):
    told = json.loads(ttm("bench", "-m", "tone", "--runs", "3", "--json").stdout)
    assert len(told["runs"]) == 3
    factors = sorted(run["wall"] / run["audio"] for run in told["runs"])
    assert told["real_time_factor"] == pytest.approx(factors[1])
    for run in told["runs"]:
        assert 0 < run["first"] <= run["wall"]
        # Two sentences of the sample text, a beep for each of its 23 words.
        assert run["audio"] == pytest.approx(told["runs"][0]["audio"])
    assert told["memory_bytes_per_s"] > 1e8
    assert told["memory_floor"] is None


def test_a_slow_engine_is_measured_as_slow(ttm, engine, plugins):
    name = engine(
        "import time\n"
        "from ttm.engine.tone import ToneEngine\n"
        "class Engine(ToneEngine):\n"
        "    def speak(self, speech):\n"
        "        time.sleep(0.4)\n"
        "        yield from super().speak(speech)\n"
    )
    told = json.loads(ttm("bench", "-m", name, "--runs", "1", "--json").stdout)
    assert told["first_sound_s"] >= 0.4
    assert told["real_time_factor"] * told["runs"][0]["audio"] >= 0.8


def test_a_model_that_is_not_there_is_one_sentence(ttm):
    done = ttm("bench", "-m", "./nowhere", "--json")
    assert done.returncode == 5
    assert json.loads(done.stdout)["ok"] is False
    assert ttm("bench", "--runs", "0").returncode == 2
