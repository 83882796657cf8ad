"""What is spoken is nobody else's business: no argument, message or file may hold it."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

CANARY = "wombat-plinth-quagmire"
SPLIT = ("wombat", "plinth", "quagmire")


@pytest.fixture
def quiet(home, tmp_path_factory, monkeypatch):
    """Assert that no file under home and the temporary folder, and none of these bytes, tell."""
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(temporary))

    def check(*told: bytes) -> None:
        for folder in (home, temporary):
            for path in filter(Path.is_file, folder.rglob("*")):
                told += (path.read_bytes(), os.fsencode(path))
        for each in told:
            assert not any(word.encode() in each for word in SPLIT), each

    return check


@pytest.mark.parametrize("words", [(), ("--verbose",), ("--json",), ("--verbose", "--json")])
def test_what_is_spoken_is_told_to_nobody(ttm, quiet, words):
    done = ttm("say", "-m", "espeak", "-o", "x.wav", *words, input=CANARY.encode())
    assert done.returncode == 0
    quiet(done.stdout, done.stderr)


@pytest.mark.parametrize("order", ["kill-11", "words", "raises", "nan", "prints kill-6"])
def test_what_kills_the_engine_is_told_by_its_place(ttm, faulty, quiet, order):
    text = f"{CANARY} {order}."
    words = ("say", "-m", "faulty", "-o", "x.wav", "--verbose")
    for debug in ({}, {"TTM_DEBUG": "1"}):
        done = ttm(*words, input=text.encode(), env=faulty | debug)
        assert done.returncode == 6
        assert debug or b"Traceback" not in done.stderr
        quiet(done.stdout, done.stderr)


def test_text_that_cannot_be_read_is_told_by_its_place(ttm, quiet):
    done = ttm(
        "say",
        "-m",
        "tone",
        "-o",
        "x.wav",
        input=f"{CANARY} \udcff".encode("utf-8", "surrogateescape"),
    )
    assert done.returncode == 3
    quiet(done.stderr)


def test_no_process_has_it_among_its_arguments_or_in_its_environment(begin, faulty, quiet):
    process = begin(
        "say", "-m", "faulty", "-o", "-", "--format", "mp3", stdin=-1,
        env={**faulty, "MY_API_KEY": CANARY, "HF_TOKEN": CANARY},
    )  # fmt: skip
    process.stdin.write(f"{CANARY} endless".encode())
    process.stdin.close()
    process.stdin = None
    assert process.stdout.read(2000)
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) == 2  # the worker and the encoder
    for each in family:
        quiet(" ".join(each.cmdline()).encode(), repr(each.environ()).encode())
    quiet(" ".join(psutil.Process(process.pid).cmdline()).encode())


def test_what_a_message_quotes_cannot_steer_the_terminal(ttm):
    done = ttm("say", "hi", "-v", "\x1b]52;c;aGk=\x07\u202e", "-o", "no\x1b[2J/x.wav")
    assert done.returncode == 7
    assert b"\x1b" not in done.stderr
    assert b"cannot write no\\x1b[2J/x.wav" in done.stderr
    done = ttm("say", "hi", "-v", "\x1b]52;c;aGk=\x07\u202e\n", "-o", "x.wav")
    assert done.returncode == 2
    assert b"unknown voice '\\x1b]52;c;aGk=\\x07\\u202e" in done.stderr
    assert b"\x07" not in done.stderr
