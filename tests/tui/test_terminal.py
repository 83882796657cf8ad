"""The terminal itself: what it is left as, after any end, and what reaches it."""

from __future__ import annotations

import os
import re
import signal
import stat
import termios
import time
from pathlib import Path

import psutil
import pytest

RESET = (
    b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003l", b"\x1b[?1006l", b"\x1b[?2004l", b"\x1b[?1004l",
    b"\x1b[<u",
)  # fmt: skip
"""Alternate screen, cursor, mouse, paste, focus, kitty's keys."""

BOOM = """
import sys
if "tui" in sys.orig_argv:
    from tui.app import TtmApp
    def copy(self):
        canary = "CANARY"
        raise ZeroDivisionError(canary)
    TtmApp.action_copy_command = copy
"""
"""A sitecustomize with which F8 is a bug."""


@pytest.fixture
def welcomed(home, monkeypatch) -> Path:
    """Nobody is welcomed in this home; the folder of ttm's state."""
    folder = home / ".local/state/ttm"
    folder.mkdir(parents=True)
    (folder / "welcomed").touch()
    return folder


def restored(opened) -> None:
    """The terminal is as it was before."""
    opened.settle()
    assert opened.modes == opened.before
    tail = opened.raw[opened.raw.rfind(b"\x1b[?1049h") :]
    assert [each for each in RESET if each not in tail] == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGTERM, 143),
        (signal.SIGHUP, 129),
        (signal.SIGQUIT, 131),
        (signal.SIGSEGV, 1),
        (signal.SIGKILL, 137),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_the_terminal_is_whole_after_any_end_of_the_interface(session, welcomed, number, code):
    opened = session()
    opened.wait("Commands")
    opened.child.send_signal(number)
    assert opened.end() == code
    restored(opened)
    reports = list(welcomed.glob("log/tui-*.txt"))
    assert len(reports) == (number == signal.SIGSEGV)
    if reports:
        assert f"a bug in ttm (SIGSEGV) ended the interface. The report is in {reports[0]}" in (
            " ".join(opened.raw.decode().split())
        )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_command_is_one_to_the_interface(session, welcomed, number):
    opened = session()
    opened.wait("Commands")
    opened.process.send_signal(number)
    assert opened.end() == 128 + number
    restored(opened)


def test_a_bug_is_a_sentence_and_a_report_that_holds_no_text(session, welcomed, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(BOOM)
    opened = session(env={"PYTHONPATH": str(tmp_path)})
    opened.wait("Commands")
    opened.press("f8")
    assert opened.end() == 1
    restored(opened)
    (report,) = welcomed.glob("log/tui-*.txt")
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    told = report.read_text()
    assert "ZeroDivisionError" in told
    assert "sitecustomize.py:7 in copy" in told
    assert "CANARY" not in told
    assert b"CANARY" not in opened.raw
    assert b"Traceback" not in opened.raw
    assert "a bug in ttm (ZeroDivisionError) ended the interface" in opened.shown


def test_an_interface_whose_command_was_killed_ends_and_leaves_the_terminal_whole(
    session, welcomed
):
    opened = session()
    opened.wait("Commands")
    child = opened.child
    opened.process.kill()
    opened.wait(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    restored(opened)


def test_a_terminal_that_hangs_up_ends_it(session, welcomed):
    opened = session()
    opened.wait("Commands")
    child = opened.child
    os.killpg(opened.process.pid, signal.SIGHUP)  # as the kernel does when a terminal is closed
    assert opened.end() == 129
    assert not child.is_running()


def test_ctrl_z_leaves_the_terminal_to_the_shell_and_fg_comes_back(session, welcomed):
    opened = session()
    opened.wait("Commands")
    child, parent = opened.child, psutil.Process(opened.process.pid)
    for stop in ("ctrl+z", signal.SIGSTOP, signal.SIGTSTP):
        if stop == "ctrl+z":
            opened.press("f2")  # in an editor it undoes
            opened.wait("Nothing is speaking")
            opened.press("ctrl+z")
        else:
            child.send_signal(stop)
        opened.wait(lambda: parent.status() == child.status() == psutil.STATUS_STOPPED)
        opened.wait(lambda: opened.modes == opened.before)
        seen = len(opened.raw)
        os.killpg(opened.process.pid, signal.SIGCONT)
        opened.wait(lambda seen=seen: b"\x1b[?1049h" in opened.raw[seen:])
        opened.wait(lambda: not opened.modes[3] & termios.ICANON)
        # Each key comes once: with two readers, some of these would be lost or cut in two.
        for _ in range(3):
            opened.press("f9")
            opened.wait("Esc closes")
            opened.press("escape")
            opened.wait(lambda: "Esc closes" not in opened.shown)
    opened.press("ctrl+q")
    assert opened.end() == 0
    restored(opened)


def test_without_a_terminal_it_says_so(ttm):
    done = ttm("tui")
    assert done.returncode == 2
    told = "`ttm tui` needs a terminal. `ttm say` speaks without one"
    assert done.stderr.decode() == f"ttm: error: {told}\n"
    assert done.stdout == b""


def test_a_terminal_that_shows_lines_alone_is_none(session):
    opened = session(env={"TERM": "dumb"})
    assert opened.end() == 2
    assert "needs a terminal" in opened.shown


def test_it_does_without_colours_a_locale_and_room(session, welcomed):
    opened = session(size=(20, 5), env={"NO_COLOR": "1", "LANG": "C", "LC_ALL": "POSIX"})
    opened.wait("model")
    opened.settle()
    colours = {
        code
        for found in re.findall(rb"\x1b\[([0-9;]*)m", opened.raw)
        for code in found.split(b";")
        if code in {b"38", b"48", *(b"%d" % n for n in (*range(30, 38), *range(40, 48)))}
    }
    assert colours == set()
    opened.resize(80, 24)
    opened.wait("Commands")
    opened.press("f5")
    opened.wait("espeak")
    opened.press("ctrl+q")
    assert opened.end() == 0
    restored(opened)


def test_a_file_that_is_not_there_is_known_before_anything_is_drawn(session):
    opened = session("gone.txt")
    assert opened.end() == 3
    assert "there is no file gone.txt" in opened.shown
    assert b"\x1b[?1049h" not in opened.raw


NULL = {
    "TTM_SAY_MODEL": "tone", "TTM_PLAYBACK_PLAYER": "auto", "TTM_PLAYBACK_BACKEND": "miniaudio",
    "TTM_PLAYBACK_DEVICE": "null",
}  # fmt: skip
"""Beeps are played, and nobody hears them."""


def test_windows_of_every_size_are_survived_while_something_is_heard(session, welcomed):
    opened = session(env=NULL)
    opened.wait("Commands")
    opened.press("beep " * 12, "ctrl+g")
    opened.wait("All of it is there")
    for size in [(1, 1), (500, 200), (2, 40), (80, 24), (200, 2), (1, 1), (80, 24)] * 2:
        opened.resize(*size)
        time.sleep(0.01)  # a storm, not one resize
    opened.wait(lambda: "Commands" in opened.shown.splitlines()[-1])
    opened.press("ctrl+q")
    assert opened.end() == 0
    restored(opened)


def test_a_window_that_lost_its_picture_gets_it_again_though_it_is_as_large_as_before(
    session, welcomed
):
    opened = session()
    opened.wait("Commands")
    opened.settle()
    opened.lose()
    opened.resize(80, 24)  # it was smaller in between, which nobody had the time to look at
    opened.wait(lambda: "Commands" in opened.shown.splitlines()[-1])
    assert "Speak" in opened.shown.splitlines()[0]


def test_bytes_that_are_no_text_and_broken_sequences_are_survived(session, welcomed):
    opened = session()
    opened.wait("Commands")
    opened.send(b"\xff\xfe\x80\x1b[\x1b]52;c;!\x07\x1b[999999;1R\xc3")
    opened.press("f9")
    opened.wait("Esc closes")
    opened.press("escape")
    opened.press("ctrl+q")
    assert opened.end() == 0
    assert b"\x1b]52;" not in opened.raw


STEERING = re.compile(
    rb"\x1b[\]P_^]|\xc2[\x80-\x9f]|\x00|\x07|\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]"
)
"""Commands to a terminal (OSC, DCS, APC, PM), C1, NUL, bells and the marks of direction."""
POINTER = re.compile(rb"\x1b\]22;[a-z-]*\x07")
"""Textual's own, for the shape of the mouse."""


def test_a_hostile_text_is_shown_and_none_of_it_reaches_the_terminal(
    session, welcomed, tmp_path, hostile
):
    (file := tmp_path / "hostile.txt").write_text(f"{hostile} safe here\n" * 3)
    opened = session(str(file))
    opened.wait("safe here")
    opened.paste(hostile.encode().replace(b"\x1b", b"\x1b[201~\x1b") + b" pasted too")
    opened.wait("pasted too")
    for place in ("f2", "f3", "f4", "f5", "f6", "f1"):
        opened.press(place)
        opened.settle()
    opened.press("ctrl+q")
    assert opened.end() == 0
    drawn = opened.raw[opened.raw.find(b"\x1b[?1049h") :]
    assert STEERING.search(POINTER.sub(b"", drawn)) is None
    restored(opened)


@pytest.mark.slow
def test_ten_megabytes_are_pasted_and_the_keys_still_work(session, welcomed):
    opened = session(env={"TTM_TUI_KEEP_DRAFT": "false"})
    opened.wait("Commands")
    opened.paste(b"All work and no play makes a long text. " * 260_000)
    opened.press("f2")
    opened.wait("Nothing is speaking")
    opened.press("f1")
    opened.wait("long text")
    opened.press("ctrl+q")
    assert opened.end() == 0
    restored(opened)


def test_what_was_typed_is_there_after_a_kill(session, welcomed):
    opened = session()
    opened.wait("Commands")
    opened.press("not lost")
    draft = welcomed / "draft.txt"
    opened.wait(draft.exists)
    assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    opened.child.kill()
    assert opened.end() == 137
    again = session()
    again.wait("not lost")
    again.press("ctrl+q")
    assert again.end() == 0
