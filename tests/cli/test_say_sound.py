"""Tempo, pitch, volume, pauses and seeds, measured in what comes out."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile

SENTENCE = "This is a sentence of some length, spoken aloud for a test."
RATE = 24_000


@pytest.fixture
def sound(ttm, tmp_path):
    """Say something with these words after it; the samples, between -1 and 1."""

    def speak(*words: str) -> np.ndarray:
        done = ttm("say", *words, "-o", "x.wav")
        assert (done.returncode, done.stderr) == (0, b"")
        samples: np.ndarray = soundfile.read(tmp_path / "x.wav")[0]
        return samples

    return speak


@pytest.mark.parametrize("model", ["espeak", "tone"])
def test_a_rate_shortens_and_lengthens(sound, model):
    usual = len(sound(SENTENCE, "-m", model))
    fast = len(sound(SENTENCE, "-m", model, "-r", "2"))
    assert 0.48 < fast / usual < 0.54
    slow = len(sound(SENTENCE, "-m", model, "--speed", "0.5"))
    assert 1.85 < slow / usual < 2.05
    # 44 words a minute are below what espeak-ng can do itself.
    slowest = len(sound(SENTENCE, "-m", model, "--rate", "0.25"))
    assert 3.5 < slowest / usual < 4.1


def test_a_rate_can_be_words_a_minute_or_a_change(sound):
    doubled = sound(SENTENCE, "-m", "tone", "-r", "2")
    assert np.array_equal(sound(SENTENCE, "-m", "tone", "-r", "350wpm"), doubled)
    assert np.array_equal(sound(SENTENCE, "-m", "tone", "-r", "+100%"), doubled)


def hertz(samples: np.ndarray) -> float:
    """How high a voice is at 22,050 Hz, by the autocorrelation of 80 ms of it."""
    part = samples[len(samples) // 4 :][: int(0.08 * 22_050)]
    like = np.correlate(part, part, "full")[len(part) - 1 :]
    lags = slice(22_050 // 400, 22_050 // 50)
    return 22_050 / (lags.start + int(np.argmax(like[lags])))


def test_a_stretched_voice_keeps_its_pitch(sound):
    usual, slow = sound("Aaaah, mama."), sound("Aaaah, mama.", "-r", "0.3")
    assert len(slow) > 3 * len(usual)
    assert hertz(slow) == pytest.approx(hertz(usual), rel=0.08)


def test_espeak_speaks_higher_and_lower(sound):
    usual = hertz(sound("Aaaah, mama."))
    assert hertz(sound("Aaaah, mama.", "--pitch", "9")) > 1.3 * usual
    assert hertz(sound("Aaaah, mama.", "--pitch", "-9")) < 0.8 * usual


def test_pauses_are_exact(sound):
    def length(*words: str) -> int:
        return len(sound("One. Two.\n\nThree.", "-m", "tone", *words))

    none = length("--pause", "0", "--paragraph-pause", "0")
    assert length("--pause", "1000", "--paragraph-pause", "0") - none == RATE
    assert length("--pause", "0", "--paragraph-pause", "1500") - none == 1.5 * RATE
    assert length() - none == (0.25 + 0.6) * RATE


def test_a_pause_is_silence(sound):
    samples = sound("One. Two.", "-m", "tone", "--pause", "1000")
    quiet = np.flatnonzero(samples == 0)
    longest = np.split(quiet, np.flatnonzero(np.diff(quiet) > 1) + 1)
    assert max(map(len, longest)) == pytest.approx(RATE, abs=3)


def test_pitch_moves_the_frequency_and_not_the_length(sound):
    def crossings(samples: np.ndarray) -> int:
        return int(np.count_nonzero(np.diff(np.signbit(samples))))

    usual = sound("beep", "-m", "tone")
    high = sound("beep", "-m", "tone", "--pitch", "12")
    low = sound("beep", "-m", "tone", "--pitch", "-12")
    assert crossings(high) / crossings(usual) == pytest.approx(2, rel=0.05)
    assert crossings(low) / crossings(usual) == pytest.approx(0.5, rel=0.1)
    assert len(high) == pytest.approx(len(usual), rel=0.02)


def test_volume_is_in_decibels(sound):
    usual = np.abs(sound("beep", "-m", "tone")).max()
    softer = np.abs(sound("beep", "-m", "tone", "--volume", "-6")).max()
    assert softer / usual == pytest.approx(10 ** (-6 / 20), rel=0.01)


def test_too_much_volume_is_warned_about(ttm):
    done = ttm("say", "beep", "-m", "tone", "--volume", "20", "-o", "x.wav", "--json")
    assert done.returncode == 0
    assert b"ttm: warning: --volume pushed " in done.stderr
    report = json.loads(done.stdout)
    assert report["clipped"] > 1000
    assert len(report["warnings"]) == 1
    done = ttm("say", "beep", "-m", "tone", "--volume", "20", "-o", "x.wav", "--quiet")
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("volume", ["-20", "6"])
def test_normalized_sound_peaks_just_below_full_scale(sound, volume):
    peak = np.abs(sound("beep", "-m", "tone", "--normalize", "--volume", volume)).max()
    assert 20 * np.log10(peak) == pytest.approx(-1, abs=0.05)


@pytest.mark.parametrize("model", ["espeak", "tone"])
def test_the_same_seed_gives_the_same_bytes(ttm, tmp_path, model):
    for name in ("a.wav", "b.wav"):
        words = ("say", SENTENCE, "-m", model, "--seed", "7", "-o", name, "--json")
        assert json.loads(ttm(*words).stdout)["seed"] == 7
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_a_random_seed_is_reported(ttm):
    drawn = {
        json.loads(ttm("say", "hi", "-m", "tone", "-o", "x.wav", "--json").stdout)["seed"]
        for _ in range(2)
    }
    assert len(drawn) == 2
