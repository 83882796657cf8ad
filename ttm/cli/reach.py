"""Which server speaks for a command, if one does: as the user says, else the one that runs here."""

from __future__ import annotations

import contextlib
import os
import select
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from typer import Option

from ttm.cli import output
from ttm.config import Config, load
from ttm.errors import TtmError, UsageError
from ttm.text.markup import form_of

if TYPE_CHECKING:
    from ttm.cli.request import Request
    from ttm.narration.exchange import Server

READY = "ready"
"""A model that a server has loaded, as its status says it."""
AWAITED = 0.25
"""Seconds that a pipe is given to be complete, which `echo` and the clipboard are at once."""

SERVER, KEY_FILE = "TTM_SERVER", "TTM_SERVER_KEY_FILE"
"""Variables that name a server, and the file with its key."""

At = Annotated[
    str | None,
    Option("--server", metavar="URL", show_default=False, help="Ask the server at this address."),
]


@dataclass(frozen=True, slots=True)
class Reached:
    """A server that will speak."""

    server: Server
    ours: bool
    """It runs on this machine with our settings: it means the same by everything as we do."""


def named(flag: str | None, config: Config, environ: Mapping[str, str]) -> str:
    """The address that somebody has named: an option, the environment, the settings; or empty."""
    return flag or environ.get(SERVER, "") or config.daemon.server


def at(
    flag: str | None, config: Config, *, verbose: bool = False, local: bool = False
) -> Server | None:
    """The server that somebody has named; None where nobody has.

    Raises UsageError for what is no address, ConfigError for a key that cannot be read.
    """
    where = "" if local else named(flag, config, os.environ)
    if not where:
        return None
    from ttm.narration.exchange import Server, address, read_key

    file = os.environ.get(KEY_FILE, "") or config.daemon.key_file
    return Server(
        address(where),
        key=read_key(file) if file else "",
        timeout=config.daemon.timeout,
        heard=_telling(verbose),
    )


def running(config: Config, *, verbose: bool = False) -> Server | None:
    """The server that runs on this machine, in our version and with our settings."""
    from ttm.server import daemon

    if not daemon.listens(daemon.socket_path()):
        return None
    why, found = "", None
    try:
        found = daemon.find(timeout=config.daemon.timeout, heard=_telling(verbose))
    except TtmError as failure:
        why = failure.what
    if found is not None:
        why = _differs(found, config)
    if found is None or why:
        if verbose and why:
            output.note(f"speaking without a server: {why}")
        return None
    return found.server


def warm(config: Config, model: str) -> bool:
    """Whether the server that runs here has this model loaded, and would speak with it."""
    from ttm.server import daemon

    if not daemon.listens(daemon.socket_path()):
        return False
    with contextlib.suppress(TtmError):
        found = daemon.find(timeout=config.daemon.timeout)
        if found is None:
            return False
        found.server.close()
        lanes = found.record.get("models")
        return not _differs(found, config) and any(
            isinstance(lane, dict) and lane.get("model") == model and lane.get("state") == READY
            for lane in (lanes if isinstance(lanes, list) else ())
        )
    return False


def reach(request: Request, config: Config) -> Reached | None:
    """The server that is to speak; None where this process does.

    One that somebody has named speaks, or nobody. Raises UsageError for what a server cannot do,
    and for what is no address, and ConfigError for a key that cannot be read.
    """
    hindrance = _hindrance(request)
    if chosen := at(request.server, config, verbose=request.verbose, local=request.local):
        if hindrance:
            raise UsageError(f"{hindrance} cannot be done by a server", "Speak here with --local")
        if strange := _not_sent(config):
            raise UsageError(
                f"{strange} is a setting that the server has for itself",
                "Leave it out, or speak here with --local",
            )
        return Reached(chosen, ours=False)
    if request.local or hindrance or not _slow(config) or not _whole(request, config):
        return None
    server = running(config, verbose=request.verbose)
    if server is None and _wanted(config):
        server = _started(config, verbose=request.verbose)
    return None if server is None else Reached(server, ours=True)


def _hindrance(request: Request) -> str:
    """The option that only the process that speaks can do; empty where there is none."""
    wanted = {
        "--dry-run": request.dry_run,
        "--follow": request.follow,
        "--resume": request.resume,
        "--manifest": request.manifest,
        "--split": request.split != "none",
        "--lexicon": bool(request.lexicons),
        "--no-lexicon": not request.own_lexicons,
    }
    return next((option for option, asked in wanted.items() if asked), "")


def _not_sent(config: Config) -> str:
    """A setting that this command line gives, and that does not go with a request."""
    from ttm.narration.frames import AT_HOME, KEEP, TRAVELS

    for key, origin in config.origins.items():
        at_home = key.partition(".")[0] in AT_HOME or key in (*TRAVELS, KEEP)
        # How files are read is decided where they are.
        if origin.kind == "flag" and not at_home and key not in ("text.encoding", "text.errors"):
            return origin.told
    return ""


def _slow(config: Config) -> bool:
    """Whether loading the model is what takes the time: all others speak at once by themselves."""
    from ttm.narration.opening import find_model

    try:
        return find_model(config.say.model, config)[1].loads_slowly
    except TtmError:
        return False  # of which this process will tell


def _whole(request: Request, config: Config) -> bool:
    """Whether all of the text is there, and not too long for a server: what still comes is spoken
    as it comes, and that only this process can do."""
    if request.words and request.words != ("-",):
        return sum(map(len, request.words)) < config.server.max_characters
    size = 0
    for name in request.files or ("-",):
        if request.input_form == "epub" or form_of(name) == "epub":
            return False  # whose length nobody knows before it was unpacked
        try:
            about = os.fstat(0) if name == "-" else os.stat(name)
        except (OSError, ValueError):
            return False  # of which this process will tell
        if stat.S_ISREG(about.st_mode):
            size += about.st_size
        elif name != "-" or not _ended():
            return False
    return size < config.server.max_characters


def _ended() -> bool:
    """Whether whoever writes to stdin has left, and all of it waits in the pipe."""
    poll = select.poll()
    poll.register(0, 0)  # of hanging up, it tells in any case
    return any(events & select.POLLHUP for _, events in poll.poll(AWAITED * 1000))


def _differs(found: object, config: Config) -> str:
    """Why the server that runs here would not do as this process does; empty where it would."""
    from ttm import __version__
    from ttm.narration.frames import print_of
    from ttm.server.daemon import Daemon

    assert isinstance(found, Daemon)
    if not found.same:
        return (
            f"the one that runs here is ttm {found.version[:20]}, and this is {__version__}; "
            "`ttm serve --stop` ends it"
        )
    if found.settings != print_of(config):
        return "the one that runs here has other settings"
    return ""


def _wanted(config: Config) -> bool:
    """Whether a server is to be left behind: by default where a person sits at a terminal."""
    chosen = config.origin("daemon.autostart").kind != "default"
    return config.daemon.autostart and (chosen or os.isatty(2))


def _started(config: Config, *, verbose: bool) -> Server | None:
    """A server for this command and the next ones; None where it would not do, or does not come."""
    from ttm.narration.frames import print_of
    from ttm.server import daemon

    # It reads the settings as they are without this command's options.
    if print_of(load(environ=os.environ)) != print_of(config):
        return None
    try:
        found = daemon.start("--background", environ=os.environ)
    except TtmError as failure:
        if verbose:
            output.note(f"speaking without a server: {failure.sentence}")
        return None
    if why := _differs(found, config):
        if verbose:
            output.note(f"speaking without a server: {why}")
        return None
    if verbose:
        output.note(f"started a server, process {found.pid}; `ttm serve --stop` ends it")
    found.server.heard = _telling(verbose)
    return found.server


def _telling(verbose: bool) -> Callable[[str], None]:
    return output.note if verbose else lambda sentence: None
