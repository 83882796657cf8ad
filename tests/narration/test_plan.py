"""A plan depends on the text alone, stays within its budget and knows its way back."""

# ruff: noqa: RUF001

from __future__ import annotations

import itertools
import time
import tracemalloc
import unicodedata
from collections.abc import Callable, Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ttm.narration.plan import Chunk, join, plan, slug, split
from ttm.text.cleaning import Cleaner, clean
from ttm.text.speakable import speakable, wordy

ESPEAK_KILLERS = ["---नमस्ते", "s'" * 68, "U.S.A." * 80, "hi\n-²-日", "s'" * 75]
"""Texts that crashed espeak-ng 1.52 in the process that spoke them."""

BITS = [
    *"abAZ.!?。 \n\t\r\f\v\"'()[]「」”’“0123;:,…-#*=—é\0\xa0\xad\x85\x9b\x9d\x9c",
    *["\r\n", "\n\n", ". ", ".\n", "Dr. ", "e.g. ", "Hello world. ", "word ", "x" * 50, " " * 210],
    *["Chapter 1\n\n", "Part One\n", "# ", "- ", "1. ", "---\n", "。」と"],
    *["\x1b", "\x1b[0m", "\x1b]0;t\x07", "\x1b\\", "\u200b", "\u2028", "\u2029", "\ud800"],
    *["e\u0301", "\u0301", "\u0316", "\u0301" * 20, "\u0344", "\u0958", "\u0f73", "\ufe0f"],
    *["\u1100", "\u1161", "\u11a8", "\uac00", "日本", "カ", "क", "\u094d", "\u0e33", "\u3000"],
    *["🇩🇪", "🇩", "👩\u200d🚀", "👍🏽", "\u200d"],
]
TEXTS = st.lists(st.sampled_from(BITS), max_size=60).map("".join)
BUDGETS = st.sampled_from([34, 60, 400])  # no cluster is longer than 34: a base, 16 marks, twice


def origins(chunk: Chunk) -> list[int]:
    return [chunk.origin(i) for i in range(len(chunk.text) + 1)]


def words(text: str) -> str:
    return "".join(filter(wordy, text))


@given(TEXTS, st.lists(st.integers(1, 30), max_size=30), BUDGETS, st.booleans())
@settings(max_examples=100, deadline=None)
def test_the_plan_does_not_depend_on_how_the_text_was_cut(
    text: str, sizes: list[int], budget: int, follow: bool
) -> None:
    whole = list(plan([text], budget=budget, follow=follow))
    ends = list(itertools.accumulate(sizes))
    parts = [text[i:k] for i, k in itertools.pairwise([0, *ends, None])]
    assert list(plan(parts, budget=budget, follow=follow)) == whole
    by_character = list(plan(list(text), budget=budget, follow=follow))
    assert by_character == whole
    assert list(map(origins, by_character)) == list(map(origins, whole))


@given(TEXTS, BUDGETS, st.sampled_from(["en", "ja", "hi", "xx"]))
@example("\n\n".join(ESPEAK_KILLERS), 400, "en")
@settings(max_examples=100, deadline=None)
def test_chunks_tile_the_text_within_their_budget(text: str, budget: int, language: str) -> None:
    chunks = list(plan([text], budget=budget, language=language))
    reached = 0
    for number, chunk in enumerate(chunks, 1):
        assert chunk.index == number
        assert chunk.start == reached < chunk.end
        reached = chunk.end
        assert speakable(chunk.text)
        assert chunk.text == " ".join(chunk.text.split())
        assert len(chunk.text) <= budget
    assert not speakable(clean(text[reached:]).text)
    assert words("".join(chunk.text for chunk in chunks)) == words(clean(text).text)


@given(TEXTS, BUDGETS)
@settings(max_examples=100, deadline=None)
def test_every_character_knows_its_place(text: str, budget: int) -> None:
    for chunk in plan([text], budget=budget):
        places = origins(chunk)
        assert places == sorted(places)
        assert chunk.start <= places[0]
        assert places[-1] <= chunk.end
        for char, place in zip(chunk.text, places, strict=False):
            if char.isascii() and char.isalnum():
                assert unicodedata.normalize("NFC", text[place]) == char
        before = text[: places[0]].replace("\r\n", "\n").replace("\r", "\n")
        assert chunk.line == before.count("\n") + 1
        if "\r" not in text:
            assert chunk.column == len(before) - before.rfind("\n")


@given(TEXTS, st.integers(1, 30))
@settings(max_examples=100, deadline=None)
def test_pieces_of_a_chunk_are_chunks_of_the_same_text(text: str, at: int) -> None:
    for chunk in plan([text]):
        middle = min(at, len(chunk.text) - 1)
        if not middle:
            continue
        first, last = chunk.piece(0, middle), chunk.piece(middle, len(chunk.text))
        assert (first.start, first.end, last.end) == (chunk.start, last.start, chunk.end)
        assert first.text == chunk.text[:middle].strip()
        assert last.text == chunk.text[middle:].strip()
        assert (first.begins, last.ends) == (chunk.begins, chunk.ends)
        if last.text:
            assert (first.ends, last.begins) == ("cut", "cut")
            space = chunk.text[middle:].startswith(" ")
            assert origins(last) == origins(chunk)[middle + space :]
            if "\r" not in text:
                before = text[: last.origin(0)]
                place = before.count("\n") + 1, len(before) - before.rfind("\n")
                assert (last.line, last.column) == place


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_a_chunk_says_what_its_span_says(text: str) -> None:
    chunks = list(plan([text]))
    for chunk in chunks:
        said = " ".join(clean(text[chunk.origin(0) : chunk.end]).text.split())
        # A combining mark or the rest of an escape sequence may stand just outside.
        assert words(chunk.text) in words(said)


@pytest.mark.parametrize("text", ["", " \n\u200b\x07", "… --- ***\n\n。", "\x1b[0m", "\ud800"])
def test_what_cannot_be_said_gives_no_chunk(text: str) -> None:
    assert list(plan([text])) == []


def test_a_chunk_without_speech_goes_with_the_next() -> None:
    chunks = list(plan(["---\n\nOne.\n***\nTwo.\n---\n"]))
    assert [(c.text, c.start, c.end, c.line) for c in chunks] == [
        ("One.", 0, 10, 3),
        ("Two.", 10, 19, 5),
    ]


def test_a_silent_piece_within_a_sentence_does_not_begin_another() -> None:
    text = "Start " + "-" * 30 + " end. " + "-" * 30 + " Two"
    chunks = list(plan([text], budget=20))
    assert [(c.text.strip("- "), c.begins) for c in chunks] == [
        ("Start", "paragraph"),
        ("end.", "cut"),
        ("Two", "sentence"),
    ]


def test_paragraphs_and_chapters_are_counted() -> None:
    paragraphs = [
        *[
            "Preface here.",
            "Chapter 1",
            "It was. A dark\nnight.",
            "***",
            "## Two ##\nText\fForm feed.",
        ],
        *["### Three", "CHAPTER IV\nThe End", "Part of it.", "Kapitel 5: Schluss", "Chapitre 2"],
        *["第十二章 风", "Chapter 9 is long, so long that nobody would take it for a heading."],
    ]
    text = "\n\n".join(paragraphs)
    assert [(c.text[:14], c.paragraph, c.chapter) for c in plan([text])] == [
        ("Preface here.", 1, 1),
        ("Chapter 1", 2, 2),
        ("It was.", 3, 2),
        ("A dark night.", 3, 2),
        ("## Two ##", 4, 3),
        ("Text", 5, 3),
        ("Form feed.", 6, 4),
        ("### Three", 7, 4),
        ("CHAPTER IV The", 8, 5),
        ("Part of it.", 9, 5),
        ("Kapitel 5: Sch", 10, 6),
        ("Chapitre 2", 11, 7),
        ("第十二章 风", 12, 8),
        ("Chapter 9 is l", 13, 8),
    ]


def test_what_a_chunk_begins_is_exact_and_what_it_ends_is_what_is_known() -> None:
    chunks = list(plan(["A line.\n\nNo stop\n\nOne. Two aaa bbb ccc"], budget=10))
    assert [(c.text, c.begins, c.ends) for c in chunks] == [
        ("A line.", "paragraph", "sentence"),
        ("No stop", "paragraph", "paragraph"),
        ("One.", "paragraph", "sentence"),
        ("Two aaa", "sentence", "cut"),
        ("bbb ccc", "cut", "paragraph"),
    ]


def test_a_chunk_is_there_before_more_text_is_asked_for() -> None:
    said: list[str] = []

    def typed() -> Iterator[str]:
        yield "Hello world.\n"
        assert said == ["Hello world."]
        yield "Next one. And "
        assert said == ["Hello world.", "Next one."]
        yield "last"

    for chunk in plan(typed()):
        said.append(chunk.text)
    assert said[-1] == "And last"


def test_text_after_a_nul_is_spoken_and_what_was_removed_is_counted() -> None:
    cleaner = Cleaner()
    (chunk,) = plan(["abc\0de\x1b[1mf"], cleaner=cleaner)
    assert chunk.text == "abc def"
    assert cleaner.removed == 4
    assert [chunk.origin(i) for i in (0, 4, 6, 7)] == [0, 4, 10, 11]


@pytest.mark.parametrize(
    "text", ["[[həˈloʊ]]", "<speak>hi</speak>", "[pause:9999s]", "{x} [voice:y]"]
)
def test_markup_in_plain_text_is_plain_text(text: str) -> None:
    assert [chunk.text for chunk in plan([text])] == [text]


def test_a_budget_without_room_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="not 0"):
        plan(["text"], budget=0)


def test_a_chunk_alone_stands_where_it_starts() -> None:
    chunk = Chunk(1, "one two", 10, 17, 1, 11, 1, 1, "paragraph")
    assert chunk.origin(4) == 14
    assert chunk.piece(4, 7) == Chunk(1, "two", 14, 17, 1, 15, 1, 1, "paragraph", begins="cut")


def test_splitting_groups_by_sentence_paragraph_and_chapter() -> None:
    text = "# One\nA long sentence here. Short.\n\nNext\n\n# Two\nEnd"

    def grouped(by: str) -> list[tuple[int, str]]:
        chunks = plan([text], budget=12)
        return [(n, "|".join(c.text for c in group)) for n, group in split(chunks, by)]  # type: ignore[arg-type]

    assert grouped("sentence") == [
        (1, "# One"),
        (2, "A long|sentence|here."),
        (3, "Short."),
        (4, "Next"),
        (5, "# Two"),
        (6, "End"),
    ]
    assert [n for n, _ in grouped("paragraph")] == [1, 2, 3, 4, 5]
    assert grouped("chapter") == [
        (1, "# One|A long|sentence|here.|Short.|Next"),
        (2, "# Two|End"),
    ]


def test_sources_are_joined_as_paragraphs_or_as_asked() -> None:
    assert [c.paragraph for c in plan(join([["One"], ["two", " more"], []]))] == [1, 2]
    assert "".join(join([["a"], ["b"]], between=" ")) == "a b"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Chapter 1: The Boy's Größe!", "chapter-1-the-boys-grosse"),
        ("Café—naïve", "cafe-naive"),
        ("世界", "part"),
        ("../..\\etc\0", "etc"),
        ("a" * 50, "a" * 40),
        ("one two three four five six seven eight nine", "one-two-three-four-five-six-seven-eight"),
    ],
)
def test_a_slug_is_a_safe_file_name(text: str, name: str) -> None:
    assert slug(text) == name


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text_has_a_slug(text: str) -> None:
    assert 0 < len(slug(text)) <= 40
    assert set(slug(text)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


HARD: dict[str, Callable[[int], str]] = {
    "one word": lambda n: "a" * n,
    "digits": lambda n: "1" * n,
    "a.": lambda n: "a." * (n // 2),
    "a@": lambda n: "a@" * (n // 2),
    "brackets": lambda n: "(" * (n // 2) + ")" * (n // 2),
    "marks": lambda n: ("a" + "\u0301" * 2000) * (n // 2001),
    "mixed marks": lambda n: "a" + "\u0301\u0316" * (n // 2),
    "jamo": lambda n: "\u1100\u1161\u11a8" * (n // 3),
    "controls": lambda n: "a\x01" * (n // 2),
    "escapes": lambda n: "\x1b]" * (n // 2),
    "dots": lambda n: "." * (n - 1) + "a",
    "spaces": lambda n: "a" + " " * n + "b",
    "lines": lambda n: "a\n" * (n // 2),
    "U.S.A.": lambda n: "U.S.A." * (n // 6),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HARD)
def test_hard_text_costs_linear_time(name: str) -> None:
    def seconds(size: int) -> float:
        text, best = HARD[name](size), 1e9
        for _ in range(3):
            start = time.process_time()
            assert all(len(chunk.text) <= 400 for chunk in plan([text]))
            best = min(best, time.process_time() - start)
        return best

    small, large = seconds(25_000), seconds(100_000)
    print(
        f"{name}: {large:.3f} s per 100 kB, {large / small:.1f} times as long for 4 times as much"
    )
    assert large <= 0.5
    assert large < max(9 * small, 0.02)


@pytest.mark.slow
def test_ten_megabytes_take_seconds_and_no_memory() -> None:
    sentence = "The quick brown fox, as they say, jumped over\nthe lazy dog, whom no one had asked."
    page = (f"{sentence} " * 5 + "\n\n") * 150

    def book() -> Iterator[str]:
        for _ in range(10_000_000 // len(page)):
            yield page

    list(plan([page]))
    start = time.process_time()
    chunks = sum(1 for _ in plan(book()))
    spent = time.process_time() - start
    print(f"10 MB in {spent:.2f} s, {chunks} chunks")
    tracemalloc.start()
    for _ in plan(itertools.islice(book(), 30)):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"at most {peak / 1e6:.1f} MB of memory")
    assert spent <= 6
    assert peak <= 8e6
