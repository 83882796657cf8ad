"""What was asked of `ttm say`, and what is reported of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ttm.audio.sink import Written
from ttm.cli import output
from ttm.narration.subtitles import Kind


@dataclass(frozen=True, slots=True)
class Request:
    """The options of `ttm say` that are no settings."""

    words: tuple[str, ...]
    files: tuple[str, ...]
    output: str | None
    play: bool
    form: str
    """The format named on the command line; a suffix that says another is an error."""
    transcripts: Mapping[Kind, str]
    """Where timings and subtitles go, by their format."""
    split: str
    follow: bool
    clobber: bool
    json: bool
    quiet: bool
    verbose: bool
    dry_run: bool
    transcript: str = ""
    """What is said in the recording whose voice is cloned."""
    resume: bool = False
    """Files that an interrupted run has finished stay."""
    input_form: str = "auto"
    """How the text is written."""
    lexicons: tuple[str, ...] = ()
    """Files that were named with --lexicon."""
    own_lexicons: bool = True
    """Whether those beside the settings and beside the text count as well."""
    history: bool = False
    """Whether it is remembered, as the settings have it."""
    manifest: bool = False
    """Whether a manifest is written beside each file."""
    server: str | None = None
    """The address of the server that is to speak, where the command line names one."""
    local: bool = False
    """This process is to speak, whatever runs elsewhere."""
    highlight: bool = False
    """Whether the spoken word is shown on the terminal."""
    channel: str = ""
    """Under which name it stands in the speaker queue."""
    priority: int = 0
    interrupt: bool = False
    """Whether it ends what is being said."""

    @property
    def taken(self) -> bool:
        """Whether stdout carries something else than a report."""
        return "-" in (self.output, *self.transcripts.values())


@dataclass(slots=True)
class Outcome:
    """What is reported in the end."""

    warnings: list[str] = field(default_factory=list)
    outputs: list[Written] = field(default_factory=list)
    stopped: bool = False
    """Whether another command asked for silence."""
    reports: list[dict[str, Any]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Files that were finished before, and stay."""
    server: str = ""
    """The address of the server that spoke; empty where this process did."""


def warn(request: Request, outcome: Outcome, sentence: str) -> None:
    outcome.warnings.append(sentence)
    if not request.quiet:
        output.warn(sentence)
