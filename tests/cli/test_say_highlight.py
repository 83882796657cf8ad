"""`ttm say --highlight` on a terminal: the text, and the word that is spoken."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable

import pytest

pytest.importorskip("miniaudio")

NULL = {"TTM_PLAYBACK_PLAYER": "auto", "TTM_PLAYBACK_DEVICE": "null", "TERM": "xterm"}


class Screen:
    """The little of a terminal that is asked of: rows, the cursor, erasing and a mark."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.rows = [""]
        self.row = self.column = 0
        self.marked: list[str] = []
        self.cursor = True
        self._mark: list[str] | None = None

    def take(self, text: str) -> None:
        for one in re.finditer(r"\x1b\[(\??\d*)([A-Za-z])|([\s\S])", text):
            argument, kind, char = one.groups()
            if char is not None:
                self._put(char)
            elif kind in "hl":
                assert argument == "?25"
                self.cursor = kind == "h"
            else:
                self._move(int(argument or "0"), kind)

    def _move(self, number: int, kind: str) -> None:
        if kind == "A":
            self.row -= number
            assert self.row >= 0
        elif kind == "B":
            self.row += number
        elif kind == "K":
            self.rows[self.row] = self.rows[self.row][: self.column]
        elif kind == "J":
            self.rows[self.row :] = [self.rows[self.row][: self.column]]
        elif number in (4, 7):
            self._mark = []
        elif self._mark is not None:
            self.marked.append("".join(self._mark))
            self._mark = None

    def _put(self, char: str) -> None:
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self.row, self.column = self.row + 1, 0
            self.rows += [""] * (self.row + 1 - len(self.rows))
        else:
            row = self.rows[self.row].ljust(self.column)
            self.rows[self.row] = row[: self.column] + char + row[self.column + 1 :]
            self.column += 1
            assert self.column <= self.columns, "it ran over the edge"
            if self._mark is not None:
                self._mark.append(char)


@pytest.fixture
def shown(tmp_path) -> Callable[..., tuple[Screen, str, int]]:
    """Run `ttm` on a terminal of this size; the screen, all that was sent to it, the code."""

    def run(*words: str, size=(40, 12), stop=None, env=None) -> tuple[Screen, str, int]:
        master, slave = pty.openpty()
        termios.tcsetwinsize(slave, size[::-1])
        process = subprocess.Popen(
            [sys.executable, "-m", "ttm", *words],
            env={**os.environ, **NULL, **(env or {})}, cwd=tmp_path,
            stdin=slave, stdout=slave, stderr=slave,
        )  # fmt: skip
        os.close(slave)
        sent = b""
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            try:
                if select.select([master], [], [], 0.1)[0]:
                    sent += os.read(master, 1 << 16)
            except OSError:
                break
            if stop and b"\x1b[7m" in sent:
                process.send_signal(stop)
                stop = None
        os.close(master)
        screen = Screen(size[0])
        screen.take(sent.decode().replace("\r\n", "\n"))
        return screen, sent.decode(), process.wait(10)

    return run


def test_each_word_is_marked_in_its_turn_and_the_text_stays(shown):
    text = "One two three.\n\nAnd \x1b[31mfour five six seven eight nine ten."
    screen, _, code = shown("say", text, "-m", "tone", "--highlight")
    assert code == 0
    written = [row for row in screen.rows if row]
    assert written == [
        "One two three.",
        "And \\x1b[31mfour five six seven eight",
        "nine ten.",
    ]
    spoken = ["One", "two", "three", "And", *"five six seven eight nine ten".split()]
    assert [word for word in screen.marked if word in spoken] == spoken
    assert screen.cursor
    assert (screen.row, screen.column) == (len(screen.rows) - 1, 0)


def test_a_long_text_goes_on_page_by_page(shown):
    text = "\n".join(f"w{n} is" for n in range(12))
    screen, _, code = shown("say", text, "-m", "tone", "-r", "4", "--highlight", size=(30, 6))
    assert code == 0
    assert [row for row in screen.rows if row] == text.split("\n")
    assert [word for word in screen.marked if word.startswith("w")] == text.split()[::2]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_the_terminal_as_it_was(shown, number):
    screen, sent, code = shown("say", "word " * 40, "-m", "tone", "--highlight", stop=number)
    assert code == 128 + number
    assert screen.cursor
    assert sent.count("\x1b[7m") == sent.count("\x1b[27m")
    assert screen.rows[-2].startswith("ttm: ")


def test_without_colours_it_is_underlined(shown):
    _, sent, _ = shown("say", "hi", "-m", "tone", "--highlight", env={"NO_COLOR": "1"})
    assert "\x1b[4mhi\x1b[24m" in sent
    assert "\x1b[7m" not in sent


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "--highlight needs a terminal that can move its cursor"),
        (("--json",), "--highlight and --json both want the terminal"),
        (("-o", "x.wav"), "--highlight follows the loudspeaker, and nothing is played. Add --play"),
    ],
)
def test_where_nothing_can_be_shown_that_is_a_mistake(ttm, words, says):
    done = ttm("say", "hi", "-m", "tone", "--highlight", *words, env=NULL)
    assert done.returncode == 2
    assert says in done.stderr.decode()
