"""The voices that a user keeps: one `.ttmvoice` file each, in a folder of their own.

Files are the user's alone (0600 in a folder of 0700), appear whole or not at all, and are changed
by one ttm at a time. A file that another process reads stays what it was until that one is done.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ttm.audio.target import refusal
from ttm.errors import (
    BadVoice,
    NameTaken,
    OutputError,
    TooManyVoices,
    UnknownName,
    UsageError,
    did_you_mean,
)
from ttm.speech import Voice
from ttm.voicefile import (
    NAME,
    PROMPTS_MAX,
    SUFFIX,
    Tensor,
    VoiceFile,
    check_prompt,
    pack,
    read,
    unpack,
)

PATIENCE = 10.0
"""Seconds to wait for another ttm that is changing the library; it takes milliseconds."""
STALE = 86_400.0
"""Seconds after which nobody works on an unfinished file any more."""
LISTED_MAX = 10_000
"""Files of the folder that are looked at."""


class Library:
    """The voices in a folder; nothing is made until one is added."""

    def __init__(self, folder: Path, most: int = 1000) -> None:
        self.folder = folder
        self._most = most

    def path(self, name: str) -> Path:
        """Where the voice of this name is, or would be. Raises UsageError for no name at all."""
        return self.folder / f"{checked_name(name)}{SUFFIX}"

    def names(self) -> list[str]:
        """Every voice's name, sorted; what else is in the folder is passed over."""
        try:
            with os.scandir(self.folder) as entries:
                files = [entry.name for _, entry in zip(range(LISTED_MAX), entries, strict=False)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as failure:
            raise BadVoice(
                f"the voices in {self.folder} cannot be read: {failure.strerror}"
            ) from None
        stems = (file.removesuffix(SUFFIX) for file in files if file.endswith(SUFFIX))
        return sorted(stem for stem in stems if NAME.fullmatch(stem))

    def voices(self) -> list[Voice]:
        """Every voice; one whose file is damaged says so."""
        found = []
        for name in self.names():
            try:
                found.append(self.voice(name))
            except BadVoice as failure:
                found.append(Voice(name, ("und",), failure.what, source="damaged"))
        return found

    def find(self, name: str) -> str:
        """The voice's name in the library that this is, in any case; empty when it is none."""
        plain = name.strip().casefold()
        return plain if NAME.fullmatch(plain) and self.path(plain).is_file() else ""

    def meant(self, name: str) -> str:
        """The voice that has this name, or alone begins so; empty when there is none."""
        plain = name.strip().casefold()
        begun = [each for each in self.names() if plain and each.startswith(plain)]
        return self.find(name) or (begun[0] if len(begun) == 1 else "")

    def voice(self, name: str) -> Voice:
        """The voice of this name, to speak with. Raises UnknownName or BadVoice."""
        kept = self.get(name)
        about = kept.description or ("designed" if kept.kind == "designed" else "your own")
        return Voice(
            kept.name,
            (kept.language or "und",),
            about,
            recording=str(self.path(name)),
            transcript=kept.transcript,
            source=kept.kind,
        )

    def get(self, name: str) -> VoiceFile:
        """What is kept of a voice. Raises UnknownName or BadVoice."""
        found = self.find(name)
        if not found:
            hint = did_you_mean(name, self.names())
            listed = "`ttm voices list` shows all"
            raise UnknownName(f"there is no voice '{name}' of yours", hint or listed)
        return replace(read(self.path(found)), name=found)

    def add(self, voice: VoiceFile, *, force: bool = False) -> Path:
        """Keep a voice under its name.

        Raises NameTaken when there is one and it is not forced, TooManyVoices, OutputError.
        """
        path = self.path(voice.name)
        with self._locked():
            exists = path.exists()
            if exists and not force:
                raise taken(voice.name)
            if not exists and len(self.names()) >= self._most:
                raise TooManyVoices(
                    f"you have {self._most} voices, which is as many as voices.max allows",
                    "Remove one with `ttm voices rm NAME`",
                )
            self._sweep()
            self._write(path, pack(voice))
        return path

    def remove(self, name: str) -> None:
        """Raises UnknownName, OutputError."""
        found = self.find(name)
        if not found:
            self.get(name)
        with self._locked():
            self._unlink(self.path(found))

    def rename(self, old: str, new: str) -> str:
        """Call a voice something else; the new name as it is kept.

        Raises UsageError for a name that no voice can have, UnknownName, NameTaken, BadVoice and
        OutputError; the voice is then as it was.
        """
        plain, voice = checked_name(new), self.get(old)
        if plain == voice.name:
            return plain
        with self._locked():
            if self.path(plain).exists():
                raise taken(plain)
            self._write(self.path(plain), pack(replace(voice, name=plain)))
            # Killed in between, both are there, and nothing is lost.
            self._unlink(self.path(voice.name))
        return plain

    def keep_prompt(self, path: Path, fingerprint: str, prompt: Mapping[str, Tensor]) -> None:
        """Put what an engine made of a voice beside its recording, where it is not yet.

        Raises BadVoice, OutputError, and ValueError for what is no prompt.
        """
        check_prompt(fingerprint, prompt)
        with self._locked():
            voice = read(path)
            if fingerprint in voice.prompts:
                return
            # The ones that were made first go first, as a dictionary keeps its order.
            older = dict(list(voice.prompts.items())[-(PROMPTS_MAX - 1) :])
            self._write(path, pack(replace(voice, prompts={**older, fingerprint: prompt})))

    @contextlib.contextmanager
    def beside(self, voice: VoiceFile) -> Iterator[Path]:
        """A file of this voice that is no voice of the library yet, and is gone afterwards."""
        path = self.folder / f".{voice.name}-{os.urandom(4).hex()}{SUFFIX}"
        with self._locked():
            self._write(path, pack(voice))
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what a ttm that was killed left behind."""
        for path in self.folder.glob(".*-????????.*"):
            with contextlib.suppress(OSError):
                if path.suffix in (SUFFIX, ".part") and time.time() - path.stat().st_mtime > STALE:
                    path.unlink()

    def _unlink(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as failure:
            raise OutputError(f"cannot remove {path}: {failure.strerror}") from None

    def _write(self, path: Path, block: bytes) -> None:
        """Put `block` there: all of it, or nothing."""
        unpack(block, path.name)  # what could not be read again is not written
        part = path.with_name(f".{path.stem[:60]}-{os.urandom(4).hex()}.part")
        try:
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
            folder = os.open(self.folder, os.O_RDONLY | os.O_CLOEXEC)
            try:
                # Some network file systems cannot sync a folder; the file is complete anyway.
                with contextlib.suppress(OSError):
                    os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as failure:
            raise refusal(str(path), failure) from None

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """For one writer at a time; makes the folder."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(self.folder / ".lock", flags, 0o600)
        except OSError as failure:
            raise refusal(str(self.folder), failure) from None
        try:
            self._wait_for(descriptor)
            yield
        finally:
            os.close(descriptor)

    def _wait_for(self, descriptor: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except OSError as failure:
                if failure.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    raise refusal(str(self.folder), failure) from None
                if time.monotonic() > deadline:
                    what = f"cannot write {self.folder}: another ttm is changing it"
                    raise OutputError(what, "Try again") from None
                time.sleep(0.01)


def checked_name(name: str) -> str:
    """The name in lower case. Raises UsageError for one that no voice can have."""
    plain = name.strip().casefold()
    if not NAME.fullmatch(plain):
        raise UsageError(
            f"a voice cannot be called '{name[:60]}'",
            "Use up to 48 letters from a to z, digits and hyphens, as in anna-2",
        )
    return plain


def taken(name: str) -> NameTaken:
    return NameTaken(f"there is a voice '{name}' already", "Choose another name, or give --force")
