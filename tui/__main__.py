"""What the parent starts: the interface itself, on the terminal that it was given."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import faulthandler
import json
import os
import resource
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import NoReturn

from ttm.config import Config, assignment, load
from ttm.errors import TtmError
from tui import crash

TEXT_MAX = 10_000_000
"""Characters of a text that is opened; what is longer is spoken by `ttm say -f`."""


def main() -> NoReturn:
    """Run the interface, say how it ended to the parent, and end."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    given = _arguments()
    for descriptor in (given.parent, given.faults):
        os.set_inheritable(descriptor, False)
    faulthandler.enable(given.faults)
    code = 1
    told: dict[str, object] = {}
    with socket.socket(fileno=given.parent) as parent:
        try:
            code, told = _run(given, parent)
        except Exception as bug:
            told = {"fault": crash.name_of(bug), "report": crash.report(bug)}
        with contextlib.suppress(OSError):
            parent.sendall(json.dumps(told).encode())
    # A thread that waits for a disk or a hub would hold the interpreter's own end.
    os._exit(code)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tui")
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--faults", type=int, required=True)
    parser.add_argument("--text", type=int)
    parser.add_argument("--name", default="")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--profile")
    parser.add_argument("--set", action="append", default=[])
    return parser.parse_args()


def _run(given: argparse.Namespace, parent: socket.socket) -> tuple[int, dict[str, object]]:
    config = load(
        given.config,
        profile=given.profile,
        overrides=[assignment(each) for each in given.set],
        environ=os.environ,
    )
    from tui.app import TtmApp
    from tui.terminal import Driver, Terminal
    from tui.welcome import welcomed

    said = ""
    text = None
    if given.text is not None:
        text, said = _text(given.text, given.name, config)
    if os.environ.get("NO_COLOR") == "":  # which Textual takes for a wish
        del os.environ["NO_COLOR"]
    new = text is None and not welcomed()
    app = TtmApp(config, text=text, welcome=new, terminal=Terminal(), driver_class=Driver)
    if said:
        app.fail(said)
    threading.excepthook = app.thread_failed
    threading.Thread(target=_watch, args=(parent, app), daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda number, frame: app.leave(128 + number))
    # Not asyncio.run, which waits minutes for threads that a disk or a hub holds.
    app.run(loop=asyncio.new_event_loop(), mouse=config.tui.mouse)
    app.close()
    told: dict[str, object] = {"whole": True}
    if app.fault:
        told |= {"fault": app.fault, "report": app.report}
    return app.return_code or 0, told


def _text(descriptor: int, name: str, config: Config) -> tuple[str, str]:
    """The text to open, and what is to be said of it, if anything."""
    from ttm.text.reading import read_text

    text = ""
    how = config.text
    try:
        for piece in read_text(descriptor, name=name, encoding=how.encoding, errors=how.errors):
            text += piece
            if len(text) > TEXT_MAX:
                most = f"the first {TEXT_MAX:,} characters of {name} are opened"
                return text[:TEXT_MAX], f"Only {most}; `ttm say -f` speaks all of it."
    except TtmError as failure:
        return text, failure.sentence
    finally:
        os.close(descriptor)
    return text, ""


def _watch(parent: socket.socket, app: object) -> None:
    """End when the parent does, which is then nobody's to restore the terminal but ours."""
    with contextlib.suppress(OSError):
        parent.recv(1)
        os.kill(os.getpid(), signal.SIGHUP)


if __name__ == "__main__":
    sys.exit(main())
