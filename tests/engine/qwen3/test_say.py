"""`ttm say` with a checkpoint, as a user types it: the command, its worker, the real engine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest

from ttm.config import load
from ttm.narration.narrator import Narrator
from ttm.narration.plan import plan

BRIEF = ("--set", "engine.qwen3.max_seconds=1.2", "--set", "engine.qwen3.dtype=float32")
"""15 frames; random weights never end by themselves."""


@pytest.fixture
def checkpoint(made):
    return made("tiny", "custom_voice", 5)


def test_the_same_seed_gives_the_same_file(ttm, checkpoint, tmp_path):
    for name in ("a.wav", "b.wav"):
        words = ("-m", checkpoint, "-v", "ryan", "-o", name, "--seed", "1", *BRIEF)
        assert ttm("say", "Good morning.", *words).returncode == 0
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_what_is_found_again_is_what_would_be_spoken(ttm, checkpoint, tmp_path):
    words = ("-m", checkpoint, "-v", "ryan", "--seed", "1", "--json", *BRIEF)
    counted = []
    for name, text, more in (
        ("a", "Good morning. It rains.", ()),
        ("b", "Good evening. It rains.", ()),
        ("c", "Good evening. It rains.", ("--no-cache",)),
    ):
        done = ttm("say", text, "-o", f"{name}.wav", *words, *more)
        counted.append((json.loads(done.stdout)["cached"], json.loads(done.stdout)["spoken"]))
    assert counted == [(0, 2), (1, 1), (0, 2)]
    assert (tmp_path / "b.wav").read_bytes() == (tmp_path / "c.wav").read_bytes()


def test_what_it_ran_with_is_in_the_report(ttm, checkpoint):
    done = ttm("say", "Hello.", "-m", checkpoint, "-o", "x.wav", "--json", *BRIEF)
    told = json.loads(done.stdout)
    assert (told["engine"], told["voice"], told["seconds"]) == ("qwen3", "ryan", 1.2)
    effective = told["effective"]
    assert (effective["device"], effective["dtype"]) == ("cpu", "float32")
    assert (effective["mode"], effective["temperature"]) == ("custom_voice", 0.9)
    assert told["warnings"] == ["the speech did not end by itself and was stopped after 1.2 s"]


def test_random_weights_make_noise_and_the_guard_refuses_it(ttm, checkpoint):
    changed = ("guard.enabled=true", "guard.retries=0", "engine.qwen3.max_seconds=5")
    settings = [word for one in changed for word in ("--set", one)]
    done = ttm("say", "one two " * 9, "-m", checkpoint, "-o", "x.wav", "--seed", "1", *settings)
    assert done.returncode == 6
    assert b"engine 'qwen3' made steady noise instead of speech for 2.0 s" in done.stderr


def test_sound_comes_before_the_last_frame_is_made(checkpoint):
    long = ("--set", "engine.qwen3.max_seconds=8", "--set", "engine.qwen3.dtype=float32")
    words = ["say", "one two " * 12, "-m", checkpoint, "-o", "-", "--format", "pcm", *long]
    command = [sys.executable, "-m", "ttm", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as say:
        assert say.stdout
        heard = os.read(say.stdout.fileno(), 100)
        worker = next(
            child for child in psutil.Process(say.pid).children() if "ttm.worker" in child.cmdline()
        )
        worker.send_signal(signal.SIGSTOP)  # no frame is made from here on
        os.set_blocking(say.stdout.fileno(), False)
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            heard += say.stdout.read() or b""
            time.sleep(0.02)
        worker.send_signal(signal.SIGCONT)
        os.set_blocking(say.stdout.fileno(), True)
        whole = heard + say.stdout.read()
    assert 0 < len(heard) < len(whole) == 8 * 24_000 * 2


def test_leaving_in_the_middle_ends_everything_at_once(checkpoint):
    words = ["say", "one two " * 12, "-m", checkpoint, "-o", "-", "--format", "pcm"]
    command = [sys.executable, "-m", "ttm", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as say:
        assert say.stdout
        assert say.stderr
        os.read(say.stdout.fileno(), 100)
        say.send_signal(signal.SIGINT)
        start = time.monotonic()
        say.stdout.read()
        assert say.stderr.read() == b"ttm: interrupted\n"
    assert say.returncode == 130
    assert time.monotonic() - start < 5


def lacking(folder):
    file = folder / "model.safetensors"
    raw = file.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    header.pop("talker.codec_head.weight")
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + raw[8 + length :])


def nan(folder):
    file = folder / "config.json"
    file.write_text(file.read_text().replace('"rms_norm_eps": 1e-06', '"rms_norm_eps": NaN'))


def cut(folder):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-9])


def pickled(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (lacking, "lacks the tensor 'talker.codec_head.weight'"),
        (nan, "NaN is not a number"),
        (cut, "was cut short"),
        (pickled, "pickled weights"),
    ],
)
def test_a_wrong_checkpoint_is_one_line_and_exit_5(ttm, checkpoint, tmp_path, spoil, cause):
    folder = shutil.copytree(checkpoint, tmp_path / "spoilt")
    spoil(folder)
    done = ttm("say", "Hello.", "-m", "./spoilt", "-o", "x.wav")
    assert done.returncode == 5
    assert done.stderr.count(b"\n") == 1
    assert cause in done.stderr.decode()
    assert not (tmp_path / "x.wav").exists()


def test_speaking_loads_nothing_of_what_the_official_package_needs(checkpoint):
    code = (
        "import sys; from ttm.engine.qwen3 import Qwen3Engine; from ttm.speech import Speech\n"
        "next(Qwen3Engine(sys.argv[1]).speak(Speech('Hello.', voice='ryan')))\n"
        "print(*sys.modules)"
    )
    command = [sys.executable, "-c", code, str(checkpoint)]
    loaded = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()
    assert "torch" in loaded
    heavy = {"transformers", "librosa", "accelerate", "torchaudio", "sox", "scipy", "numba"}
    assert not heavy & set(loaded)


def test_importing_the_engine_loads_no_torch():
    code = (
        "import sys, ttm.engine.qwen3, ttm.engine.qwen3.checkpoint; print('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "False\n"


def test_bench_knows_what_the_weights_cost(ttm, checkpoint):
    done = ttm("bench", "-m", checkpoint, "--runs", "1", "--json", *BRIEF)
    told = json.loads(done.stdout)
    # Queries, keys, values and output, then the mlp; norms are what is left, below 2 %.
    layers = 3 * (64 * 256 + 128 * 64 + 3 * 64 * 160) + 15 * 2 * (
        64 * 256 + 128 * 64 + 3 * 64 * 128
    )
    heads = 1280 * 64 + 15 * 256 * 64
    expected = 12.5 * 4 * (layers + heads)
    assert told["effective"]["bytes_a_second"] == pytest.approx(expected, rel=0.02)
    floor = told["effective"]["bytes_a_second"] / told["memory_bytes_per_s"]
    assert told["memory_floor"] == pytest.approx(floor)
    assert "reading the weights takes" in told["limit"]


def test_a_text_for_a_file_is_spoken_in_pieces_at_once_and_sounds_the_same(checkpoint):
    settings = {"engine.qwen3.quantize": "int8", "engine.qwen3.max_seconds": 1.0, "say.seed": 3}
    settings["guard.enabled"] = False
    text = "\n\n".join(f"This is paragraph {number}." for number in ("one", "two", "three"))
    with Narrator(load(overrides=settings | {"say.model": str(checkpoint)})) as narrator:
        voice, _ = narrator.voice(str(checkpoint), "ryan")

        def narrated(unheard: bool) -> np.ndarray:
            narration = narrator.narrate(
                plan([text], language="en", budget=400),
                voice=voice,
                model=str(checkpoint),
                ahead=True,
                unheard=unheard,
            )
            sound = np.concatenate([audio.numpy() for audio in narration])
            assert narration.report.chunks == 3
            return sound

        heard, unheard = narrated(False), narrated(True)
    assert len(heard) == len(unheard)
    assert np.abs(heard - unheard).max() <= 1e-4
