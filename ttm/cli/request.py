"""What was asked of `ttm say`, and what is reported of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ttm.audio.sink import Written
from ttm.cli import output


@dataclass(frozen=True, slots=True)
class Request:
    """The options of `ttm say` that are no settings."""

    words: tuple[str, ...]
    files: tuple[str, ...]
    output: str | None
    play: bool
    form: str
    """The format named on the command line; a suffix that says another is an error."""
    timings: str | None
    split: str
    follow: bool
    clobber: bool
    json: bool
    quiet: bool
    verbose: bool
    dry_run: bool
    transcript: str = ""
    """What is said in the recording whose voice is cloned."""
    highlight: bool = False

    @property
    def taken(self) -> bool:
        """Whether stdout carries something else than a report."""
        return "-" in (self.output, self.timings)


@dataclass(slots=True)
class Outcome:
    """What is reported in the end."""

    warnings: list[str] = field(default_factory=list)
    outputs: list[Written] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)


def warn(request: Request, outcome: Outcome, sentence: str) -> None:
    outcome.warnings.append(sentence)
    if not request.quiet:
        output.warn(sentence)
