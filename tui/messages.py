"""What more than one part of the interface needs to hear."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from textual.message import Message

from ttm.config import Config

Kind = Literal["told", "done", "failed"]
"""What a sentence is about: something that happens, something that went well, or that did not."""


class Told(Message):
    """A sentence for the person; the log line shows it."""

    def __init__(self, sentence: str, kind: Kind = "told", *, toast: bool = False) -> None:
        super().__init__()
        self.sentence = sentence
        self.kind = kind
        self.toast = toast


class ConfigChanged(Message, bubble=False):
    """Other settings apply; every screen that was opened hears it."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config


class SpeakWith(Message, bubble=False):
    """Another screen wants something spoken, or shown where it can be; Speak hears it.

    `wishes`: settings of `say` by their names without the section (voice, model, rate, ...), which
    hold until they are changed. `text`: replaces what is in the editor, where it is not None.
    `at_once`: it is spoken without another key.
    """

    def __init__(
        self, wishes: Mapping[str, object], text: str | None = None, *, at_once: bool = False
    ) -> None:
        super().__init__()
        self.wishes = dict(wishes)
        self.text = text
        self.at_once = at_once


class Bring(Message, bubble=False):
    """Somebody wants this model here, with all that it needs; Models hears it."""

    def __init__(self, model: str) -> None:
        super().__init__()
        self.model = model
