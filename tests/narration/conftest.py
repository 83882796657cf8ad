"""Narrations of a text, as a door would have them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ttm.audio import Audio
from ttm.config import load
from ttm.engine import card
from ttm.narration.narration import Narration
from ttm.narration.narrator import Narrator
from ttm.narration.plan import plan
from ttm.speech import Timing


@pytest.fixture
def plugins(faulty, monkeypatch, tmp_path) -> Path:
    """A folder beside the faulty engine's, in which this process and its workers find engines."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    places = [faulty["PYTHONPATH"], str(folder)]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(places))
    for place in places:
        monkeypatch.syspath_prepend(place)
    return folder


@pytest.fixture
def engine(plugins) -> Callable[[str], str]:
    """Offer an engine of this source, whose class is `Engine`, as another distribution would."""

    def offer(source: str) -> str:
        (plugins / "own.py").write_text(source)
        (about := plugins / "own-1.dist-info").mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: own\nVersion: 1\n")
        (about / "entry_points.txt").write_text("[ttm.engines]\nown = own:Engine\n")
        return "own"

    return offer


@pytest.fixture
def narrator(plugins) -> Iterator[Callable[..., Narrator]]:
    """Open a Narrator with these settings on top of the defaults; it is closed with the test."""
    opened: list[Narrator] = []

    def open_one(**settings: object) -> Narrator:
        overrides = {name.replace("__", "."): value for name, value in settings.items()}
        opened.append(Narrator(load(overrides=overrides)))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


class Spoken:
    """A narration that was run to its end."""

    def __init__(self, text: str, narration: Narration) -> None:
        self.text = text
        self.report = narration.report
        self.blocks: list[Audio] = list(narration)
        self.pcm = b"".join(block.pcm for block in self.blocks)
        self.rate = self.blocks[0].rate
        self.seconds = len(self.pcm) / 2 / self.rate
        self.timings: list[Timing] = [one for block in self.blocks for one in block.timings]
        self.sentences = [one for one in self.timings if one.kind == "sentence"]
        self.words = [one for one in self.timings if one.kind == "word"]
        self.said = [text[one.start : one.end] for one in self.words]


@pytest.fixture
def narrate(narrator) -> Callable[..., Spoken]:
    """Speak a text to its end: `narrate("Hi. Ho.", "tone", say__pause=100)`."""

    def run(
        text: str,
        model: str = "tone",
        voice: str = "",
        *,
        follow: bool = False,
        ahead: bool = False,
        with_: Narrator | None = None,
        **settings: object,
    ) -> Spoken:
        one = with_ or narrator(**settings)
        chosen, _ = one.voice(model, voice)
        chunks = plan([text], budget=card(model).budget, follow=follow)
        return Spoken(
            text, one.narrate(chunks, voice=chosen, model=model, follow=follow, ahead=ahead)
        )

    return run
