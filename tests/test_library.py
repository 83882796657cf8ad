"""The voices that a user keeps: theirs alone, whole or not there, one writer at a time."""

from __future__ import annotations

import os
import stat
import threading
import time
from dataclasses import replace

import pytest

from ttm.errors import BadVoice, NameTaken, OutputError, TooManyVoices, UnknownName, UsageError
from ttm.voicefile import Tensor, VoiceFile, read
from ttm.voices.library import STALE, Library

VOICE = VoiceFile("anna", "cloned", bytes(48_000), 24_000, "Hello.", "de")
PROMPT = {"embedding": Tensor("F32", (2,), bytes(8))}


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "voices", most=3)


def test_a_voice_is_its_users_alone(library):
    path = library.add(VOICE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(library.folder.stat().st_mode) == 0o700
    assert library.names() == ["anna"]
    voice = library.voice("ANNA")
    assert (voice.recording, voice.transcript, voice.languages) == (str(path), "Hello.", ("de",))


def test_looking_makes_no_folder(library):
    assert library.voices() == []
    assert not library.find("anna")
    with pytest.raises(UnknownName):
        library.remove("anna")
    assert not library.folder.exists()


def test_a_name_is_given_once_unless_it_is_forced(library):
    library.add(VOICE)
    with pytest.raises(NameTaken) as failure:
        library.add(replace(VOICE, transcript="Other."))
    assert failure.value.status == 409
    library.add(replace(VOICE, transcript="Other."), force=True)
    assert library.get("anna").transcript == "Other."


def test_one_voice_too_many_is_refused(library):
    for name in ("a", "b", "c"):
        library.add(replace(VOICE, name=name))
    with pytest.raises(TooManyVoices, match="3 voices"):
        library.add(replace(VOICE, name="d"))
    library.add(replace(VOICE, name="c"), force=True)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "-x", "x-", "a b", "a\0", "é", "x" * 49, "~"]
)
def test_a_name_that_could_be_a_path_or_an_option_is_refused(library, name):
    with pytest.raises(UsageError, match="a voice cannot be called"):
        library.path(name)
    assert not library.find(name)


def test_of_many_writers_at_once_one_wins_and_all_prompts_are_kept(library):
    path = library.add(VOICE)
    refused = []

    def add(number):
        library.keep_prompt(path, f"engine-{number}", PROMPT)
        try:
            library.add(replace(VOICE, name="race", transcript=str(number)))
        except NameTaken:
            refused.append(number)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(100, 108)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(read(path).prompts) == [f"engine-{number}" for number in range(100, 108)]
    assert len(refused) == 7
    assert sorted(file.name for file in library.folder.iterdir()) == [
        ".lock",
        "anna.ttmvoice",
        "race.ttmvoice",
    ]


def test_a_prompt_is_kept_once_and_never_changed(library):
    path = library.add(VOICE)
    library.keep_prompt(path, "engine-100", PROMPT)
    before = path.read_bytes()
    library.keep_prompt(path, "engine-100", {"embedding": Tensor("F32", (1,), bytes(4))})
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match="a tensor of a type"):
        library.keep_prompt(path, "engine-101", {"embedding": Tensor("F16", (1,), bytes(2))})


def test_one_damaged_voice_hides_no_other(library):
    library.add(VOICE)
    library.path("bob").write_bytes(b"junk")
    (library.folder / "notes.txt").write_text("not a voice")
    listed = {voice.name: voice for voice in library.voices()}
    assert (listed["anna"].source, listed["bob"].source) == ("cloned", "damaged")
    with pytest.raises(BadVoice):
        library.voice("bob")
    library.remove("bob")
    assert library.names() == ["anna"]


def test_a_failed_write_leaves_the_old_voice(library, monkeypatch):
    path = library.add(VOICE)
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device") as failure:
        library.add(replace(VOICE, transcript="Other."), force=True)
    assert failure.value.status == 507
    assert path.read_bytes() == before
    assert sorted(file.name for file in library.folder.iterdir()) == [".lock", "anna.ttmvoice"]


def test_what_a_killed_one_left_behind_is_removed_after_a_day(library):
    library.add(VOICE)
    old, new = (library.folder / f".anna-0123456{i}.part" for i in range(2))
    for left in (old, new):
        left.touch()
    os.utime(old, (0, time.time() - STALE - 60))
    library.add(replace(VOICE, name="bob"))
    assert not old.exists()
    assert new.exists()


def test_a_voice_that_is_removed_while_it_is_read_is_read_to_its_end(library):
    path = library.add(VOICE)
    with path.open("rb") as file:
        begun = file.read(100)
        library.remove("anna")
        assert len(begun + file.read()) > 48_000
