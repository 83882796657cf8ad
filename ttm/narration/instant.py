"""Speak at once: another voice begins the text while the wanted model is loaded, and hands over to
it at the end of a sentence."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Protocol

from ttm.audio import Audio, silence
from ttm.audio.level import gain
from ttm.audio.splice import fitted
from ttm.config import Config
from ttm.errors import DeviceError, NothingToSpeak, TtmError
from ttm.narration import outlook
from ttm.narration.choice import Choice
from ttm.narration.coming import Coming, Source, Spoken
from ttm.narration.manner import silence_before
from ttm.narration.narrator import Narrator
from ttm.narration.plan import Chunk
from ttm.narration.report import Report, StandIn
from ttm.narration.script import Script
from ttm.playback import Player
from ttm.playback.headstart import MARGIN
from ttm.speech import Voice, parse_rate
from ttm.text.markup import Opening

if TYPE_CHECKING:
    from numpy.typing import NDArray

STAND_IN = "espeak"
RATE = 24_000
"""Hertz of all that is heard: what nearly all neural models make. Others are resampled."""
LEVEL = -23.0
"""LUFS at which the stand-in speaks before the wanted voice was ever heard: what ttm brings the
recordings to from which voices are cloned."""
CLOSER = 1.0
"""Decibels by which each chunk of the wanted voice comes closer to its own loudness after the
hand-over; less than people notice."""
APART = 12.0
"""Decibels that the two voices are brought together at most."""
LEFT = 0.5
"""Seconds that are still queued when the next sentence is begun: loading a model makes every other
process wait."""
LETTERS = 15
"""Characters a second, in most languages and voices."""
OWN = ("chunks", "characters", "seconds", "notes", "stood_in")
"""Fields of a report in which both voices have a part."""
FARTHEST = 600.0
"""Seconds of the text that are looked through for where a slow voice could begin."""


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


class InstantNarration:
    """A text being spoken by one voice and then by another: iterate for its Audio.

    The Audio has one rate, and timings as a Narration's; `report` says how it goes.
    """

    def __init__(
        self,
        coming: Coming,
        script: Script,
        stand_in: Narrator,
        report: Report,
        config: Config,
        *,
        language: str,
        follow: bool,
        ahead: bool,
        characters: int | None,
    ) -> None:
        self.report = report
        self.player: Player | None = None
        self.over = False
        """Nobody wants to hear any more of it."""
        self._coming, self._script = coming, script
        self._stand_in, self._language = stand_in, language
        self._config = config
        self._follow, self._ahead, self._characters = follow, ahead, characters
        self._voice: Voice | None = None
        self._stood: StandIn | None = None
        self._gain: float | None = None
        self._level = LEVEL + config.say.volume
        """LUFS at which the stand-in is heard."""
        self._samples = 0

    def __iter__(self) -> Iterator[Audio]:
        for audio in self._spoken():
            self._samples += audio.samples
            self.report.seconds = self._samples / RATE
            yield audio

    def _spoken(self) -> Iterator[Audio]:
        place = 0
        while not self.over and (chunk := self._script.get(place)) is not None:
            sound = None
            if not self._hands_over(place, chunk):
                sentence = self._script.sentence(place)
                sound = self._stood_in(sentence)
            if self.over:
                return
            if sound is None:
                self._script.kept = False
                yield from self._taken(chunk)
                return
            yield sound
            place += len(sentence)
        if not place:
            raise NothingToSpeak("there is nothing to speak in the text")
        if not self._samples and not self.over:
            raise NothingToSpeak("nothing in the text has a sound in this voice")

    def _hands_over(self, place: int, chunk: Chunk) -> bool:
        """Whether the wanted voice says this chunk; waits until it has to be known.

        Raises what loading and speaking raise, once all before it was heard.
        """
        polls = 0
        while not self.over:
            failure = self._coming.failure
            if failure and not isinstance(failure, NothingToSpeak):
                self._hear_out()
                raise failure
            left = self.player.queued if self.player else 0.0
            # Where the text is waited for, there is a gap in any case.
            if self._coming.loaded and (not place or (not self._ahead and left <= 0)):
                return True
            if place and self._coming.ready(chunk.start):
                return True
            if left <= LEFT or self.player is None:
                if slowness := self._coming.slowness:
                    self._farther(place, slowness)
                return False
            polls = self.player.moment(polls)
        return False

    def _farther(self, place: int, slowness: float) -> None:
        """Have a voice that is slower than it is heard begin so far ahead that it can go on
        without a stop from there."""
        if not self._ahead or self._characters is None or self._stood is None:
            return
        pace = self._stood.seconds / max(1, self._stood.until)  # seconds a character
        start = self._stood.until
        while sentence := self._script.sentence(place):
            until = (sentence[0].start - start) * pace
            if until > FARTHEST:
                return
            left = (self._characters - sentence[0].start) * pace
            if until / slowness >= left * (1 - 1 / (slowness * MARGIN)):
                self._coming.again(place)
                return
            place += len(sentence)

    def _hear_out(self) -> None:
        """Wait until what was begun has been heard."""
        if self.player is not None:
            with suppress(DeviceError):  # there is something worse to tell
                self.player.close()

    def _stood_in(self, sentence: list[Chunk]) -> Audio | None:
        """A sentence by the stand-in, with the pause before it; None when that cannot speak."""
        first = sentence[0]
        self._coming.next += len(sentence)
        try:
            voice = self._voice or self._stand_in.voice(STAND_IN, "", self._language)[0]
            self._voice = voice
            said = [_anybodys(chunk) for chunk in sentence]
            if self._samples and not self._follow:
                said[0] = led_by_pause(said[0], self._config)
            narration = self._stand_in.narrate(
                said, voice=voice, model=STAND_IN, follow=self._follow
            )
            blocks = [block for block in narration if block.pcm or block.timings]
            sound = self._fitted(blocks)
        except NothingToSpeak:
            sound = silence(said[0].wait or 0.0, RATE)
        except TtmError as failure:
            self._coming.next -= len(sentence)
            self.report.note(f"nobody speaks meanwhile: {failure.what}")
            self._coming.wait()
            return None
        stood = self._stood
        if stood is None:
            stood = self._stood = StandIn(STAND_IN, voice.name, rate=RATE)
            self.report.stood_in = stood
        stood.sentences += first.begins != "cut" or not stood.chunks
        stood.chunks += sum(bool(chunk.text) for chunk in sentence)
        stood.until = self.report.characters = sentence[-1].end
        stood.seconds += sound.seconds
        self.report.chunks = stood.chunks
        return sound

    def _fitted(self, blocks: list[Audio]) -> Audio:
        """The stand-in's sound at our rate and level, timed in the whole."""
        sounding = [block for block in blocks if block.pcm]
        if self._gain is None and sounding:
            found = _loudness(sounding)
            if found is not None:
                self._gain = min(max(self._level - found, -APART), APART)
        whole = fitted(blocks, RATE, "s16", 10 ** ((self._gain or 0.0) / 20))
        now = self._samples / RATE
        timings = tuple(
            replace(one, at=one.at + now, until=one.until + now)
            for block in blocks
            for one in block.timings
        )
        return replace(whole, timings=timings)

    def _taken(self, chunk: Chunk) -> Iterator[Audio]:
        """From this chunk on, the wanted voice."""
        stood, now = self._stood, self._samples / RATE
        if stood is not None:
            stood.hand_over = self._samples
        closer: float | None = None if stood else 0.0
        shift: float | None = None
        resampled = _Resampled()
        for audio, fresh in self._wanted(chunk.start):
            if shift is None:
                shift = now - self._coming.since
            if closer is None:
                closer = self._difference(audio)
            elif fresh and closer:
                closer = max(0.0, abs(closer) - CLOSER) * (1 if closer > 0 else -1)
            timings = tuple(
                replace(one, at=one.at + shift, until=one.until + shift) for one in audio.timings
            )
            self._merge()
            yield gain(replace(resampled.block(audio), timings=timings), closer)[0]
        if rest := resampled.end():
            yield rest
        self._merge()

    def _wanted(self, start: int) -> Iterator[tuple[Audio, bool]]:
        try:
            yield from self._coming.taken(start)
        except NothingToSpeak:  # in what is left of it
            if self._stood is None:
                raise

    def _difference(self, first: Audio) -> float:
        """Decibels that bring the wanted voice to where the stand-in was."""
        found = _loudness([first, *self._coming.waiting()])
        if found is None:
            return 0.0
        return min(max(self._level - found, -APART), APART)

    def _merge(self) -> None:
        """How it went so far, all in all."""
        told, mine = self._coming.report, self.report
        if told is None:
            return
        for one in fields(Report):
            if one.name not in OWN:
                setattr(mine, one.name, getattr(told, one.name))
        before = self._stood.chunks if self._stood else 0
        mine.chunks = before + max(0, told.chunks - self._coming.dropped)
        mine.characters = max(mine.characters, told.characters)
        for note in told.notes:
            mine.note(note)


def led_by_pause(chunk: Chunk, config: Config) -> Chunk:
    """The chunk, with the pause that is before it where it is not the first."""
    say = config.say
    usual = {"cut": 0, "sentence": say.pause, "paragraph": say.paragraph_pause}[chunk.begins]
    return replace(chunk, wait=silence_before(chunk, usual / 1000))


def _anybodys(chunk: Chunk) -> Chunk:
    """The chunk without a voice that the text asks for, which is one of another model's."""
    if chunk.delivery is None or not chunk.delivery.voice:
        return chunk
    return replace(chunk, delivery=replace(chunk.delivery, voice=""))


def _loudness(blocks: list[Audio]) -> float | None:
    """LUFS; None for what is too short to have any."""
    import numpy as np

    from ttm.audio.loudness import Loudness

    meter = Loudness(blocks[0].rate, 1)
    meter.feed(np.concatenate([block.numpy() for block in blocks])[:, None])
    return meter.integrated()


class _Resampled:
    """Brings blocks to our rate, without a seam between them."""

    def __init__(self) -> None:
        self._stream: Any = None
        self._last: Audio | None = None

    def block(self, audio: Audio) -> Audio:
        if audio.rate == RATE:
            return audio
        self._last = audio
        return self._resampled(audio, audio.numpy(), last=False)

    def end(self) -> Audio | None:
        """What is still in it."""
        if self._last is None:
            return None
        import numpy as np

        none = replace(self._last, timings=())
        return self._resampled(none, np.empty(0, np.float32), last=True)

    def _resampled(self, audio: Audio, samples: NDArray[Any], *, last: bool) -> Audio:
        import soxr

        if self._stream is None:
            self._stream = soxr.ResampleStream(audio.rate, RATE, 1, dtype="float32")
        made = self._stream.resample_chunk(samples, last=last).clip(-1, 1)
        pcm = made.astype("<f4").tobytes()
        return replace(audio, pcm=Audio(pcm, RATE, "f32").s16(), rate=RATE, sample_format="s16")
