"""The only file that prints: stdout is what was asked for, stderr is what is said about it."""

from __future__ import annotations

import contextlib
import io
import json as jsonlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ttm.errors import BadRecording, ConfigError, ReaderLeft, TtmError, Unspeakable
from ttm.terminal import safe

STYLES = {"bold": "1", "dim": "2", "old": "31", "new": "32"}
"""Parameters of SGR, ECMA-48's sequence for the looks of text."""


def line(text: str = "") -> None:
    """One line of what the user asked for, on stdout."""
    raw(safe(text).encode() + b"\n")


def painted(*parts: str | tuple[str, str]) -> None:
    """A line on stdout; of a part (style, text), the style is seen on a terminal that has colours.

    A style is `bold`, `dim`, `old` or `new`.
    """
    coloured = colours_wanted()
    shown = ""
    for part in parts:
        style, text = part if isinstance(part, tuple) else ("", part)
        code = STYLES[style] if coloured and style else ""
        shown += f"\x1b[{code}m{safe(text)}\x1b[0m" if code else safe(text)
    raw(shown.rstrip().encode(errors="backslashreplace") + b"\n")


def colours_wanted() -> bool:
    """Whether stdout is a terminal whose user has not asked for it to be plain."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") in ("dumb", None)
    return os.isatty(1) and not plain


def columns() -> int:
    """How wide text for stdout may be: as the terminal is, 80 where there is none."""
    size = 80
    if os.isatty(1):
        import shutil  # 3 ms, with all that it can unpack

        size = shutil.get_terminal_size((80, 24)).columns
    return min(max(size, 40), 100)


def raw(block: bytes) -> None:
    """Bytes for stdout, as they are.

    Raises ReaderLeft when nobody reads them, OutputError when they cannot be written.
    """
    view = memoryview(block)
    try:
        while view:
            view = view[os.write(1, view) :]
    except BrokenPipeError:
        raise ReaderLeft("the reader of stdout left") from None
    except OSError as failure:
        from ttm.audio.target import refusal

        raise refusal("stdout", failure) from None


class _Raw(io.RawIOBase):
    """Descriptor 1, whose failures are ours: to an OSError Typer answers with exit code 1."""

    name = "<stdout>"

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return os.isatty(1)

    def fileno(self) -> int:
        return 1

    def write(self, block: Any) -> int:
        raw(bytes(block))
        return len(block)


def stdout() -> io.TextIOWrapper:
    """What libraries print to that print for us: help, and completion scripts."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return io.TextIOWrapper(_Raw(), encoding, "replace", write_through=True)


def json(value: Any, *, stderr: bool = False) -> None:
    """One JSON object, on stdout unless stdout carries audio."""
    text = jsonlib.dumps(value, ensure_ascii=False, indent=2)
    if stderr:
        _say(text)
    else:
        raw(text.encode(errors="backslashreplace") + b"\n")


def json_line(value: Any) -> None:
    """One JSON object on a line of its own, on stdout."""
    raw(jsonlib.dumps(value, ensure_ascii=False).encode(errors="backslashreplace") + b"\n")


def json_rows(
    head: Mapping[str, Any], name: str, rows: Iterable[Any], tail: Callable[[], Mapping[str, Any]]
) -> None:
    """One JSON object on stdout whose list `name` may be long: its rows are printed as they come,
    and then what `tail` returns. A failure on the way ends the object with its envelope."""
    before = jsonlib.dumps(head, ensure_ascii=False, indent=2).removesuffix("\n}")
    before += f',\n  "{name}": [\n    '
    failed: TtmError | None = None
    end: Mapping[str, Any] = {}
    try:
        for row in rows:
            text = before + jsonlib.dumps(row, ensure_ascii=False)
            raw(text.encode(errors="backslashreplace"))
            before = ",\n    "
        end = tail()
    except ReaderLeft:
        raise
    except TtmError as failure:
        failed, end = failure, failure_json(failure)
    if not before.startswith(","):
        raw(before.encode(errors="backslashreplace"))
    rest = jsonlib.dumps(end, ensure_ascii=False, indent=2).removeprefix("{")
    raw(b"\n  ]," + rest.encode(errors="backslashreplace") + b"\n")
    if failed:
        raise failed


def table(rows: Iterable[Sequence[str]], headings: Sequence[str]) -> None:
    """Columns as wide as their widest cell; the last one runs free."""
    body = [[safe(cell).replace("\n", " ") for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *body, strict=True)]
    for row in [list(headings), *body]:
        line("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())


def note(text: str) -> None:
    """Narration for people, on stderr."""
    _say(safe(text))


def note_unbuffered(text: str) -> None:
    """The same from a thread that may be held here for ever, by a pipe that nobody reads.

    It holds no lock of a stream meanwhile, for which Python would wait at its end. Raises OSError.
    """
    block = memoryview(safe(text).encode(errors="backslashreplace") + b"\n")
    while block:
        block = block[os.write(2, block) :]


def ask(question: str) -> str:
    """What a person types behind a question on stderr, on one line; empty at the end of input."""
    _say(safe(question), end=" ")
    answer = sys.stdin.readline() if sys.stdin else ""
    if not answer.endswith("\n"):
        _say("")
    return answer.strip()


def warn(text: str) -> None:
    """Something that went on, but not as asked."""
    _say(f"ttm: warning: {safe(text)}")


def error(failure: TtmError) -> None:
    """The one line that every failure ends with; wrong settings come with a line each."""
    if isinstance(failure, ReaderLeft):
        return
    if isinstance(failure, ConfigError):
        for problem in failure.problems:
            _say(f"ttm: {safe(problem)}")
    _say(f"ttm: error: {safe(failure.sentence)}")


def failure_json(failure: TtmError) -> dict[str, Any]:
    """The envelope that `--json` prints when it cannot print a result."""
    about: dict[str, Any] = {
        "code": failure.code,
        "message": failure.sentence,
        "exit_code": failure.exit_code,
    }
    if isinstance(failure, ConfigError):
        about["problems"] = list(failure.problems)
    if isinstance(failure, BadRecording) and failure.findings:
        about["findings"] = list(failure.findings)
    if isinstance(failure, Unspeakable):
        about |= {"place": failure.place, "attempts": failure.attempts}
        about["findings"] = list(failure.findings)
    return {"ok": False, "error": about}


@contextlib.contextmanager
def failures_in_json(wanted: bool, *, stderr: bool = False) -> Iterator[None]:
    """Have a failure inside print its envelope where the result would have gone, if `wanted`."""
    try:
        yield
    except TtmError as failure:
        if wanted and not isinstance(failure, ReaderLeft):
            json(failure_json(failure), stderr=stderr)
        raise


def progress_wanted() -> bool:
    """Whether a person watches stderr on a terminal that can redraw a line."""
    return os.isatty(2) and os.environ.get("TERM") != "dumb"


def redraw(text: str) -> None:
    """The terminal's last line, in place of what stood there."""
    _say(f"\r\x1b[K{safe(text)}", end="")


def paint(text: str) -> None:
    """Text that moves the cursor, on stdout, all at once; its foreign parts are safe already.

    Raises what `raw` raises.
    """
    raw(text.encode(errors="backslashreplace"))


def _say(text: str, end: str = "\n") -> None:
    """A line on stderr; when stderr is gone there is nobody to tell."""
    if sys.stderr is None:  # it was closed before Python started
        return
    try:
        sys.stderr.write(text + end)
        sys.stderr.flush()
    except (OSError, ValueError):
        return
