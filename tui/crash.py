"""The report on a crash: where it happened, without a word of anybody's text.

Textual's own panic prints locals, and an exception's message may quote what was to be spoken, so
a report has types, files and lines alone.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from ttm import __version__, paths
from tui.safe import at_home

KEPT = 20
"""So many reports are kept; the oldest go first."""


def write(fault: str, trace: str) -> str:
    """Write a report that only its owner can read; its path, or "" where it cannot be written."""
    folder = paths.log_dir()
    moment = time.strftime("%Y%m%d-%H%M%S")
    path = folder / f"tui-{moment}-{os.getpid()}.txt"
    text = (
        f"ttm {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"{time.strftime('%Y-%m-%d %H:%M:%S %z')}\n\n{fault}\n{trace}\n"
    )
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with open(os.open(path, flags, 0o600), "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        _shorten(folder)
    except OSError:
        return ""
    return str(path)


def report(error: BaseException) -> str:
    """Write a report on this exception; its path, or "" where it cannot be written."""
    return write(name_of(error), "\n".join(_told(error)))


def told(error: BaseException) -> str:
    """Write a report on this exception, and a sentence for the person."""
    where = at_home(report(error))
    kept = f"The report on it is {where}" if where else "No report could be written"
    return f"A bug in ttm: {name_of(error)}. {kept}; try again, and send it in."


def name_of(error: BaseException) -> str:
    """What kind of exception it is, and in another one's clothes, of which."""
    inner = error.__cause__ or getattr(error, "error", None)
    if isinstance(inner, BaseException):
        return f"{type(error).__name__} ({type(inner).__name__})"
    return type(error).__name__


def _told(error: BaseException) -> Iterator[str]:
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield type(each).__name__
        yield from _frames(each.__traceback__)
        inner = each.__cause__ or getattr(each, "error", None) or each.__context__
        each = inner if isinstance(inner, BaseException) else None


def _frames(trace: TracebackType | None) -> Iterator[str]:
    while trace is not None:
        code = trace.tb_frame.f_code
        yield f"  {code.co_filename}:{trace.tb_lineno} in {code.co_qualname}"
        trace = trace.tb_next


def _shorten(folder: Path) -> None:
    for old in sorted(folder.glob("tui-*.txt"))[:-KEPT]:
        old.unlink(missing_ok=True)
