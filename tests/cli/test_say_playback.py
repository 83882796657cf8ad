"""The loudspeaker, which is any program that reads raw samples."""

from __future__ import annotations

import os
import signal
import time

import pytest
import soundfile


@pytest.fixture
def player(tmp_path_factory):
    """Make a player from a line of shell; what to set playback.player to, and its folder."""
    folder = tmp_path_factory.mktemp("player")

    def make(line: str) -> tuple[dict[str, str], object]:
        script = folder / "player"
        script.write_text(f"#!/bin/sh\n{line}\n")
        script.chmod(0o755)
        return {"TTM_PLAYBACK_PLAYER": f"{script} {{rate}}"}, folder

    return make


TAKE = 'cat > "$(dirname "$0")/played.$1"'


def test_the_player_gets_every_sample_at_the_rate_it_was_told(ttm, player, tmp_path):
    env, folder = player(TAKE)
    assert ttm("say", "Good day.", "-m", "tone", env=env).returncode == 0
    raw = ttm("say", "Good day.", "-m", "tone", "-o", "-", "--format", "pcm").stdout
    assert (folder / "played.24000").read_bytes() == raw
    assert ttm("say", "Good day.", env=env).returncode == 0
    ttm("say", "Good day.", "-o", "x.wav")
    samples, rate = soundfile.read(tmp_path / "x.wav", dtype="int16")
    assert rate == 22_050
    assert (folder / "played.22050").read_bytes() == samples.tobytes()


def test_it_can_be_written_and_played_at_once(ttm, player, tmp_path):
    env, folder = player(TAKE)
    done = ttm("say", "hi", "-m", "tone", "-o", "x.wav", "--play", env=env)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "x.wav").read_bytes()[44:] == (folder / "played.24000").read_bytes()
    assert ttm("say", "hi", "-m", "tone", "-o", "x.wav", env=env).returncode == 0
    assert len(list(folder.iterdir())) == 2
    (folder / "played.24000").unlink()
    assert ttm("say", "hi", "-m", "tone", "--no-play", env=env).returncode == 0
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("echo 'no sound card' >&2; exit 3", "the player player failed: no sound card"),
        ("cat > /dev/null; exit 4", "the player player failed: exit code 4"),
        ("kill -9 $$", "the player player failed: SIGKILL"),
        ("exit 0", "the player player failed: it stopped too early"),
    ],
)
def test_a_player_that_fails_is_quoted(ttm, player, line, says):
    env, _ = player(line)
    text = "many words " * 100 if "stopped" in says or "sound" in says else "hi"
    done = ttm("say", "-m", "tone", input=text.encode(), env=env)
    assert (done.returncode, done.stdout) == (8, b"")
    assert done.stderr.decode() == f"ttm: error: {says}. Write a file instead with -o FILE.wav\n"


def test_the_file_is_finished_when_the_player_fails(ttm, player, tmp_path):
    env, _ = player("exec head -c 1000 > /dev/null")
    text = b"many words " * 100
    done = ttm("say", "-m", "tone", "-o", "x.wav", "--play", input=text, env=env)
    assert done.returncode == 8
    assert b"the player player failed" in done.stderr
    played = soundfile.info(tmp_path / "x.wav")
    ttm("say", "-m", "tone", "-o", "y.wav", input=text)
    assert played.frames == soundfile.info(tmp_path / "y.wav").frames


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("none", "playback is switched off (playback.player is none)"),
        ("no-such-player -q", "the player 'no-such-player' of playback.player cannot be found"),
        ("auto", "no audio player was found (looked for paplay, aplay, play, ffplay)"),
    ],
)
def test_without_a_player_the_way_out_is_named_before_the_engine_starts(
    ttm, faulty, tmp_path, setting, says
):
    env = {**faulty, "TTM_PLAYBACK_PLAYER": setting, "PATH": str(tmp_path)}
    env["TTM_PLAYBACK_BACKEND"] = "command"
    done = ttm("say", "hi", "-m", "broken", env=env)
    assert (done.returncode, done.stdout) == (8, b"")
    assert done.stderr.decode() == f"ttm: error: {says}. Write a file instead with -o FILE.wav\n"


def test_ctrl_c_silences_the_player_at_once(begin, player, eventually):
    env, folder = player(f"{TAKE}; sleep 60")
    process = begin("say", "hi", "-m", "tone", env=env)
    eventually(lambda: any(each.stat().st_size for each in folder.glob("played.*")))
    time.sleep(0.2)  # ttm waits for the player to end
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert time.monotonic() - began < 1


def test_ctrl_c_silences_a_player_that_has_enough_to_play(begin, player, eventually):
    env, folder = player('touch "$(dirname "$0")/began"; sleep 60')
    process = begin("say", "-m", "tone", stdin=-1, env=env)
    process.stdin.write(b"many words " * 5000)
    process.stdin.close()
    process.stdin = None
    eventually((folder / "began").exists)
    time.sleep(0.5)  # until the pipe is full
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert time.monotonic() - began < 1


def test_a_player_is_found_where_miniaudio_is_not(ttm, tmp_path):
    (tmp_path / "aplay").write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/asked; exec /bin/cat >/dev/null\n'
    )
    (tmp_path / "aplay").chmod(0o755)
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['miniaudio'] = None")
    env = {"TTM_PLAYBACK_PLAYER": "auto", "PATH": f"{tmp_path}{os.pathsep}/nowhere"}
    env["PYTHONPATH"] = str(tmp_path)
    assert ttm("say", "hi", "-m", "tone", env=env).returncode == 0
    assert (tmp_path / "asked").read_text() == "-q -t raw -f S16_LE -c 1 -r 24000\n"
