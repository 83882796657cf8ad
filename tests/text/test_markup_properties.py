"""Whatever the markup: spans lead back to the original, and how it was cut changes nothing."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm.errors import UnreadableText
from ttm.narration.plan import Chunk, plan
from ttm.text.markup import FORMS, Form, Opening, Reading

PLAIN = [
    "Hello world. ", "word", "x" * 40, " ", "  ", "\n", "\n\n", "\r\n", "\r", "\t", "é", "e\u0301",
    "日本。", "\f", "\u2028", "\u2029", "\x1b[0m", "\x1e", "\x1f", "\xa0", "1", ".", "A & B",
    "https://www.example.com/a?b=c. ", "[pause]", "[pause:1.5s]", "[pause:9", "[[tɛst]]", "[[a|b]]",
]  # fmt: skip
MARKDOWN = [
    *["*", "**", "_", "~~", "`", "``", "```\n", "~~~\n", "# ", "## ", "===\n", "---\n", "> ", "- "],
    *[
        "1. ",
        "2) ",
        "    ",
        "[",
        "]",
        "](x)",
        "![",
        "[a]: b\n",
        "[^1]",
        "[^1]: ",
        "\\",
        "\\*",
        "  \n",
    ],
    *[
        "|a|b|\n",
        "|-|-|\n",
        "|",
        "&amp;",
        "&eacute;",
        "&#10;",
        "<b>",
        "</b>",
        "<br>",
        "<!--",
        "-->",
    ],
    *[
        "<https://a.b/c>",
        "[x] ",
        "+++\n",
        "a: b\n",
        "<script>",
        "</script>",
        "> [!NOTE]\n",
        "* * *\n",
    ],
]
HTML = [
    *[
        "<p>",
        "</p>",
        "<b>",
        "</b>",
        "<div hidden>",
        "</div>",
        "<ul>",
        "<ol start=7>",
        "<li>",
        "</ol>",
    ],
    *["<table>", "<tr>", "<th>", "<td>", "</table>", "<pre>", "</pre>", "<code>", "<h1>", "</h1>"],
    *[
        "<br>",
        "<br/>",
        "<hr>",
        "<img alt='a cat'>",
        "<i lang=fr>",
        "</i>",
        "<html lang=de>",
        "<a b='",
    ],
    *[
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<!DOCTYPE html>",
        "<?xml ?>",
        "<",
    ],
    *[
        ">",
        "&",
        "&amp;",
        "&eacute",
        "&#233;",
        "&#x301;",
        "&nbsp;",
        "&bogus;",
        "'",
        '"',
        "</",
        "<nav>",
    ],
]
SSML = [
    *["<p>", "</p>", "<s>", "</s>", "<break/>", "<break time='2s'/>", "<break strength='none'/>"],
    *[
        "<emphasis>loud</emphasis>",
        "<prosody rate='fast'>quick</prosody>",
        "<mark name='x'/>",
        "&lt;",
    ],
    *[
        "<sub alias='two words'>sub</sub>",
        "<say-as interpret-as='characters'>AB</say-as>",
        "&#233;",
    ],
    *[
        "<phoneme ph='tɛst'>test</phoneme>",
        "<lang xml:lang='fr'>oui</lang>",
        "<!-- x -->",
        "<foo/>",
    ],
    *["<voice name='high'>up</voice>", "<![CDATA[a < b]]>", "&", "<", "<?x y?>"],
]


def pieces_of(bits: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(bits), max_size=40).map("".join)


WRITTEN: dict[Form, st.SearchStrategy[str]] = {
    "text": pieces_of(PLAIN),
    "markdown": pieces_of([*PLAIN, *MARKDOWN]),
    "html": pieces_of([*PLAIN, *HTML]),
    "ssml": pieces_of([*PLAIN, *SSML]).map("<speak xml:lang='en'>{}</speak>".format),
}


def planned(pieces: list[str], reading: Reading, **how: object) -> list[Chunk] | str:
    """The chunks, or why there are none."""
    try:
        return list(plan(pieces, reading=reading, **how))  # type: ignore[arg-type]
    except UnreadableText as failure:
        return failure.sentence


def origins(chunks: list[Chunk] | str) -> list[list[int]]:
    if isinstance(chunks, str):
        return []
    return [[chunk.origin(i) for i in range(len(chunk.text) + 1)] for chunk in chunks]


READINGS = st.builds(
    Reading,
    st.sampled_from(FORMS),
    own_language=st.booleans(),
    code=st.sampled_from(["skip", "announce", "read"]),
    strict=st.booleans(),
    pauses=st.booleans(),
    phonemes=st.booleans(),
)


@given(st.data(), READINGS, st.lists(st.integers(1, 30), max_size=20), st.booleans())
@settings(max_examples=80, deadline=None)
def test_how_marked_up_text_is_cut_changes_nothing(data, reading, sizes, follow) -> None:
    text = data.draw(WRITTEN[reading.form])
    whole = planned([text], reading, follow=follow)
    ends = list(itertools.accumulate(sizes))
    parts = [text[i:k] for i, k in itertools.pairwise([0, *ends, None])]
    for cut in (parts, list(text)):
        again = planned(cut, reading, follow=follow)
        assert again == whole
        assert origins(again) == origins(whole)


@given(st.data(), READINGS, st.sampled_from([34, 400]))
@settings(max_examples=80, deadline=None)
def test_chunks_of_marked_up_text_lead_back_to_it(data, reading, budget) -> None:
    text = data.draw(WRITTEN[reading.form])
    chunks = planned([text], reading, budget=budget)
    reached = 0
    for chunk in chunks if isinstance(chunks, list) else []:
        assert chunk.start == reached <= chunk.end <= len(text)
        reached = chunk.end
        assert len(chunk.text) <= budget
        assert "\x1e" not in chunk.text
        assert "\x1f" not in chunk.text
        places = [chunk.origin(i) for i in range(len(chunk.text) + 1)]
        assert places == sorted(places)
        changed = [i for one in chunk.changes for i in range(one.start, one.end)]
        for i in set(range(len(chunk.text))) - set(changed):
            char = chunk.text[i]
            if char.isascii() and char.isalnum():
                assert text[places[i]] == char
        for word in re.finditer(r"[A-Za-z0-9]+", chunk.text):
            first, last = chunk.span(*word.span())
            assert chunk.start <= first <= last <= len(text)
            seamless = places[word.end() - 1] - places[word.start()] == len(word[0]) - 1
            if seamless and word.start() not in changed and word.end() - 1 not in changed:
                assert text[first:last].startswith(word[0])
        if chunk.text and "\r" not in text:
            before = text[: places[0]]
            assert chunk.line == before.count("\n") + 1
            assert chunk.column == len(before) - before.rfind("\n")


@given(st.lists(st.tuples(st.sampled_from(FORMS[:3]), st.data()), max_size=4))
@settings(max_examples=30, deadline=None)
def test_texts_of_several_forms_are_one_text(parts) -> None:
    texts = [(form, data.draw(WRITTEN[form])) for form, data in parts]
    stream = [piece for form, text in texts for piece in (Opening(form), text)]
    chunks = list(plan(stream))
    alone = [list(plan([text], reading=Reading(form))) for form, text in texts]
    chunks = [chunk for chunk in chunks if chunk.text]  # the others are pauses at an end
    alone = [[chunk for chunk in part if chunk.text] for part in alone]
    assert [c.text for c in chunks] == [c.text for part in alone for c in part]
    ends = list(itertools.accumulate((len(text) for _, text in texts), initial=0))
    found = [chunk.origin(0) for chunk in chunks]
    wanted = [k + c.origin(0) for k, part in zip(ends, alone, strict=False) for c in part]
    assert found == wanted


HOSTILE = {
    "brackets": "[" * 25_000,
    "nested brackets": "[" * 5_000 + "x" + "]" * 5_000,
    "links": "[a](" * 6_250,
    "stars": "*" * 25_000,
    "emphases": "*a **b " * 3_500,
    "backticks": "`a``b```" * 3_000,
    "quotes": "> " * 12_500,
    "items": "- " * 12_500,
    "a heading": "# a" + " " * 24_750 + "b",
    "a rule": "- " * 12_500 + "x",
    "bars": "|" * 25_000,
    "entities": "&amp" * 6_250,
    "tags": "<a " * 8_250,
    "attributes": '<a b="' * 3_500,
    "comments": "<!--" * 6_250,
    "elements": "<div>" * 5_000,
    "ends": "<i>" * 600 + "</b>" * 6_250,
    "an address": "https://a.b/" + "c" * 25_000,
    "addresses": "http://" * 3_500,
    "phonemes": "[[a" * 8_250,
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("form", ["markdown", "html", "ssml"])
def test_hostile_text_is_read_in_time(form) -> None:
    reading = Reading(form, pauses=True, phonemes=True)
    for text in HOSTILE.values():
        planned([text], reading)


def test_a_long_document_is_read_in_little_memory() -> None:
    import tracemalloc

    def pieces():
        for number in range(150):
            yield f"# Part {number}\n\nSome *words* with [a link](x), `code` &amp; more.\n\n" * 3
            yield "<!-- " + "hidden\n" * 50 + " -->\n\n```\n" + "code\n" * 20 + "```\n\n"

    tracemalloc.start()
    count = sum(1 for _ in plan(pieces(), reading=Reading("markdown")))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count > 1_000
    assert most < 2_000_000
