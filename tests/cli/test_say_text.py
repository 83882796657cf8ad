"""Where `ttm say` takes its text from, and what text it refuses."""

from __future__ import annotations

import json
import os
import pty
import subprocess

import pytest

DRY = ("--dry-run", "-m", "tone")


def spoken(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    """The chunks of a dry run."""
    assert done.returncode == 0, done.stderr
    return [line.partition("\t")[2] for line in done.stdout.decode().splitlines()[1:]]


def test_arguments_are_joined_by_spaces_with_and_without_the_word_say(ttm):
    assert spoken(ttm("say", "good", "morning all", *DRY)) == ["good morning all"]
    assert spoken(ttm("good", "morning all", *DRY)) == ["good morning all"]
    assert spoken(ttm(*DRY, "--", "-5 degrees")) == ["-5 degrees"]


def test_without_arguments_stdin_is_spoken(ttm):
    assert spoken(ttm(*DRY, input=b"from stdin")) == ["from stdin"]
    assert spoken(ttm("say", "-", *DRY, input=b"from stdin")) == ["from stdin"]
    done = ttm(input=b"hi", env={"TTM_SAY_MODEL": "tone"})
    assert done.returncode == 8  # it would have played, and there is no player here
    assert b"playback" in done.stderr


def test_files_are_spoken_in_their_order_and_a_dash_is_stdin(ttm, tmp_path):
    (tmp_path / "one.txt").write_text("One")
    (tmp_path / "two.txt").write_text("two.")
    done = ttm("say", "-f", "two.txt", "-f", "-", "-f", "one.txt", *DRY, input=b"three")
    assert spoken(done) == ["two.", "three", "One"]


def test_two_sources_are_one_too_many(ttm):
    done = ttm("say", "hi", "-f", "-", "-o", "x.wav", input=b"ho")
    assert done.returncode == 2
    assert b"arguments and with --file" in done.stderr


def test_a_word_like_a_command_is_spoken_with_a_hint(ttm):
    done = ttm("says", input=b"", env={"TTM_SAY_MODEL": "tone"})
    assert b"speaking 'says'; for the command, type `ttm say`" in done.stderr
    assert done.returncode == 8
    assert b"speaking" not in ttm("hello", "--dry-run", "-m", "tone").stderr


def test_at_a_terminal_without_text_help_is_shown_or_asked_for(ttm):
    ours, theirs = pty.openpty()
    try:
        done = ttm("say", "-m", "tone", "-o", "x.wav", stdin=theirs)
        assert (done.returncode, done.stdout) == (2, b"")
        assert b"no text was given. Type it as an argument" in done.stderr
        done = ttm(stdin=theirs)
        assert done.returncode == 2
        assert b"Usage: ttm" in done.stdout
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"... - !?", "no letter, digit or symbol"),
        (b"\x00\x07\x1b[31m\x1b[0m", "no letter, digit or symbol"),
        ("\u200b\u200f\ufeff\u2060".encode(), "no letter, digit or symbol"),
    ],
)
def test_text_without_words_is_refused_before_the_engine_starts(ttm, faulty, tmp_path, text, why):
    # Starting the model `broken` would exit 5.
    done = ttm("say", "-m", "broken", "-o", "x.wav", input=text, env=faulty)
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.decode().startswith("ttm: error: there is nothing to speak: the text ")
    assert why in done.stderr.decode()
    assert not list(tmp_path.iterdir())


def test_an_empty_argument_is_no_text(ttm):
    assert ttm("say", "", "-m", "tone", "-o", "x.wav").returncode == 3


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_bytes_that_are_no_utf8_are_refused_with_their_place_in_any_locale(ttm, locale):
    env = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = ttm("say", "-m", "tone", "-o", "x.wav", input=b"abc \xffdef", env=env)
    assert done.returncode == 3
    assert b"stdin is not valid UTF-8 at byte 4. Use --encoding or --errors replace" in done.stderr


def test_bytes_that_are_no_utf8_far_into_a_stream_leave_no_file(ttm, tmp_path):
    done = ttm("say", "-m", "tone", "-o", "x.wav", input=b"All is well." + b" " * 116_988 + b"\xff")
    assert done.returncode == 3
    assert b"at byte 117000" in done.stderr
    assert not list(tmp_path.iterdir())


def test_marks_of_encodings_are_understood(ttm):
    assert spoken(ttm(*DRY, input=b"\xef\xbb\xbfhello")) == ["hello"]
    utf16 = "hello".encode("utf-16")
    done = ttm(*DRY, input=utf16)
    assert done.returncode == 3
    assert b"Use --encoding utf-16" in done.stderr
    assert spoken(ttm(*DRY, "--encoding", "utf-16", input=utf16)) == ["hello"]


def test_other_encodings_and_replacement_can_be_asked_for(ttm, tmp_path):
    (tmp_path / "cafe.txt").write_bytes(b"caf\xe9")
    assert spoken(ttm("say", "-f", "cafe.txt", "--encoding", "latin-1", *DRY)) == ["café"]
    assert spoken(ttm("say", "-f", "cafe.txt", "--errors", "replace", *DRY)) == ["caf\ufffd"]


def test_text_after_a_nul_is_spoken(ttm):
    done = ttm("say", "-m", "espeak", "-o", "x.wav", "--json", input=b"one\0two three four five")
    whole = json.loads(done.stdout)["seconds"]
    done = ttm("say", "-m", "espeak", "-o", "x.wav", "--json", input=b"one")
    assert whole > 2 * json.loads(done.stdout)["seconds"]


@pytest.mark.parametrize(
    ("path", "says"),
    [("missing.txt", "there is no file missing.txt"), (".", ". is a directory")],
)
def test_a_file_that_cannot_be_read_is_known_before_the_engine_starts(ttm, faulty, path, says):
    done = ttm("say", "-f", path, "-m", "broken", "-o", "x.wav", env=faulty)
    assert done.returncode == 3
    assert says in done.stderr.decode()


def test_symbols_and_emoji_are_text(ttm):
    assert spoken(ttm("say", "🎉", *DRY)) == ["🎉"]
    assert spoken(ttm("say", "€", *DRY)) == ["€"]
