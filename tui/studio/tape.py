"""The sound of one narration as far as it is there, and what is said where in it."""

from __future__ import annotations

import math
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ttm.audio import Audio
from ttm.narration.plan import Chunk
from ttm.narration.report import Bad, Skip
from ttm.speech import Timing
from tui.studio.envelope import Envelope
from tui.studio.parts import Manner, Part, Sentence, Word, verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WIDTH = 2
"""Bytes a sample."""
WINDOW = 0.05
"""Seconds over which a level is measured."""
SILENT = -60.0
"""dBFS; the level of nothing."""


class Tape:
    """Sound that grows, as 16-bit mono, with the text that it says.

    One thread records; any may ask. Spans of text are in characters of `text`, which is what was
    to be spoken; positions are in samples. `rate` is 0 until the first sound.
    """

    def __init__(self, text: str, job: int = 0, expected: float | None = None) -> None:
        self.text = text
        self.job = job
        self.rate = 0
        """Hertz."""
        self.seed = 0
        """What its random choices started from."""
        self.expected = expected
        """Seconds that it will have, as far as is known."""
        self.ended = False
        """Whether nothing more comes."""
        self.whole = False
        """Whether all of the text is in it."""
        self.how: Manner | None = None
        """In which manner it is spoken."""
        self.heard = 0
        """The sample up to which it was played; what is far beyond that need not be made yet."""
        self.wanted = False
        """Whether all of it is to be made, heard or not."""
        self.version = 0
        """Counts up with everything that changes what is there already."""
        self._pcm = bytearray()
        self._envelope = Envelope()
        self._parts: list[Part] = []
        self._words: list[Word] = []
        self._heads: list[int] = []
        """First samples of the words."""
        self._asked: list[Chunk] = []
        """Chunks that were asked for and are not heard yet."""
        self._verdicts: list[tuple[int, int, str]] = []
        self._sentences: list[Sentence] = []
        self._starts: list[int] = []
        self._grown = threading.Condition(threading.RLock())

    # Recording.

    def watch(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """The chunks as they are asked for."""
        for chunk in chunks:
            with self._grown:
                self._asked.append(replace(chunk, lines=()))
            yield chunk

    def record(self, audio: Audio) -> None:
        """The next of the narration's sound and timings."""
        pcm = audio.s16()
        with self._grown:
            self.rate = self.rate or audio.rate
            if pcm:
                self._pcm += pcm
                self._envelope.add(pcm)
            for one in audio.timings:
                first, last = round(one.at * self.rate), round(one.until * self.rate)
                if one.kind == "word":
                    self._words.append(Word(one.start, one.end, first, last))
                    self._heads.append(first)
                else:
                    self._place(one, first, last)
            self._grown.notify_all()

    def judge(self, bad: Bad | Skip) -> None:
        """Something was wrong with the sound of a stretch of the text."""
        with self._grown:
            self._verdicts.append((bad.start, bad.end, verdict(bad)))
            self._arrange()

    def end(self, *, whole: bool) -> None:
        """Nothing more comes."""
        with self._grown:
            self.ended, self.whole = True, whole
            self._grown.notify_all()

    def _place(self, timing: Timing, first: int, last: int) -> None:
        """A chunk was heard; those before it were not, since nothing was to be heard of them."""
        while self._asked:
            chunk = self._asked.pop(0)
            if (chunk.start, chunk.end) == (timing.start, timing.end):
                self._parts.append(Part(chunk, chunk.start, chunk.end, first, last))
                break
        self._extend()

    def _extend(self) -> None:
        """The last sentence, once more."""
        count = len(self._parts) - 1
        while count > 0 and self._parts[count].chunk.begins == "cut":
            count -= 1
        if self._sentences and self._sentences[-1].parts[0] is self._parts[count]:
            self._sentences.pop()
            self._starts.pop()
        self._add(self._parts[count:])

    def _arrange(self) -> None:
        """All sentences, once more."""
        self._sentences, self._starts = [], []
        group: list[Part] = []
        for part in self._parts:
            if group and part.chunk.begins != "cut":
                self._add(group)
                group = []
            group.append(part)
        if group:
            self._add(group)
        self.version += 1

    def _add(self, parts: Sequence[Part]) -> None:
        if not parts:
            return
        start, end = parts[0].start, parts[-1].end
        written = self.text[start:end]
        start += len(written) - len(written.lstrip())
        end = max(start, end - (len(written) - len(written.rstrip())))
        said = [words for first, last, words in self._verdicts if first < end and last > start]
        first, last = parts[0].first, parts[-1].last
        number = len(self._sentences)
        sentence = Sentence(number, start, end, first, last, tuple(parts), "; ".join(said))
        self._sentences.append(sentence)
        self._starts.append(first)

    # What is there.

    @property
    def samples(self) -> int:
        return len(self._pcm) // WIDTH

    @property
    def seconds(self) -> float:
        return self.samples / self.rate if self.rate else 0.0

    @property
    def total(self) -> float:
        """Seconds that there will be: estimated until it has ended."""
        if self.ended or self.expected is None:
            return self.seconds
        return max(self.seconds, self.expected)

    @property
    def sentences(self) -> Sequence[Sentence]:
        return tuple(self._sentences)

    @property
    def count(self) -> int:
        """Sentences that are there."""
        return len(self._sentences)

    def read(self, first: int, most: int) -> bytes:
        """At most so many samples from this one on."""
        with self._grown:
            return bytes(self._pcm[first * WIDTH : (first + most) * WIDTH])

    def wait(self, beyond: int, seconds: float) -> bool:
        """Wait so long for a sample after this one or the end; whether there is one or the other.

        Not for the thread that paints.
        """
        with self._grown:
            return self._grown.wait_for(lambda: self.samples > beyond or self.ended, seconds)

    def wake(self) -> None:
        """End every `wait`."""
        with self._grown:
            self._grown.notify_all()

    def sentence_at(self, sample: int) -> Sentence | None:
        """The one that is said then, or was said last."""
        with self._grown:
            i = bisect_right(self._starts, sample)
            return self._sentences[i - 1] if i else None

    def sentence_in(self, place: int) -> Sentence | None:
        """The one that a character of the text belongs to, else the last before it."""
        with self._grown:
            i = bisect_right(self._sentences, place, key=lambda one: one.start)
            return self._sentences[i - 1] if i else None

    def word_at(self, sample: int) -> Word | None:
        """The one that is said then, or was said last."""
        with self._grown:
            i = bisect_right(self._heads, sample)
            return self._words[i - 1] if i else None

    def marks(self, first: int, last: int) -> list[int]:
        """Where sentences begin within these samples."""
        with self._grown:
            return self._starts[bisect_left(self._starts, first) : bisect_left(self._starts, last)]

    def envelope(
        self, columns: int, first: int, last: int
    ) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """Lowest and highest sample of each of so many equal columns, 0 where nothing is yet.

        return   two of [columns]
        """
        with self._grown:
            return self._envelope.columns(columns, first, last)

    def level(self, sample: int) -> float:
        """How loud it is up to there, in dBFS from -60 to 0."""
        if not self.rate:
            return SILENT
        import numpy as np

        window = round(WINDOW * self.rate)
        block = np.frombuffer(self.read(max(0, sample - window), window), "<i2")
        if not len(block):
            return SILENT
        power = float(np.mean(np.square(block, dtype=np.float64))) / 32768**2
        return max(SILENT, 10 * math.log10(power)) if power else SILENT

    # Saying a sentence anew.

    def replace(
        self, number: int, chunks: Sequence[Chunk], blocks: Sequence[Audio], text: str | None
    ) -> Sentence:
        """Put other sound in the place of a sentence; `text`: what it says, where that changes.

        The timings of the blocks are in characters of that text, or else of what the chunks were
        planned from, and in seconds from the first block on. Raises ValueError where there is no
        sound.
        """
        from ttm.audio.splice import fitted

        sound = fitted(blocks, self.rate, "s16").pcm
        with self._grown:
            old = self._sentences[number]
            moved = len(sound) // WIDTH - (old.last - old.first)
            longer = 0 if text is None else len(text) - (old.end - old.start)
            self._pcm[old.first * WIDTH : old.last * WIDTH] = sound
            self._envelope = Envelope()
            self._envelope.add(bytes(self._pcm))
            if text is not None:
                self.text = self.text[: old.start] + text + self.text[old.end :]
            shift = old.start if text is not None else old.parts[0].start - old.parts[0].chunk.start
            timings = [
                replace(one, start=one.start + shift, end=one.end + shift)
                for block in blocks
                for one in block.timings
            ]
            self._words = self._reworded(old, timings, moved, longer)
            self._heads = [word.first for word in self._words]
            parts = self._anew(old, chunks, timings, shift)
            at = self._parts.index(old.parts[0])
            after = self._parts[at + len(old.parts) :]
            later = (_moved(part, moved, longer) for part in after)
            self._parts = [*self._parts[:at], *parts, *later]
            self._verdicts = [
                (start + longer * (start >= old.end), end + longer * (end > old.start), words)
                for start, end, words in self._verdicts
                if not (start < old.end and end > old.start)
            ]
            self._arrange()
            self._grown.notify_all()
            return self._sentences[number]

    def _reworded(
        self, old: Sentence, timings: Sequence[Timing], moved: int, longer: int
    ) -> list[Word]:
        new = [
            Word(
                one.start,
                one.end,
                old.first + round(one.at * self.rate),
                old.first + round(one.until * self.rate),
            )
            for one in timings
            if one.kind == "word"
        ]
        before = [word for word in self._words if word.first < old.first]
        after = [
            Word(word.start + longer, word.end + longer, word.first + moved, word.last + moved)
            for word in self._words
            if word.first >= old.last
        ]
        return [*before, *new, *after]

    def _anew(
        self, old: Sentence, chunks: Sequence[Chunk], timings: Sequence[Timing], shift: int
    ) -> list[Part]:
        """The chunks of the sentence, in its place; one that was not heard lasts no time."""
        heard = [one for one in timings if one.kind == "sentence"]
        ends = [old.first + round(one.until * self.rate) for one in heard]
        attempt = old.parts[0].attempt + 1
        begins, first = old.parts[0].chunk.begins, old.first
        new = []
        for i, chunk in enumerate(chunks):
            last = max(first, ends[i] if i < len(ends) else first)
            began = replace(chunk, begins=begins if i == 0 else "cut")
            new.append(Part(began, chunk.start + shift, chunk.end + shift, first, last, attempt))
            first = last
        return new


def _moved(part: Part, samples: int, characters: int) -> Part:
    return replace(
        part,
        start=part.start + characters,
        end=part.end + characters,
        first=part.first + samples,
        last=part.last + samples,
    )
