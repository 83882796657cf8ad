"""Who speaks: the choice of a voice, and the workers behind it."""

from __future__ import annotations

import pytest

from ttm.errors import EngineUnavailable, UnknownModel, UnknownName, UsageError

ENGINE = """
from ttm.audio import Audio
from ttm.speech import Voice
class Engine:
    def voices(self):
        return VOICES
    def speak(self, speech):
        yield Audio(bytes([0, 16]) * 800, 8000)
"""


@pytest.mark.parametrize(
    ("name", "language", "found"),
    [
        ("", "", "en-us"),
        ("", "de", "de"),
        ("", "German", "de"),
        ("", "de-AT", "de"),
        ("", "en-GB", "en"),
        ("de", "", "de"),
        ("French", "", "fr"),
        ("en-us+f3", "", "en-us+f3"),
        ("de", "German", "de"),
        ("en", "en-us", "en"),
    ],
)
def test_a_voice_is_found_by_name_or_language(narrator, name, language, found):
    voice, warning = narrator().voice("espeak", name, language)
    assert (voice.name, warning) == (found, "")


@pytest.mark.parametrize(
    ("name", "language", "says"),
    [
        ("nobody", "", "unknown voice 'nobody'"),
        ("", "Elvish", "model 'espeak' has no voice for language 'Elvish'"),
        ("de", "fr", "voice 'de' speaks de, not fr"),
        ("en-us+loud", "", "unknown voice variant '+loud'"),
    ],
)
def test_a_voice_that_is_not_there_is_refused_or_replaced(narrator, name, language, says):
    with pytest.raises(UsageError, match=says.replace("+", r"\+")):
        narrator().voice("espeak", name, language)
    voice, warning = narrator(models__strict=False).voice("espeak", name, language)
    assert voice.name == "en-us"
    assert warning.startswith(says)
    assert warning.endswith("; 'en-us' speaks instead")


def test_a_tone_has_no_language_so_none_is_wrong(narrator):
    assert narrator().voice("tone", "low", "de")[0].name == "low"
    with pytest.raises(UnknownName):
        narrator().voice("tone", "shrill")


def test_an_unknown_model_is_refused(narrator):
    for use in (narrator().start, narrator().voices):
        with pytest.raises(UnknownModel, match="unknown model 'espek'"):
            use("espek")


def test_voices_are_asked_for_once(narrator, engine):
    name = engine("VOICES = [__import__('ttm.speech').speech.Voice('x', ('de',))]" + ENGINE)
    one = narrator()
    assert one.voices(name) is one.voices(name)


def test_a_voice_without_a_language_gets_one(narrator, narrate, engine):
    name = engine("from ttm.speech import Voice\nVOICES = [Voice('x'), Voice('+y')]" + ENGINE)
    one = narrator()
    assert [voice.languages for voice in one.voices(name)] == [("und",), ()]
    assert narrate("Hi.", name, "x", with_=one).report.language == "und"


def test_an_engine_without_voices_is_no_use(narrator, engine):
    name = engine("VOICES = []" + ENGINE)
    with pytest.raises(EngineUnavailable, match="engine 'own' has no voices"):
        narrator().voices(name)


def test_leaving_the_block_ends_every_worker(narrator, narrate):
    with narrator() as one:
        narrate("Hi.", "tone", with_=one)
        narrate("Hi.", "espeak", with_=one)
    # That nothing is left running is looked after for every test.
    assert narrate("Hi.", "tone", with_=one).pcm
