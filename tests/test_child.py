"""Child processes: started, watched, described, and gone."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from ttm.child import STDERR_KEPT, Child, death


@pytest.fixture
def child() -> Iterator[Callable[..., Child]]:
    """Start Python with this code; it is killed with the test."""
    started: list[Child] = []

    def start(code: str, **how: object) -> Child:
        started.append(Child([sys.executable, "-c", code], **how))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for one in started:
        one.kill()


def eventually(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_it_lives_until_it_ends_and_tells_how(child):
    one = child("import sys; sys.stdin.read(); sys.exit(3)")
    assert one.wait(10) == 3
    assert not one.alive
    assert one.wait(0) == 3


def test_waiting_ends_before_a_child_that_does_not(child):
    one = child("import time; time.sleep(60)")
    began = time.monotonic()
    assert one.wait(0.2) is None
    assert 0.1 < time.monotonic() - began < 2
    assert one.alive
    assert one.kill() == -signal.SIGKILL
    assert not one.alive
    assert one.kill() == -signal.SIGKILL


def test_a_signal_is_told_by_its_name(child):
    one = child("import os; os.abort()")
    assert death(one.wait(10)) == "SIGABRT"
    assert death(0) == "exit code 0"
    assert death(7) == "exit code 7"
    assert death(-63) == "signal 63"


def test_a_program_that_is_not_there_is_an_error_of_the_system_and_leaves_nothing():
    descriptors = psutil.Process().num_fds()
    with pytest.raises(FileNotFoundError):
        Child(["/nonexistent/program"])
    assert psutil.Process().num_fds() == descriptors


def test_the_last_words_are_the_end_of_what_it_said(child):
    one = child("import sys; [print('line', i, file=sys.stderr) for i in range(9999)]")
    one.wait(10)
    assert one.last_words().endswith("line 9997\nline 9998")
    assert STDERR_KEPT // 2 < len(one.last_words()) <= STDERR_KEPT


def test_many_short_last_words_are_all_kept(child):
    one = child("import os, time; [(os.write(2, b'.'), time.sleep(1e-4)) for _ in range(500)]")
    one.wait(10)
    assert one.last_words() == "." * 500


def test_last_words_that_are_no_text_are_told_as_well_as_may_be(child):
    one = child("import os; os.write(2, b'caf\\xe9 \\xff\\n')")
    one.wait(10)
    assert one.last_words() == "caf\ufffd \ufffd"


def test_who_writes_without_end_is_not_held_up(child):
    one = child("import os; [os.write(2, b'x' * 65536) for _ in range(300)]")
    assert one.wait(20) == 0
    assert len(one.last_words()) == STDERR_KEPT


STRAY = """
import os, sys, time
if os.fork() == 0:
    time.sleep(60)
print(os.getpid(), file=sys.stderr, flush=True)
{then}
"""


@pytest.mark.parametrize("then", ["time.sleep(60)", "", "os.abort()"])
def test_what_it_left_behind_ends_with_it(child, then):
    one = child(STRAY.format(then=then))
    group = one.pid
    if then.startswith("time"):
        eventually(lambda: len(members(group)) == 2)
        one.kill()
    else:
        one.wait(10)
    eventually(lambda: members(group) == [])


def members(group: int) -> list[int]:
    found: list[int] = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and running(process.pid):
                found.append(process.pid)
        except ProcessLookupError:
            continue
    return found


def test_its_descriptors_and_threads_are_given_back(child):
    me = psutil.Process()
    child("").wait(10)
    descriptors, threads = me.num_fds(), threading.active_count()
    for code in ("", "import time; time.sleep(60)", "import os; os.abort()") * 3:
        child(code).kill()
    eventually(lambda: threading.active_count() == threads)
    assert me.num_fds() == descriptors


def test_it_leads_a_group_and_a_session_of_its_own(child):
    one = child("import time; time.sleep(60)")
    assert os.getpgid(one.pid) == os.getsid(one.pid) == one.pid


def test_it_gets_the_environment_without_secrets(child, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hush")
    monkeypatch.setenv("my_api_key", "hush")
    monkeypatch.setenv("KEYBOARD", "fr")
    one = child("import os, sys; print(sorted(os.environ), file=sys.stderr)")
    one.wait(10)
    assert "KEYBOARD" in one.last_words()
    assert "HF_TOKEN" not in one.last_words()
    assert "my_api_key" not in one.last_words()


def test_it_gets_the_descriptors_that_it_is_given_and_no_others(child):
    reading, writing = os.pipe()
    other, _ = kept = os.pipe()
    code = f"import os; os.write({writing}, b'here'); os.fstat({other})"
    one = child(code, pass_fds=[writing])
    os.close(writing)
    assert os.read(reading, 10) == b"here"
    assert one.wait(10) == 1
    assert "Bad file descriptor" in one.last_words()
    for fd in (reading, *kept):
        os.close(fd)


def test_its_standard_input_and_output_are_nowhere_unless_given(child):
    reading, writing = os.pipe()
    one = child("import os; os.write(1, b'read %r' % os.read(0, 9))", stdout=writing)
    os.close(writing)
    assert os.read(reading, 10) == b"read b''"
    os.close(reading)
    assert one.wait(10) == 0


SETTLED = """
import os, resource, signal, sys
from ttm.child import settle_in
settle_in()
print(resource.getrlimit(resource.RLIMIT_CORE), oct(os.umask(0)),
      signal.getsignal(signal.SIGINT) is signal.SIG_IGN, file=sys.stderr)
"""


def test_settled_in_it_writes_no_core_and_leaves_ctrl_c_to_its_parent(child):
    one = child(SETTLED)
    one.wait(10)
    assert one.last_words() == "(0, 0) 0o77 True"


ORPHAN = """
import os, sys, time
from ttm.child import die_with_parent
if os.fork() == 0:
    die_with_parent()
    print(os.getpid(), file=sys.stderr, flush=True)
    time.sleep(60)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part is Linux's")
def test_a_forked_process_can_end_with_its_parent(child):
    one = child(ORPHAN)
    eventually(one.last_words)
    orphan = int(one.last_words())
    os.kill(one.pid, signal.SIGKILL)  # the parent alone
    eventually(lambda: not running(orphan))
