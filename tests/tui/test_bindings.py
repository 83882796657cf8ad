"""Every key of every screen, dialog and widget is pressed, and does what can be seen."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

from textual.command import CommandPalette
from textual.dom import DOMNode
from textual.widgets import OptionList

import tui.app
import tui.screens
import tui.widgets
from tui.app import TtmApp
from tui.modes import PLACES
from tui.screens.ask import Ask
from tui.screens.first_run import FirstRun
from tui.screens.keys import Keys
from tui.screens.overlay import Overlay
from tui.screens.page import Page
from tui.screens.pick import Pick
from tui.screens.save import Save
from tui.screens.speak import Speak
from tui.screens.told import Messages
from tui.widgets.choice import Choice
from tui.widgets.editor import Editor
from tui.widgets.places import Tab

TEXT = "One two three. Four five! And six?"
QUIET = {"say.model": "tone", "tui.toasts": False}
HEARD = {**QUIET, "playback.player": "auto", "playback.backend": "miniaudio",
         "playback.device": "null"}  # fmt: skip


def every_kind() -> set[str]:
    """The classes of the interface that bind keys."""
    modules: list[ModuleType] = [tui.app]
    for package in (tui.screens, tui.widgets):
        names = [each.name for each in pkgutil.iter_modules(package.__path__)]
        modules += [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    return {
        f"{module.__name__}.{name}"
        for module in modules
        for name, kind in vars(module).items()
        if isinstance(kind, type)
        and issubclass(kind, DOMNode)
        and kind.__module__ == module.__name__
        if vars(kind).get("BINDINGS")
    }


def walked() -> set[str]:
    """The classes of which some test says that it pressed all keys."""
    found = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        tree = ast.parse(path.read_text())
        origins = {
            alias.asname or alias.name: f"{node.module}.{alias.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".all_of"):
                found |= {origins[ast.unparse(each)] for each in node.args}
    return found


def test_there_is_no_screen_or_widget_of_which_no_test_presses_every_key():
    assert every_kind() - walked() == set()


async def test_what_works_everywhere(opened, presser, until):
    async with opened(**QUIET) as pilot:
        app, press = pilot.app, presser(pilot)

        def top():
            return app.screen

        places = [*PLACES[1:], PLACES[0]]
        for place in places:
            await press(place.key, lambda: app.current_mode)
            assert app.current_mode == place.mode
        for number, place in [*enumerate(PLACES, 1)][1:]:
            await press(f"ctrl+{number}", lambda: app.current_mode)
            assert app.current_mode == place.mode
        await press("ctrl+1", lambda: app.current_mode)
        for place in reversed(PLACES):
            tab = next(each for each in app.screen.query(Tab) if each.place == place)
            await pilot.click(tab)
            await until(pilot, lambda: app.current_mode == place.mode)  # noqa: B023
        await press("f2", lambda: app.current_mode)
        for opening, closing in (
            ("question_mark", "escape"), ("f9", "question_mark"), ("f9", "q"), ("f9", "f9"),
        ):  # fmt: skip
            await press(opening, top)
            assert isinstance(app.screen, Keys)
            await press(closing, top)
        for key in ("ctrl+p", "f10"):
            await press(key, top)
            assert isinstance(app.screen, CommandPalette)
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, Page))
        for key in ("y", "f8", "ctrl+c"):
            await press(key, lambda: len(app.told))
        for key in ("escape", "q"):
            app.action_messages()
            await until(pilot, lambda: isinstance(app.screen, Messages))
            await press(key, top)
        await press("super+c", lambda: len(app.told))
        await press("f1", lambda: app.current_mode)
        await press("tab", lambda: app.focused)
        await press("shift+tab", lambda: app.focused)
        await press("ctrl+q", lambda: app._exit)
        # Only a terminal can be given back to a shell: test_terminal does that.
        press.elsewhere(TtmApp, "ctrl+z")
        press.all_of(TtmApp, Page, Keys, Messages)


async def test_speak_and_what_it_opens(opened, presser, until, tmp_path):
    async with opened(text=TEXT, **HEARD) as pilot:
        app, press, speak = pilot.app, presser(pilot), pilot.app.screen

        def top():
            return app.screen

        def state():
            return speak.transport.state

        async def spoken():
            await until(pilot, lambda: speak._tape and speak._tape.ended)

        await until(pilot, lambda: speak.query_one("#choices").offered)
        await press("alt+a", lambda: speak.editor.selection)
        for key in ("ctrl+j", "ctrl+enter", "ctrl+g"):
            await press(key, lambda: speak._job)
        await spoken()
        await press("f7", state)
        await press("escape", lambda: app.focused)
        await press("space", state)
        while state() != "paused":
            await pilot.press("space")
        for key in ("ctrl+down", "right", "left", "ctrl+up"):
            await press(key, lambda: speak.transport.position)
        for key in ("minus", "plus", "equals_sign"):
            await press(key, lambda: speak.transport.speed)
        for key, closing in (("r", "escape"), ("w", "ctrl+j"), ("ctrl+r", "enter")):
            await press(key, top)
            assert isinstance(app.screen, Ask)
            await press(closing, top)
        await press("ctrl+t", top)
        await pilot.press("escape")
        await press("v", top)
        assert isinstance(app.screen, Pick)
        rows = app.screen.query_one(OptionList)
        for key in ("down", "up", "pagedown", "pageup"):
            await press(key, lambda: rows.highlighted)
        await press("escape", top)
        await press("m", top)
        await pilot.press("escape")
        await press("ctrl+s", top)
        assert isinstance(app.screen, Save)
        await press("ctrl+t", lambda: app.screen._form)
        for key in ("tab", "shift+tab"):
            await press(key, lambda: app.focused)
        await press("escape", top)
        await pilot.press("ctrl+s")
        app.screen.query_one("#name").value = str(tmp_path / "kept.wav")
        await press("ctrl+s", top)
        await until(pilot, (tmp_path / "kept.wav").exists)
        for key in ("enter", "space", "down"):
            speak.query_one("#choice-voice", Choice).focus()
            await pilot.pause()
            await press(key, top)
            await pilot.press("escape")
        speak.query_one("#sound Waveform").focus()
        await pilot.pause()
        await pilot.press("ctrl+up")
        if state() == "paused":
            await pilot.press("space")
        await press("s", state)
        press.all_of(Speak, Ask, Pick, Save, Overlay, Choice, Editor)


async def test_the_welcome(opened, presser, until):
    async with opened(welcome=True, **QUIET) as pilot:
        app, press = pilot.app, presser(pilot)
        brought = []
        app.bring = brought.append
        welcome = app.screen
        await until(pilot, lambda: welcome.query_one("#natural").display)
        again = []
        welcome.action_again = lambda: again.append("heard")
        await press("h", lambda: len(again))
        await press("n", lambda: len(brought))
        if isinstance(app.screen, FirstRun):
            await press("escape", lambda: app.screen)
        else:
            app.push_screen(FirstRun())
            await until(pilot, lambda: isinstance(app.screen, FirstRun))
            await press("escape", lambda: app.screen)
        press.all_of(FirstRun)
