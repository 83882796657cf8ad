"""Which voice is meant: for all the voices that espeak-ng has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ttm.errors import UnknownName, UsageError
from ttm.speech import Voice
from ttm.voices import VARIANT, find, for_language, speaks
from ttm.worker.client import Worker


@pytest.fixture
def voices() -> Iterator[list[Voice]]:
    worker = Worker("espeak")
    yield worker.voices()
    worker.close()


def test_every_voice_is_found_by_its_name_however_it_is_written(voices):
    for voice in voices:
        if not voice.name.startswith(VARIANT):
            for typed in (voice.name, voice.name.upper(), voice.name.replace("-", "_")):
                assert find(voices, typed) == voice


def test_every_voice_is_found_by_its_place_in_the_library(voices):
    for voice in voices:
        if not voice.name.startswith(VARIANT):
            assert find(voices, voice.aliases[0]) == voice


def test_every_variant_can_be_added_to_a_voice(voices):
    variants = [voice for voice in voices if voice.name.startswith(VARIANT)]
    for variant in variants:
        found = find(voices, "de" + variant.name.upper())
        assert (found.name, found.languages) == ("de" + variant.name, ("de",))
        assert found.gender == (variant.gender or "male")


def test_every_language_has_a_voice_that_speaks_it(voices):
    for tag in {tag for voice in voices for tag in voice.languages}:
        voice = for_language(voices, tag)
        assert voice is not None
        assert speaks(voice, tag)
        assert tag in voice.languages or tag == "en"


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("en", "en-us"),
        ("en-GB", "en"),
        ("en-IE", "en-us"),
        ("fr", "fr"),
        ("fr-CA", "fr"),
        ("fr_BE", "fr-be"),
        ("de-AT-1996", "de"),
        ("pt", "pt"),
        ("pt-BR", "pt-br"),
        ("zh-TW", "cmn"),
        ("no", "nb"),
        ("Norwegian Bokmål", "nb"),
        ("english", "en-us"),
        ("Welsh", "cy"),
    ],
)
def test_a_language_finds_the_voice_of_its_home(voices, language, name):
    found = for_language(voices, language)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("language", ["tlh", "Elvish", "", "-", "x-de"])
def test_a_language_that_nobody_speaks_finds_nobody(voices, language):
    assert for_language(voices, language) is None


@pytest.mark.parametrize(
    ("typed", "failure"),
    [("", UnknownName), ("nobody", UnknownName), ("de+", UnknownName), ("fr-", UsageError)],
)
def test_a_name_that_is_nobodys_or_several_voices_is_refused(voices, typed, failure):
    with pytest.raises(failure):
        find(voices, typed)


def test_a_voice_of_another_engine_is_found_whatever_its_case_and_languages():
    voices = [Voice("Alba", ("en",)), Voice("Jean", ("fr",))]
    assert (
        find(voices, "Alba").name == find(voices, "alba").name == find(voices, "AL").name == "Alba"
    )
    assert for_language(voices, "en") == for_language(voices, "en-AU") == voices[0]
