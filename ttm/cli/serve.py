"""`ttm serve`: the server, in the foreground."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from typer import Option

from ttm import paths
from ttm.cli import output
from ttm.cli.say import load_settings
from ttm.errors import EngineUnavailable

MODULES = ("fastapi", "uvicorn", "multipart", "prometheus_client")
"""What the extra `server` brings."""

NAME = "ttm.sock"
"""The socket's, in the folder of sockets."""


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
) -> int:
    """Speak for other programs, over HTTP and a unix socket."""
    flags = {"server.host": host, "server.port": port}
    settings = load_settings(config, profile, set_, flags)
    require_server()
    from ttm.server.run import serve

    path = Path(os.path.expanduser(socket)).absolute() if socket else paths.sockets_dir() / NAME
    return serve(
        settings,
        http=http,
        path=path,
        announce=lambda addresses: output.note(f"ttm: listening on {addresses}"),
        write=output.note,
    )


def require_server() -> None:
    """Raise EngineUnavailable unless what a server needs is installed."""
    from importlib.util import find_spec

    lacking = [module for module in MODULES if find_spec(module) is None]
    if lacking:
        raise EngineUnavailable(
            f"the server needs {', '.join(lacking)}, not installed here",
            "Get it with pip install 'ttm-speech[server]'",
        )
