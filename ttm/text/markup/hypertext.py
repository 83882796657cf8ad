"""HTML as one would read it out: its text and structure, without what is there for the eye."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Literal

from ttm.text.cleaning import MARKS_KEPT
from ttm.text.marks import USUAL, Delivery, Pause
from ttm.text.markup.phrases import code, phrases
from ttm.text.markup.tags import Tag, Tags
from ttm.text.markup.writer import CHAPTER, PARAGRAPH, SENTENCE, Writer

RULE_PAUSE = 1.0
"""Seconds of silence for a horizontal rule."""
DEPTH = 512
"""Elements within elements that are kept track of."""
HEADER_LENGTH = 100
"""Characters of a table's header that are said before its cells."""

SKIPPED = frozenset(
    "audio button canvas datalist dialog head iframe map math menu nav noscript object rp "
    "rt script select style svg template textarea title video".split()
)
"""What is there for the eye, for the hand or for programs."""
_RAW = frozenset("script style textarea title iframe noscript xmp".split())
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_PARAGRAPHS = frozenset(
    "address article aside blockquote body caption center dd details div dl fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header html legend main ol p pre section summary table "
    "ul".split()
)
_SENTENCES = frozenset("dt li option tr".split())
_CLOSES_P = _PARAGRAPHS - {"body", "html", "caption", "legend", "summary"} | {"hr"}
_IMPLIED = {
    "li": {"li"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
    "tr": {"tr", "td", "th"},
    "td": {"td", "th"},
    "th": {"td", "th"},
    "tbody": {"tr", "td", "th", "thead", "tbody"},
    "body": {"head"},
}
"""What a start tag ends where its end tag was left out."""
_NOTES = ("noteref", "doc-noteref")
_BLANKS = re.compile(r"\s+")
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


@dataclass(slots=True)
class _Open:
    """An element that is open."""

    name: str
    hidden: bool
    before: Delivery | None = None
    """What holds again after it, where it changed that."""


@dataclass(slots=True)
class _Table:
    headers: list[str] = field(default_factory=list)
    headed: bool = False
    """A row of headers came first."""
    column: int = 0
    row_header: bool = False
    """The cell before this one is the header of its row."""
    heading: bool = True
    """So far there are no cells but headers."""
    spans: tuple[int, int] = (0, 0)


class Hypertext(Tags):
    """Reads HTML and XHTML. `code` is what becomes of `pre`; `language` that of what ttm says.

    With `own_language` the language of the whole document is obeyed too, not only that of parts.
    `chapters`: headings of the first two levels begin chapters.
    """

    def __init__(
        self,
        writer: Writer,
        *,
        code: Literal["skip", "announce", "read"],
        language: str,
        own_language: bool,
        chapters: bool = True,
    ) -> None:
        super().__init__()
        self._writer = writer
        self._code = code
        self._usual_language = language
        self._own_language = own_language
        self._chapters = chapters
        self._open: list[_Open] = []
        self._names: Counter[str] = Counter()
        self._hidden = 0
        self._delivery = USUAL
        self._whole = ""  # the language of the whole document
        self._numbers: list[int | None] = []  # of the next item, in each list
        self._tables: list[_Table] = []
        self._header: list[str] | None = None  # of the column being read
        self._lead = ("", (0, 0), "")  # what is said before the words of a cell, if it has any
        self._pre = 0
        self._pre_start = self._pre_lines = 0
        self._pre_text = False
        self._marks = 0
        self._broken = False

    def finish(self) -> None:
        super().finish()
        while self._open:
            self._close(len(self._tape.text))
        self._writer.end(PARAGRAPH, self._tape.end)

    @property
    def _language(self) -> str:
        return self._delivery.language or self._usual_language

    def _text(self, start: int, stop: int) -> None:
        if self._hidden:
            return
        if self._pre:
            self._code_text(start, stop)
            return
        text, done = self._tape.text, start
        for blank in _BLANKS.finditer(text, start, stop):
            self._words(done, blank.start())
            self._blank(blank.start(), " ")
            done = blank.end()
        self._words(done, stop)

    def _words(self, start: int, stop: int) -> None:
        if start == stop:
            return
        self._marks = 0
        if self._header is not None:
            self._header.append(self._tape.text[start:stop])
        else:
            self._begin_words()
            self._writer.copy(self._tape, start, stop)

    def _begin_words(self) -> None:
        self._broken = False
        said, span, written = self._lead
        if said:
            self._lead = ("", span, "")
            self._writer.say(said, span, "html.table", written)

    def _blank(self, at: int, space: str) -> None:
        if self._header is not None:
            self._header.append(space)
        elif not self._writer.white:
            tape = self._tape.cut(at, at + 1)
            self._writer.copy(tape.respelled(space), 0, 1)

    def _entity(self, start: int, stop: int, value: str) -> None:
        if self._hidden or not value:
            return
        if value.isspace():
            self._blank(start, " ")
            return
        mark = unicodedata.category(value[0])[0] == "M"
        self._marks = self._marks + 1 if mark else 0
        if self._marks > MARKS_KEPT:
            return
        written = self._tape.text[start:stop]
        if self._header is not None:
            self._header.append(value)
        elif not self._pre or self._code == "read":
            self._begin_words()
            self._writer.say(value, self._tape.span(start, stop), "entity", written)
        self._pre_text |= self._pre > 0

    def _tag(self, tag: Tag) -> None:
        if tag.ends:
            self._end_tag(tag)
        else:
            self._start_tag(tag)

    def _start_tag(self, tag: Tag) -> None:
        name, at = tag.name, self._tape.origin(tag.start)
        while self._open and self._open[-1].name in _IMPLIED.get(name, ()):
            self._close(tag.start)
        if name in _CLOSES_P and self._open and self._open[-1].name == "p":
            self._close(tag.start)
        attributes = tag.attributes
        if name in _VOID or tag.empty:
            if not self._hidden and not _is_hidden(name, attributes):
                self._leaf(tag, attributes)
            return
        if len(self._open) >= DEPTH:
            return
        element = _Open(name, _is_hidden(name, attributes))
        self._open.append(element)
        self._names[name] += 1
        self._hidden += element.hidden
        if name in _RAW:
            self._raw = name
        if self._hidden:
            return
        if language := attributes.get("lang") or attributes.get("xml:lang"):
            element.before = self._delivery
            self._speak_in(language, whole=name in ("html", "body"))
        if self._header is None:
            self._space(name, at)
        self._begin(tag, attributes)

    def _space(self, name: str, at: int) -> None:
        """What ends where this element begins or ends."""
        if name in ("h1", "h2") and self._chapters:
            self._writer.end(CHAPTER, at)
        elif name in _PARAGRAPHS:
            self._writer.end(PARAGRAPH, at)
        elif name in _SENTENCES:
            self._writer.end(SENTENCE, at)

    def _begin(self, tag: Tag, attributes: dict[str, str]) -> None:
        name, span = tag.name, self._tape.span(tag.start, tag.stop)
        if name in ("ol", "ul"):
            first = attributes.get("start", "1")
            number = int(first) if first.isascii() and first.isdecimal() and len(first) < 10 else 1
            self._numbers.append(number if name == "ol" else None)
        elif name == "li" and self._numbers and (now := self._numbers[-1]) is not None:
            self._numbers[-1] = now + 1
            self._writer.say(f"{now}. ", span, "html.number", "<li>")
        elif name == "table":
            self._tables.append(_Table())
        elif name == "tr" and self._tables:
            table = self._tables[-1]
            table.headed |= table.heading and bool(table.headers)
            table.column, table.row_header = 0, False
            self._lead = ("", span, "")
            if not table.headed:
                table.headers.clear()
        elif name in ("td", "th") and self._tables:
            self._begin_cell(tag, span)
        elif name == "pre":
            self._pre += 1
            if self._pre == 1:
                self._pre_start, self._pre_lines, self._pre_text = span[0], 0, False

    def _begin_cell(self, tag: Tag, span: tuple[int, int]) -> None:
        table = self._tables[-1]
        if tag.name == "td":
            table.heading = False
        if tag.name == "th" and table.heading and self._header is None:
            self._header = []
            table.spans = (table.spans[0] or span[0], span[1])
            return
        if self._header is not None:
            return
        headers, column = table.headers, table.column
        head = headers[column] if column < len(headers) and tag.name == "td" else ""
        before = ": " if table.row_header and not head else ", "
        said = before if column and not self._writer.gap else ""
        self._lead = said + (head and f"{head}: "), span, f"<{tag.name}>"
        table.column, table.row_header = column + 1, tag.name == "th"

    def _leaf(self, tag: Tag, attributes: dict[str, str]) -> None:
        at = self._tape.origin(tag.start)
        if tag.name == "br":
            if self._pre:
                self._line(at)
            elif self._header is None:
                self._writer.end(PARAGRAPH if self._broken else SENTENCE, at)
                self._broken = True
        elif tag.name == "hr" and not self._header:
            self._writer.end(PARAGRAPH, at)
            self._writer.mark(Pause(RULE_PAUSE), at)
        elif tag.name == "img" and (alt := " ".join(attributes.get("alt", "").split())):
            span, written = self._tape.span(tag.start, tag.stop), self._tape.text[tag.start :][:80]
            if self._header is not None:
                self._header.append(alt)
                return
            said = phrases(self._language).image + alt
            self._writer.end(SENTENCE, at)
            self._begin_words()
            self._writer.say(said, span, "html.image", written)
            self._writer.end(SENTENCE, span[1])
        elif tag.name in _PARAGRAPHS or tag.name in _SENTENCES:
            self._space(tag.name, at)

    def _end_tag(self, tag: Tag) -> None:
        if tag.name == "br":
            self._leaf(tag, {})
        if not self._names[tag.name]:
            return
        while self._close(tag.start) != tag.name:
            pass

    def _close(self, index: int) -> str:
        """End the innermost element before this index of the tape; its name."""
        element = self._open.pop()
        name = element.name
        self._names[name] -= 1
        self._hidden -= element.hidden
        if self._hidden or element.hidden:
            return name
        at = self._tape.origin(index)
        if name == "pre":
            self._pre -= 1
            if not self._pre:
                self._end_code(at)
        elif name in ("ol", "ul"):
            if self._numbers:
                self._numbers.pop()
        elif name == "th" and self._header is not None and self._tables:
            header = " ".join("".join(self._header).split())[:HEADER_LENGTH]
            self._tables[-1].headers.append(header.rstrip(" :"))
            self._header = None
        elif name == "table" and self._tables:
            self._lead = ("", (0, 0), "")
            self._end_table(self._tables.pop())
        if element.before is not None:
            self._delivery = element.before
            self._writer.deliver(self._delivery)
        if self._header is None:
            self._space(name, at) if name not in ("h1", "h2") else self._writer.end(PARAGRAPH, at)
        return name

    def _end_table(self, table: _Table) -> None:
        if table.heading and any(table.headers):
            said = ", ".join(filter(None, table.headers))
            self._writer.say(said, table.spans, "html.table", "<th>")

    def _code_text(self, start: int, stop: int) -> None:
        text = self._tape.text
        at = start
        while at < stop:
            end = text.find("\n", at, stop)
            line_stop = stop if end < 0 else end
            if text[at:line_stop].strip():
                self._pre_text = True
                if self._code == "read":
                    self._writer.copy(self._tape, at, line_stop)
            if end < 0:
                return
            self._line(self._tape.origin(end))
            at = end + 1

    def _line(self, at: int) -> None:
        """A line of code ends."""
        self._pre_lines += self._pre_text
        self._pre_text = False
        if self._code == "read":
            self._writer.end(SENTENCE, at)

    def _end_code(self, at: int) -> None:
        self._line(at)
        if self._code == "announce" and self._pre_lines and self._header is None:
            said = code(self._pre_lines, self._language)
            self._writer.say(said, (self._pre_start, at), "html.code", "<pre>")

    def _speak_in(self, language: str, *, whole: bool) -> None:
        if whole:
            self._whole = language
            if not self._own_language:
                return
        same = language == self._whole and not self._own_language
        own = "" if same else language
        self._delivery = replace(self._delivery, language=own)
        self._writer.deliver(self._delivery)


def _is_hidden(name: str, attributes: dict[str, str]) -> bool:
    return (
        name in SKIPPED
        or "hidden" in attributes
        or attributes.get("aria-hidden", "").lower() == "true"
        or attributes.get("role", "").lower() in ("navigation", *_NOTES)
        or attributes.get("epub:type", "").lower() in _NOTES
        or _HIDING.search(attributes.get("style", "")) is not None
    )
