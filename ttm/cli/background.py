"""`ttm serve --status`, `--stop`, `--install` and `--uninstall`: the server that runs elsewhere."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from ttm.cli import output
from ttm.cli.reach import at
from ttm.config import Config
from ttm.errors import RemoteUnreachable


def status(config: Config, address: str | None, *, as_json: bool) -> None:
    """Show the server at this address, or the one that runs here.

    Raises RemoteUnreachable where there is none.
    """
    from ttm.narration.remote import STATUS
    from ttm.server import daemon

    if server := at(address, config):
        with server:
            told, where = server.record("GET", STATUS), server.address.text
    else:
        found = daemon.find()
        if found is None:
            raise RemoteUnreachable("no server runs here", "Start one with `ttm serve`")
        told, where = dict(found.record), found.server.address.text
    told = {"address": where, **told}
    if as_json:
        output.json(told)
        return
    _show(told)


def stop(config: Config, *, as_json: bool) -> None:
    """End the server that runs here."""
    from ttm.server import daemon

    pid = daemon.stop(config.server.grace + 2)
    if as_json:
        output.json({"ok": True, "stopped": pid or None})
    else:
        output.note(f"ended the server, process {pid}" if pid else "ttm: no server runs here")


def install(words: Sequence[str], *, only_print: bool) -> None:
    """Have the system run the server whenever its user is logged in."""
    from ttm.server.daemon import require_server
    from ttm.server.unit import install as begin
    from ttm.server.unit import unit

    require_server()
    made = unit(words, os.environ)
    if only_print:
        output.line(made.text.rstrip("\n"))
        return
    runs = begin(made)
    output.note(f"wrote {made.path}")
    if runs:
        output.note("the server runs, and will when you log in; `ttm serve --uninstall` ends that")
        return
    output.warn("the service could not be begun here; with a session of your own, run")
    for command in made.begin:
        output.note("  " + " ".join(command))


def uninstall() -> None:
    """Undo `install`."""
    from ttm.server.unit import uninstall as end
    from ttm.server.unit import unit

    made = unit((), os.environ)
    output.note(f"removed {made.path}" if end(made) else f"ttm: there is no {made.path}")


def _show(told: dict[str, Any]) -> None:
    """Its plain fields, one a line."""
    plain = {name: one for name, one in told.items() if isinstance(one, str | int | float)}
    width = max(map(len, plain))
    for name, one in plain.items():
        shown = ("yes" if one else "no") if isinstance(one, bool) else str(one)
        if shown:
            output.line(f"{name.ljust(width)}  {shown}")
