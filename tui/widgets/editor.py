"""The text that is written and spoken, with what is said at the moment lit in it."""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate, pairwise
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.document._document import EditResult, Location
from textual.document._document_navigator import DocumentNavigator
from textual.document._edit import Edit
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widgets import TextArea

from tui.safe import pictured
from tui.widgets.anchors import Anchors
from tui.widgets.wrapping import Wrapping

MOST = 5_000_000
"""Characters that it takes: ten novels."""
BREAKS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
"""What other programs end a line with."""
STEERING = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]|\x1b[\\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\\\)?|\x1b.?"
    "|[\x00-\x08\x0e-\x1b\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
"""Escape sequences, controls, overrides of direction, halves of characters: nobody reads them, and
a terminal obeys some."""
TOUCHED = 4.0
"""Seconds after a key or a turn of the wheel in which the view stays where it was put."""
Span = tuple[int, int]
Over = tuple[int, int, Style]
"""The first column, one past the last, and what they look like."""


def cleaned(text: str) -> tuple[str, int]:
    """The text with lines that end as ours do and without what could steer a terminal; how many
    characters that were."""
    text = BREAKS.sub("\n", text)
    clean = STEERING.sub("", text)
    return clean, len(text) - len(clean)


class Editor(TextArea):
    """A TextArea that stays quick with a book in it, and shows what is heard."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"editor--sentence", "editor--word", "editor--doubt"}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "alt+a", "select_all", "Select all", show=False, id="editor.all", tooltip="Select all"
        ),
    ]

    class Removed(Message):
        """Something of what came was left out."""

        def __init__(self, sentence: str) -> None:
            super().__init__()
            self.sentence = sentence

    def __init__(self, text: str = "", *, placeholder: str = "", id: str | None = None) -> None:
        self._anchors: Anchors | None = None
        self._lit: tuple[Span | None, Span | None] = (None, None)
        """The sentence and the word, in characters of what is written."""
        self._doubts: list[Span] = []
        """What the guard had something to say about, in characters of what is written."""
        self._strips: LRUCache[tuple[object, ...], Strip] = LRUCache(512)
        self._base = Style()
        self._lines_at: list[int] | None = None
        """The first character of each line; None after a change."""
        self._touched = 0.0
        super().__init__(
            cleaned(text)[0],
            id=id,
            placeholder=placeholder,
            soft_wrap=True,
            tab_behavior="focus",
            show_line_numbers=False,
            highlight_cursor_line=False,
        )
        self.match_cursor_bracket = False

    # What comes in is made safe, whichever way it comes.

    def edit(self, edit: Edit) -> EditResult:
        edit.text, removed = cleaned(edit.text)
        left = MOST - len(self.text) if len(edit.text) > 1 else 1
        if len(edit.text) > left:
            kept = max(0, left)
            self.post_message(
                self.Removed(f"the text ends here: {MOST:,} characters are the most that it holds")
            )
            edit.text = edit.text[:kept]
        if removed:
            what = "characters" if removed > 1 else "character"
            self.post_message(self.Removed(f"{removed:,} {what} that cannot be read were left out"))
        rows = len(self.wrapped_document._offset_to_line_info)
        result = super().edit(edit)
        self._lines_at = None
        if len(self.wrapped_document._offset_to_line_info) != rows and self.has_focus:
            # TextArea scrolls before it knows of a new row, and leaves the cursor below the edge.
            self.call_after_refresh(self.scroll_cursor_visible)
        return result

    def load_text(self, text: str) -> None:
        super().load_text(cleaned(text)[0][:MOST])

    def _set_document(self, text: str, language: str | None) -> None:
        super()._set_document(text, language)
        self._lines_at = None
        self.wrapped_document = Wrapping(self.document, tab_width=self.indent_width)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self._rewrap_and_refresh_virtual_size()

    def on_text_area_changed(self) -> None:
        self._lines_at = None
        if self._anchors is not None:
            self._anchors.changed(self.text)
            self.light(None, None)

    # Places.

    @property
    def cursor(self) -> int:
        """The character that the cursor is on."""
        return self.place_of(self.cursor_location)

    @property
    def selected(self) -> Span | None:
        """What is selected, if anything is."""
        first, last = sorted(map(self.place_of, self.selection))
        return (first, last) if first != last else None

    def place_of(self, location: Location) -> int:
        """The character at a line and column."""
        return self._lines()[location[0]] + location[1]

    def location_of(self, place: int) -> Location:
        """The line and column of a character."""
        starts = self._lines()
        row = bisect_right(starts, place) - 1
        return row, place - starts[row]

    def _lines(self) -> list[int]:
        if self._lines_at is None:
            lengths = (len(line) + 1 for line in self.document.lines)
            self._lines_at = [*accumulate(lengths, initial=0)][:-1]
        return self._lines_at

    # What is heard.

    def spoken(self, start: int, text: str) -> None:
        """From here on places are told as those of this text, which stands there."""
        self._anchors = Anchors(self.text, start, text)
        self.light(None, None)

    def reword(self, start: int, end: int, new: str, text: str) -> None:
        """Write something else for these characters of what is spoken, which is `text` from here
        on. Nothing is written where somebody has changed them."""
        anchors = self._anchors
        place = anchors.span(start, end) if anchors else None
        if anchors is None or place is None:
            return
        self.replace(new, self.location_of(place[0]), self.location_of(place[1]))
        self._lines_at = None
        self._anchors = anchors.reworded(self.text, text)

    def heard_place(self, written: int) -> int | None:
        """Which character of what is spoken stands there."""
        return self._anchors.place(written) if self._anchors else None

    def light(self, sentence: Span | None, word: Span | None, *, follow: bool = False) -> None:
        """Show these characters of what is spoken as those that are heard.

        `follow`: bring them into view, unless somebody looks at something else.
        """
        anchors = self._anchors
        lit = (
            anchors.span(*sentence) if anchors and sentence else None,
            anchors.span(*word) if anchors and word else None,
        )
        if lit == self._lit:
            return
        before, self._lit = self._lit, lit
        changed = [rows for each in zip(before, lit, strict=True) if each[0] != each[1]
                   for rows in map(self._rows, each) if rows]  # fmt: skip
        if changed:
            first, last = min(rows[0] for rows in changed), max(rows[1] for rows in changed)
            self.refresh_lines(first, last - first + 1)
        rows = self._rows(lit[1] or lit[0])
        if follow and rows and time.monotonic() - self._touched > TOUCHED:
            top, height = self.scroll_offset.y, self.scrollable_content_region.height
            if not top <= rows[0] < top + height:
                self.scroll_to(y=max(0, rows[0] - height // 3), animate=False)

    def doubt(self, spans: Iterable[Span]) -> None:
        """Mark these characters of what is spoken as those that were not spoken well."""
        anchors = self._anchors
        places = [anchors.span(*span) for span in spans] if anchors else []
        doubts = [place for place in places if place]
        if doubts != self._doubts:
            self._doubts = doubts
            self.refresh()

    @property
    def lit(self) -> tuple[Span | None, Span | None]:
        """The sentence and the word that are shown as heard, in characters of what is written."""
        return self._lit

    def _rows(self, span: Span | None) -> tuple[int, int] | None:
        """The rows of the whole text on which these characters are."""
        if span is None or span[1] > len(self.text):
            return None
        wrapped = self.wrapped_document
        first, last = map(self.location_of, (span[0], max(span[0], span[1] - 1)))
        return wrapped.location_to_offset(first).y, wrapped.location_to_offset(last).y

    # Painting: only the rows that are seen, each from its own part of its line.

    def render_lines(self, crop: Region) -> list[Strip]:
        self._base = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        if self.document.line_count == 1 and not self.document.get_line(0):
            if self.scrollable_content_region.width < 2:  # in which no word can be wrapped
                return Strip.blank(self.size.width)
            return super().render_line(y)
        wrapped = self.wrapped_document
        assert isinstance(wrapped, Wrapping)
        width = self.scrollable_content_region.width
        row = y + self.scroll_offset.y
        if row >= len(wrapped._offset_to_line_info):
            return Strip.blank(width, self._base)
        line, number = wrapped._offset_to_line_info[row]
        start, end = wrapped.section(line, number)
        text = self.document.get_line(line)[start:end]
        styles = self._styles(line, start, end, last=number == len(wrapped.get_offsets(line)))
        tabs: tuple[int, ...] = ()
        if "\t" in text:
            before = self.document.get_line(line).count("\t", 0, start)
            tabs = tuple(wrapped.get_tab_widths(line)[before:])
        key = (text, tuple(styles), width, self._base, tabs)
        strip = self._strips.get(key)
        if strip is None:
            segments = _segments(text, styles, self._base, tabs)
            strip = self._strips[key] = Strip(segments).adjust_cell_length(width, self._base)
        return strip

    def _styles(self, line: int, start: int, end: int, *, last: bool) -> list[Over]:
        """What lies over a row, in its columns, the uppermost last."""
        found: list[Over] = []
        before = self._lines()[line] + start
        spans = [*((span, "doubt") for span in self._doubts), (self._lit[0], "sentence")]
        for span, name in (*spans, (self._lit[1], "word")):
            if span and span[0] < before + end - start and span[1] > before:
                style = self.get_component_rich_style(f"editor--{name}", partial=name == "doubt")
                found.append((max(0, span[0] - before), min(span[1] - before, end - start), style))
        theme = self._theme
        first, until = sorted(self.selection)
        if theme and first != until and first[0] <= line <= until[0] and theme.selection_style:
            a = max(0, first[1] - start) if first[0] == line else 0
            b = until[1] - start if until[0] == line else end - start + last
            if b > a:
                found.append((a, b, theme.selection_style))
        row, column = self.cursor_location
        here = row == line and (start <= column < end or (last and column == end))
        if here and self._draw_cursor and theme and theme.cursor_style:
            found.append((column - start, column - start + 1, theme.cursor_style))
        return found

    # Somebody who looks elsewhere is not pulled along.

    async def _on_key(self, event: events.Key) -> None:
        self._touched = time.monotonic()
        await super()._on_key(event)

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._touched = time.monotonic()
        super()._on_mouse_scroll_down(event)

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._touched = time.monotonic()
        super()._on_mouse_scroll_up(event)


def _segments(text: str, styles: list[Over], base: Style, tabs: tuple[int, ...]) -> list[Segment]:
    """A row with what lies over it, and room for the cursor behind its last character."""
    size = len(text)
    edges = sorted({0, size, *(min(edge, size) for a, b, _ in styles for edge in (a, b))})
    widths = iter(tabs)
    segments = []
    for a, b in [*pairwise(edges), (size, size + 1)]:
        style = base
        for first, until, over in styles:
            if first <= a and b <= until:
                style += over
        piece = pictured(text[a:b]) or " "
        if "\t" in piece:
            piece = "".join(" " * next(widths, 1) if char == "\t" else char for char in piece)
        segments.append(Segment(piece, style))
    return segments
