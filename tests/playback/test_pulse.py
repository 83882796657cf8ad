"""What reaches a sound server is what was spoken, without a gap, however fast it was spoken."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest

TEXT = "Seven birds sang. They flew away, and nobody saw where. "


def aligned(path, spoken: bytes) -> np.ndarray:
    """The recording from where the speech begins in it, as long as the speech."""
    heard = np.frombuffer(path.read_bytes(), "<i2").astype(np.float64)
    wanted = np.frombuffer(spoken, "<i2").astype(np.float64)
    size = len(heard) + len(wanted)
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size))
    at = int(np.argmax(np.fft.irfft(spectrum, size)[: len(heard)]))
    return heard[at : at + len(wanted)]


# Slow: they play in real time, and on a machine that is too busy for that they say nothing of us.
# What does not depend on the machine is in test_player.py.
@pytest.mark.slow
@pytest.mark.parametrize(("tenths", "times"), [(0, 1), (2, 1), (8, 1), (13, 2)])
def test_what_is_heard_is_what_was_spoken_to_the_sample(
    ttm, faulty, pulse, listening, tenths, times
):
    text = f"pace-{tenths} " + TEXT * times
    words = ("say", text, "-m", "faulty")
    spoken = ttm(*words, "-o", "-", "--format", "pcm", env=faulty).stdout
    assert len(spoken) > 100_000
    for attempt in range(3):  # a machine that is too busy to play is no gap of ours
        with listening() as heard:
            done = ttm(*words, env={**faulty, **pulse})
        assert done.returncode == 0, done.stderr
        if np.array_equal(aligned(heard, spoken), np.frombuffer(spoken, "<i2")):
            break
        assert attempt < 2, "samples are missing or changed"
    said = done.stderr.decode()
    assert ("the model speaks at 1.3 times real time" in said) == (tenths == 13), said
    assert said.count("buffering") == (tenths == 13)


@pytest.mark.slow
def test_a_softer_player_changes_nothing_but_the_level(ttm, pulse, listening):
    spoken = ttm("say", TEXT, "-m", "tone", "-o", "-", "--format", "pcm").stdout
    with listening() as heard:
        ttm("say", TEXT, "-m", "tone", env={**pulse, "TTM_PLAYBACK_VOLUME": "-6"})
    wanted = np.frombuffer(spoken, "<i2") * 10 ** (-6 / 20)
    assert np.abs(aligned(heard, spoken) - wanted).max() < 1


def test_the_device_is_listed_and_chosen_by_the_beginning_of_its_name(ttm, pulse):
    assert ttm("say", "-d", "?", env=pulse).stdout == b"Null Output\n"
    assert b'"name": "Null Output"' in ttm("say", "-d", "?", "--json", env=pulse).stdout
    assert ttm("say", "a", "-m", "tone", "-d", "nul", env=pulse).returncode == 0
    done = ttm("say", "a", "-m", "tone", "-d", "Bluetooth", env=pulse)
    assert done.returncode == 2
    assert done.stderr.startswith(b"ttm: error: there is no device 'Bluetooth'")


@pytest.mark.parametrize("words", [(), ("-o", "x.wav", "--play")])
def test_when_the_server_goes_that_is_told_and_a_file_is_finished(
    ttm, mortal_pulse, tmp_path, words
):
    server, own = mortal_pulse
    text = "word " * 200
    env = {**os.environ, **own}
    process = subprocess.Popen(
        [sys.executable, "-m", "ttm", "say", text, "-m", "tone", *words],
        env=env, cwd=tmp_path, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    listed = ["pactl", "list", "sink-inputs"]
    deadline = time.monotonic() + 20
    while b"Corked: no" not in subprocess.run(listed, env=env, capture_output=True).stdout:
        assert time.monotonic() < deadline
    server.kill()
    _, said = process.communicate(timeout=30)
    assert process.returncode == 8, said
    assert said.startswith(b"ttm: error: the loudspeaker ")
    if words:
        ttm("say", text, "-m", "tone", "-o", "y.wav")
        assert (tmp_path / "x.wav").read_bytes() == (tmp_path / "y.wav").read_bytes()
