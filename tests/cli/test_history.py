"""`ttm history`: what is remembered, and what is not."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from ttm.narration.history import History, Said

SAY = ("-m", "tone", "-o", "x.wav", "-q")
FULL = ("--set", "history.keep=full")


@pytest.fixture
def state(home) -> Path:
    return home / ".local/state/ttm"


@pytest.fixture
def listed(here):
    """What `ttm history list` shows."""

    def run() -> list[dict[str, object]]:
        code, out, err = here("history", "list", "--json")
        assert code == 0, err
        return json.loads(out)

    return run


def test_a_speech_is_remembered_without_its_text(here, listed, state, tmp_path):
    (tmp_path / "note.txt").write_text("secret words")
    assert here("say", "secret words", "-r", "2", "--seed", "7", *SAY)[0] == 0
    assert here("say", "-f", "note.txt", *SAY)[0] == 0
    newest, oldest = listed()
    assert (newest["number"], newest["files"]) == (1, [f"{tmp_path}/note.txt"])
    assert newest["digest"] == oldest["digest"]
    for key, value in {
        "number": 2,
        "model": "tone",
        "voice": "sine",
        "seed": 7,
        "characters": 12,
        "outputs": [f"{tmp_path}/x.wav"],
        "played": False,
        "exit": 0,
        "files": [],
        "settings": {"rate": "2"},
        "text": None,
    }.items():
        assert oldest[key] == value
    assert oldest["seconds"] > 0.1
    for file in state.iterdir():
        assert b"secret" not in file.read_bytes()
        assert file.stat().st_mode & 0o777 == 0o600
    assert state.stat().st_mode & 0o777 == 0o700


def test_a_fingerprint_cannot_be_looked_up_by_another(here, listed, state):
    here("say", "hello", *SAY)
    (first,) = listed()
    assert here("history", "clear")[2] == "Forgot 1 speech\n"
    assert not list(state.glob("history*"))
    here("say", "hello", *SAY)
    assert listed()[0]["digest"] != first["digest"]


def test_nothing_is_remembered_where_that_is_wished(here, listed, state):
    for words in (("--no-history",), ("--set", "history.keep=off"), ("--dry-run",)):
        assert here("say", "hello", *SAY, *words)[0] == 0
    assert here("lexicon", "test", "hello", "-m", "tone", "-o", "x.wav")[0] == 0
    assert here("say", "   ", *SAY)[0] == 3
    assert listed() == []
    assert not state.exists() or not list(state.glob("history.jsonl"))
    assert here("history", "list")[2].startswith("Nothing was said yet")


def test_a_speech_that_failed_is_remembered_with_its_exit_code(ttm, faulty, listed):
    assert ttm("say", "a kill-11", "-m", "faulty", "-o", "x.wav", env=faulty).returncode == 6
    (told,) = listed()
    assert (told["exit"], told["model"], told["seed"], told["outputs"]) == (6, "faulty", None, [])


def test_what_was_kept_in_full_is_said_again_as_it_was(here, listed, tmp_path):
    text = 'the "kept" text\n\nand more'
    assert here("say", text, "-r", "1.5", "-v", "en-gb", "-o", "one.wav", *FULL)[0] == 0
    (told,) = listed()
    assert (told["text"], told["settings"]) == (text, {"rate": "1.5"})
    assert here("history", "play", "1", "-o", "two.wav")[0] == 0
    assert (tmp_path / "one.wav").read_bytes() == (tmp_path / "two.wav").read_bytes()
    assert [one["text"] for one in listed()] == [None, text]
    code, out, _ = here("history", "show", "2")
    assert code == 0
    assert "text        the" in out
    assert json.loads(here("history", "show", "2", "--json")[1])["text"] == text


def test_without_its_text_a_speech_is_said_again_from_its_file_as_long_as_that_is_the_same(
    here, tmp_path
):
    note = tmp_path / "note.txt"
    note.write_text("some words")
    here("say", "-f", "note.txt", *SAY)
    assert here("history", "play", "1", "-o", "y.wav")[0] == 0
    assert (tmp_path / "x.wav").read_bytes() == (tmp_path / "y.wav").read_bytes()
    note.write_text("other words")
    code, _, err = here("history", "play", "1", "-o", "y.wav")
    assert (code, "note.txt is no longer what was said" in err) == (2, True)
    note.unlink()
    code, _, err = here("history", "play", "1", "-o", "y.wav")
    assert (code, "its text cannot be had: " in err) == (2, True)
    here("say", "an argument", *SAY)
    code, _, err = here("history", "play", "1")
    assert (code, "its text was not kept. `ttm config set history.keep full`" in err) == (2, True)
    for words in (("play", "9"), ("show", "0"), ("show", "one"), ("clear", "--older-than", "old")):
        code, _, err = here("history", *words)
        assert (code, err.count("\n")) == (2, 1), words


def test_only_what_is_older_is_forgotten(here, listed, state):
    kept = History(state)
    for age in (3_000_000, 90_000, 10):
        kept.add(Said(os.stat(state.parents[2]).st_mtime - age, model="tone"))
    assert here("history", "clear", "--older-than", "2w")[2] == "Forgot 1 speech\n"
    assert json.loads(here("history", "clear", "--older-than", "1d", "--json")[1])["removed"] == 1
    assert len(listed()) == 1


def test_many_at_once_lose_nothing_and_the_oldest_go_first(state):
    kept = History(state, most=400, most_bytes=1_000_000)

    def add(worker: int) -> None:
        for i in range(60):
            kept.add(Said(i, model=f"m{worker}", files=("f" * 100,)))

    threads = [threading.Thread(target=add, args=[worker]) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept.every()) == 360
    for i in range(60):
        kept.add(Said(1000 + i))
    every = kept.every()
    assert 360 <= len(every) <= 400
    assert [said.time for said in every[:60]] == [1059 - i for i in range(60)]
    small = History(state, most=400, most_bytes=10_000)
    small.add(Said(2000, text="x" * 2_000))
    assert small.path.stat().st_size <= 10_000
    assert small.every()[0].time == 2000


def test_a_line_that_was_cut_off_or_is_not_ours_harms_no_other(here, listed, state):
    state.mkdir(parents=True)
    (state / "history.jsonl").write_bytes(
        b'{"time": 1, "mod\n\xff\xff\n[1]\n{"time": 2, "new": 1}\n{"ti'
    )
    here("say", "hello", *SAY)
    assert [one["model"] for one in listed()] == ["tone", ""]


def test_a_place_that_cannot_be_written_is_one_warning(here, state, tmp_path):
    state.parent.mkdir(parents=True)
    state.write_text("in the way")
    code, _, err = here("say", "hello", "-m", "tone", "-o", "x.wav")
    assert (code, err.count("\n")) == (0, 1)
    assert err.startswith("ttm: warning: the history does not have this: cannot write")
    assert (tmp_path / "x.wav").exists()
