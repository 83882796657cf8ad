"""The lexicon's search: its cost, and that it never loses a character."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm.text.lexicon import Entry, File, Lexicon
from ttm.text.lexicon.reading import read
from ttm.text.traced import plain
from ttm.text.wording import Wording

WORDS = st.text("abAB'’ .-_3,ßé\u0301東京น้ \n[]", min_size=1, max_size=8)  # noqa: RUF001


def pronunciation(*entries: Entry):
    return Lexicon([File(Path("lexicon.toml"), entries)]).spoken("en-us", "anna", "tone")


@given(st.lists(WORDS.filter(str.strip), max_size=6), st.lists(WORDS, max_size=12).map("".join))
@settings(max_examples=80, deadline=None)
def test_what_is_no_hit_stays_and_hits_are_what_was_written(words, text):
    said = pronunciation(*(Entry(word, say="X", case="any") for word in words))
    spoken = said(plain(text))
    rest, at = [], 0
    for change in spoken.changes:
        rest.append(spoken.text[at : change.start])
        at = change.end
        assert text[change.first : change.last] == change.written
        assert (spoken.text[change.start : change.end], change.rule) == ("X", "lexicon")
    rest.append(spoken.text[at:])
    left, at = [], 0
    for change in spoken.changes:
        left.append(text[at : change.first])
        at = change.last
    assert rest == [*left, text[at:]]


def test_what_was_changed_before_and_what_it_says_itself_is_left_alone():
    said = pronunciation(Entry("b", say="5 km"), Entry("5", say="no"))
    words = plain("a b c").replaced([(0, 1, "b 5", "markdown")])
    wording = Wording(normalized=True, said=said)
    assert wording(words, "en").text == "b 5 5 km c"


def test_ten_thousand_entries_are_found_and_a_hostile_text_comes_to_an_end():
    many = pronunciation(*(Entry(f"w{i} x{i}", say="y") for i in range(10_000)))
    words = " ".join(f"w{i} x{i + i % 2}" for i in range(8_000))
    assert len(many.find(words)) == 4_000
    one = pronunciation(Entry(" ".join("a" * 50), say="y"))
    assert len(one.find("a " * 50_000)) == 1_000
    assert one.find(("a " * 49 + "b ") * 200) == []


@pytest.mark.parametrize(
    ("entries", "text", "spoken"),
    [
        ('[say]\npolish = "a"\nPolish = "b"\n', "Polish polish POLISH", "b a a"),
        ('[[word]]\nwritten = "Us"\nsay = "a"\ncase = "any"\n', "US us Us", "a a a"),
        ('[[word]]\nwritten = "us"\nsay = "a"\ncase = "exact"\n', "US us Us", "US a Us"),
        ('[say]\n"New York" = "a"\n"New York City" = "b"\n', "New York City's New York", "b's a"),
        ('[say]\n"東京" = "a"\n', "私は東京です", "私はaです"),
        ('[say]\n"नमस्ते" = "a"\n', "नमस्ते नमस्तेx", "a नमस्तेx"),
        ('[say]\n"rock ’n’ roll" = "a"\n', "rock 'n' roll", "a"),  # noqa: RUF001
        ('[say]\nt = "a"\ncom = "b"\n', "don't example.com com.", "don't example.com b."),
        ('[say]\n".NET" = "a"\nC = "b"\n"C++" = "c"\n', "ASP.NET or .NET in C++ or C", None),
        ('[say]\na = "1"\na-b = "2"\n', "a a-b b-a", "1 2 b-1"),
        ('[[word]]\nwritten = "a"\nsay = "1"\nlanguage = "de"\n', "a", "a"),
        ('[[word]]\nwritten = "a"\nsay = "1"\nlanguage = "en"\n', "a", "1"),
        ('[[word]]\nwritten = "a"\nsay = "1"\nlanguage = "en-GB"\n', "a", "a"),
        ('[[word]]\nwritten = "a"\nsay = "1"\nvoice = "EN-us"\n', "a", "1"),
        ('[[word]]\nwritten = "a"\nsay = "1"\nmodel = "tone"\n', "a", "a"),
        ('[[word]]\nwritten = "a"\nsay = "1"\n[[word]]\nwritten = "a"\nsay = "2"\n', "a", "2"),
    ],
)
def test_which_entry_holds_for_a_word(tmp_path, entries, text, spoken):
    path = tmp_path / "lexicon.toml"
    path.write_text(entries)
    said = Lexicon([read(path)]).spoken("en-us", "en-us", "espeak")
    wanted = spoken or "ASP.NET or a in c or b"
    assert said(plain(text), "en").text == wanted
