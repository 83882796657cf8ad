"""IPA in espeak-ng's own spelling of sounds, as its `[[...]]` takes it.

Which sounds a voice has, and how each is written, is what espeak-ng itself says: every mnemonic of
its phoneme tables is tried with the voice, and asked for in IPA.
"""
# ruff: noqa: RUF001

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ttm.speech import Phonemes

if TYPE_CHECKING:
    from ttm.engine.espeak.library import Library

MNEMONIC = re.compile(r"[^\s\x00-\x1f\x7f_|'!,%=\[-][^\s|\[\]]{0,3}")
"""One that may name a sound: the others are pauses, stress marks and variants of punctuation."""
SURROUNDINGS = (("a|{}|'a", 1), ("t|'{}|t", 1), ("{}|'a", 0), ("{}", 0))
"""Between vowels, stressed, at the beginning, alone: a sound that becomes another one in each of
them is no sound that can be asked for. With each, which of its sounds is meant."""
LONG = "ː"
STRESS = {"ˈ": "'", "ˌ": ","}
MARKS = "".join(STRESS) + "',%="
SILENT = {"͡", "͜", "‿", ".", "/", "[", "]", "ˑ", "̯"}
"""What says how symbols belong together, and is no sound."""

LIKE: Mapping[str, tuple[str, ...]] = {
    "g": ("ɡ",),
    "r": ("ɹ", "ɾ", "ʁ"),
    "ɹ": ("r", "ɾ"),
    "ɾ": ("r", "t"),
    "ʁ": ("ʀ", "r", "ɹ"),
    "ɻ": ("ɹ", "r"),
    "ʧ": ("tʃ",),
    "ʤ": ("dʒ",),
    "ʦ": ("ts",),
    "ʣ": ("dz",),
    "ɫ": ("l",),
    "l": ("ɫ", "lʲ"),
    "v": ("ʋ", "w"),
    "ʋ": ("v", "w"),
    "s": ("s̺", "s̻"),
    "z": ("z̺",),
    "p": ("pʰ",),
    "b": ("β", "bʱ"),
    "t": ("t̪", "tʰ"),
    "d": ("d̪", "ð"),
    "k": ("kʰ", "q"),
    "ɡ": ("ɣ", "g"),
    "ŋ": ("n",),
    "ʃ": ("ʂ", "ɕ"),
    "ʒ": ("ʐ", "ʑ"),
    "ɝ": ("ɜː", "ɚ"),
    "ɚ": ("əɹ", "ə"),
    "ɜ": ("ɜː", "ɚ"),
    "ɑ": ("ɑː", "a"),
    "ɒ": ("ɔ", "ɑː"),
    "a": ("ɑː", "æ", "a\u0308", "aː", "ɑ"),
    "æ": ("a", "ɛ"),
    "ɐ": ("ʌ", "ə", "a"),
    "ʌ": ("ɐ", "a"),
    "e": ("ɛ", "eː", "e̞"),
    "ɛ": ("e",),
    "i": ("iː", "ɪ"),
    "ɪ": ("i",),
    "ᵻ": ("ɪ", "i"),
    "ɨ": ("ᵻ", "ɪ", "i"),
    "o": ("ɔ", "oː", "oʊ", "o̞"),
    "ɔ": ("o", "ɔː"),
    "u": ("uː", "ʊ", "ɯ", "ɯᵝ"),
    "ʊ": ("u",),
    "ʉ": ("u", "uː"),
    "y": ("ʏ", "yː"),
    "ʏ": ("y",),
    "ø": ("øː", "œ"),
    "œ": ("ø", "øː"),
    "əʊ": ("oʊ",),
    "oʊ": ("əʊ", "oː"),
    "ʲ": ("j",),
}
"""What is said for a symbol that a voice does not have: the same sound in another notation, or its
nearest neighbour. The first that the voice has counts."""


def alphabet(library: Library) -> dict[str, str]:
    """The mnemonic of every IPA symbol, or group of them, that the library's voice has."""
    found: dict[str, str] = {}
    for mnemonic in sorted(library.mnemonics(), key=_plainness):
        if ipa := MNEMONIC.fullmatch(mnemonic) and _sound(library, mnemonic):
            # Several may sound alike; a long sound is rather the one that is named as long.
            if ipa not in found or (":" in found[ipa]) != (LONG in ipa) == (":" in mnemonic):
                found[ipa] = mnemonic
    return found


def _plainness(mnemonic: str) -> tuple[int, bool, str]:
    """Sorts the plain name of a sound before the names of its variants."""
    return len(mnemonic), not mnemonic.isalpha(), mnemonic


def _sound(library: Library, mnemonic: str) -> str:
    """Its IPA; empty when the voice has no such sound."""
    for pattern, place in SURROUNDINGS:
        asked = pattern.format(mnemonic)
        names = library.sounds(asked, ipa=False)
        if len(names) == asked.count("|") + 1 and names[place].lstrip(MARKS) == mnemonic:
            symbols = library.sounds(asked, ipa=True)
            if len(symbols) == len(names):
                return unicodedata.normalize("NFD", symbols[place].lstrip(MARKS))
    return ""


def encode(ipa: str, sounds: Mapping[str, str]) -> str:
    """The mnemonics for an IPA transcription, of an `alphabet`.

    Raises KeyError with the symbol that the voice cannot say.
    """
    text = unicodedata.normalize("NFD", ipa).replace(":", "ː").replace("'", "ˈ")
    text = "".join(char for char in text if char not in SILENT).strip()
    longest = max(map(len, sounds), default=1)
    words: list[list[str]] = [[]]
    i, stress = 0, ""
    while i < len(text):
        char = text[i]
        if char.isspace():
            words.append([])
            i += 1
            continue
        if char in STRESS:
            stress, i = STRESS[char], i + 1
            continue
        size, mnemonics = _next(text, i, sounds, longest)
        words[-1].append(stress + mnemonics)
        stress, i = "", i + size
    # A bar keeps two sounds from being read as the name of a third.
    return " ".join("|".join(word) for word in words if word)


def _next(text: str, i: int, sounds: Mapping[str, str], longest: int) -> tuple[int, str]:
    """How many characters the next sound takes, and its mnemonics."""
    for size in range(min(longest, len(text) - i), 0, -1):
        symbol = text[i : i + size]
        if symbol in sounds:
            return size, sounds[symbol]
        for like in LIKE.get(symbol, ()):
            if said := _all(like, sounds):
                return size, "|".join(said)
    if text[i] == LONG:
        return 1, ":"
    raise KeyError(text[i])


def _all(symbols: str, sounds: Mapping[str, str]) -> list[str]:
    """The mnemonics of these symbols, as one sound or as one for each; empty when one lacks."""
    if symbols in sounds:
        return [sounds[symbols]]
    found = [sounds.get(symbol, "") for symbol in symbols]
    return found if all(found) else []


class Told:
    """A text as espeak-ng is given it, with `[[...]]` for stretches whose sounds are known."""

    def __init__(self, text: str, stretches: Iterable[Phonemes], sounds: Mapping[str, str]) -> None:
        self.unsaid: list[tuple[str, str, str]] = []
        """Stretches that the voice cannot say so: text, IPA, and the symbol that it lacks."""
        self._stretches: list[tuple[int, int, int, int]] = []
        parts: list[str] = []
        done = size = 0
        for one in stretches:
            try:
                said = f"[[{encode(one.ipa, sounds)}]]"
            except KeyError as lacking:
                self.unsaid.append((text[one.start : one.end], one.ipa, str(lacking.args[0])))
                continue
            before = _literal(text[done : one.start])
            # Behind anything but a space, espeak-ng would not take it for phonemes.
            behind = before or (parts[-1] if parts else " ")
            before += "" if behind[-1].isspace() else " "
            size += len(before)
            parts += [before, said]
            self._stretches.append((size, size + len(said), one.start, one.end))
            size, done = size + len(said), one.end
        self.text = "".join([*parts, _literal(text[done:])])

    def origin(self, place: int, length: int) -> tuple[int, int]:
        """Where a word that espeak-ng reports stands in the text, and its length there."""
        moved = 0
        for start, end, first, last in self._stretches:
            if place < start:
                break
            if place < end:
                return first, last - first
            moved = last - end
        return place + moved, length


def _literal(text: str) -> str:
    """Without the brackets that would begin or end phonemes; round ones are as silent."""
    return text.replace("[", "(").replace("]", ")")
