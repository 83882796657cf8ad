"""Sentences end where a reader would pause, and as early as the text allows."""

# ruff: noqa: RUF001

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sentencex

from ttm.text.endings import Abbreviations
from ttm.text.sentences import sentences
from ttm.text.traced import Traced, plain


def said(text: str, language: str = "en", budget: int = 400, follow: bool = False) -> list[str]:
    found = sentences([plain(text)], language=language, budget=budget, follow=follow)
    return [" ".join(sentence.words.text.split()) for sentence in found]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Dr. Smith lives on Elm St. He pays $3.50. OK?", "Dr. Smith … Elm St.|He …|OK?"),
        ("en", "Use e.g. a dot. Then the U.S.A. wins!", "Use e.g. a dot.|Then the U.S.A. wins!"),
        ("en", "J. K. Rowling wrote No. 5 at 3.14 pm. It ends.", "J. K. Rowling … pm.|It ends."),
        ("en", '"Hi!" he said. "Bye."', '"Hi!" he said.|"Bye."'),
        ("en", "(One.) [Two.] “Three.” *Four.* Five", "(One.)|[Two.]|“Three.”|*Four.*|Five"),
        ("en", "Wait... what? Really?! Yes… no", "Wait... what?|Really?!|Yes… no"),
        ("en", "See www.example.com. Then a.b.c is 1.2.3", "See www.example.com.|Then …"),
        ("en", "He went (why?) to the (big) U.S. (Army.) Too", "He went … (Army.)|Too"),
        ("en-US", "Mr. A came. B went", "Mr. A came.|B went"),
        ("de_AT", "Das ist z.B. gut. Und Dr. Maier kam.", "Das ist z.B. gut.|Und Dr. Maier kam."),
        ("zh", "你好。世界！好吗？是", "你好。|世界！|好吗？|是"),
        ("cmn", "“好吗？”他说。“是。”“对。”", "“好吗？”他说。|“是。”|“对。”"),
        ("en", "The word 你好。世界！ is 好!世 Chinese.", "The word 你好。|世界！|is 好!|世 …"),
        ("ja", "「はい。」と言った。次です。", "「はい。」と言った。|次です。"),
        ("hi", "क्या हाल है? मैं ठीक हूँ। अच्छा।", "क्या हाल है?|मैं ठीक हूँ।|अच्छा।"),
        ("ar", "كيف حالك؟ أنا بخير. شكرا", "كيف حالك؟|أنا بخير.|شكرا"),
        ("el", "Τι κάνεις; Καλά.", "Τι κάνεις;|Καλά."),
        ("hy", "Բարև։ Ինչպես ես", "Բարև։|Ինչպես ես"),
    ],
)
def test_sentences_end_where_their_language_says(language: str, text: str, expected: str) -> None:
    found = said(text, language)
    for sentence, pattern in zip(found, expected.split("|"), strict=True):
        first, _, last = pattern.partition("…")
        if last or pattern.endswith(" …"):
            assert sentence.startswith(first.strip())
            assert sentence.endswith(last.strip())
        else:
            assert sentence == pattern


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one\ntwo\n", ["one two"]),
        ("one\n\ntwo", ["one", "two"]),
        ("one\n \t\ntwo\fthree\u2029four", ["one", "two", "three", "four"]),
        (
            "It went on\nand on. Then\nit ended.\nBut no.",
            ["It went on and on.", "Then it ended.", "But no."],
        ),
        ("Mr.\nSmith went\r\nhome.\rDr.\r\nJones", ["Mr. Smith went home.", "Dr. Jones"]),
        (
            "A list:\n- one: two\n- three\n* four\n• five",
            ["A list:", "- one: two", "- three", "* four", "• five"],
        ),
        (
            "1. First\n2) Second\n10. Tenth\nin 1984. Yes",
            ["1. First", "2) Second", "10. Tenth in 1984.", "Yes"],
        ),
        ("# Title\ntext\n### Sub\nmore", ["# Title", "text", "### Sub", "more"]),
        ("above\n---\nbelow\n=====\nend", ["above", "---", "below", "=====", "end"]),
        ("left" + " " * 500 + "right", ["left", "right"]),
        ("  \n\t\n ", []),
    ],
)
def test_lines_belong_together_unless_they_say_otherwise(text: str, expected: list[str]) -> None:
    assert said(text) == expected


def test_with_follow_every_line_is_spoken() -> None:
    assert said("one\ntwo. and\nMr.\n\nx", follow=True) == ["one", "two.", "and", "Mr.", "x"]


@pytest.mark.parametrize(
    ("typed", "follow", "heard"),
    [
        (["Hello world.\n"], False, ["Hello world."]),
        (["Hello ", "world. ", "How", " "], False, ["Hello world."]),
        (["你好。世"], False, []),  # eight characters tell whether a list begins
        (["你好，今天天气很好。世"], False, ["你好，今天天气很好。"]),
        (["no stop\n"], False, []),
        (["no stop\n", "\n"], False, ["no stop"]),
        (["no stop\n", "goes"], False, []),
        (["no stop\n", "-", " "], False, ["no stop"]),
        (["# Title\n"], False, ["# Title"]),
        (["a log line\n"], True, ["a log line"]),
    ],
)
def test_a_sentence_is_said_before_more_text_is_asked_for(
    typed: list[str], follow: bool, heard: list[str]
) -> None:
    found: list[str] = []
    before_more: list[str] = []

    def keyboard() -> Iterator[Traced]:
        for i, text in enumerate(typed):
            yield plain(text, sum(map(len, typed[:i])))
        before_more.extend(found)

    for sentence in sentences(keyboard(), language="en", budget=400, follow=follow):
        found.append(sentence.words.text)
    assert before_more == heard


@pytest.mark.parametrize(
    ("text", "budget", "expected"),
    [
        ("aaa bbb, ccc ddd eee", 16, ["aaa bbb,", "ccc ddd eee"]),
        ("aaa bbb (ccc)ddddddddd", 16, ["aaa bbb (ccc)", "ddddddddd"]),
        ("aaa bbb ccc ddd", 9, ["aaa bbb", "ccc ddd"]),
        ("a, bbb ccc ddd eee", 12, ["a, bbb ccc", "ddd eee"]),
        ("我们去北京、上海，然后回家", 9, ["我们去北京、上海，", "然后回家"]),
        ("abcdefgh日本語日本語", 11, ["abcdefgh", "日本語日本語"]),
        ("x" * 25, 10, ["x" * 10, "x" * 10, "x" * 5]),
        ("a  b   c    d", 5, ["a b c", "d"]),
        ("คนไทยไปตลาดน้ำ", 6, ["คนไทยไ", "ปตลาด", "น้ำ"]),
    ],
)
def test_a_long_sentence_is_cut_at_its_best_place(
    text: str, budget: int, expected: list[str]
) -> None:
    assert said(text, budget=budget) == expected


@pytest.mark.parametrize(
    "cluster",
    [
        "e\u0335\u0336",
        "👩\u200d👩\u200d👧",
        "🇩🇪",
        "👍🏽",
        "\u1105\u1162\u11bd",
        "क्षि",
        "น้ำ",
        "🏴\U000e0067\U000e007f",
    ],
)
def test_a_cut_never_divides_what_reads_as_one_character(cluster: str) -> None:
    for budget in range(len(cluster), 3 * len(cluster)):
        for piece in said(cluster * 20, budget=budget):
            assert len(piece) % len(cluster) == 0
            assert piece == cluster * (len(piece) // len(cluster))


def test_pieces_of_one_sentence_are_marked() -> None:
    found = list(sentences([plain("aaa bbb ccc. Ddd")], language="en", budget=7))
    assert [(s.begins, s.ends) for s in found] == [
        ("paragraph", "cut"),
        ("cut", "sentence"),
        ("sentence", "paragraph"),
    ]


@pytest.mark.parametrize(
    "language", ["", "auto", "German", "xx", "zz-ZZ", "日本", "\0", "\ud800", "a" * 99]
)
def test_any_language_tag_will_do(language: str) -> None:
    assert said("One went. Two came.", language) == ["One went.", "Two came."]


@pytest.mark.parametrize("space", [" ", "\u3000", "\u2003", "\t", "\u1680"])
def test_no_kind_of_space_upsets_sentencex(space: str) -> None:
    # sentencex 1.0.32 panics on a full stop before U+3000 when it looks for initials.
    assert said(f"A.{space}B went.{space}Then C.{space}", "en")[-1].endswith("C.")


def test_a_panic_of_sentencex_ends_the_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        """Named as pyo3 names it, which no `except Exception` catches."""

    def panic(language: str, text: str) -> list[str]:
        raise PanicException

    monkeypatch.setattr(sentencex, "segment", panic)
    assert said("One. two") == ["One.", "two"]


def test_an_interrupt_is_no_panic(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(language: str, text: str) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(sentencex, "segment", interrupt)
    with pytest.raises(KeyboardInterrupt):
        Abbreviations("en").split("One.", 0, 4, "Two")
