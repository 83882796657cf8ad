"""What `ttm say` tells beside speaking: `--json`, `--dry-run`, `--verbose`, `--quiet`."""

from __future__ import annotations

import json
import os
import pty

import pytest
import soundfile

QUIET_RUN = ("say", "One two.\n\nThree.", "-m", "tone")


def test_a_report_is_one_json_object_that_agrees_with_the_file(ttm, tmp_path):
    done = ttm(*QUIET_RUN, "-o", "x.flac", "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    told = json.loads(done.stdout)
    about = soundfile.info(tmp_path / "x.flac")
    assert told["ok"] is True
    assert told["outputs"] == [
        {
            "path": "x.flac",
            "format": "flac",
            "rate": about.samplerate,
            "samples": about.frames,
            "seconds": round(about.frames / about.samplerate, 4),
            "bytes": (tmp_path / "x.flac").stat().st_size,
            "warning": "",
        }
    ]
    assert (told["model"], told["voice"], told["chunks"]) == ("tone", "sine", 2)


def test_the_report_makes_way_for_sound_on_stdout(ttm):
    plain = ttm(*QUIET_RUN, "-o", "-")
    done = ttm(*QUIET_RUN, "-o", "-", "--json")
    assert done.stdout == plain.stdout
    assert plain.stderr == b""
    told = json.loads(done.stderr)
    assert told["outputs"][0]["bytes"] == len(done.stdout)


@pytest.mark.parametrize(
    ("words", "code", "name"),
    [
        (("hi", "-r", "0"), 2, "invalid_request"),
        (("hi", "-m", "nope"), 2, "unknown_model"),
        (("hi", "--split", "x"), 2, "invalid_request"),
        (("",), 3, "empty_input"),
        (("hi", "--config", "nope"), 4, "invalid_config"),
        (("hi", "-m", "broken"), 5, "engine_unavailable"),
        (("kill-11", "-m", "faulty"), 6, "unspeakable"),
        (("hi", "-o", "no/x.wav"), 7, "output_failed"),
        (("hi", "--play"), 8, "no_audio_device"),
    ],
)
def test_a_failure_is_a_json_object_and_a_line(ttm, faulty, words, code, name):
    done = ttm("say", *words, *([] if "-o" in words else ["-o", "x.wav"]), "--json", env=faulty)
    assert done.returncode == code
    told = json.loads(done.stdout)
    assert told["ok"] is False
    assert (told["error"]["code"], told["error"]["exit_code"]) == (name, code)
    assert f"ttm: error: {told['error']['message']}\n" in done.stderr.decode()


def test_the_failure_makes_way_for_sound_on_stdout(ttm):
    done = ttm("say", "hi", "-m", "tone", "-o", "-", "-r", "0", "--json")
    assert (done.returncode, done.stdout) == (2, b"")
    told, _ = json.JSONDecoder().raw_decode(done.stderr.decode())
    assert told["ok"] is False


def test_a_dry_run_shows_the_chunks_and_writes_and_plays_nothing(ttm, faulty, tmp_path):
    words = ("One two.\n\nkill-11", "-m", "faulty", "-o", "no/x.wav", "--timings", "t.json")
    done = ttm("say", *words, "--dry-run", env=faulty)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines() == [
        "model faulty, voice faulty (does what it is told)",
        "1:1\tOne two.",
        "3:1\tkill-11",
    ]
    assert not list(tmp_path.iterdir())


def test_a_dry_run_in_json_has_the_spans_of_the_chunks(ttm):
    text = "Chapter 1\n\nOne two. Three!"
    told = json.loads(ttm("say", text, "-m", "tone", "--dry-run", "--json").stdout)
    assert [chunk["text"] for chunk in told["chunks"]] == ["Chapter 1", "One two.", "Three!"]
    for chunk in told["chunks"]:
        assert chunk["text"] in text[chunk["start"] : chunk["end"]]
    assert [chunk["begins"] for chunk in told["chunks"]] == ["paragraph", "paragraph", "sentence"]
    done = ttm("say", "...", "-m", "tone", "--dry-run", "--json")
    assert (done.returncode, json.loads(done.stdout)["ok"]) == (3, False)


def test_verbose_says_who_speaks_with_what_seed_and_what_was_removed(ttm):
    done = ttm("say", "hi\u200b\x07", "-m", "tone", "-o", "x.wav", "--verbose", "--seed", "5")
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr.decode().splitlines() == [
        "model tone, voice sine (beeps from 220 Hz up)",
        "spoke 1 chunk with seed 5",
        "removed 2 characters that cannot be spoken",
        "x.wav: 0.1 s, wav, 24000 Hz",
    ]


def test_a_skipped_piece_is_warned_about_unless_it_is_to_be_quiet(ttm, faulty, tmp_path):
    words = ("say", "One.\nkill-11\n\nTwo.", "-m", "faulty", "-o", "x.wav", "--on-error", "skip")
    done = ttm(*words, "--json", env=faulty)
    warning = "1 piece of the text could not be spoken (line 2, column 1)"
    told = json.loads(done.stdout)
    assert (done.returncode, told["skipped"], told["warnings"]) == (0, 1, [warning])
    assert told["skips"][0]["line"] == 2
    assert done.stderr.decode() == f"ttm: warning: {warning}\n"
    done = ttm(*words, "--quiet", env=faulty)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("term", "words", "drawn"),
    [("xterm", (), True), ("dumb", (), False), ("xterm", ("-q",), False)],
)
def test_progress_is_drawn_on_a_terminal_that_can_and_wiped(begin, tmp_path, term, words, drawn):
    ours, theirs = pty.openpty()
    process = begin(
        "say", "hi. " * 700, "-m", "tone", "-o", "x.wav", *words, stderr=theirs, env={"TERM": term}
    )
    os.close(theirs)
    seen = b""
    try:
        while block := os.read(ours, 1024):
            seen += block
    except OSError:  # how a terminal says that its other side is gone
        os.close(ours)
    assert process.wait(20) == 0
    assert (b"spoken, sentence" in seen) == drawn
    assert (b"x.wav: " in seen) == (not words)
    if drawn:
        last = seen.rpartition(b"\r\x1b[K")[2]
        assert b"spoken" not in last
