"""Where `ttm say` takes its text from: arguments, files, or stdin."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence

from ttm.config import TextSettings
from ttm.errors import NothingToSpeak, UsageError
from ttm.narration.plan import join
from ttm.text.cleaning import clean
from ttm.text.reading import open_text, read_text
from ttm.text.speakable import speakable


def read(words: Sequence[str], files: Sequence[str], settings: TextSettings) -> Iterator[str]:
    """The text in pieces, as it arrives. A file that is not there is known at once."""
    if words and tuple(words) != ("-",):
        return iter([" ".join(words)])
    if not words and not files and os.isatty(0):
        raise UsageError(
            "no text was given", "Type it as an argument, name a file with -f, or pipe it in"
        )
    opened = [("stdin", 0) if name == "-" else (name, open_text(name)) for name in files or "-"]
    return join(
        read_text(fd, name=name, encoding=settings.encoding, errors=settings.errors)
        for name, fd in opened
    )


def at_hand(words: Sequence[str], files: Sequence[str]) -> bool:
    """Whether all of the text is there, so that reading on never waits."""
    if words and tuple(words) != ("-",):
        return True
    sources = [0 if name == "-" else name for name in files or "-"]
    return all(stat.S_ISREG(os.stat(source).st_mode) for source in sources)


def length(words: Sequence[str], files: Sequence[str]) -> int:
    """Characters of a text that is at hand, or bytes, of which there are as many or more."""
    if words and tuple(words) != ("-",):
        return len(" ".join(words))
    return sum(os.stat(0 if name == "-" else name).st_size for name in files or "-")


def begin(pieces: Iterator[str]) -> list[str]:
    """The pieces up to the first that can be spoken: no engine starts for a text without one.

    Raises NothingToSpeak.
    """
    begun = []
    for piece in pieces:
        begun.append(piece)
        if speakable(clean(piece).text):
            return begun
    why = "holds no letter, digit or symbol" if any(map(str.strip, begun)) else "is empty"
    raise NothingToSpeak(f"there is nothing to speak: the text {why}")
