"""What was said before, as the history screen has it: found again, and said again.

Knows no widget. Reading takes disk time, so it is for a thread.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from ttm.config import Config
from ttm.errors import TtmError, UsageError
from ttm.narration.history import TEXT_MAX, Said, open_history
from ttm.narration.plan import slug
from tui.studio.utterance import Utterance

PLAIN = {"", ".txt", ".text", ".log"}
"""Suffixes of files whose text is read as it is."""
SHOWN = 300
"""Characters of a text that a row can show; the others are not looked at when it is drawn."""


def found(every: Sequence[Said], wanted: str) -> list[tuple[int, Said]]:
    """Those that have every word of `wanted` in their text, files, voice or model, each with its
    number; the newest is 1."""
    words = wanted.casefold().split()
    return [
        (number, said) for number, said in enumerate(every, 1) if not words or _has(said, words)
    ]


def what(said: Said) -> str:
    """What was said, as far as that is known, in a line."""
    if said.text is not None:
        return " ".join(said.text[:SHOWN].split())
    if said.files and "-" not in said.files:
        return ", ".join(os.path.basename(file) for file in said.files)
    return f"{said.characters:,} characters"


def utterance(said: Said, config: Config, *, play: bool) -> Utterance:
    """The same speech again, as it was said. Raises UsageError where its text cannot be had."""
    wishes: dict[str, object] = {**said.settings, "model": said.model, "voice": said.voice}
    if said.seed is not None:
        wishes["seed"] = said.seed
    return Utterance(text(said, config), wishes, play=play)


def text(said: Said, config: Config) -> str:
    """The text of a speech, or that of the files which still hold it.

    Raises UsageError where neither is there.
    """
    if said.form not in ("auto", "text") and said.text is not None:
        raise UsageError(f"it was written as {said.form}", "`ttm history play` says it again")
    if said.text is not None:
        return said.text
    if not said.files or "-" in said.files:
        raise UsageError(
            "its text was not kept",
            "Set history.keep to full in Settings (F6): what is said from then on is kept",
        )
    names = ", ".join(said.files)
    plain = all(Path(file).suffix.lower() in PLAIN for file in said.files)
    if said.form not in ("auto", "text") or not plain or len(said.files) > 1:
        raise UsageError(f"it was read from {names}", "`ttm history play` says it again")
    fingerprint = open_history(config).fingerprint()
    pieces = _read(said.files[0], config)
    for piece in pieces:
        fingerprint.add(piece)
    if str(fingerprint) != said.digest:
        raise UsageError(f"{names} is not what was said any more", "Say it with `ttm say -f`")
    return "".join(pieces)


def _read(file: str, config: Config) -> list[str]:
    from ttm.text.reading import open_text, read_text

    pieces: list[str] = []
    if not os.path.isfile(file):
        raise UsageError(f"its text was read from {file}, which is not there any more")
    try:
        descriptor = open_text(file)
        try:
            how = config.text
            for piece in read_text(descriptor, name=file, encoding=how.encoding, errors=how.errors):
                pieces.append(piece)
                if sum(map(len, pieces)) > TEXT_MAX:
                    raise UsageError(f"{file} is too long to be opened here")
        finally:
            os.close(descriptor)
    except TtmError as failure:
        raise UsageError(f"its text cannot be had: {failure.what}") from None
    return pieces


def stem(said: Said) -> str:
    """What a file of it may be called, without the ending: its first words."""
    if said.text is None:
        return time.strftime("%F-%H%M", time.localtime(said.time))
    return slug(said.text[:SHOWN])


def about(said: Said) -> str:
    """How it was said, and what came of it, in a line."""
    parts = [said.model, said.voice or "the model's own voice"]
    parts += [f"{name} {value}" for name, value in list(said.settings.items())[:6]]
    if said.seed is not None:
        parts.append(f"seed {said.seed}")
    parts += [f"{said.characters:,} characters", f"{said.seconds:.1f} s"]
    if said.played:
        parts.append("aloud")
    parts += [f"to {place}" for place in said.outputs[:3]]
    if said.exit:
        parts.append(f"it ended with exit code {said.exit}")
    return " · ".join(str(part)[:SHOWN] for part in parts)


def day(said: Said, now: float) -> str:
    """On which day it was said: Today, Yesterday, or its date."""
    then, today = time.localtime(said.time), time.localtime(now)
    if then[:3] == today[:3]:
        return "Today"
    if then[:3] == time.localtime(now - 86_400)[:3]:
        return "Yesterday"
    year = "" if then.tm_year == today.tm_year else f" {then.tm_year}"
    return time.strftime("%A, %-d %B", then) + year


def hour(said: Said) -> str:
    """At what time of the day."""
    return time.strftime("%H:%M", time.localtime(said.time))


def _has(said: Said, words: Sequence[str]) -> bool:
    place = " ".join((said.voice, said.model, *said.files, *said.outputs, said.text or ""))
    place = place.casefold()
    return all(word in place for word in words)
