"""The fake: exact to the sample, so that everything above can be tested with it."""

from __future__ import annotations

import numpy as np
import pytest

from ttm.engine.tone import EDGE, GAP, LETTER, PEAK, RATE, VOICES, ToneEngine
from ttm.errors import UnknownName
from ttm.speech import Speech, Timing


@pytest.fixture
def tone():
    return ToneEngine()


def test_the_same_request_gives_the_same_sound(tone):
    speech = Speech("One two three, 4!", "high", rate=1.3, pitch=-2)
    assert list(tone.speak(speech)) == list(ToneEngine().speak(speech))


def test_the_same_word_sounds_the_same_and_another_different(tone):
    one, other, again, loud = tone.speak(Speech("one six one ONE"))
    assert one.pcm == again.pcm == loud.pcm != other.pcm


@pytest.mark.parametrize("rate", [0.25, 1, 4])
def test_a_beep_lasts_as_long_as_its_word_has_letters(tone, rate):
    for word in ("a", "banana", "x" * 40):
        (audio,) = tone.speak(Speech(word, rate=rate))
        period = 1 / VOICES["sine"]  # beeps are made of whole periods, two at least
        beep = audio.timings[0].until
        assert abs(beep - LETTER * len(word) / rate) <= period
        assert audio.seconds - beep == pytest.approx(GAP / rate, abs=1 / RATE)


def test_timings_are_the_words_and_end_with_the_beep(tone):
    text = " Über  den_Wolken, 3½!"
    audios = list(tone.speak(Speech(text)))
    spans = [timing for audio in audios for timing in audio.timings]
    assert [text[timing.start : timing.end] for timing in spans] == ["Über", "den_Wolken", "3½"]
    for audio in audios:
        (timing,) = audio.timings
        assert timing == Timing("word", timing.start, timing.end, 0.0, timing.until)
        beep = round(timing.until * RATE)
        samples = np.frombuffer(audio.pcm, "<i2")
        assert np.abs(samples[beep - 3 : beep]).max() < 1000
        assert not samples[beep:].any()


def test_a_beep_swells_and_fades_and_is_never_too_loud(tone):
    (audio,) = tone.speak(Speech("banana"))
    samples = np.abs(np.frombuffer(audio.pcm, "<i2").astype(float)) / 32767
    edge = round(EDGE * RATE)
    assert samples[0] == 0
    assert samples[: edge // 4].max() < PEAK / 3
    assert samples.max() == pytest.approx(PEAK, rel=0.01)


def test_a_voice_and_a_pitch_are_heard(tone):
    def hertz(voice: str, pitch: float = 0) -> float:
        (audio,) = tone.speak(Speech("banana" * 5, voice, pitch=pitch))
        spectrum = np.abs(np.fft.rfft(audio.numpy()))
        return float(spectrum.argmax()) / audio.seconds

    assert hertz("high") / hertz("sine") == pytest.approx(2, rel=0.02)
    assert hertz("low") / hertz("sine") == pytest.approx(0.5, rel=0.02)
    assert hertz("sine", 12) / hertz("sine") == pytest.approx(2, rel=0.02)


def test_a_text_without_a_word_is_silent(tone):
    assert list(tone.speak(Speech("... — !"))) == []


def test_its_voices_are_those_it_takes(tone):
    assert [voice.name for voice in tone.voices()] == list(VOICES)
    assert all(list(tone.speak(Speech("a", voice.name))) for voice in tone.voices())
    with pytest.raises(UnknownName, match="unknown voice 'loud'"):
        list(tone.speak(Speech("a", "loud")))
    tone.close()
