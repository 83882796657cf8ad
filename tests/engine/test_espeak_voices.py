"""Who espeak-ng can be: names, variants, pitch, tempo; and where its library is taken from."""

from __future__ import annotations

import sys
import wave
from collections import Counter
from pathlib import Path

import espeakng_loader
import numpy as np
import pytest

from ttm.audio import Audio
from ttm.errors import EngineUnavailable, UnknownName
from ttm.speech import Speech
from ttm.voices import find
from ttm.worker.client import Worker

SENTENCE = "Many new men ran along our long main lane."
"""Almost all of it is voiced."""


def fundamental(audio) -> float:
    """Hertz: the median over the voiced stretches of 60 ms, by autocorrelation."""
    samples, size = audio.numpy(), audio.rate * 60 // 1000
    found: list[float] = []
    for start in range(0, len(samples) - size, size):
        frame = samples[start : start + size] - samples[start : start + size].mean()
        if np.sqrt((frame**2).mean()) < 0.05:
            continue
        likeness = np.correlate(frame, frame, "full")[size - 1 :] / np.arange(size, 0, -1)
        low, high = audio.rate // 500, audio.rate // 45
        period = low + int(likeness[low:high].argmax())
        if likeness[period] > 0.5 * likeness[0]:
            found.append(audio.rate / period)
    assert len(found) > 10
    return float(np.median(found))


@pytest.mark.parametrize("voice", ["en-us", "de", "en-us+f3"])
def test_pitch_is_in_semitones(say, voice):
    usual = fundamental(say(SENTENCE, voice))
    for semitones in (-9, -5, 5, 10):
        risen = fundamental(say(SENTENCE, voice, pitch=semitones)) / usual
        assert risen == pytest.approx(2 ** (semitones / 12), rel=0.1)


@pytest.mark.parametrize(("semitones", "factor"), [(12, 2), (-12, 0.5)])
def test_pitch_reaches_an_octave_through_the_command(ttm, tmp_path, semitones, factor):
    def spoken(*words: str) -> Audio:
        done = ttm("say", *words, "-v", "en-us", "-o", "x.wav", "--", SENTENCE)
        assert done.returncode == 0, done.stderr
        with wave.open(str(tmp_path / "x.wav")) as file:
            return Audio(file.readframes(file.getnframes()), file.getframerate())

    usual, other = spoken(), spoken("--pitch", str(semitones))
    assert fundamental(other) / fundamental(usual) == pytest.approx(factor, rel=0.1)
    assert other.seconds == pytest.approx(usual.seconds, rel=0.1)


@pytest.mark.parametrize("rate", [0.5, 1.5, 2, 4])
def test_rate_is_a_factor_of_tempo(say, rate):
    assert say(SENTENCE).seconds / say(SENTENCE, rate=rate).seconds == pytest.approx(rate, rel=0.2)


def test_a_variant_is_another_timbre_of_the_same_voice(say):
    usual, varied = say(SENTENCE), say(SENTENCE, "en-us+f3")
    assert fundamental(varied) > 1.3 * fundamental(usual)
    assert varied.seconds == pytest.approx(usual.seconds, rel=0.2)


def test_a_voice_speaks_its_own_language(say):
    spoken = {
        voice: say("Michelle sang sieben Lieder.", voice).pcm for voice in ("de", "fr", "en-us")
    }
    assert len(set(spoken.values())) == 3


def test_an_unknown_voice_is_refused_every_time(espeak, say):
    for _ in range(2):
        with pytest.raises(UnknownName, match="espeak-ng has no voice 'vulcan'"):
            say("hi", "vulcan")
    assert say("hi").pcm


def test_voices_have_names_that_nobody_else_has(espeak):
    names = Counter(voice.name for voice in espeak.voices())
    assert [name for name, times in names.items() if times > 1] == []
    assert len([name for name in names if not name.startswith("+")]) > 100
    assert len([name for name in names if name.startswith("+")]) > 20


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("en-us", "en-us"),
        ("English", "en-us"),
        ("en", "en"),  # espeak-ng's own name of British English
        ("en-gb", "en"),
        ("en_GB", "en"),
        ("EN-GB", "en"),
        ("en-gb-x-rp", "en-gb-x-rp"),
        ("fr-fr", "fr"),
        ("fr", "fr"),
        ("french", "fr"),
        ("zh", "cmn"),
        ("pt", "pt"),
        ("pt-PT", "pt"),
        ("Portuguese", "pt"),
        ("pt-br", "pt-br"),
        ("German", "de"),
        ("gmw/de", "de"),
        ("Croatian", "hr"),
        ("Hindi", "hi"),
    ],
)
def test_a_voice_is_found_by_what_people_type(espeak, typed, name):
    assert find(espeak.voices(), typed).name == name


WITHOUT_DICTIONARY = {"fo", "kaa", "xex"}
"""Voices that espeakng-loader 0.2.4 ships without their words."""


def test_every_voice_on_the_list_speaks(espeak):
    silent: set[str] = set()
    for voice in espeak.voices():
        name = "en-us" + voice.name if voice.name.startswith("+") else voice.name
        if not any(audio.seconds > 0.1 for audio in espeak.speak(Speech("3 a", name))):
            silent.add(name)
    assert silent <= WITHOUT_DICTIONARY


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"library": "/nonexistent/libespeak-ng.so"}, "engine.espeak.library"),
        ({"library": sys.executable}, "engine.espeak.library"),
        ({"library": __file__}, "engine.espeak.library"),
        ({"data": "/nonexistent"}, "engine.espeak.data"),
        ({"data": __file__}, "engine.espeak.data"),
        ({"data": str(Path(__file__).parent)}, "engine.espeak.data"),
    ],
)
def test_a_wrong_setting_is_named(options, named):
    worker = Worker("espeak", options)
    try:
        with pytest.raises(EngineUnavailable) as failure:
            worker.voices()
        assert named in failure.value.fix
    finally:
        worker.close()


def test_paths_in_the_home_may_be_written_with_a_tilde(home):
    (home / "espeak").symlink_to(espeakng_loader.get_data_path())
    (home / "espeak.so").symlink_to(espeakng_loader.get_library_path())
    worker = Worker("espeak", {"library": "~/espeak.so", "data": "~/espeak"})
    try:
        assert worker.voices()
    finally:
        worker.close()


def debian() -> tuple[Path, Path] | None:
    for library in Path("/usr/lib").glob("*/libespeak-ng.so.1"):
        for data in (library.parent / "espeak-ng-data", Path("/usr/share/espeak-ng-data")):
            if data.is_dir():
                return library, data
    return None


@pytest.mark.skipif(debian() is None, reason="the package libespeak-ng1 is not installed")
def test_the_library_of_the_distribution_speaks_too():
    library, data = debian()
    worker = Worker("espeak", {"library": str(library), "data": str(data)})
    try:
        names = [voice.name for voice in worker.voices()]
        assert len(names) == len(set(names)) > 100
        (audio,) = worker.speak(Speech("Good morning.", "en-us"))
        assert 0.5 < audio.seconds < 2
        assert [timing.start for timing in audio.timings] == [0, 5]
    finally:
        worker.close()


def test_flat_intonation_and_gaps_between_words_are_heard():
    def spoken(**options: int):
        worker = Worker("espeak", options)
        try:
            (audio,) = worker.speak(Speech("Really, now? You do not say!"))
            return audio
        finally:
            worker.close()

    usual = spoken()
    assert spoken(intonation=0).pcm != usual.pcm
    assert spoken(word_gap=200).seconds - usual.seconds == pytest.approx(0.2 * 4, abs=0.4)
