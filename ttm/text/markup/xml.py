"""XML as strictly as it is meant, without document types and entities of one's own."""

from __future__ import annotations

import re
from typing import NoReturn

from ttm.text.cleaning import clean
from ttm.text.markup.tags import TAG_LENGTH, Tag, Tags

FIX = "Correct the document"
"""What can be done about XML that is malformed."""

_NAME = r"[A-Za-z_:][\w:.-]*+"
_VALUE = r"""(?:"[^"<]*+"|'[^'<]*+')"""
_TAG = re.compile(
    rf"<(?P<end>/?)(?P<name>{_NAME})(?P<rest>(?:\s++{_NAME}\s*+=\s*+{_VALUE})*+)\s*+(?P<empty>/?)>"
)
_ATTRIBUTE = re.compile(rf"({_NAME})\s*+=\s*+({_VALUE})")
_ENTITY = re.compile(r"&(?:(lt|gt|amp|quot|apos)|#([0-9]{1,7})|#x([0-9a-fA-F]{1,6}));")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_ENTITY_LENGTH = 10


class Xml(Tags):
    """Reads XML; whatever is malformed goes to `_fail`."""

    def _fail(self, index: int, what: str, fix: str = FIX) -> NoReturn:
        """Something is wrong at this index of the tape."""
        raise NotImplementedError

    def _read_tag(self, text: str, i: int, final: bool) -> int:
        start = text[i : i + 9]
        if not final and len(start) < 9 and (start in ("<", "</") or start[:2] in ("<!", "<?")):
            if not start.startswith("<!--") and not start.startswith("<?"):
                return i
        if start.startswith("<!DOCTYPE"):
            self._fail(i, "a document type is not allowed in SSML", "Leave it out")
        if start.startswith("<?"):
            self._until = "?>"
            return i + 2
        if start.startswith("<!--"):
            self._until = "-->"
            return i + 4
        if start == "<![CDATA[":
            self._cdata = True
            return i + 9
        found = _TAG.match(text, i, i + TAG_LENGTH)
        if not found:
            if not final and len(text) < i + TAG_LENGTH:
                return i
            self._fail(i, f"< begins no tag that ends within {TAG_LENGTH} characters")
        self._tag(
            Tag(
                found["name"],
                i,
                found.end(),
                bool(found["end"]),
                bool(found["empty"]),
                found["rest"],
            )
        )
        return found.end()

    def _read_entity(self, text: str, i: int, final: bool) -> int:
        found = _ENTITY.match(text, i)
        if not found:
            if not final and len(text) - i < _ENTITY_LENGTH:
                return i
            self._fail(i, "& begins none of the entities that SSML has", "Write &amp; for &")
        self._entity(i, found.end(), clean(_character(found)).text)
        return found.end()

    def _attributes(self, tag: Tag) -> dict[str, str]:
        found: dict[str, str] = {}
        for attribute in _ATTRIBUTE.finditer(tag.rest):
            name, value = attribute[1], attribute[2][1:-1]
            if name in found:
                self._fail(tag.start, f"<{tag.name}> has {name} twice")
            if _ENTITY.sub("", value).find("&") >= 0:
                self._fail(tag.start, f"& in {name} of <{tag.name}> begins no entity that SSML has")
            found[name] = clean(_ENTITY.sub(_character, value)).text
        return found


def _character(found: re.Match[str]) -> str:
    """What an entity stands for; a number that is no character stands for nothing."""
    name, decimal, hexadecimal = found.groups()
    if name:
        return _NAMED[name]
    number = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else ""
