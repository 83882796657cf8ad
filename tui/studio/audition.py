"""A voice heard: one sentence, played while it is spoken, and kept for another time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

from ttm.config import Config, overlaid
from ttm.engine import card
from ttm.errors import TtmError, UnknownModel
from ttm.models.registry import entry_of
from ttm.narration.narrator import Narrator
from ttm.narration.plan import BUDGET, Chunk
from ttm.text.cleaning import clean
from ttm.text.sentences import sentences
from ttm.text.traced import plain
from tui import crash
from tui.studio.catalogue import Member
from tui.studio.events import Event
from tui.studio.tape import Tape
from tui.studio.transport import Transport

KEPT = 24
"""Sentences that are kept as they were spoken; each has some seconds of sound."""

T = TypeVar("T")


class Lender(Protocol):
    """Who has a Narrator and a thread for it."""

    def lend(self, task: Callable[[Narrator], T]) -> Future[T]:
        """Have something done with it."""
        ...


class Audition:
    """Members of the catalogue, heard one at a time; what was spoken once is kept.

    `studio` speaks with the models that are large, so that none is in memory twice; `workshop`
    with all others, whatever the studio has to do. `post` hears the events of a Transport.
    """

    def __init__(
        self,
        config: Config,
        *,
        studio: Lender,
        workshop: Lender,
        post: Callable[[Event], None],
        failed: Callable[[str], None],
    ) -> None:
        self.config = config
        self.transport = Transport(config.playback, post)
        self._studio, self._workshop = studio, workshop
        self._failed = failed
        self._kept: OrderedDict[tuple[str, str], Tape] = OrderedDict()

    def hear(self, member: Member, text: str) -> Tape:
        """Have this voice say a text, of which no more should be given than fits in a breath."""
        key = (member.key, text)
        tape = self._kept.get(key)
        if tape is None:
            tape = self._kept[key] = Tape(text)
            lender = self._studio if large(member.model) else self._workshop
            lender.lend(self._task(member, text, tape, key)).add_done_callback(
                lambda done: self._done(done, tape, key)
            )
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        self.play(tape, member.model, member.voice.name)
        return tape

    def play(self, tape: Tape, model: str, voice: str) -> None:
        """Let this be heard from its beginning, and no more what is being heard."""
        self.transport.model, self.transport.voice = model, voice
        self.transport.stop()
        self.transport.insert(tape, play=True)

    def stop(self) -> None:
        """Fall silent; what is being spoken goes on, and is kept."""
        self.transport.stop()

    def use(self, config: Config) -> None:
        """Let other settings apply, under which everything may sound different."""
        self.config = config
        self.transport.settings = config.playback
        self.forget()

    def forget(self) -> None:
        """Speak anew what was kept: a voice of this name is another one by now."""
        self._kept.clear()

    def close(self) -> None:
        """Fall silent for good."""
        self.transport.close()

    def _task(
        self, member: Member, text: str, tape: Tape, key: tuple[str, str]
    ) -> Callable[[Narrator], None]:
        config = self.config

        def speak(narrator: Narrator) -> None:
            try:
                wishes = {"say.model": member.model, "say.voice": member.voice.name}
                wishes |= {"say.language": "auto", "say.instruct": ""}
                under = narrator.under(overlaid(config, wishes, "an audition"))
                voice, _ = under.voice(member.model, member.voice.name)
                chunk = Chunk(1, text, 0, len(text), 1, 1, 1, 1, "paragraph")
                for audio in under.narrate([chunk], voice=voice, model=member.model):
                    tape.record(audio)
                tape.end(whole=True)
            except TtmError as failure:
                self._cancelled(tape, key)
                self._failed(failure.sentence)

        return speak

    def _done(self, done: Future[None], tape: Tape, key: tuple[str, str]) -> None:
        if done.cancelled():
            self._cancelled(tape, key)
        elif bug := done.exception():
            self._cancelled(tape, key)
            self._failed(crash.told(bug))

    def _cancelled(self, tape: Tape, key: tuple[str, str]) -> None:
        """It was not spoken; another time may go better."""
        tape.end(whole=False)
        if self._kept.get(key) is tape:
            del self._kept[key]


def large(model: str) -> bool:
    """Whether a model of this name has a checkpoint, of which there should be one in memory."""
    if entry_of(model):
        return True
    try:
        return card(model.partition(":")[0]).checkpoint
    except UnknownModel:
        return True


def first_sentence(text: str, language: str = "en") -> str:
    """The first sentence of a text, in one line and one breath; empty where there is none."""
    cleaned = clean(text[: 8 * BUDGET]).text
    for sentence in sentences([plain(cleaned)], language=language, budget=BUDGET):
        if any(char.isalnum() for char in sentence.words.text):
            return " ".join(sentence.words.text.split())
    return ""
