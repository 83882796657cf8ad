"""What people see, as it was looked at; `pytest --snapshot-update` makes the pages anew."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest


@pytest.fixture
def golden(snapshot):
    snapshot.snapshot_dir = Path(__file__).parents[1] / "snapshots"
    return snapshot


def unframed(text: str) -> str:
    """Help without its frames and the spaces that differ between releases of rich."""
    lines = (re.sub(r"[│╭╮╰╯─]+", " ", line).strip() for line in text.splitlines())
    return "\n".join(re.sub(r" {2,}", "  ", line) for line in lines if line) + "\n"


@pytest.mark.parametrize(
    "words", [(), ("say",), ("voices",), ("voices", "list")], ids=lambda words: "-".join(words)
)
def test_help_is_what_was_looked_at(here, golden, monkeypatch, words):
    monkeypatch.setenv("COLUMNS", "100")
    code, shown, _ = here(*words, "--help")
    assert code == 0
    golden.assert_match(unframed(shown), "-".join(("ttm", *words, "help.txt")))


MISTAKES = [
    ("voics",),
    ("say", "hi", "--voise", "de"),
    ("say", "hi", "-v", "germn", "-o", "x.wav"),
    ("say", "hi", "-v", "fr-", "-o", "x.wav"),
    ("say", "hi", "-l", "Klingonish", "-o", "x.wav"),
    ("say", "hi", "-m", "spek", "-o", "x.wav"),
    ("say", "hi", "-r", "fast", "-o", "x.wav"),
    ("say", "hi", "-o", "x.mpg"),
    ("say", "hi", "-o", "music/x.wav"),
    ("say", "hi", "-o", "x.wav", "--bitrate", "64"),
    ("say", "-f", "nope.txt", "-o", "x.wav"),
    ("say", "...", "-o", "x.wav"),
    ("say", "hi", "-p", "news", "-o", "x.wav"),
    ("say", "hi", "--set", "say.rat=2", "-o", "x.wav"),
    ("say", "a", "b", "--split", "sentence"),
    ("say", "kill-11 and on it goes", "-m", "faulty", "-o", "x.wav"),
    ("voices", "lsit"),
    ("inspect", "nope.wav"),
]


def test_mistakes_are_answered_as_was_looked_at(here, golden, faulty, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", faulty["PYTHONPATH"])
    monkeypatch.syspath_prepend(faulty["PYTHONPATH"])
    told = []
    for words in MISTAKES:
        code, _, err = here(*words)
        typed = " ".join(f"'{word}'" if " " in word else word for word in words)
        told.append(f"$ ttm {typed}\n{err}[{code}]\n")
    golden.assert_match("\n".join(told), "mistakes.txt")


def test_a_report_is_what_was_looked_at(here, golden):
    words = ("say", "One two.\n\nThree.", "-m", "tone", "-o", "x.wav", "--seed", "7", "--json")
    report = json.loads(here(*words)[1])
    golden.assert_match(json.dumps(report, indent=2) + "\n", "report.json")
