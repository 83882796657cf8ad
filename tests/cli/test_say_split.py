"""One file for each sentence, paragraph or chapter."""

from __future__ import annotations

import json

import pytest
import soundfile

BOOK = b"""Chapter 1

It was late. The wind howled!

Nobody spoke.

Chapter 2

Morning came.
"""


@pytest.mark.parametrize(
    ("unit", "names"),
    [
        (
            "sentence",
            ["001-chapter-1", "002-it-was-late", "003-the-wind-howled", "004-nobody-spoke",
             "005-chapter-2", "006-morning-came"],
        ),
        (
            "paragraph",
            ["001-chapter-1", "002-it-was-late", "003-nobody-spoke", "004-chapter-2",
             "005-morning-came"],
        ),
        ("chapter", ["001-chapter-1", "002-chapter-2"]),
    ],
)  # fmt: skip
def test_each_part_has_a_file_named_after_its_number_and_its_beginning(ttm, tmp_path, unit, names):
    words = ("say", "-m", "tone", "--split", unit, "-o", "{n}-{slug}.flac", "--json")
    done = ttm(*words, input=BOOK)
    assert (done.returncode, done.stderr) == (0, b"")
    assert sorted(each.stem for each in tmp_path.iterdir()) == names
    report = json.loads(done.stdout)
    assert [one["path"] for one in report["outputs"]] == [f"{name}.flac" for name in names]
    for one in report["outputs"]:
        about = soundfile.info(tmp_path / one["path"])
        assert about.frames == one["samples"] > 1000


def test_the_parts_of_a_split_hold_what_the_whole_holds(ttm, tmp_path):
    pauses = ("--pause", "0", "--paragraph-pause", "0")
    ttm("say", "-m", "tone", "-o", "whole.wav", *pauses, input=BOOK)
    ttm("say", "-m", "tone", "--split", "sentence", "-o", "{n}.wav", *pauses, input=BOOK)
    whole = soundfile.info(tmp_path / "whole.wav").frames
    assert sum(soundfile.info(each).frames for each in tmp_path.glob("0*.wav")) == whole


def test_finished_parts_stay_when_a_later_one_fails(ttm, faulty, tmp_path):
    (tmp_path / "002.wav").write_bytes(b"old")
    text = b"One.\n\nkill-11\n\nThree."
    words = ("say", "-m", "faulty", "--split", "paragraph", "-o", "{n}.wav")
    done = ttm(*words, input=text, env=faulty)
    assert done.returncode == 6
    assert b"line 3, column 1" in done.stderr
    assert sorted(each.name for each in tmp_path.iterdir()) == ["001.wav", "002.wav"]
    assert (tmp_path / "002.wav").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "--split needs names for its files. Give one with {n} or {slug} in it"),
        (("-o", "-"), "--split needs names for its files"),
        (("-o", "x.wav"), "--split would write every part to 'x.wav'. Put {n} or {slug} into"),
        (("-o", "{n}.wav", "--timings", "t.json"), "write every part to 't.json'"),
        (("-o", "{n}.wav", "--follow"), "--follow never ends a part for --split"),
    ],
)
def test_a_split_without_names_for_its_parts_is_refused(ttm, words, says):
    done = ttm("say", "hi", "-m", "tone", "--split", "sentence", *words)
    assert done.returncode == 2
    assert says in done.stderr.decode()


def test_each_part_has_timings_of_its_own(ttm, tmp_path):
    words = ("--split", "sentence", "-o", "{n}.wav", "--timings", "{n}.json")
    text = "One two. Three four."
    assert ttm("say", text, "-m", "tone", *words).returncode == 0
    for name, said in (("001", "One two."), ("002", "Three four.")):
        rows = json.loads((tmp_path / f"{name}.json").read_text())["timings"]
        sentence = next(row for row in rows if row["kind"] == "sentence")
        assert text[sentence["start"] : sentence["end"]].strip() == said
        assert sentence["at"] == 0


def test_a_part_that_exists_is_not_overwritten_with_no_clobber(ttm, tmp_path):
    (tmp_path / "002.wav").write_bytes(b"old")
    words = ("--split", "sentence", "-o", "{n}.wav", "--no-clobber")
    done = ttm("say", "One. Two. Three.", "-m", "tone", *words)
    assert done.returncode == 7
    assert b"002.wav exists already" in done.stderr
    assert (tmp_path / "002.wav").read_bytes() == b"old"
