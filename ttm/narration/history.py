"""What was said before: one line a speech, in a file that is the user's alone.

Several ttm append at once, each with a single write. A text is on the disk only where the settings
say so; otherwise there is a fingerprint of it, which only this user's random key can make.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ttm import paths
from ttm.audio.target import refusal
from ttm.config import Config, SaySettings
from ttm.errors import OutputError, UnknownName

PATIENCE = 2.0
"""Seconds to wait for another ttm that is shortening the file; it takes milliseconds."""
KEY_SIZE = 32
"""Bytes of the random key."""
TEXT_MAX = 1_000_000
"""Characters of a text that is kept; of a longer one, only the fingerprint is."""
SETTINGS = ("language", "rate", "pitch", "volume", "pause", "paragraph_pause")
"""Settings of `[say]` with which a text is said again; the instruction is as private as a text."""
SHORTEST_LINE = 150
"""Bytes of the shortest line there can be: with fewer bytes a file need not be counted."""
SPARED = 0.9
"""What is left of the bounds when the file is shortened, so that it is not with every line."""


@dataclass(frozen=True, slots=True)
class Said:
    """One speech."""

    time: float
    """Seconds since 1970 when it began."""
    model: str = ""
    voice: str = ""
    language: str = ""
    seed: int | None = None
    """None where it failed before any of it was spoken."""
    characters: int = 0
    """Of the text, as far as it was read."""
    seconds: float = 0.0
    """Of sound."""
    digest: str = ""
    """The text's fingerprint, in hexadecimal."""
    outputs: tuple[str, ...] = ()
    """Absolute paths of what was written; `-` is stdout."""
    played: bool = False
    exit: int = 0
    """The exit code."""
    files: tuple[str, ...] = ()
    """Absolute paths of what the text was read from; `-` is stdin, none at all an argument."""
    form: str = "auto"
    """How the text was said to be written."""
    settings: dict[str, str | float] = field(default_factory=dict)
    """What the settings of `[say]` were, by name, where they were not the usual ones."""
    stand_in: str = ""
    """The model that said the first of it, while this one was loaded."""
    text: str | None = None
    """What was said, where it was to be kept."""


def unusual(say: SaySettings, *, full: bool) -> dict[str, str | float]:
    """The settings that a Said keeps: those that are not the usual ones. `full`: with what is as
    private as a text."""
    usual = SaySettings()
    names = (*SETTINGS, "instruct") if full else SETTINGS
    return {n: getattr(say, n) for n in names if getattr(say, n) != getattr(usual, n)}


class Fingerprint:
    """Takes a text in pieces."""

    def __init__(self, key: bytes) -> None:
        self._hash = hashlib.blake2b(key=key, digest_size=16)
        self.characters = 0

    def add(self, piece: str) -> None:
        self._hash.update(piece.encode(errors="surrogatepass"))
        self.characters += len(piece)

    def __str__(self) -> str:
        return self._hash.hexdigest()


class History:
    """The file in a folder of ttm's state; nothing is made until something is added."""

    def __init__(self, folder: Path, most: int = 10_000, most_bytes: int = 20_000_000) -> None:
        self.path = folder / "history.jsonl"
        self._folder = folder
        self._most = most
        self._most_bytes = most_bytes

    def fingerprint(self) -> Fingerprint:
        """An empty one, with this user's key, which is drawn the first time. Raises OutputError."""
        path = self._folder / "history.key"
        with self._locked(fcntl.LOCK_EX):
            with contextlib.suppress(FileNotFoundError):
                key = path.read_bytes()
                if len(key) == KEY_SIZE:
                    return Fingerprint(key)
            key = os.urandom(KEY_SIZE)
            self._put(path, key)
        return Fingerprint(key)

    def add(self, said: Said) -> None:
        """Raises OutputError."""
        row = {key: value for key, value in asdict(said).items() if value is not None}
        line = json.dumps(row, separators=(",", ":")).encode() + b"\n"
        with self._locked(fcntl.LOCK_SH):
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(self.path, flags, 0o600)
            try:
                size = os.fstat(descriptor).st_size
                if size and os.pread(descriptor, 1, size - 1) != b"\n":
                    line = b"\n" + line  # another was cut off by a power cut
                os.write(descriptor, line)
            finally:
                os.close(descriptor)
        if size + len(line) > min(self._most_bytes, self._most * SHORTEST_LINE):
            self._shorten()

    def every(self) -> list[Said]:
        """The newest first; a line that is none is passed over. Raises OutputError."""
        return [said for line in reversed(self._lines()) if (said := _said(line))]

    def get(self, number: int) -> Said:
        """The newest is 1. Raises UnknownName."""
        every = self.every()
        if not 1 <= number <= len(every):
            what = f"the history has no number {number}" if every else "the history is empty"
            raise UnknownName(what, "`ttm history list` shows it")
        return every[number - 1]

    def clear(self, before: float = float("inf")) -> int:
        """Forget what began before that time, the key too where that is everything; how many that
        were. Raises OutputError."""

        def stays(line: bytes) -> bool:
            said = _said(line)
            return said is not None and said.time >= before

        with self._locked(fcntl.LOCK_EX):
            lines = self._lines()
            kept = [line for line in lines if stays(line)]
            gone = sum(_said(line) is not None for line in lines) - len(kept)
            if kept:
                self._put(self.path, b"".join(kept))
            else:
                for path in (self.path, self._folder / "history.key"):
                    path.unlink(missing_ok=True)
        return gone

    def forget(self, chosen: Collection[Said]) -> int:
        """Forget these; how many of them were there. Raises OutputError."""
        with self._locked(fcntl.LOCK_EX):
            lines = self._lines()
            kept = [line for line in lines if (said := _said(line)) is None or said not in chosen]
            if len(kept) < len(lines):
                self._put(self.path, b"".join(kept))
        return len(lines) - len(kept)

    def _shorten(self) -> None:
        """Forget the oldest where there are more than the settings allow."""
        with self._locked(fcntl.LOCK_EX):
            lines = self._lines()
            if len(lines) <= self._most and sum(map(len, lines)) <= self._most_bytes:
                return
            kept: list[bytes] = []
            size = 0
            for line in reversed(lines):
                size += len(line)
                if len(kept) >= self._most * SPARED or size > self._most_bytes * SPARED:
                    break
                kept.append(line)
            self._put(self.path, b"".join(reversed(kept)))

    def _lines(self) -> list[bytes]:
        try:
            return self.path.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        except OSError as failure:
            raise OutputError(f"cannot read {self.path}: {failure.strerror}") from None

    def _put(self, path: Path, block: bytes) -> None:
        part = path.with_name(f".{path.name}-{os.urandom(4).hex()}.part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "wb") as file:
                file.write(block)
                file.flush()
                os.fsync(descriptor)
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    @contextlib.contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        """Together with others that append, or alone; makes the folder."""
        if not self._folder.is_absolute():
            raise OutputError("there is no home folder to remember it in")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(self._folder / ".history.lock", flags, 0o600)
        except OSError as failure:
            raise refusal(str(self._folder), failure) from None
        try:
            self._wait_for(descriptor, kind)
            yield
        except OSError as failure:
            raise refusal(str(self.path), failure) from None
        finally:
            os.close(descriptor)

    def _wait_for(self, descriptor: int, kind: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    what = f"cannot write {self.path}: another ttm is changing it"
                    raise OutputError(what, "Try again") from None
                time.sleep(0.01)


def open_history(config: Config) -> History:
    """The user's."""
    settings = config.history
    return History(paths.history_dir(), settings.max_entries, settings.max_bytes)


KINDS: dict[str, Callable[[Any], Any]] = {"tuple[str, ...]": tuple}
"""What JSON has otherwise, by the annotation of the field."""


def _said(line: bytes) -> Said | None:
    """What a line tells; None when it is not one of ours."""
    try:
        row = json.loads(line)
        known = {each.name: KINDS.get(str(each.type), _as_it_is) for each in fields(Said)}
        said = Said(**{name: known[name](value) for name, value in row.items() if name in known})
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    names = (said.model, said.voice, said.language, said.digest, said.form, said.text or "")
    texts = (*names, *said.outputs, *said.files)
    numbers = (said.time, said.seconds, said.characters, said.exit, said.seed or 0)
    sound = all(isinstance(each, str) for each in texts) and isinstance(said.settings, dict)
    if not sound or not all(isinstance(one, int | float) and abs(one) < 1e11 for one in numbers):
        return None
    return said


def _as_it_is(value: Any) -> Any:
    return value
