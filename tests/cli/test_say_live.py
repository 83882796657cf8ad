"""Text that arrives slowly is heard as it arrives."""

from __future__ import annotations

import os
import select
import time

import pytest


def heard(process, seconds: float = 0.4) -> bytes:
    """What comes out until it is silent for so long, after a first byte within 20 seconds."""
    out = process.stdout.fileno()
    got = b""
    wait = 20.0
    while select.select([out], [], [], wait)[0] and (block := os.read(out, 1 << 20)):
        got += block
        wait = seconds
    return got


def write(process, text: str) -> None:
    process.stdin.write(text.encode())
    process.stdin.flush()


@pytest.mark.parametrize("form", ["wav", "pcm"])
def test_with_follow_each_line_is_heard_before_the_next_is_written(begin, form):
    words = ("say", "-m", "tone", "--follow", "-o", "-", "--format", form)
    process = begin(*words, stdin=-1)
    sizes = []
    for line in ("one line without a stop\n", "two. And more of it\n"):
        write(process, line)
        sizes.append(len(heard(process)))
    write(process, "the last without an end")
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, b"")
    assert all(size > 20_000 for size in [*sizes, len(out)]), sizes


def test_with_follow_blank_lines_and_rules_are_passed_over(begin):
    process = begin("say", "-m", "tone", "--follow", "-o", "-", stdin=-1)
    write(process, "\n\n----\n")
    time.sleep(0.3)
    write(process, "now\n")
    assert heard(process)
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_without_follow_a_finished_sentence_is_heard_while_the_pipe_stays_open(begin):
    process = begin("say", "-m", "tone", "-o", "-", stdin=-1)
    write(process, "This is a whole sentence. And this is")
    first = heard(process)
    assert 60_000 < len(first) < 120_000
    write(process, " another one. The rest")
    assert len(heard(process)) > 40_000
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out


def test_lines_are_joined_unless_they_are_followed(ttm):
    text = b"A sentence that goes on\nin the next line.\n"
    shown = ttm("say", "-m", "tone", "--dry-run", input=text).stdout
    assert shown.count(b"\n") == 2
    shown = ttm("say", "-m", "tone", "--dry-run", "--follow", input=text).stdout
    assert shown.count(b"\n") == 3


def test_follow_at_the_end_of_an_empty_pipe_has_nothing_to_say(ttm):
    done = ttm("say", "-m", "tone", "--follow", "-o", "-", input=b"\n\n")
    assert (done.returncode, done.stdout) == (3, b"")


def test_a_player_hears_a_line_before_the_next_is_written(begin, tmp_path, eventually):
    player = tmp_path / "player"
    player.write_text('#!/bin/sh\nexec cat > "$0.played"\n')
    player.chmod(0o755)
    played = tmp_path / "player.played"
    env = {"TTM_PLAYBACK_PLAYER": str(player)}
    process = begin("say", "-m", "tone", "--follow", stdin=-1, env=env)
    write(process, "first\n")
    eventually(lambda: played.exists() and played.stat().st_size > 10_000)
    before = played.stat().st_size
    write(process, "second\n")
    eventually(lambda: played.stat().st_size > before + 10_000)
    process.communicate(timeout=20)
    assert process.returncode == 0
