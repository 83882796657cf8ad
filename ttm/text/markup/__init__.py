"""A text with markup becomes the text that is spoken, the same for every engine and door."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from ttm.errors import UsageError, did_you_mean
from ttm.text.cleaning import Cleaner
from ttm.text.marks import USUAL, Delivery, Mark, Structure
from ttm.text.markup.notation import Notation, Notations
from ttm.text.markup.writer import CHAPTER, PARAGRAPH, Writer
from ttm.text.places import Places
from ttm.text.traced import Traced, plain

WINDOW = 1 << 16
"""Characters of the text that are looked at in one go."""

Form = Literal["text", "markdown", "html", "ssml"]
FORMS: tuple[Form, ...] = ("text", "markdown", "html", "ssml")
"""How a text can be written."""
SUFFIXES: dict[str, Form | Literal["epub"]] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".ssml": "ssml",
    ".epub": "epub",
}
"""What a file's suffix says of how it is written; every other one is plain text."""

Code = Literal["skip", "announce", "read"]


@dataclass(frozen=True, slots=True)
class Opening:
    """In a stream of text, the beginning of another text."""

    form: Form
    name: str = ""
    """What messages call it."""
    chapter: bool = False
    """It is a chapter of a book, whose headings begin none."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a text is to be read."""

    form: Form = "text"
    """How it is written, until an Opening says otherwise."""
    language: str = "en"
    """Of what ttm says of its own where the text names none."""
    own_language: bool = False
    """Obey what the text says of the language of all of it, too."""
    code: Code = "announce"
    """What becomes of code blocks."""
    strict: bool = True
    """SSML that ttm does not know is an error rather than passed over."""
    pauses: bool = False
    """`[pause:1.5s]` is a pause."""
    phonemes: bool = False
    """`[[…]]` are phonemes."""
    follow: bool = False
    """Every line ends what was begun in it."""

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing in it but text, unless an Opening comes."""
        return self.form == "text" and not (self.pauses or self.phonemes)


class _Reader(Protocol):
    @property
    def ready(self) -> bool: ...

    def feed(self, piece: Traced) -> None: ...

    def finish(self) -> None: ...


def check_form(form: str) -> Form:
    """The form of this name. Raises UsageError."""
    for known in FORMS:
        if form == known:
            return known
    hint = did_you_mean(form, FORMS) or f"Choose one of: {', '.join(FORMS)}"
    raise UsageError(f"the input format '{form[:20]}' is not known", hint)


def form_of(name: str) -> str:
    """How the file of this name is written: a form, or `epub`."""
    return SUFFIXES.get(os.path.splitext(name)[1].lower(), "text")


class Front:
    """Takes a text in pieces and gives what of it is spoken, clean and traced.

    `cast` is given each delivery that the text asks for, to raise or to complete it; `warn` hears
    of what is passed over. `cleaner` counts what was taken out.
    """

    def __init__(
        self,
        reading: Reading,
        cleaner: Cleaner,
        *,
        cast: Callable[[Delivery], Delivery] = lambda delivery: delivery,
        warn: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.marks: deque[Mark] = deque()
        """Of the text that was given, in its order."""
        self.places: Places | None = None
        """Where its lines are, if they are not those of what was given."""
        self._reading = reading
        self._cleaner = cleaner
        self._warn = warn
        self._marks: deque[Mark] = deque()
        self._writer = Writer(self._marks, cast)
        self._reader: _Reader | None = None
        self._told = False
        self._notation = self._notations(reading.form)
        self._opening = Opening(reading.form)
        self._opened = reading.form == "text"
        self._return = plain("")  # a carriage return that may belong to a newline

    def spoken(self, pieces: Iterable[str | Opening]) -> Iterator[Traced]:
        """What of the text is spoken. Raises UnreadableText for markup that is wrong."""
        for piece in pieces:
            if isinstance(piece, Opening):
                yield from self._end()
                self._opening, self._opened = piece, False
                continue
            for start in range(0, len(piece), WINDOW):
                yield from self._read(self._cleaner.feed(piece[start : start + WINDOW]))
        yield from self._end()

    def _read(self, piece: Traced) -> Iterator[Traced]:
        if not self._opened:
            yield from self._open(piece.origin(0))
        if self.places is not None:
            piece = self._with_newlines(piece)
            self.places.pass_over(piece)
        if self._reader is None:
            yield self._noted(piece)
        else:
            self._reader.feed(piece)
            if not self._reader.ready:
                return
            yield self._noted(self._writer.written(piece.end))

    def _end(self) -> Iterator[Traced]:
        """Read the text up to here to its end."""
        rest = self._cleaner.finish()
        yield from self._read(rest)
        if self._return.text:
            last, self._return = self._return.respelled("\n"), plain("")
            yield from self._read(last)
        if self._reader is not None:
            self._reader.finish()
            self._writer.deliver(USUAL)
        yield self._noted(self._writer.written(rest.end), final=True)

    def _with_newlines(self, piece: Traced) -> Traced:
        """With `\\n` for every line end, but the rare ones that a Cleaner leaves."""
        piece, self._return = self._return + piece, plain("")
        if "\r" not in piece.text:
            return piece
        size = len(piece.text)
        if piece.text[-1] == "\r":
            piece, self._return = piece.cut(0, size - 1), piece.cut(size - 1, size)
        return piece.respelled(piece.text.replace("\r\n", " \n").replace("\r", "\n"))

    def _open(self, at: int) -> Iterator[Traced]:
        """Begin with another text."""
        opening, self._opened = self._opening, True
        if self.places is None:
            self.places = Places()
        told = opening.form != "text"
        if at:
            self._writer.gap = 0
        self._writer.end(CHAPTER if opening.chapter else PARAGRAPH, at)
        if told != self._told:
            self._writer.mark(Structure(told), at)
            self._told = told
        self._reader = self._reader_for(opening, at)
        yield self._noted(self._writer.written(at), final=True)
        self._notation = self._notations(opening.form)

    def _reader_for(self, opening: Opening, at: int) -> _Reader | None:
        reading = self._reading
        if opening.form == "html":
            from ttm.text.markup.hypertext import Hypertext

            return Hypertext(
                self._writer,
                code=reading.code,
                language=reading.language,
                own_language=reading.own_language,
                chapters=not opening.chapter,
            )
        if opening.form == "markdown":
            from ttm.text.markup.markdown import Markdown

            return Markdown(
                self._writer,
                code=reading.code,
                language=reading.language,
                follow=reading.follow,
                bracketed=reading.pauses or reading.phonemes,
            )
        if opening.form == "ssml":
            from ttm.text.markup.ssml import Ssml

            assert self.places is not None
            return Ssml(
                self._writer,
                self.places,
                at,
                name=opening.name,
                language=reading.language,
                own_language=reading.own_language,
                strict=reading.strict,
                warn=self._warn,
            )
        return None

    def _notations(self, form: Form) -> Notation | None:
        reading = self._reading
        heeded = Notations(reading.pauses, reading.phonemes, hosts=form in ("markdown", "html"))
        return Notation(heeded, self._marks, self.marks) if heeded else None

    def _noted(self, piece: Traced, *, final: bool = False) -> Traced:
        if self._notation is not None:
            return self._notation.feed(piece, final=final)
        while self._marks:  # the text has places for them
            self.marks.append(self._marks.popleft())
        return piece
