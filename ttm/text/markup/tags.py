"""A stream of text with tags becomes tags, entities and what stands between them.

`html.parser` tells no offsets, and needs quadratic time for what is left open (CVE-2025-6069).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

from ttm.text.cleaning import clean
from ttm.text.traced import Traced, plain

TAG_LENGTH = 4096
"""Characters of the longest tag; what is longer is text."""
ENTITY_LENGTH = 34

_NAME = r"[A-Za-z][^\s/><]*+"
_REST = r"""(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+'|(?!["'])))*+"""
_TAG = re.compile(rf"<(?P<end>/?)(?P<name>{_NAME})(?P<rest>{_REST})>")
_LOOSE_TAG = re.compile(rf"<(?P<end>/?)(?P<name>{_NAME})(?P<rest>[^>]*+)>")
_ATTRIBUTE = re.compile(r"""([^\s"'>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]*+)))?+""")
_DECLARATION = re.compile(r"<![^>\[]*+(?:\[[^\]]*+\]\s*+)?+>")
_ENTITY = re.compile(
    r"&(?:#[0-9]{1,7}+;?+|#[xX][0-9a-fA-F]{1,6}+;?+|[A-Za-z][A-Za-z0-9]{0,31}+;?+)"
)
_NEXT = re.compile("[<&]")
_CDATA, _COMMENT = "<![CDATA[", "<!--"


@dataclass(frozen=True, slots=True)
class Tag:
    """A start or end tag, or a start that is its own end."""

    name: str
    """In lower case."""
    start: int
    """Index of its `<` in the tape."""
    stop: int
    """One past its `>`."""
    ends: bool
    empty: bool
    rest: str = field(repr=False)

    @property
    def attributes(self) -> dict[str, str]:
        """By their names in lower case; the first of a name counts."""
        found: dict[str, str] = {}
        for name, *values in _ATTRIBUTE.findall(self.rest):
            found.setdefault(name.lower(), clean(unescape("".join(values))).text)
        return found


class Tags:
    """Reads what it is fed up to what is certain; subclasses say what it means.

    How the text was cut into pieces changes nothing.
    """

    def __init__(self) -> None:
        self._tape = plain("")
        self._until = ""  # what ends the comment or the like that is being passed over
        self._raw = ""  # the element whose content is no markup
        self._cdata = False
        self._unclosed = 0  # from the tag being read up to here there is no >

    @property
    def ready(self) -> bool:
        """Whether what was written may be spoken."""
        return True

    def feed(self, piece: Traced) -> None:
        """Read on."""
        self._tape += piece
        self._consume(final=False)

    def finish(self) -> None:
        """Read what was held back for what might have followed."""
        self._consume(final=True)

    def _text(self, start: int, stop: int) -> None:
        """What stands there in the tape is text."""
        raise NotImplementedError

    def _entity(self, start: int, stop: int, value: str) -> None:
        """An entity stands there for these clean characters."""
        raise NotImplementedError

    def _tag(self, tag: Tag) -> None:
        """A tag stands there."""
        raise NotImplementedError

    def _consume(self, *, final: bool) -> None:
        done = self._read(final)
        self._tape = self._tape.cut(done, len(self._tape.text))
        self._unclosed = 0

    def _read(self, final: bool) -> int:
        """How far it came."""
        text, i = self._tape.text, 0
        size = len(text)
        while i < size:
            if self._until or self._raw:
                past = self._pass_over(text, i, final)
            elif self._cdata:
                past = self._read_cdata(text, i, final)
            elif text[i] == "<":
                past = self._read_tag(text, i, final)
            elif text[i] == "&":
                past = self._read_entity(text, i, final)
            else:
                found = _NEXT.search(text, i)
                past = found.start() if found else size
                self._text(i, past)
            if past == i:
                break
            i = past
        return i

    def _pass_over(self, text: str, i: int, final: bool) -> int:
        end = self._until or f"</{self._raw}"
        at = text.find(end, i) if self._until else _find(text, end, i)
        if at < 0:
            return len(text) if final else max(i, len(text) - len(end) + 1)
        if self._until:
            self._until = ""
            return at + len(end)
        self._raw = ""
        return at if at > i else self._read_tag(text, i, final)

    def _read_cdata(self, text: str, i: int, final: bool) -> int:
        at = text.find("]]>", i)
        stop = at if at >= 0 else len(text) if final else max(i, len(text) - 2)
        if stop > i:
            self._text(i, stop)
        if at >= 0:
            self._cdata = False
            return at + 3
        return stop

    def _read_entity(self, text: str, i: int, final: bool) -> int:
        match = _ENTITY.match(text, i)
        if not final and len(text) - i < ENTITY_LENGTH:
            if match.end() == len(text) and text[-1] != ";" if match else text[i:] in ("&", "&#"):
                return i
            if text[i:].lower() == "&#x":
                return i
        value = unescape(match[0]) if match else ""
        if not match or value == match[0]:
            self._text(i, i + 1)
            return i + 1
        self._entity(i, match.end(), clean(value).text)
        return match.end()

    def _read_tag(self, text: str, i: int, final: bool) -> int:
        start = text[i : i + len(_CDATA)]
        if not final and (start == "<" or start == "</"):
            return i
        if start[1:2] in ("!", "?"):
            return self._read_declaration(text, i, start, final)
        if not (start[1:2].isalpha() or (start[1:2] == "/" and start[2:3].isalpha())):
            self._text(i, i + 1)
            return i + 1
        stop = i + TAG_LENGTH
        match = None
        if text.find(">", max(i, self._unclosed), stop) < 0:
            self._unclosed = max(self._unclosed, min(stop, len(text)))
        else:
            match = _TAG.match(text, i, stop)
        if not match and not final and len(text) < stop:
            return i
        match = match or _LOOSE_TAG.match(text, i, stop)
        if not match:
            self._text(i, i + 1)
            return i + 1
        rest = match["rest"]
        name, empty = match["name"].lower(), rest.endswith("/")
        self._tag(Tag(name, i, match.end(), bool(match["end"]), empty, rest))
        return match.end()

    def _read_declaration(self, text: str, i: int, start: str, final: bool) -> int:
        if not final and (_CDATA.startswith(start) or _COMMENT.startswith(start)):
            if len(start) < len(_CDATA) and start != _COMMENT:
                return i
        if start == _CDATA:
            self._cdata = True
            return i + len(_CDATA)
        if start.startswith(_COMMENT):
            if not final and len(text) - i < 6:
                return i
            for short in ("<!-->", "<!--->"):
                if text.startswith(short, i):
                    return i + len(short)
            self._until = "-->"
            return i + len(_COMMENT)
        match = _DECLARATION.match(text, i, i + TAG_LENGTH) if start[1] == "!" else None
        if match:
            return match.end()
        if start[1] == "!" and not final and len(text) - i < TAG_LENGTH:
            return i
        self._until = ">"
        return i + 2


def _find(text: str, end: str, start: int) -> int:
    """Where `end`, in lower case, stands in any case."""
    found = re.compile(re.escape(end), re.IGNORECASE).search(text, start)
    return found.start() if found else -1
