"""`ttm conformance`: does a server serve real clients?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from ttm.cli import output
from ttm.cli.output import failures_in_json
from ttm.errors import NotConformant, UsageError

if TYPE_CHECKING:
    from ttm.conformance.check import Check, Row

KEY_MAX = 4096
"""Bytes of a key's file that are read; no key is longer."""


def conformance(
    url: Annotated[
        str, Argument(metavar="[URL]", help="The server, with or without /v1.", show_default=False)
    ] = "",
    key_file: Annotated[
        str | None, Option("--key-file", metavar="PATH", help="A file with the server's key.")
    ] = None,
    model: Annotated[
        str, Option("--model", "-m", metavar="NAME", help="What the clients ask for.")
    ] = "tts-1",
    voice: Annotated[
        str, Option("--voice", "-v", metavar="NAME", help="Who they want to speak.")
    ] = "alloy",
    only: Annotated[
        list[str] | None,
        Option("--only", metavar="NAME", help="A check or a client, as often as needed."),
    ] = None,
    timeout: Annotated[
        float, Option("--timeout", metavar="S", min=1, max=3600, help="Seconds for one answer.")
    ] = 60.0,
    list_: Annotated[bool, Option("--list", help="List the checks, and ask nobody.")] = False,
    json: Annotated[bool, Option("--json", help="As JSON, with the time of every check.")] = False,
) -> None:
    """Check whether a server serves what real clients send.

    Sends what openai-python, Open WebUI, Home Assistant, AnythingLLM, SillyTavern and curl send,
    and listens to what comes back. It makes the server speak about fifty short sentences.
    """
    from ttm.conformance.catalogue import chosen
    from ttm.conformance.check import examine
    from ttm.conformance.exchange import Server

    with failures_in_json(json):
        checks = chosen(only or [])
        if list_:
            _list(checks, json)
            return
        if not url:
            raise UsageError("no server is named", "Give its URL, such as http://127.0.0.1:8080")
        server = Server(url, _key(key_file), model=model, voice=voice, timeout=timeout)
        server.greet()
    watched = output.progress_wanted()
    rows: list[Row] = []
    for row in examine(server, checks):
        rows.append(row)
        if watched:
            output.redraw(f"{len(rows)} of {len(checks)}: {row.check.name}")
    if watched:
        output.redraw("")
    failed = [row for row in rows if row.state == "fails"]
    if json:
        output.json({"ok": not failed, "url": server.url, "checks": [_plain(row) for row in rows]})
    else:
        output.table(
            [(r.state, r.check.name, r.check.client, r.check.expected, r.why) for r in rows],
            ("", "check", "client", "expected", "seen"),
        )
        skipped = sum(row.state == "skipped" for row in rows)
        held = len(rows) - len(failed) - skipped
        output.note(f"{held} of {len(rows)} hold, {len(failed)} fail, {skipped} skipped")
    if failed:
        names = ", ".join(row.check.name for row in failed[:3]) + ", …" * (len(failed) > 3)
        raise NotConformant(
            f"{server.url} fails {len(failed)} of {len(rows)} checks ({names})",
            "The rows that say `fails` tell what these clients would meet",
        )


def _list(checks: list[Check], json: bool) -> None:
    listed = [(check.name, check.client, check.expected) for check in checks]
    names = ("check", "client", "expected")
    if json:
        output.json([dict(zip(names, each, strict=True)) for each in listed])
    else:
        output.table(listed, names)


def _plain(row: Row) -> dict[str, Any]:
    return {
        "name": row.check.name,
        "client": row.check.client,
        "expected": row.check.expected,
        "state": row.state,
        "why": row.why,
        "seconds": round(row.seconds, 3),
    }


def _key(path: str | None) -> str:
    """The first line of the file. Raises UsageError when it has none that a header can carry."""
    if path is None:
        return ""
    try:
        with open(os.path.expanduser(path), "rb") as file:
            lines = file.read(KEY_MAX).splitlines()
    except (OSError, ValueError) as failure:
        why = failure.strerror if isinstance(failure, OSError) else failure
        raise UsageError(f"the key in '{path}' cannot be read: {why}") from None
    key = lines[0].strip() if lines else b""
    if not key or not all(0x20 < byte < 0x7F for byte in key):
        raise UsageError(
            f"the first line of '{path}' is no key", "Put the key there, and nothing else"
        )
    return key.decode()
