"""What a narration keeps of what it speaks, and finds again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any

from ttm.audio import Audio
from ttm.config import CacheSettings
from ttm.engine import EngineCard
from ttm.errors import BadVoice
from ttm.models.place import amount
from ttm.narration import keys
from ttm.narration.attempts import Outcome
from ttm.narration.cache import Cache, Full
from ttm.narration.manner import Manner
from ttm.narration.take import TAKE_MAX, Take
from ttm.speech import Speech
from ttm.worker.client import Worker


def independent(engine: EngineCard, settings: CacheSettings) -> bool:
    """Whether each chunk is spoken as if it were the only one. What could be kept is, whether or
    not it is kept this time: a text sounds the same with its cache and without."""
    return not engine.quick or settings.every_engine


def keeps(engine: EngineCard, settings: CacheSettings) -> bool:
    """Whether what this engine speaks is kept."""
    return settings.enabled and settings.max_bytes > 0 and independent(engine, settings)


class Memory:
    """The cache, as one narration uses it. Without one, nothing is kept or found.

    What goes wrong with the disk costs time and one note, and no more.
    """

    def __init__(
        self,
        cache: Cache | None = None,
        base: Mapping[str, Any] | None = None,
        worker: Worker | None = None,
        *,
        since: float = 0.0,
        note: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """`base`: of `keys`. `since`: when the narration began, in seconds of the epoch; what was
        used after that is not thrown away for it. `note` hears what its user should know."""
        self._cache = cache if base is not None else None
        self._base, self._worker = base, worker
        self._since, self._note = since, note
        self._shared = b""
        self._voices: dict[tuple[str, str], Mapping[str, str] | None] = {}
        self._full = False
        self.found = 0
        """Chunks that came from the cache."""

    def missing(self, first: Manner, then: Iterable[Manner]) -> tuple[Speech, ...]:
        """What of `then` the engine will be asked for after `first`: neither kept nor said before,
        in which case it will be kept."""
        if self._cache is None or not self._ready():
            return tuple(each.speech for each in then)
        said = [first.speech]
        for each in then:
            key = self._key(each)
            if each.speech not in said and not (key and self._cache.has(key)):
                said.append(each.speech)
        return tuple(said[1:])

    def through(
        self,
        manner: Manner,
        spoken: Generator[Audio, None, Outcome],
        recall: Callable[[tuple[float, ...]], None],
    ) -> Generator[Audio, None, Outcome]:
        """The chunk as it was kept, else as it is `spoken`, which is then kept if it is clean and
        was heard to its end. `recall` hears how loud the parts of what was kept are."""
        with contextlib.closing(spoken):
            if self._cache is None or self._worker is None or not self._ready():
                return (yield from spoken)
            if not (key := self._key(manner)):
                return (yield from spoken)
            if take := self._cache.get(key):
                self.found += 1
                recall(take.levels)
                yield from take.blocks
                return Outcome(heard=True, clean=True)
            stops, size = self._worker.stops, 0
            blocks: list[Audio] = []
            while True:
                try:
                    audio = next(spoken)
                except StopIteration as end:
                    outcome: Outcome = end.value
                    break
                size += len(audio.pcm)
                if size > TAKE_MAX or self._full:
                    blocks.clear()
                elif audio.pcm or audio.timings:
                    blocks.append(audio)
                yield audio
            whole = outcome.clean and self._worker.stops == stops
            if whole and 0 < size <= TAKE_MAX and not self._full:
                self._keep(self._cache, key, Take(tuple(blocks), outcome.levels))
            return outcome

    def _keep(self, cache: Cache, key: str, take: Take) -> None:
        try:
            cache.put(key, take, self._since)
            return
        except Full:
            limit = amount(cache.max_bytes)
            why = f"the cache is full of this text (cache.max_bytes is {limit})"
        except OSError as failure:
            why = f"cannot write {cache.folder}: {failure.strerror}"
        self._full = True
        self._note(f"what is spoken from here on is not kept: {why}")

    def _ready(self) -> bool:
        """Whether it is known what the engine runs with, for which it has to be loaded."""
        if not self._shared and self._base is not None and self._worker is not None:
            if not self._worker.ready:
                self._worker.load()
            if self._worker.ready:  # or somebody stopped it
                self._shared = keys.shared(self._base, self._worker.effective)
        return bool(self._shared)

    def _key(self, manner: Manner) -> str:
        """Of a chunk's take; empty where its voice cannot be read, of which the engine will
        tell."""
        speech = manner.speech
        voice = (speech.voice, speech.recording)
        if voice not in self._voices:
            self._voices[voice] = self._who(speech)
        who = self._voices[voice]
        if who is None:
            return ""
        return keys.chunk(self._shared, speech, who, (manner.higher, manner.faster))

    def _who(self, speech: Speech) -> Mapping[str, str] | None:
        try:
            return keys.voice(self._worker.options if self._worker else {}, speech)
        except (OSError, BadVoice):
            return None


def job_seed(cache: Cache, key: str, drawn: int) -> int:
    """The seed of a text for which nobody chose one: what was drawn the first time for who speaks
    and how (`keys.seed`), so that a text that is written again sounds as before."""
    try:
        return cache.seed(key, drawn)
    except OSError:
        return drawn
