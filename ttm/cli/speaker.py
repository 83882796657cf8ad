"""`ttm stop`, `pause`, `resume`, `skip` and `queue` with their options, and their help.

Without any option `main` takes the short way, `ttm.cli.places`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Option

from ttm.cli import places
from ttm.cli.output import failures_in_json
from ttm.errors import UsageError

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


def stop(channel: Channel = "", json: Json = False, server: There = None) -> None:
    """Silence: end what speaks, and what waits to speak."""
    _tell("stop", channel, json, server)


def pause(channel: Channel = "", json: Json = False, server: There = None) -> None:
    """Hold what speaks where it is."""
    _tell("pause", channel, json, server)


def resume(channel: Channel = "", json: Json = False, server: There = None) -> None:
    """Go on where it was paused."""
    _tell("resume", channel, json, server)


def skip(channel: Channel = "", json: Json = False, server: There = None) -> None:
    """End what speaks; the next one begins."""
    _tell("skip", channel, json, server)


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

            places.show(elsewhere.queue(_server(server)), as_json=json)
            return
        places.reorder(first, drop)
        places.show(places.entries(), as_json=json)


def _tell(command: str, channel: str, as_json: bool, server: str | None) -> None:
    with failures_in_json(as_json):
        if server:
            from ttm.cli import elsewhere

            told = elsewhere.tell(_server(server), command, channel)
            places.told(told, command, as_json=as_json)
            return
        places.tell(command, channel, as_json=as_json)


def _server(address: str) -> Server:
    """Only the option names it: whoever speaks, a command is heard where it runs."""
    from ttm.cli.reach import at
    from ttm.cli.say import load_settings

    found = at(address, load_settings(None, None, None, {}))
    assert found is not None
    return found
