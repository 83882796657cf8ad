"""Timings as cues: ordered, short enough to read, and always in the words of the text."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm.narration.lines import COLUMNS
from ttm.narration.subtitles import Cue, Cues, Srt, Vtt
from ttm.speech import Timing

WORDS = st.text(st.sampled_from("abcdeéß你好がไทย-'<>&é"), min_size=1, max_size=60).map(str.strip)
SENTENCES = st.lists(
    st.tuples(WORDS.filter(bool), st.sampled_from(["", ",", ".", "…", ")"]), st.floats(0.0, 3.0)),
    min_size=1,
    max_size=40,
)


def timed(sentences: list[list[tuple[str, str, float]]], pause: float = 0.3) -> list[Timing]:
    """Timings of sentences whose words each have a punctuation and a length in seconds."""
    rows: list[Timing] = []
    now, place = 0.0, 0
    for words in sentences:
        began, first = now, place
        for word, mark, seconds in words:
            end = place + len(word)
            rows.append(Timing("word", place, end, now, now + seconds, text=word))
            now, place = now + seconds, end + len(mark) + 1
        text = " ".join(word + mark for word, mark, _ in words)
        rows.append(Timing("sentence", first, place, began, now, text=text))
        now += pause
    return rows


def cues_of(rows: list[Timing]) -> list[Cue]:
    cues = Cues()
    return [*cues.feed(rows), *cues.finish()]


def set_out(cue: Cue) -> list[str]:
    return [
        "".join(" " * (piece.spaced and i > 0) + piece.text for i, piece in enumerate(line))
        for line in cue.lines
    ]


def shown(cue: Cue) -> str:
    return " ".join(set_out(cue))


def columns(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(char) in "WF") for char in text)


@settings(deadline=None, max_examples=60)
@given(st.lists(SENTENCES, min_size=1, max_size=3))
def test_cues_follow_each_other_fit_and_hold_every_word(sentences):
    rows = timed(sentences)
    cues = cues_of(rows)
    moments = [moment for cue in cues for moment in (cue.at, cue.until)]
    assert moments == sorted(moments)
    assert all(cue.at < cue.until for cue in cues)
    assert [cue.number for cue in cues] == list(range(1, len(cues) + 1))
    for cue in cues:
        assert 1 <= len(cue.lines) <= 2
        assert all(columns(line) <= COLUMNS for line in set_out(cue))
    written = "".join(row.text for row in rows if row.kind == "sentence")
    assert re.sub(r"\s", "", "".join(map(shown, cues))) == re.sub(r"\s", "", written)


@settings(deadline=None, max_examples=30)
@given(st.lists(SENTENCES, min_size=1, max_size=3))
def test_no_line_of_a_file_is_empty_inside_a_cue_and_none_looks_like_an_arrow(sentences):
    rows = timed(sentences)
    for form in (Srt(), Vtt()):
        written = form.feed(rows) + form.finish()
        blocks = written.removeprefix("WEBVTT\n\n").removesuffix("\n\n").split("\n\n")
        for block in blocks:
            number, times, *lines = block.split("\n")
            assert number.isdecimal()
            assert times.count("-->") == 1
            assert lines
            assert not any("-->" in line or not line.strip() for line in lines)


def sentence(text: str, seconds: float = 0.3) -> list[tuple[str, str, float]]:
    split = [re.fullmatch(r"(.*?)([,.!?;:]*)", word) for word in text.split()]
    return [(hit[1], hit[2], seconds) for hit in split if hit]


def test_a_long_sentence_is_broken_where_a_clause_ends():
    text = (
        "When the first boat came into the quiet harbour, nobody asked what it had brought, and by "
        "noon the whole town knew about it, although nobody had said a single word."
    )
    told = [shown(cue) for cue in cues_of(timed([sentence(text)]))]
    assert " ".join(told) == text
    assert [part.rpartition(" ")[2] for part in told] == ["brought,", "word."]


def test_a_short_cue_stays_until_it_can_be_read_or_the_next_begins():
    rows = timed([sentence("Yes."), sentence("He did."), sentence("So.")], pause=0.4)
    cues = cues_of(rows)
    assert [(cue.at, cue.until) for cue in cues] == [(0, 700), (700, 1700), (1700, 2000)]
    later = cues_of(timed([sentence("Yes."), sentence("He did.")], pause=5))
    assert later[0].until == 1000


def test_a_cue_is_out_before_the_sentence_after_the_next():
    cues, rows = Cues(), timed([sentence("One."), sentence("Two."), sentence("Three.")])
    assert [cue.number for row in rows[:4] for cue in cues.feed([row])] == [1]
    assert [cue.number for row in rows[4:] for cue in cues.feed([row])] == [2]
    assert [cue.number for cue in cues.finish()] == [3]


def test_a_hundred_thousand_words_are_kept_by_nobody():
    cues = Cues()
    for row in timed([sentence("One two three.")] * 2000):
        for _ in cues.feed([row]):
            pass
        assert len(cues._words) <= 3


def test_what_marks_up_webvtt_is_escaped():
    rows = timed([[("<b>&", "", 0.5), ("-->", "", 0.5), ("x", ".", 0.5)]])
    form = Vtt()
    text = (form.feed(rows) + form.finish()).splitlines()[-2]
    assert text == "&lt;b&gt;&amp; <00:00:00.500>--&gt; <00:00:01.000>x."
    plain = Vtt(words=False)
    assert "<00" not in plain.feed(rows) + plain.finish()


def test_estimated_words_are_not_marked_in_webvtt():
    rows = [
        Timing("word", 0, 3, 0.0, 0.5, text="One"),
        Timing("word", 4, 7, 0.5, 1.0, exact=False, text="two"),
        Timing("word", 8, 13, 1.0, 1.5, text="three"),
        Timing("sentence", 0, 14, 0.0, 1.5, text="One two three."),
    ]
    form = Vtt()
    assert "One two <00:00:01.000>three." in form.feed(rows) + form.finish()


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("\u4eca\u5929\u5929\u6c14\u5f88\u597d\uff0c\u6211\u4eec\u53bb\u516c\u56ed\u3002" * 9, 21),
        ("https://example.com/" + "a-very-long-address/" * 8, COLUMNS),
        ("\u0e01" * 100, COLUMNS),
    ],
    ids=["chinese", "address", "thai"],
)
def test_a_text_without_spaces_is_broken_into_lines_too(text, most):
    rows = [Timing("sentence", 0, len(text), 0.0, 20.0, text=text)]
    cues = cues_of(rows)
    lines = ["".join(piece.text for piece in line) for cue in cues for line in cue.lines]
    assert "".join(lines) == text
    assert max(map(len, lines)) <= most
