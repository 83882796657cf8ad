"""Who has a place in the speaker queue, and what is asked of them.

Whoever asks for silence waits for every import: nothing here needs Typer, whose import takes as
long as all the rest of `ttm stop`, nor anything that speaks.
"""

from __future__ import annotations

import time
from dataclasses import asdict

from ttm.cli import output
from ttm.errors import OutputError, UsageError
from ttm.narration.queue import Command, Entry, speaker_queue

MEANT: dict[str, tuple[Command, tuple[str, ...]]] = {
    "stop": ("stop", ()),
    "pause": ("pause", ("speaking",)),
    "resume": ("resume", ("paused",)),
    "skip": ("stop", ("speaking", "paused")),
}
"""What each command asks, and in which states those are of whom it is asked; none is any."""


def plain(word: str) -> None:
    """`ttm stop` and the like, `ttm queue` too, without any option."""
    if word == "queue":
        show(entries(), as_json=False)
    else:
        tell(word)


def tell(word: str, channel: str = "", *, as_json: bool = False) -> None:
    """Ask it of those whom the command means. Raises OutputError."""
    command, states = MEANT[word]
    those = [
        one
        for one in entries()
        if (not states or one.state in states) and channel in ("", one.channel)
    ]
    told(speaker_queue().tell(command, those), command, as_json=as_json)


def told(count: int, command: str, *, as_json: bool) -> None:
    """Say how many heard it, where that is asked for, or where nobody did."""
    if as_json:
        output.json({"ok": True, "told": count})
    elif not count:
        output.note("ttm: nothing is speaking" if command != "resume" else "ttm: nothing is paused")


def reorder(first: int | None, drop: int | None) -> None:
    """Let one speak before all that wait, and end one. Raises UsageError for a number that there
    is not, and OutputError."""
    try:
        if first is not None and not speaker_queue().prefer(first):
            raise UsageError(f"nobody waits with the number {first}", "`ttm queue` lists them")
        if drop is not None:
            chosen = [one for one in entries() if one.number == drop]
            if not chosen:
                raise UsageError(f"there is no number {drop}", "`ttm queue` lists them")
            speaker_queue().tell("stop", chosen)
    except OSError as failure:
        raise _unusable(failure) from failure


def entries() -> list[Entry]:
    """Who speaks, and who waits. Raises OutputError."""
    try:
        return speaker_queue().entries()
    except OSError as failure:
        raise _unusable(failure) from failure


def show(those: list[Entry], *, as_json: bool) -> None:
    """List them on stdout."""
    if as_json:
        output.json({"ok": True, "queue": [asdict(one) for one in those]})
        return
    if not those:
        output.note("ttm: nothing is speaking, and nothing waits")
        return
    rows = []
    for one in those:
        door = f"{one.door} ({one.channel})" if one.channel else one.door
        size = "" if one.characters is None else str(one.characters)
        since = time.strftime("%H:%M:%S", time.localtime(one.since))
        rows.append((str(one.number), one.state, door, one.model, one.voice, size, since))
    output.table(rows, ("number", "state", "from", "model", "voice", "characters", "since"))


def _unusable(failure: OSError) -> OutputError:
    where = speaker_queue().folder
    return OutputError(
        f"cannot use {where}: {failure.strerror}", "Set XDG_RUNTIME_DIR to a folder of your own"
    )
