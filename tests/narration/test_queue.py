"""The speaker queue: whose turn it is, and what others ask of who waits."""

from __future__ import annotations

import threading

from ttm.narration.queue import speaker_queue


def ask(command: str, number: int) -> None:
    queue = speaker_queue()
    assert queue.tell(command, [one for one in queue.entries() if one.number == number])


def test_who_was_asked_for_silence_before_the_first_look_does_not_speak():
    with speaker_queue().join("cli") as place:
        ask("stop", place.number)
        assert not place.wait()
    with speaker_queue().join("cli") as place:
        ask("pause", place.number)
        assert place.wait()


def test_who_waits_is_told_of_the_turn_and_of_silence():
    with speaker_queue().join("cli") as first, speaker_queue().join("cli") as second:
        assert first.wait()
        heard: list[bool] = []
        waiting = threading.Thread(target=lambda: heard.append(second.wait()))
        waiting.start()
        ask("stop", second.number)
        waiting.join()
        assert heard == [False]
