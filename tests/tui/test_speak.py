"""The first screen, by its keys and the mouse, with a real worker; nothing is heard."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from textual.events import Paste

from ttm.config import load
from tui.screens.ask import Ask
from tui.screens.pick import Pick
from tui.screens.save import Save
from tui.widgets.choice import Choice
from tui.widgets.editor import Editor, cleaned
from tui.widgets.waveform import Waveform

TEXT = "One two three. Four five! And six?"
TONE = {"say.model": "tone", "tui.toasts": False}
HEARD = {**TONE, "playback.player": "auto", "playback.backend": "miniaudio",
         "playback.device": "null"}  # fmt: skip


async def until(pilot, holds: Callable[[], object]) -> None:
    await pilot.until(holds)


@pytest.fixture
def until_told():
    """Wait until a sentence with these words was said of something that failed."""

    async def wait(pilot, words: str) -> None:
        failed = lambda: [told for told, kind in pilot.app.told if kind == "failed"]  # noqa: E731
        await until(pilot, lambda: any(words in told for told in failed()))

    return wait


def spoken(pilot):
    tape = pilot.app.screen_stack[0]._tape
    return tape is not None and tape.ended


async def speak(pilot, key="ctrl+g"):
    await pilot.press(key)
    await until(pilot, lambda: spoken(pilot))
    return pilot.app.screen._tape


async def test_what_is_typed_is_kept_and_spoken_from_the_cursor_on(opened):
    async with opened(**TONE) as pilot:
        await pilot.press(*"Hi you.")
        assert pilot.app.draft.text == "Hi you."
        assert (await speak(pilot, "ctrl+j")).text == "Hi you."
        await pilot.press("left", "left", "left")
        pilot.app.screen._tape = None
        assert (await speak(pilot, "ctrl+j")).text == "you."
        await pilot.press("home", "shift+right", "shift+right")
        pilot.app.screen._tape = None
        assert (await speak(pilot, "ctrl+j")).text == "Hi"


async def test_a_draft_is_there_again(opened):
    async with opened(**TONE) as pilot:
        await pilot.press(*"keep me")
    async with opened(**TONE) as pilot:
        await until(pilot, lambda: pilot.app.screen.editor.text == "keep me")


async def test_the_spoken_word_is_lit_and_a_pause_holds_it(opened):
    async with opened(text=TEXT, **HEARD) as pilot:
        screen = pilot.app.screen
        await speak(pilot)
        await until(pilot, lambda: screen.editor.lit[1])
        await pilot.press("f7")
        await until(pilot, lambda: screen.transport.state == "paused")
        await pilot.pause(0.06)
        tape, (sentence, word) = screen._tape, screen.editor.lit
        now = tape.word_at(screen.transport.position)
        assert word == (now.start, now.end)
        assert sentence == (tape.sentences[0].start, tape.sentences[0].end)


async def test_sentences_are_sought_by_key_and_places_by_a_click(opened):
    async with opened(text=TEXT, **TONE) as pilot:
        screen = pilot.app.screen
        tape = await speak(pilot)
        await pilot.press("escape")
        assert screen.focused is screen.query_one(Waveform)
        screen.transport.state = "paused"
        await pilot.press("right")
        await until(pilot, lambda: screen.transport.position == tape.sentences[1].first)
        await pilot.press("ctrl+up")
        await until(pilot, lambda: screen.transport.position == tape.sentences[0].first)
        await until(pilot, lambda: screen.query_one(Waveform)._rows)
        await pilot.click(Waveform, offset=(40, 1))
        await until(pilot, lambda: screen.transport.position > tape.sentences[1].first)
        wave = screen.query_one(Waveform)
        assert screen.transport.position == round(wave._view[1] * 40 / wave.size.width)


async def test_a_sentence_is_given_other_words_in_the_text_and_in_the_sound(opened):
    async with opened(text=TEXT, **TONE) as pilot:
        tape = await speak(pilot)
        pilot.app.screen.editor.move_cursor((0, 18))
        await until(pilot, lambda: pilot.app.screen.query_one("#choice-model", Choice).value)
        await pilot.press("ctrl+t")
        await until(pilot, lambda: isinstance(pilot.app.screen, Ask))
        pilot.app.screen.query_one(Editor).load_text("Seven!")
        await pilot.press("enter")
        await until(pilot, lambda: tape.text == "One two three. Seven! And six?")
        await until(pilot, lambda: pilot.app.screen.editor.text == tape.text)
        assert pilot.app.screen.editor.heard_place(22) == 22


async def test_a_voice_is_chosen_from_a_list_by_typing(opened):
    async with opened(text=TEXT, **TONE) as pilot:
        screen = pilot.app.screen
        await until(pilot, lambda: screen.query_one("#choices").offered)
        assert not screen.query_one("#choice-language").display
        assert not screen.query_one("#choice-instruct").display
        await pilot.click("#choice-voice")
        await until(pilot, lambda: isinstance(pilot.app.screen, Pick))
        await pilot.press(*"hi", "enter")
        await until(pilot, lambda: pilot.app.wishes == {"voice": "high"})
        await speak(pilot)
        assert ("high speaks, with tone.", "told") in pilot.app.told
        await pilot.press("escape", "y")
        await pilot.pause()
        assert pilot.app.clipboard == f"ttm say --voice high '{TEXT}'"


async def test_it_is_saved_and_a_file_is_replaced_only_when_this_is_said_twice(opened, tmp_path):
    path = tmp_path / "mine.mp3"
    path.write_text("old")
    async with opened(text=TEXT, **TONE) as pilot:
        await speak(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, Save))
        dialog = pilot.app.screen
        name = dialog.query_one("#name")
        name.value = str(path)
        await pilot.press("enter")
        await until(pilot, lambda: dialog._asked)
        assert path.read_text() == "old"
        await pilot.press("enter")
        await until(pilot, lambda: "Saved" in pilot.app.last_told[0])
        assert path.read_bytes()[:3] != b"old"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, Save))
        pilot.app.screen.query_one("#name").value = str(tmp_path / "no" / "x.wav")
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert "There is no folder" in str(pilot.app.screen.query_one("#wrong").content)


async def test_nothing_that_is_pasted_reaches_the_terminal_raw(opened):
    hostile = "a\x1b]52;c;aGk=\x07b \x1b[2Jc\x9b31md\u202ee\r\nf\x00[/] [@click=app.quit]g[/]"
    async with opened(**TONE) as pilot:
        await pilot.app.screen.editor._on_paste(Paste(hostile))
        await until(pilot, lambda: "left out" in pilot.app.last_told[0])
        assert pilot.app.screen.editor.text == "ab c31mde\nf[/] [@click=app.quit]g[/]"
        assert cleaned("\ud800 é 你\t") == (" é 你\t", 1)


@pytest.mark.parametrize(
    "book", ["word " * 200_000, "line of a text\n" * 66_000, "\u4f60" * 500_000]
)
async def test_a_megabyte_is_pasted_and_written_on(opened, book):
    async with opened(**TONE) as pilot:
        editor = pilot.app.screen.editor
        await editor._on_paste(Paste(book))
        await pilot.press(*"end")
        assert editor.text == book + "end"
        assert editor.cursor == len(book) + 3
        assert editor.location_of(editor.cursor) == editor.cursor_location
        assert "end" in "".join(
            strip.text for strip in pilot.app.screen._compositor.render_strips()
        )


async def test_the_cursor_stays_in_sight_when_a_word_goes_to_a_new_row(opened):
    async with opened(text="word " * 400, **TONE) as pilot:
        editor = pilot.app.screen.editor
        editor.move_cursor(editor.document.end)
        for letter in "abcdefgh" * 10:
            await pilot.press(letter)
        await pilot.pause()
        row = editor._cursor_offset[1] - editor.scroll_offset.y
        assert 0 <= row < editor.scrollable_content_region.height


async def test_without_a_loudspeaker_it_says_so_and_speaks_and_saves_all_the_same(
    opened, until_told, tmp_path
):
    lost = {**HEARD, "playback.device": "a device that is not there"}
    for settings, sentence in ((TONE, "switched off"), (lost, "Speaking goes on")):
        async with opened(text=TEXT, **settings) as pilot:
            tape = await speak(pilot)
            assert tape.whole
            await until_told(pilot, sentence)
            await pilot.press("ctrl+s")
            await until(pilot, lambda: isinstance(pilot.app.screen, Save))
            pilot.app.screen.query_one("#name").value = str(tmp_path / f"{sentence}.wav")
            await pilot.press("enter")
            await until(pilot, (tmp_path / f"{sentence}.wav").exists)


async def test_a_worker_that_dies_leaves_the_text_and_can_be_tried_again(opened, plugins):
    settings = {**TONE, "say.model": "faulty", "text.normalize": "off"}
    async with opened(text="kill-9", **settings) as pilot:
        app = pilot.app
        await pilot.press("ctrl+g")
        await until(pilot, lambda: app.last_told[1] == "failed")
        assert app.screen.editor.text == "kill-9"
        app.screen.editor.load_text("Well.")
        await speak(pilot)
        assert app.screen._tape.whole
        # Ctrl+C while it is made ends that, and nothing else.
        app.screen.editor.load_text("On and on. hang")
        await pilot.press("ctrl+g")
        await until(pilot, lambda: app.screen._tape and app.screen._tape.samples)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: not app.studio.busy)
        await until(pilot, lambda: app.last_told[0] == "Stopped.")
        assert app.is_running
        assert app.screen.editor.text == "On and on. hang"
        assert app.screen._tape.samples


async def test_a_server_that_is_gone_leaves_the_text_and_can_be_tried_again(
    opened, fake_server, monkeypatch
):
    monkeypatch.setenv("TTM_ENGINE_REMOTE_HOME_URL", "http://127.0.0.1:9")
    settings = {**TONE, "say.model": "remote:home", "guard.enabled": False}
    async with opened(text=TEXT, **settings) as pilot:
        app = pilot.app
        for _ in range(2):
            await pilot.press("ctrl+g")
            await until(pilot, lambda: app.last_told[1] == "failed" and not app.studio.busy)
            assert "\n" not in app.last_told[0]
            assert app.screen.editor.text == TEXT
            app.tell("")
            await until(pilot, lambda: app.last_told[1] == "told")
        monkeypatch.setenv("TTM_ENGINE_REMOTE_HOME_URL", fake_server().url)
        app.use(load(overrides=settings, environ=os.environ))
        assert (await speak(pilot)).whole


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_it_looks_as_it_was_looked_at(opened, picture, size):
    async with opened(size=size, text=TEXT, **{**TONE, "playback.backend": "none"}) as pilot:
        await speak(pilot)
        pilot.app.screen.editor.blur()
        await until(pilot, lambda: len(pilot.app.told) > 2 and not pilot.app.screen._doing)
        pilot.app.tell("")
        for theme in ("dark", "light"):
            pilot.app.theme = f"ttm-{theme}"
            await until(
                pilot, lambda: not pilot.app.last_told[0] and not pilot.app._animator._animations
            )
            await pilot.pause(0.2)
            picture(pilot.app, f"speak-{size[0]}-{theme}")
