"""What is missing is offered, to a person who can answer."""

from __future__ import annotations

import os
import sys

from ttm.cli import output
from ttm.config import Config
from ttm.errors import RuntimeMissing

YES = ("y", "yes")


def runtime_accepted(failure: RuntimeMissing, config: Config) -> bool:
    """Offer to stage the runtime that is missing; whether it was, and the request can go on.

    Nothing is asked unless stdin and stderr are both terminals. Raises what staging raises.
    """
    if not (os.isatty(0) and os.isatty(2)):
        return False
    from ttm.cli.runtime import staged, wish
    from ttm.narration.opening import runtime_root
    from ttm.runtime.environment import Place
    from ttm.runtime.staging import plan

    flavour = plan(Place(runtime_root(config)), wish(config)).flavour
    output.note(f"ttm: {failure.what}")
    if not _agreed(
        f"Run `ttm runtime stage` now? It fetches about {flavour.fetched} MB, for {flavour.name}, "
        f"and takes {flavour.kept} MB of the disk. [y/N] "
    ):
        return False
    return bool(staged(config, wish(config))["ready"])


def _agreed(question: str) -> bool:
    output.ask(question)
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        output.note("")
    return answer.strip().lower() in YES
