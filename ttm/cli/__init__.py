"""The list of commands, and `main` with the only try: errors become a sentence and an exit code.

Start-up is counted in milliseconds here: a command's module is imported when it is called, and
`--help` prints the sentences of this list.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING

from ttm import __version__
from ttm.errors import TtmError, UsageError, did_you_mean

if TYPE_CHECKING:
    import typer

COMMANDS = {
    "say": "Speak a text, or write it to a file.",
    "tui": "Open the full-screen interface.",
    "explain": "Show what would be said, in which pieces, by whom, and why.",
    "redo": "Say one sentence of a file again.",
    "serve": "Speak for other programs, over HTTP and a unix socket.",
    "voices": "List, add, design and try voices.",
    "models": "Fetch, list, check and load the models that speak.",
    "stop": "Silence: end what speaks, and what waits to speak.",
    "pause": "Hold what speaks where it is.",
    "resume": "Go on where it was paused.",
    "skip": "End what speaks; the next one begins.",
    "queue": "Show who speaks and who waits.",
    "engines": "List the engines, what each needs, and whether it is ready.",
    "runtime": "Make and look after the private environment that holds torch.",
    "history": "See what was said before, again.",
    "lexicon": "Say how words are to be said.",
    "config": "See and change settings.",
    "cache": "See and empty the sound that is kept.",
    "inspect": "Measure audio: duration, peak, loudness, silence, clipping.",
    "bench": "Measure how fast a model speaks on this machine.",
    "conformance": "Check whether a server serves what real clients send.",
    "doctor": "Say what works here, and what to do about the rest.",
}
"""Name and sentence; the command is what bears its name in `ttm.cli.<name>`."""

ELSEWHERE = dict.fromkeys(("stop", "pause", "resume", "skip", "queue"), "speaker")
"""Commands that live in another module of `ttm.cli` than that of their name."""

GLOBAL = ("--help", "-h", "--version", "--install-completion", "--show-completion")

QUITTING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
USUAL = (signal.SIG_DFL, signal.default_int_handler)
"""What a signal does that nobody has decided about; nohup and the like ignore it on purpose."""


class Quit(BaseException):
    """A signal that asks us to end; its number + 128 is the exit code."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `ttm` with these arguments, or the process's own; the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _open_standard_descriptors()
    debug = bool(os.environ.get("TTM_DEBUG"))
    if words[:1] == ["--debug"]:
        words, debug = words[1:], True
    for number in QUITTING:
        if signal.getsignal(number) in USUAL:
            signal.signal(number, _quit)
    try:
        return _run(_with_command(words))
    except TtmError as failure:
        from ttm.cli import output

        if debug:
            _trace(failure)
        output.error(failure)
        return failure.exit_code
    except Quit as quitting:
        from ttm.cli import output

        output.note("ttm: interrupted" if quitting.number == signal.SIGINT else "ttm: stopped")
        return 128 + quitting.number
    except Exception as bug:
        from ttm.cli import output

        if debug:
            _trace(bug)
        what = f"a bug in ttm ({type(bug).__name__})"
        output.error(TtmError(what, "Run it again with TTM_DEBUG=1 and report what it prints"))
        return 1


def _run(words: list[str]) -> int:
    from ttm.cli import output

    if words[:1] == ["--version"]:
        output.line(f"ttm {__version__}")
        return 0
    if len(words) == 1 and ELSEWHERE.get(words[0]) == "speaker":
        from ttm.cli import places

        places.plain(words[0])  # 0.1 s sooner than through Typer
        return 0
    if words[:1] == ["tui"] and len(words) < 3 and not any(each[:1] == "-" for each in words):
        from ttm.cli.fullscreen import open_interface

        return open_interface(words[1] if len(words) > 1 else None)
    app = application()
    try:
        with contextlib.redirect_stdout(output.stdout()):
            outcome = app(words, standalone_mode=False, prog_name="ttm")
    except Exception as failure:
        if type(failure).__name__ == "NoArgsIsHelpError":  # it has printed the help
            return 2
        usage = _usage(failure, words)
        if usage is None:
            raise
        raise usage from None
    return outcome if isinstance(outcome, int) else 0


def application() -> typer.Typer:
    """The whole command line as a Typer application."""
    import typer

    from ttm.cli.lazy import HELP, LazyGroup

    app = typer.Typer(
        cls=LazyGroup,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": HELP},
    )

    @app.callback(epilog="`ttm TEXT` is `ttm say TEXT`.")
    def ttm(
        # Both are dealt with before Typer is imported, and stand here for the help.
        version: bool = typer.Option(False, "--version", help="Print the version and exit."),
        debug: bool = typer.Option(False, "--debug", help="Show where an error came from."),
    ) -> None:
        """Talk To Me: local text-to-speech for people who live in a terminal."""

    return app


def _with_command(words: list[str]) -> list[str]:
    """The words with `say` in front when the first one is no command of ours."""
    if not words:
        return words if os.isatty(0) else ["say"]
    first = words[0]
    if first in COMMANDS or first.partition("=")[0] in GLOBAL:
        return words
    if len(words) == 1 and first.isidentifier():
        from difflib import get_close_matches

        if close := get_close_matches(first, COMMANDS, n=1, cutoff=0.8):
            from ttm.cli import output

            output.note(f"speaking '{first}'; for the command, type `ttm {close[0]}`")
    return ["say", *words]


def _usage(failure: Exception, words: list[str]) -> UsageError | None:
    """Typer's own complaint about the command line, in our words; None for anything else."""
    import typer

    base = typer.BadParameter.__mro__[1]  # UsageError of the click inside typer
    if not isinstance(failure, base):
        return None
    context = getattr(failure, "ctx", None)
    command = context.command_path if context else f"ttm {words[0]}"
    if (option := getattr(failure, "option_name", "")) and hasattr(failure, "possibilities"):
        hint = did_you_mean(option, failure.possibilities or ())
        more = f"`{command} --help` shows all; text that begins with - goes after --"
        return UsageError(f"there is no option '{option}'", f"{hint} {more}".lstrip())
    said = " ".join(failure.format_message().split())  # type: ignore[attr-defined]
    what, _, hint = said.partition(". ")
    more = f"{hint} `{command} --help` shows what it takes".lstrip()
    return UsageError(what[:1].lower() + what[1:], more)


def _quit(number: int, frame: FrameType | None) -> None:
    for each in QUITTING:  # a second one must not cut short how the first cleans up
        signal.signal(each, signal.SIG_IGN)
    raise Quit(number)


def _open_standard_descriptors() -> None:
    """Descriptors 0 to 2 that were closed become /dev/null, so that no file we open lands there.

    A closed stdout is opened for reading, and writing to it fails as it should.
    """
    for fd, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(fd)
        except OSError:
            null = os.open(os.devnull, mode)
            if null != fd:
                os.dup2(null, fd)
                os.close(null)


def _trace(failure: BaseException) -> None:
    """Where it came from, without anybody's text: no locals."""
    import traceback

    from ttm.cli import output

    output.note("".join(traceback.format_exception(failure)).rstrip())
