"""What a file of speech is made of: which of its samples say which sentence, and how.

It stands beside the file, as `FILE.ttm.json`, so that a sentence can be said again later.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from ttm import __version__
from ttm.audio import Audio
from ttm.audio.formats import FORMATS
from ttm.audio.sink import Written
from ttm.audio.target import open_target
from ttm.errors import UsageError
from ttm.narration.plan import Chunk
from ttm.speech import Timing
from ttm.text.traced import Change, plain

SUFFIX = ".ttm.json"
SCHEMA = 1
SETTINGS = (
    "model",
    "voice",
    "language",
    "rate",
    "pitch",
    "volume",
    "pause",
    "paragraph_pause",
    "instruct",
)
"""Settings of `[say]` with which a sentence is said again."""
LARGEST = 256 << 20
"""Bytes of a manifest; a chunk takes about 300."""


@dataclass(frozen=True, slots=True)
class Part:
    """One chunk, and where it is heard."""

    sentence: int
    """Of the file, from 1."""
    start: int
    """First character of the original text that it stands for."""
    end: int
    text: str
    """As it was spoken."""
    begins: str
    ends: str
    seed: int
    """What the narration that spoke it started from."""
    attempt: int = 0
    """How often it was said again."""
    first: int = 0
    """First sample of the file."""
    last: int = 0
    """One past the last; the same where nothing of it was heard."""
    phonemes: tuple[tuple[int, int, str], ...] = ()
    """Stretches of the text whose sounds were given: first character, end, IPA."""

    def chunk(self, index: int) -> Chunk:
        """What an engine is to be asked for, to hear it again."""
        words = replace(
            plain(self.text, self.start),
            changes=tuple(
                Change(start, end, self.start, self.end, "lexicon", self.text[start:end], ipa)
                for start, end, ipa in self.phonemes
            ),
        )
        ends: Any = self.ends
        begins: Any = self.begins
        return Chunk(index, self.text, self.start, self.end, 1, 1, 1, 1, ends, begins, words=words)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that is known of a file."""

    digest: str
    """SHA-256 of the file, in hexadecimal."""
    format: str
    rate: int
    """Hertz of the file."""
    samples: int
    gain: float
    """What `normalize` multiplied everything with."""
    seed: int
    """Of the first narration."""
    settings: dict[str, str | int | float | bool]
    """Those of `[say]` that matter, by name."""
    transcript: str
    """What is said in the recording whose voice it is."""
    parts: tuple[Part, ...] = field(repr=False)

    @property
    def sentences(self) -> int:
        return self.parts[-1].sentence if self.parts else 0

    def of(self, sentence: int) -> list[Part]:
        """The chunks of a sentence. Raises UsageError when there is no such sentence."""
        found = [part for part in self.parts if part.sentence == sentence]
        if not found:
            count = f"{self.sentences} sentence{'s' * (self.sentences != 1)}"
            raise UsageError(f"there is no sentence {sentence}: the file has {count}")
        return found

    def replaced(self, sentence: int, parts: Iterable[Part], moved: int) -> Manifest:
        """With other chunks for a sentence; what comes after it is `moved` by so many samples."""
        before = [part for part in self.parts if part.sentence < sentence]
        after = (
            replace(part, first=part.first + moved, last=part.last + moved)
            for part in self.parts
            if part.sentence > sentence
        )
        return replace(self, parts=(*before, *parts, *after), samples=self.samples + moved)


class Observer:
    """Notes while a file is written which of its samples say which chunk."""

    def __init__(self, *, normalized: bool) -> None:
        self._normalized = normalized
        self._chunks: list[Chunk] = []
        self._heard: list[Timing] = []
        self._peak = 0.0

    def watch(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """The chunks as they are asked for."""
        for chunk in chunks:
            self._chunks.append(replace(chunk, lines=()))
            yield chunk

    def hear(self, audio: Audio) -> None:
        """Take the next of the narration's audio."""
        self._heard += [timing for timing in audio.timings if timing.kind == "sentence"]
        if self._normalized and audio.pcm:
            import numpy as np

            self._peak = max(self._peak, float(np.abs(audio.numpy()).max()))

    def manifest(
        self,
        written: Written,
        seed: int,
        settings: dict[str, str | int | float | bool],
        transcript: str,
    ) -> Manifest:
        """What came of it. Raises OutputError when the file cannot be read again."""
        from ttm.audio.encoder import PEAK

        gain = PEAK / self._peak if self._peak else 1.0
        about = (digest(written.path), written.format, written.rate, written.samples, gain)
        parts = self.parts(seed, written.rate, written.samples)
        return Manifest(*about, seed, settings, transcript, tuple(parts))

    def parts(self, seed: int, rate: int, samples: int) -> list[Part]:
        """The chunks that were asked for, where they are in so many samples of that rate."""
        heard, parts = iter(self._heard), list[Part]()
        sentence = last = 0
        timing = next(heard, None)
        for chunk in self._chunks:
            sentence += chunk.begins != "cut" or not parts
            first = last
            if timing and (timing.start, timing.end) == (chunk.start, chunk.end):
                # Both are whole samples of the engine's rate.
                first, last = (min(round(at * rate), samples) for at in (timing.at, timing.until))
                timing = next(heard, None)
            sounds = [(one.start, one.end, one.phonemes) for one in chunk.changes if one.phonemes]
            parts.append(
                Part(
                    sentence,
                    chunk.start,
                    chunk.end,
                    chunk.text,
                    chunk.begins,
                    chunk.ends,
                    seed,
                    first=first,
                    last=last,
                    phonemes=tuple(sounds),
                )
            )
        return parts


def digest(path: str) -> str:
    """SHA-256 of a file. Raises UsageError when it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else failure
        raise UsageError(f"'{path}' cannot be read: {reason}") from None


def write(manifest: Manifest, path: str) -> None:
    """Put it beside the file of this path. Raises OutputError."""
    about = {"ttm": __version__, "schema": SCHEMA, "file": os.path.basename(path)}
    row = about | {k: v for k, v in asdict(manifest).items() if k != "parts"}
    target = open_target(path + SUFFIX, text=True)
    try:
        target.write(json.dumps(row, indent=1)[:-2].encode())
        for number, part in enumerate(manifest.parts):
            line = json.dumps(asdict(part), ensure_ascii=False).encode(errors="replace")
            target.write((b",\n" if number else b',\n "parts": [\n') + line)
        target.write(b"\n]\n}\n")
        target.commit()
    finally:
        target.discard()


def read(path: str) -> Manifest:
    """The manifest of the file of this path, which is what it was when that was written.

    Raises UsageError when it has none, or one that is none, or when the file has changed since.
    """
    place = Path(path + SUFFIX)
    try:
        with place.open("rb") as file:
            block = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise UsageError(
            f"there is no manifest '{place}', which says where the sentences are",
            f"Write the file with one: `ttm say -f TEXT -o {path} --manifest`",
        ) from None
    except (OSError, ValueError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else failure
        raise UsageError(f"'{place}' cannot be read: {reason}") from None
    found = _manifest(block) if len(block) <= LARGEST else None
    if found is None:
        raise UsageError(f"'{place}' is not a manifest that this ttm can read")
    if digest(path) != found.digest:
        raise UsageError(
            f"'{path}' has changed since its manifest was written, so nobody knows where its"
            " sentences are",
            "Write it again with `ttm say --manifest`",
        )
    return found


def _manifest(block: bytes) -> Manifest | None:
    """What a manifest holds; None when it is none."""
    try:
        row = json.loads(block)
        if row["schema"] != SCHEMA:
            return None
        parts = tuple(_part(each) for each in row["parts"])
        known = {each.name: row[each.name] for each in fields(Manifest) if each.name != "parts"}
        found = Manifest(**known, parts=parts)
        ends = [0, *(place for part in parts for place in (part.first, part.last)), found.samples]
        sound = found.format in FORMATS and found.rate > 0 and found.gain > 0
        if not sound or ends != sorted(ends) or not isinstance(found.settings, dict):
            return None
        return found
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _part(row: dict[str, Any]) -> Part:
    part = Part(**row)
    numbers = (part.sentence, part.start, part.end, part.seed, part.attempt, part.first, part.last)
    if not all(type(number) is int for number in numbers) or not part.text.strip():
        raise ValueError(row)
    sounds = tuple((int(start), int(end), str(ipa)) for start, end, ipa in part.phonemes)
    return replace(part, phonemes=sounds)
