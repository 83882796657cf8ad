"""What a widget may be given of text that comes from elsewhere: names, errors, paths, answers.

A terminal obeys what it is sent, and Textual sends a widget's text as it is: a voice's name could
fill the clipboard (OSC 52) or hide what follows it. Every foreign string passes one of these, and
every widget has `markup=False`.
"""

from __future__ import annotations

import os

from ttm.terminal import UNSAFE, safe

__all__ = ["at_home", "begun", "one_line", "pictured", "safe"]

PICTURES = {**{code: 0x2400 + code for code in range(0x20)}, 0x7F: 0x2421}
"""The picture of each control character; C1 and all others have none and become U+FFFD."""


def one_line(text: str) -> str:
    """`text`, safe, on a single line: what a row, a label or a toast can hold."""
    return safe(" ".join(text.split()))


def at_home(text: object) -> str:
    """A path, or a sentence with paths in it, with `~` for the user's home, as people write it."""
    home = os.path.expanduser("~").rstrip("/")
    return str(text).replace(f"{home}/", "~/") if home.startswith("/") else str(text)


def begun(sentence: str) -> str:
    """A sentence with a capital, where it begins with a word and not with a name or a setting."""
    word = sentence.partition(" ")[0]
    return sentence[:1].upper() + sentence[1:] if word.isalpha() and word.islower() else sentence


def pictured(text: str) -> str:
    """`text` with one character in place of each that could steer a terminal, so that every
    position in it stays what it was: for an editor, whose text is what will be spoken."""
    return UNSAFE.sub(lambda hit: chr(PICTURES.get(ord(hit[0]), 0xFFFD)), text)
