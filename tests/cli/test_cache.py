"""A sentence spoken once is not spoken again: `ttm say` with its cache, and `ttm cache`."""

from __future__ import annotations

import json
import os
import time

import pytest

EVERY = ("--set", "cache.every_engine=true")


@pytest.fixture
def say(here):
    """`ttm say` with what it reports."""

    def run(*words, code: int = 0) -> dict:
        ended, out, err = here("say", *words, "--json")
        assert ended == code, err
        return json.loads(out)

    return run


def counts(told: dict) -> tuple[int, int, int]:
    return told["chunks"], told["cached"], told["spoken"]


def chunks(home) -> list:
    return list((home / ".cache/ttm/spoken/chunks").glob("*/*"))


@pytest.mark.parametrize("model", ["tone", "espeak"])
def test_an_edited_sentence_alone_is_spoken_and_the_rest_is_the_same_to_the_byte(
    say, tmp_path, model
):
    text = "One two. Three 4.\n\nFive six; seven. One two."
    words = ("-m", model, "--seed", "3", *EVERY, "-r", "1.1")
    assert counts(say(text, "-o", "a.wav", *words)) == (4, 1, 3)
    edited = text.replace("six", "sixty")
    assert counts(say(edited, "-o", "b.flac", "--timings", "b.json", *words)) == (4, 3, 1)
    fresh = say(edited, "-o", "c.flac", "--timings", "c.json", "--no-cache", *words)
    assert counts(fresh) == (4, 0, 4)
    for suffix in ("flac", "json"):
        b, c = ((tmp_path / f"{name}.{suffix}").read_bytes() for name in "bc")
        assert b == c


def test_another_volume_pause_or_format_finds_it_and_another_tempo_does_not(say, tmp_path):
    words = ("One. Two.", "-m", "tone", *EVERY)
    say(*words, "-o", "a.wav")
    other = ("--volume", "-6", "--pause", "10", "-o", "b.mp3")
    assert counts(say(*words, *other)) == (2, 2, 0)
    assert counts(say(*words, "-o", "c.wav", "-r", "1.2")) == (2, 0, 2)
    assert counts(say(*words, "-o", "c.wav", "-v", "low")) == (2, 0, 2)
    assert counts(say(*words, "-o", "c.wav", "--seed", "4")) == (2, 0, 2)


def test_quick_engines_are_not_kept_unless_asked_for_and_others_are(ttm, faulty, home):
    for model, kept in (("tone", 0), ("faulty", 2)):
        for again in (0, kept):
            done = ttm("say", "One. Two.", "-m", model, "-o", "x.wav", "--json", env=faulty)
            assert counts(json.loads(done.stdout)) == (2, again, 2 - again)
        assert len(chunks(home)) == kept


def test_a_voice_keeps_the_seed_that_it_drew_until_the_cache_is_cleared(say, here):
    words = ("-m", "tone", "-o", "x.wav", *EVERY)
    seeds = [say(text, *words)["seed"] for text in ("One.", "Two.", "One.")]
    assert len(set(seeds)) == 1
    assert say("One.", *words, "-v", "low")["seed"] != seeds[0]
    assert say("One.", *words, "--seed", "9")["seed"] == 9
    assert here("cache", "clear")[0] == 0
    assert say("One.", *words)["seed"] != seeds[0]


def test_what_was_not_whole_is_not_kept(ttm, faulty, home):
    words = ("say", "-m", "faulty", "-o", "x.wav", "--json")
    skipped = ttm(*words, "One. kill-11 Two.", "--on-error", "skip", env=faulty)
    assert json.loads(skipped.stdout)["skipped"]
    assert ttm(*words, "Three. raises", env=faulty).returncode == 6
    told = json.loads(ttm(*words, "One. Three. Two.", env=faulty).stdout)
    assert told["cached"] <= 2
    assert not any(b"One" in each.read_bytes() for each in chunks(home))


@pytest.mark.parametrize("damage", ["cut", "zeros", "junk"])
def test_what_is_damaged_is_spoken_again(say, tmp_path, home, damage):
    words = ("One two three. Four five.", "-m", "tone", *EVERY, "-o")
    say(*words, "a.wav")
    for path in chunks(home):
        whole = path.read_bytes()
        path.write_bytes(
            {"cut": whole[:-3], "zeros": bytes(len(whole)), "junk": b"x" + whole[1:]}[damage]
        )
    assert counts(say(*words, "b.wav")) == (2, 0, 2)
    assert counts(say(*words, "c.wav")) == (2, 2, 0)
    assert len({(tmp_path / f"{name}.wav").read_bytes() for name in "abc"}) == 1


def test_a_folder_that_cannot_be_written_costs_one_warning(say, here, home):
    (home / ".cache").write_text("a file")
    told = say("One. Two. Three.", "-m", "tone", *EVERY, "-o", "x.wav")
    assert counts(told) == (3, 0, 3)
    (warning,) = told["warnings"]
    assert warning.startswith("what is spoken from here on is not kept: cannot write")
    assert here("cache", "status")[0] == here("cache", "clear")[0] == 0


def test_without_a_home_it_speaks_all_the_same(say, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", "nowhere")
    told = say("One. Two.", "-m", "tone", *EVERY, "-o", "x.wav")
    assert counts(told) == (2, 0, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["x.wav"]


def test_the_status_counts_what_is_there_and_clearing_frees_it(say, here, home):
    say("One two. Three.", "-m", "tone", *EVERY, "-o", "x.wav")
    code, out, _ = here("cache", "status", "--json")
    told = json.loads(out)
    assert (code, told["entries"], told["max_bytes"]) == (0, 2, 512_000_000)
    assert told["bytes"] == sum(path.stat().st_size for path in chunks(home))
    assert told["folder"] == str(home / ".cache/ttm/spoken")
    assert 0.5 < told["seconds"] < 1.5
    assert "2 pieces" in here("cache", "status")[1]
    old = chunks(home)[0]
    os.utime(old, (time.time() - 3 * 86_400,) * 2)
    freed = json.loads(here("cache", "clear", "--older-than", "2d", "--json")[1])
    assert freed["entries"] == 1
    assert not old.exists()
    code, out, _ = here("cache", "clear")
    assert (code, out[:15]) == (0, "removed 1 piece")
    assert json.loads(here("cache", "status", "--json")[1])["entries"] == 0
    assert [path.name for path in (home / ".cache/ttm/spoken").iterdir()] == [".lock"]


@pytest.mark.parametrize("age", ["x", "3", "-1d", "3y", ""])
def test_an_age_that_is_none_is_refused(here, age):
    code, _, err = here("cache", "clear", f"--older-than={age}")
    assert code == 2
    assert "as in 30d" in err


def test_a_text_longer_than_the_cache_finds_its_beginning_again(say):
    text = " ".join(f"Sentence number {n}." for n in range(12))
    words = (text, "-m", "tone", *EVERY, "-o", "x.wav", "--set", "cache.max_bytes=200000")
    first, second = say(*words), say(*words)
    assert "cache.max_bytes is 200.0 kB" in first["warnings"][0]
    assert 2 <= second["cached"] < 12
    assert len(second["warnings"]) == 1


def test_measuring_a_model_is_not_answered_from_the_cache(here, home):
    code, _, err = here("bench", "-m", "tone", "--runs", "1", *EVERY, "--json")
    assert (code, chunks(home)) == (0, []), err
