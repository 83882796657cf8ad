"""The speaker queue in the interface: who speaks, who waits, and what keys do about it."""

from __future__ import annotations

import asyncio
import json
import os
import time
from types import SimpleNamespace

import pytest

from ttm.narration.queue import speaker_queue
from tui.screens.queue import Queue
from tui.widgets.rows import Rows

NOON = 1_609_761_600
"""4 January 2021, 12:00 UTC."""


@pytest.fixture
def join():
    """`join("cli", ...)`: a place in the queue; `place.heard` is what others asked of it."""
    places = []

    def take(door: str, *, speaks: bool = False, **about):
        place = speaker_queue().join(door, **about)
        place.heard = []
        if speaks:
            assert place.wait()
            place.listen(place.heard.append)
        places.append(place)
        return place

    yield take
    for place in places:
        place.close()


@pytest.fixture
def still(monkeypatch):
    """A clock that stands at noon, and one process."""
    clock = SimpleNamespace(time=lambda: NOON, strftime=time.strftime, localtime=time.gmtime)
    monkeypatch.setattr("ttm.narration.queue.time", clock)
    monkeypatch.setattr("tui.screens.queue.time", clock)
    return clock


def rows(pilot) -> Rows:
    return pilot.app.screen.query_one(Rows)


def cells(pilot) -> list[tuple[str, ...]]:
    return [row.cells for row in rows(pilot).rows]


def told(pilot) -> str:
    return pilot.app.last_told[0]


async def test_who_speaks_and_who_waits_is_there_from_all_doors_and_obeys(
    opened, until, join, screen_text, presser
):
    first = join("cli", speaks=True, voice="Anna", model="espeak", characters=900)
    join("server", channel="mail", characters=1234)
    last = join("tui", priority=-5, voice="Bob")
    speaker_queue().progress(first.number, 65.0, 130.0)
    async with opened(mode="queue", size=(140, 24)) as pilot:
        await until(pilot, lambda: len(cells(pilot)) == 3)
        assert "Anna speaks · 2 wait" in screen_text(pilot.app)
        assert cells(pilot)[0][:5] == (
            "▶ speaking",
            "cli",
            "Anna",
            "espeak",
            "━━━━──── 1:05 of 2:10",
        )
        assert cells(pilot)[1][1] == "server (mail)"
        assert cells(pilot)[1][4] == "1,234 characters"
        press = presser(pilot)
        await press("space", lambda: first.heard == ["pause"] and cells(pilot)[0][0] == "‖ paused")
        await press("space", lambda: first.heard == ["pause", "resume"])
        await pilot.press("end")
        await press("f", lambda: cells(pilot)[1][2] == "Bob")
        assert told(pilot) == f"Number {last.number} speaks next."
        assert await pilot.click(rows(pilot), offset=(3, 3))
        assert rows(pilot).row.cells[1] == "server (mail)"
        await press("i", lambda: "stop" in first.heard)
        first.close()
        await until(pilot, lambda: len(cells(pilot)) == 2)
        await press("s", lambda: told(pilot))
        for key in ("d", "delete"):
            await pilot.press("end")
            await press(key, lambda: len(pilot.app.told))
        await press("x", lambda: told(pilot).startswith("Silence"))
        # Only those of two that wait can change turns: the test after the next has them.
        for key in ("shift+up", "left_square_bracket", "shift+down", "right_square_bracket"):
            press.elsewhere(Queue, key)
        press.all_of(Queue)
        pilot.app.action_copy_command()
        await until(pilot, lambda: told(pilot) == "Copied: ttm queue")


async def test_one_is_dropped_or_skipped_and_an_empty_queue_says_so(
    opened, until, join, screen_text
):
    first = join("cli", speaks=True)
    second = join("cli")
    spoke = asyncio.create_task(asyncio.to_thread(second.wait))
    async with opened(mode="queue") as pilot:
        await until(pilot, lambda: len(cells(pilot)) == 2)
        await pilot.press("s")
        await until(pilot, lambda: first.heard == ["stop"])
        await pilot.press("down", "d")
        await until(pilot, lambda: told(pilot) == f"Dropped number {second.number}.")
        assert not await spoke
        first.close()
        second.close()
        await until(pilot, lambda: not cells(pilot))
        assert "Nothing is speaking, and nothing waits." in screen_text(pilot.app)
        await pilot.press("space")
        await until(pilot, lambda: told(pilot) == "Nothing is speaking.")


async def test_those_that_wait_change_turns(opened, until, join):
    first, second, third = (join("cli", speaks=n == 0, voice=f"v{n}") for n in range(3))
    async with opened(mode="queue") as pilot:
        await until(pilot, lambda: len(cells(pilot)) == 3)
        await pilot.press("down", "shift+down")
        await until(pilot, lambda: [one[2] for one in cells(pilot)] == ["v0", "v2", "v1"])
        assert told(pilot) == f"Number {second.number} speaks after number {third.number}."
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: told(pilot) == "It is the last that waits.")
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: [one[2] for one in cells(pilot)] == ["v0", "v1", "v2"])
        fourth = join("cli", voice="v3", priority=50)
        await until(pilot, lambda: cells(pilot)[1][2] == "v3")
        await pilot.press("shift+up")  # past one that goes before all others
        await until(pilot, lambda: cells(pilot)[1][2] == "v1")
        assert speaker_queue().step(first.number) is False
        assert speaker_queue().step(fourth.number) is True


async def test_hostile_names_are_shown_and_nothing_of_them_is_obeyed(
    opened, until, join, hostile, screen_text
):
    place = join("cli", speaks=True, voice=hostile, channel=hostile, model=hostile)
    bad = speaker_queue().path(place.number + 1, "place")
    async with opened(mode="queue", size=(140, 24)) as pilot:
        await until(pilot, lambda: cells(pilot))
        assert "\\x1b]0;owned\\x07" in screen_text(pilot.app)
        assert not set("\x1b\x07\x9b\x90\u202e") & set(screen_text(pilot.app))
        with bad.open("w") as file:  # an entry that no ttm wrote, held as by a live process
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
            row = {"number": place.number + 1, "pid": 1, "door": ["x"], "state": "dancing"}
            file.write(json.dumps(row))
            file.flush()
            await pilot.pause(0.3)
            assert len(cells(pilot)) == 1


async def test_a_folder_that_cannot_be_used_is_told(opened, until, home):
    folder = speaker_queue().folder
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    async with opened(mode="queue") as pilot:
        await until(pilot, lambda: "Set XDG_RUNTIME_DIR" in told(pilot))
        assert "not a folder of yours alone" in rows(pilot).empty


@pytest.mark.parametrize("size", ["small", "large"])
async def test_the_queue_looks_as_it_did(opened, until, join, still, monkeypatch, picture, size):
    with monkeypatch.context() as alone:
        alone.setattr(os, "getpid", lambda: 4711)
        first = join("cli", speaks=True, voice="Serena", model="qwen3-0.6b", characters=1400)
        join("server", channel="mail", voice="en-us", model="espeak", characters=240, priority=5)
        join("tui", voice="anna", model="espeak", characters=12)
    speaker_queue().progress(first.number, 12.3, 40.5)
    async with opened(mode="queue", size={"small": (80, 24), "large": (140, 45)}[size]) as pilot:
        await until(pilot, lambda: len(cells(pilot)) == 3)
        for look in ("dark", "light"):
            pilot.app.theme = f"ttm-{look}"
            await pilot.press("down")
            picture(pilot.app, f"queue-{size}-{look}")
