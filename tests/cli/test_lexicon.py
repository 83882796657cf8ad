"""`ttm lexicon`, and what `ttm say` makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

NGINX = '[say]\nnginx = "engine x"\n'


@pytest.fixture
def lexicon(home) -> Path:
    """The user's own, which is not there yet."""
    path = home / ".config/ttm/lexicon.toml"
    path.parent.mkdir(parents=True)
    return path


@pytest.fixture
def said(here):
    """What `ttm say` would give its engine for these words."""

    def run(*words):
        code, out, err = here("say", *words, "--dry-run", "--json")
        assert code == 0, err
        return [row["text"] for row in json.loads(out)["chunks"]]

    return run


def test_a_word_is_added_listed_changed_and_removed(here, lexicon):
    assert here("lexicon", "add", "nginx", "--say", "engine x")[0] == 0
    added = ("lexicon", "add", "Reading", "--ipa", "ˈrɛdɪŋ", "--language", "en", "--case", "exact")  # noqa: RUF001
    assert here(*added)[0] == 0
    code, out, err = here("lexicon", "add", "nginx", "--say", "engine ex", "--json")
    told = json.loads(out)
    assert (code, told["changed"], told["say"], err) == (0, True, "engine ex", "")
    _, out, _ = here("lexicon", "list")
    assert [line.split() for line in out.splitlines()] == [
        ["WORD", "SAY", "IPA", "WHEN"],
        ["nginx", "engine", "ex"],
        ["Reading", "ˈrɛdɪŋ", "en,", "exact"],  # noqa: RUF001
    ]
    listed = json.loads(here("lexicon", "list", "--json")[1])
    assert [(one["written"], one["line"]) for one in listed] == [("nginx", 2), ("Reading", 4)]
    assert here("lexicon", "rm", "nginx")[0] == 0
    code, _, err = here("lexicon", "rm", "Raeding")
    assert (code, err.count("\n")) == (2, 1)
    assert "did you mean 'Reading'?" in err.lower().replace("reading", "Reading")
    assert "nginx" not in lexicon.read_text()
    assert lexicon.stat().st_mode & 0o777 == 0o600


def test_changing_a_lexicon_keeps_its_comments_and_all_that_is_not_meant(here, lexicon):
    text = """# mine

[say]
# servers
nginx = "engine"  # as they say
kubectl = 'cube C T L'

# people
[[word]]  # the city
written = "Reading"   # not what one does with books
say = "Redding"
language = "en"

[[word]]
written = "Reading"
say = "Reding"
language = "de"
"""
    lexicon.write_text(text)
    for words in (
        ("add", "nginx", "--say", "engine x"),
        ("add", "psql", "--say", "P S Q L"),
        ("add", "Reading", "--say", "Reddin", "--language", "en"),
        ("rm", "Reading", "--language", "de"),
        ("add", 'so "called"\\', "--say", "\n quoted ", "--model", "qwen3"),
    ):
        assert here("lexicon", *words)[0] == 0, words
    assert (
        lexicon.read_text()
        == """# mine

[say]
# servers
nginx = "engine x"  # as they say
kubectl = 'cube C T L'
psql = "P S Q L"

# people
[[word]]  # the city
written = "Reading"   # not what one does with books
say = "Reddin"
language = "en"

[[word]]
written = "so \\"called\\"\\\\"
say = "quoted"
model = "qwen3"
"""
    )


def test_everything_that_is_wrong_with_a_lexicon_is_told_with_its_line(here, lexicon):
    lexicon.write_text(
        '[sya]\na = "b"\n[say]\nc = 3\n"" = "x"\n\n[[word]]\nwritten = "d"\n'
        '[[word]]\nwriten = "e"\nsay = "f"\n[[word]]\nwritten = "g"\nipa = "!?"\n'
        '[[word]]\nwritten = "h"\nsay = "i"\ncase = "any "\nlanguage = "German!"\n'
        f'[[word]]\nwritten = "{"j" * 101}"\nsay = "k"\n'
    )
    code, out, err = here("say", "hello", "--dry-run")
    assert (code, out) == (4, "")
    *problems, last = err.splitlines()
    told = [line.partition("lexicon.toml:")[2] for line in problems]
    assert [int(line.partition(":")[0]) for line in told] == [1, 4, 5, 7, 9, 12, 15, 20]
    assert "did you mean 'say'?" in told[0]
    assert "did you mean 'written'?" in told[4]
    assert last.startswith(f"ttm: error: 8 entries are wrong in {lexicon}")
    lexicon.write_text('[say]\na = "b\n')
    assert f"{lexicon}:2:" in here("lexicon", "list")[2]
    assert here("lexicon", "add", "a", "--say", "b")[0] == 4
    assert lexicon.read_text() == '[say]\na = "b\n'
    lexicon.unlink()
    lexicon.mkdir()
    assert here("say", "hi", "--dry-run")[2].endswith("lexicon.toml is a folder, not a lexicon\n")


def test_what_cannot_be_an_entry_is_a_usage_error(here):
    for words, says in (
        (("nginx",), "nothing says how 'nginx' is said. Give --say TEXT"),
        (("nginx", "--say", "..."), "say of 'nginx': there is nothing in it that could be said"),
        (("nginx", "--say", "x", "--case", "smrt"), "did you mean 'smart'?"),
        (("   ", "--say", "x"), "written: it is empty"),
        (("x", "--ipa", "[[h@'loU]]"), "is no transcription in IPA"),
    ):
        code, _, err = here("lexicon", "add", *words)
        assert (code, says in err, err.count("\n")) == (2, True, 1), err


def test_words_are_said_as_the_lexicon_has_them_before_numbers_are_read(said, lexicon):
    lexicon.write_text(NGINX + '"Apollo 13" = "Apollo thirteen"\n"R2-D2" = "artoo detoo"\n')
    text = "NGINX's nginx-based proxy, nginx.conf, mynginx and Apollo\n 13 on R2-D2 at 3:05 pm."
    assert said(text) == [
        "engine x's engine x-based proxy, nginx dot conf, mynginx and Apollo thirteen on"
        " artoo detoo at three oh five p m."
    ]
    assert said(text, "--no-lexicon")[0].startswith("NGINX's nginx-based")
    assert said("It is 13.", "-m", "tone")[0] == said("It is 13.", "-m", "tone", "--no-lexicon")[0]


def test_a_later_file_wins_beside_the_settings_beside_the_text_and_by_name(
    here, said, lexicon, tmp_path
):
    (tmp_path / "book").mkdir()
    (tmp_path / "book/one.txt").write_text("a b c d")
    lexicon.write_text('[say]\nA = "x"\na = "1"\nb = "1"\nc = "1"\n')
    (tmp_path / "book/lexicon.toml").write_text('[say]\nb = "2"\nc = "2"\n')
    (tmp_path / "more.toml").write_text('[say]\nc = "3"\n')
    file, more = ("-f", "book/one.txt"), ("--lexicon", "more.toml")
    assert said(*file) == ["1 2 2 d"]
    assert said(*file, *more) == ["1 2 3 d"]
    assert said(*file, *more, "--no-lexicon") == ["a b 3 d"]
    assert said("a b c d", "--set", f"text.lexicon={tmp_path}/more.toml") == ["a b 3 d"]
    code, _, err = here("say", "hi", "--lexicon", "no.toml")
    assert (code, "there is no lexicon 'no.toml'. Check the path" in err) == (2, True)
    code, _, err = here("say", "hi", "--set", "text.lexicon=no.toml")
    assert (code, "which text.lexicon names, does not exist" in err) == (4, True)


def test_timings_are_of_the_words_as_they_were_written(here, lexicon, tmp_path):
    lexicon.write_text(NGINX + '[[word]]\nwritten = "quinoa"\nipa = "ˈkiːnwɑː"\n')  # noqa: RUF001
    text = "Say (quinoa), NGINX [[x]] and Quinoa's friend."
    assert here("say", text, "-o", "x.wav", "--timings", "t.json")[0] == 0
    rows = json.loads((tmp_path / "t.json").read_text())["timings"]
    words = [text[row["start"] : row["end"]] for row in rows if row["kind"] == "word"]
    assert words == ["Say", "quinoa", "NGINX", "x", "and", "Quinoa's", "friend"]
    begins = [row["at"] for row in rows if row["kind"] == "word"]
    assert begins == sorted(begins)


def test_an_engine_without_phonemes_says_the_respelling_or_says_that_it_cannot(here, lexicon):
    lexicon.write_text(
        '[[word]]\nwritten = "quinoa"\nipa = "kiːnwɑː"\n'  # noqa: RUF001
        '[[word]]\nwritten = "acai"\nipa = "asaiː"\nsay = "ah sigh"\n'  # noqa: RUF001
    )
    _, out, _ = here("say", "acai. acai.", "-m", "tone", "-o", "x.wav", "--json")
    assert json.loads(out)["warnings"] == []
    _, out, _ = here("say", "quinoa. quinoa.", "-m", "tone", "-o", "x.wav", "--json")
    told = json.loads(out)["warnings"]
    assert len(told) == 1
    assert told[0].startswith("model 'tone' takes no IPA, so words")


def test_a_sound_that_a_voice_has_not_leaves_the_respelling_and_is_told(here, lexicon, tmp_path):
    lexicon.write_text('[[word]]\nwritten = "Böse"\nipa = "ˈbøːzə"\nsay = "burzer"\n')  # noqa: RUF001
    _, out, _ = here("say", "Böse.", "-v", "en-us", "-o", "x.wav", "--json")
    (told,) = json.loads(out)["warnings"]
    assert told == "voice 'en-us' has no sound 'ø', so 'burzer' is not said as /ˈbøːzə/"  # noqa: RUF001
    assert here("say", "burzer.", "--no-lexicon", "-v", "en-us", "-o", "y.wav")[0] == 0
    assert (tmp_path / "x.wav").read_bytes() == (tmp_path / "y.wav").read_bytes()
    _, out, _ = here("say", "Böse.", "-v", "de", "-o", "x.wav", "--json")
    assert json.loads(out)["warnings"] == []


def test_a_word_is_tried_with_its_entry_file_and_line_and_heard(here, lexicon, tmp_path):
    lexicon.write_text(NGINX + '\n[[word]]\nwritten = "quinoa"\nipa = "kiːnwɑː"\n')  # noqa: RUF001
    code, out, err = here("lexicon", "test", "nginx's", "quinoa", "-o", "x.wav")
    assert code == 0, err
    assert out.splitlines() == [
        f"nginx: engine x  ({lexicon}:2)",
        f"quinoa: /kiːnwɑː/  ({lexicon}:4)",  # noqa: RUF001
        "spoken: engine x's quinoa, with /kiːnwɑː/",  # noqa: RUF001
    ]
    assert (tmp_path / "x.wav").stat().st_size > 10_000
    told = json.loads(here("lexicon", "test", "hello", "--no-play", "-m", "tone", "--json")[1])
    assert (told["hits"], told["spoken"], told["model"]) == ([], "hello", "tone")
    _, out, _ = here("lexicon", "test", "hello", "--no-play")
    assert out.startswith("no word of the lexicon (en-us, voice en-us of model espeak)\n")


def test_a_program_s_speech_has_the_lexicon_too(lexicon):
    import ttm

    def samples(text):
        return b"".join(audio.pcm for audio in ttm.speak(text, model="tone"))

    plain = samples("nginx a")
    lexicon.write_text('[say]\nnginx = "a b c d e"\n')
    assert samples("nginx a") == samples("a b c d e a") != plain
