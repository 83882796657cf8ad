"""Markdown (CommonMark with GitHub's tables and tasks) as one would read it out, line by line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ttm.text.marks import Pause
from ttm.text.markup import beginnings
from ttm.text.markup.beginnings import advance, indentation
from ttm.text.markup.inlines import Inlines
from ttm.text.markup.phrases import code as code_phrase
from ttm.text.markup.phrases import phrases
from ttm.text.markup.tables import Table, is_delimiter
from ttm.text.markup.writer import CHAPTER, PARAGRAPH, SENTENCE, Writer
from ttm.text.traced import Traced, Tracer, plain

LENGTH = 8192
"""Characters of a paragraph, or of a line, that are looked at in one go."""
DEPTH = 32
"""Quotes and lists within each other."""
FRONT_LINES = 200
"""Lines of the longest front matter."""
RULE_PAUSE = 1.0
"""Seconds of silence for a thematic break."""

Leaf = Literal["none", "paragraph", "fence", "code", "html", "table"]


@dataclass(frozen=True, slots=True)
class _Container:
    """A block quote, or a list item with the columns that its content is indented by."""

    indent: int
    """0 for a quote."""


class Markdown:
    """Reads Markdown; what a line means is known at the latest when the paragraph ends.

    `code` is what becomes of code blocks, `language` that of what ttm says. With `follow`, a line
    is a paragraph. `bracketed`: `[pause]` and `[[…]]` may be notations and stay as they are.
    """

    def __init__(
        self,
        writer: Writer,
        *,
        code: Literal["skip", "announce", "read"],
        language: str,
        follow: bool,
        bracketed: bool,
    ) -> None:
        self._writer = writer
        self._code = code
        self._language = language
        self._phrases = phrases(language)
        self._follow = follow
        self._inlines = Inlines(self._phrases, bracketed=bracketed)
        self._tape = plain("")
        self._scan = 0
        self._goes_on = False  # what comes next belongs to the line before, which is too long
        self._front: list[Traced] = []
        self._first = True
        self._containers: list[_Container] = []
        self._leaf: Leaf = "none"
        self._words = plain("")  # of the paragraph
        self._lines = 0  # in it
        self._leads: list[Traced] = []  # what is said before the next words: an item's number
        self._is_item = False  # the next words are the first of a list item
        self._fence, self._fence_indent = "", 0
        self._until = re.compile("")  # what ends the HTML that is passed over
        self._code_start = self._code_lines = 0
        self._table: Table | None = None

    @property
    def ready(self) -> bool:
        """Whether what was written may be spoken."""
        return True

    def feed(self, piece: Traced) -> None:
        """Read on."""
        self._tape += piece
        text, done = self._tape.text, 0
        while True:
            end = text.find("\n", self._scan, done + LENGTH)
            if end < 0:
                if len(text) - done < LENGTH:
                    self._scan = len(text)
                    break
                self._take(done, done + LENGTH, ends=False)
                done = self._scan = done + LENGTH
            else:
                self._take(done, end, ends=True)
                done = self._scan = end + 1
        self._scan -= done
        self._tape = self._tape.cut(done, len(text))

    def finish(self) -> None:
        """Read what was held back, and end what is open."""
        if self._tape.text:
            self._take(0, len(self._tape.text), ends=True)
        if self._front:
            self._replay()
        self._close_leaf(PARAGRAPH, self._tape.end)
        self._writer.end(PARAGRAPH, self._tape.end)

    def _take(self, start: int, stop: int, *, ends: bool) -> None:
        """A line, or a part of one that is too long to be looked at whole."""
        line = self._tape.cut(start, stop)
        goes_on, self._goes_on = self._goes_on, not ends
        if goes_on:
            self._more(line)
        elif not (self._first or self._front) or not self._is_front(line):
            self._line(line)

    def _is_front(self, line: Traced) -> bool:
        """Whether the line may belong to front matter, which is passed over."""
        text = line.text.rstrip()
        if self._first:
            self._first = False
            if text in ("---", "+++"):
                self._front = [line]
            return bool(self._front)
        fence = self._front[0].text.rstrip()
        if len(self._front) > 1 and text in (fence, "..." if fence == "---" else fence):
            self._front = []
            return True
        self._front.append(line)
        if len(self._front) > FRONT_LINES or (
            len(self._front) == 2 and not beginnings.FRONT.match(line.text)
        ):
            self._replay()
        return True

    def _replay(self) -> None:
        """It was no front matter."""
        held, self._front = self._front, []
        for line in held:
            self._line(line)

    def _more(self, line: Traced) -> None:
        """What a line that is too long goes on with."""
        if self._leaf == "paragraph":
            self._add(line, 0, joined=True)
        elif self._leaf in ("fence", "code") and self._code == "read":
            self._writer.copy(line, 0, len(line.text))
        elif self._leaf == "html" and self._until.search(line.text):
            self._end_code(line.end)

    def _line(self, line: Traced) -> None:
        text = line.text
        i, matched = self._match_containers(text)
        columns, j = indentation(text, i)
        blank = j == len(text)
        whole = matched == len(self._containers)
        if whole and self._leaf in ("fence", "html") and self._in_block(line, i):
            return
        if whole and self._leaf == "code":
            if blank or columns >= 4:
                self._code_line(line, i if blank else advance(text, i, 4))
                return
            self._end_code(line.origin(0))
        opened = False
        while not blank and columns < 4 and len(self._containers) < DEPTH:
            i = self._open_container(line, j, columns, matched, opened)
            if i <= j:
                break
            opened, whole, matched = True, True, len(self._containers)
            columns, j = indentation(text, i)
            blank = j == len(text)
        at = line.origin(min(j, len(text)))
        if blank:
            self._blank(matched, at, opened)
            return
        if columns >= 4 and self._leaf != "paragraph":
            self._leave(matched, PARAGRAPH, at)
            self._begin_code("code", at)
            self._code_line(line, advance(text, i, 4))
            return
        if columns < 4 and self._block(line, j, columns, matched, whole):
            return
        if not whole and self._leaf != "paragraph":
            self._leave(matched, SENTENCE, at)
        if self._leaf == "table" and self._table is not None:
            self._table.row(line, j)
            return
        self._leaf = "paragraph"
        self._add(line, j)
        if self._follow:
            self._close_leaf(PARAGRAPH, line.end)

    def _match_containers(self, text: str) -> tuple[int, int]:
        """How far the line's beginning belongs to the containers that are open, and to how many."""
        i = matched = 0
        for container in self._containers:
            columns, j = indentation(text, i)
            if container.indent:
                if columns >= container.indent:
                    i = advance(text, i, container.indent)
                elif j < len(text):
                    break
            else:
                quote = beginnings.QUOTE.match(text, j) if columns < 4 else None
                if not quote:
                    break
                i = quote.end()
            matched += 1
        return i, matched

    def _open_container(
        self, line: Traced, j: int, columns: int, matched: int, opened: bool
    ) -> int:
        """Where the content of a quote or list item that begins at `j` begins; `j` for none."""
        text, at = line.text, line.origin(j)
        if quote := beginnings.QUOTE.match(text, j):
            self._leave(matched, PARAGRAPH, at)
            self._containers.append(_Container(0))
            return quote.end()
        item = beginnings.ITEM.match(text, j)
        if not item or beginnings.RULE.match(text, j):
            return j
        after, content = indentation(text, item.end())
        empty = content == len(text)
        if self._leaf == "paragraph" and not opened and matched == len(self._containers):
            if empty or item[1] not in (None, "1"):
                return j  # such an item ends no paragraph
        if empty or after > 4:
            after = 1
        self._leave(matched, SENTENCE, at)
        self._containers.append(_Container(columns + item.end() - j + after))
        self._is_item = True
        if item[1]:
            number = Tracer()
            number.copy(line, j, item.end())
            after_number = line.origin(item.end())
            number.say(" ", (after_number, after_number), "markdown.number", "")
            self._leads = [number.built(after_number)]
        return len(text) if empty else advance(text, item.end(), after)

    def _block(self, line: Traced, j: int, columns: int, matched: int, whole: bool) -> bool:
        """Whether something else than a paragraph begins, or ends, with this line."""
        text, at = line.text, line.origin(j)
        if heading := beginnings.HEADING.match(text, j):
            self._leave(matched, PARAGRAPH, at)
            stop = beginnings.heading_end(text, heading.end())
            self._write_heading(line.cut(0, stop), heading.end(), len(heading[1]))
            return True
        if fence := beginnings.FENCE.match(text, j):
            self._leave(matched, PARAGRAPH, at)
            self._begin_code("fence", at)
            self._fence, self._fence_indent = fence[1] or fence[2], columns
            return True
        paragraph = self._leaf == "paragraph" and whole
        if paragraph and 0 < self._lines < 4 and (under := beginnings.UNDERLINE.match(text, j)):
            words, self._words, self._leaf = self._words, plain(""), "none"
            self._write_heading(words, 0, 1 if under[1][0] == "=" else 2)
            return True
        if beginnings.RULE.match(text, j):
            self._leave(matched, PARAGRAPH, at)
            self._writer.mark(Pause(RULE_PAUSE), at)
            return True
        if paragraph and self._lines == 1 and is_delimiter(text, j):
            table = Table(self._writer, self._inlines)
            if table.begin(self._words, line, j):
                self._writer.end(SENTENCE, self._words.origin(0))
                self._words, self._leaf, self._table = plain(""), "table", table
                return True
        if over := beginnings.PASSED_OVER.match(text, j):
            self._leave(matched, PARAGRAPH, at)
            self._pass_over(line, over)
            return True
        if self._leaf != "paragraph":
            if beginnings.DEFINITION.match(text, j):
                self._leave(matched, PARAGRAPH, at)
                return True
            if note := beginnings.FOOTNOTE.match(text, j):
                self._leave(matched, PARAGRAPH, at)
                lead = Tracer()
                said, span = self._phrases.footnote.format(note[1]), line.span(j, note.end())
                lead.say(said, span, "markdown.footnote", note[0], final=False)
                self._leads = [lead.built(span[1])]
                self._leaf = "paragraph"
                self._add(line, note.end())
                return True
        return False

    def _blank(self, matched: int, at: int, opened: bool) -> None:
        quotes = [k for k, one in enumerate(self._containers) if not one.indent and k >= matched]
        self._close_leaf(PARAGRAPH, at)
        if quotes and not opened:
            self._leave(quotes[0], PARAGRAPH, at)

    def _leave(self, matched: int, what: int, at: int) -> None:
        """End the leaf, and the containers beyond those that go on."""
        self._close_leaf(what, at)
        if matched < len(self._containers):
            del self._containers[matched:]
            self._leads, self._is_item = [], False

    def _close_leaf(self, what: int, at: int) -> None:
        """End the leaf, with which a sentence or a paragraph ends."""
        leaf = self._leaf
        if leaf == "paragraph":
            self._write(self._words)
            self._words, self._lines = plain(""), 0
        elif leaf == "table" and self._table is not None:
            self._table.end()
            self._table, what = None, PARAGRAPH
        elif leaf != "none":
            self._end_code(at)
        self._leaf = "none"
        self._writer.end(what, at)

    def _add(self, line: Traced, start: int, *, joined: bool = False) -> None:
        """To the paragraph."""
        part = line.cut(start, len(line.text))
        if self._words.text and not joined:
            newline = Tracer()
            newline.add("\n", self._words.end)
            self._words += newline.built(part.origin(0))
        self._words += part
        self._lines += not joined
        while len(self._words.text) > LENGTH:
            stop = self._words.text.rfind(" ", 0, LENGTH) + 1 or LENGTH
            self._write(self._words.cut(0, stop))
            self._words = self._words.cut(stop, len(self._words.text))
            self._lines = LENGTH  # too many for a heading or a table

    def _write(self, words: Traced, start: int = 0) -> None:
        """A paragraph, or as much of it as may be looked at in one go."""
        for lead in self._leads:
            self._writer.copy(lead, 0, len(lead.text))
        if self._is_item and (task := beginnings.TASK.match(words.text, start)):
            said = self._phrases.to_do if task[1] == " " else self._phrases.done
            self._writer.say(said, words.span(start, task.end()), "markdown.task", task[0])
            start = task.end()
        self._leads, self._is_item = [], False
        self._inlines.write(self._writer, words, start)

    def _write_heading(self, words: Traced, start: int, level: int) -> None:
        self._lines = 0
        self._writer.end(CHAPTER if level <= 2 else PARAGRAPH, words.origin(0))
        self._write(words, start)
        self._writer.end(PARAGRAPH, words.end)

    def _begin_code(self, leaf: Leaf, at: int) -> None:
        self._writer.end(PARAGRAPH, at)
        self._leaf, self._code_start, self._code_lines = leaf, at, 0

    def _in_block(self, line: Traced, i: int) -> bool:
        """Read a line within a fence or within HTML that is passed over."""
        text = line.text
        columns, j = indentation(text, i)
        if self._leaf == "html":
            if self._until.search(text, i):
                self._end_code(line.end)
            else:
                self._code_lines += bool(text.strip())
            return True
        run = len(text) - len(text[j:].lstrip(self._fence[0])) - j
        if columns < 4 and run >= len(self._fence) and not text[j + run :].strip():
            self._end_code(line.end)
        else:
            self._code_line(line, advance(text, i, min(columns, self._fence_indent)))
        return True

    def _code_line(self, line: Traced, start: int) -> None:
        if not line.text[start:].strip():
            return
        self._code_lines += 1
        if self._code == "read":
            self._writer.end(SENTENCE, line.origin(start))
            self._writer.copy(line, start, len(line.text))

    def _pass_over(self, line: Traced, over: re.Match[str]) -> None:
        raw = (over["raw"] or "").lower()
        end = f"</{raw}" if raw else "-->" if over["comment"] else r"\?>" if over["php"] else ">"
        self._until = re.compile(end, re.IGNORECASE)
        self._begin_code("html", line.origin(over.start()))
        if raw != "pre":
            self._code_lines = -(1 << 60)  # no code that anybody wants to hear of
        if self._until.search(line.text, over.end()):
            self._code_lines += 1
            self._end_code(line.end)

    def _end_code(self, at: int) -> None:
        lines, self._leaf = self._code_lines, "none"
        if self._code == "announce" and lines > 0:
            said = code_phrase(lines, self._language)
            self._writer.say(said, (self._code_start, at), "markdown.code", "")
        self._leads, self._is_item = [], False
        self._writer.end(PARAGRAPH, at)
