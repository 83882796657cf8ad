"""Outputs that cannot be written, devices, closed descriptors, and files that must survive."""

from __future__ import annotations

import os
import pty
import stat
import threading

import pytest

WRITE = ("say", "hello there", "-m", "tone", "-o")
LONG = "One more sentence for the pile. " * 300


def refuses(done, code, *says):
    assert done.returncode == code, done.stderr
    words = done.stderr.decode()
    assert words.startswith("ttm: error: ")
    assert words.count("\n") == 1
    for each in says:
        assert each in words


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("no/such/x.wav", ("No such file or directory", "Create the folder no/such first")),
        ("folder.wav", ("Is a directory",)),
        ("file/x.wav", ("Not a directory",)),
        ("n" * 300 + ".wav", ("File name too long", "Choose a shorter name")),
        ("loop.wav", ("symbolic links",)),
    ],
)
def test_an_output_that_cannot_be_written_is_known_before_the_engine_starts(
    ttm, faulty, tmp_path, path, says
):
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    # Starting the model `broken` would exit 5.
    refuses(ttm("say", "hi", "-m", "broken", "-o", path, env=faulty), 7, *says)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only_is_refused(ttm, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    refuses(ttm(*WRITE, "locked/x.wav"), 7, "Permission denied", "that you may write to")


def test_no_clobber_spares_what_exists(ttm, tmp_path):
    old = tmp_path / "x.wav"
    old.write_bytes(b"old")
    refuses(ttm(*WRITE, old, "--no-clobber"), 7, "x.wav exists already")
    assert old.read_bytes() == b"old"
    assert ttm(*WRITE, "new.wav", "--no-clobber").returncode == 0


def test_a_file_is_replaced_whole_with_its_mode_and_through_its_link(ttm, tmp_path):
    old = tmp_path / "x.wav"
    old.write_bytes(b"old")
    old.chmod(0o640)
    (tmp_path / "link.wav").symlink_to(old)
    assert ttm(*WRITE, "link.wav").returncode == 0
    assert (tmp_path / "link.wav").is_symlink()
    assert old.read_bytes()[:4] == b"RIFF"
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("text", ["later-11", "Fine so far. nan", "raises"])
def test_a_file_survives_an_engine_that_fails(ttm, faulty, tmp_path, text):
    old = tmp_path / "x.wav"
    old.write_bytes(b"old")
    refuses(ttm("say", text, "-m", "faulty", "-o", old, env=faulty), 6)
    assert old.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [old]


@pytest.mark.parametrize("name", ["x.wav", "x.flac"])
def test_a_file_survives_a_disk_that_is_full(shell, tmp_path, name):
    old = tmp_path / name
    old.write_bytes(b"old")
    (tmp_path / "text").write_text(LONG)
    line = f"trap '' XFSZ; ulimit -f 100; ttm say -f text -m tone -o {name}"
    code, out, err = shell(line)
    assert (code, out) == (7, b"")
    assert err.decode().startswith(f"ttm: error: cannot write {name}: File too large")
    assert old.read_bytes() == b"old"
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([name, "text"])


def test_devices_are_written_through_and_stay_devices(ttm):
    assert ttm(*WRITE, "/dev/null").returncode == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    refuses(ttm(*WRITE, "/dev/full"), 7, "No space left on device")


def test_stdout_by_its_other_names_is_a_pipe(ttm):
    piped = ttm(*WRITE, "-").stdout
    assert len(piped) > 10_000
    for name in ("/dev/stdout", "/dev/fd/1"):
        assert ttm(*WRITE, name, "--format", "wav").stdout == piped


def test_a_fifo_is_written_through(ttm, tmp_path):
    fifo = tmp_path / "x.wav"
    os.mkfifo(fifo)
    heard = []
    reader = threading.Thread(target=lambda: heard.append(fifo.read_bytes()))
    reader.start()
    assert ttm(*WRITE, fifo).returncode == 0
    reader.join(10)
    assert heard[0][:4] == b"RIFF"
    assert len(heard[0]) > 10_000
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_a_shell_can_redirect_stdout_into_a_file_and_append(shell, tmp_path):
    code, _, _ = shell("ttm say hi -m tone -o - > x.wav && ttm say hi -m tone -o - >> x.wav")
    assert code == 0
    written = (tmp_path / "x.wav").read_bytes()
    half = len(written) // 2
    assert written[44:half] == written[half + 44 :]


@pytest.mark.parametrize("form", ["wav", "mp3"])
def test_a_reader_who_leaves_ends_it_without_a_word(shell, tmp_path, form):
    (tmp_path / "text").write_text(LONG)
    line = f"ttm say -f text -m tone -o - --format {form} | head -c 100 | wc -c"
    code, out, err = shell(line)
    assert (code, out.strip(), err) == (141, b"100", b"")


def test_a_full_or_closed_stdout_is_an_output_that_cannot_be_written(shell):
    for redirection, says in (("> /dev/full", "No space left"), (">&-", "not open for writing")):
        for command in ("say hi -m tone -o -", "voices list -m tone", "--help", "--version"):
            code, out, err = shell(f"ttm {command} {redirection}")
            assert (code, out) == (7, b""), (command, err)
            assert err.decode().startswith("ttm: error: cannot write")
            assert says in err.decode()


def test_a_closed_stdin_is_an_empty_text(shell):
    code, _, err = shell("ttm say -m tone -o x.wav <&-")
    assert code == 3
    assert b"the text is empty" in err


def test_a_closed_stderr_changes_nothing(shell, tmp_path):
    code, out, _ = shell("ttm say hi -m tone -o x.wav --verbose 2>&-")
    assert (code, out) == (0, b"")
    assert (tmp_path / "x.wav").read_bytes()[:4] == b"RIFF"
    code, out, _ = shell("ttm say -r 0 hi -o x.wav 2>&-")
    assert (code, out) == (2, b"")


def test_sound_does_not_go_to_a_terminal(ttm):
    ours, theirs = pty.openpty()
    try:
        refuses(ttm(*WRITE, "-", stdout=theirs), 2, "refusing to write audio to a terminal")
    finally:
        os.close(theirs)
        os.close(ours)
