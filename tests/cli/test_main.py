"""`ttm` itself: its options, its commands' names, completion."""

from __future__ import annotations

import pytest

from ttm import __version__
from ttm.cli import COMMANDS


def test_the_version_is_told(ttm):
    for words in (("--version",), ("--debug", "--version")):
        done = ttm(*words)
        assert (done.returncode, done.stdout.decode()) == (0, f"ttm {__version__}\n")


def test_help_lists_every_command_by_either_option(ttm):
    shown = ttm("--help")
    assert (shown.returncode, shown.stderr) == (0, b"")
    for name, sentence in COMMANDS.items():
        assert name.encode() in shown.stdout
        assert sentence.encode() in shown.stdout
    assert ttm("-h").stdout == shown.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_by_either_option(here, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "100")
    code, shown, err = here(name, "--help")
    assert (code, err) == (0, "")
    assert f"Usage: ttm {name}" in shown
    assert COMMANDS[name] in shown
    for ugly in ("<bool>", "<str>", "list[", "None", "--install-completion"):
        assert ugly not in shown
    assert here(name, "-h")[1] == shown


def test_help_has_no_colour_in_a_pipe_and_no_lines_wider_than_the_terminal(ttm):
    shown = ttm("say", "--help", env={"COLUMNS": "60"}).stdout.decode()
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) <= 60


def test_the_debug_option_shows_where_an_error_came_from(ttm):
    plain = ttm("say", "hi", "-m", "nope", "-o", "x.wav")
    debugging = ttm("--debug", "say", "hi", "-m", "nope", "-o", "x.wav")
    assert plain.returncode == debugging.returncode == 2
    assert b"Traceback" not in plain.stderr
    assert debugging.stderr.startswith(b"Traceback")
    assert debugging.stderr.endswith(plain.stderr)


def test_an_option_of_no_command_is_one_of_say(ttm):
    done = ttm("-m", "tone", "-o", "x.wav", "hi")
    assert (done.returncode, done.stderr) == (0, b"")
    done = ttm("--nope")
    assert done.returncode == 2
    assert b"there is no option '--nope'" in done.stderr


def test_a_command_of_a_group_that_does_not_exist_is_answered_with_the_nearest(ttm):
    done = ttm("voices", "lits")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"no such command 'lits'" in done.stderr
    assert b"'list'" in done.stderr
    assert b"?." not in done.stderr


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("ttm ", set(COMMANDS)),
        ("ttm vo", {"voices"}),
        ("ttm voices s", {"show"}),
        ("ttm say --para", {"--paragraph-pause"}),
    ],
)
def test_a_shell_can_complete(ttm, typed, offered):
    words = typed.split(" ")
    env = {
        "_TTM_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = ttm(env=env)
    assert done.stderr == b""
    assert set(done.stdout.decode().split()) == offered


def test_the_script_for_a_shell_can_be_shown(ttm):
    # Typer looks for a shell among the parents, of which a test may have none.
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = ttm("--show-completion", "bash", env=named)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"complete -o default -F _ttm_completion ttm" in done.stdout


def test_ctrl_c_in_an_editor_is_for_the_editor(ttm, tmp_path):
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nkill -INT $PPID\nsleep 0.3\necho "[say]" > "$1"\n')
    editor.chmod(0o755)
    file = tmp_path / "config.toml"
    env = {"VISUAL": str(editor), "TTM_CONFIG": str(file)}
    done = ttm("config", "edit", env=env)
    assert (done.returncode, done.stderr) == (0, b"")
    assert file.read_text() == "[say]\n"
