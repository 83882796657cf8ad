"""Where the settings of `ttm say` come from, and which of them wins."""

from __future__ import annotations

import json

import pytest

FILE = """[say]
model = "tone"
voice = "low"

[profiles.shout.say]
voice = "high"
volume = 6
"""


@pytest.fixture
def settings(home):
    """The user's file of settings."""
    file = home / ".config/ttm/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(FILE)
    return file


@pytest.fixture
def voice(ttm):
    """Who speaks with these words and this environment."""

    def ask(*words: str, **env: str) -> str:
        done = ttm("say", "hi", "-o", "x.wav", "--json", *words, env=env)
        assert done.returncode == 0, done.stderr
        name: str = json.loads(done.stdout)["voice"]
        return name

    return ask


def test_options_beat_the_environment_a_profile_the_file_and_the_defaults(voice, settings):
    assert voice() == "low"
    assert voice("-p", "shout") == "high"
    assert voice("-p", "shout", TTM_SAY_VOICE="sine") == "sine"
    assert voice("-v", "high", TTM_SAY_VOICE="sine") == "high"
    assert voice("-v", "high", "--set", "say.voice=low") == "low"
    settings.unlink()
    assert voice("-m", "tone") == "sine"


def test_another_file_can_be_named(voice, settings, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text('[say]\nmodel = "tone"\nvoice = "high"\n')
    assert voice("--config", "other.toml") == "high"
    assert voice(TTM_CONFIG=str(other)) == "high"
    assert voice("--config", str(settings), TTM_CONFIG=str(other)) == "low"


@pytest.mark.parametrize(
    ("variable", "value", "seconds"),
    [("TTM_SAY_RATE", "2", 0.6), ("TTM_SAY_PAUSE", "1250", 2.0), ("TTM_SAY_RATE", "+0%", 1.0)],
)
def test_every_setting_has_a_variable(ttm, settings, variable, value, seconds):
    def length(**env: str) -> float:
        done = ttm("say", "Aaaa. Aaa.", "-o", "x.wav", "--json", env=env)
        assert done.returncode == 0, done.stderr
        told: float = json.loads(done.stdout)["seconds"]
        return told

    usual = length()
    changed = length(**{variable: value})
    assert changed == pytest.approx(usual + 1 if seconds == 2 else usual * seconds, rel=0.15)


def test_wrong_settings_are_told_all_at_once_with_their_places(ttm, settings):
    settings.write_text('[say]\nrate = "fast"\nvoise = "x"\n\n[sayy]\n')
    done = ttm("say", "hi", "-o", "x.wav", env={"TTM_SAY_PAUSE": "-1"})
    assert (done.returncode, done.stdout) == (4, b"")
    lines = done.stderr.decode().splitlines()
    assert lines[0].startswith(f"ttm: {settings}:2: say.rate: expected a factor")
    assert lines[1] == f"ttm: {settings}:3: unknown setting 'say.voise'; did you mean 'say.voice'?"
    assert lines[-2].startswith("ttm: TTM_SAY_PAUSE: expected a whole number from 0 to 60000 ms")
    assert lines[-1] == "ttm: error: 4 settings are wrong"


def test_a_file_of_settings_that_is_not_there_is_an_error_only_when_named(ttm):
    done = ttm("say", "hi", "-m", "tone", "-o", "x.wav")
    assert (done.returncode, done.stderr) == (0, b"")
    for words, env in ((("--config", "nope.toml"), {}), ((), {"TTM_CONFIG": "nope.toml"})):
        done = ttm("say", "hi", "-m", "tone", "-o", "x.wav", *words, env=env)
        assert done.returncode == 4
        assert b"nope.toml does not exist" in done.stderr


def test_help_and_the_version_need_no_settings(ttm, settings):
    settings.write_text("junk")
    for words in (("--help",), ("say", "--help"), ("--version",)):
        done = ttm(*words)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout
