"""Every exit code of the contract, each with a real cause and one line about it."""

from __future__ import annotations

import signal

import pytest

INJECTED = """
import importlib.abc, sys

class Broken(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "ttm.narration.narrator":
            raise KeyError("CANARY")

sys.meta_path.insert(0, Broken())
"""
"""A sitecustomize with which ttm meets an exception that none of its own errors describes."""


@pytest.mark.parametrize(
    ("code", "line", "says"),
    [
        (0, "ttm say hi -m tone -o x.wav", ""),
        (0, "ttm hi -m tone -o - > x.wav", ""),
        (2, "ttm say hi --rate 0", "--rate: expected"),
        (2, "ttm say hi -m nope -o x.wav", "unknown model 'nope'"),
        (2, "ttm say hi --nope", "there is no option '--nope'"),
        (3, "ttm say '' -m tone -o x.wav", "the text is empty"),
        (3, "printf '\\377' | ttm say -m tone -o x.wav", "stdin is not valid UTF-8 at byte 0"),
        (3, "ttm say -f nope -o x.wav", "there is no file nope"),
        (4, "echo 'say.rate = 9' > c; ttm say hi --config c -o x.wav", "c:1: say.rate: expected"),
        (5, "ttm say hi -m broken -o x.wav", "engine 'broken' cannot start"),
        (5, "TTM_ENGINE_ESPEAK_LIBRARY=/nope ttm say hi -o x.wav", "espeak-ng"),
        (6, "ttm say kill-11 -m faulty -o x.wav", "engine 'faulty' crashed (SIGSEGV)"),
        (6, "ttm say nothing -m faulty -o x.wav", "made no sound"),
        (6, "ttm say nan -m faulty -o x.wav", "no numbers"),
        (6, "ttm say hang -m faulty -o x.wav --set engine.no_progress=2", "made no sound for"),
        (6, "ttm say stop -m faulty -o x.wav --set engine.unresponsive=0.5", "does not respond"),
        (7, "ttm say hi -m tone -o no/x.wav", "cannot write no/x.wav"),
        (7, "ttm say hi -m tone -o - > /dev/full", "No space left on device"),
        (8, "ttm say hi -m tone", "playback is switched off"),
        (141, "ttm say -f long -m tone -o - | head -c 9 > x.wav", ""),
    ],
)
def test_a_cause_has_its_exit_code_and_its_line(shell, faulty, tmp_path, code, line, says):
    (tmp_path / "long").write_text("and so it goes on and on. " * 400)
    ended, out, err = shell(line, faulty)
    assert (ended, out) == (code, b""), err
    told = err.decode()
    if says:
        assert told.startswith("ttm: error: ")
        assert says in told
        assert told.count("\n") == 1
    else:
        assert told == ""
    assert (tmp_path / "x.wav").exists() == (code in (0, 141))


@pytest.mark.parametrize(
    ("code", "number"),
    [(129, signal.SIGHUP), (130, signal.SIGINT), (143, signal.SIGTERM)],
)
def test_a_signal_has_its_exit_code_and_its_line(begin, faulty, code, number):
    process = begin("say", "endless", "-m", "faulty", "-o", "-", env=faulty)
    assert process.stdout.read(1000)
    process.send_signal(number)
    assert process.wait(20) == code
    told = b"ttm: interrupted\n" if number == signal.SIGINT else b"ttm: stopped\n"
    assert process.stderr.read() == told


def test_a_bug_is_a_line_that_asks_for_a_report_and_shows_nobodys_text(ttm, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(INJECTED)
    env = {"PYTHONPATH": str(tmp_path)}
    words = ("say", "CANARY text", "-m", "tone", "-o", "x.wav")
    done = ttm(*words, env=env)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == (
        b"ttm: error: a bug in ttm (KeyError). "
        b"Run it again with TTM_DEBUG=1 and report what it prints\n"
    )
    for debugging in (
        ttm(*words, env={**env, "TTM_DEBUG": "1"}),
        ttm("--debug", *words, env=env),
    ):
        assert debugging.returncode == 1
        assert b"Traceback" in debugging.stderr
        assert b"speaking.py" in debugging.stderr
        assert b"CANARY text" not in debugging.stderr
