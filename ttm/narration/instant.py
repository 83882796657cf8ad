"""Speak at once: another voice begins the text while the wanted model is loaded, and hands over to
it at the end of a sentence."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from ttm.config import Config
from ttm.errors import TtmError
from ttm.narration import outlook
from ttm.narration.choice import Choice
from ttm.narration.coming import Coming, Source, Spoken
from ttm.narration.narrator import Narrator
from ttm.narration.plan import Chunk
from ttm.narration.relay import STAND_IN, InstantNarration, led_by_pause
from ttm.narration.report import Report
from ttm.narration.script import Script
from ttm.playback import Player
from ttm.speech import Voice, parse_rate
from ttm.text.markup import Opening

LETTERS = 15
"""Characters a second, in most languages and voices."""


class Elsewhere(Protocol):
    """A server that may speak instead."""

    def open(self, whole: Callable[[], list[str | Opening]]) -> Source | None:
        """Have it speak the `whole` text; None where there is none that would."""
        ...

    def cut_off(self) -> None:
        """From any thread: end what is waited for."""
        ...

    def close(self) -> None:
        """Hang up, once nothing is waited for."""
        ...


class InstantNarrator(Narrator):
    """A Narrator whose narrations begin before their model is loaded.

    What is planned is planned for the wanted model, and told by its files alone. `elsewhere` finds
    a server that has it; `characters` of the text, where they are known.
    """

    def __init__(
        self, config: Config, *, elsewhere: Elsewhere, characters: int | None = None
    ) -> None:
        super().__init__(config)
        say = replace(config.say, model=STAND_IN, voice="", instruct="")
        self._wanted = Narrator(config)
        self._stand_in = Narrator(replace(config, say=say))
        self._elsewhere, self._characters = elsewhere, characters
        self._choose: Callable[[Narrator], Choice] | None = None
        self._pieces: list[str | Opening] = []
        self._begun = threading.Event()
        """The script is there."""
        self._script = Script(())
        self._how: dict[str, Any] = {}
        self._coming: Coming | None = None
        self._narration: InstantNarration | None = None
        self._language = ""
        """Of the text."""
        self._over = False

    def settle(self, model: str) -> str:
        """As a Narrator does; from here on `voices` and `voice` answer by the model's files."""
        warning = self._wanted.settle(model)
        self.foresee(model)
        if model not in self._voices:
            self._voices[model] = outlook.voices(self.model(model), self._config)
        return warning

    def start(self, model: str) -> None:
        """Begin to load the model, and have the other voice ready."""
        with suppress(TtmError):  # of which is heard when it is to speak
            self._stand_in.start(STAND_IN)
        head_start = self._config.playback.head_start
        self._coming = Coming(lambda: self._opened(model), head_start, self._total)
        import soxr  # noqa: F401  # 0.1 s with numpy, while the other process starts

    def chosen(self, choose: Callable[[Narrator], Choice]) -> None:
        """How the voice is found once the model is loaded."""
        self._choose = choose

    def plan(self, pieces: Iterable[str | Opening], **how: Any) -> Iterator[Chunk]:
        """As a Narrator does."""
        self._language = how["language"]
        return super().plan(self._read(pieces), **how)

    def narrate(  # type: ignore[override]
        self, chunks: Iterable[Chunk], *, voice: Voice, model: str, **how: Any
    ) -> InstantNarration:
        """As a Narrator does, beginning with another voice."""
        assert self._coming is not None
        self._script = Script(chunks)
        self._how = {name: one for name, one in how.items() if name != "unheard"}
        found = self.model(model)
        say = self._config.say
        report = Report(
            found.name, voice.name, say.language, max(say.seed, 0), self.card(model).name
        )
        self._narration = InstantNarration(
            self._coming,
            self._script,
            self._stand_in,
            report,
            self._config,
            language=self._language,
            follow=bool(how.get("follow")),
            ahead=bool(how.get("ahead")),
            characters=self._characters,
        )
        self._begun.set()
        return self._narration

    def follow(self, player: Player) -> None:
        """Who plays the narration, and so knows how much of it is still to be heard."""
        if self._narration is not None:
            self._narration.player = player

    def stop(self) -> None:
        """As a Narrator does."""
        if self._narration is not None:
            self._narration.over = True
        self._wanted.stop()
        self._stand_in.stop()

    def close(self) -> None:
        """End it all, also what is still being loaded."""
        self._over = True
        self._begun.set()
        if self._coming is not None:
            self._coming.end(self._cut_off)
        self._elsewhere.close()
        self._stand_in.close()
        super().close()

    def _cut_off(self) -> None:
        self._elsewhere.cut_off()
        self._wanted.close()

    def _read(self, pieces: Iterable[str | Opening]) -> Iterator[str | Opening]:
        for piece in pieces:
            self._pieces.append(piece)
            yield piece

    def _whole(self) -> list[str | Opening]:
        """All of the text, in the thread of what is coming."""
        self._begun.wait()
        self._script.end()
        return self._pieces

    def _total(self, start: int) -> float | None:
        """Seconds from a character of the text on."""
        if self._characters is None:
            return None
        return max(0, self._characters - start) / (LETTERS * parse_rate(self._config.say.rate))

    def _opened(self, model: str) -> Source:
        """In the thread of what is coming: where the wanted voice comes from, once it can speak."""
        if (source := self._elsewhere.open(self._whole)) is not None:
            return source
        self._wanted.load(model)
        self._begun.wait()
        assert self._choose is not None
        return _Here(self._wanted, model, self._choose(self._wanted), self._script, self)


class _Here:
    """The wanted voice, in a worker of ours."""

    restarts = True

    def __init__(
        self,
        narrator: Narrator,
        model: str,
        choice: Choice,
        script: Script,
        owner: InstantNarrator,
    ) -> None:
        self._narrator, self._model, self._choice = narrator, model, choice
        self._script, self._owner = script, owner

    def narrate(self, place: int) -> tuple[Spoken, int]:
        """As Source has it."""
        first = self._script.get(place)
        narration = self._narrator.narrate(
            self._chunks(place), voice=self._choice.voice, model=self._model, **self._owner._how
        )
        for warning in filter(None, (self._choice.warning,)):
            narration.report.note(warning)
        return narration, first.start if first else 0

    def _chunks(self, place: int) -> Iterator[Chunk]:
        follow = bool(self._owner._how.get("follow"))
        for number, chunk in enumerate(self._script.since(place)):
            if self._owner._over:
                return
            late = place and not number and not follow
            yield led_by_pause(chunk, self._owner._config) if late else chunk
