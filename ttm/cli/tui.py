"""`ttm tui`: the full-screen interface."""

from __future__ import annotations

import os
from typing import Annotated

from typer import Argument, Option

from ttm.cli import output
from ttm.cli.say import load_settings
from ttm.errors import TtmError, UsageError


def tui(
    file: Annotated[
        str | None,
        Argument(metavar="[TEXT-FILE]", show_default=False, help="A text to open in the editor."),
    ] = None,
    profile: Annotated[
        str | None, Option("--profile", "-p", metavar="NAME", help="Settings of this profile.")
    ] = None,
    set_: Annotated[
        list[str] | None, Option("--set", metavar="KEY=VALUE", help="Any setting.")
    ] = None,
    config: Annotated[
        str | None, Option("--config", metavar="PATH", help="Settings from this file.")
    ] = None,
) -> int:
    """Open the full-screen interface."""
    from tui.parent import is_terminal, run

    if not is_terminal():
        raise UsageError("`ttm tui` needs a terminal", "`ttm say` speaks without one")
    load_settings(config, profile, set_, {})  # what is wrong with them is said here, at once
    words = [f"--set={each}" for each in set_ or ()]
    words += [f"--profile={profile}"] if profile is not None else []
    words += [f"--config={os.path.expanduser(config)}"] if config else []
    opened = []
    if file is not None:
        from ttm.text.reading import open_text

        opened = [open_text(file)]
        words += [f"--text={opened[0]}", f"--name={file}"]
    try:
        ended = run(words, pass_fds=opened)
    except OSError as failure:
        raise TtmError(f"the interface cannot be started: {failure.strerror}") from None
    finally:
        for descriptor in opened:
            os.close(descriptor)
    if ended.fault:
        where = f"The report is in {ended.report}" if ended.report else ""
        output.error(TtmError(f"a bug in ttm ({ended.fault}) ended the interface", where))
    return ended.code
