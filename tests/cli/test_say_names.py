"""Names and values that exist, and what is said about those that do not."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def refuse(here):
    """Run `ttm say hi` with these words; the one line of an error with exit code 2."""

    def run(*words: str) -> str:
        code, out, err = here("say", "hi", "-o", "x.wav", *words)
        assert (code, out) == (2, ""), err
        assert err.startswith("ttm: error: ")
        assert err.count("\n") == 1
        line: str = err
        return line

    return run


@pytest.mark.parametrize(
    ("flag", "values"),
    [
        ("--rate", ("0", "-1", "1e9", "nan", "inf", "fast", "0.2", "5", "")),
        ("--pitch", ("13", "1e9", "NaN", "Inf", "high")),
        ("--volume", ("-61", "21", "nan", "-inf", "loud")),
        ("--pause", ("-1", "1e9", "60001", "nan", "0.5", "long")),
        ("--paragraph-pause", ("-1", "x")),
        ("--sample-rate", ("-1", "1", "7999", "192001", "1e9", "nan", "cd")),
        ("--bitrate", ("-1", "1", "1e9", "nan", "high")),
        ("--seed", ("-2", "4294967296", "1.5", "nan", "x")),
        ("--on-error", ("explode",)),
        ("--format", ("mp4",)),
        ("--split", ("word",)),
        ("--input-format", ("docx",)),
        ("--encoding", ("utf-99",)),
        ("--errors", ("explode",)),
    ],
)
def test_a_wrong_value_is_answered_with_its_flag_and_what_would_be_right(refuse, flag, values):
    for value in values:
        words = refuse(f"{flag}={value}")
        assert words.startswith(f"ttm: error: {flag}"), words
        assert "expected" in words or "is not known" in words, words


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("-m", "spek"), ("unknown model 'spek'", "did you mean 'espeak'?")),
        (("-m", "qwen9"), ("unknown model 'qwen9'", "did you mean 'qwen3'?")),
        (("-m", "piper"), ("unknown model 'piper'", "known models: espeak, tone, qwen3:0.6b,")),
        (("-m", "qwen3:1"), ("'qwen3:1' is the beginning of several models", "qwen3:1.7b-base")),
        (("-v", "germn"), ("unknown voice 'germn'", "'German'", "ttm voices list -m espeak")),
        (("-v", "en-us+f22"), ("unknown voice variant '+f22'", "'+f2'", "--variants")),
        (("-v", "sine"), ("unknown voice 'sine'", "ttm voices list -m espeak")),
        (("-l", "Germn"), ("no voice for language 'Germn'", "did you mean 'German'")),
        (("-l", "xx"), ("no voice for language 'xx'",)),
        (("-v", "fr", "-l", "de"), ("voice 'fr' speaks fr, not de", "--voice or --language")),
        (("-p", "news"), ("there is no profile 'news'",)),
        (("--set", "say.rat=2"), ("--set say.rat: unknown setting", "did you mean 'say.rate'?")),
        (("--set", "say.rate"), ("--set takes key=value, not 'say.rate'",)),
        (("--set", "say.rate=0"), ("--set say.rate: expected a factor",)),
        (
            ("--voise", "de"),
            ("there is no option '--voise'", "did you mean '--voice'", "`ttm say --help`"),
        ),
        (("-v",), ("option '-v' requires an argument", "`ttm say --help`")),
        (("-o", "y.wav", "-w", "z.wav"), ("-o and -w both name an output",)),
    ],
)
def test_what_does_not_exist_is_answered_with_what_does(refuse, words, says):
    told = refuse(*words).casefold()
    for each in says:
        assert each.casefold() in told


def test_the_beginning_of_several_voices_is_answered_with_all_of_them(refuse):
    words = refuse("-v", "fr-")
    assert "'fr-' is the beginning of several voices. Choose one of: fr-be, fr-ch\n" in words


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("en-gb", "en"),
        ("fr-fr", "fr"),
        ("zh", "cmn"),
        ("German", "de"),
        ("en-us-n", "en-us-nyc"),
        ("en_US", "en-us"),
        ("en-us+F3", "en-us+f3"),
    ],
)
def test_a_voice_goes_by_its_name_its_tag_its_language_or_a_unique_beginning(ttm, asked, found):
    done = ttm("say", "hello", "-v", asked, "-o", "x.wav", "--json")
    told = json.loads(done.stdout)
    assert (told["voice"], told["warnings"]) == (found, [])


@pytest.mark.parametrize(
    ("words", "env", "language"),
    [
        (("hello",), {}, "en-us"),
        (("hello", "-l", "de-AT"), {}, "de"),
        (("hello", "-l", "french"), {}, "fr"),
        (("Привет, мир",), {}, "ru"),
        (("Привет, мир", "-v", "de"), {}, "de"),
        (("Hallo",), {"LANG": "de_DE.UTF-8"}, "de"),
        (("Hallo",), {"LANG": "tlh_QQ.UTF-8", "LC_ALL": "C"}, "en-us"),
        (("Hallo", "-l", "en-gb"), {"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_language_is_as_asked_else_of_the_script_else_of_the_locale(ttm, words, env, language):
    done = ttm("say", *words, "-o", "x.wav", "--json", env=env)
    assert json.loads(done.stdout)["language"] == language


def test_without_strict_another_voice_speaks_and_says_so(ttm):
    done = ttm("say", "hi", "-v", "nobody", "--no-strict", "-o", "x.wav")
    assert done.returncode == 0
    says = b"ttm: warning: unknown voice 'nobody'; 'en-us' speaks instead\n"
    assert done.stderr == says
    done = ttm("say", "hi", "-v", "nobody", "-o", "x.wav", env={"TTM_MODELS_STRICT": "false"})
    assert done.stderr == says
    env = {"TTM_MODELS_STRICT": "false"}
    assert ttm("say", "hi", "-v", "nobody", "--strict", "-o", "x.wav", env=env).returncode == 2


def test_a_question_mark_lists_the_voices_and_says_nothing(ttm, tmp_path):
    listed = ttm("say", "-v", "?", "-m", "tone")
    assert (listed.returncode, listed.stderr) == (0, b"")
    assert [line.split()[0] for line in listed.stdout.decode().splitlines()] == [
        "NAME", "high", "low", "sine",
    ]  # fmt: skip
    german = ttm("say", "hi", "-v", "?", "-l", "de", "--json", "-o", "x.wav")
    assert [voice["name"] for voice in json.loads(german.stdout)] == ["de"]
    assert not list(tmp_path.iterdir())
