from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ttm.audio import Audio
from ttm.audio.stretch import Stretcher, stretch
from ttm.errors import UsageError
from ttm.speech import Timing

FACTORS = [0.25, 0.5, 0.8, 1.1, 1.5, 2.0, 4.0]


def tone(hertz, seconds=2.0, rate=24_000):
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return Audio(wave.astype("<f4").tobytes(), rate, "f32")


def level(audio):
    return 20 * np.log10(np.sqrt(np.mean(np.square(audio.numpy(), dtype=np.float64))))


def pitch(audio):
    spectrum = np.abs(np.fft.rfft(audio.numpy() * np.hanning(audio.samples), 1 << 19))
    return np.argmax(spectrum) * audio.rate / (1 << 19)


@pytest.mark.parametrize("factor", FACTORS)
def test_speech_keeps_its_level_and_changes_its_length(speech, factor):
    other = stretch(speech, factor)
    assert other.seconds == pytest.approx(speech.seconds / factor, rel=0.001)
    assert level(other) == pytest.approx(level(speech), abs=1)
    assert (other.rate, other.sample_format) == (speech.rate, "s16")


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("hertz", [80, 200, 440])
def test_a_tone_keeps_its_pitch_and_gets_no_clicks(hertz, factor):
    other = stretch(tone(hertz), factor)
    assert pitch(other) == pytest.approx(hertz, rel=0.01)
    assert level(other) == pytest.approx(level(tone(hertz)), abs=0.5)
    steepest = 0.5 * 2 * np.pi * hertz / 24_000
    assert np.abs(np.diff(other.numpy())).max() < 1.3 * steepest


def test_a_tempo_of_one_changes_nothing(speech):
    assert stretch(speech, 1) is speech


@pytest.mark.parametrize("factor", [0.2, 4.1, float("nan"), -1, 0])
def test_a_tempo_out_of_range_is_refused(speech, factor):
    with pytest.raises(UsageError, match=r"is not between 0\.25 and 4"):
        stretch(speech, factor)


def test_timings_move_with_the_words(speech):
    audio = Audio(speech.pcm, speech.rate, timings=(Timing("word", 2, 5, 1.0, 1.5),))
    (timing,) = stretch(audio, 2).timings
    assert (timing.start, timing.end, timing.at, timing.until) == (2, 5, 0.5, 0.75)


@settings(max_examples=60, deadline=None)
@example(samples=1, factor=2.0, rate=8_000)
@given(st.integers(0, 3000), st.floats(0.25, 4), st.sampled_from([8_000, 22_050, 48_000]))
def test_any_length_can_be_stretched(samples, factor, rate):
    audio = Audio(np.full(samples, 0.5, "<f4").tobytes(), rate, "f32")
    other = stretch(audio, factor)
    assert other.samples == (max(1, round(samples / factor)) if samples else 0)
    assert np.abs(other.numpy()).max(initial=0) <= 0.501


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.37, 2.0])
def test_sound_that_comes_piece_by_piece_is_stretched_without_a_seam(factor):
    rng = np.random.default_rng(3)
    samples = (rng.standard_normal(30_000) * 5000).astype("<i2").tobytes()
    stretcher, out = Stretcher(24_000, factor), b""
    for start in range(0, len(samples), 2 * 777):
        out += stretcher.write(Audio(samples[start : start + 2 * 777], 24_000)).pcm
    out += stretcher.finish().pcm
    assert out == stretch(Audio(samples, 24_000), factor).pcm
