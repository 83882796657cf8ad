"""`--srt` and `--vtt`: what other programs read in them is what `--timings` says."""

from __future__ import annotations

import html
import json
import re
from itertools import pairwise

import pysubs2
import pytest
import webvtt

TEXT = """Dr. Smith paid $5.99 for it on 2024-01-05. "Was it worth it?" she asked.

Nobody <in the room> knew that A & B, who had come at 3:05 pm, would say -->: never again, not in
a hundred years, and certainly not before the first snow had fallen on the hills.
"""


@pytest.fixture
def written(ttm, tmp_path):
    """Say a text with everything that tells when; the rows and the paths of the subtitles."""

    def speak(text: str, *words: str):
        srt, vtt, times = (tmp_path / name for name in ("x.srt", "x.vtt", "x.json"))
        paths = ("-o", "x.wav", "--srt", srt, "--vtt", vtt, "--timings", times)
        done = ttm("say", *paths, *words, input=text.encode())
        assert (done.returncode, done.stderr) == (0, b"")
        return json.loads(times.read_text())["timings"], srt, vtt

    return speak


def clock(told: str) -> int:
    """Milliseconds of `00:01:02.003`."""
    hours, minutes, seconds = told.split(":")
    return (int(hours) * 60 + int(minutes)) * 60_000 + round(float(seconds) * 1000)


def flat(text: str) -> str:
    return " ".join(text.split())


def test_subtitles_parse_and_agree_with_the_timings(written):
    rows, srt, vtt = written(TEXT)
    subrip = pysubs2.load(str(srt))
    web = webvtt.read(vtt)
    assert len(subrip) == len(web) >= 5
    words = [row for row in rows if row["kind"] == "word"]
    sentences = [row for row in rows if row["kind"] == "sentence"]
    for one, other in zip(subrip, web, strict=True):
        assert (one.start, one.end) == (clock(other.start), clock(other.end))
        assert one.start < one.end
        begin = min(words, key=lambda row: abs(row["at"] * 1000 - one.start))
        assert abs(begin["at"] * 1000 - one.start) <= 1
        assert begin["text"] in flat(other.text)[:20]
    for before, after in pairwise(subrip):
        assert before.end <= after.start
    told = html.unescape(flat(" ".join(cue.text for cue in web)))
    assert told == flat(" ".join(row["text"] for row in sentences)) == flat(TEXT)
    moments = [clock(each) / 1000 for each in re.findall(r"<(\d[\d:.]+)>", vtt.read_text())]
    assert len(moments) > 30
    begins = [row["at"] for row in words if row["exact"]]
    assert all(min(abs(one - at) for at in begins) < 0.001 for one in moments)


def test_words_are_the_ones_that_were_written_however_they_are_spoken(written):
    rows, srt, _ = written(TEXT)
    words = [row for row in rows if row["kind"] == "word"]
    for row in rows:
        assert flat(TEXT[row["start"] : row["end"]]) == row["text"]
    spoken = {row["text"]: row["spoken"] for row in words if "spoken" in row}
    assert spoken["$5.99"] == "five dollars and ninety-nine cents"
    assert spoken["Dr."] == "Doctor"
    assert set(spoken) >= {"2024-01-05", "3:05 pm", "&"}
    assert [row["start"] for row in words] == sorted({row["start"] for row in words})
    assert "$5.99" in srt.read_text()
    assert "dollars" not in srt.read_text()


def test_an_engine_that_tells_nothing_gets_estimates_that_say_so(written, engine, plugins):
    engine(MUTE)
    rows, srt, vtt = written("One three sixteen, then twenty more.\n\nNobody came.", "-m", "own")
    words = [row for row in rows if row["kind"] == "word"]
    assert [row["text"] for row in words] == ["One", "three", "sixteen", "then", "twenty", "more",
                                              "Nobody", "came"]  # fmt: skip
    assert not any(row["exact"] for row in words)
    assert all(row["exact"] for row in rows if row["kind"] == "sentence")
    moments = [moment for row in words for moment in (row["at"], row["until"])]
    assert moments == sorted(moments)
    first = next(row for row in rows if row["kind"] == "sentence")
    assert first["at"] <= words[0]["at"] < words[5]["until"] <= first["until"] + 0.001
    # Where they begin: 60 ms a letter, 50 ms between two words, 450 ms at the comma.
    true = [0, 0.23, 0.58, 1.5, 1.79, 2.2]
    assert [row["at"] for row in words[:6]] == pytest.approx(true, abs=0.06)
    assert "<00" not in vtt.read_text()
    assert len(pysubs2.load(str(srt))) == 2


def test_a_pause_that_can_be_heard_is_between_the_words_around_the_comma(written, engine):
    engine(MUTE)
    rows, _, _ = written("Aaaa, bbbbbbbbbbbb bbb.", "-m", "own", "--set", "say.rate=1")
    words = [row for row in rows if row["kind"] == "word"]
    assert words[1]["at"] - words[0]["until"] == pytest.approx(0.5, abs=0.1)


def test_subtitles_of_markdown_show_its_words_and_the_timings_point_at_them(ttm, tmp_path):
    text = "# The *title*\n\n- See [the **best** one](http://a.example) for $5.\n- `ls`\n"
    (tmp_path / "x.md").write_text(text)
    ttm("say", "-f", "x.md", "-o", "x.wav", "--srt", "x.srt", "--timings", "x.json")
    shown = [cue.plaintext for cue in pysubs2.load(str(tmp_path / "x.srt"))]
    assert shown == ["The title", "See the best one for $5.", "ls"]
    rows = json.loads((tmp_path / "x.json").read_text())["timings"]
    words = [row for row in rows if row["kind"] == "word"]
    assert [row["text"] for row in words] == "The title See the best one for $5 ls".split()
    assert all(text[row["start"] : row["end"]] == row["text"] for row in words)


def test_subtitles_go_with_the_parts_of_a_split(ttm, tmp_path):
    words = ("--split", "paragraph", "-o", "{n}.wav", "--srt", "{n}-{slug}.srt", "--vtt", "{n}.vtt")
    done = ttm("say", "-m", "tone", *words, input=b"One two.\n\nThree.\n")
    assert (done.returncode, done.stderr) == (0, b"")
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "001-one-two.srt", "001.vtt", "001.wav", "002-three.srt", "002.vtt", "002.wav",
    ]  # fmt: skip
    assert pysubs2.load(str(tmp_path / "002-three.srt"))[0].start == 0


def test_subtitles_can_go_to_stdout_but_not_two_to_one_place(here, tmp_path):
    code, out, err = here("say", "Hi.", "-m", "tone", "-o", "x.wav", "--vtt", "-", "--json")
    assert (code, out[:8]) == (0, "WEBVTT\n\n")
    assert json.loads(err)["ok"] is True
    for one, other in (("--srt", "--vtt"), ("--srt", "--timings"), ("-o", "--vtt")):
        code, out, err = here("say", "Hi.", "-m", "tone", "--no-play", one, "-", other, "-")
        assert (code, out) == (2, "")
        assert "cannot both go to stdout" in err
    code, _, err = here("say", "Hi.", "-m", "tone", "-o", "{n}.wav", "--split", "sentence",
                        "--srt", "x.srt")  # fmt: skip
    assert code == 2
    assert "every part to 'x.srt'" in err


def test_subtitles_are_written_whole_or_not_at_all(ttm, faulty, tmp_path):
    words = ("say", "Fine. kill-11", "-m", "faulty", "-o", "x.wav", "--srt", "x.srt", "--vtt", "v")
    assert ttm(*words, env=faulty).returncode == 6
    assert list(tmp_path.iterdir()) == []


MUTE = """
from ttm.audio import Audio, silence
from ttm.engine.tone import ToneEngine
from dataclasses import replace

class Engine(ToneEngine):
    '''Beeps, pauses at commas, and tells nothing of its words.'''

    def speak(self, speech):
        for clause in speech.text.split(","):
            for audio in super().speak(replace(speech, text=clause, voice="")):
                yield replace(audio, timings=())
            if clause != speech.text.split(",")[-1]:
                yield silence(0.45, 24_000)
"""
