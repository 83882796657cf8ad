"""The screens that one goes between: a line for each."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from textual.screen import Screen


class Place(NamedTuple):
    """A screen to go to."""

    mode: str
    """Its name in `TtmApp.MODES`."""
    title: str
    """What people call it."""
    key: str
    """The key that opens it from anywhere; ctrl and its number in the list do so too."""
    sentence: str
    """What it is for."""
    where: str
    """Its class; imported when it is opened, so that no screen costs another's start."""


PLACES: tuple[Place, ...] = (
    Place("speak", "Speak", "f1", "Write, and hear it", "tui.screens.speak:Speak"),
    Place("queue", "Queue", "f2", "Who speaks, and who waits", "tui.screens.queue:Queue"),
    Place("history", "History", "f3", "What was said before", "tui.screens.history:History"),
    Place("voices", "Voices", "f4", "Who can speak: hear, compare, add, design",
          "tui.screens.voices:Voices"),
    Place("models", "Models", "f5", "What can speak: fetch, verify, load, remove",
          "tui.screens.models:Models"),
    Place("settings", "Settings", "f6", "How everything works", "tui.screens.settings:Settings"),
)  # fmt: skip


def opener(place: Place) -> Callable[[], Screen[Any]]:
    """What makes this screen when it is opened for the first time."""
    return partial(_open, place.where)


def _open(where: str) -> Screen[Any]:
    module, _, name = where.partition(":")
    screen: Screen[Any] = getattr(importlib.import_module(module), name)()
    return screen
