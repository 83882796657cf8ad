"""A subset of SSML 1.1: what it says, how it is to be said, and where what is wrong stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn

from ttm.errors import UnreadableText
from ttm.text.marks import PAUSE_MAX, USUAL, Delivery, Pause
from ttm.text.markup import prosody
from ttm.text.markup.say_as import INTERPRETATIONS, say_as
from ttm.text.markup.tags import BLANK, Tag
from ttm.text.markup.writer import PARAGRAPH, SENTENCE, Writer
from ttm.text.markup.xml import FIX, Xml
from ttm.text.places import Places
from ttm.text.traced import plain

DEPTH = 32
"""Elements within elements."""
HELD = 4096
"""Characters of the longest text in a `say-as` or `phoneme`."""
CHECKED = 1 << 20
"""Characters of a document that are checked before a word of it is spoken."""

ATTRIBUTES = {
    "speak": {"version", "onlangfailure"},
    "break": {"time", "strength"},
    "p": set(),
    "s": set(),
    "emphasis": {"level"},
    "prosody": {"rate", "pitch", "volume"},
    "say-as": {"interpret-as", "format", "detail"},
    "sub": {"alias"},
    "phoneme": {"ph", "alphabet"},
    "voice": {"name", "language", "languages", "gender"},
    "lang": {"onlangfailure"},
    "mark": {"name"},
    "desc": set(),
    "metadata": set(),
    "meta": {"name", "http-equiv", "content"},
}
"""The tags that ttm knows, with their attributes beside `xml:*`, `xmlns*` and `xsi:*`."""
_PASSED_OVER = ("desc", "metadata")
_HOLDING = ("say-as", "phoneme", "sub")
"""Elements of which all the text has to be there before any of it is spoken."""


@dataclass(slots=True)
class _Element:
    tag: Tag
    attributes: dict[str, str]
    before: Delivery
    """What holds again after it."""
    heeded: bool
    """Whether it is one that ttm knows, at a place where it may be."""


class Ssml(Xml):
    """Reads SSML. `at` is where the document begins in the whole text, `name` what it is called.

    With `strict`, what ttm does not know is an error, else `warn` hears of it. `language` and
    `own_language` are as for Hypertext.

    Raises UnreadableText, with line and column.
    """

    def __init__(
        self,
        writer: Writer,
        places: Places,
        at: int,
        *,
        name: str,
        language: str,
        own_language: bool,
        strict: bool,
        warn: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._writer = writer
        self._places = places
        self._begin = places.place(at)
        self._name = name or "the text"
        self._usual_language = language
        self._own_language = own_language
        self._strict = strict
        self._warn = warn
        self._warned: set[str] = set()
        self._open: list[_Element] = []
        self._delivery = USUAL
        self._whole = ""  # the language of the whole document
        self._passed_over = 0
        self._held = plain("")
        self._rooted = self._over = False
        self._from = at

    def finish(self) -> None:
        super().finish()
        if self._until or self._cdata:
            self._fail(len(self._tape.text), "a comment or the like is not ended")
        if self._open:
            self._fail(len(self._tape.text), f"<{self._open[-1].tag.name}> is not ended")
        self._over = True
        self._writer.end(PARAGRAPH, self._tape.end)

    @property
    def ready(self) -> bool:
        """Whether what was written may be spoken: it was all checked, or as much as is kept."""
        return self._over or self._tape.end - self._from > CHECKED

    def _text(self, start: int, stop: int) -> None:
        text = self._tape.text
        if text[start:stop].isspace():
            if self._open and not self._passed_over and not self._writer.white:
                self._space(start)
            return
        if not self._open:
            words = start + len(text[start:stop]) - len(text[start:stop].lstrip())
            self._fail(words, "there is text outside <speak>")
        if self._passed_over:
            return
        piece = self._tape.cut(start, stop)
        piece = piece.respelled(piece.text.translate(BLANK))
        if self._holding:
            self._hold(start, piece.text)
            self._held += piece
        else:
            self._writer.copy(piece, 0, len(piece.text))

    @property
    def _holding(self) -> bool:
        return any(one.heeded and one.tag.name in _HOLDING for one in self._open)

    def _space(self, start: int) -> None:
        space = self._tape.cut(start, start + 1).respelled(" ")
        if self._holding:
            self._held += space
        else:
            self._writer.copy(space, 0, 1)

    def _hold(self, at: int, more: str) -> None:
        if len(self._held.text) + len(more) > HELD:
            name = self._open[-1].tag.name
            self._fail(at, f"<{name}> holds more than {HELD} characters")

    def _entity(self, start: int, stop: int, value: str) -> None:
        if not self._open:
            self._fail(start, "there is text outside <speak>")
        if self._passed_over or not value:
            return
        if value.isspace():
            self._space(start)
            return
        span, written = self._tape.span(start, stop), self._tape.text[start:stop]
        if self._holding:
            self._hold(start, value)
            self._held += self._tape.cut(start, stop).replaced([(0, stop - start, value, "entity")])
        else:
            self._writer.say(value, span, "entity", written)

    def _tag(self, tag: Tag) -> None:
        if tag.ends:
            if not self._open or self._open[-1].tag.name != tag.name or tag.rest:
                self._fail(tag.start, f"</{tag.name}> ends nothing that was begun")
            self._end_element(self._tape.origin(tag.start))
            return
        if not self._open and (self._rooted or tag.name != "speak"):
            self._fail(tag.start, f"<{tag.name}> stands outside <speak>")
        if len(self._open) >= DEPTH:
            self._fail(tag.start, f"more than {DEPTH} elements stand within each other")
        self._rooted = True
        attributes = self._attributes(tag)
        known = self._known(tag, attributes)
        if known and self._holding:
            self._odd(tag.start, f"<{tag.name}> cannot stand in <{self._open[-1].tag.name}>")
            known = False
        known = known and not self._passed_over
        self._open.append(_Element(tag, attributes, self._delivery, known))
        at = self._tape.origin(tag.start)
        if tag.name in _PASSED_OVER:
            self._passed_over += 1
        elif known:
            self._begin_element(tag, attributes, at)
        if tag.empty:
            self._end_element(self._tape.span(tag.start, tag.stop)[1])

    def _known(self, tag: Tag, attributes: dict[str, str]) -> bool:
        """Whether ttm knows the tag; whatever else there is of it is told."""
        if tag.name not in ATTRIBUTES:
            self._odd(tag.start, f"ttm does not know the tag <{tag.name}>")
            return False
        for name in attributes:
            usual = name.startswith(("xml:", "xmlns", "xsi:"))
            if not usual and name not in ATTRIBUTES[tag.name]:
                self._odd(tag.start, f"ttm does not know the attribute {name} of <{tag.name}>")
        return True

    def _begin_element(self, tag: Tag, attributes: dict[str, str], at: int) -> None:
        name = tag.name
        delivery = self._delivery
        if name == "break":
            self._pause(tag, attributes, at)
        elif name in ("p", "speak"):
            self._writer.end(PARAGRAPH, at)
        elif name == "s":
            self._writer.end(SENTENCE, at)
        elif name in _HOLDING:
            self._held = plain("", at)
            self._check_held(tag, attributes)
        elif name == "emphasis":
            delivery = self._emphasised(tag, attributes.get("level", "moderate"))
        elif name == "prosody":
            delivery = self._changed(tag, attributes)
        elif name == "voice":
            delivery = self._voiced(tag, attributes)
        language = attributes.get("xml:lang", "")
        if language and name == "speak":
            self._whole = language
            language = language if self._own_language else ""
        if language:
            own = "" if language == self._whole and not self._own_language else language
            delivery = replace(delivery, language=own)
        self._deliver(delivery)

    def _deliver(self, delivery: Delivery) -> None:
        if delivery != self._delivery:
            self._delivery = delivery
            self._writer.deliver(delivery)

    def _end_element(self, at: int) -> None:
        element = self._open.pop()
        name = element.tag.name
        if name in _PASSED_OVER:
            self._passed_over -= 1
        elif not element.heeded:
            return
        elif name in ("p", "speak"):
            self._writer.end(PARAGRAPH, at)
        elif name == "s":
            self._writer.end(SENTENCE, at)
        elif name in _HOLDING:
            self._say_held(element, at)
        self._deliver(element.before)

    def _pause(self, tag: Tag, attributes: dict[str, str], at: int) -> None:
        strength = prosody.BREAKS.get(attributes.get("strength", "medium"))
        pause = prosody.seconds(attributes["time"]) if "time" in attributes else strength
        if pause is None:
            self._odd(tag.start, "ttm cannot tell how long a <break> is")
            return
        self._writer.mark(Pause(min(pause, PAUSE_MAX)), at)

    def _emphasised(self, tag: Tag, level: str) -> Delivery:
        if level not in prosody.EMPHASES:
            self._odd(tag.start, f"ttm does not know the level '{level[:20]}' of <emphasis>")
            return self._delivery
        rate, pitch, volume = prosody.EMPHASES[level]
        return self._further(rate, pitch, volume)

    def _further(self, rate: float, pitch: float, volume: float) -> Delivery:
        now = self._delivery
        return replace(
            now, rate=now.rate * rate, pitch=now.pitch + pitch, volume=now.volume + volume
        )

    def _changed(self, tag: Tag, attributes: dict[str, str]) -> Delivery:
        amounts = []
        for name, read, usual in (
            ("rate", prosody.rate, 1.0),
            ("pitch", prosody.pitch, 0.0),
            ("volume", prosody.volume, 0.0),
        ):
            amount = read(attributes[name]) if name in attributes else usual
            if amount is None:
                self._odd(
                    tag.start, f"ttm cannot do the {name} '{attributes[name][:20]}' of <prosody>"
                )
            amounts.append(usual if amount is None else amount)
        return self._further(*amounts)

    def _voiced(self, tag: Tag, attributes: dict[str, str]) -> Delivery:
        names = attributes.get("name", "").split()
        languages = (attributes.get("languages") or attributes.get("language", "")).split()
        gender = attributes.get("gender", "")
        if gender not in ("", "female", "male", "neutral"):
            self._odd(tag.start, f"ttm does not know the gender '{gender[:20]}' of <voice>")
        now = self._delivery
        return replace(
            now,
            voice=names[0] if names else now.voice,
            # A voice that is named brings its own language.
            language=languages[0].partition(":")[0] if languages else "" if names else now.language,
            gender=gender if gender in ("female", "male") and not names else "",
        )

    def _check_held(self, tag: Tag, attributes: dict[str, str]) -> None:
        if tag.name == "sub" and "alias" not in attributes:
            self._odd(tag.start, "<sub> needs an alias")
        elif tag.name == "phoneme" and not attributes.get("ph"):
            self._odd(tag.start, "<phoneme> needs ph")
        elif tag.name == "phoneme" and attributes.get("alphabet", "ipa") != "ipa":
            self._odd(tag.start, f"ttm does not know the alphabet '{attributes['alphabet'][:20]}'")
        elif tag.name == "say-as" and attributes.get("interpret-as", "") not in INTERPRETATIONS:
            interpret = attributes.get("interpret-as", "")[:20]
            self._odd(tag.start, f"ttm does not know how to say something as '{interpret}'")

    def _say_held(self, element: _Element, at: int) -> None:
        held, attributes, name = self._held, element.attributes, element.tag.name
        self._held = plain("", at)
        written = held.text.strip()
        span = held.span(0, len(held.text)) if held.text else (held.end, at)
        said, phonemes = None, ""
        if name == "sub":
            said = attributes.get("alias")
        elif name == "phoneme" and attributes.get("alphabet", "ipa") == "ipa":
            said, phonemes = written or None, attributes.get("ph", "")
        elif name == "say-as":
            language = (self._delivery.language or self._usual_language).partition("-")[0].lower()
            interpret, form = attributes.get("interpret-as", ""), attributes.get("format", "")
            said = say_as(written, interpret, form, language) if written else None
        if said is None or (name == "phoneme" and not phonemes):
            self._writer.copy(held, 0, len(held.text))
            return
        rule = f"ssml.{name}"
        self._writer.say(said, span, rule, written, phonemes=phonemes, final=name != "sub")

    def _odd(self, index: int, what: str) -> None:
        """Something that ttm does not know."""
        if self._strict:
            self._fail(index, what, "Leave it out, or pass --set text.strict=false")
        if what not in self._warned:
            self._warned.add(what)
            self._warn(f"{what}; it is passed over ({self._place(index)})")

    def _fail(self, index: int, what: str, fix: str = FIX) -> NoReturn:
        raise UnreadableText(f"{self._place(index)}: {what}", fix)

    def _place(self, index: int) -> str:
        line, column = self._places.place(self._tape.origin(index))
        if line == self._begin[0]:
            column -= self._begin[1] - 1
        return f"{self._name}, line {line - self._begin[0] + 1}, column {column}"
