"""Files that are no settings: one line, at once."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ttm.config import load
from ttm.errors import ConfigError

KB = 100_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def refusal(file: Path) -> str:
    began = time.process_time()
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert time.process_time() - began < 1
    assert caught.value.sentence.isprintable()
    assert len(caught.value.sentence) < len(str(file)) + 250
    return caught.value.sentence.replace(str(file), "FILE")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[say]\nrate 1\n", "FILE:2:6: expected '=' after a key"),
        ("[say\nrate = 1\n", "FILE:1:5: expected ']'"),
        ('[say]\nvoice = "open', "FILE:2:14: "),
        ("[say]\nrate = 1\nrate = 2\n", "FILE:3:9: cannot overwrite"),
        ("\na = '\0'", "FILE:2:"),
        ("a = 2020-13-40", "FILE:1:9: "),
        ('a = "\\ud800"', "FILE:1:12: "),
        ("[" + "a" * KB + "]\n[" + "a" * KB + "]\n", "FILE:2:"),
        ("a = " + "[" * 5000 + "]" * 5000, "FILE: arrays or tables are nested too deeply"),
        ("a = " + "{a=" * 5000, "FILE: arrays or tables are nested too deeply"),
        ("\n\na = " + "9" * 5000, "FILE:3: a number has too many digits"),
        ("a = " + "1_" * KB + "1", "FILE:1: a number has too many digits"),
        ("\n" + "a." * 400_000 + "a = 1", "FILE:2: a key joins more than 64 names"),
        ("[" + '"a".' * 200_000 + "a]", "FILE:1: a key joins more than 64 names"),
        ("x = {" + "a . " * 200_000 + "a = 1}", "FILE:1: a key joins more than 64 names"),
        ("#" * 1_000_001, "FILE is larger than 1 MB"),
    ],
    ids=range(16),
)
def test_what_is_no_toml_is_answered_with_its_place(text, said, file):
    file.write_text(text)
    assert refusal(file).startswith(said)


@pytest.mark.parametrize("block", [b"\xff\xfe[\0s\0", b"[say]\nvoice = '\xe9'", b"#\xed\xa0\x80"])
def test_what_is_no_utf8_is_said_to_be_so(block, file):
    file.write_bytes(block)
    assert "not UTF-8" in refusal(file)


def test_a_byte_order_mark_and_windows_line_ends_are_fine(file):
    file.write_bytes(b"\xef\xbb\xbf[say]\r\nrate = 2\r\n")
    assert load(file).say.rate == "2"
    assert load(file).origin("say.rate").where == f"{file}:2"


def test_folders_pipes_and_devices_are_refused_without_waiting(tmp_path):
    assert "is a folder" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "is not a regular file" in refusal(tmp_path / "pipe")
    assert "is not a regular file" in refusal(Path("/dev/zero"))


def test_dev_null_is_an_empty_file():
    assert load(Path(os.devnull)).origins == {}


def test_a_circle_of_links_and_impossible_names_are_refused(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert "symbolic links" in refusal(tmp_path / "a")
    assert "too long" in refusal(tmp_path / ("x" * 300)).casefold()
    for name in ("a\0b", "\ud800"):
        with pytest.raises(ConfigError, match="cannot be the name of a file"):
            load(Path(name))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_refused(file):
    file.write_text("")
    file.chmod(0)
    assert refusal(file) == "cannot read FILE: Permission denied"


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="needs /proc")
def test_a_file_that_fails_while_it_is_read_is_refused():
    assert refusal(Path("/proc/self/mem")) == "cannot read FILE: Input/output error"


def test_a_megabyte_of_mistakes_is_cut_short_but_counted(file):
    file.write_text("".join(f"[a{i}]\n" for i in range(KB)))
    began = time.process_time()
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert time.process_time() - began < 10
    assert caught.value.sentence == f"more than 100 settings are wrong in {file}"
    assert len(caught.value.problems) == 101
    assert caught.value.problems[-1].endswith(f"and {KB - 100} more")


def test_reading_settings_loads_nothing_heavy(file):
    """No file: not even tomllib; a file: tomllib, and neither tomlkit nor the folders' names."""
    program = (
        "import sys, pathlib, ttm.config as c\n"
        "c.load(pathlib.Path(sys.argv[1]))\n"
        "print(*(m for m in sys.modules if m.partition('.')[0] in "
        "{'numpy', 'soundfile', 'tomlkit', 'tomllib', 'platformdirs', 'typer', 'tempfile'}))"
    )
    file.write_text("[say]\nrate = 2\n")
    for path, loaded in ((os.devnull, set()), (str(file), {"tomllib"})):
        done = subprocess.run(
            [sys.executable, "-I", "-c", program, path], capture_output=True, text=True, check=True
        )
        assert {name.partition(".")[0] for name in done.stdout.split()} == loaded


def test_reading_leaves_the_file_alone(file):
    file.write_text("[say]\n")
    file.chmod(0o640)
    load(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [each.name for each in file.parent.iterdir()] == ["config.toml"]
