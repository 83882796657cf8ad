"""Is this sound what was asked for?"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ttm.audio import Audio
from ttm.audio.envelope import FLOOR, STEP, Envelope, loudness
from ttm.audio.level import finite
from ttm.narration.bounds import (
    CLIPPED,
    FULL,
    GOING_ON,
    HEARD_FOR_LEVEL,
    JUMP,
    NEIGHBOURS_LEAST,
    NOTHING,
    QUIET,
    QUIET_BELOW,
    RUN,
    SPREAD,
    STEADY,
    STEADY_BELOW,
    STEADY_WHOLE,
    bounds,
)
from ttm.narration.loops import CodeLoop, SoundLoop
from ttm.speech import Speech
from ttm.text.speakable import wordy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ENDLESS = frozenset({"runaway", "loop", "room_tone", "not_numbers", "format"})
"""Findings after which nothing good can come: the engine is stopped."""
ALWAYS = ENDLESS - {"loop", "room_tone"} | {"no_sound"}
"""What is no sound that anybody could have asked for."""
WORST = (
    *("level", "clipping", "silence", "too_long", "too_short", "room_tone", "loop", "runaway"),
    *("no_sound", "not_numbers", "format"),
)
"""Every finding by its name, the least bad first."""
OFTEN = 5
"""Levels after which the last two seconds are looked at again: a tenth of a second."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a sound."""

    kind: str
    """too_short, too_long, runaway, loop, room_tone, silence, clipping, level, no_sound,
    not_numbers or format."""
    words: str
    """What the engine did, as the rest of a sentence."""
    measured: float | None = None
    """In seconds; of clipping a share, of a level dB."""
    bound: float | None = None
    """What it may be, likewise."""
    at: float = 0.0
    """Seconds of the sound up to which it was right, where it is known."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found, in the order in which it was."""

    findings: tuple[Finding, ...] = ()

    @property
    def good(self) -> bool:
        return not self.findings

    @property
    def badness(self) -> int:
        """To compare verdicts by; 0 for a good one."""
        return max((1 + WORST.index(one.kind) for one in self.findings), default=0)

    @property
    def words(self) -> str:
        """All of them, as the rest of a sentence that begins with the engine."""
        return ", and ".join(one.words for one in self.findings)


class Guard:
    """Judges the sound of one speech while it comes.

    `neighbours`: levels of what the same voice said before, in dBFS. `light`: of an engine that
    makes the same sound for the same text, only what can be known without numpy. `lenient`: only
    whether there is sound of numbers at all, and that it ends some time.
    """

    def __init__(
        self,
        speech: Speech,
        neighbours: Sequence[float] = (),
        *,
        light: bool = False,
        lenient: bool = False,
    ) -> None:
        self._bounds = bounds(replace(speech, language="und") if lenient else speech)
        self._lenient = lenient
        self.cut = False
        """Whether the engine had to stop it."""
        self._wordy = wordy(speech.text)
        self._light = light
        self._usual = statistics.median(neighbours) if len(neighbours) >= NEIGHBOURS_LEAST else None
        self._envelope = Envelope(coarse=light)
        self._codes = CodeLoop(self._bounds.loop)
        self._sounds = None if light else SoundLoop(self._bounds.loop)
        self._findings: list[Finding] = []
        self._form: tuple[int, str] | None = None
        self._seconds = 0.0
        self._loudest = FLOOR
        self._quiet = 0
        """Levels of silence up to now."""
        self._last: deque[float] = deque(maxlen=round(STEADY / STEP))
        self._since = 0
        """Levels since the last two seconds were looked at."""
        self._loud = 0
        self._samples = self._clipped = 0

    @property
    def verdict(self) -> Verdict:
        return Verdict(tuple(self._findings))

    @property
    def level(self) -> float:
        """dBFS of what was said."""
        return loudness(self._envelope.levels)

    def feed(self, block: Audio) -> Finding | None:
        """Take the next block; what is found wrong with it, or with what came with it to an end."""
        before = len(self._findings)
        self._seconds += block.seconds
        if block.pcm and self._sound(block):
            self._look(block)
        for code in block.codes:
            if again := self._codes.feed(code, block.seconds / len(block.codes) or STEP):
                self._loop(*again)
        bound = self._bounds.most
        self.cut |= block.cut
        if block.cut or self._seconds > bound + GOING_ON:
            self._note(
                "runaway",
                f"did not come to an end within {self._seconds:.1f} s",
                self._seconds,
                min(bound, self._seconds),
                min(bound, self._seconds),
            )
        return self._findings[before] if len(self._findings) > before else None

    def end(self) -> None:
        """The speech is over."""
        if any(one.kind in ENDLESS for one in self._findings):
            return
        self._envelope.finish()
        levels, seconds = self._envelope.levels, self._seconds
        if self._wordy and max(levels, default=FLOOR) < NOTHING:
            self._findings.clear()
            self._note("no_sound", "made no sound")
            return
        least, most = self._bounds.least, self._bounds.most
        if self._wordy and seconds < least:
            what = f"took {seconds:.2f} s for it, and {least:.2f} are the least"
            self._note("too_short", what, seconds, least)
        if seconds > most:
            what = f"took {seconds:.1f} s for it, and {most:.1f} are the most"
            self._note("too_long", what, seconds, most)
        if not self._light and len(levels) * STEP >= STEADY_WHOLE and _spread(levels) < SPREAD:
            self._steady(seconds, 0.0)
        # What was so of a beginning need not be so of the whole.
        self._findings = [one for one in self._findings if one.kind not in ("clipping", "level")]
        self._judge_clipping()
        self._judge_level()

    def _sound(self, block: Audio) -> bool:
        """Whether the samples are of the same kind as before, and numbers."""
        form = (block.rate, block.sample_format)
        self._form = self._form or form
        if form != self._form:
            self._note("format", "changed its sample rate or format")
            return False
        if not (finite(block) if self._light else _numbers(block)):
            self._note("not_numbers", "made samples that are no numbers")
            return False
        return True

    def _look(self, block: Audio) -> None:
        new = self._envelope.feed(block)
        for level in self._envelope.levels[-new:] if new else ():
            self._take(level)
        if self._light:
            return
        samples = block.numpy()
        self._samples += len(samples)
        self._clipped += _clipped(samples)
        if self._seconds >= HEARD_FOR_LEVEL:
            self._judge_clipping()
        if self._sounds and not self._codes.had:
            if again := self._sounds.feed(self._envelope.levels, new):
                self._loop(*again)

    def _take(self, level: float) -> None:
        """A level: silence, steady noise, or speech."""
        self._loudest = max(self._loudest, level)
        # What hovers at the floor is one silence, not many.
        self._quiet = self._quiet + 1 if level < self._floor + SPREAD * (self._quiet > 0) else 0
        if (silent := self._quiet * STEP) > self._bounds.silence:
            what = f"fell silent for {silent:.1f} s, and {self._bounds.silence:.1f} are the most"
            self._note("silence", what, silent, self._bounds.silence, self._seconds - silent)
        self._last.append(level)
        self._since += 1
        if not self._light and self._since >= OFTEN and len(self._last) == self._last.maxlen:
            self._since = 0
            self._judge_steadiness()
        if level >= max(QUIET, self._loudest - 30):
            self._loud += 1
            if self._loud == round(HEARD_FOR_LEVEL / STEP):
                self._judge_level()

    def _judge_steadiness(self) -> None:
        usual = statistics.median(self._last)
        if usual < self._floor or _spread(self._last) >= SPREAD:
            return
        if usual < self._loudest - STEADY_BELOW or _spread(self._envelope.levels) < SPREAD:
            self._steady(STEADY, self._seconds - STEADY)

    @property
    def _floor(self) -> float:
        """dBFS below which there is silence."""
        return max(QUIET, self._loudest - QUIET_BELOW)

    def _steady(self, seconds: float, at: float) -> None:
        what = f"made steady noise instead of speech for {seconds:.1f} s"
        self._note("room_tone", what, seconds, STEADY, at)

    def _loop(self, period: float, seconds: float) -> None:
        what = f"said the same {period:.2f} s again and again for {seconds:.1f} s"
        at = max(0.0, self._seconds - seconds)
        self._note("loop", what, seconds, self._bounds.loop, at)

    def _judge_clipping(self) -> None:
        share = self._clipped / self._samples if self._samples else 0.0
        if share > CLIPPED:
            what = f"clipped {share:.1%} of the sound, and {CLIPPED:.1%} are the most"
            self._note("clipping", what, share, CLIPPED)

    def _judge_level(self) -> None:
        if self._usual is None or not self._loud:
            return
        jump = self.level - self._usual
        if abs(jump) > JUMP:
            than = "louder" if jump > 0 else "softer"
            what = f"spoke {abs(jump):.1f} dB {than} than before, and {JUMP:.0f} are the most"
            self._note("level", what, jump, JUMP)

    def _note(
        self,
        kind: str,
        words: str,
        measured: float | None = None,
        bound: float | None = None,
        at: float = 0.0,
    ) -> None:
        """A finding; the same is found once, with how it was in the end."""
        if self._lenient and (kind not in ALWAYS or (kind == "runaway" and self.cut)):
            return
        one = Finding(kind, words, _rounded(measured), _rounded(bound), round(max(0.0, at), 4))
        for i, old in enumerate(self._findings):
            if old.kind == kind:
                # Where it began to go on for ever is of use; how long it has since is not.
                self._findings[i] = old if kind in ENDLESS else one
                return
        self._findings.append(one)


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 4)


def _spread(levels: Sequence[float]) -> float:
    """dB between the softest twentieth and the loudest."""
    ordered = sorted(levels)
    few = len(ordered) // 20
    return ordered[-1 - few] - ordered[few]


def _numbers(block: Audio) -> bool:
    import numpy as np

    return block.sample_format == "s16" or bool(np.isfinite(block.numpy()).all())


def _clipped(samples: NDArray[np.float32]) -> int:
    """Samples at full scale that follow three others."""
    full = (samples >= FULL) | (samples <= -FULL)
    run = full
    for _ in range(RUN - 1):
        run = run[1:] & full[: len(run) - 1]
    return int(run.sum())
