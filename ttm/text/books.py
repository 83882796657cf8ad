"""An EPUB becomes the text of its chapters, one after the other, as they are written there."""

from __future__ import annotations

import codecs
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from urllib.parse import unquote
from xml.etree import ElementTree

from ttm.errors import UnreadableText
from ttm.text.markup import Opening

ENTRIES = 10_000
"""Files in a book."""
BYTES = 256 << 20
"""Of all that is read of a book, unpacked."""
PACKAGE_BYTES = 8 << 20
"""Of a file that says what a book is made of."""
BLOCK = 1 << 16
PAGES = ("application/xhtml+xml", "text/html")

_MAGIC = b"mimetypeapplication/epub+zip"
MAGIC_LENGTH = 30 + len(_MAGIC)
"""Bytes at the beginning of a file that tell whether it is an EPUB."""
_ENCODING = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})""")
_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_DAMAGES = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError
)  # fmt: skip
"""What the library says of damaged files, of those with a password and of unknown packing."""


def is_book(begins: bytes) -> bool:
    """Whether a file that begins so is an EPUB."""
    return begins.startswith(b"PK\x03\x04") and begins[30:MAGIC_LENGTH] == _MAGIC


class Book:
    """An EPUB; what it is made of is read at once, its chapters when they are asked for.

    Raises UnreadableText for one that is damaged, encrypted or too large.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._name = name
        self._left = BYTES
        with self._intact("not an EPUB, or a damaged one"):
            self._zip = zipfile.ZipFile(file)
        if len(self._zip.infolist()) > ENTRIES:
            raise UnreadableText(f"{name} holds more than {ENTRIES:,} files")
        self._chapters = self._spine()

    def read(self) -> Iterator[str | Opening]:
        """The XHTML of its chapters, each after an Opening."""
        for path in self._chapters:
            yield Opening("html", f"{path} in {self._name}", chapter=True)
            yield from self._text(path)

    def _spine(self) -> list[str]:
        """The chapters' paths, in the order of reading."""
        container = self._parsed("META-INF/container.xml")
        root = next((e.get("full-path") for e in _every(container, "rootfile")), None)
        if not root:
            raise UnreadableText(f"{self._name} does not say what it is made of")
        package, folder = self._parsed(root), posixpath.dirname(root)
        pages = {
            item.get("id"): _within(folder, item.get("href") or "")
            for item in _every(package, "item")
            if item.get("media-type") in PAGES
            and "nav" not in (item.get("properties") or "").split()
        }
        wanted = [
            pages.get(each.get("idref"))
            for each in _every(package, "itemref")
            if each.get("linear") != "no"
        ]
        there = set(self._zip.namelist())
        chapters = [path for path in wanted if path and path in there]
        if not chapters:
            raise UnreadableText(f"{self._name} holds no chapters")
        self._require_open(chapters)
        return chapters

    def _require_open(self, chapters: list[str]) -> None:
        """Raise UnreadableText where a chapter is encrypted; fonts often are, and are not read."""
        closed = {path for path in chapters if self._zip.getinfo(path).flag_bits & 1}
        if "META-INF/encryption.xml" in self._zip.namelist():
            listed = _every(self._parsed("META-INF/encryption.xml"), "CipherReference")
            closed |= {_within("", each.get("URI") or "") or "" for each in listed}
        if not closed.isdisjoint(chapters):
            raise UnreadableText(f"{self._name} is encrypted", "ttm reads books without DRM only")

    def _parsed(self, path: str) -> ElementTree.Element:
        if path not in self._zip.namelist():
            raise UnreadableText(f"{self._name} is no EPUB: it has no {path}")
        text = "".join(self._text(path, PACKAGE_BYTES))
        if "<!ENTITY" in text:  # a kilobyte of them can mean gigabytes
            raise UnreadableText(f"{path} in {self._name} defines entities, which are not allowed")
        try:
            return ElementTree.fromstring(_DECLARATION.sub("", text, count=1))
        except ElementTree.ParseError as failure:
            line, column = failure.position
            raise UnreadableText(
                f"{path} in {self._name} is damaged at line {line}, column {column + 1}"
            ) from None

    def _text(self, path: str, most: int = BYTES) -> Iterator[str]:
        """What stands in a file of the book, piece by piece."""
        with self._intact(f"damaged, or packed in an unknown way, at {path}"):
            with self._zip.open(path) as file:
                block = file.read(BLOCK)
                decoder = codecs.getincrementaldecoder(_encoding(block))()
                while block:
                    self._left -= len(block)
                    most -= len(block)
                    if self._left < 0 or most < 0:
                        raise UnreadableText(f"{self._name} unpacks to more than is allowed")
                    yield decoder.decode(block)
                    block = file.read(BLOCK)
                yield decoder.decode(b"", final=True)

    @contextmanager
    def _intact(self, otherwise: str) -> Iterator[None]:
        try:
            yield
        except UnicodeError:
            raise UnreadableText(f"{self._name} has bytes that are no text") from None
        except _DAMAGES:
            raise UnreadableText(f"{self._name} is {otherwise}") from None


def _encoding(begins: bytes) -> str:
    """As the first bytes of an XML file tell."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):  # fmt: skip
        if begins.startswith(mark):
            return encoding
    told = _ENCODING.match(begins)
    try:
        return codecs.lookup(told[1].decode()).name if told else "utf-8"
    except LookupError:
        return "utf-8"


def _every(root: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    """The elements of a name, whatever namespace they are in."""
    return (each for each in root.iter() if each.tag.rpartition("}")[2] == name)


def _within(folder: str, reference: str) -> str | None:
    """The path within the book that a reference names; None for one outside."""
    path = posixpath.normpath(posixpath.join(folder, unquote(reference.partition("#")[0])))
    return None if path.startswith(("/", "..")) else path
