"""HTML is spoken without what is there for the eye."""

# ruff: noqa: E501

from __future__ import annotations

import re

import pytest

from ttm.narration.plan import Chunk, plan
from ttm.text.markup import Reading
from ttm.text.normalize import Rule, normalize


def chunks(text: str, **how: object) -> list[Chunk]:
    return list(plan([text], reading=Reading("html", **how)))  # type: ignore[arg-type]


def said(text: str, **how: object) -> list[str]:
    return [chunk.text for chunk in chunks(text, **how)]


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("<p>one<p>two</p>three", ["one", "two", "three"]),
        ("a\n   b\t<b>c</b>d <i> e</i>", ["a b cd e"]),
        ("line\n- no item\n# no heading", ["line - no item # no heading"]),
        ("<head><title>T</title><style>p>a{}</style></head><body>x", ["x"]),
        ("<script>'</p>' < 1</script>x<noscript>y</noscript>", ["x"]),
        ("a<span hidden>b</span>c<span aria-hidden='true'>d</span>e", ["ace"]),
        ("<p hidden>gone<p>here", ["here"]),
        ("<nav>Home</nav><div style='display: none'>x</div>y", ["y"]),
        ("<ul><li>a<li>b</ul><ol start=3><li>c<li>d</ol>", ["a", "b", "3. c", "4. d"]),
        ("a<br>b<br/><br>c", ["a", "b", "c"]),
        ("<img alt='A  cat'><img alt=''><img> and", ["Image: A cat", "and"]),
        ("<pre><code>a\n\nb\n</code></pre>c", ["Code block, 2 lines.", "c"]),
        ("caf&eacute; &#x20AC;5&nbsp;a &lt;b&gt; &bogus; R&D AT&T;", ["café €5 a <b> &bogus; R&D AT&T;"]),
        ("1 < 2 > 1 <3 </ x", ["1 < 2 > 1 <3 </ x"]),
        ("<a href='x>y' title=\"it's\">link</a>", ["link"]),
        ("<!-- a > b --->x<!-->y<!DOCTYPE html [ <!ENTITY a 'b'> ]>z<?php ?>", ["xyz"]),
        ("x <![CDATA[a < b]]>", ["x a < b"]),
        ("see https://www.example.com/a/b?c=d, ok", ["see example.com, ok"]),
        ("&#0;&#27;[0mx&#8203;y&#xd800;", ["\ufffd[0mxy\ufffd"]),
        (
            "<table><caption>C</caption><tr><th>Name<th>Age</tr><tr><td>Bob<td>5<tr><td>Al<td></table>",
            ["C", "Name: Bob, Age: 5", "Name: Al"],
        ),
        ("<table><tr><td>a<td>b<tr><td>c</table>", ["a, b", "c"]),
        ("<table><tr><th>Name<td>Bob<tr><th>Age<td>5</table>", ["Name: Bob", "Age: 5"]),
        ("<table><tr><th>only<th>heads</table>", ["only, heads"]),
        ("x<sup><a role='doc-noteref'>1</a></sup>", ["x"]),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", ["漢"]),
    ],
)  # fmt: skip
def test_it_is_read_out(text: str, spoken: list[str]) -> None:
    assert said(text) == spoken


def test_a_language_holds_for_its_element():
    found = chunks("<p>one <i lang=fr>deux <b lang=de>drei</b> trois</i> four")
    assert [(c.text, c.delivery.language if c.delivery else "") for c in found] == [
        ("one", ""), ("deux", "fr"), ("drei", "de"), ("trois", "fr"), ("four", ""),
    ]  # fmt: skip
    assert [c.begins for c in found] == ["paragraph", *["cut"] * 4]


def test_the_language_of_all_of_it_holds_unless_somebody_chose_another():
    page = "<html lang=de><p>eins <i lang=en>two</i> <i lang=de>drei</i>"
    own = [c.delivery and c.delivery.language for c in chunks(page, own_language=True)]
    assert own == ["de", "en", "de"]
    chosen = [c.delivery and c.delivery.language for c in chunks(page)]
    assert chosen == [None, "en", None]


def test_a_sentence_ends_with_its_language_s_own_abbreviations():
    assert said("<p lang=de>Es war z.B. gut. Und Dr. Maier kam.") == [
        "Es war z.B. gut.", "Und Dr. Maier kam.",
    ]  # fmt: skip


def test_headings_begin_chapters_and_a_rule_is_a_pause():
    found = chunks("<h1>A</h1>one<hr>two<h2>B</h2>three<h3>C</h3>four")
    assert [(c.text, c.chapter, c.wait) for c in found] == [
        ("A", 1, None), ("one", 1, None), ("two", 1, 1.0), ("B", 2, None), ("three", 2, None),
        ("C", 2, None), ("four", 2, None),
    ]  # fmt: skip


def test_code_is_read_line_by_line_where_that_is_wished():
    assert said("<pre>a &lt; b\n  c</pre>", code="read") == ["a < b", "c"]
    assert said("x<pre>a</pre>", code="skip") == ["x"]


def test_rules_apply_to_what_was_written_as_an_entity(monkeypatch):
    """An entity is a way of writing a character, not what is to be said for it."""

    rule = Rule("currency", re.compile("€(\\d+)"), lambda found: f"{found[1]} euros")
    monkeypatch.setattr("ttm.text.normalize._rules", lambda language: (rule,))
    page = "it costs &euro;5."
    (chunk,) = plan([page], reading=Reading("html"), reword=normalize)
    assert chunk.text == "it costs 5 euros."
    first, last = chunk.span(9, 16)
    assert page[first:last] == "&euro;5"
