"""Models with checkpoints: recordings, instructions, notes, and the time that loading takes."""

from __future__ import annotations

import json
import os
import pty
import re
import time
from pathlib import Path

import pytest

OUT = ("-o", "x.wav")


@pytest.fixture
def say(ttm, faulty, tmp_path):
    """Run `ttm say` with these words where the test's engines are; there is a `me.wav`."""
    (tmp_path / "me.wav").touch()

    def run(*words: str, **env: str):
        return ttm("say", *words, *OUT, env={**faulty, **env})

    return run


def test_what_was_asked_for_reaches_the_engine_and_its_notes_reach_the_report(say, tmp_path):
    done = say(
        *("asked note-a beep. note-a beep. note-b beep.", "-m", "slow", "-l", "German"),
        *("-v", "me.wav", "--voice-text", " Hello you.\n", "-i", "whisper", "--json"),
    )
    assert done.returncode == 0
    told = json.loads(done.stdout)
    asked = f"voice= language=German instruct=whisper recording={tmp_path}/me.wav "
    asked += "transcript=Hello you. rate=1.0 pitch=0.0"
    assert told["warnings"] == [asked, "noted: a", "noted: b"]
    assert done.stderr.decode() == "".join(f"ttm: warning: {each}\n" for each in told["warnings"])
    about = ("model", "engine", "voice", "language", "effective")
    assert [told[name] for name in about] == [
        *("slow", "slow", "me.wav", "German", {"device": "cpu", "threads": 2, "exact": True})
    ]


def test_an_engine_that_has_nothing_to_say_of_itself_adds_nothing(say):
    told = json.loads(say("beep", "-m", "faulty", "--json").stdout)
    assert (told["engine"], "effective" in told, told["warnings"]) == ("faulty", False, [])


def test_notes_of_several_parts_are_told_once_and_of_a_quiet_run_not_at_all(ttm, faulty):
    text = "note-a beep. note-a note-b beep."
    words = ("say", text, "-m", "faulty", "--split", "sentence", "-o", "{n}.wav", "--no-cache")
    assert ttm(*words, env=faulty).stderr == b"ttm: warning: noted: a\nttm: warning: noted: b\n"
    done = ttm(*words, "-q", "--json", env=faulty)
    assert done.stderr == b""
    assert json.loads(done.stdout)["warnings"] == ["noted: a", "noted: b"]


def test_a_note_is_told_before_what_fails_after_it(say):
    done = say("note-a beep. kill-11", "-m", "faulty")
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 6
    assert lines[0] == "ttm: warning: noted: a"
    assert lines[1].startswith("ttm: error: cannot speak the text at line 1")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("-m", "tone", "-i", "sing"), "model 'tone' does not follow instructions. Leave out"),
        (("-m", "espeak", "-i", "sing"), "model 'espeak' does not follow instructions"),
        (("-m", "espeak", "-v", "me.wav"), "'espeak' does not speak with the voices of recordings"),
        (("-m", "tone", "-v", "./me.wav"), "Take one that does, such as qwen3:0.6b-base"),
        (("-m", "slow", "-v", "no.wav"), "there is no recording 'no.wav'. Check the path"),
        (("-m", "slow", "-v", "music/me"), "there is no recording 'music/me'"),
        (("-m", "slow", "--voice-text", "hi"), "what is said in a recording was given, and no"),
        (("-m", "mute"), "model 'mute' speaks with the voice of a recording. Give one with"),
        (("-m", "faulty", "--on-error", "skip"), "this cannot be asked for. Ask for something"),
        (("-m", "qwen3:1"), "beginning of several models. Choose one of: qwen3:1.7b, qwen3:1.7b-d"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)
def test_what_a_model_cannot_do_is_a_line_with_exit_code_2(say, tmp_path, words, says):
    done = say("beep. refuse", *words)
    assert (done.returncode, done.stdout) == (2, b"")
    assert says in done.stderr.decode()
    assert done.stderr.startswith(b"ttm: error: ")
    assert done.stderr.count(b"\n") == 1
    assert not (tmp_path / "x.wav").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("-m", "qwen3"), "'qwen3' is not here. Fetch it with `ttm models pull qwen3:0.6b`"),
        (("-m", "qwen3:1.7b-d"), "Fetch it with `ttm models pull qwen3:1.7b-design`"),
        (("-m", "Nobody/knows"), "is not here. Fetch it with `ttm models pull Nobody/knows`"),
        (("-m", "./nowhere"), "there is no folder "),
        (("-m", "empty"), "empty holds no config.json"),
        (("-m", "llama"), "llama is of 'llama'"),
        (("-m", "faulty", "--on-error", "skip"), "the weights are gone. Fetch them again"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)
def test_a_checkpoint_that_cannot_be_used_is_a_line_with_exit_code_5(say, tmp_path, words, says):
    (tmp_path / "empty").mkdir()
    (tmp_path / "llama").mkdir()
    (tmp_path / "llama/config.json").write_text('{"model_type": "llama"}')
    done = say("beep. lost", *words)
    assert (done.returncode, done.stdout) == (5, b"")
    assert says in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
    assert not (tmp_path / "x.wav").exists()


def test_an_instruction_of_the_settings_is_not_dropped_in_silence(say, tmp_path):
    done = say("hi", "-m", "tone", TTM_SAY_INSTRUCT="sing")
    warning = b"model 'tone' does not follow instructions, so say.instruct has no effect\n"
    assert (done.returncode, done.stderr) == (0, b"ttm: warning: " + warning)
    assert b" instruct=sing " in say("asked beep", "-m", "slow", TTM_SAY_INSTRUCT="sing").stderr
    (tmp_path / "c.toml").write_text("[profiles.soft.say]\nmodel = 'slow'\ninstruct = 'softly'\n")
    done = say("asked beep", "--config", "c.toml", "-p", "soft")
    assert b" instruct=softly " in done.stderr


@pytest.mark.parametrize(
    ("words", "env", "voice", "language"),
    [
        (("asked beep",), {}, "bob", ""),
        (("asked 你好世界你好世界你好世界",), {"TTM_GUARD_ENABLED": "false"}, "chen", ""),
        (("asked beep",), {"LANG": "de_DE.UTF-8"}, "anna", ""),
        (("asked beep", "-l", "zh", "-v", "bob"), {"LANG": "de_DE.UTF-8"}, "bob", "zh"),
    ],
)
def test_a_model_of_many_languages_is_told_only_what_was_asked(say, words, env, voice, language):
    done = say(*words, "-m", "slow", "--json", **env)
    told = json.loads(done.stdout)
    assert told["voice"] == voice
    assert told["language"] == (language or "auto")
    assert told["warnings"][0].startswith(f"voice={voice} language={language} instruct=")


def test_a_dry_run_and_a_listing_know_voices_of_every_kind(ttm, say, faulty):
    done = say("Hello.", "-m", "mute", "-v", "me.wav", "--dry-run")
    assert done.stdout.decode().splitlines() == [
        "model mute, voice me.wav (the voice of a recording)",
        "1:1\tHello.",
    ]
    done = ttm("voices", "list", "-m", "mute", env=faulty)
    assert done.returncode == 0
    assert b"model 'mute' has no voices of its own, and speaks with that of a rec" in done.stderr
    done = ttm("voices", "list", "-m", "slow", "-l", "Chinese", "--json", env=faulty)
    assert [voice["name"] for voice in json.loads(done.stdout)] == ["anna", "bob", "chen"]


def watched(begin, *words: str | Path, env: dict[str, str]) -> tuple[int, str, str]:
    """Run `ttm` with a terminal for stderr: its exit code, stdout, and what was on the terminal."""
    ours, theirs = pty.openpty()
    process = begin(*words, stderr=theirs, env={"TERM": "xterm", **env})
    os.close(theirs)
    seen = b""
    try:
        while block := os.read(ours, 1024):
            seen += block
    except OSError:  # how a terminal says that its other side is gone
        os.close(ours)
    out = process.stdout.read().decode()
    return process.wait(20), out, seen.decode()


def test_loading_is_shown_on_a_terminal_and_wiped(begin, faulty):
    env = {**faulty, "LOADING": "1"}
    code, _, seen = watched(begin, "say", "note-a beep", "-m", "slow", *OUT, env=env)
    assert code == 0
    shown = seen.split("\r\x1b[K")
    loading = [line for line in shown if line.startswith("Loading")]
    # Who comes late to a busy machine has missed some of it.
    shares = [int(re.fullmatch(r"Loading slow: weights (\d+)%", line)[1]) for line in loading]
    assert len(shares) > 1
    assert shares == sorted(set(shares))
    assert "Loading" not in shown[-1]
    assert "\r\x1b[Kttm: warning: noted: a\r\n" in seen
    assert "x.wav: 0.2 s" in shown[-1]


@pytest.mark.parametrize("words", [("--json",), ("-q",)])
def test_loading_is_not_shown_where_it_would_be_in_the_way(begin, faulty, words):
    env = {**faulty, "LOADING": "0.5"}
    code, out, seen = watched(begin, "say", "beep", "-m", "slow", *OUT, *words, env=env)
    assert (code, seen) == (0, "")
    assert not out or json.loads(out)["ok"]


def test_loading_is_not_shown_without_a_terminal(say):
    done = say("beep", "-m", "slow", LOADING="0.5")
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_engine_that_hangs_while_it_is_loaded_is_given_up(say, tmp_path):
    began = time.monotonic()
    done = say("beep", "-m", "slow", "--set", "engine.no_progress=1", LOADING="hang")
    assert done.returncode == 6
    assert b"engine 'slow' did not go on loading for 1 s and was stopped" in done.stderr
    assert time.monotonic() - began < 10
