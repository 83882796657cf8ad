"""A check, and what came of it."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ttm.conformance.exchange import Server

State = Literal["ok", "fails", "skipped"]

LONGEST = 300
"""Characters of what a server said that are repeated."""


class Broken(Exception):
    """The server does not do what the client needs; the text says what it did instead."""


class Skipped(Exception):
    """Whether it does cannot be told here, or need not; the text says why."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that a client needs."""

    name: str
    """`client/what`, as `--only` takes it."""
    client: str
    """Whose request it is."""
    expected: str
    """What that client needs of the answer, as a sentence without its stop."""
    look: Callable[[Server], str]
    """Asks the server; what was seen, for a person. Raises Broken or Skipped."""


@dataclass(frozen=True, slots=True)
class Row:
    """A check of one server."""

    check: Check
    state: State
    why: str
    """What was seen where it holds, else what is wrong or why nobody looked."""
    seconds: float


def examine(server: Server, checks: Iterable[Check]) -> Iterator[Row]:
    """Make the checks one after the other; a row as soon as each is made."""
    for check in checks:
        began = time.monotonic()
        state: State = "ok"
        try:
            why = check.look(server)
        except Broken as broken:
            state, why = "fails", str(broken)
        except Skipped as skipped:
            state, why = "skipped", str(skipped)
        except TimeoutError:
            state, why = "fails", f"there was no whole answer within {server.timeout:g} s"
        except http.client.HTTPException as failure:
            state, why = "fails", f"the answer is not HTTP or broke off ({_named(failure)})"
        except OSError as failure:
            state, why = "fails", f"the connection failed ({failure.strerror or _named(failure)})"
        seconds = time.monotonic() - began
        yield Row(check, state, why if len(why) <= LONGEST else why[:LONGEST] + "…", seconds)


def _named(failure: Exception) -> str:
    return type(failure).__name__
