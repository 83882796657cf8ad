"""Where a text that cannot be spoken whole is broken."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm.narration.pieces import halves

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60) | st.text(
    "a \u0301\u094d\u0915👍\u200d🏽🇩🇪.-", min_size=1, max_size=60
)


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_halves_tile_the_text_and_are_shorter(text):
    parts = halves(text)
    if parts is not None:
        (start, middle), (begins, end) = parts
        assert (start, middle, end) == (0, begins, len(text))
        assert 0 < middle < end


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_halving_again_and_again_ends_with_single_characters(text):
    left, calls = [text], 0
    while left:
        piece = left.pop()
        calls += 1
        if parts := halves(piece):
            left += [piece[start:end] for start, end in parts]
        else:
            glued = any(char == "\u200d" or unicodedata.combining(char) == 9 for char in piece)
            assert glued or not any(char.isascii() for char in piece[1:])
    assert calls < 2 * len(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("one two three four", ["one two ", "three four"]),
        ("a bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", None),  # the space is too near to an end
        ("U.S.A.U.S.A.", ["U.S.A.", "U.S.A."]),
        ("abcdef", ["abc", "def"]),
        ("e\u0301e\u0301", ["e\u0301", "e\u0301"]),
        ("नमस्ते", ["नम", "स्ते"]),
        ("👨\u200d👩\u200d👧", []),
        ("e\u0301", []),
        ("x", []),
        ("", []),
    ],
)
def test_a_text_breaks_at_the_best_place_near_its_middle(text, parts):
    found = halves(text)
    pieces = [text[start:end] for start, end in found or ()]
    if parts is None:
        assert abs(len(pieces[0]) - len(pieces[1])) < 3
    else:
        assert pieces == parts
