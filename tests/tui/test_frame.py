"""What every screen has in common, by its keys and the mouse."""

from __future__ import annotations

import asyncio
import stat
import threading

import pytest
from textual.widgets import Button, Input

from tui.messages import Told
from tui.modes import PLACES
from tui.screens.first_run import FirstRun
from tui.screens.keys import Keys, groups
from tui.screens.told import Messages
from tui.widgets.keys_bar import KeysBar
from tui.widgets.log_line import LogLine
from tui.widgets.places import Tab

QUIET = {"say.model": "tone", "tui.toasts": False}


async def test_what_is_said_stands_in_the_log_line_and_cannot_steer_the_terminal(
    opened, screen_text
):
    async with opened() as pilot:
        pilot.app.fail("no \x1b]52;c;aGk=\x07 here")
        await pilot.pause()
        assert pilot.app.last_told == ("No \\x1b]52;c;aGk=\\x07 here", "failed")
        assert "! No \\x1b]52;c;aGk=\\x07 here" in screen_text(pilot.app)


async def test_something_can_be_said_from_another_thread(opened):
    async with opened() as pilot:
        await asyncio.to_thread(pilot.app.post_message, Told("from elsewhere"))
        await pilot.pause()
        assert pilot.app.last_told == ("from elsewhere", "told")


async def test_what_was_said_can_be_read_again(opened, screen_text):
    async with opened(**QUIET) as pilot:
        for sentence in ("first said", "second said", "third said"):
            pilot.app.tell(sentence)
        await pilot.click("#log-line")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Messages)
        shown = screen_text(pilot.app)
        assert shown.index("third said") < shown.index("second said") < shown.index("first said")
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, Messages)


async def test_every_screen_is_a_key_or_a_click_away(opened):
    async with opened(**QUIET) as pilot:
        for number, place in enumerate(PLACES, 1):
            for way in (place.key, f"ctrl+{number}"):
                await pilot.press("f1" if place.key != "f1" else "f2", way)
                assert pilot.app.current_mode == place.mode
        for place in reversed(PLACES):
            tab = next(each for each in pilot.app.screen.query(Tab) if each.place == place)
            await pilot.click(tab)
            await pilot.pause()
            assert pilot.app.current_mode == place.mode


async def test_nobody_goes_elsewhere_from_what_lies_over_a_screen(opened):
    async with opened(**QUIET) as pilot:
        await pilot.press("f9", "f2")
        assert isinstance(pilot.app.screen, Keys)
        assert pilot.app.current_mode == "speak"


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.mode)
async def test_the_keys_are_told_from_the_bindings_and_each_says_what_it_does(opened, place):
    async with opened(mode=place.mode, **QUIET) as pilot:
        screen = pilot.app.screen
        told = [row for _, rows in groups(screen) for row in rows]
        acting = {
            (active.node, active.binding.action)
            for active in screen.active_bindings.values()
            if not active.binding.system and (active.binding.description or active.binding.tooltip)
        }
        assert len(told) == len(acting)
        assert all(row.keys and row.sentence for row in told)
        for active in screen.active_bindings.values():
            if active.node in (screen, pilot.app) and not active.binding.system:
                assert active.binding.tooltip, active.binding
        await pilot.press("f9")
        assert isinstance(pilot.app.screen, Keys)
        await pilot.press("escape")
        assert pilot.app.screen is screen


async def test_a_key_in_the_bar_can_be_clicked(opened):
    async with opened(mode="queue", **QUIET) as pilot:
        bar = pilot.app.screen.query_one(KeysBar)
        at = str(bar.render()).index("? Keys")
        await pilot.click(bar, offset=(at + 4, 0))  # two columns of padding
        await pilot.pause()
        assert isinstance(pilot.app.screen, Keys)


@pytest.mark.parametrize("width", [20, 60, 80])
async def test_quit_and_keys_are_in_the_bar_whatever_the_room(opened, width):
    async with opened(size=(width, 16), mode="voices", **QUIET) as pilot:
        shown = str(pilot.app.screen.query_one(KeysBar).render())
        assert "^q Quit" in shown
        assert "? Keys" in shown


async def test_the_palette_finds_what_can_be_done_by_name(opened):
    async with opened(**QUIET) as pilot:
        for typed, mode in (("go to models", "models"), ("go to queue", "queue")):
            await pilot.press("ctrl+p")
            pilot.app.screen.query_one(Input).value = typed
            await pilot.pause(0.3)
            await pilot.press("enter")
            await pilot.pause(0.2)
            assert pilot.app.current_mode == mode
        await pilot.press("f10")
        pilot.app.screen.query_one(Input).value = "colours: contrast, light"
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert pilot.app.theme == "ttm-contrast-light"


async def test_the_same_can_be_had_in_a_shell(opened):
    async with opened(text="It's here.", **QUIET) as pilot:
        pilot.app.wishes |= {"model": "tone", "rate": "1.5"}
        await pilot.pause()
        await pilot.press("f8")
        command = "ttm say --model tone --rate 1.5 'It'\"'\"'s here.'"
        assert pilot.app.clipboard == command
        assert pilot.app.last_told == (f"Copied: {command}", "done")


async def test_a_long_text_is_named_by_its_file(opened, until):
    async with opened(text="a word " * 400, **QUIET) as pilot:
        await pilot.pause()
        await pilot.press("f8")
        assert pilot.app.clipboard == f"ttm say -f {pilot.app.draft.path}"
        await until(pilot, pilot.app.draft.path.exists)
    assert pilot.app.draft.path.read_text() == "a word " * 400


async def test_a_text_that_is_opened_never_costs_the_draft(opened, until):
    async with opened(**QUIET) as pilot:
        await pilot.press(*"mine")
        draft = pilot.app.draft
    async with opened(text="A letter.", **QUIET) as pilot:
        assert pilot.app.compose_text() == "A letter."
        assert pilot.app.last_told[0].startswith("Your draft is kept")
    assert draft.path.read_text() == "mine"
    async with opened(text="A letter.", **QUIET) as pilot:
        await pilot.press("x")
    assert (draft.path.read_text(), draft.before.read_text()) == ("xA letter.", "mine")
    async with opened(**QUIET) as pilot:
        editor = pilot.app.screen.editor
        await until(pilot, lambda: editor.text == "xA letter.")
        pilot.app.speak_with("Of yesterday.")
        await until(pilot, lambda: editor.text == "Of yesterday.")
        assert "Ctrl+Z brings it back" in pilot.app.last_told[0]
        await pilot.press("ctrl+z")
        assert editor.text == "xA letter."


async def test_what_the_log_line_shows_whole_is_not_said_a_second_time(opened):
    async with opened(**{**QUIET, "tui.toasts": True}) as pilot:
        pilot.app.fail("it is short")
        await pilot.pause()
        assert pilot.app.last_told == ("It is short", "failed")
        assert not pilot.app._notifications
        pilot.app.tell("This comes after it.")
        await pilot.pause()
        assert pilot.app.screen.query_one(LogLine).sentence == "It is short"
        pilot.app.fail("it is long " * 10)
        await pilot.pause()
        assert len(pilot.app._notifications) == 1


async def test_a_bug_in_what_a_screen_does_in_the_background_is_told(opened, until, home):
    def bug() -> None:
        raise KeyError("CANARY")

    async with opened(**QUIET) as pilot:
        for screen in (pilot.app.screen, Messages([])):
            if screen is not pilot.app.screen:
                await pilot.app.push_screen(screen)
            pilot.app.tell("")
            screen.run_worker(bug, thread=True, exit_on_error=False)
            await until(pilot, lambda: pilot.app.last_told[0].startswith("A bug in ttm: KeyError"))
        for report in home.glob(".local/state/ttm/log/tui-*.txt"):
            assert "CANARY" not in report.read_text()
        assert pilot.app.last_told[0].endswith("try again, and send it in.")


async def test_a_dialog_shows_its_own_keys_and_what_cannot_be_done_is_dim(opened):
    async with opened(size=(80, 24), **QUIET) as pilot:
        enabled = {
            key.description: key.enabled for key in pilot.app.screen.query_one(KeysBar)._keys()
        }
        assert not enabled["Anew"]
        assert not enabled["Save"]
        assert enabled["Quit"]
        assert next(iter(enabled)) == "Speak"
        await pilot.press("f9")
        assert [key.description for key in pilot.app.screen.query_one(KeysBar)._keys()] == ["Close"]


async def test_ctrl_c_copies_what_is_selected_and_never_quits(opened, until):
    async with opened(text="some words", **QUIET) as pilot:
        await until(pilot, lambda: not pilot.app.studio.busy)
        await pilot.press("ctrl+c")
        assert pilot.app.last_told[0] == "Nothing is being spoken. Ctrl+Q quits."
        await pilot.press("home", "shift+right", "shift+right", "shift+right", "shift+right")
        await pilot.press("ctrl+c")
        assert pilot.app.clipboard == "some"


async def test_a_draft_is_for_its_owner_alone_and_not_kept_where_nobody_wants_it(opened, home):
    draft = home / ".local/state/ttm/draft.txt"
    async with opened(**{"tui.keep_draft": False}, **QUIET) as pilot:
        await pilot.press(*"secret")
        pilot.app.draft.save()
        assert not draft.exists()
    async with opened(**QUIET) as pilot:
        await pilot.press(*"mine")
    assert draft.read_text() == "mine"
    assert stat.S_IMODE(draft.stat().st_mode) == 0o600


async def test_a_bug_in_a_thread_is_a_sentence_and_nothing_else_ends(opened, monkeypatch, home):
    async with opened(**QUIET) as pilot:
        monkeypatch.setattr(threading, "excepthook", pilot.app.thread_failed)
        thread = threading.Thread(target=lambda: {}["CANARY"])
        thread.start()
        thread.join()
        await pilot.pause()
        sentence, kind = pilot.app.last_told
        (report,) = home.glob(".local/state/ttm/log/tui-*.txt")
        told = f"A bug in ttm: KeyError. The report on it is ~/{report.relative_to(home)}; "
        assert (sentence, kind) == (told + "try again, and send it in.", "failed")
        assert "CANARY" not in report.read_text()


@pytest.mark.parametrize("size", [(80, 24), (60, 16)], ids=["small", "least"])
async def test_who_is_new_is_spoken_to_and_told_what_a_natural_voice_needs(
    opened, until, screen_text, size
):
    null = {"playback.player": "auto", "playback.backend": "miniaudio", "playback.device": "null"}
    async with opened(size=size, welcome=True, **null) as pilot:
        app = pilot.app
        assert isinstance(app.screen, FirstRun)
        await until(pilot, lambda: "That was espeak" in app.last_told[0])
        await until(pilot, lambda: "qwen3:0.6b" in screen_text(app))
        assert app.screen.query_one("#natural", Button).display
        shown = screen_text(app)
        assert "Begin to write" in shown
        if size[1] > 20:
            assert "2.5 GB" in shown
            assert "The neural runtime" not in shown or "MB" in shown
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, FirstRun))
        await until(pilot, lambda: app.draft.path.with_name("welcomed").exists())
        assert not app.draft.path.with_name("history.jsonl").exists()


async def test_who_wants_the_natural_voice_is_brought_to_the_models(opened, until):
    async with opened(welcome=True, **QUIET) as pilot:
        brought = []
        pilot.app.bring = brought.append
        await until(pilot, lambda: pilot.app.screen.query_one("#natural", Button).display)
        await pilot.press("n")
        assert brought == ["qwen3:0.6b"]


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_the_keys_look_as_they_did(opened, picture, theme):
    async with opened(mode="queue", **{"tui.theme": theme}, **QUIET) as pilot:
        await pilot.press("f9")
        await pilot.pause()
        picture(pilot.app, f"keys-small-{theme}")
