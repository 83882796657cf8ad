"""`ttm voices`, and which voice is meant by a name."""

from __future__ import annotations

import json

import pytest

from ttm.errors import UnknownName, UsageError
from ttm.speech import Voice
from ttm.voices import find, for_language, speaks

VOICES = [
    Voice("en-gb", ("en-gb", "en"), "English (Lancaster)", model="x"),
    Voice("en-us", ("en-us", "en"), "English (America)", "male", "x", ("gmw/en-US",)),
    Voice("fr-be", ("fr-be", "fr"), "French (Belgium)", model="x"),
    Voice("fr", ("fr", "fr-fr"), "French (France)", model="x"),
    Voice("cmn", ("cmn", "zh", "zh-cmn"), "Chinese (Mandarin)", model="x"),
    Voice("german", ("de",), "German", model="x"),
    Voice("+f2", (), "f2: timbre", "female", "x"),
]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("en-us", "en-us"),
        ("EN_us", "en-us"),
        ("gmw/en-us", "en-us"),
        ("en-gb", "en-gb"),
        ("de", "german"),
        ("ger", "german"),
        ("zh", "cmn"),
        ("English", "en-us"),
        ("french", "fr"),
        ("fr-fr", "fr"),
        ("en-us+F2", "en-us+f2"),
        ("ger+f2", "german+f2"),
    ],
)
def test_a_name_finds_its_voice(asked, found):
    assert find(VOICES, asked).name == found


def test_a_variant_lends_its_gender():
    assert find(VOICES, "en-us+f2").gender == "female"
    assert find(VOICES, "en-us").gender == "male"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("e", "'e' is the beginning of several voices. Choose one of: en-gb, en-us"),
        ("germen", "unknown voice 'germen'. did you mean 'german'?"),
        ("xyz", "unknown voice 'xyz'. `ttm voices list -m x` shows all"),
        ("", "unknown voice ''"),
        ("+f2", "unknown voice ''"),
        ("en-us+", "unknown voice variant '+'. `ttm voices list --variants` shows all"),
        ("en-us+f3", "unknown voice variant '+f3'. did you mean '+f2'?"),
    ],
)
def test_a_name_that_finds_none_is_answered_with_those_near_it(asked, says):
    with pytest.raises(UsageError) as caught:
        find(VOICES, asked)
    assert caught.value.sentence.casefold().startswith(says.casefold())
    assert isinstance(caught.value, UnknownName) == ("beginning" not in says)


@pytest.mark.parametrize(
    ("language", "found"),
    [
        ("en", "en-us"),
        ("en-AU", "en-us"),
        ("fr", "fr"),
        ("fr-CA", "fr"),
        ("fr_BE", "fr-be"),
        ("zh-cmn-Hans", "cmn"),
        ("French", "fr"),
        ("xx", None),
        ("", None),
    ],
)
def test_a_language_finds_the_voice_whose_own_it_is(language, found):
    voice = for_language(VOICES, language)
    assert (voice.name if voice else None) == found


def test_a_voice_speaks_the_dialects_of_its_languages():
    french = VOICES[3]
    assert speaks(french, "fr")
    assert speaks(french, "fr-CA")
    assert not speaks(french, "de")
    assert speaks(VOICES[5], "german")


def test_the_list_has_every_language_once_by_its_tag(ttm):
    listed = ttm("voices", "list", "--json")
    assert (listed.returncode, listed.stderr) == (0, b"")
    voices = json.loads(listed.stdout)
    names = [voice["name"] for voice in voices]
    assert names == sorted(set(names))
    assert len(names) > 130
    assert {"en-us", "de", "fr", "ru", "cmn", "ja", "ar"} <= set(names)
    assert all(voice["model"] == "espeak" and voice["languages"] for voice in voices)


def test_the_list_is_a_table_and_can_be_narrowed(ttm):
    shown = ttm("voices", "list", "-l", "German").stdout.decode().splitlines()
    assert [line.split() for line in shown] == [
        ["NAME", "GENDER", "LANGUAGES", "DESCRIPTION"],
        ["de", "male", "de", "German"],
    ]
    variants = ttm("voices", "list", "--variants", "--json").stdout
    assert all(voice["name"].startswith("+") for voice in json.loads(variants))
    none = ttm("voices", "list", "-l", "xx", "-m", "tone")
    assert (none.returncode, none.stdout) == (2, b"")
    assert b"model 'tone' has no voice for language 'xx'" in none.stderr


def test_one_voice_is_shown_by_any_of_its_names(ttm):
    shown = ttm("voices", "show", "German").stdout.decode()
    assert "name         de\n" in shown
    assert json.loads(ttm("voices", "show", "de", "--json").stdout)["description"] == "German"
    missing = ttm("voices", "show", "germn", "--json")
    assert missing.returncode == 2
    assert json.loads(missing.stdout)["error"]["code"] == "unknown_name"


def test_voices_alone_shows_its_help(ttm):
    done = ttm("voices")
    assert (done.returncode, done.stderr) == (2, b"")
    assert b"list" in done.stdout
    assert b"--install-completion" not in done.stdout
