"""What stands within a paragraph of Markdown: emphasis, code, links, images, entities, tags."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from html import unescape
from typing import Literal

from ttm.text.cleaning import clean
from ttm.text.markup.phrases import Phrases
from ttm.text.markup.writer import PARAGRAPH, SENTENCE, Writer
from ttm.text.traced import Traced

_PUNCTUATION = re.escape("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_SPECIAL = re.compile(r"[\\`*_~\[\]<&\n]")
_ESCAPE = re.compile(rf"\\(?:[{_PUNCTUATION}]|\n)")
_RUN = re.compile(r"`+|\*+|_+|~+")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_AUTOLINK = re.compile(r"<((?:https?|ftp)://[^\s<>]*+|[\w.+-]++@[\w.-]++|mailto:[^\s<>]++)>")
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*+)((?:\s[^<>]*+)?+)/?>")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,100}\]")
_ALERT = re.compile(r"\s*\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]")
_NOTATION = re.compile(r"\[pause(?::[0-9.]{1,10}m?s)?\]|\[\[[^\[\]\n]{1,401}\]\]")
_TARGET = re.compile(
    r"\(\s*+(?:<[^<>\n]*+>|[^\s()\\<]*+(?:(?:\\.|\((?:[^\s()\\]|\\.)*+\))[^\s()\\]*+)*+)"
    r"""(?:\s++(?:"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\)))?+\s*+\)""",
    re.DOTALL,
)
_LABEL = re.compile(r"\[[^\[\]]{0,999}+\]")
_ALT = re.compile(r"""\balt\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')""", re.IGNORECASE)
_BLOCK_TAGS = frozenset(
    "blockquote center dd details div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr ol p section "
    "summary table ul".split()
)
_ITEM_TAGS = frozenset("br li td th tr".split())

Action = Literal["drop", "say", "sentence", "paragraph"]


@dataclass(frozen=True, slots=True)
class _Edit:
    """What becomes of a stretch of the text."""

    start: int
    stop: int
    does: Action
    said: str = ""
    rule: str = ""


@dataclass(slots=True)
class _Delimiters:
    """A run of `*`, `_` or `~` that may begin or end emphasis."""

    number: int
    sign: str
    start: int
    size: int
    count: int
    """Of those not used yet, the first of which stands at `start`."""
    opens: bool
    closes: bool


class Inlines:
    """Writes paragraphs; every pass takes time linear in them."""

    def __init__(self, own: Phrases, *, bracketed: bool) -> None:
        self._phrases = own
        self._bracketed = bracketed

    def write(self, writer: Writer, words: Traced, start: int = 0) -> None:
        """`words` from `start` on, without what only says how they look."""
        text, done = words.text, start
        flat = words.respelled(text.replace("\n", " "))
        for edit in sorted(self._edits(text, start), key=lambda edit: (edit.start, edit.stop)):
            writer.copy(flat, done, edit.start)
            self._put(writer, words, edit)
            done = edit.stop
        writer.copy(flat, done, len(text))

    def _put(self, writer: Writer, words: Traced, edit: _Edit) -> None:
        at = words.origin(edit.start)
        if edit.does == "sentence":
            writer.end(SENTENCE, at)
        elif edit.does == "paragraph":
            writer.end(PARAGRAPH, at)
        if edit.said:
            span = words.span(edit.start, edit.stop)
            writer.say(edit.said, span, edit.rule, words.text[edit.start : edit.stop])

    def _edits(self, text: str, start: int) -> list[_Edit]:
        edits: list[_Edit] = []
        runs: list[_Delimiters] = []
        brackets: list[int] = []
        backticks = _backticks(text)
        i = start
        if alert := _ALERT.match(text, start):
            edits.append(_Edit(start, alert.end(), "sentence", alert[1].title(), "markdown.note"))
            edits.append(_Edit(alert.end(), alert.end(), "sentence"))
            i = alert.end()
        while found := _SPECIAL.search(text, i):
            i = found.start()
            sign = text[i]
            if sign == "\\":
                i = _escape(text, i, edits)
            elif sign == "`":
                i = _code(text, i, backticks, edits)
            elif sign == "\n":
                if text.endswith("  ", max(start, i - 2), i):
                    edits.append(_Edit(i, i + 1, "sentence"))
                i += 1
            elif sign == "<":
                i = self._tag(text, i, edits)
            elif sign == "&":
                i = _entity(text, i, edits)
            elif sign == "[":
                i = self._bracket(text, i, brackets, edits)
            elif sign == "]":
                i = self._link(text, i, start, brackets, edits)
            else:
                i = _delimiters(text, i, start, runs)
        _emphasis(runs, edits)
        return edits

    def _tag(self, text: str, i: int, edits: list[_Edit]) -> int:
        if link := _AUTOLINK.match(text, i):
            edits += [_Edit(i, i + 1, "drop"), _Edit(link.end() - 1, link.end(), "drop")]
            return link.end()
        if text.startswith("<!--", i):
            stop = text.find("-->", i + 4)
            if stop >= 0:
                edits.append(_Edit(i, stop + 3, "drop"))
                return stop + 3
            return i + 4
        tag = _TAG.match(text, i)
        if not tag:
            return i + 1
        name = tag[1].lower()
        alt = _ALT.search(tag[2]) if name == "img" else None
        if alt and (said := " ".join(clean(unescape(alt[1] or alt[2] or "")).text.split())):
            said = self._phrases.image + said
            edits.append(_Edit(i, tag.end(), "sentence", said, "markdown.image"))
            edits.append(_Edit(tag.end(), tag.end(), "sentence"))
        elif name in _BLOCK_TAGS:
            edits.append(_Edit(i, tag.end(), "paragraph"))
        else:
            edits.append(_Edit(i, tag.end(), "sentence" if name in _ITEM_TAGS else "drop"))
        return tag.end()

    def _bracket(self, text: str, i: int, brackets: list[int], edits: list[_Edit]) -> int:
        if self._bracketed and (notation := _NOTATION.match(text, i)):
            return notation.end()
        if note := _FOOTNOTE.match(text, i):
            edits.append(_Edit(i, note.end(), "drop"))
            return note.end()
        brackets.append(i)
        return i + 1

    def _link(self, text: str, i: int, start: int, brackets: list[int], edits: list[_Edit]) -> int:
        if not brackets:
            return i + 1
        opened = brackets.pop()
        target = _TARGET.match(text, i + 1) or _LABEL.match(text, i + 1)
        if not target:
            return i + 1
        stop = target.end()
        is_image = opened > start and text[opened - 1] == "!" and not _escaped(text, opened - 1)
        if not is_image:
            edits += [_Edit(opened, opened + 1, "drop"), _Edit(i, stop, "drop")]
        elif text[opened + 1 : i].strip():
            said = self._phrases.image
            edits.append(_Edit(opened - 1, opened + 1, "sentence", said, "markdown.image"))
            edits.append(_Edit(i, stop, "sentence"))
        else:
            edits += [_Edit(opened - 1, opened + 1, "drop"), _Edit(i, stop, "drop")]
        return stop


def _backticks(text: str) -> dict[int, list[int]]:
    """Where the runs of backticks are, by their length."""
    places: dict[int, list[int]] = defaultdict(list)
    for run in re.finditer("`+", text):
        places[len(run[0])].append(run.start())
    return places


def _escape(text: str, i: int, edits: list[_Edit]) -> int:
    escape = _ESCAPE.match(text, i)
    if not escape:
        return i + 1
    if escape[0] == "\\\n":
        edits.append(_Edit(i, i + 2, "sentence"))
    elif escape[0] == "\\[":  # a change, so that it begins no `[pause]`
        edits.append(_Edit(i, i + 2, "say", "[", "entity"))
    else:
        edits.append(_Edit(i, i + 1, "drop"))
    return escape.end()


def _escaped(text: str, i: int) -> bool:
    return i > 0 and text[i - 1] == "\\"


def _code(text: str, i: int, backticks: dict[int, list[int]], edits: list[_Edit]) -> int:
    size = 1
    while text.startswith("`", i + size):
        size += 1
    places = backticks.get(size, [])
    after = bisect_right(places, i)
    if after == len(places):
        return i + size
    stop = places[after]
    edits += [_Edit(i, i + size, "drop"), _Edit(stop, stop + size, "drop")]
    return stop + size


def _entity(text: str, i: int, edits: list[_Edit]) -> int:
    entity = _ENTITY.match(text, i)
    value = unescape(entity[0]) if entity else ""
    if not entity or value == entity[0]:
        return i + 1
    said = clean(value).text
    edits.append(_Edit(i, entity.end(), "say" if said else "drop", said, "entity"))
    return entity.end()


def _delimiters(text: str, i: int, start: int, runs: list[_Delimiters]) -> int:
    found = _RUN.match(text, i)
    assert found
    stop, sign = found.end(), text[i]
    if sign == "~" and stop - i != 2:
        return stop
    before = text[i - 1] if i > start else " "
    after = text[stop] if stop < len(text) else " "
    left = not after.isspace() and (not _punctuation(after) or _edge(before))
    right = not before.isspace() and (not _punctuation(before) or _edge(after))
    opens, closes = left, right
    if sign == "_":
        opens = left and (not right or _punctuation(before))
        closes = right and (not left or _punctuation(after))
    if opens or closes:
        size = stop - i
        runs.append(_Delimiters(len(runs), sign, i, size, size, opens, closes))
    return stop


def _edge(char: str) -> bool:
    return char.isspace() or _punctuation(char)


def _punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"


def _emphasis(runs: list[_Delimiters], edits: list[_Edit]) -> None:
    """CommonMark's algorithm; whoever found no opener once searches no further back again."""
    stack: list[_Delimiters] = []
    bottoms: dict[tuple[str, bool, int], int] = {}
    for run in runs:
        key = run.sign, run.opens, run.size % 3
        while run.closes and run.count:
            at = len(stack) - 1
            while at >= 0 and stack[at].number > bottoms.get(key, -1):
                if stack[at].sign == run.sign and _pair(stack[at], run):
                    break
                at -= 1
            else:
                bottoms[key] = stack[-1].number if stack else -1
                break
            opener = stack[at]
            del stack[at + 1 :]
            used = 2 if min(opener.count, run.count) >= 2 else 1
            opener.count -= used
            last = opener.start + opener.count
            edits.append(_Edit(last, last + used, "drop"))
            edits.append(_Edit(run.start, run.start + used, "drop"))
            run.start += used
            run.count -= used
            if not opener.count:
                stack.pop()
        if run.opens and run.count:
            stack.append(run)


def _pair(opener: _Delimiters, closer: _Delimiters) -> bool:
    if not (opener.closes or closer.opens):
        return True
    return (opener.size + closer.size) % 3 != 0 or (opener.size % 3 == 0 == closer.size % 3)
