"""What is said for what is written: tables of how people read, kept apart from the code."""

# ruff: noqa: RUF001

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm.narration.plan import plan
from ttm.text.cleaning import clean
from ttm.text.normalize import LANGUAGES, normalize
from ttm.text.speakable import speakable
from ttm.text.traced import plain
from ttm.text.wording import Wording

TABLES = Path(__file__).parent / "normalization"
MISSES = TABLES / "misses.tsv"
"""Language, what is written, how it is read, and what is said instead."""

WORDING = Wording(normalized=True)


class Case(NamedTuple):
    language: str
    category: str
    written: str
    readings: list[str]


def rows(table: Path) -> Iterator[list[str]]:
    for line in table.read_text().splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


CASES = [
    Case(table.stem, category, written, readings)
    for table in sorted(TABLES.glob("??.tsv"))
    for category, written, *readings in rows(table)
]
MISSED = {(language, written): said for language, written, _, said in rows(MISSES)}


def said(written: str, language: str) -> str:
    """What is spoken, in one line."""
    return " ".join(chunk.text for chunk in plan([written], language=language, reword=WORDING))


def heard(text: str) -> str:
    """A text as it is compared: hyphens and commas are blanks, the end of a sentence is silent."""
    words = re.sub(r"[-‐‑–—,\s]+", " ", text.casefold())
    return words.rstrip(" .!?").strip()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.language}: {case.written}")
def test_a_text_is_read_as_people_read_it(case: Case) -> None:
    got = said(case.written, case.language)
    right = heard(got) in map(heard, case.readings)
    if (case.language, case.written) in MISSED:
        assert not right, "no longer a miss: take it out of misses.tsv"
        assert got == MISSED[case.language, case.written]
    else:
        assert right, f"{case.written!r} is read {case.readings[0]!r}, and {got!r} is said"


def test_every_miss_is_a_case_of_a_table_and_few_are_missed() -> None:
    assert set(MISSED) <= {(case.language, case.written) for case in CASES}
    for language in {case.language for case in CASES}:
        cases = sum(case.language == language for case in CASES)
        missed = sum(one == language for one, _ in MISSED)
        assert missed <= 0.05 * cases


@pytest.mark.parametrize(
    ("rule", "written", "otherwise"),
    [
        ("abbreviations", "Dr. Smith left.", "Doctor Smith left."),
        ("addresses", "See example.com now.", "See example dot com now."),
        ("currency", "It cost $5.99.", "It cost five dollars and ninety-nine cents."),
        ("dates", "On Jan. 5 we left.", "On January fifth we left."),
        ("emoji", "Fine 👍", "Fine thumbs up"),
        ("numbers", "All 7 came.", "All seven came."),
        ("ordinals", "The 2nd one.", "The second one."),
        ("phones", "At 555-0123.", "At five five five, zero one two three."),
        ("roman", "Henry VIII died.", "Henry the Eighth died."),
        ("symbols", "Salt & oil.", "Salt and oil."),
        ("times", "At 3:05 we left.", "At three oh five we left."),
        ("units", "Some 5 km on.", "Some five kilometers on."),
    ],
)
def test_a_rule_that_is_off_says_nothing(rule: str, written: str, otherwise: str) -> None:
    words = plain(written)
    assert normalize(words, "en").text == otherwise
    assert [change.rule for change in normalize(words, "en").changes] == [rule]
    off = normalize(words, "en", off=[rule])
    assert rule not in [change.rule for change in off.changes]
    assert off.text != otherwise


@pytest.mark.parametrize(
    "text",
    [
        "I'd say MIX it, e g with a CD of yours... or not?",
        "a1b2c3d4e5f60718 is a digest",
        "550e8400-e29b-41d4-a716-446655440000",
        "12:30:45.678",
        "it.is what.It was",
        "He sat in the sun. May he? Jan said so.",
        "“Quoted,” ‘quoted’ — and (bracketed); never – ever!",
    ],
)
def test_what_is_not_sure_stays_as_it_is_written(text: str) -> None:
    assert normalize(plain(text), "en") == plain(text)


def test_a_long_number_is_said_digit_by_digit() -> None:
    assert said("7" * 30, "en") == " ".join(["seven"] * 30)
    million = normalize(plain("7" * 100_000), "en").text
    assert len(million) < 2_000_000


BITS = [
    *"0123456789.,:;/-–—−+$€£¥%°'\"′″@#&=<>~^*_()[]IVXLCM½²³ \n\t",
    *[
        "1,",
        "1 000 ",
        "000",
        "'s",
        "st",
        "th",
        "e6",
        "x",
        "km",
        " km/h",
        "°C",
        " in ",
        "pm",
        " a.m.",
    ],
    *["Dr. ", "St. ", "No. ", "p. ", "e.g. ", "U.S.", "Jan. ", "May ", "Mon, ", "2024", "1984"],
    *[
        "http://",
        "www.",
        "a.com",
        "a@b.de",
        "/usr",
        "C:\\",
        "@me",
        "#tag",
        "v1.2",
        "Henry ",
        "'90s",
    ],
    *["👍", "🏽", "\u200d", "\ufe0f", "🇩", "🇪", "1\u20e3", "©", "™", "→", "№", "§", "é", "e\u0301"],
    *["word", "Word ", "the ", "in ", "am ", "Uhr", "Mio. ", "le ", "1er", "1º", "\xa0", "٣", "९"],
    *["\ud800", "\0", "\u2028", "\x1b[0m", "日本", "x" * 70, "7" * 50, "1-" * 20, "a." * 20],
]
TEXTS = st.lists(st.sampled_from(BITS), max_size=40).map("".join) | st.text(max_size=60)


def blanks(text: str) -> str:
    return " ".join(text.split())


@given(TEXTS, st.sampled_from(LANGUAGES), st.sampled_from([40, 400]))
@settings(max_examples=100, deadline=None)
def test_what_is_said_in_words_knows_where_it_was_written(
    text: str, language: str, budget: int
) -> None:
    reached = 0
    for chunk in plan([text], language=language, budget=budget, reword=WORDING):
        assert chunk.start == reached <= chunk.end  # several may stand for one `$1,234.56`
        reached = chunk.end
        assert 0 < len(chunk.text) <= budget
        assert chunk.text == blanks(chunk.text)
        places = [chunk.origin(i) for i in range(len(chunk.text) + 1)]
        assert places == sorted(places)
        for change in chunk.changes:
            assert 0 <= change.start < change.end <= len(chunk.text)
            written = clean(text[change.first : change.last]).text
            assert blanks(written) == blanks(change.written)
    assert not speakable(clean(text[reached:]).text)


@given(TEXTS, st.sampled_from(LANGUAGES))
@settings(max_examples=100, deadline=None)
def test_any_text_can_be_worded_at_once(text: str, language: str) -> None:
    words = normalize(plain(text), language)
    done = 0
    for change in [*words.changes, None]:
        for i in range(done, change.start if change else len(words.text)):
            assert words.text[i] == text[words.origin(i)]
        if change:
            assert change.written == text[change.first : change.last]
            done = change.end
