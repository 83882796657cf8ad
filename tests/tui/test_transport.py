"""What is heard of a tape, on a loudspeaker that a test asks by hand."""

from __future__ import annotations

import math
import os
import queue
import struct
import time

import pytest

from ttm.audio import Audio
from ttm.config import load
from ttm.errors import DeviceError
from tui.studio.events import Playback, Unheard
from tui.studio.run import speaker_queue
from tui.studio.tape import Tape
from tui.studio.transport import Transport

RATE = 24_000
SECONDS = 6
TONE = b"".join(
    struct.pack("<h", round(9000 * math.sin(2 * math.pi * 200 * i / RATE))) for i in range(RATE)
)


def until(holds) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Hand:
    """A loudspeaker of which the last stream that was opened can be asked for sound."""

    name = about = "by hand"

    def __init__(self) -> None:
        self.streams = []

    def ready(self):
        return self

    def open(self, rate, source):
        self.streams.append(HandStream(source))
        return self.streams[-1]


class HandStream:
    lazy = True
    failure = None
    heard = beat = 0
    finished = running = closed = False

    def __init__(self, source) -> None:
        self.source = source

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def close(self) -> None:
        self.closed = True

    def play(self, seconds: float) -> None:
        """As a device does that plays so much of what there is."""
        until(lambda: self.running)
        left = round(seconds * RATE)
        while left > 0:
            left -= len(self.source.pull(left)) // 2
            self.heard = self.source.taken
            self.finished = self.source.drained
            self.beat += 1
            if self.finished:
                return


@pytest.fixture
def deck(home):
    """A transport with a tape of six seconds, its loudspeaker, and what it tells."""
    hand, told = Hand(), queue.Queue()
    config = load(environ=os.environ)
    transport = Transport(config.playback, told.put, find=lambda settings: hand)
    tape = Tape("la " * SECONDS)
    for _ in range(SECONDS):
        tape.record(Audio(TONE, RATE))
    tape.end(whole=True)
    transport.hand, transport.told_events = hand, told
    transport.insert(tape, play=True)
    until(lambda: transport.state == "playing")
    yield transport
    transport.close()


def at(transport) -> float:
    return transport.position / RATE


def test_the_position_is_what_was_heard_and_a_seek_goes_on_from_there(deck):
    deck.hand.streams[0].play(1.5)
    assert at(deck) == pytest.approx(1.5)
    deck.seek(4 * RATE)
    until(lambda: len(deck.hand.streams) == 2)
    assert deck.hand.streams[0].closed
    deck.hand.streams[1].play(0.5)
    assert at(deck) == pytest.approx(4.5)


def test_twice_as_fast_gets_through_twice_as_much(deck):
    deck.hand.streams[0].play(1)
    deck.at_speed(2.0)
    until(lambda: len(deck.hand.streams) == 2)
    deck.hand.streams[1].play(1.5)
    assert at(deck) == pytest.approx(4.0, abs=0.05)


def test_a_pause_keeps_the_place_and_the_end_is_told(deck):
    deck.hand.streams[0].play(2)
    deck.pause()
    until(lambda: deck.state == "paused")
    assert not deck.hand.streams[0].running
    assert at(deck) == pytest.approx(2.0)
    assert [entry.state for entry in speaker_queue().entries()] == ["paused"]
    deck.play()
    deck.hand.streams[0].play(4)
    until(lambda: deck.state == "over")
    assert at(deck) == SECONDS
    assert not speaker_queue().entries()


def test_other_commands_pause_and_stop_what_is_heard(deck):
    everybody = speaker_queue()
    until(everybody.entries)
    everybody.tell("pause", everybody.entries())
    until(lambda: deck.state == "paused")
    everybody.tell("stop", everybody.entries())
    until(lambda: deck.state == "idle")
    assert deck.hand.streams[0].closed


def test_a_device_that_goes_is_a_sentence_and_one_that_comes_back_goes_on(deck):
    deck.hand.streams[0].play(2)
    deck.hand.streams[0].failure = DeviceError("the loudspeaker is gone")
    until(lambda: deck.state == "idle")
    events = [deck.told_events.get_nowait() for _ in range(deck.told_events.qsize())]
    assert (
        Unheard("the loudspeaker is gone. Speaking goes on; what is spoken can be saved") in events
    )
    assert Playback("idle") in events
    assert at(deck) == pytest.approx(2.0)
    deck.toggle()
    until(lambda: len(deck.hand.streams) == 2)
    deck.hand.streams[1].play(1)
    assert at(deck) == pytest.approx(3.0)
