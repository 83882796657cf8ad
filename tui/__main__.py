"""What the parent starts: the interface itself, on the terminal that it was given."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import gc
import json
import os
import resource
import signal
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

from ttm.config import Config, assignment, load
from ttm.errors import ConfigError, TtmError
from tui import crash

TOLD_MAX = 32_768
"""Bytes that a pipe takes without anybody reading."""
TEXT_MAX = 10_000_000
"""Characters of a text that is opened; what is longer is spoken by `ttm say -f`."""


def main() -> NoReturn:
    """Run the interface, say how it ended to the parent, and end.

    The only argument is a JSON object: the descriptors `parent`, at whose end the parent has
    ended, `tell`, for how we did, and `faults`, for faulthandler; maybe `text`, a descriptor, and
    its `name`; maybe `config`, `profile` and a list `set`, as the options of `ttm tui`.
    """
    # What is imported stays; looking for garbage among it is a tenth of the start.
    gc.disable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    given = json.loads(sys.argv[1])
    for name in ("parent", "tell", "faults", "text"):
        if name in given:
            os.set_inheritable(given[name], False)
    faulthandler.enable(given["faults"])
    code = 1
    told: dict[str, object] = {}
    try:
        code, told = _run(given)
    except TtmError as failure:
        code = failure.exit_code
        told = {"whole": True, "sentence": failure.sentence}
        told["problems"] = list(getattr(failure, "problems", ()))
    except Exception as bug:
        told = {"fault": crash.name_of(bug), "report": crash.report(bug)}
    with contextlib.suppress(OSError):
        os.write(given["tell"], json.dumps(told).encode()[:TOLD_MAX])
    # A thread that waits for a disk or a hub would hold the interpreter's own end.
    os._exit(code)


def _run(given: dict[str, Any]) -> tuple[int, dict[str, object]]:
    path = Path(given["config"]).expanduser() if given.get("config") else None
    flags = [assignment(each) for each in given.get("set", ())]
    broken = False
    try:
        config = load(path, profile=given.get("profile"), overrides=flags, environ=os.environ)
    except ConfigError:  # which Settings shows, and there it can be mended
        from tui.sheet import without_file

        config, broken = without_file(os.environ, flags), True
    from tui.app import TtmApp
    from tui.terminal import Driver, Terminal
    from tui.welcome import welcomed

    said = ""
    text = None
    if "text" in given:
        text, said = _text(given["text"], given["name"], config)
    if os.environ.get("NO_COLOR") == "":  # which Textual takes for a wish
        del os.environ["NO_COLOR"]
    new = text is None and not welcomed()
    app = TtmApp(
        config, text=text, welcome=new and not broken, terminal=Terminal(), driver_class=Driver
    )
    app.path, app.broken = path, broken
    if said:
        app.fail(said)
    threading.excepthook = app.thread_failed
    threading.Thread(target=_watch, args=(given["parent"],), daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda number, frame: app.leave(128 + number))
    # Not asyncio.run, which waits minutes for threads that a disk or a hub holds.
    app.call_later(_collect)
    app.run(loop=asyncio.new_event_loop(), mouse=config.tui.mouse)
    app.close()
    told: dict[str, object] = {"whole": True}
    if app.fault:
        told |= {"fault": app.fault, "report": app.report}
    return app.return_code or 0, told


def _collect() -> None:
    gc.freeze()
    gc.enable()


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


def _watch(parent: int) -> None:
    """End when the parent does: the terminal is then nobody's to restore but ours."""
    os.read(parent, 1)
    os.kill(os.getpid(), signal.SIGHUP)


if __name__ == "__main__":
    sys.exit(main())
