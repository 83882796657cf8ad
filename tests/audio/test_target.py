from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading

import pytest

from ttm.audio.target import open_target
from ttm.errors import OutputError, ReaderLeft, UsageError


def put(path, block=b"new"):
    target = open_target(os.fspath(path))
    target.write(block)
    target.commit()


def parts(folder):
    return [name for name in os.listdir(folder) if name.endswith(".part")]


@pytest.fixture
def plain_umask():
    before = os.umask(0o027)
    yield
    os.umask(before)


def test_a_new_file_gets_what_the_umask_leaves(tmp_path, plain_umask):
    put(tmp_path / "a.wav")
    assert (tmp_path / "a.wav").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "a.wav").stat().st_mode) == 0o640
    assert not parts(tmp_path)


def test_an_old_file_stays_until_the_new_one_is_whole_and_keeps_its_mode(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"old")
    path.chmod(0o604)
    target = open_target(str(path))
    assert [name[:11] for name in parts(tmp_path)] == [".a.wav.ttm-"]
    target.write(b"newer")
    assert path.read_bytes() == b"old"
    target.commit()
    assert path.read_bytes() == b"newer"
    assert stat.S_IMODE(path.stat().st_mode) == 0o604
    assert not parts(tmp_path)


def test_what_is_discarded_leaves_nothing(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"old")
    target = open_target(str(path))
    target.write(b"half")
    target.discard()
    target.discard()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.wav"]


def test_a_symlink_is_kept_and_its_file_replaced(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.wav").write_bytes(b"old")
    (tmp_path / "link.wav").symlink_to("real/a.wav")
    put(tmp_path / "link.wav")
    assert (tmp_path / "link.wav").is_symlink()
    assert (tmp_path / "real/a.wav").read_bytes() == b"new"


def test_a_dangling_symlink_is_filled(tmp_path):
    (tmp_path / "link.wav").symlink_to("later.wav")
    put(tmp_path / "link.wav")
    assert (tmp_path / "link.wav").is_symlink()
    assert (tmp_path / "later.wav").read_bytes() == b"new"


def test_links_that_go_in_a_circle_are_refused(tmp_path):
    (tmp_path / "a.wav").symlink_to("b.wav")
    (tmp_path / "b.wav").symlink_to("a.wav")
    with pytest.raises(OutputError, match="Its links lead back to themselves"):
        open_target(str(tmp_path / "a.wav"))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gone/a.wav", "No such file or directory. Create the folder .*gone first"),
        (".", "Is a directory. Name a file in that folder"),
        ("sub", "Is a directory"),
        ("new/", "Is a directory|No such file"),
        ("file/a.wav", "Not a directory. A part of its path is a file"),
        ("n" * 256, "File name too long. Choose a shorter name"),
        ("a\0b.wav", "no file name can hold these characters"),
        ("a\ud800.wav", "no file name can hold these characters"),
    ],
)
def test_what_cannot_be_a_file_is_refused_at_once(tmp_path, name, says):
    (tmp_path / "sub").mkdir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match=says) as caught:
        open_target(f"{tmp_path}/{name}")
    assert caught.value.exit_code == 7
    assert sorted(os.listdir(tmp_path)) == ["file", "sub"]


def test_the_longest_name_that_a_folder_takes_is_taken(tmp_path):
    put(tmp_path / ("ü" * 127))
    assert os.listdir(tmp_path) == ["ü" * 127]


def test_a_folder_that_takes_no_files_is_refused_at_once():
    with pytest.raises(OutputError, match=r"cannot write /proc/talk\.wav"):
        open_target("/proc/talk.wav")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_file_or_folder_is_refused_at_once(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(OutputError, match=r"Permission denied\. Choose a place that you may write"):
        open_target(str(path))
    tmp_path.chmod(0o555)
    with pytest.raises(OutputError, match="Permission denied"):
        open_target(str(tmp_path / "b.wav"))


def test_an_existing_file_is_refused_when_it_must_not_be_replaced(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match=r"a\.wav exists already"):
        open_target(str(path), clobber=False)
    assert path.read_bytes() == b"old"
    open_target(str(tmp_path / "b.wav"), clobber=False).discard()
    open_target("/dev/null", clobber=False).discard()


def test_dev_null_stays_a_device():
    put("/dev/null", b"x" * 1000)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert not parts("/dev")


def test_a_fifo_is_written_through(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    got = []
    listener = threading.Thread(target=lambda: got.append(path.read_bytes()))
    listener.start()
    put(path)
    listener.join(5)
    assert got == [b"new"]
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_full_device_is_named_with_how_far_it_came():
    target = open_target("/dev/full")
    with pytest.raises(OutputError, match=r"/dev/full: No space left on device \(0 bytes written"):
        target.write(b"x")
    target.discard()


def test_a_reader_who_left_is_no_error_to_talk_about():
    source, sink = os.pipe()
    target = open_target(f"/dev/fd/{sink}")
    os.close(sink)
    os.close(source)
    with pytest.raises(ReaderLeft):
        target.write(b"x")
    target.discard()


def test_a_pipe_that_does_not_block_is_waited_for(reader):
    os.set_blocking(reader.fd, False)
    put(reader.path, bytes(1_000_000))
    assert len(reader.all()) == 1_000_000


def test_a_terminal_gets_no_audio():
    terminal, ours = os.openpty()
    with pytest.raises(UsageError, match=r"refusing to write audio to a terminal\. Use -o FILE"):
        open_target(f"/dev/fd/{ours}")
    os.close(terminal)
    os.close(ours)


def python(script, **how):
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, **how)


@pytest.mark.parametrize("redirect", [">&-", "1</dev/null"])
def test_a_closed_stdout_is_refused_in_a_sentence(redirect):
    script = """
import sys
from ttm.audio.target import open_target
try:
    open_target("-")
except Exception as failure:
    sys.stderr.write(f"{failure.exit_code} {failure}")
"""
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -c "$1" {redirect}', sys.executable, script],
        capture_output=True,
        text=True,
    )
    assert done.stderr == "7 cannot write to stdout: it is not open for writing"


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_a_stdout_that_is_a_file_is_written_in_place(tmp_path, name):
    path = tmp_path / "out"
    script = f"""
import os
from ttm.audio.target import open_target
target = open_target({name!r})
target.write(b"sound")
target.commit()
os.write(1, b" and more")
"""
    with path.open("wb") as out:
        inode = os.fstat(out.fileno()).st_ino
        subprocess.run([sys.executable, "-c", script], stdout=out, check=True)
    assert path.read_bytes() == b"sound and more"
    assert path.stat().st_ino == inode


def test_only_an_empty_file_of_its_own_may_be_rewritten(tmp_path, reader):
    def seekable(path):
        target = open_target(str(path))
        target.discard()
        return target.seekable

    assert seekable(tmp_path / "a.wav")
    assert not seekable(reader.path)
    assert not seekable("/dev/null")
    for mode, holds, expected in (("wb", b"", True), ("ab", b"", False), ("wb", b"x", False)):
        with (tmp_path / "log").open(mode) as log:
            os.write(log.fileno(), holds)
            assert seekable(f"/dev/fd/{log.fileno()}") is expected
    reader.all()


def test_a_failed_rename_leaves_no_temporary_file(tmp_path):
    target = open_target(str(tmp_path / "a.wav"))
    (tmp_path / "a.wav").mkdir()
    with pytest.raises(OutputError, match=os.strerror(errno.EISDIR)):
        target.commit()
    assert os.listdir(tmp_path) == ["a.wav"]
