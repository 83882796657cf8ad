"""What every screen has in common."""

from __future__ import annotations

from tui.messages import Told


async def test_what_is_said_stands_in_the_log_line_and_cannot_steer_the_terminal(opened):
    async with opened() as pilot:
        pilot.app.fail("no \x1b]52;c;aGk=\x07 here")
        await pilot.pause()
        assert pilot.app.last_told == ("no \\x1b]52;c;aGk=\\x07 here", "failed")


async def test_something_can_be_said_from_another_thread(opened):
    import asyncio

    async with opened() as pilot:
        await asyncio.to_thread(pilot.app.post_message, Told("from elsewhere"))
        await pilot.pause()
        assert pilot.app.last_told == ("from elsewhere", "told")
