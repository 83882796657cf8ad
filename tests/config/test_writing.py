"""The user's file, changed in place."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ttm.config import (
    Config,
    every_setting,
    example,
    load,
    spelled,
    unset_setting,
    value,
    write_example,
    write_setting,
)
from ttm.errors import ConfigError, OutputError, UnknownName, UsageError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def test_comments_order_and_spelling_stay(file):
    text = (
        "# mine\n[text]   # how\nerrors='strict'#why\n\n[say]\nrate   = 1.2 # brisk\npause = 1_0\n"
    )
    file.write_text(text)
    assert write_setting(file, "say.rate", "180wpm") == "180wpm"
    assert file.read_text() == text.replace("1.2", '"180wpm"')


def test_a_new_key_stands_with_its_table_and_not_below_the_next_ones_comment(file):
    file.write_text("[say]\nvoice = '''\n#pause = 3\n''' # x\n\n# about text\n[text]\n")
    write_setting(file, "say.pause", "100")
    assert file.read_text() == (
        "[say]\nvoice = '''\n#pause = 3\n''' # x\npause = 100\n\n# about text\n[text]\n"
    )


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.slow), 6])
def test_a_commented_default_makes_room_for_the_value(file, step):
    write_example(file)
    settings = every_setting()[::step]
    for setting in settings:
        default = setting.default
        text = default if isinstance(default, str) else spelled(default)
        other = "x" if setting.key.endswith("hosts") else "http://x"
        write_setting(file, setting.key, text or other)
    lines = zip(file.read_text().splitlines(), example().splitlines(), strict=True)
    changed = [(new, old) for new, old in lines if new != old]
    assert len(changed) == len(settings)
    assert all(old.startswith(f"#{new.split(' =')[0]} =") for new, old in changed)


def test_a_list_is_written_in_place_of_the_old_one(file):
    text = "[engine.qwen3]\nchunk_frames = [\n  1, # soon\n  2,\n]\ntop_k = 3 # kept\n"
    file.write_text(text)
    assert write_setting(file, "engine.qwen3.chunk_frames", "4, 8") == (4, 8)
    assert load(file).engine.qwen3.chunk_frames == (4, 8)
    assert file.read_text().endswith("top_k = 3 # kept\n")
    with pytest.raises(UsageError, match="expected whole numbers in a list"):
        write_setting(file, "engine.qwen3.chunk_frames", "many")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment",
        "say.voice = 'a'\n[text]\n",
        "say = {voice = 'a'}\n",
        "[engine.espeak]\ndata = ''\n[say]\n[engine]\ncancel = 2\n",
        "[profiles.news.say]\nrate = 1\n\n[engine]\n",
        "[say]\r\nvoice = 'a'\r\n\r\n[text]\r\n",
        "[say]\nvoice = 'a'",
        "[profiles]\n[say]\n[profiles.news]\n[text]\n[profiles.news.text]\nerrors='strict'\n",
    ],
    ids=range(9),
)
@pytest.mark.parametrize("key", ["say.rate", "engine.espeak.word_gap", "profiles.news.say.pause"])
def test_one_thing_changes_in_files_of_every_shape(text, key, file):
    file.write_bytes(text.encode())
    before = tomllib.loads(text)
    write_setting(file, key, "2")
    table = before
    *tables, name = key.split(".")
    for each in tables:
        table = table.setdefault(each, {})
    table[name] = "2" if name == "rate" else 2
    assert tomllib.loads(file.read_bytes().decode()) == before
    if "\r" in text and key == "say.rate":
        assert b'rate = "2"\r\n' in file.read_bytes()


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(
        ['"\nevil = "1', '"""', "'''", "\x1b]0;x\x07", "\\", "]\n[say]", "\r\n", "\0"]
    ),
)
def test_any_text_comes_back_as_it_went_in_and_nothing_else_does(tmp_path, text):
    file = tmp_path / "config.toml"
    file.write_text("# kept\n[say]\nrate = 2 # kept too\n")
    write_setting(file, "say.voice", text)
    written = file.read_bytes().decode()
    assert tomllib.loads(written) == {"say": {"rate": 2, "voice": text}}
    assert written.startswith("# kept\n[say]\nrate = 2 # kept too\n")
    assert load(file).say.voice == text


@pytest.mark.parametrize(
    ("key", "text", "kind", "said"),
    [
        ("say.voice", "\ud800", UsageError, "say.voice: expected text"),
        ("say.rate", "fast", UsageError, "say.rate: expected a factor"),
        ("say.pause", "-1", UsageError, "say.pause: expected a whole number"),
        ("say.format", "aac", UsageError, "say.format: expected wav"),
        ("say.voise", "x", UnknownName, "Did you mean 'say.voice'?"),
        ("say", "x", UnknownName, "no setting 'say'"),
        ("profiles.news.say.voise", "x", UnknownName, "Did you mean 'say.voice'?"),
        ("profiles.News.say.voice", "x", UsageError, "'News' cannot be the name of a profile"),
        ("profiles.news", "x", UnknownName, "no setting 'profiles.news'"),
        ("profiles", "x", UnknownName, "no setting 'profiles'"),
    ],
)
def test_what_cannot_be_set_leaves_the_file_alone(key, text, kind, said, file):
    file.write_text("[say]\n")
    with pytest.raises(kind) as caught:
        write_setting(file, key, text)
    assert caught.value.exit_code == 2
    assert said in caught.value.sentence
    assert file.read_text() == "[say]\n"
    assert names(file.parent) == {"config.toml"}


@pytest.mark.parametrize("text", ["[say\n", "[say]\nrate = 9\n", "[sya]\n", "schema = 9\n"])
def test_a_file_that_is_wrong_already_is_not_rewritten(text, file):
    file.write_text(text)
    with pytest.raises(ConfigError):
        write_setting(file, "say.voice", "x")
    assert file.read_text() == text
    assert names(file.parent) == {"config.toml", ".config.toml.lock"}


def test_new_files_and_folders_are_private_and_old_modes_are_kept(tmp_path):
    file = tmp_path / "a/b/config.toml"
    write_setting(file, "say.rate", "2")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.parent.parent.stat().st_mode) == 0o700
    file.chmod(0o644)
    write_setting(file, "say.rate", "3")
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "dotfiles").mkdir()
    target = tmp_path / "dotfiles/ttm.toml"
    target.write_text("# mine\n")
    link = tmp_path / "config.toml"
    link.symlink_to("dotfiles/ttm.toml")
    write_setting(link, "say.rate", "2")
    assert link.is_symlink()
    assert load(target).say.rate == "2"
    assert "# mine" in target.read_text()
    link.unlink()
    link.symlink_to("dotfiles/new.toml")
    write_example(link)
    assert link.is_symlink()
    assert (tmp_path / "dotfiles/new.toml").read_text() == example()


def test_devices_pipes_folders_and_circles_are_never_replaced(tmp_path):
    pipe, circle = tmp_path / "pipe", tmp_path / "circle"
    os.mkfifo(pipe)
    circle.symlink_to(circle)
    for path in (tmp_path, pipe, Path("/dev/null")):
        with pytest.raises(ConfigError, match=r"is a folder|not a regular file"):
            write_setting(path, "say.rate", "2")
        with pytest.raises(ConfigError, match=r"is a folder|not a regular file"):
            write_example(path, force=True)
    with pytest.raises(OutputError, match="symbolic links"):
        write_example(circle, force=True)
    assert names(tmp_path) == {"pipe", "circle"}
    assert not os.path.lexists("/dev/.null.lock")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_folder_that_is_a_file_is_an_output_error(tmp_path):
    (tmp_path / "ttm").write_text("")
    with pytest.raises(OutputError, match=r"cannot write .*ttm/config\.toml"):
        write_setting(tmp_path / "ttm/config.toml", "say.rate", "2")


def test_a_full_disk_leaves_the_old_file_and_no_other(file):
    file.write_text("[say]\n# " + "x" * 5000 + "\n")
    old = file.read_bytes()
    write_setting(file, "say.rate", "2")
    new = file.read_bytes()
    assert new != old
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"cannot write .*: File too large") as caught:
            write_setting(file, "say.rate", "3")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.exit_code == 7
    assert file.read_bytes() == new
    assert names(file.parent) == {"config.toml", ".config.toml.lock"}


def test_the_example_is_not_written_over_a_file(file):
    write_example(file)
    assert file.read_text() == example()
    file.write_text("# mine\n")
    with pytest.raises(UsageError, match=r"exists already\. --force overwrites it"):
        write_example(file)
    assert file.read_text() == "# mine\n"
    write_example(file, force=True)
    assert load(file) == Config()


def test_writers_at_the_same_time_lose_nothing(file):
    keys = ["say.pause", "say.paragraph_pause", "engine.espeak.word_gap", "say.seed"]
    program = (
        "import pathlib, sys; from ttm.config import write_setting\n"
        "path, key = pathlib.Path(sys.argv[1]), sys.argv[2]\n"
        "for number in range(1, 9): write_setting(path, key, str(number))"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, str(file), key]) for key in keys]
    assert [writer.wait(60) for writer in writers] == [0] * len(keys)
    config = load(file)
    assert [value(config, key) for key in keys] == [8] * len(keys)
    assert names(file.parent) == {"config.toml", ".config.toml.lock"}


def test_a_writer_that_never_ends_is_not_waited_for_forever(file, monkeypatch):
    import fcntl

    monkeypatch.setattr("ttm.config.writing.PATIENCE", 0.05)
    with open(file.with_name(".config.toml.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(OutputError, match="another ttm is writing it"):
            write_setting(file, "say.rate", "2")
    write_setting(file, "say.rate", "2")
    assert load(file).say.rate == "2"


def test_what_is_unset_leaves_its_default_as_a_comment_and_all_else_as_it_was(file):
    text = '# hi\n[say]\nrate = "1.2"  # mine\npause = 300\n\n[engine.qwen3]\n'
    text += "chunk_frames = [1,\n  2]\n"
    file.write_text(text)
    assert unset_setting(file, "say.rate")
    assert file.read_text() == text.replace('rate = "1.2"', '#rate = "1.0"')
    assert unset_setting(file, "engine.qwen3.chunk_frames")
    assert file.read_text().endswith("[engine.qwen3]\n#chunk_frames = [1,\n#  2]\n")
    assert not unset_setting(file, "say.rate")
    assert load(file).say.pause == 300
    write_setting(file, "say.rate", "1.5")
    assert 'rate = "1.5"' in file.read_text()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("say = { rate = '1.2', pause = 3 }\n", "say.rate"),
        ("say.rate = '1.2'\nsay.pause = 3\n", "say.rate"),
        ("[profiles.news.say]\nrate = '1.2'\npause = 3\n", "profiles.news.say.rate"),
        ("[say]\r\nrate = '1.2'\r\npause = 3\r\n", "say.rate"),
        ("[say]\nvoice = '''rate = 1\n[say]'''\nrate = '1.2'", "say.voice"),
    ],
)
def test_one_thing_goes_from_files_of_every_shape(file, text, key):
    file.write_bytes(text.encode())
    wanted = tomllib.loads(text)
    *tables, name = key.split(".")
    inside = wanted
    for table in tables:
        inside = inside[table]
    del inside[name]
    assert unset_setting(file, key)
    assert tomllib.loads(file.read_bytes().decode()) == wanted


def test_a_wrong_file_and_a_wrong_key_are_left_alone(file):
    assert not unset_setting(file, "say.rate")
    file.write_text("[say]\npauze = 1\n")
    with pytest.raises(ConfigError, match="pauze"):
        unset_setting(file, "say.rate")
    with pytest.raises(UnknownName):
        unset_setting(file, "say.pauze")
    assert file.read_text() == "[say]\npauze = 1\n"
