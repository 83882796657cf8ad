"""Ctrl-C and its kin: at once, quietly, and without traces."""

from __future__ import annotations

import os
import signal
import time

import pytest

ENDLESS = ("say", f"{'beep ' * 40}. hang", "-m", "faulty", "--no-cache")
"""Sound that is written, and then none for ever."""


def end(process, *numbers: int) -> tuple[int, float, bytes]:
    """Signal the process; its exit code, how long it took to leave, and what it said."""
    began = time.monotonic()
    for number in numbers:
        process.send_signal(number)
        if len(numbers) > 1:
            time.sleep(0.02)
    code = process.wait(20)
    return code, time.monotonic() - began, process.stderr.read()


def parts(folder) -> list[int]:
    """The sizes of the unfinished files in a folder."""
    return [each.stat().st_size for each in folder.glob(".*.part")]


@pytest.mark.parametrize(
    ("number", "code", "says", "name"),
    [
        (signal.SIGINT, 130, b"ttm: interrupted\n", "x.wav"),
        (signal.SIGTERM, 143, b"ttm: stopped\n", "x.wav"),
        (signal.SIGHUP, 129, b"ttm: stopped\n", "x.wav"),
        (signal.SIGINT, 130, b"ttm: interrupted\n", "x.mp3"),
    ],
)
def test_a_signal_ends_it_within_a_second_and_spares_the_file(
    begin, faulty, tmp_path, eventually, number, code, says, name
):
    old = tmp_path / name
    old.write_bytes(b"old")
    process = begin(*ENDLESS, "-o", old, env=faulty)
    eventually(lambda: sum(parts(tmp_path)) > 1000)
    ended, seconds, said = end(process, number)
    assert (ended, said) == (code, says)
    assert seconds < 1
    assert old.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [old]


def test_a_second_signal_leaves_no_traces_either(begin, faulty, tmp_path, eventually):
    process = begin(*ENDLESS, "-o", "x.flac", env=faulty)
    eventually(lambda: sum(parts(tmp_path)) > 1000)
    code, seconds, said = end(process, signal.SIGINT, signal.SIGINT, signal.SIGTERM)
    assert (code, said) == (130, b"ttm: interrupted\n")
    assert seconds < 1
    assert not list(tmp_path.iterdir())


def test_a_signal_ends_what_is_written_to_a_pipe(begin, faulty):
    process = begin(*ENDLESS, "-o", "-", env=faulty)
    assert process.stdout.read(10_000)
    code, seconds, _ = end(process, signal.SIGINT)
    assert code == 130
    assert seconds < 1


def test_an_engine_that_hears_nothing_does_not_delay_it(begin, faulty, tmp_path, eventually):
    process = begin("say", "hang", "-m", "faulty", "-o", "x.wav", env=faulty)
    eventually(lambda: parts(tmp_path))
    time.sleep(0.5)  # until the engine hangs
    code, seconds, _ = end(process, signal.SIGINT)
    assert code == 130
    assert seconds < 1.5
    assert not list(tmp_path.iterdir())


def test_a_signal_ends_it_while_it_waits_for_text_or_for_a_reader(begin, tmp_path):
    ours, theirs = os.pipe()
    try:
        waiting = begin("say", "-m", "tone", "-o", "x.wav", stdin=ours)
        time.sleep(0.7)
        assert end(waiting, signal.SIGINT)[:1] == (130,)
        assert not list(tmp_path.iterdir())
    finally:
        os.close(ours)
        os.close(theirs)
    os.mkfifo(tmp_path / "fifo.wav")
    waiting = begin("say", "hi", "-m", "tone", "-o", "fifo.wav")
    time.sleep(0.7)
    assert end(waiting, signal.SIGTERM)[:1] == (143,)


def test_finished_parts_of_a_split_stay_when_it_is_interrupted(begin, faulty, tmp_path, eventually):
    process = begin(
        "say",
        f"One. {'beep ' * 40}. hang",
        "-m",
        "faulty",
        "--split",
        "sentence",
        "-o",
        "{n}.wav",
        env=faulty,
    )
    eventually(lambda: (tmp_path / "001.wav").exists() and parts(tmp_path))
    assert end(process, signal.SIGINT)[0] == 130
    assert [each.name for each in tmp_path.iterdir()] == ["001.wav"]


def test_a_signal_that_was_ignored_stays_ignored(shell, tmp_path):
    line = "trap '' HUP; ttm say -m tone -f <(sleep 1.5; echo hi) -o x.wav & sleep 1; "
    code, _, err = shell(line + "kill -HUP $!; wait $!")
    assert (code, err) == (0, b"")
    assert (tmp_path / "x.wav").exists()


def test_a_pause_of_the_whole_program_is_no_fault_of_the_engine(begin, tmp_path):
    # More than engine.unresponsive, after which a silent worker would be killed.
    settings = ("--set", "engine.unresponsive=0.6", "--set", "engine.no_progress=5")
    process = begin("say", "-m", "tone", "-o", "-", *settings, stdin=-1)
    process.stdin.write(b"One two three.\n\n")
    process.stdin.flush()
    assert process.stdout.read(1000)
    process.send_signal(signal.SIGSTOP)
    time.sleep(1)
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(b"Four five six.", timeout=20)
    assert (process.returncode, err) == (0, b"")
    assert len(out) > 50_000
