"""The `ttm say` that does what the interface does."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

LONGEST = 2_000
"""Characters of a text that stands in the command itself; of a longer one, its file does."""


def say(text: str, wishes: Mapping[str, object], file: Path) -> str:
    """A line for a shell. `wishes`: settings of `say` that were chosen, by their names. `file`:
    where the text is kept too. Empty where there is no text."""
    if not text.strip():
        return ""
    words = ["ttm", "say"]
    for name, value in wishes.items():
        if value is None or value == "":
            continue
        option = "--" + name.replace("_", "-")
        if isinstance(value, bool):
            words.append(option if value else f"--no-{option[2:]}")
        else:
            words += [option, str(value)]
    if len(text) > LONGEST:
        words += ["-f", str(file)]
    else:
        words += ["--", text] if text.startswith("-") else [text]
    return shlex.join(words)
