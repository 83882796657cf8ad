from __future__ import annotations

import numpy as np
import pytest

from ttm.audio import Audio
from ttm.audio.level import fade, gain


def s16(samples):
    return Audio(np.array(samples, "<i2").tobytes(), 1000)


def f32(samples):
    return Audio(np.array(samples, "<f4").tobytes(), 1000, "f32")


def test_gain_is_in_decibels_and_counts_what_it_clips():
    louder, clipped = gain(s16([1000, -1000, 20_000, -20_000]), 20 * np.log10(2))
    assert np.frombuffer(louder.pcm, "<i2").tolist() == [2000, -2000, 32767, -32768]
    assert clipped == 2
    softer, clipped = gain(f32([0.5, -1.0]), -6.0206)
    assert softer.numpy() == pytest.approx([0.25, -0.5], abs=1e-4)
    assert (softer.sample_format, clipped) == ("f32", 0)


def test_no_gain_changes_nothing():
    audio = s16([1, 2, 3])
    assert gain(audio, 0) == (audio, 0)


def test_a_fade_starts_and_ends_in_silence_and_leaves_the_middle():
    audio = f32([1.0] * 100)
    both = fade(audio, 0.01).numpy()
    assert both[0] == both[-1] == 0
    assert (np.diff(both[:11]) > 0).all()
    assert (np.diff(both[-11:]) < 0).all()
    assert (both[10:90] == 1).all()
    assert fade(audio, 0.01, "start").numpy()[-1] == 1
    assert fade(audio, 0.01, "end").numpy()[0] == 1


def test_a_fade_longer_than_the_sound_takes_all_of_it():
    assert fade(s16([1000] * 4), 1, "start").samples == 4
    assert fade(s16([]), 1).pcm == b""
    assert fade(s16([5]), 0).pcm == s16([5]).pcm


def test_a_16_bit_sound_fades_in_whole_steps():
    faded = np.frombuffer(fade(s16([1000] * 8), 0.004, "start").pcm, "<i2").tolist()
    assert faded == [0, 250, 500, 750, 1000, 1000, 1000, 1000]
