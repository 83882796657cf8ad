"""Opening the full-screen interface; without Typer, whose import is a tenth of its start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType

from ttm.cli import output
from ttm.errors import TtmError, UsageError

NOTHING: Mapping[str, object] = MappingProxyType({})


def open_interface(file: str | None = None, given: Mapping[str, object] = NOTHING) -> int:
    """Run it until it ends; the exit code. `given`: as `tui.__main__` takes it.

    Raises UsageError without a terminal, UnreadableText for a file that cannot be opened, and
    TtmError when no process can be started. What is wrong with the settings is said by then.
    """
    from tui.parent import is_terminal, run

    if not is_terminal():
        raise UsageError("`ttm tui` needs a terminal", "`ttm say` speaks without one")
    opened = []
    if file is not None:
        from ttm.text.reading import open_text

        opened = [open_text(file)]
        given = {**given, "text": opened[0], "name": file}
    try:
        ended = run(given, pass_fds=opened)
    except OSError as failure:
        raise TtmError(f"the interface cannot be started: {failure.strerror}") from None
    finally:
        for descriptor in opened:
            os.close(descriptor)
    for problem in ended.problems:
        output.note(f"ttm: {problem}")
    if ended.fault:
        where = f"The report is in {ended.report}" if ended.report else ""
        output.error(TtmError(f"a bug in ttm ({ended.fault}) ended the interface", where))
    elif ended.sentence:
        output.error(TtmError(ended.sentence))
    return ended.code
