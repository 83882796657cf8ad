"""A text begun by one voice and carried on by another: the seam between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields, replace

from ttm.audio import Audio, silence
from ttm.audio.level import gain
from ttm.audio.resampled import Resampled
from ttm.audio.splice import fitted
from ttm.config import Config
from ttm.errors import DeviceError, NothingToSpeak, TtmError
from ttm.narration.coming import Coming
from ttm.narration.manner import silence_before
from ttm.narration.narrator import Narrator
from ttm.narration.plan import Chunk
from ttm.narration.report import Report, StandIn
from ttm.narration.script import Script
from ttm.playback import Player
from ttm.playback.headstart import MARGIN
from ttm.speech import Voice

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
OWN = ("chunks", "characters", "seconds", "notes", "stood_in")
"""Fields of a report in which both voices have a part."""
FARTHEST = 600.0
"""Seconds of the text that are looked through for where a slow voice could begin."""


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
        resampled = Resampled(RATE)
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
