"""How words are said that an engine gets wrong: respellings and IPA from files of the user's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ttm.text.lexicon.trie import Trie, possessive, tokens
from ttm.text.traced import Traced, Tracer

FILE = "lexicon.toml"
"""What the file beside the settings, or beside a text, is called."""
RULE = "lexicon"
"""The rule of the changes that come from here."""
CASES = ("smart", "exact", "any")

_VOICELESS = tuple("ptkfθ")
_SIBILANT = tuple("szʃʒ")


@dataclass(frozen=True, slots=True)
class Entry:
    """A word or phrase, and how it is said. Its restrictions all have to hold."""

    written: str
    say: str = ""
    """A respelling, for engines that read."""
    ipa: str = ""
    """Its sounds, for engines that take them; the others say the respelling, or what is written."""
    case: str = "smart"
    """`any` case is meant, the `exact` one, or `smart`: exact where there is a capital in it."""
    language: str = ""
    """A tag; one without a region holds in all of them. Empty: every language."""
    voice: str = ""
    """Only when this voice speaks."""
    model: str = ""
    """Only with this model, or with all of its sizes: `qwen3`."""
    line: int = 0
    """Where in its file it stands."""

    @property
    def is_exact(self) -> bool:
        """Whether it means only what is written exactly so."""
        if self.case == "smart":
            return self.written != self.written.lower()
        return self.case == "exact"

    def holds(self, language: str, voice: str, model: str) -> bool:
        """Whether it is meant for a text of that language that they speak."""
        meant, tag = _tag(self.language), _tag(language)
        return (
            (not meant or tag == meant or tag.startswith(f"{meant}-"))
            and (not self.voice or self.voice.casefold() == voice.casefold())
            and (not self.model or f"{model}:".casefold().startswith(f"{self.model}:".casefold()))
        )


@dataclass(frozen=True, slots=True)
class File:
    """The entries of one file, in its order."""

    path: Path
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a text holds what an entry is about."""

    start: int
    end: int
    entry: Entry
    file: File


class Lexicon:
    """The entries of several files.

    Of those for the same words, one of a later file wins; within a file, one that is exact about
    the case, then the later one. Longer phrases win over shorter ones.
    """

    def __init__(self, files: Iterable[File] = ()) -> None:
        self.files = tuple(files)

    def __bool__(self) -> bool:
        return any(file.entries for file in self.files)

    def spoken(self, language: str = "", voice: str = "", model: str = "") -> Pronunciation:
        """What it says of texts of a language, a tag, in the mouth of a voice of a model."""
        return Pronunciation(self, language, voice, model)


class Pronunciation:
    """Words texts as a lexicon has it.

    Takes time linear in the text: at each word, as many steps as the longest phrase that may begin
    there has words, however many entries there are.
    """

    def __init__(self, lexicon: Lexicon, language: str, voice: str, model: str) -> None:
        self._lexicon = lexicon
        self._language = language
        self._speaker = (voice, model)
        self._tries: dict[str, Trie[tuple[Entry, File]]] = {}

    def __call__(self, words: Traced, language: str = "") -> Traced:
        """`words`, of a language that may be another than that of the text around them.

        What was changed before stays as it is.
        """
        hits = self.find(words.text, language)
        if words.changes:
            hits = [
                hit
                for hit in hits
                if not any(one.start < hit.end and one.end > hit.start for one in words.changes)
            ]
        if not hits:
            return words
        tracer, done = Tracer(), 0
        for hit in hits:
            start, end = hit.start, hit.end
            owner = possessive(words.text, end) if hit.entry.ipa else ""
            written = words.text[start : end + len(owner)]
            end += len(owner)
            tracer.copy(words, done, start)
            tracer.say(
                (hit.entry.say or words.text[start : hit.end]) + owner,
                words.span(start, end),
                RULE,
                written,
                hit.entry.ipa and hit.entry.ipa + _ending(hit.entry.ipa, owner),
            )
            done = end
        tracer.copy(words, done, len(words.text))
        return tracer.built(words.end)

    def find(self, text: str, language: str = "") -> list[Hit]:
        """The entries that are about something in the text, in order, without overlaps."""
        trie = self._trie(language)
        if not trie:
            return []
        return [Hit(start, end, *found) for start, end, found in trie.find(text)]

    def _trie(self, language: str) -> Trie[tuple[Entry, File]]:
        # What asks may know no more than the primary subtag of the language around.
        own = _tag(self._language).partition("-")[0]
        tag = self._language if _tag(language) in ("", own) else language
        if tag not in self._tries:
            self._tries[tag] = Trie()
            for number, file in enumerate(self._lexicon.files):
                for place, entry in enumerate(file.entries):
                    if entry.holds(tag, *self._speaker):
                        rank = (number, entry.is_exact, place)
                        self._tries[tag].add(entry.written, (entry, file), entry.is_exact, rank)
        return self._tries[tag]


def _tag(language: str) -> str:
    tag = language.lower().replace("_", "-")
    return tag.replace("cmn", "zh", 1) if tag.startswith("cmn") else tag


def _ending(ipa: str, owner: str) -> str:
    """How the `'s` behind a word sounds."""
    if not owner:
        return ""
    last = ipa.rstrip("/] ").removesuffix("\u02d0")[-1:]
    return "\u026az" if last in _SIBILANT else "s" if last in _VOICELESS else "z"


def is_word(text: str) -> bool:
    """Whether there is anything in it that could be looked for."""
    return any(not token.isspace() for token, _, _ in tokens(text))
