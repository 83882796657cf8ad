"""The history in the interface: found, said again, copied, saved, forgotten."""

from __future__ import annotations

import time

import pytest
from textual.widgets import Input, Static

from ttm.config import load
from ttm.narration.history import History, Said, open_history
from tui.screens.history import History as ListOfHistory
from tui.screens.question import Question
from tui.widgets.rows import Rows

MORNING = 1_609_747_200
"""4 January 2021, 8:00 UTC."""


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def past(home) -> History:
    """A history with three speeches, the oldest first."""
    history = open_history(load())
    for one in (
        Said(MORNING, "espeak", "en-us", "en", 3, 240, 14.25, "a" * 32, played=True),
        Said(
            MORNING + 90_000, "tone", "sine", "en", 7, 12, 2.5, "b" * 32, ("/tmp/x.wav",),
            settings={"rate": "1.2"}, text="Good morning.\nHow are you?",
        ),
        Said(MORNING + 90_600, "qwen3", "Serena", "en", None, 9, exit=6, text="It broke."),
    ):  # fmt: skip
        history.add(one)
    return history


def rows(pilot) -> Rows:
    return pilot.app.screen.query_one("#history-rows", Rows)


def whats(pilot) -> list[str]:
    return [row.cells[1] for row in rows(pilot).rows if row.tone != "head"]


def told(pilot) -> str:
    return pilot.app.last_told[0]


def below(pilot, name: str) -> str:
    return str(pilot.app.screen.query_one(f"#history-{name}", Static).content)


async def test_what_was_said_is_found_copied_and_forgotten(opened, until, past, presser):
    async with opened(mode="history", **{"playback.player": "none"}) as pilot:
        press, app = presser(pilot), pilot.app
        await until(pilot, lambda: len(whats(pilot)) == 3)
        assert whats(pilot) == ["It broke.", "Good morning. How are you?", "240 characters"]
        heads = [row.cells[0] for row in rows(pilot).rows if row.tone == "head" and row.cells[0]]
        assert heads == ["Tuesday, 5 January 2021", "Monday, 4 January 2021"]
        assert "exit code 6" in below(pilot, "about")
        assert "a fingerprint are remembered, not the text" in below(pilot, "kept")
        await press("slash", lambda: app.focused)
        await pilot.press(*"sine", "enter")
        await until(pilot, lambda: whats(pilot) == ["Good morning. How are you?"])
        assert below(pilot, "count") == "1 of 3"
        assert below(pilot, "text") == "Good morning.\nHow are you?"
        await press("c", lambda: app.clipboard == "Good morning.\nHow are you?")
        await press("ctrl+f", lambda: app.focused)
        await press("escape", lambda: app.focused)
        await until(pilot, lambda: len(whats(pilot)) == 3)
        assert rows(pilot).row.cells[1].startswith("Good morning")  # the cursor stays on its row
        past.add(Said(MORNING + 99_999, "tone", "sine", text="From elsewhere."))
        await until(pilot, lambda: len(whats(pilot)) == 4)
        assert rows(pilot).row.cells[1].startswith("Good morning")
        await press("d", lambda: len(whats(pilot)) == 3)
        assert [said.text for said in past.every()] == ["From elsewhere.", "It broke.", None]
        await pilot.press("end", "c")
        await until(pilot, lambda: "its text was not kept. Set history.keep to full" in told(pilot))
        await pilot.press("home")
        await press("s", lambda: app.screen)
        await pilot.press("escape")
        await press("space", lambda: told(pilot))
        for question, answer in (("X", "escape"), ("X", "n"), ("X", "y")):
            await press(question, lambda: app.screen)
            if answer == "escape":
                await press("right", lambda: app.focused.id)
                await press("left", lambda: app.focused.id)
            await press(answer, lambda: app.screen)
        await until(pilot, lambda: not past.every() and not whats(pilot))
        past.add(Said(MORNING, "tone", "sine", text="Once more."))
        await until(pilot, lambda: whats(pilot) == ["Once more."])
        await press("delete", lambda: whats(pilot))
        past.add(Said(MORNING, "tone", "low", text="Open me.", settings={"rate": "1.5"}))
        await until(pilot, lambda: whats(pilot) == ["Open me."])
        await press("o", lambda: app.current_mode == "speak")
        await until(pilot, lambda: app.screen.editor.text == "Open me.")
        assert app.wishes == {"model": "tone", "voice": "low", "rate": "1.5"}
        press.all_of(ListOfHistory, Question)


async def test_all_of_it_is_forgotten_after_a_question_alone(opened, until, past, screen_text):
    async with opened(mode="history", **{"history.keep": "off"}) as pilot:
        await until(pilot, lambda: len(whats(pilot)) == 3)
        assert below(pilot, "kept").startswith("The history is off")
        await pilot.press("X")
        await until(pilot, lambda: "Forget all 3 speeches?" in screen_text(pilot.app))
        await pilot.press("enter")
        await until(pilot, lambda: not pilot.app.screen.is_modal)
        assert len(past.every()) == 3
        await pilot.press("X", "y")
        await until(pilot, lambda: not past.every() and not whats(pilot))
        assert told(pilot) == "Forgot 3 speeches."
        assert "Nothing was said yet" in screen_text(pilot.app)


async def test_a_speech_is_said_again_and_saved_and_says_where_its_sound_came_from(
    opened, until, past, monkeypatch, tmp_path
):
    monkeypatch.delenv("TTM_PLAYBACK_PLAYER")
    monkeypatch.setenv("TTM_PLAYBACK_DEVICE", "null")
    monkeypatch.setenv("TTM_CACHE_EVERY_ENGINE", "true")
    monkeypatch.setenv("TTM_HISTORY_KEEP", "off")
    async with opened(mode="history") as pilot:
        await until(pilot, lambda: len(whats(pilot)) == 3)
        await pilot.press("down", "s")
        await until(pilot, lambda: pilot.app.screen.is_modal)
        place = tmp_path / "again.flac"
        pilot.app.screen.query_one("#name", Input).value = str(place)
        await pilot.press("enter")
        await until(pilot, place.exists)
        await until(pilot, lambda: any("spoken anew" in one for one, _ in pilot.app.told))
        await pilot.press("space")
        await until(pilot, lambda: told(pilot).startswith("Said again from what was kept"))
        await until(pilot, lambda: pilot.app.screen.replay.active)
        await pilot.press("space")
        await until(pilot, lambda: not pilot.app.screen.replay.active)
        await pilot.press("up", "space")  # a model that is not here
        await until(pilot, lambda: pilot.app.last_told[1] == "failed")
        assert told(pilot).startswith("It cannot be said again: ")
        pilot.app.studio.close()


async def test_hostile_texts_are_shown_and_nothing_of_them_is_obeyed(
    opened, until, past, hostile, screen_text
):
    past.add(Said(MORNING + 99_000, hostile, hostile, text=hostile, outputs=(hostile,)))
    with past.path.open("a") as file:
        file.write(
            '{"time":"noon"}\n{"time":1,"text":["x"]}\n{"time":1e300}\n{"time":1,"files":3}\n'
        )
    async with opened(mode="history", size=(140, 45)) as pilot:
        await until(pilot, lambda: len(whats(pilot)) == 4)
        assert "\\x1b]0;owned\\x07" in screen_text(pilot.app)
        assert not set("\x1b\x07\x9b\x90\u202e") & set(screen_text(pilot.app))
        assert "[@click=app.quit]x[/]" in screen_text(pilot.app)


@pytest.mark.parametrize("size", ["small", "large"])
async def test_the_history_looks_as_it_did(opened, until, past, picture, size):
    async with opened(mode="history", size={"small": (80, 24), "large": (140, 45)}[size]) as pilot:
        await until(pilot, lambda: len(whats(pilot)) == 3)
        await pilot.press("down")
        for look in ("dark", "light"):
            pilot.app.theme = f"ttm-{look}"
            await pilot.pause()
            picture(pilot.app, f"history-{size}-{look}")
        await pilot.press("X")
        await until(pilot, lambda: pilot.app.screen.is_modal)
        picture(pilot.app, f"history-{size}-question")
