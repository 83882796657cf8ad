"""`ttm config`, as a user types it."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from ttm.config import every_setting, example, load

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def file(home: Path) -> Path:
    """Where the user's settings are, in a home that has none yet."""
    return home / "settings/config.toml"


@pytest.fixture
def ttm(ttm, home: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    others = ("TTM_", "LC_", "VISUAL", "EDITOR", "FORCE_COLOR")
    for name in [n for n in os.environ if n.startswith(others)]:
        monkeypatch.delenv(name)
    own = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "xdg"), "TTM_CONFIG": str(file)}
    own["LANG"] = "C.UTF-8"

    def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        done = ttm("config", *arguments, env=own | environ)
        out, err = done.stdout.decode(), done.stderr.decode()
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    return run


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_the_path_is_printed_whether_the_file_exists_or_not(ttm, file, home):
    asked = ttm("path")
    assert (asked.returncode, asked.stdout) == (0, f"{file}\n")
    assert "does not exist" in asked.stderr
    usual = ttm("path", TTM_CONFIG="")
    assert usual.stdout.startswith(str(home))
    assert usual.stdout.endswith("/ttm/config.toml\n")


def test_init_writes_the_example_once(ttm, file):
    assert ttm("init").returncode == 0
    assert file.read_text() == example()
    write(file, "# mine\n")
    again = ttm("init")
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert file.read_text() == "# mine\n"
    assert ttm("init", "--force").returncode == 0
    assert file.read_text() == example()


def test_show_is_toml_that_says_what_applies(ttm, file):
    write(file, "[say]\nvoice = 'a\"\\u001b'\n[profiles.news.say]\nrate = 2\n")
    shown = ttm("show", "-p", "news", "--set", "say.pitch=-2", TTM_SAY_PAUSE="7")
    assert (shown.returncode, shown.stderr) == (0, "")
    tables = tomllib.loads(shown.stdout)
    assert tables["say"]["voice"] == 'a"\\u001b'
    assert (tables["say"]["rate"], tables["say"]["pitch"], tables["say"]["pause"]) == ("2", -2.0, 7)
    assert len(shown.stdout.splitlines()) == len(every_setting())


def test_show_says_where_each_value_comes_from(ttm, file):
    write(file, "[say]\nvoice = 'x'\n[profiles.news.say]\nrate = 2\n")
    arguments = ("show", "--origin", "-p", "news", "--set", "say.pitch=-2")
    shown = ttm(*arguments, TTM_SAY_PAUSE="7")
    told = dict(line.split("  # ") for line in shown.stdout.splitlines())
    told = {line.rstrip(): where for line, where in told.items()}
    assert told['say.voice = "x"'] == f"{file}:2"
    assert told['say.rate = "2"'] == "profile news"
    assert told["say.pause = 7"] == "environment TTM_SAY_PAUSE"
    assert told["say.pitch = -2.0"] == "--set say.pitch"
    assert told["models.strict = true"] == "default"
    assert tomllib.loads(shown.stdout)
    told = json.loads(ttm(*arguments, "--json").stdout)
    assert told["say.voice"] == {"value": "x", "origin": "file", "where": f"{file}:2"}
    assert told["say.seed"] == {"value": -1, "origin": "default", "where": ""}


def test_get_prints_a_bare_value_or_a_section(ttm, file):
    write(file, "[say]\nvoice = 'two words'\n")
    assert ttm("get", "say.voi").stdout == "two words\n"
    assert ttm("get", "models.str").stdout == "true\n"
    section = ttm("get", "engine.espeak").stdout.splitlines()
    assert len(section) == 4
    assert "engine.espeak.intonation = 50" in section
    assert json.loads(ttm("get", "say.voice", "--json").stdout) == {"say.voice": "two words"}


def test_get_answers_names_that_are_not_clear(ttm, file):
    write(file, "")
    ambiguous = ttm("get", "say.pa")
    assert ambiguous.returncode == 2
    assert "could be say.pause, say.paragraph_pause" in ambiguous.stderr
    unknown = ttm("get", "say.voise")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "Did you mean 'say.voice'?" in unknown.stderr


def test_set_keeps_comments_and_says_what_it_wrote(ttm, file):
    write(file, "# mine\n[say]\nrate = 1 # slow\n")
    done = ttm("set", "say.rate", "+20%")
    assert (done.returncode, done.stdout) == (0, "")
    assert f'say.rate = "+20%" written to {file}' in done.stderr
    assert file.read_text() == '# mine\n[say]\nrate = "+20%" # slow\n'
    assert ttm("set", "say.pit", "-3").returncode == 0
    assert ttm("set", "profiles.news.say.pitch", "4").returncode == 0
    assert load(file).say.pitch == -3.0
    assert load(file, profile="news").say.pitch == 4.0
    assert "TTM_SAY_RATE is set" in ttm("set", "say.rate", "1", TTM_SAY_RATE="2").stderr


def test_set_refuses_what_cannot_be(ttm, file):
    write(file, "[say]\n")
    for key, value in (("say.rate", "fast"), ("say.voise", "x"), ("say.voice", "\udcff")):
        done = ttm("set", key, value)
        assert done.returncode == 2, done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert file.read_text() == "[say]\n"
    write(file, "[say\n")
    assert ttm("set", "say.rate", "1").returncode == 4
    assert file.read_text() == "[say\n"


def test_check_tells_everything_at_once(ttm, file):
    write(file, "[say]\nrate = 2\n[profiles.news.say]\nrate = 1\n")
    assert ttm("check").stdout == f"{file}: ok (2 settings)\n"
    write(file, "[say]\nrate = 9\nvoise = 1\n")
    wrong = ttm("check", TTM_SAY_PITCH="x")
    assert (wrong.returncode, wrong.stdout) == (4, "")
    for told in (f"{file}:2: say.rate: expected", "did you mean 'say.voice'?", "TTM_SAY_PITCH: "):
        assert told in wrong.stderr
    assert wrong.stderr.splitlines()[-1] == "ttm: error: 3 settings are wrong"
    write(file, "[say\n")
    wrong = ttm("check")
    assert wrong.stderr.startswith(f"ttm: error: {file}:1:5: ")
    assert len(wrong.stderr.splitlines()) == 1
    assert ttm("check", "a.toml", "--config", "b.toml").returncode == 2


def test_check_without_a_file_is_fine_where_nobody_named_one(ttm):
    checked = ttm("check", TTM_CONFIG="")
    assert checked.returncode == 0
    assert checked.stdout.endswith("ttm/config.toml: ok (0 settings)\n")
    assert "does not exist" in checked.stderr


def test_check_notes_variables_that_name_no_setting(ttm, file):
    write(file, "")
    checked = ttm("check", TTM_SAY_RATTE="2", TTM_RUN_7="x", TTM_LOG="debug", TTM_SAY_RATE="2")
    assert checked.returncode == 0
    assert "TTM_SAY_RATTE names no setting; did you mean TTM_SAY_RATE" in checked.stderr
    assert len(checked.stderr.splitlines()) == 1


def test_edit_opens_the_example_and_checks_what_was_left(ttm, file, home):
    editor = home / "my editor"
    editor.write_text("#!/bin/sh\nprintf '[say]\\nrate = 9\\n' > \"$2\"\n")
    editor.chmod(0o700)
    command = f"'{editor}' --wait"
    assert ttm("edit", VISUAL="true", EDITOR=command).returncode == 0
    assert file.read_text() == example()
    edited = ttm("edit", EDITOR=command)
    assert edited.returncode == 4
    assert f"{file}:2: say.rate: expected" in edited.stderr


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"EDITOR": "no-such-editor-here"}, "cannot run 'no-such-editor-here'"),
        ({"EDITOR": "false"}, "the editor 'false' failed (exit code 1)"),
        ({"PATH": "/nowhere"}, "Set $EDITOR"),
    ],
)
def test_edit_without_a_working_editor_names_it(environ, said, ttm):
    edited = ttm("edit", **environ)
    assert edited.returncode == 2
    assert said in edited.stderr


def test_every_command_takes_another_file(ttm, home):
    write(home / "other.toml", "[say]\nrate = 3\n")
    there = ("--config", "other.toml")
    assert ttm("get", "say.rate", *there).stdout == "3\n"
    assert ttm("check", *there).stdout == "other.toml: ok (1 setting)\n"
    assert ttm("set", "say.pause", "9", *there).returncode == 0
    assert load(home / "other.toml").say.pause == 9
    assert ttm("init", "--config", "new.toml").returncode == 0
    assert (home / "new.toml").read_text() == example()
    assert ttm("show", "--config", "none.toml").returncode == 4


def test_an_unknown_profile_is_a_usage_error(ttm, file):
    write(file, "[profiles.news.say]\n")
    shown = ttm("show", "-p", "mews")
    assert shown.returncode == 2
    assert "Did you mean 'news'?" in shown.stderr
