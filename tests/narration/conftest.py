"""Narrations of a text, as a door would have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ttm.audio import Audio
from ttm.config import load
from ttm.engine import card
from ttm.narration.narration import Narration
from ttm.narration.narrator import Narrator
from ttm.narration.plan import plan
from ttm.speech import Timing


@pytest.fixture
def narrator(plugins) -> Iterator[Callable[..., Narrator]]:
    """Open a Narrator with these settings on top of the defaults; it is closed with the test.

    It speaks everything anew unless `cache__enabled` says otherwise.
    """
    opened: list[Narrator] = []

    def open_one(**settings: object) -> Narrator:
        settings = {"cache__enabled": False, **settings}
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
    """Speak a text to its end: `narrate("Hi. Ho.", "tone", say__pause=100)`; `reworded` as the
    settings have it."""

    def run(
        text: str,
        model: str = "tone",
        voice: str = "",
        *,
        follow: bool = False,
        ahead: bool = False,
        unheard: bool = False,
        with_: Narrator | None = None,
        reworded: bool = False,
        **settings: object,
    ) -> Spoken:
        one = with_ or narrator(**settings)
        chosen, _ = one.voice(model, voice)
        if reworded:
            chunks = one.plan([text], model=model, language=chosen.languages[0], follow=follow)
        else:
            chunks = plan([text], budget=card(model).budget, follow=follow)
        how = {"follow": follow, "ahead": ahead, "unheard": unheard}
        return Spoken(text, one.narrate(chunks, voice=chosen, model=model, **how))

    return run
