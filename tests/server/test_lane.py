"""Whose turn it is, where clients leave in the very moment in which it would be theirs."""

from __future__ import annotations

import asyncio

import pytest

from ttm.server.lane import Line


@pytest.mark.parametrize("leaves_first", [True, False])
@pytest.mark.parametrize("others", [0, 1])
def test_a_turn_is_not_lost_with_who_leaves_as_it_comes(leaves_first, others):
    async def run() -> tuple[list[str], bool, int]:
        line = Line(8)
        told: list[str] = []
        over = asyncio.Event()

        async def speak(name: str) -> None:
            async with line.turn(name, "model"):
                told.append(name)
                await over.wait()

        first = asyncio.create_task(speak("first"))
        await asyncio.sleep(0)
        leaver = asyncio.create_task(speak("leaver"))
        rest = [asyncio.create_task(speak(f"other-{n}")) for n in range(others)]
        await asyncio.sleep(0)
        assert line.waiting == 1 + others
        for leaves in (leaves_first, not leaves_first):
            if leaves:
                leaver.cancel()
            else:
                first.cancel()  # ends its turn in the same round of the loop
        over.set()
        await asyncio.wait_for(asyncio.wait([first, leaver, *rest]), 5)
        return told, line.taken, line.waiting

    told, taken, waiting = asyncio.run(run())
    assert told == ["first", *(f"other-{n}" for n in range(others))]
    assert (taken, waiting) == (False, 0)
