"""`ttm explain`: what would be said, in which pieces, by whom, and why; nothing is spoken."""

# ruff: noqa: RUF001 (IPA has letters that look like others)
from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

TEXT = "Dr. Smith paid $5.99.\n\nThen he left. " + "It was a very long day for all of them, " * 12


@pytest.fixture
def explained(here):
    """Explain a text in JSON; the object."""

    def run(*words: str, code: int = 0) -> dict:
        told, out, err = here("explain", "--json", *words)
        assert (told, err[:11]) == (code, "" if not code else "ttm: error:"), err
        return json.loads(out)

    return run


def test_a_text_is_explained_piece_by_piece(explained):
    told = explained(TEXT)
    assert list(told)[-3:] == ["totals", "warnings", "ok"]
    pieces, totals = told["pieces"], told["totals"]
    assert [piece["begins"] for piece in pieces] == ["paragraph", "paragraph", "sentence", "cut"]
    assert [piece["pause"] for piece in pieces] == [0, 600, 250, 0]
    assert "".join(TEXT[piece["start"] : piece["end"]] for piece in pieces) == TEXT
    for piece in pieces:
        assert piece["characters"] == len(piece["spoken"]) <= piece["budget"] == 400
        assert piece["phonemes"]
    assert (totals["pieces"], totals["sentences"], totals["paragraphs"]) == (4, 3, 2)
    assert totals["characters"] == len(TEXT)
    assert totals["pauses"] == 0.85
    assert totals["seconds"] == pytest.approx(
        sum(each["seconds"] for each in pieces) + 0.85, abs=0.01
    )


def test_every_change_is_told_with_its_rule_and_its_place(explained):
    told = explained(TEXT)
    (first, *_), rules = told["pieces"], told["totals"]["rules"]
    assert rules == {"abbreviations": 1, "currency": 1}
    assert first["written"] == "Dr. Smith paid $5.99."
    assert first["spoken"] == "Doctor Smith paid five dollars and ninety-nine cents."
    for change in first["changes"]:
        assert TEXT[change["start"] : change["end"]] == change["written"]
    (without,) = explained(TEXT[:21], "--set", "text.rules.currency=false")["pieces"]
    assert [change["rule"] for change in without["changes"]] == ["abbreviations"]


def test_what_was_decided_comes_with_where_it_comes_from(explained, home, monkeypatch):
    file = home / "own.toml"
    file.write_text("[say]\npause = 100\n\n[profiles.news.say]\nparagraph_pause = 900\n")
    monkeypatch.setenv("TTM_SAY_RATE", "1.5")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    told = explained("Hallo.", "--config", str(file), "-p", "news", "--pitch", "2")
    rows = {row["name"] or row["value"]: (row["value"], row["origin"]) for row in told["decided"]}
    assert rows["model"] == ("espeak", "default")
    assert rows["voice"] == ("de (German)", "for this language")
    assert rows["language"] == ("de", "LANG=de_DE.UTF-8")
    assert rows["rate"] == ("1.5, about 262 words a minute", "environment TTM_SAY_RATE")
    assert rows["pitch"] == ("+2 semitones", "--pitch")
    assert rows["pause"] == ("100 ms between sentences", f"{file}:2")
    assert rows["900 ms between paragraphs"][1] == "profile news"
    assert told["settings"]["say.pause"] == {"value": 100, "origin": "file", "where": f"{file}:2"}
    assert "playback.player" not in told["settings"]
    other = explained("नमस्ते दुनिया")
    assert other["language"] == "hi"
    reasons = {row["name"]: row["origin"] for row in other["decided"]}
    assert reasons["language"] == "the script of the text"


def test_markup_is_explained_as_what_is_read_of_it(here, explained, tmp_path):
    text = "# The *title*\n\n```\nls -l\n```\n\nSee [it](http://a.example), 5 km away."
    (tmp_path / "x.md").write_text(text)
    told = explained("-f", "x.md")
    assert [piece["written"] for piece in told["pieces"]] == [
        "The title", "Code block, one line.", "See it, 5 km away.",
    ]  # fmt: skip
    decided = {row["name"]: (row["value"], row["origin"]) for row in told["decided"]}
    assert decided["read as"] == ("markdown", "its name")
    assert decided["code"] == ("announced", "default")
    _, out, _ = here("explain", "-f", "x.md")
    assert "      + Code block, one line. (markdown.code)" in out
    assert "      5 km → five kilometers (units)" in out


def test_what_a_text_asks_for_is_told(explained):
    text = '<speak>One.<break time="2s"/><voice name="de">Zwei</voice></speak>'
    told = explained("--input-format", "ssml", text)
    one, two = told["pieces"]
    assert (one["delivery"], two["delivery"]["voice"], two["pause"]) == ({}, "de", 2000)
    assert (one["phonemes"], two["phonemes"]) == ("wˌʌn", "tsvˈaɪ")


def test_the_estimate_is_close_to_what_espeak_takes(explained, here):
    text = (
        "The captain carried a wooden letter through the quiet harbour. Every morning, the old "
        "teacher opened the kitchen window slowly; nobody answered when the engine stopped."
    )
    for rate in ("1", "1.6"):
        told = explained(text, "-r", rate)["totals"]["seconds"]
        _, out, _ = here("say", text, "-r", rate, "-o", "x.wav", "--json")
        assert told == pytest.approx(json.loads(out)["seconds"], rel=0.15)


def test_people_see_changes_pauses_phonemes_and_totals_in_eighty_columns(here):
    code, out, err = here("explain", TEXT)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "model     espeak  (default)"
    assert max(map(len, lines)) <= 80
    assert "      $5.99 → five dollars and ninety-nine cents (currency)" in lines
    assert "    Dr. Smith paid $5.99." in lines
    assert "  2 line 3, column 1 · after 600 ms · 13/400 characters · about 0.8 s" in lines
    assert any(line.startswith("    /ðˈɛn") for line in lines)
    assert "2 changes: abbreviations 1, currency 1" in lines
    assert "3 sentences in 4 pieces" in out
    assert "\x1b" not in out


def test_nothing_of_a_text_can_steer_the_terminal(here):
    code, out, _ = here("explain", "One \x1b]0;evil\x07 two \u202ethree \x9b31m", "-m", "tone")
    assert code == 0
    assert not {"\x1b", "\u202e", "\x9b", "\x07"} & set(out)
    assert "characters that cannot be spoken would be left out" in out


@pytest.mark.parametrize("plain", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {}], ids=str)
def test_a_terminal_gets_colours_unless_it_wants_none(plain):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "ttm", "explain", "It costs $5.99.", "-m", "espeak"]
    environ = {**os.environ, "TERM": "xterm", **plain}
    with subprocess.Popen(command, stdout=theirs, stdin=subprocess.DEVNULL, env=environ) as process:
        os.close(theirs)
        shown = b""
        try:
            while block := os.read(ours, 4096):
                shown += block
        except OSError:  # the other end is closed
            pass
    os.close(ours)
    assert process.returncode == 0
    assert (b"\x1b[" in shown) == (not plain)


def test_a_checkpoint_is_explained_without_being_loaded(ttm, tmp_path, without_torch):
    speakers = {"ryan": 1, "vivian": 2}
    about = {
        "model_type": "qwen3_tts",
        "tts_model_type": "custom_voice",
        "tts_model_size": "1b7",
        "talker_config": {"spk_id": speakers, "codec_language_id": {"english": 1, "german": 2}},
    }
    (tmp_path / "config.json").write_text(json.dumps(about))
    told = ttm("explain", "Hallo.", "-m", ".", "-v", "viv", "-l", "de", "--json", env=without_torch)
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert (found["engine"], found["voice"], found["language"]) == ("qwen3", "vivian", "de")
    assert found["effective"] == {}
    assert "torch" in " ".join(found["warnings"])
    assert found["pieces"][0]["phonemes"] == ""
    assert found["settings"]["engine.qwen3.device"]["origin"] == "default"
    wrong = ttm("explain", "Hallo.", "-m", ".", "-v", "nobody", env=without_torch)
    assert wrong.returncode == 2
    missing = ttm("explain", "Hallo.", "-m", "qwen3", "--json")
    assert missing.returncode == 5
    assert json.loads(missing.stdout)["ok"] is False


def test_a_server_is_not_asked(explained):
    setting = ("--set", "engine.remote.home.url=http://127.0.0.1:1/v1")
    told = explained("Hi 24.", "-m", "remote:home", "-v", "alloy", *setting)
    assert (told["engine"], told["voice"]) == ("remote", "alloy")
    assert told["pieces"][0]["changes"] == []  # it reads numbers by itself
    assert "engine.remote.home.url" in told["settings"]


def test_a_text_that_kills_the_engine_is_explained_all_the_same(explained):
    told = explained("-v", "en-us", "--", "---नमस्ते")
    assert "crashed" in told["pieces"][0]["trouble"]


def test_what_cannot_be_said_is_answered_as_saying_it_would_be(here, explained, tmp_path):
    assert here("explain", "...")[0] == 3
    assert here("explain", "hi", "-f", "x.txt")[0] == 2
    assert here("explain", "hi", "--input-format", "nonsense")[0] == 2
    assert explained("hi", "-v", "germn", code=2)["ok"] is False
    (tmp_path / "x.txt").write_bytes(b"Fine it is, all of it, and so on. " * 2500 + b"caf\xe9.")
    told = explained("-f", str(tmp_path / "x.txt"), "-m", "tone", code=3)
    assert (told["ok"], len(told["pieces"]) > 100) == (False, True)
    assert "x.txt" in told["error"]["message"]
