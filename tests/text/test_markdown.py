"""Markdown is spoken as a person would read it out."""

# ruff: noqa: RUF001

from __future__ import annotations

import pytest

from ttm.narration.plan import Chunk, plan
from ttm.text.markup import Reading


def chunks(text: str, **how: object) -> list[Chunk]:
    return list(plan([text], reading=Reading("markdown", **how)))  # type: ignore[arg-type]


def said(text: str, **how: object) -> list[str]:
    return [chunk.text for chunk in chunks(text, **how)]


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("# Title #\ntext", ["Title", "text"]),
        ("Title\n===\ntext", ["Title", "text"]),
        ("#no heading", ["#no heading"]),
        ("- eggs\n- milk\n  and bread\n\n* tea", ["eggs", "milk and bread", "tea"]),
        ("1. One\n2) Two\n10. Ten", ["1. One", "2) Two", "10. Ten"]),
        ("- a\n  - b\n    1. c", ["a", "b", "1. c"]),
        ("- [x] done\n- [ ] not done", ["Done: done", "To do: not done"]),
        ("In 1986. What\n2020. a year", ["In 1986.", "What 2020.", "a year"]),
        ("one\ntwo  \nthree\\\nfour", ["one two", "three", "four"]),
        ("*a* **b** ***c*** _d_ __e__ ~~f~~", ["a b c d e f"]),
        ("2 * 3 * 4, snake_case_name, **open", ["2 * 3 * 4, snake_case_name, **open"]),
        ("*a **b* c**, *a **b*", ["a b c, *a *b"]),
        ("`code *x*` and ``a ` b``", ["code *x* and a ` b"]),
        ("\\*not\\* `\\a`", ["*not* \\a"]),
        ('[text](http://x.y "t") [a][b] [c][] [d]', ["text a c [d]"]),
        ("[![Build](b.svg)](ci) now", ["Image: Build", "now"]),
        ("![](x.png)![A cat](y(1).png)", ["Image: A cat"]),
        ("<https://www.a.org/b?c> https://x.io/1/2.", ["a.org x.io."]),
        ("mail <me@x.org>", ["mail me@x.org"]),
        ("A note[^1].\n\n[^1]: See *this*.", ["A note.", "Footnote 1: See this."]),
        ("[a]: http://x.y\n[b]: <z> 'q'\n\ntext", ["text"]),
        ("> quoted\n> more\nlazy\n\nafter", ["quoted more lazy", "after"]),
        ("> [!WARNING]\n> Hot.", ["Warning", "Hot."]),
        ("```py\na = 1\n\nb\n```\nafter", ["Code block, 2 lines.", "after"]),
        ("~~~\n```\n~~~\n\n    indented\n", ["Code block, one line.", "Code block, one line."]),
        ("- x\n\n      code\n\n  y", ["x", "Code block, one line.", "y"]),
        ("a &amp; b &eacute; &nope; &#8364;5", ["a & b é &nope; €5"]),
        ("<!-- no\n\nno -->\n<p align=center><b>T</b></p>\nx <!-- y --> z", ["T", "x z"]),
        ("<script>\nif (a) {}\n\n</script>\nx", ["x"]),
        ('<img src=x alt="Logo"> a<br>b', ["Image: Logo", "a", "b"]),
        ("---\ntitle: x\ntags: [y]\n---\ntext", ["text"]),
        ("+++\ntitle = 'x'\n+++\ntext", ["text"]),
        ("---\n\nno front matter\n\n---\n", ["no front matter", ""]),
        (
            "| Name | Age |\n|:-----|----:|\n| Bob | 5 |\n| Al \\| Ed | |\n\nafter",
            ["Name: Bob, Age: 5", "Name: Al | Ed", "after"],
        ),
        ("| | |\n|-|-|\n| 0 | done |", ["0, done"]),
        ("|a|b|\n|-|-|\n| Why? | So. |", ["a: Why?", "b: So."]),
        ("a | b\n--|--\n1 | *two*", ["a: 1, b: two"]),
        ("| a | b |\n|---|---|\n", ["a", "b"]),
        ("no | table\n- - -", ["no | table", ""]),
    ],
)
def test_it_is_read_out(text: str, spoken: list[str]) -> None:
    assert said(text) == spoken


def test_headings_begin_chapters_and_paragraphs_are_told_apart():
    found = chunks("# A\n\none\n\n## B\ntwo\n### C\n- x\n- y\n\nz")
    assert [(c.text, c.chapter) for c in found] == [
        ("A", 1), ("one", 1), ("B", 2), ("two", 2), ("C", 2), ("x", 2), ("y", 2), ("z", 2),
    ]  # fmt: skip
    assert [c.begins for c in found] == [*["paragraph"] * 6, "sentence", "paragraph"]


def test_nothing_is_guessed_from_how_a_line_looks():
    found = chunks("Chapter 1\n\nChapter 2\n\n\\# no heading")
    assert {chunk.chapter for chunk in found} == {1}
    assert found[-1].text == "# no heading"


@pytest.mark.parametrize(
    ("code", "spoken"),
    [("skip", ["a", "b"]), ("read", ["a", "x = 1", "y = 2", "b"])],
)
def test_code_is_skipped_or_read_where_that_is_wished(code, spoken):
    assert said("a\n\n```\nx = 1\n\ny = 2\n```\n\nb", code=code) == spoken


@pytest.mark.parametrize(
    ("language", "spoken"),
    [
        ("de", ["Codeblock, 2 Zeilen.", "Bild: x"]),
        ("fr-CA", ["Bloc de code, 2 lignes.", "Image : x"]),
        ("es", ["Bloque de código, 2 líneas.", "Imagen: x"]),
        ("it", ["Blocco di codice, 2 righe.", "Immagine: x"]),
        ("pt", ["Bloco de código, 2 linhas.", "Imagem: x"]),
        ("fi", ["Code block, 2 lines.", "Image: x"]),
    ],
)
def test_what_is_said_besides_is_in_the_language_of_the_text(language, spoken):
    assert said("```\na\nb\n```\n![x](y)", language=language) == spoken


def test_a_rule_is_a_pause():
    assert [chunk.wait for chunk in chunks("one\n\n* * *\n\ntwo\n\nthree")] == [None, 1.0, None]


def test_every_word_knows_where_it_stands():
    text = "# A *big* day\n\n- see [the `docs`](http://x.y)\n- caf&eacute; &amp; co\n"
    words = {}
    for chunk in chunks(text):
        for word in chunk.text.split():
            at = chunk.text.index(word)
            first, last = chunk.span(at, at + len(word))
            words[word] = text[first:last]
    assert words == {
        "A": "A", "big": "big", "day": "day", "see": "see", "the": "the", "docs": "docs",
        "café": "caf&eacute;", "&": "&amp;", "co": "co",
    }  # fmt: skip


def test_pauses_and_phonemes_are_words_unless_they_are_switched_on():
    text = "one [pause:1.5s] two [[tɛst]] [pause] x \\[pause] [pause:5m]"
    assert said(text) == [text.replace("\\", "")]
    found = chunks(text, pauses=True, phonemes=True)
    assert [(c.text, c.wait) for c in found] == [
        ("one", None), ("two test", 1.5), ("x [pause] [pause:5m]", 0.7),
    ]  # fmt: skip
    assert [change.phonemes for change in found[1].changes] == ["tɛst"]
    (word,) = chunks("[[tomato|təˈmɑːtəʊ]]", phonemes=True)
    assert (word.text, word.changes[0].phonemes) == ("tomato", "təˈmɑːtəʊ")
    assert [c.wait for c in chunks("a [pause:999999s] [pause:2s] b", pauses=True)] == [None, 60]
