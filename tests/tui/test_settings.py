"""Settings in the interface: the file as a form, and nothing in it is lost."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path

import pytest
from textual.drivers.headless_driver import HeadlessDriver
from textual.widgets import Input, Static

from tui.widgets.choice_bar import ChoiceBar
from tui.widgets.rows import Rows

FILE = """\
# mine
[say]
rate = "1.2"   # brisk
#volume = 0.0
pause = 300

[profiles.news.say]
rate = "1.5"
"""


@pytest.fixture
def file(home) -> Path:
    path = home / ".config" / "ttm" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(FILE)
    return path


@pytest.fixture
def form(opened, until):
    """`async with form() as pilot`: the settings, once they are there."""

    @contextlib.asynccontextmanager
    async def open_form(**options):
        async with opened(mode="settings", **options) as pilot:
            await until(pilot, lambda: lines(pilot).rows)
            yield pilot

    return open_form


def lines(pilot) -> Rows:
    return pilot.app.screen.query_one("#lines", Rows)


def told(pilot) -> str:
    return pilot.app.last_told[0]


def row(pilot, key: str) -> tuple[str, ...]:
    return next(each.cells for each in lines(pilot).rows if each.key == key)


def shown_of(pilot, name: str) -> str:
    return str(pilot.app.screen.query_one(f"#setting-{name}", Static).content)


def field(pilot) -> Input:
    return pilot.app.screen.query_one("#setting-value", Input)


async def test_every_setting_has_its_value_and_where_it_comes_from(form, file, monkeypatch):
    monkeypatch.setenv("TTM_SAY_VOLUME", "-3")
    from ttm.config import every_setting

    async with form() as pilot:
        keys = {each.key for each in lines(pilot).rows}
        assert {each.key for each in every_setting()} <= keys
        assert row(pilot, "say.rate")[1:3] == ("1.2", "config.toml:3")
        assert row(pilot, "say.volume")[1:3] == ("-3.0 dB", "environment")
        assert row(pilot, "say.model")[1:3] == ("espeak", "default")
        assert lines(pilot).go("say.volume")
        await pilot.pause()
        assert shown_of(pilot, "origin") == "TTM_SAY_VOLUME in the environment wins"
        assert "from -60 to 20 dB" in shown_of(pilot, "takes")


async def test_a_value_is_judged_as_it_is_typed_and_written_with_the_comments_kept(
    form, file, until, monkeypatch
):
    async with form() as pilot:
        lines(pilot).go("say.rate")
        await pilot.press("enter", "9", "escape")
        assert (field(pilot).value, file.read_text()) == ("1.2", FILE)
        await pilot.press("enter", "backspace", "x")
        wrong = "say.rate: expected a factor from 0.25 to 4, words a minute (180wpm) or a change"
        assert shown_of(pilot, "complaint").startswith(wrong)
        await pilot.press("enter")
        assert file.read_text() == FILE
        await pilot.press("backspace", "4", "enter")
        await until(pilot, lambda: row(pilot, "say.rate")[1] == "1.4")
        assert file.read_text() == FILE.replace('"1.2"', '"1.4"')
        assert told(pilot) == 'say.rate = "1.4" written to ~/.config/ttm/config.toml'
        assert pilot.app.config.say.rate == "1.4"
        monkeypatch.setenv("TTM_SAY_PAUSE", "100")
        lines(pilot).go("say.pause")
        await pilot.press("enter", "0", "enter")
        await until(pilot, lambda: "pause = 3000" in file.read_text())
        await until(pilot, lambda: told(pilot).endswith("is set in the environment, and wins"))


async def test_switches_choices_and_the_way_back_to_a_default_need_no_typing(form, file, until):
    async with form() as pilot:
        lines(pilot).go("say.normalize")
        await pilot.press("enter")
        await until(pilot, lambda: "normalize = true" in file.read_text())
        lines(pilot).go("say.format")
        await pilot.press("enter", "right", "enter")
        await until(pilot, lambda: 'format = "flac"' in file.read_text())
        await until(pilot, lambda: row(pilot, "say.format")[1] == "flac")
        bar = pilot.app.screen.query_one(ChoiceBar)
        assert await pilot.click(bar, offset=(17, 0))  # mp3
        await until(pilot, lambda: 'format = "mp3"' in file.read_text())
        lines(pilot).go("say.rate")
        await pilot.press("u")
        await until(pilot, lambda: row(pilot, "say.rate")[1:3] == ("1.0", "default"))
        assert '#rate = "1.0"   # brisk' in file.read_text()
        await pilot.press("u")
        await until(pilot, lambda: told(pilot) == "~/.config/ttm/config.toml does not set say.rate")


async def test_what_is_looked_for_is_found_by_name_and_sentence(form, file, until):
    async with form() as pilot:
        await pilot.press("slash", *"zzz")
        assert [each.key for each in lines(pilot).rows] == []
        await pilot.press("escape", "slash", *"softer")
        assert "say.volume" in [each.key for each in lines(pilot).rows]
        await pilot.press("enter", "enter")
        assert field(pilot).has_focus
        await pilot.press("escape", "escape")
        assert await pilot.click("#sections", offset=(3, 2))
        assert lines(pilot).row.key.startswith("text.rules.")


async def test_a_profile_is_laid_over_and_written_to_and_a_section_gets_a_name(form, file, until):
    async with form() as pilot:
        await pilot.press("p", "down", "enter")
        await until(pilot, lambda: row(pilot, "say.rate")[1:3] == ("1.5", "profile news"))
        lines(pilot).go("say.rate")
        await pilot.press("enter", "backspace", "6", "enter")
        await until(pilot, lambda: 'rate = "1.6"' in file.read_text())
        assert 'rate = "1.2"   # brisk' in file.read_text()
        await pilot.press("p", "tab", *"late", "enter")
        await until(pilot, lambda: "[profiles.late.say]" in file.read_text())
        await pilot.press("p", "home", "enter")
        await until(pilot, lambda: row(pilot, "say.rate")[1] == "1.2")
        lines(pilot).go("channels.*")
        await pilot.press("enter", *"mail", "enter")
        await until(
            pilot, lambda: any(r.key == "channels.mail.priority" for r in lines(pilot).rows)
        )
        lines(pilot).go("channels.mail.priority")
        await pilot.press("enter", "backspace", "5", "enter")
        await until(pilot, lambda: "[channels.mail]\npriority = 5" in file.read_text())


async def test_a_change_from_elsewhere_is_noticed_what_is_typed_stays_and_nothing_is_obeyed(
    form, file, until, hostile, screen_text
):
    async with form() as pilot:
        lines(pilot).go("say.rate")
        await pilot.press("enter", "5")
        file.write_text(FILE.replace("300", "400"))
        await until(pilot, lambda: row(pilot, "say.pause")[1] == "400 ms")
        assert (field(pilot).value, field(pilot).has_focus) == ("1.25", True)
        assert "was changed elsewhere" in told(pilot)
        await pilot.press("escape")
        spelled = "".join(f"\\u{ord(c):04x}" for c in hostile if c != "\0")
        file.write_text(f'[say]\nvoice = "{spelled}"\n')
        await until(pilot, lambda: "owned" in row(pilot, "say.voice")[1])
        lines(pilot).go("say.voice")
        await pilot.pause()
        assert "\\x1b]0;own" in screen_text(pilot.app)
        assert not set("\x1b\x07\x9b\x90\u202e") & set(screen_text(pilot.app))


async def test_a_broken_file_shows_its_lines_and_the_defaults_apply(form, file, until, picture):
    async with form() as pilot:
        file.write_text("[say]\nrate = 17\npauze = 1\n")
        wrong = pilot.app.screen.query_one("#settings-problems", Static)
        await until(pilot, lambda: wrong.display)
        assert "~/.config/ttm/config.toml:2: say.rate: expected a factor" in str(wrong.content)
        assert "~/.config/ttm/config.toml:3: unknown setting 'say.pauze'" in str(wrong.content)
        assert row(pilot, "say.rate")[1] == "1.0"
        lines(pilot).go("say.normalize")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.last_told[1] == "failed")
        assert file.read_text() == "[say]\nrate = 17\npauze = 1\n"
        file.write_text(FILE)
        await until(pilot, lambda: not wrong.display)
        assert row(pilot, "say.rate")[1] == "1.2"


async def test_the_file_is_opened_in_the_editor_and_read_again(form, file, until, monkeypatch):
    script = file.with_name("editor")
    script.write_text('#!/bin/sh\nsed -i "s/300/500/" "$1"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("VISUAL", str(script))
    async with form() as pilot:
        await pilot.press("e")
        await until(pilot, lambda: pilot.app.last_told[1] == "failed")
        assert "cannot be lent to an editor" in told(pilot)  # there is no terminal here
        monkeypatch.setattr(HeadlessDriver, "can_suspend", True)
        await pilot.press("e")
        await until(pilot, lambda: row(pilot, "say.pause")[1] == "500 ms")
        monkeypatch.setenv("VISUAL", "/nonexistent/editor")
        await pilot.press("e")
        await until(pilot, lambda: "Cannot run '/nonexistent/editor'" in told(pilot))


def test_a_broken_file_at_the_start_is_told_and_mended_in_the_editor(session, file, monkeypatch):
    file.write_text("[say]\npauze = 1\n")
    script = file.with_name("editor")
    script.write_text('#!/bin/sh\nsed -i s/pauze/pause/ "$1"\necho EDITED\n')
    script.chmod(0o700)
    monkeypatch.setenv("EDITOR", str(script))
    opened = session(size=(100, 30))
    opened.wait("config.toml:2: unknown setting 'say.pauze'")
    opened.press("e")
    opened.wait("The settings can be used again")
    assert "1 ms" in opened.shown
    assert b"EDITED" in opened.raw
    opened.press("ctrl+q")
    assert opened.end() == 0


@pytest.mark.parametrize("size", ["small", "large"])
async def test_the_settings_look_as_they_did(form, file, picture, monkeypatch, size):
    monkeypatch.setenv("TTM_SAY_VOLUME", "-3")
    async with form(size={"small": (80, 24), "large": (140, 45)}[size]) as pilot:
        for look in ("dark", "light"):
            pilot.app.theme = f"ttm-{look}"
            lines(pilot).go("say.rate")
            lines(pilot).focus()
            await pilot.pause()
            picture(pilot.app, f"settings-{size}-{look}")
        await pilot.press("enter", "x")
        picture(pilot.app, f"settings-{size}-wrong")
