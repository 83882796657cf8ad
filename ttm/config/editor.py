"""The user's editor, for the file of settings."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

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
