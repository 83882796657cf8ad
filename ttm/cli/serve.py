"""`ttm serve`: the server, in the foreground."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from typer import Option

from ttm.cli import output
from ttm.cli.output import failures_in_json
from ttm.cli.say import load_settings
from ttm.config import Config, seconds
from ttm.errors import UsageError
from ttm.server.daemon import require_server, socket_path
from ttm.server.listening import listening

RUNS, ALWAYS = "The one that runs", "Always there"
"""Sections of the help."""

SHORTEST = 1.0
"""Seconds that a server in the background waits for the command that has started it."""


def serve(
    host: Annotated[
        str | None, Option("--host", metavar="ADDRESS", help="Address to listen on.")
    ] = None,
    port: Annotated[
        str | None, Option("--port", metavar="N", help="Port; 0 takes one that is free.")
    ] = None,
    socket: Annotated[
        str | None, Option("--socket", metavar="PATH", help="Where the unix socket is.")
    ] = None,
    http: Annotated[bool, Option("--http/--no-http", help="Listen on TCP too.")] = True,
    profile: Annotated[
        str | None, Option("--profile", "-p", metavar="NAME", help="Settings of this profile.")
    ] = None,
    set_: Annotated[
        list[str] | None, Option("--set", metavar="KEY=VALUE", help="Any setting.")
    ] = None,
    config: Annotated[
        str | None, Option("--config", metavar="PATH", help="Settings from this file.")
    ] = None,
    status: Annotated[
        bool, Option("--status", rich_help_panel=RUNS, help="Show the one that runs.")
    ] = False,
    stop: Annotated[bool, Option("--stop", rich_help_panel=RUNS, help="End it.")] = False,
    server: Annotated[
        str | None,
        Option(
            "--server", metavar="URL", rich_help_panel=RUNS, help="With --status: that elsewhere."
        ),
    ] = None,
    json: Annotated[bool, Option("--json", rich_help_panel=RUNS, help="As JSON.")] = False,
    install: Annotated[
        bool,
        Option("--install", rich_help_panel=ALWAYS, help="Run it whenever you are logged in."),
    ] = False,
    uninstall: Annotated[
        bool, Option("--uninstall", rich_help_panel=ALWAYS, help="Do so no more.")
    ] = False,
    print_: Annotated[
        bool,
        Option("--print", rich_help_panel=ALWAYS, help="With --install: show it, change nothing."),
    ] = False,
    background: Annotated[bool, Option("--background", hidden=True)] = False,
) -> int:
    """Speak for other programs, over HTTP and a unix socket."""
    with failures_in_json(json):
        wishes = {"--status": status, "--stop": stop, "--install": install}
        asked = [name for name, on in {**wishes, "--uninstall": uninstall}.items() if on]
        if len(asked) > 1:
            raise UsageError(f"{asked[0]} and {asked[1]} are two things", "Leave one out")
        if print_ and not install:
            raise UsageError("--print shows what --install would write", "Say both")
        flags = {"server.host": host, "server.port": port}
        settings = load_settings(config, profile, set_, flags)
        if asked:
            from ttm.cli import background as elsewhere

            if status:
                elsewhere.status(settings, server, as_json=json)
            elif stop:
                elsewhere.stop(settings, as_json=json)
            elif uninstall:
                elsewhere.uninstall()
            else:
                words = _words(host, port, socket, http, profile, set_, config)
                elsewhere.install(words, only_print=print_)
            return 0
    require_server()
    path = Path(os.path.expanduser(socket)).absolute() if socket else socket_path()
    with listening(settings, http=http and not background, path=path) as place:
        from ttm.server.run import serve  # 1 s, after all that can be wrong

        idle = _idle(settings) if background else None
        return serve(settings, place, idle=idle, write=output.note_unbuffered)


def _words(
    host: str | None,
    port: str | None,
    socket: str | None,
    http: bool,
    profile: str | None,
    assigned: list[str] | None,
    config: str | None,
) -> list[str]:
    """The same options again, for somebody who starts elsewhere."""
    given = {"--host": host, "--port": port, "--profile": profile}
    given |= {name: path and os.path.abspath(os.path.expanduser(path))
              for name, path in {"--socket": socket, "--config": config}.items()}  # fmt: skip
    words = [word for name, one in given.items() if one for word in (name, one)]
    words += [word for one in assigned or () for word in ("--set", one)]
    return words if http else [*words, "--no-http"]


def _idle(settings: Config) -> float | None:
    """Seconds without work after which a server in the background ends; None for never."""
    after = seconds(settings.daemon.idle)
    return None if after is None else max(after, SHORTEST)
