"""`ttm stop`, `pause`, `resume`, `skip` and `queue`: the one speaker queue, from anywhere."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from typer import Option

from ttm.cli import output
from ttm.cli.output import failures_in_json
from ttm.errors import OutputError, UsageError
from ttm.narration.queue import Command, Entry, speaker_queue

if TYPE_CHECKING:
    from ttm.narration.exchange import Server

Channel = Annotated[
    str, Option("--channel", metavar="NAME", show_default=False, help="Only those of this channel.")
]
Json = Annotated[bool, Option("--json", help="Report as one JSON object.")]


There = Annotated[
    str | None,
    Option("--server", metavar="URL", show_default=False, help="What plays where this server is."),
]


def _server(address: str) -> Server:
    """Only the option names it: whoever speaks, a command is heard where it runs."""
    from ttm.cli.reach import at
    from ttm.cli.say import load_settings

    found = at(address, load_settings(None, None, None, {}))
    assert found is not None
    return found


def stop(channel: Channel = "", json: Json = False, server: There = None) -> None:
    """Silence: end what speaks, and what waits to speak."""
    with failures_in_json(json):
        if server:
            _tell_there(server, "stop", channel, json)
            return
        _tell("stop", _those(channel), json)


def pause(channel: Channel = "", json: Json = False, server: There = None) -> None:
    """Hold what speaks where it is."""
    with failures_in_json(json):
        if server:
            _tell_there(server, "pause", channel, json)
            return
        _tell("pause", _those(channel, "speaking"), json)


def resume(channel: Channel = "", json: Json = False, server: There = None) -> None:
    """Go on where it was paused."""
    with failures_in_json(json):
        if server:
            _tell_there(server, "resume", channel, json)
            return
        _tell("resume", _those(channel, "paused"), json)


def skip(channel: Channel = "", json: Json = False, server: There = None) -> None:
    """End what speaks; the next one begins."""
    with failures_in_json(json):
        if server:
            _tell_there(server, "skip", channel, json)
            return
        _tell("stop", _those(channel, "speaking", "paused"), json)


def queue(
    first: Annotated[
        int | None,
        Option("--first", metavar="NUMBER", help="Let this one speak before all that wait."),
    ] = None,
    drop: Annotated[
        int | None,
        Option("--drop", metavar="NUMBER", help="End this one, or keep it from speaking."),
    ] = None,
    json: Json = False,
    server: There = None,
) -> None:
    """Show who speaks and who waits."""
    with failures_in_json(json):
        if server and (first is not None or drop is not None):
            raise UsageError("a queue elsewhere is shown, and its order is left alone")
        if server:
            from ttm.cli import elsewhere

            _show(elsewhere.queue(_server(server)), json)
            return
        try:
            if first is not None and not speaker_queue().prefer(first):
                raise UsageError(f"nobody waits with the number {first}", "`ttm queue` lists them")
            if drop is not None:
                chosen = [one for one in _entries() if one.number == drop]
                if not chosen:
                    raise UsageError(f"there is no number {drop}", "`ttm queue` lists them")
                speaker_queue().tell("stop", chosen)
        except OSError as failure:
            raise _unusable(failure) from failure
        _show(_entries(), json)


def _entries() -> list[Entry]:
    try:
        return speaker_queue().entries()
    except OSError as failure:
        raise _unusable(failure) from failure


def _unusable(failure: OSError) -> OutputError:
    where = speaker_queue().folder
    return OutputError(
        f"cannot use {where}: {failure.strerror}", "Set XDG_RUNTIME_DIR to a folder of your own"
    )


def _those(channel: str, *states: str) -> list[Entry]:
    return [
        one
        for one in _entries()
        if (not states or one.state in states) and channel in ("", one.channel)
    ]


def _tell(command: Command, entries: list[Entry], as_json: bool) -> None:
    _told(speaker_queue().tell(command, entries), command, as_json)


def _tell_there(server: str, command: str, channel: str, as_json: bool) -> None:
    from ttm.cli import elsewhere

    _told(elsewhere.tell(_server(server), command, channel), command, as_json)


def _told(told: int, command: str, as_json: bool) -> None:
    if as_json:
        output.json({"ok": True, "told": told})
    elif not told:
        output.note("ttm: nothing is speaking" if command != "resume" else "ttm: nothing is paused")


def _show(entries: list[Entry], as_json: bool) -> None:
    if as_json:
        output.json({"ok": True, "queue": [asdict(one) for one in entries]})
        return
    if not entries:
        output.note("ttm: nothing is speaking, and nothing waits")
        return
    rows = []
    for one in entries:
        door = f"{one.door} ({one.channel})" if one.channel else one.door
        size = "" if one.characters is None else str(one.characters)
        since = time.strftime("%H:%M:%S", time.localtime(one.since))
        rows.append((str(one.number), one.state, door, one.model, one.voice, size, since))
    output.table(rows, ("number", "state", "from", "model", "voice", "characters", "since"))
