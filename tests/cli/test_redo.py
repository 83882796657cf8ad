"""`ttm say --manifest` and `ttm redo`: one sentence of a file replaced."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
import soundfile

TEXT = "First one here. The second sentence is this. And a third one, at last.\n\nA new paragraph."
TONE = ("-m", "tone", "--seed", "5", "--manifest")


@pytest.fixture
def written(here, tmp_path):
    """Write the text, or another, to this file with a manifest."""

    def run(name: str, *words: str, text: str = TEXT) -> Path:
        code, _, err = here("say", text, "-o", name, *TONE, *words)
        assert code == 0, err
        return tmp_path / name

    return run


def parts(file: Path) -> list[dict[str, object]]:
    return json.loads(Path(f"{file}.ttm.json").read_text())["parts"]


def samples(file: Path):
    return soundfile.read(file, dtype="int16")[0]


def test_a_manifest_says_where_each_sentence_is(written):
    file = written("x.wav", "--pause", "100", "--paragraph-pause", "300")
    told, sound = parts(file), samples(file)
    assert [part["sentence"] for part in told] == [1, 2, 3, 4]
    assert "".join(TEXT[part["start"] : part["end"]] for part in told) == TEXT
    assert [part["text"] for part in told][1] == "The second sentence is this."
    assert (told[0]["first"], told[-1]["last"]) == (0, len(sound))
    gaps = [after["first"] - part["last"] for part, after in pairwise(told)]
    assert [gap / 24_000 for gap in gaps] == [0.1, 0.1, 0.3]
    for part, after in pairwise(told):
        assert not sound[part["last"] : after["first"]].any()
        assert sound[part["first"] : part["last"]].any()


@pytest.mark.parametrize("name", ["x.wav", "x.flac"])
def test_every_other_sample_stays_as_it_was(here, written, name):
    file = written(name)
    before, old = samples(file), parts(file)
    code, out, err = here("redo", name, "--sentence", "2", "--text", "A word. Two more.", "--json")
    assert code == 0, err
    after, new = samples(file), parts(file)
    told = json.loads(out)
    assert told["text"] == "A word. Two more."
    assert [part["sentence"] for part in new] == [1, 2, 2, 3, 4]
    first, last = old[1]["first"], old[1]["last"]
    assert (new[1]["first"], new[2]["last"] - last) == (first, len(after) - len(before))
    assert (before[:first] == after[:first]).all()
    assert (before[last:] == after[new[2]["last"] :]).all()
    assert len(before) != len(after)
    assert {part["attempt"] for part in new[1:3]} == {1}
    assert [(part["start"], part["end"]) for part in new[:3]] == [(0, 16), (16, 45), (16, 45)]


def test_the_same_sentence_of_the_same_voice_gives_the_same_file_and_the_next_seed_is_another(
    here, written
):
    file = written("x.wav")
    before = file.read_bytes()
    seeds = []
    for _ in range(2):
        code, out, err = here("redo", "x.wav", "--sentence", "4", "--json")
        assert code == 0, err
        seeds.append(json.loads(out)["seed"])
        assert file.read_bytes() == before
    assert len({5, *seeds}) == 3
    assert (parts(file)[3]["seed"], parts(file)[3]["attempt"]) == (seeds[1], 2)
    here("redo", "x.wav", "--sentence", "4", "--seed", "77")
    assert parts(file)[3]["seed"] == 77


@pytest.mark.parametrize("name", ["x.mp3", "x.pcm"])
def test_a_file_of_any_format_is_written_again_as_long_as_it_should_be(here, written, name):
    file = written(name)
    old = parts(file)
    code, out, err = here("redo", name, "--sentence", "1", "--text", "Word.", "--json")
    assert code == 0, err
    new = parts(file)
    moved = new[0]["last"] - old[0]["last"]
    assert [part["first"] for part in new[1:]] == [part["first"] + moved for part in old[1:]]
    about = json.loads(Path(f"{file}.ttm.json").read_text())
    size = file.stat().st_size // 2 if name == "x.pcm" else soundfile.info(file).frames
    assert size == about["samples"] == new[-1]["last"] == json.loads(out)["output"]["samples"]


def test_another_file_leaves_the_first_as_it_was(here, written, tmp_path):
    file = written("x.wav")
    before = file.read_bytes(), Path(f"{file}.ttm.json").read_bytes()
    assert here("redo", "x.wav", "--sentence", "1", "--text", "No.", "-o", "y.wav")[0] == 0
    assert (file.read_bytes(), Path(f"{file}.ttm.json").read_bytes()) == before
    assert here("redo", "y.wav", "--sentence", "1", "--text", TEXT[:15])[0] == 0
    assert (tmp_path / "y.wav").read_bytes() == before[0]
    code, _, err = here("redo", "x.wav", "--sentence", "1", "-o", "y.flac")
    assert (code, "'y.flac' says another format than 'x.wav' has" in err) == (2, True)


def test_a_long_sentence_is_replaced_with_all_of_its_chunks_and_what_was_normalized_stays_so(
    here, written
):
    long = "And " + "so it goes on and on and on " * 30 + "until it ends."
    file = written("x.wav", "--normalize", "--volume", "-20", text=f"One. {long} Three.")
    before = samples(file)
    assert [part["sentence"] for part in parts(file)] == [1, 2, 2, 2, 3]
    assert here("redo", "x.wav", "--sentence", "3")[0] == 0
    assert here("redo", "x.wav", "--sentence", "2")[0] == 0
    assert [part["sentence"] for part in parts(file)] == [1, 2, 2, 2, 3]
    assert abs(samples(file).astype(int) - before).max() <= 1
    assert here("redo", "x.wav", "--sentence", "2", "--text", "Short.")[0] == 0
    assert [part["sentence"] for part in parts(file)] == [1, 2, 3]


def test_each_file_of_a_split_has_a_manifest_of_its_own(here, written, tmp_path):
    written("{n}.wav", "--split", "paragraph")
    assert [part["sentence"] for part in parts(tmp_path / "001.wav")] == [1, 2, 3]
    (only,) = parts(tmp_path / "002.wav")
    assert (only["sentence"], only["first"]) == (1, 0)
    assert here("redo", "002.wav", "--sentence", "1", "--text", "Else.")[0] == 0


def test_sounds_that_were_given_are_given_again(here, home, tmp_path):
    path = home / ".config/ttm/lexicon.toml"
    path.parent.mkdir(parents=True)
    path.write_text('[[word]]\nwritten = "xy"\nipa = "ˈmaʊsˌtɹæp"\n')  # noqa: RUF001
    assert here("say", "An xy.", "-o", "x.wav", "--manifest")[0] == 0
    path.unlink()
    before = samples(tmp_path / "x.wav")
    assert here("redo", "x.wav", "--sentence", "1")[0] == 0
    assert abs(len(samples(tmp_path / "x.wav")) - len(before)) < 0.05 * len(before)


def test_what_cannot_be_redone_is_told_and_left_as_it_is(here, written, tmp_path):
    file = written("x.wav")
    before = file.read_bytes()
    (tmp_path / "z.wav").write_bytes(before)
    (tmp_path / "w.wav").write_bytes(before)
    (tmp_path / "w.wav.ttm.json").write_text('{"schema": 1, "parts": 3}')
    for words, code, says in (
        (("x.wav", "--sentence", "5"), 2, "there is no sentence 5: the file has 4 sentences"),
        (("x.wav", "--sentence", "0"), 2, "there is no sentence 0"),
        (("x.wav", "--sentence", "two"), 2, "--sentence takes a number, not 'two'"),
        (("z.wav", "--sentence", "1"), 2, "`ttm say -f TEXT -o z.wav --manifest`"),
        (("w.wav", "--sentence", "1"), 2, "is not a manifest that this ttm can read"),
        (("x.wav", "--sentence", "1", "--text", " "), 3, "there is nothing to speak"),
        (("x.wav", "--sentence", "1", "-o", "-"), 2, "goes to a file"),
        (("x.wav",), 2, "--sentence"),
    ):
        got, _, err = here("redo", *words)
        assert (got, says in err, err.count("\n")) == (code, True, 1), err
    assert file.read_bytes() == before
    file.write_bytes(before + b"\0\0")
    got, _, err = here("redo", "x.wav", "--sentence", "1")
    assert (got, "'x.wav' has changed since its manifest was written" in err) == (2, True)
    for where in ((), ("-o", "-"), ("-o", "/dev/null")):
        got, _, err = here("say", "hi", "--manifest", *where, "-m", "tone")
        assert (got, "--manifest stands beside a file. Name one with -o" in err) == (2, True)
