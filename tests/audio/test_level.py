from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm.audio import Audio, silence
from ttm.audio.level import fade, gain, trim_silence
from ttm.speech import Timing

S16 = st.lists(st.sampled_from([0, 0, 0, 1, -1, 256, -256, 1000]), max_size=40)


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


@settings(max_examples=100)
@given(S16)
def test_trimming_zeros_leaves_exactly_what_is_between_sounds(samples):
    trimmed = np.frombuffer(trim_silence(s16(samples)).pcm, "<i2").tolist()
    loud = [at for at, sample in enumerate(samples) if sample]
    assert trimmed == (samples[loud[0] : loud[-1] + 1] if loud else [])


@settings(max_examples=100)
@given(S16)
def test_a_threshold_below_one_step_trims_like_none(samples):
    assert trim_silence(s16(samples), -120).pcm == trim_silence(s16(samples)).pcm


@settings(max_examples=100)
@given(S16, st.floats(0, 0.05), st.floats(0, 0.05))
def test_timings_stay_within_the_sound_that_is_left(samples, first, second):
    at, until = sorted((first, second))
    audio = Audio(s16(samples).pcm, 1000, timings=(Timing("word", 0, 4, at, until),))
    (timing,) = trim_silence(audio).timings
    assert 0 <= timing.at <= timing.until <= trim_silence(audio).seconds + 1e-9
    assert timing.until - timing.at <= until - at + 1e-9


def test_a_timing_moves_with_its_word():
    audio = Audio(bytes(200) + s16([9] * 50).pcm, 1000, timings=(Timing("word", 3, 7, 0.12, 0.14),))
    (timing,) = trim_silence(audio).timings
    assert (timing.start, timing.end) == (3, 7)
    assert (timing.at, timing.until) == (pytest.approx(0.02), pytest.approx(0.04))


def test_a_threshold_trims_what_stays_below_it():
    audio = f32([0.001, 0.2, 0.001, 0.1, 0.009])
    assert trim_silence(audio, -40).numpy() == pytest.approx([0.2, 0.001, 0.1])
    assert trim_silence(audio, 0).pcm == b""
    assert trim_silence(silence(1, 1000, "f32")).pcm == b""
