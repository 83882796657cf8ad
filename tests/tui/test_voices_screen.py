"""Voices, through keys and the mouse: found, heard, held against each other, kept and let go."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ttm.engine import ENGINES
from ttm.models.registry import FILES, REGISTRY
from ttm.models.speakers import TAGS
from ttm.speech import Speech
from ttm.voicefile import VoiceFile, pack
from ttm.voices.library import Library
from ttm.worker.client import Worker
from tui.screens.design import Design
from tui.screens.enrol import Enrol
from tui.screens.recordings import Recordings
from tui.screens.voices import Voices
from tui.widgets.facts import Facts
from tui.widgets.ledger import Ledger
from tui.widgets.pair import Pair

NULL = {"playback.backend": "miniaudio", "playback.player": "auto", "playback.device": "null"}
"""Sound is played, and nobody hears it."""
SPOKEN = (
    "The harbour was quiet when the first boat came in. Nobody asked what it had brought, "
    "and by noon the whole town knew."
)
ANNA = VoiceFile(
    "anna",
    "cloned",
    np.arange(48_000, dtype="<i2").tobytes(),
    24_000,
    "What I say.",
    "en",
    "my own",
    "mine, and I agreed",
    "2026-11-22T10:00:00Z",
    "recording 0123456789abcdef (WAV PCM_16, 24000 Hz, 1 channels, 2.0 s)",
)


@pytest.fixture
def library(home):
    library = Library(home / ".local/share/ttm/voices")
    library.add(ANNA)
    return library


async def until(pilot, holds: Callable[[], object]) -> None:
    await pilot.until(holds)


async def catalogue(pilot, name: str = "vivian") -> Ledger:
    """The list, once everything is in it."""
    ledger = pilot.app.screen.query_one(Ledger)
    await until(pilot, lambda: any(name == row.cells[1] for row in ledger._rows))
    return ledger


def names(ledger: Ledger) -> list[str]:
    return [row.cells[1] for row in ledger._rows]


def text(pilot) -> str:
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


async def test_voices_are_found_tried_renamed_removed_and_chosen(opened, home, library, presser):
    async with opened(mode="voices", size=(140, 45)) as pilot:  # playback is off in tests
        app, press, ledger = pilot.app, presser(pilot), await catalogue(pilot)

        def told():
            return app.last_told[0]

        def top():
            return app.screen

        assert names(ledger)[0] == "anna"  # one's own come first
        assert len(names(ledger)) > 140
        await until(pilot, lambda: "mine, and I agreed" in text(pilot))
        assert "“What I say.”" in text(pilot)
        assert "recording 0123456789abcdef" in text(pilot)
        await press("space", lambda: "needs a model that clones, and none is ready" in told())

        await press("slash", lambda: app.focused)
        await pilot.press(*"german")
        await until(pilot, lambda: "de" in names(ledger))
        assert names(ledger)[0] == "de"
        assert "German (de)" in text(pilot)
        await pilot.press("enter")
        assert ledger.has_focus
        await press("escape", lambda: len(names(ledger)) > 140)
        app.screen.query_one("#kind").value = "yours"
        await until(pilot, lambda: names(ledger) == ["anna"])
        app.screen.query_one("#kind").value = ""
        await until(pilot, lambda: len(names(ledger)) > 140)
        await pilot.click(Ledger, offset=(10, 4))
        assert ledger.cursor == 3
        for key in ("end", "home", "pagedown", "up", "down", "pageup"):
            await press(key, lambda: ledger.cursor)

        ledger.go(next(row.key for row in ledger._rows if row.cells[1] == "anna"))
        await press("e", top)
        await pilot.press("ctrl+u", *"Berta", "enter")
        await until(pilot, lambda: "berta" in names(ledger))
        assert library.names() == ["berta"]
        assert library.get("berta") == replace(ANNA, name="berta")
        ledger.go(next(row.key for row in ledger._rows if row.cells[1] == "berta"))
        await press("delete", top)
        await pilot.press("enter")  # No has the focus
        assert library.names() == ["berta"]
        await press("delete", top)
        await pilot.click("#yes")
        await until(pilot, lambda: "berta" not in names(ledger))
        assert library.names() == []

        await press("n", top)
        await pilot.press("escape")
        await press("g", top)
        await until(pilot, lambda: "No model that designs voices is ready" in text(pilot))
        await pilot.press("ctrl+g", "escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)

        pair = app.screen.query_one(Pair)
        for side in ("a", "b"):
            await press(side, lambda: (pair.a, pair.b))
        await press("t", lambda: app.screen._own_text)
        ledger.go("tone\nlow\n0")
        await pilot.press("space")
        await until(pilot, lambda: "Playback is switched off" in told())
        await press("d", lambda: app.config.say.voice == "low")
        assert app.config.say.model == "tone"
        assert 'voice = "low"' in (home / ".config/ttm/config.toml").read_text()
        await until(pilot, lambda: "•" in text(pilot))
        await press("enter", lambda: app.current_mode == "speak")
        press.elsewhere(Voices, "x")  # which needs a loudspeaker, as in the next test
        press.all_of(Voices, Ledger)


async def test_two_voices_say_the_same_sentence_in_turn(opened, home):
    async with opened(mode="voices", text="", **NULL) as pilot:
        pilot.app.draft.write("Good evening, all. Another sentence.")
        ledger = await catalogue(pilot)
        pair = pilot.app.screen.query_one(Pair)
        await pilot.press("x")  # which is dim, as there is nobody to hear
        await pilot.click(Pair, offset=(4, 1))
        await until(pilot, lambda: "to hold them against" in pilot.app.last_told[0])
        await pilot.press("slash", *"beeps", "enter")
        await until(pilot, lambda: set(names(ledger)) == {"high", "low", "sine"})
        await pilot.press("home", "a", "down", "b")
        assert (pair.a, pair.b) == ("high", "low")
        for side in ("a", "b", "a"):
            await pilot.press("x")
            await until(pilot, lambda: pair.heard == side)  # noqa: B023
            await until(pilot, lambda: pair.playing)
            assert pair.sentence == "Good evening, all."
        await pilot.press("escape")
        await until(pilot, lambda: not pair.playing)
        await pilot.click(Pair, offset=(20, 1))
        await until(pilot, lambda: pair.heard == "b" and pair.playing)
        await pilot.press("escape", "t")
        await until(pilot, lambda: pair.sentence.startswith("The north wind"))
        await pilot.press("y")
        assert pilot.app.screen.command().startswith("ttm voices try low -m tone 'The north")


async def test_nothing_in_a_voice_reaches_the_terminal_or_acts(opened, library):
    bad = "\x1b]52;c;aGk=\x07[@click=app.quit]x[/] \u202egnp\x9b2J\x00"
    voice = replace(ANNA, name="evil", description=bad, transcript=bad, consent=bad, source=bad)
    (library.folder / "evil.ttmvoice").write_bytes(pack(voice))
    async with opened(mode="voices", size=(140, 45)) as pilot:
        ledger = await catalogue(pilot)
        ledger.go(next(row.key for row in ledger._rows if row.cells[1] == "evil"))
        facts = pilot.app.screen.query_one(Facts)
        await until(pilot, lambda: "\\x1b]52" in text(pilot))
        await pilot.click(Facts, offset=(16, 1))
        shown = text(pilot)
        assert not set("\x1b\x07\x00\x9b\u202e") & set(shown)
        assert "[@click=app.quit]" in shown
        assert pilot.app.is_running
        assert facts.display


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """A folder with one that is good and one that is cut off, of an engine's speech."""
    worker = Worker("espeak")
    heard = [each for each in worker.speak(Speech(SPOKEN, "en-us")) if not isinstance(each, str)]
    worker.close()
    samples = np.concatenate([each.numpy() for each in heard])
    folder = tmp_path_factory.mktemp("recordings")
    soundfile.write(folder / "carl.wav", samples, heard[0].rate)
    soundfile.write(folder / "loud.wav", np.clip(8 * samples, -1, 1), heard[0].rate)
    (folder / "inside").mkdir()
    return folder


async def test_a_recording_is_judged_and_then_kept(opened, home, recordings, presser):
    async with opened(mode="voices", size=(140, 45)) as pilot:
        app, press, ledger = pilot.app, presser(pilot), await catalogue(pilot)
        await pilot.press("n")
        await until(pilot, lambda: app.screen.query("#path Input"))
        await press("escape", lambda: app.screen)
        await pilot.press("n")
        await until(pilot, lambda: pilot.app.screen.query("#path Input"))
        keep = pilot.app.screen.query_one("#keep")
        path = pilot.app.screen.query_one("#path Input")
        path.value = str(recordings / "loud.wav")
        await until(pilot, lambda: "It cannot become a voice" in text(pilot))
        assert "its loudest parts are cut off" in text(pilot)
        assert keep.disabled
        path.value = f"{recordings}{os.sep}"
        await press("ctrl+o", lambda: "carl.wav" in text(pilot))  # from a list of what is there
        assert "inside/" in text(pilot)
        folder = app.screen.query_one("#folder")
        await press("slash", lambda: app.focused)
        await press("escape", lambda: app.focused)
        await press("enter", lambda: str(folder.render()))
        await press("backspace", lambda: "carl.wav" in text(pilot))
        await press("escape", lambda: app.screen)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "carl.wav" in text(pilot))
        await pilot.press("down", "enter")
        await until(pilot, lambda: "It makes a voice" in text(pilot))
        assert pilot.app.screen.query_one("#name Input").value == "carl"
        for id, value in (("transcript", SPOKEN), ("language", "en"), ("consent", "mine")):
            pilot.app.screen.query_one(f"#{id} Input").value = value
        await until(pilot, lambda: "letters a second" in text(pilot) and not keep.disabled)
        pilot.app.screen.query_one("#name Input").value = "ryan"
        await press("ctrl+s", lambda: "is a built-in voice" in text(pilot))
        press.all_of(Enrol, Recordings)
        pilot.app.screen.query_one("#name Input").value = "Carl"
        await pilot.click("#keep")
        await until(pilot, lambda: "carl" in names(ledger))
    kept = Library(home / ".local/share/ttm/voices").get("carl")
    assert (kept.transcript, kept.consent, kept.kind) == (SPOKEN, "mine", "cloned")


@pytest.fixture
def designing(tmp_path_factory, monkeypatch, faulty):
    """A model that designs and one that clones are here; a fake speaks with both."""
    folder = tmp_path_factory.mktemp("models")
    for entry in REGISTRY:
        if entry.mode in ("voice_design", "base"):
            place = folder / entry.hub.replace("/", "--")
            for name in FILES:
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                (place / name).write_bytes(b"{}")
            talker = {"spk_id": {}, "codec_language_id": dict.fromkeys(TAGS.values(), 0)}
            about = {"model_type": "qwen3_tts", "tts_model_type": entry.mode}
            about |= {"tts_model_size": "1b7", "talker_config": talker}
            (place / "config.json").write_text(json.dumps(about))
    fakes = Path(__file__).parents[1] / "server" / "checkpointed"
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(fakes), faulty["PYTHONPATH"]]))
    monkeypatch.setenv("TTM_MODELS_DIR", str(folder))
    monkeypatch.setenv("TTM_GUARD_ENABLED", "false")  # beeps are not what was asked for
    fake = replace(ENGINES["qwen3"], where="ttm_checkpointed:CheckpointedEngine", modules=())
    monkeypatch.setitem(ENGINES, "qwen3", fake)


async def test_four_voices_are_made_of_a_description_and_one_is_kept(
    opened, home, designing, presser
):
    async with opened(mode="voices", size=(140, 45), **NULL) as pilot:
        press, ledger = presser(pilot), await catalogue(pilot)
        await pilot.press("g")
        await until(pilot, lambda: pilot.app.screen.query("#description"))
        await press("escape", lambda: pilot.app.screen)
        await pilot.press("g")
        await until(pilot, lambda: "qwen3:1.7b-design makes four voices" in text(pilot))
        await pilot.press(*"old and warm")
        await press("ctrl+g", lambda: "is being spoken" in text(pilot))
        cards = list(pilot.app.screen.query("CandidateCard"))
        await until(pilot, lambda: all(card.wave for card in cards))
        await until(pilot, lambda: "choose one, name it" in text(pilot))
        for number in (2, 1, 4, 3):
            await press(f"f{number}", lambda: [card.chosen for card in cards])
            assert [card.number for card in cards if card.chosen] == [number]
        for number in (2, 1, 4):
            await press(f"alt+{number}", lambda: [card.chosen for card in cards])
        await pilot.click("#candidate-3")
        assert [card.chosen for card in cards] == [False, False, True, False]
        await press("alt+2", lambda: [card.chosen for card in cards])
        await press("alt+3", lambda: [card.chosen for card in cards])
        await press("ctrl+s", lambda: "Give it a name" in text(pilot))
        press.all_of(Design)
        await pilot.press(*"Grandpa", "ctrl+s")
        await until(pilot, lambda: "grandpa" in names(ledger) or "!" in text(pilot))
        assert "grandpa" in names(ledger), text(pilot)
    kept = Library(home / ".local/share/ttm/voices").get("grandpa")
    assert (kept.kind, kept.description) == ("designed", "old and warm")
    assert "seed" in kept.source


async def test_voices_look_as_they_were_looked_at(opened, library, picture):
    async with opened(mode="voices", size=(140, 45)) as pilot:
        await catalogue(pilot)
        await pilot.press("down", "a", "down", "down", "b", "slash", *"en", "enter")
        ledger = pilot.app.screen.query_one(Ledger)
        ledger.go(next(row.key for row in ledger._rows if row.cells[1] == "anna"))
        await until(pilot, lambda: "mine, and I agreed" in text(pilot))
        await until(pilot, lambda: "The north wind" in text(pilot))
        for size, cells in (("large", (140, 45)), ("small", (80, 24))):
            await pilot.resize_terminal(*cells)
            for theme in ("dark", "light"):
                pilot.app.theme = f"ttm-{theme}"
                await pilot.pause()
                picture(pilot.app, f"voices-{size}-{theme}")
