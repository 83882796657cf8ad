"""What is written within any text: pauses, phonemes, and addresses that nobody wants to hear."""

# ruff: noqa: RUF001

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

from ttm.text.marks import MARK, PAUSE_MAX, Mark, Pause
from ttm.text.traced import Traced, Tracer, plain

PAUSE = 0.7
"""Seconds of a `[pause]` that does not say how long: a strong break in SSML."""
ADDRESS_LENGTH = 2000
PHONEMES_LENGTH = 200
"""Characters of the longest address, and of the longest phonemes."""

_AMOUNT = r"(?P<amount>[0-9]{1,6}+(?:\.[0-9]{1,3}+)?+)(?P<unit>ms|s)"
_PAUSE = rf"\[pause(?::{_AMOUNT})?+\]"
_PHONEMES = (
    rf"\[\[(?:(?P<word>[^\[\]|\n]{{1,{PHONEMES_LENGTH}}}+)\|)?"
    rf"(?P<ipa>[^\[\]|\n]{{1,{PHONEMES_LENGTH}}}+)\]\]"
)
_HOST = r"(?:[^\s/?#@]{1,200}+@)?(?:www\.)?(?P<host>[\w-]++(?:\.[\w-]++)*+)"
_ADDRESS = rf"(?P<address>https?://{_HOST}(?:[^\s]{{0,{ADDRESS_LENGTH}}}[^\s.,;:!?'\"()\[\]*_])?)"

_OPEN_ADDRESS = re.compile(rf"https?://[^\s]{{0,{ADDRESS_LENGTH}}}\Z|ht?t?p?s?:?/?/?\Z")
_OPEN_BRACKET = re.compile(
    r"\[p?a?u?s?e?(?::[0-9.]{0,12}m?s?)?\Z"
    rf"|\[\[[^\[\]|\n]{{0,{PHONEMES_LENGTH}}}(?:\|[^\[\]|\n]{{0,{PHONEMES_LENGTH}}})?\]?\Z"
)

_LETTERS = str.maketrans({
    "ɑ": "a", "æ": "a", "ɐ": "a", "ʌ": "u", "ɔ": "o", "ɒ": "o", "ə": "e", "ɚ": "er", "ɛ": "e",
    "ɜ": "er", "ɝ": "er", "ɪ": "i", "ɨ": "i", "ʊ": "u", "ʉ": "u", "ɯ": "u", "ø": "oe", "œ": "oe",
    "ʏ": "u", "y": "u", "j": "y", "ŋ": "ng", "ɲ": "ny", "ɳ": "n", "ʃ": "sh", "ʂ": "sh", "ʒ": "zh",
    "ʐ": "zh", "θ": "th", "ð": "th", "ɹ": "r", "ɾ": "r", "ʁ": "r", "ʀ": "r", "ɻ": "r", "ɫ": "l",
    "ʎ": "ly", "ɡ": "g", "ɣ": "gh", "x": "kh", "χ": "kh", "ç": "h", "ɕ": "sh", "ʑ": "zh", "β": "v",
    "ʋ": "v", "ɸ": "f", "ʔ": "", "ħ": "h", "ʕ": "", "ɥ": "w", "ʍ": "wh",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Notations:
    """Which of them are heeded."""

    pauses: bool = False
    """`[pause]`, `[pause:1.5s]` and `[pause:300ms]`."""
    phonemes: bool = False
    """`[[ipa]]` and `[[word|ipa]]`."""
    hosts: bool = False
    """Web addresses are said as the name of their host."""

    def __bool__(self) -> bool:
        return self.pauses or self.phonemes or self.hosts


class Notation:
    """Carries clean text and its marks on, with what is written in it put into effect.

    How the text was cut into pieces changes nothing.
    """

    def __init__(self, heeded: Notations, before: deque[Mark], after: deque[Mark]) -> None:
        self._heeded = heeded
        self._before, self._after = before, after
        parts = [MARK]
        parts += [_PAUSE] * heeded.pauses + [_PHONEMES] * heeded.phonemes
        self._find = re.compile("|".join(parts + [_ADDRESS] * heeded.hosts))
        self._tape = plain("")

    def feed(self, piece: Traced, *, final: bool = False) -> Traced:
        """What is certain after this piece; with `final`, all of it."""
        tape = self._tape + piece
        stop = len(tape.text) if final else self._certain(tape.text)
        self._tape = tape.cut(stop, len(tape.text))
        if not any(sign in tape.text for sign in (MARK, "[", "://")):
            return tape if stop == len(tape.text) else tape.cut(0, stop)
        tracer, done = Tracer(), 0
        for found in self._find.finditer(tape.text, 0, stop):
            tracer.copy(tape, done, found.start())
            done = found.end()
            if found[0] == MARK:
                self._after.append(self._before.popleft())
                tracer.copy(tape, found.start(), done)
            elif tape.cut(found.start(), done).changes:  # written as entities: meant literally
                tracer.copy(tape, found.start(), done)
            else:
                self._put(tracer, tape, found)
        tracer.copy(tape, done, stop)
        return tracer.built(tape.origin(stop))

    def _certain(self, text: str) -> int:
        """Where something begins that the next piece may go on with."""
        stop = len(text)
        if self._heeded.hosts:
            start = max(0, stop - ADDRESS_LENGTH - 10)
            if found := _OPEN_ADDRESS.search(text, start):
                stop = found.start()
        if self._heeded.pauses or self._heeded.phonemes:
            start = max(0, len(text) - 2 * PHONEMES_LENGTH - 8)
            if found := _OPEN_BRACKET.search(text, start):
                stop = min(stop, found.start())
        return stop

    def _put(self, tracer: Tracer, tape: Traced, found: re.Match[str]) -> None:
        span, of = tape.span(*found.span()), found.groupdict()
        if of.get("address"):
            tracer.copy(tape, *found.span("host"))
        elif of.get("ipa"):
            ipa = found["ipa"].strip("/ ")
            said = found["word"] or _letters(ipa)
            tracer.say(said, span, "phonemes", found[0], ipa)
        else:
            seconds = float(found["amount"] or PAUSE)
            if found["unit"] == "ms":
                seconds /= 1000
            tracer.add(MARK, span[0])
            self._after.append(Pause(min(seconds, PAUSE_MAX)))


def _letters(ipa: str) -> str:
    """About what the phonemes would be in letters, for engines that take none."""
    return "".join(char for char in ipa.translate(_LETTERS) if char.isalpha()) or ipa
