"""`--timings`: when each span of the original text is said."""

from __future__ import annotations

import json

import pytest

TEXT = (
    'He said: "It\'s \x1b[1m$3.50\x1b[0m,\u200b no\tmore!"\n\n  Then he left\n  the cafe\u0301s.\n'
)


@pytest.fixture
def timed(ttm, tmp_path):
    """Say a text with timings; the rows, and the seconds of the sound."""

    def speak(text: str, *words: str):
        command = ("say", "-o", "x.wav", "--timings", "t.json", "--json", *words)
        done = ttm(*command, input=text.encode())
        assert (done.returncode, done.stderr) == (0, b"")
        told = json.loads((tmp_path / "t.json").read_text())
        assert list(told) == ["unit", "timings"]
        return told["timings"], json.loads(done.stdout)["seconds"]

    return speak


def words_of(text: str, rows) -> list[str]:
    return [text[row["start"] : row["end"]] for row in rows if row["kind"] == "word"]


def test_the_words_of_a_tone_are_found_in_the_original_text(timed):
    rows, seconds = timed(TEXT, "-m", "tone")
    assert words_of(TEXT, rows) == [
        "He", "said", "It", "s", "3", "50", "no", "more",
        "Then", "he", "left", "the", "cafe\u0301s",
    ]  # fmt: skip
    check_order(rows, seconds)
    sentences = [row for row in rows if row["kind"] == "sentence"]
    assert sentences[0]["start"] == 0
    assert sentences[-1]["until"] == pytest.approx(seconds, abs=0.001)


def test_the_words_of_espeak_are_found_in_the_original_text(timed):
    rows, seconds = timed(TEXT)
    words = words_of(TEXT, rows)
    assert words[:2] == ["He", "said"]
    assert words[-5:] == ["Then", "he", "left", "the", "cafe\u0301s"]
    assert "$3.50" in words
    # It says `no more` as one, and tells when that begins.
    check_order(rows, seconds, estimated=["more"])


def test_pauses_and_tempo_move_the_timings(timed):
    text = "One. Two."
    rows, _ = timed(text, "-m", "tone", "--pause", "0")
    later, _ = timed(text, "-m", "tone", "--pause", "1000")
    at = [row["at"] for row in rows if row["kind"] == "sentence"]
    moved = [row["at"] for row in later if row["kind"] == "sentence"]
    assert moved[0] == at[0]
    assert moved[1] - at[1] == pytest.approx(1, abs=0.0002)
    slow, _ = timed(text, "-m", "tone", "--pause", "0", "-r", "0.5")
    slowed = [row["at"] for row in slow if row["kind"] == "sentence"]
    assert slowed[1] == pytest.approx(2 * at[1], rel=0.02)


def test_what_was_skipped_is_silence_that_the_timings_know(ttm, faulty, tmp_path):
    words = ("-m", "faulty", "--on-error", "skip", "-o", "x.wav", "--timings", "t.json", "--json")
    done = ttm("say", "One.\n\nraises\n\nTwo.", *words, env=faulty)
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert report["seconds"] == report["outputs"][0]["seconds"]
    rows = json.loads((tmp_path / "t.json").read_text())["timings"]
    assert rows[-1]["until"] == pytest.approx(report["seconds"], abs=0.001)


def test_timings_can_go_to_stdout_but_not_with_the_sound(ttm, here):
    done = ttm("say", "hi", "-m", "tone", "-o", "x.wav", "--timings", "-", "--json")
    assert json.loads(done.stdout)["timings"]
    assert json.loads(done.stderr)["ok"] is True
    for name, told in (("-", "stdout"), ("x.wav", "x.wav")):
        code, out, err = here("say", "hi", "-m", "tone", "-o", name, "--timings", name)
        assert (code, out) == (2, "")
        assert f"the sound and the timings cannot both go to {told}" in err


def test_timings_are_written_whole_or_not_at_all(ttm, faulty, tmp_path):
    old = tmp_path / "t.json"
    old.write_text("old")
    words = ("say", "Fine. kill-11", "-m", "faulty", "-o", "x.wav", "--timings", old)
    assert ttm(*words, env=faulty).returncode == 6
    assert old.read_text() == "old"
    assert list(tmp_path.iterdir()) == [old]
    done = ttm("say", "hi", "-m", "broken", "-o", "x.wav", "--timings", "no/t.json", env=faulty)
    assert done.returncode == 7


def check_order(rows, seconds, estimated=()) -> None:
    """Words follow each other in the text and in time, within the sound."""
    words = [row for row in rows if row["kind"] == "word"]
    assert [row["at"] for row in words] == sorted({row["at"] for row in words})
    assert [row["start"] for row in words] == sorted({row["start"] for row in words})
    for row in rows:
        assert row["at"] <= row["until"] <= seconds + 0.001
    assert [row["text"] for row in words if not row["exact"]] == list(estimated)
