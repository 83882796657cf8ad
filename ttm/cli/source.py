"""Where `ttm say` takes its text from: arguments, files, or stdin."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ttm.cli.extent import Extent
from ttm.cli.request import Request
from ttm.config import Config, TextSettings
from ttm.errors import UnreadableText, UsageError
from ttm.narration.beginning import begin as begin
from ttm.narration.narrator import Narrator
from ttm.narration.plan import join
from ttm.text.lexicon import FILE, Lexicon
from ttm.text.markup import Opening, check_form, form_of
from ttm.text.reading import open_text, read_text

if TYPE_CHECKING:
    from ttm.text.books import Book


def written(
    request: Request, config: Config, extent: Extent, text: Iterable[str | Opening] | None = None
) -> Iterator[str | Opening]:
    """The text of a request in pieces, as it arrives; `text` where it was read before. Raises what
    `read` raises."""
    if text is not None:
        return extent.counted(text)
    return read(request.words, request.files, config.text, extent, request.input_form)


def read(
    words: Sequence[str],
    files: Sequence[str],
    settings: TextSettings,
    extent: Extent,
    form: str = "auto",
) -> Iterator[str | Opening]:
    """The text in pieces, as it arrives. A file that is not there is known at once.

    `form`: how it is written, a form, `epub`, or `auto` to go by the files' names.
    """
    if words and tuple(words) != ("-",):
        told = "text" if form == "auto" else form
        if told == "epub":
            raise UsageError("an EPUB is a file", "Name it with -f")
        return extent.counted(_marked([" ".join(words)], told, "the text"))
    if not words and not files and os.isatty(0):
        raise UsageError(
            "no text was given", "Type it as an argument, name a file with -f, or pipe it in"
        )
    opened = [("stdin", 0) if name == "-" else (name, open_text(name)) for name in files or "-"]
    forms = [_form(form, name, fd) for name, fd in opened]
    for (_, fd), told in zip(opened, forms, strict=True):
        extent.add(fd, known=told != "epub")
    sources = [
        _book(fd, name)
        if told == "epub"
        else _marked(
            read_text(fd, name=name, encoding=settings.encoding, errors=settings.errors),
            told if set(forms) != {"text"} else "",
            name,
        )
        for (name, fd), told in zip(opened, forms, strict=True)
    ]
    return extent.counted(join(sources))


def _form(form: str, name: str, fd: int) -> str:
    """How a file is written; stdin is plain text unless somebody says otherwise."""
    if form != "auto":
        return form
    told = form_of(name) if fd else "text"
    if told == "text" and fd and stat.S_ISREG(os.fstat(fd).st_mode):
        from ttm.text.books import MAGIC_LENGTH, is_book

        return "epub" if is_book(os.pread(fd, MAGIC_LENGTH, 0)) else "text"
    return told


def _marked(pieces: Iterator[str] | list[str], form: str, name: str) -> Iterator[str | Opening]:
    if form:
        yield Opening(check_form(form), name)
    yield from pieces


def _book(fd: int, name: str) -> Iterator[str | Opening]:
    import shutil
    import tempfile

    from ttm.text.books import BYTES, Book

    file: IO[bytes] = os.fdopen(fd, "rb", closefd=fd != 0)
    try:
        if not file.seekable():
            spooled = tempfile.TemporaryFile(prefix="ttm-")
            shutil.copyfileobj(file, spooled)
            file.close()
            file = spooled
        if os.fstat(file.fileno()).st_size > BYTES:
            raise UnreadableText(f"{name} is larger than {BYTES >> 20} MiB")
        book = Book(file, name)
    except BaseException:
        file.close()
        raise
    return _chapters(book, file)


def _chapters(book: Book, file: IO[bytes]) -> Iterator[str | Opening]:
    with file:
        yield from book.read()


def gathered(narrator: Narrator, request: Request) -> Lexicon:
    """How words are said: beside the settings, beside the files of the text, and as named.

    Raises UsageError for a named file that is not there, ConfigError for one that is wrong.
    """
    beside = [Path(os.path.dirname(file), FILE) for file in request.files if file != "-"]
    named = [Path(name).expanduser() for name in request.lexicons]
    for path in named:
        if not os.path.lexists(path):
            raise UsageError(f"there is no lexicon '{path}'", "Check the path")
    own = request.own_lexicons
    return narrator.lexicon([*(beside if own else ()), *named], own=own)


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
