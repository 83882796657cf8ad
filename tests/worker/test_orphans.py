"""Nothing is left behind: no process, no zombie, no descriptor, no thread."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import psutil
import pytest

from ttm.errors import EngineCrashed
from ttm.speech import Speech

STARTS_ANOTHER = ("and that was all", "stray")
"""Texts for which an engine forks: espeak-ng speaks in a process of its own."""

PARENT = """
import sys
from ttm.speech import Speech
from ttm.worker.client import Worker

model, text = sys.argv[1:]
worker = Worker(model)
speaking = worker.speak(Speech("beep " + text))
next(speaking)
print(worker.pid, flush=True)
for audio in speaking:
    pass
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("model", "text"),
    [
        ("espeak", "and that was all"),
        ("faulty", "beep"),
        ("faulty", "hang"),
        ("faulty", "endless"),
        ("faulty", "stray"),
    ],
)
def test_a_worker_and_its_children_end_with_a_killed_parent(plugins, family, gone, model, text):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, model, text], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        leader = int(parent.stdout.readline())
        deadline = time.monotonic() + 5
        while len(family(leader)) < 1 + (text in STARTS_ANOTHER):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        parent.kill()
        parent.wait()
        gone(leader, within=2)  # 1 s is promised


def test_thirty_deaths_leave_no_zombie_no_descriptor_and_no_thread(worker):
    one = worker(crashes=1000)
    me = psutil.Process()
    others = set(me.children())  # of fixtures that last longer than a test
    one.voices()
    descriptors, threads = me.num_fds(), threading.active_count()
    for number in [9, 11, 6] * 10:
        with pytest.raises(EngineCrashed):
            list(one.speak(Speech(f"kill-{number}")))
    one.voices()
    assert me.num_fds() == descriptors
    assert threading.active_count() == threads
    assert [child.pid for child in set(me.children()) - others] == [one.pid]


def test_a_closed_worker_is_gone_and_can_be_used_again(worker, gone):
    one = worker("espeak")
    assert list(one.speak(Speech("hi")))
    leader = one.pid
    one.close()
    one.close()
    assert one.pid is None
    gone(leader, within=1)
    assert list(one.speak(Speech("hi")))


def test_a_worker_that_was_never_started_can_be_closed(worker):
    worker().close()
