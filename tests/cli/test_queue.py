"""One voice at a time, whoever asked: `ttm stop`, `pause`, `resume`, `skip` and `queue`."""

from __future__ import annotations

import json
import os
import time

import pytest

LONG = "One two three four five six seven eight nine ten eleven twelve. " * 6
"""More than twenty seconds of sound."""


@pytest.fixture
def speak(begin, monkeypatch):
    """`speak(...)`: a command that plays on a device that nobody hears, and has its place."""
    monkeypatch.delenv("TTM_PLAYBACK_PLAYER")
    monkeypatch.setenv("TTM_PLAYBACK_DEVICE", "null")
    return lambda *words: begin("say", LONG, "-m", "tone", "--json", *words)


@pytest.fixture
def queue(here):
    return lambda: json.loads(here("queue", "--json")[1])["queue"]


def states(queue) -> list[str]:
    return [one["state"] for one in queue()]


def report(process) -> dict:
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, b"")
    return json.loads(out)


def test_the_second_waits_until_the_first_was_heard_or_skipped(speak, here, queue, eventually):
    first = speak()
    eventually(lambda: states(queue) == ["speaking"])
    second = speak("--channel", "mail")
    eventually(lambda: states(queue) == ["speaking", "waiting"])
    assert [one["channel"] for one in queue()] == ["", "mail"]
    assert here("skip")[0] == 0
    assert report(first)["stopped"]
    eventually(lambda: states(queue) == ["speaking"])
    assert here("stop", "--channel", "other")[2] == "ttm: nothing is speaking\n"
    assert here("stop")[0] == 0
    assert report(second)["stopped"]
    assert queue() == []


def test_stop_ends_those_that_wait_too(speak, here, queue, eventually):
    each = [speak(), speak(), speak()]
    eventually(lambda: states(queue) == ["speaking", "waiting", "waiting"])
    assert json.loads(here("stop", "--json")[1]) == {"ok": True, "told": 3}
    told = [report(one) for one in each]
    assert all(one["stopped"] for one in told)
    assert sorted(one["chunks"] for one in told)[:2] == [0, 0]


def test_what_is_paused_stays_silent_until_it_is_resumed(speak, here, queue, eventually):
    process = speak()
    eventually(lambda: states(queue) == ["speaking"])
    assert here("pause")[0] == 0
    eventually(lambda: states(queue) == ["paused"])
    assert here("resume")[0] == 0
    eventually(lambda: states(queue) == ["speaking"])
    here("stop")
    assert report(process)["stopped"]


def test_the_urgent_interrupts_and_the_important_comes_first(speak, here, queue, eventually):
    speaking = speak()
    eventually(lambda: states(queue) == ["speaking"])
    waiting = speak()
    eventually(lambda: states(queue) == ["speaking", "waiting"])
    important = speak("--priority", "5")
    eventually(lambda: len(queue()) == 3)
    assert [one["priority"] for one in queue()] == [0, 5, 0]
    urgent = speak("--priority", "5", "--interrupt")
    assert report(speaking)["stopped"]
    eventually(lambda: [one["urgent"] for one in queue()] == [True, False, False])
    number = queue()[2]["number"]
    assert here("queue", "--first", str(number))[0] == 0
    assert queue()[1]["number"] == number
    assert here("queue", "--drop", str(queue()[2]["number"]))[0] == 0
    assert report(important)["chunks"] == 0
    here("stop")
    assert report(urgent)["stopped"]
    assert report(waiting)["stopped"]


def test_who_dies_gives_the_place_up(speak, queue, eventually):
    first = speak()
    eventually(lambda: states(queue) == ["speaking"])
    second = speak()
    eventually(lambda: len(queue()) == 2)
    first.kill()
    first.wait()
    eventually(lambda: states(queue) == ["speaking"])
    assert queue()[0]["pid"] == second.pid
    second.kill()
    second.wait()
    assert queue() == []


def test_a_channel_has_settings_of_its_own_that_yield_to_options(here, home):
    (home / ".config/ttm").mkdir(parents=True)
    (home / ".config/ttm/config.toml").write_text(
        '[channels.mail]\nmodel = "tone"\nrate = "2"\npriority = 7\n'
    )
    told = json.loads(here("say", "--dry-run", "--json", "--channel", "mail", "Hello.")[1])
    assert told["model"] == "tone"
    words = ("say", "--dry-run", "--json", "--channel", "mail", "-m", "espeak", "Hello.")
    assert json.loads(here(*words)[1])["model"] == "espeak"
    code, _, err = here("say", "--channel", "no/name", "Hello.")
    assert (code, "cannot be called 'no/name'" in err) == (2, True)
    code, _, err = here("say", "--priority", "1000", "Hello.")
    assert (code, "from -100 to 100" in err) == (2, True)


def test_a_folder_of_somebody_else_is_not_used(speak, here, monkeypatch, tmp_path, eventually):
    (tmp_path / "theirs/ttm/speaker").mkdir(parents=True)
    os.chmod(tmp_path / "theirs/ttm/speaker", 0o777)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "theirs"))
    code, _, err = here("queue")
    assert (code, "is not a folder of yours alone" in err) == (7, True)
    process = speak("--verbose")
    began = time.monotonic()
    while b"nobody else knows that this plays" not in (line := process.stderr.readline()):
        assert line
        assert time.monotonic() - began < 20
    process.terminate()
    process.communicate()
