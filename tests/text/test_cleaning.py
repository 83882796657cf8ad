"""What no engine should see is gone, and every character knows where it came from."""

# ruff: noqa: RUF001

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ttm.text.cleaning import MARKS_KEPT, Cleaner, clean
from ttm.text.traced import plain

MESSY = st.text(
    st.one_of(
        st.sampled_from("ab .\n\r\t\0\x07\x1b\\[]0;m\x9b\x9d\x9c\x85\v\f\xa0\xad\x7f"),
        st.sampled_from("e\u0301\u0316\u0344\u0958\u0f73\u1100\u1161\u11a8\uac00\u212b\ufb1d"),
        st.sampled_from("\u200b\u200c\u200d\u202e\u2028\u2029\ufeff\ufffe\ufdd0\U0001ffff👩"),
        st.characters(),
        st.sampled_from("\ud800\udfff"),
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("given_text", "text", "removed"),
    [
        ("abc\0def", "abc def", 0),
        ("a\x1b[1;31mred\x1b[0m", "ared", 11),
        ("\x1b]0;title\x07on\x1b]8;;http://x\x1b\\e\x9d1\x9c", "one", 28),
        ("\x1b(Ba\x1bcb\x9b3mc\x1bPq\x1b\\", "abc", 13),
        ("\x1b]unfinished title\nnext", "unfinished title\nnext", 2),
        ("a\x07\x08\x7f\x80b", "ab", 4),
        ("a\ud800b\ufffec\U0010ffff", "abc", 3),
        ("\u202egnitirw\u2066 \u061c\u200e", "gnitirw ", 4),
        ("zero\u200bwidth\ufeff\u2060 soft\xadhyphen", "zerowidth softhyphen", 4),
        ("क\u094d\u200dष می\u200cخواهم", "क\u094d\u200dष می\u200cخواهم", 0),
        ("e\u0301 \u1112\u1161\u11ab", "é 한", 0),
        ("e\u200b\u0301", "é", 1),
        ("a\vb\u2028c\u0085d", "a\nb\nc\nd", 0),
        ("a\fb\u2029c", "a\n\nb\n\nc", 0),
        ("a\xa0b\u202fc\u2007d", "a b c d", 0),
        ("tabs\tand\r\nlines\r", "tabs\tand\r\nlines\r", 0),
    ],
)
def test_each_kind_of_mess_has_its_rule(given_text: str, text: str, removed: int) -> None:
    cleaned = clean(given_text)
    assert (cleaned.text, cleaned.removed) == (text, removed)


def test_clean_text_is_returned_untouched() -> None:
    text = "Grüße, 世界! \r\n\tTabs, 👩\u200d🚀 and lines.\n"
    cleaned = clean(text)
    assert cleaned.text is text
    assert [cleaned.origin(i) for i in range(len(text) + 1)] == list(range(len(text) + 1))


def test_marks_are_capped_on_each_base() -> None:
    cleaned = clean("x" + "\u0335" * 2000 + "y" + "\u0335" * 3)
    assert cleaned.text == "x" + "\u0335" * MARKS_KEPT + "y" + "\u0335" * 3
    assert cleaned.removed == 2000 - MARKS_KEPT
    assert cleaned.origin(MARKS_KEPT + 1) == 2001


def test_the_way_back_skips_what_was_removed() -> None:
    cleaned = clean("a\x1b[0mb e\u0301c\fd")
    assert cleaned.text == "ab éc\n\nd"
    assert [cleaned.origin(i) for i in range(9)] == [0, 5, 6, 7, 9, 10, 10, 11, 12]


@given(MESSY)
@example("\x1b]" + "a" * 5000)
@example("\u1100" * 3 + "\u1161" * 3 + "\u11a8" * 3)
@example("a" + "\u0344" * 17)
@settings(max_examples=120, deadline=None)
def test_cleaning_is_normal_monotone_and_done_once(text: str) -> None:
    cleaned = clean(text)
    assert unicodedata.is_normalized("NFC", cleaned.text)
    assert clean(cleaned.text).text == cleaned.text
    origins = [cleaned.origin(i) for i in range(len(cleaned.text) + 1)]
    assert origins == sorted(origins)
    assert origins[-1] == len(text)
    # What is no space, no mark and no part of a composition is the very character it came from.
    for char, origin in zip(cleaned.text, origins, strict=False):
        if char.isascii() and char.isalnum():
            assert text[origin] == char


@given(MESSY, st.lists(st.integers(0, 40), max_size=6))
@settings(max_examples=120, deadline=None)
def test_pieces_are_cleaned_as_the_whole(text: str, cuts: list[int]) -> None:
    whole, parts = Cleaner(), Cleaner()
    expected = whole.feed(text) + whole.finish()
    found = plain("")
    for start, stop in zip([0, *sorted(cuts)], [*sorted(cuts), None], strict=True):
        found += parts.feed(text[start:stop])
    found += parts.finish()
    assert found == expected
    assert parts.removed == whole.removed


def test_a_line_is_not_held_back() -> None:
    cleaner = Cleaner()
    assert cleaner.feed("Hello\u200b.\n").text == "Hello.\n"
    assert cleaner.feed("wor").text == "wo"  # a mark may follow the r


def test_no_letter_but_a_mark_or_a_jamo_joins_the_one_before() -> None:
    # What Cleaner holds back rests on this property of the Unicode database.
    seconds = set()
    for char in map(chr, range(sys.maxunicode + 1)):
        parts = unicodedata.decomposition(char).split()
        composes = len(parts) == 2 and unicodedata.normalize("NFC", char) == char
        if composes and not parts[0].startswith("<"):
            seconds.add(chr(int(parts[1], 16)))
    assert {unicodedata.category(char)[0] for char in seconds} == {"M"}
