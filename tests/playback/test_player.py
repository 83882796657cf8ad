"""What a device is given while sound is being made: by hand, and on the null device."""

from __future__ import annotations

import os
import sys
import threading
import time
import types

import numpy as np
import pytest

from ttm.audio import Audio
from ttm.config import PlaybackSettings
from ttm.errors import DeviceError
from ttm.playback import Player, find_loudspeaker
from ttm.playback.headstart import HeadStart

RATE = 24_000
SETTINGS = PlaybackSettings(device="null", backend="miniaudio")


def sound(seconds: float, height: int = 9000) -> Audio:
    """A wave that never touches 0, so that every silence is somebody's."""
    wave = height + 1000 * np.sin(np.arange(round(seconds * RATE)) / 20)
    return Audio(wave.astype("<i2").tobytes(), RATE)


def samples(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, "<i2").astype(int)


def test_it_begins_with_what_fills_a_device_when_that_comes_faster_than_it_is_played(hand):
    player, device = hand()
    player.write(sound(0.1))
    assert not device.running
    player.write(sound(0.2))
    assert device.running


def test_what_comes_too_late_is_a_silence_without_a_click_and_nothing_is_lost(hand):
    player, device = hand()
    player.write(first := sound(0.5))
    assert device.ask(RATE // 4) == first.pcm[: RATE // 2]
    device.ask(RATE // 2)
    device.ask(1000)
    assert player.underruns == 1
    player.write(more := sound(0.5))
    device.ask(RATE // 2)
    out = samples(device.out)
    edge = round(0.003 * RATE)
    # The wave itself is never steeper than 50 a sample; a fall of 3 ms from 10000 is 140.
    assert np.abs(np.diff(out[100:])).max() < 200
    assert np.array_equal(out[: RATE // 2], samples(first.pcm))
    assert np.array_equal(out[-RATE // 2 + edge :], samples(more.pcm)[edge:])
    assert player.position == RATE


def test_the_end_is_no_sound_that_comes_too_late(hand, eventually):
    player, device = hand(lead=100, tail=50)
    player.write(said := sound(0.5))
    closing = threading.Thread(target=player.close)
    closing.start()
    eventually(lambda: player._ended)
    while not device.finished:
        device.ask(2400)
    closing.join()
    assert player.underruns == 0
    assert device.closed
    out = samples(device.out)
    lead = RATE // 10
    assert not out[:lead].any()
    assert np.array_equal(out[lead : lead + RATE // 2], samples(said.pcm))
    assert not out[lead + RATE // 2 :].any()
    assert player.position == RATE // 2


def test_a_change_of_volume_is_gradual(hand):
    player, device = hand()
    player.write(sound(1))
    device.ask(2400)
    player.volume = -20.0
    device.ask(2400)
    device.ask(2400)
    out = samples(device.out)
    assert np.abs(np.diff(out)).max() < 100
    assert out[:2400].mean() == pytest.approx(9000, rel=0.02)
    assert out[4800:].mean() == pytest.approx(900, rel=0.02)


@pytest.mark.parametrize("factor", [0.2, 0.8, 1.3, 3.0])
@pytest.mark.parametrize("block", [0.08, 0.32, 4.0])
def test_a_head_start_is_enough_and_not_more_than_a_tenth_too_much(factor, block):
    total, now = 60.0, 0.0
    start = HeadStart(1000.0, lambda: total, now)
    began = None
    for _ in range(round(total / block)):
        now += block * factor
        start.came(block, now)
        if began is None and start.due(start.seconds, 0.0, now):
            began, queued = now, start.seconds
        if began is not None:
            assert now - began <= start.seconds - block + 0.01, "it ran dry"
    assert began is not None
    least = max(0.2, total * (1 - 1 / factor) if factor > 1 else 0.0)
    assert queued <= least + 0.1 * total + 3 * block


def test_who_waits_for_more_text_hears_what_is_there():
    start = HeadStart(100.0, lambda: None, 0.0, live=True)
    for now in (0.1, 0.2, 30.0):  # somebody types slowly
        start.came(1.0, now)
    assert not start.due(0.01, 0.0, 30.1)
    assert start.due(0.01, 0.0, 40.0)


@pytest.fixture
def null() -> Player:
    pytest.importorskip("miniaudio")
    return Player(find_loudspeaker(SETTINGS).ready(), RATE, SETTINGS)


def threads_and_descriptors() -> tuple[int, int]:
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("drops", [(), ("Null",)])
def test_pausing_holds_the_position_and_loses_nothing(null, eventually, monkeypatch, drops):
    null._stream._drops = bool(drops)
    null.write(sound(1.5))
    eventually(lambda: null.position > RATE // 10)
    null.pause()
    held, taken = null.position, null.taken
    assert held <= taken
    for _ in range(3):
        time.sleep(0.1)  # longer than the device goes without asking
        assert (null.position, null.taken) == (held, taken)
    null.resume()
    null.close()
    assert null.position == round(1.5 * RATE)
    assert null.underruns == 0


def test_nothing_stays_behind(eventually):
    pytest.importorskip("miniaudio")
    loudspeaker = find_loudspeaker(SETTINGS).ready()
    before = threads_and_descriptors()
    for finish in (Player.close, Player.abort) * 3:
        player = Player(loudspeaker, RATE, SETTINGS)
        player.write(sound(0.3))
        finish(player)
        player.abort()
    eventually(lambda: threads_and_descriptors() <= before)


def test_a_device_that_takes_no_more_is_noticed(hand, monkeypatch):
    monkeypatch.setattr("ttm.playback.player.STALLED", 0.1)
    player, device = hand()
    player.write(sound(0.5))
    device.ask(2400)
    with pytest.raises(DeviceError, match="takes no more sound"):
        player.close()


def test_a_device_that_is_gone_is_noticed(hand):
    player, device = hand()
    player.write(sound(0.5))
    device.failure = DeviceError("the loudspeaker is gone")
    with pytest.raises(DeviceError, match="gone"):
        player.write(sound(0.5))


class FakeSimple(types.ModuleType):
    """The interface of simpleaudio 1.0.4."""

    def __init__(self) -> None:
        super().__init__("simpleaudio")
        self.played: list[tuple[bytes, int, int, int]] = []

    def play_buffer(self, audio, channels, width, rate):
        self.played.append((audio, channels, width, rate))
        over = threading.Event()
        return types.SimpleNamespace(
            wait_done=lambda: over.wait(len(audio) / width / rate / 10),
            stop=over.set,
            is_playing=lambda: not over.is_set(),
        )


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="simpleaudio crashes there")
def test_simpleaudio_gets_a_sentence_at_a_time(monkeypatch, eventually):
    fake = FakeSimple()
    monkeypatch.setitem(sys.modules, "simpleaudio", fake)
    settings = PlaybackSettings(backend="simpleaudio")
    player = Player(find_loudspeaker(settings).ready(), RATE, settings)
    pause = Audio(bytes(RATE // 2), RATE)
    said = [sound(0.3), sound(0.2), pause, sound(0.3)]
    for each in said:
        if each is said[-1]:
            eventually(lambda: fake.played)
        player.write(each)
    player.close()
    assert b"".join(one[0] for one in fake.played) == b"".join(each.pcm for each in said)
    assert {one[1:] for one in fake.played} == {(1, 2, RATE)}
    assert fake.played[0][0] == b"".join(each.pcm for each in said[:3])


def test_simpleaudio_is_not_used_where_it_crashes(ttm):
    env = {"TTM_PLAYBACK_PLAYER": "auto", "TTM_PLAYBACK_BACKEND": "simpleaudio"}
    done = ttm("say", "hi", "-m", "tone", env=env)
    assert done.returncode == 8
    why = b"crashes on Python 3.12" if sys.version_info >= (3, 12) else b"is not installed"
    assert why in done.stderr
