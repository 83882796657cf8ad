"""SSML: what it asks for is in the plan, and what ttm does not know has a place."""

# ruff: noqa: RUF001, E501

from __future__ import annotations

import pytest

from ttm.errors import UnreadableText
from ttm.narration.plan import Chunk, plan
from ttm.text.marks import Delivery
from ttm.text.markup import Reading


def chunks(inside: str, **how: object) -> list[Chunk]:
    reading = Reading("ssml", **how)  # type: ignore[arg-type]
    return list(plan([f"<speak>{inside}</speak>"], reading=reading))


def said(inside: str, **how: object) -> list[str]:
    return [chunk.text for chunk in chunks(inside, **how)]


@pytest.mark.parametrize(
    ("inside", "spoken"),
    [
        ("<p><s>One</s><s>Two</s></p>three", ["One", "Two", "three"]),
        ("a &lt; b &amp; &#233;&#xe9;", ["a < b & éé"]),
        ("the <sub alias='Mister &amp; co'>Mr</sub>.", ["the Mister & co."]),
        ("<say-as interpret-as='characters'>aB1</say-as>", ["A B one"]),
        ("<say-as interpret-as='spell-out'>x.y</say-as>", ["X . Y"]),
        ("<say-as interpret-as='cardinal'>1,234</say-as>", ["one thousand, two hundred and thirty-four"]),
        ("<say-as interpret-as='ordinal'>21</say-as> time", ["twenty-first time"]),
        ("<say-as interpret-as='digits'>0 42</say-as>", ["zero, four two"]),
        ("<say-as interpret-as='telephone'>+44 20-7</say-as>", ["plus four four, two zero, seven"]),
        ("<say-as interpret-as='date' format='dmy'>1/2/2003</say-as>", ["February first, two thousand and three"]),
        ("<say-as interpret-as='date'>2024-12-10</say-as>", ["December tenth, twenty twenty-four"]),
        ("<say-as interpret-as='time'>3:05pm</say-as>", ["3:05pm"]),
        ("<say-as interpret-as='expletive'>darn</say-as>!", ["beep!"]),
        ("<desc>no</desc><metadata><x:y>no</x:y></metadata>yes<mark name='m'/>", ["yes"]),
        ("a<!-- b -->c <![CDATA[d < e]]><?pi f?>", ["ac d < e"]),
    ],
)  # fmt: skip
def test_it_says_what_is_meant(inside: str, spoken: list[str]) -> None:
    strict = "x:y" not in inside
    assert said(inside, strict=strict) == spoken


def test_numbers_are_said_in_the_language_of_their_place():
    spoken = said("<lang xml:lang='de'><say-as interpret-as='ordinal'>3</say-as></lang>")
    assert spoken == ["dritte"]


@pytest.mark.parametrize(
    ("tag", "seconds"),
    [
        ("<break/>", 0.4), ("<break time='1.5s'/>", 1.5), ("<break time='250ms'/>", 0.25),
        ("<break strength='none'/>", 0.0), ("<break strength='x-strong'/>", 1.0),
        ("<break time='1s'/><break time='2s'/>", 3.0), ("<break time='9999s'/>", 60.0),
    ],
)  # fmt: skip
def test_a_break_is_a_pause(tag, seconds):
    found = chunks(f"one{tag}two")
    assert [(c.text, c.wait) for c in found] == [("one", None), ("two", seconds)]


def test_breaks_at_the_ends_are_not_lost():
    found = chunks("<break time='1s'/>one <break time='2s'/>")
    assert [(c.text, c.wait) for c in found] == [("one", 1.0), ("", 2.0)]


@pytest.mark.parametrize(
    ("tag", "delivery"),
    [
        ("prosody rate='120%'", Delivery(rate=1.2)),
        ("prosody rate='-20%'", Delivery(rate=0.8)),
        ("prosody rate='x-fast'", Delivery(rate=1.75)),
        ("prosody pitch='+2st' volume='-6dB'", Delivery(pitch=2, volume=-6)),
        ("prosody pitch='x-low' volume='x-loud'", Delivery(pitch=-6, volume=8)),
        ("prosody pitch='200%'", Delivery(pitch=12)),
        ("prosody volume='10'", Delivery(volume=-20)),
        ("emphasis", Delivery(rate=0.95, pitch=1, volume=1.5)),
        ("emphasis level='strong'", Delivery(rate=0.9, pitch=1.5, volume=3)),
        ("voice name='anna b'", Delivery(voice="anna")),
        ("voice gender='female' languages='de'", Delivery(gender="female", language="de")),
        ("lang xml:lang='fr-CA'", Delivery(language="fr-CA")),
    ],
)
def test_a_delivery_holds_for_its_element(tag, delivery):
    name = tag.partition(" ")[0]
    found = chunks(f"a <{tag}>b</{name}> c")
    assert [(c.text, c.delivery) for c in found] == [("a", None), ("b", delivery), ("c", None)]


def test_deliveries_within_each_other_add_up():
    found = chunks("<prosody rate='2'><prosody rate='50%' pitch='+1st'>x</prosody> y</prosody>")
    assert [c.delivery for c in found] == [Delivery(pitch=1), Delivery(rate=2)]


def test_phonemes_are_kept_beside_the_word_that_other_engines_say():
    (chunk,) = chunks("I say <phoneme alphabet='ipa' ph='təˈmɑːtəʊ'>tomato</phoneme>.")
    assert chunk.text == "I say tomato."
    (change,) = chunk.changes
    assert (chunk.text[change.start : change.end], change.phonemes) == ("tomato", "təˈmɑːtəʊ")


MISTAKES = [
    ("<speak>\n <foo>x</foo></speak>", "line 2, column 2", "the tag <foo>"),
    ("<speak><p id='x'>y</p></speak>", "line 1, column 8", "the attribute id of <p>"),
    ("<speak><prosody rate='q'>y</prosody></speak>", "line 1, column 8", "the rate 'q'"),
    ("<speak><say-as interpret-as='x'>y</say-as></speak>", "column 8", "say something as 'x'"),
    ("<speak><sub>y</sub></speak>", "line 1, column 8", "<sub> needs an alias"),
    ("<speak><sub alias='a'><p>y</p></sub></speak>", "column 23", "<p> cannot stand in <sub>"),
    ("<speak><phoneme ph='a' alphabet='x-sampa'>y</phoneme></speak>", "column 8", "'x-sampa'"),
]
MALFORMED = [
    ("<speak>a\n& b</speak>", "line 2, column 1", "& begins none of the entities"),
    ("<speak>&nbsp;</speak>", "line 1, column 8", "& begins none of the entities"),
    ("<speak><p>x</s></speak>", "line 1, column 12", "</s> ends nothing"),
    ("<speak><p>x", "line 1, column 12", "<p> is not ended"),
    ("<!DOCTYPE speak [<!ENTITY a 'b'>]><speak>&a;</speak>", "column 1", "document type"),
    ("<speak/> x", "line 1, column 10", "text outside <speak>"),
    ("<p>x</p>", "line 1, column 1", "<p> stands outside <speak>"),
    ("hello", "line 1, column 1", "text outside <speak>"),
    ("<speak>" + "<p>" * 40, "line 1, column 101", "more than 32 elements"),
    ("<speak><p a='1' a='2'>x</p></speak>", "column 8", "has a twice"),
    ("<speak><sub alias='&x;'>x</sub></speak>", "column 8", "& in alias of <sub>"),
    ("<speak><sub alias='" + "x" * 5000 + "'/></speak>", "column 8", "4096 characters"),
    ("<speak>1 < 2</speak>", "line 1, column 10", "< begins no tag"),
    ("<speak><!-- x", "line 1, column 14", "is not ended"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "what"), [*MISTAKES, *MALFORMED])
def test_what_is_wrong_is_told_with_its_place(text, place, what):
    with pytest.raises(UnreadableText) as failure:
        list(plan([text], reading=Reading("ssml")))
    assert place in failure.value.sentence
    assert what in failure.value.sentence


@pytest.mark.parametrize(("text", "place", "what"), MISTAKES)
def test_what_is_not_known_is_passed_over_where_that_is_wished(text, place, what):
    told: list[str] = []
    found = list(plan([text], reading=Reading("ssml", strict=False), warn=told.append))
    assert [c.text for c in found] in (["x"], ["y"], ["a"])
    (sentence,) = told
    assert place in sentence
    assert what in sentence


@pytest.mark.parametrize(("text", "place", "what"), MALFORMED)
def test_malformed_xml_is_never_passed_over(text, place, what):
    with pytest.raises(UnreadableText):
        list(plan([text], reading=Reading("ssml", strict=False)))


def test_a_document_is_checked_before_a_word_of_it_is_spoken():
    pieces = ["<speak>" + "Good words. " * 5_000, "<oops/>", "</speak>"]
    with pytest.raises(UnreadableText, match="<oops>"):
        next(plan(pieces, reading=Reading("ssml")))
