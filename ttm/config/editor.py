"""The user's editor, for the file of settings."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from ttm.child import death
from ttm.errors import UsageError

EDITORS = ("nano", "vi")
"""What edits where neither $VISUAL nor $EDITOR says."""


def editor(environ: Mapping[str, str]) -> list[str]:
    """The command that edits, before the file's name. Raises UsageError where there is none."""
    import shlex

    for name in ("VISUAL", "EDITOR"):
        if chosen := environ.get(name, "").strip():
            try:
                return shlex.split(chosen)
            except ValueError:
                raise UsageError(f"${name} has an open quotation mark") from None
    for name in EDITORS:
        if shutil.which(name):
            return [name]
    raise UsageError("there is no editor", "Set $EDITOR to the one you use")


def edit(path: Path, environ: Mapping[str, str]) -> None:
    """Have the user edit the file, in the terminal of this process, and wait.

    Raises UsageError when there is no editor, or it fails. For the main thread alone.
    """
    command = editor(environ)
    # Ctrl-C is the editor's, and ours would kill it.
    interrupt = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        status = subprocess.run([*command, str(path)]).returncode
    except OSError as failure:
        raise UsageError(f"cannot run '{command[0]}': {failure.strerror}", "Set $EDITOR") from None
    finally:
        signal.signal(signal.SIGINT, interrupt)
    if status:
        raise UsageError(f"the editor '{command[0]}' failed ({death(status)})")
