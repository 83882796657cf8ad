"""What a user may write for the tempo."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm.errors import UsageError
from ttm.speech import RATE_MAX, RATE_MIN, parse_rate


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("1", 1.0),
        (" 1.5 ", 1.5),
        (".5", 0.5),
        ("4.", 4.0),
        ("0.25", 0.25),
        ("175wpm", 1.0),
        ("350 WPM", 2.0),
        ("87.5wpm", 0.5),
        ("+10%", 1.1),
        ("-10 %", 0.9),
        ("+300%", 4.0),
        ("-75%", 0.25),
    ],
)
def test_a_rate_is_a_factor_words_a_minute_or_a_change(text, factor):
    assert parse_rate(text) == pytest.approx(factor)


@pytest.mark.parametrize(
    "text",
    ["", " ", ".", "%", "wpm", "+%", "fast", "nan", "inf", "-inf", "1e0", "1_0", "1,5", "1.2.3",
     "0", "0.24", "4.01", "-1", "+1", "10%", "±10%", "+301%", "-76%", "-100%", "43wpm", "701wpm",
     "1 0", "१", "²", "0x1", "--10%", "9" * 5000, "1wpm%", "true", "\x00", "\ud800"],
)  # fmt: skip
def test_anything_else_is_refused_with_what_would_be_right(text):
    with pytest.raises(UsageError, match=r"Give a factor from 0\.25 to 4.*180wpm.*\+10%") as caught:
        parse_rate(text)
    assert len(caught.value.sentence) < 200


@settings(max_examples=80, deadline=None)
@given(st.text() | st.from_regex(r"[+-]?[0-9.]{1,6} ?(wpm|%)?", fullmatch=True))
def test_whatever_is_accepted_is_within_the_range(text):
    try:
        factor = parse_rate(text)
    except UsageError:
        return
    assert RATE_MIN <= factor <= RATE_MAX
