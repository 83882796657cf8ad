"""The beginning of a text: what is read of it before anybody is asked to speak."""

from __future__ import annotations

from collections.abc import Iterator

from ttm.errors import NothingToSpeak
from ttm.text.cleaning import Cleaner, clean
from ttm.text.marks import Delivery
from ttm.text.markup import Front, Opening, Reading
from ttm.text.speakable import speakable


def begin(
    pieces: Iterator[str | Opening], reading: Reading
) -> tuple[list[str | Opening], str, str]:
    """The pieces up to the first that can be spoken: no engine starts for a text without one.

    Also what is spoken of them, and the language that the text says it is in. Raises
    NothingToSpeak, and UnreadableText for markup that is wrong.
    """
    begun: list[str | Opening] = []

    def kept() -> Iterator[str | Opening]:
        for piece in pieces:
            begun.append(piece)
            yield piece

    front = Front(reading, Cleaner())
    spoken = ""
    for part in front.spoken(kept()):
        spoken += part.text
        # A Cleaner holds the last character back, and nobody waits for the next one here.
        last = begun[-1] if begun and reading.is_plain and front.places is None else ""
        if speakable(part.text) or (isinstance(last, str) and speakable(clean(last).text)):
            marks = (mark.language for mark in front.marks if isinstance(mark, Delivery))
            language = next(marks, "") if reading.own_language else ""
            return begun, spoken or str(last), language
    given = any(isinstance(piece, str) and piece.strip() for piece in begun)
    why = "holds no letter, digit or symbol" if given else "is empty"
    raise NothingToSpeak(f"there is nothing to speak: the text {why}")
