"""`ttm tui`: the full-screen interface."""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option

from ttm.cli.fullscreen import open_interface


def tui(
    file: Annotated[
        str | None,
        Argument(metavar="[TEXT-FILE]", show_default=False, help="A text to open in the editor."),
    ] = None,
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
    """Open the full-screen interface."""
    given = {"profile": profile, "set": set_ or [], "config": config}
    return open_interface(file, {name: value for name, value in given.items() if value})
