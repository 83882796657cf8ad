"""A voice heard: one sentence, spoken while it plays, and kept for another time."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from ttm import paths
from ttm.audio import Audio
from ttm.config import Config, overlaid
from ttm.errors import DeviceError, TtmError
from ttm.narration.narrator import Narrator
from ttm.narration.plan import BUDGET, Chunk
from ttm.narration.queue import Place, SpeakerQueue
from ttm.playback import Player, find_loudspeaker
from ttm.text.cleaning import clean
from ttm.text.sentences import sentences
from ttm.text.traced import plain
from tui.studio.catalogue import Member
from tui.studio.workshop import Workshop

KEPT = 24
"""Sentences that are kept as they were spoken; each has some seconds of sound."""

State = Literal["speaking", "waiting", "playing", "over", "failed"]


@dataclass(frozen=True, slots=True)
class Audible:
    """How it is with what was to be heard."""

    key: str
    """Whatever it was asked for by."""
    state: State
    """speaking (no sound is there yet), waiting (for its turn), playing, over or failed."""
    sentence: str = ""
    """Why it failed, and what to do."""


Post = Callable[[Audible], None]


class Take:
    """A sentence as it is spoken: one thread puts its sound in, others take it from its beginning.

    Iterating ends with the sound, and raises what kept it from being made.
    """

    def __init__(self) -> None:
        self._blocks: list[Audio] = []
        self._failure: TtmError | None = None
        self._changed = threading.Condition()
        self._ended = False
        self.whole = False
        """Whether all of it is there."""

    def put(self, audio: Audio) -> None:
        with self._changed:
            self._blocks.append(audio)
            self._changed.notify_all()

    def end(self, failure: TtmError | None = None, *, whole: bool = False) -> None:
        """Nothing more comes."""
        with self._changed:
            self._ended, self._failure, self.whole = True, failure, whole
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Audio]:
        at = 0
        while block := self._block(at):
            at += 1
            yield block

    def _block(self, at: int) -> Audio | None:
        """The block of this number, once it is there; None behind the last."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or len(self._blocks) > at)
            if len(self._blocks) > at:
                return self._blocks[at]
            if self._failure:
                raise self._failure
            return None


class Ear:
    """Plays one thing at a time in a thread of its own, in its turn in the speaker queue."""

    def __init__(self, config: Config, post: Post) -> None:
        self.config = config
        self._post = post
        self._lock = threading.Lock()
        self._current: _Playing | None = None

    def play(self, key: str, take: Take, *, model: str = "", voice: str = "") -> None:
        """Let this be heard from its beginning, and what is being heard no more."""
        playing = _Playing(key, take, self.config, self._post, (model, voice))
        with self._lock:
            before, self._current = self._current, playing
        self._silence(before)
        threading.Thread(target=playing.run, name="audition", daemon=True).start()

    def stop(self) -> None:
        """Fall silent."""
        with self._lock:
            before, self._current = self._current, None
        self._silence(before)

    def _silence(self, before: _Playing | None) -> None:
        if before:
            before.stopped = True
            # A device takes its time to end, and whoever asks may be the thread that draws.
            threading.Thread(target=before.stop, name="audition-end", daemon=True).start()


class _Playing:
    """Something that is being heard."""

    def __init__(
        self, key: str, take: Take, config: Config, post: Post, about: tuple[str, str]
    ) -> None:
        self._key, self._take, self._config = key, take, config
        self._post, self._about = post, about
        self._player: Player | None = None
        self._place: Place | None = None
        self._queue: SpeakerQueue | None = None
        self.stopped = False
        self._lock = threading.Lock()

    def stop(self) -> None:
        """End it; takes as long as the device does."""
        self.stopped = True
        with self._lock:
            player, place, queue = self._player, self._place, self._queue
        if player:
            player.abort()
        elif place and queue:  # it waits for its turn
            with contextlib.suppress(OSError):
                mine = [each for each in queue.entries() if each.number == place.number]
                queue.tell("stop", mine)

    def run(self) -> None:
        try:
            self._tell("speaking")
            self._heard()
            self._tell("over")
        except TtmError as failure:
            self._tell("failed", failure.sentence)
        finally:
            if self._place:
                self._place.close()

    def _tell(self, state: State, sentence: str = "") -> None:
        if not self.stopped or state == "over":
            self._post(Audible(self._key, state, sentence))

    def _heard(self) -> None:
        for audio in self._take:
            if self.stopped:
                return
            if self._player is None and not self._begun(audio.rate):
                return
            if self._player:
                self._player.write(audio)
        if self._player and not self.stopped:
            self._player.close()

    def _begun(self, rate: int) -> bool:
        """Whether it may be heard, once it is its turn."""
        found = find_loudspeaker(self._config.playback).ready()
        self._tell("waiting")
        if not self._in_turn():
            return False
        with self._lock:
            if self.stopped:
                return False
            self._player = Player(found, rate, self._config.playback)
        self._tell("playing")
        return True

    def _in_turn(self) -> bool:
        try:
            queue = SpeakerQueue(paths.sockets_dir() / "speaker")
            with self._lock:
                if self.stopped:
                    return False
                self._queue = queue
                model, voice = self._about
                self._place = queue.join("tui", model=model, voice=voice)
            if not self._place.wait():
                return False
            self._place.listen(self._obey)
        except OSError:  # where there is no folder for the queue, everybody plays at once
            return True
        return True

    def _obey(self, command: str) -> None:
        player = self._player
        try:
            if command == "stop":
                self.stop()
            elif player and command == "pause":
                player.pause()
            elif player:
                player.resume()
        except DeviceError:  # whoever writes to it hears of that as well
            return


class Audition:
    """Members of the catalogue, heard one at a time; what was spoken once is kept."""

    def __init__(self, config: Config, workshop: Workshop, post: Post) -> None:
        self.config = config
        self._workshop = workshop
        self._ear = Ear(config, post)
        self._kept: OrderedDict[tuple[str, str], Take] = OrderedDict()

    def hear(self, member: Member, text: str) -> None:
        """Have this voice say a text, of which no more is taken than fits in a breath."""
        key = (member.key, text)
        take = self._kept.get(key)
        if take is None:
            self._workshop.stop()
            take = self._kept[key] = Take()
            self._workshop.ask(lambda narrator: self._speak(narrator, member, text, take, key))
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        self._ear.play(member.key, take, model=member.model, voice=member.voice.name)

    def play(self, key: str, take: Take) -> None:
        """Let something else be heard, in the same manner."""
        self._ear.play(key, take)

    def stop(self) -> None:
        """Fall silent; what is being spoken goes on, and is kept."""
        self._ear.stop()

    def use(self, config: Config) -> None:
        """Let other settings apply, under which everything may sound different."""
        self.config = self._ear.config = config
        self.forget()

    def forget(self) -> None:
        """Speak anew what was kept: a voice of this name is another one by now."""
        self._kept.clear()

    def _speak(
        self, narrator: Narrator, member: Member, text: str, take: Take, key: tuple[str, str]
    ) -> None:
        failure: TtmError | None = None
        sounded = whole = False
        try:
            wishes = {"say.model": member.model, "say.voice": member.voice.name}
            plain_wishes = {**wishes, "say.language": "auto", "say.instruct": ""}
            under = narrator.under(overlaid(self.config, plain_wishes, "an audition"))
            voice, _ = under.voice(member.model, member.voice.name)
            chunk = Chunk(1, text, 0, len(text), 1, 1, 1, 1, "paragraph")
            for audio in under.narrate([chunk], voice=voice, model=member.model):
                if audio.pcm:
                    take.put(audio)
                    sounded = True
            whole = sounded
        except TtmError as caught:
            failure = caught
        take.end(failure, whole=whole)
        if not whole:  # another time may go better
            self._kept.pop(key, None)


def first_sentence(text: str, language: str = "en") -> str:
    """The first sentence of a text, in one line and one breath; empty where there is none."""
    cleaned = clean(text[: 8 * BUDGET]).text
    for sentence in sentences([plain(cleaned)], language=language, budget=BUDGET):
        if any(char.isalnum() for char in sentence.words.text):
            return " ".join(sentence.words.text.split())
    return ""
