"""The voices that a user added, at every command: with an engine that clones and no torch."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from ttm.voicefile import VoiceFile, pack, read
from ttm.voices.library import Library

VOICE = VoiceFile("me", "cloned", np.arange(48_000, dtype="<i2").tobytes(), 24_000, "What I say.")


@pytest.fixture
def library(home, plugins):
    """With one voice in it, and a model `mute` that clones."""
    library = Library(home / ".local/share/ttm/voices")
    library.add(VOICE)
    return library


def test_a_voice_is_made_ready_once_when_it_first_speaks(here, library):
    path = library.path("me")
    say = ("say", "asked", "-m", "mute", "-v", "ME", "-o", "x.wav")
    code, _, err = here(*say)
    assert code == 6  # it says what it was asked for, and makes no sound
    assert f"recording={path} transcript=What I say." in err
    kept = path.read_bytes()
    assert list(read(path).prompts) == ["slow-00000001"]
    _, _, err = here(*say[:5], path, *say[6:])  # by the name of its file
    assert f"recording={path} transcript=What I say." in err
    assert here("say", "hello", *say[2:])[0] == 0
    assert path.read_bytes() == kept


def test_a_library_that_cannot_be_written_is_told_and_spoken_from(here, library, tmp_path):
    (library.folder / ".lock").unlink()
    (library.folder / ".lock").mkdir()
    code, _, err = here("say", "hello", "-m", "mute", "-v", "me", "-o", "x.wav")
    assert code == 0
    assert "the voice is made anew each time: cannot write" in err
    assert (tmp_path / "x.wav").exists()


def test_a_damaged_voice_is_one_line_and_exit_5(here, library):
    path = library.path("me")
    path.write_bytes(path.read_bytes()[:-1])
    code, _, err = here("say", "hello", "-m", "mute", "-v", "me", "-o", "x.wav")
    assert (code, err.count("\n")) == (5, 1)
    assert "is damaged" in err
    assert "damaged" in here("voices", "list", "-m", "tone")[1]


def test_a_voice_that_the_model_refuses_is_not_kept(here, library, tmp_path, monkeypatch):
    import soundfile

    rng = np.random.default_rng(1)
    syllables = np.repeat(rng.random(40) > 0.3, 2400) * rng.standard_normal(96_000) * 0.1
    soundfile.write(tmp_path / "x.wav", syllables, 24_000)
    add = ("voices", "add", "bob", "x.wav", "-m", "mute")
    before = sorted(library.folder.iterdir())
    code, _, err = here(*add, "--text", "refuse this, which nobody can say so fast or slowly")
    assert (code, "this cannot be cloned" in err) == (2, True)
    assert sorted(library.folder.iterdir()) == before
    # The fake says one tone for ever, which the guard would not take for speech.
    monkeypatch.setenv("TTM_GUARD_ENABLED", "false")
    code, out, err = here(*add, "--json", "-o", "test.wav")
    assert code == 0, err
    assert json.loads(out)["prompts"] == ["slow-00000001"]
    assert (tmp_path / "test.wav").exists()


def test_a_model_that_cannot_clone_says_which_can(here, library):
    code, _, err = here("say", "Hello.", "-v", "me", "-o", "x.wav")
    assert code == 2
    assert "'me' is a cloned voice, and model 'espeak' cannot clone. Take a model that" in err


def test_own_voices_of_a_model_stand_beside_those_of_the_user(here, library):
    listed = json.loads(here("voices", "list", "-m", "slow", "--json")[1])
    assert {one["name"]: one["source"] for one in listed} == {
        "anna": "model",
        "bob": "model",
        "chen": "model",
        "me": "cloned",
    }
    assert "your own (cloned)" in here("voices", "list", "-m", "mute")[1]
    assert "for a model that clones" in here("voices", "list", "-m", "tone")[1]
    for name in ("me", "anna"):
        shown = here("say", "hi", "--dry-run", "-m", "slow", "-v", name)[1]
        assert f"voice {name}" in shown


def test_a_voice_is_shown_and_its_own_text_is_not_replaced(here, library):
    shown = json.loads(here("voices", "show", "m", "-m", "tone", "--json")[1])
    assert (shown["name"], shown["transcript"], shown["seconds"]) == ("me", "What I say.", 2.0)
    code, _, err = here(
        *("say", "hi", "-v", "me", "-m", "slow", "--voice-text", "x", "-o", "x.wav")
    )
    assert (code, "brings its own text" in err) == (2, True)


def test_an_export_overwrites_nothing_and_is_called_what_it_is(here, library, tmp_path):
    assert here("voices", "export", "me", "me.wav")[0] == 2
    assert here("voices", "export", "me", "me.ttmvoice")[0] == 0
    assert here("voices", "export", "me", "me.ttmvoice")[0] == 7
    assert here("voices", "export", "me", "me.ttmvoice", "--force")[0] == 0
    assert here("voices", "export", "nobody", "x.ttmvoice")[0] == 2
    assert (tmp_path / "me.ttmvoice").read_bytes() == pack(VOICE)


def test_an_import_believes_nothing(here, library, tmp_path):
    file = tmp_path / "in.ttmvoice"
    for block, code in [
        (pack(replace(VOICE, name="../../x")), 5),
        (pack(replace(VOICE, name="ryan")), 2),
        (pack(VOICE), 2),
        (pack(VOICE)[:-2], 5),
        (b"\x80\x04\x95pickle", 5),
        (b"PK\x03\x04" + bytes(99), 5),
    ]:
        file.write_bytes(block)
        done = here("voices", "import", "in.ttmvoice")
        assert (done[0], done[2].count("\n")) == (code, 1), done
    assert library.names() == ["me"]
    file.write_bytes(pack(replace(VOICE, description="\x1b[31mred")))
    assert here("voices", "import", "in.ttmvoice", "--force")[0] == 0
    assert "\x1b" not in here("voices", "show", "me", "-m", "tone")[1]


def test_voices_are_removed_together_or_not_at_all(here, library):
    library.add(replace(VOICE, name="other"))
    code, _, err = here("voices", "rm", "me", "nobody")
    assert (code, "there is no voice 'nobody' of yours" in err) == (2, True)
    assert library.names() == ["me", "other"]
    assert here("voices", "rm", "de")[0] == 2
    assert here("voices", "rm", "me", "Other", "me")[0] == 0
    assert library.names() == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("x", "deep", "-m", "tone"), "nobody is here to choose one"),
        (("x", "deep", "-m", "tone", "-k", "1"), "model 'tone' does not design voices"),
        (("x", "deep", "-k", "1"), "the checkpoint of model 'qwen3:1.7b-design' is not here"),
        (("x", "deep", "-n", "99", "-k", "1"), "--count '99' is not from 1 to 16"),
        (("x", "deep", "-k", "5"), "--keep '5' is not from 1 to 4"),
        (("x", "", "-k", "1"), "the description is empty"),
        (("x", "deep", "-k", "1", "-l", "de"), "ttm has no line to be said in language 'de'"),
        (("x", "deep", "-k", "1", "-t", "x" * 401), "the line is not of 1 to 400 characters"),
    ],
    ids=lambda each: "" if isinstance(each, str) else " ".join(each)[:30],
)
def test_a_design_that_cannot_be_meant_is_refused_before_anything_starts(
    here, library, words, says
):
    code, _, err = here("voices", "design", *words)
    assert (code in (2, 5), err.count("\n")) == (True, 1)
    assert says in err
