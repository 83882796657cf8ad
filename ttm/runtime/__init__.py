"""The neural runtime: a private environment that holds torch, found, made and checked.

Where ttm's own environment has what an engine needs, that serves, and there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ttm.errors import RuntimeMissing
from ttm.runtime.environment import Place
from ttm.runtime.inspection import STAGE, look
from ttm.runtime.pinned import NEEDED

Seat = Callable[[], tuple[str, int]]
"""Gives the Python that a worker is to be started with, and a descriptor: while that is open in
any process, the environment is not removed."""


def offers(modules: Iterable[str]) -> bool:
    """Whether the runtime has these modules once it is staged."""
    return set(modules) <= set(NEEDED)


def seat(root: Path, what: str) -> Seat:
    """A seat in the runtime at this place, for what lacks its packages: `engine 'qwen3'`.

    Raises RuntimeMissing when none is staged there, or not one that this ttm can use; so does
    what it returns.
    """

    def take() -> tuple[str, int]:
        found = look(Place(root))
        if found.condition != "ready" or found.environment is None:
            raise RuntimeMissing(f"{what}, and {found.sentence}", STAGE)
        try:
            return str(found.environment.python), found.environment.hold()
        except OSError:
            # It was replaced between two lines of ours.
            again = Place(root).current()
            if again is None or again == found.environment:
                raise RuntimeMissing(f"{what}, and the runtime was removed", STAGE) from None
            return take()

    found = look(Place(root))
    if found.condition != "ready":
        raise RuntimeMissing(f"{what}, and {found.sentence}", STAGE)
    return take
