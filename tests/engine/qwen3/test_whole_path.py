"""From a hub to sound: a checkpoint is fetched, then checked, heard and removed without a network.

One of random weights has the name of a published one.
"""

from __future__ import annotations

import json

import pytest

HUB = "Qwen/Qwen3-TTS-12Hz-1.7B-CustomVoice"
BRIEF = ("--set", "engine.qwen3.max_seconds=1", "--set", "engine.qwen3.dtype=float32")

OFFLINE = """
import os, sys
def guard(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.sendto"):
        touched = not isinstance(arguments[1], (str, bytes))  # the path of a unix socket
    else:
        touched = event == "socket.getaddrinfo"
    if touched:
        with open(os.environ["TOUCHED"], "a") as file:
            file.write(event)
        raise RuntimeError("the network was touched")
sys.addaudithook(guard)
"""
"""A sitecustomize with which no process reaches another machine, and an attempt is remembered."""


@pytest.fixture
def offline(tmp_path) -> dict[str, str]:
    (folder := tmp_path / "offline").mkdir()
    (folder / "sitecustomize.py").write_text(OFFLINE)
    return {"PYTHONPATH": str(folder), "TOUCHED": str(tmp_path / "touched")}


def test_a_checkpoint_comes_speaks_and_goes(ttm, made, mock_hub, offline, tmp_path, home):
    hub = mock_hub()
    hub.folder(HUB, made("tiny-1b7", "custom_voice", 7))
    done = ttm("models", "pull", "qwen3:1.7b", env={"TTM_MODELS_ENDPOINT": hub.url})
    assert done.returncode == 0, done.stderr
    asked = len(hub.log)

    def run(*words: str, **env: str) -> str:
        done = ttm(*words, env=offline | env)
        assert done.returncode == 0, done.stderr
        assert not (tmp_path / "touched").exists()
        return done.stdout.decode()

    (told,) = [m for m in json.loads(run("models", "list", "--json")) if m["available"]]
    assert (told["name"], told["state"], told["used"]) == ("qwen3:1.7b", "complete", "")
    assert "every file is as it came" in run("models", "verify")
    # The smaller one is not here: without leave that is an error, with it the other one speaks.
    said = ("say", "Hello.", "-m", "qwen3:0.6b", "-v", "ryan", "-o", "x.wav", "--json", *BRIEF)
    for extra, env in (((), {}), (("--strict",), {"TTM_MODELS_FALLBACK": "any"})):
        assert ttm(*said, *extra, env=offline | env).returncode == 5
    report = json.loads(run(*said, TTM_MODELS_FALLBACK="mode"))
    assert (report["engine"], report["model"], report["voice"]) == ("qwen3", "qwen3:1.7b", "ryan")
    assert report["seconds"] == pytest.approx(1.0, abs=0.08)
    stood_in = "the checkpoint of model 'qwen3:0.6b' is not here; qwen3:1.7b stands in for it"
    assert report["warnings"][0] == stood_in
    assert json.loads(run("models", "info", "qwen3:1.7b", "--json"))["used"] != ""

    told = json.loads(run("models", "load", "qwen3", "--fallback", "mode", "--json"))
    assert (told["requested_model_id"], told["model_id"]) == (HUB.replace("1.7B", "0.6B"), HUB)
    assert (told["requested_mode"], told["mode"]) == ("custom_voice", "custom_voice")
    assert (told["fallback_applied"], told["strict_load"], told["ready"]) == (True, False, True)
    assert told["device"] == "cpu"
    assert told["dtype"].startswith("float32") or told["dtype"] == "bfloat16"
    assert told["memory"] > 50 << 20

    run("models", "unload")
    run("models", "rm", "qwen3:1.7b")
    assert not list((home / ".local/share/ttm/models").glob("Qwen*"))
    assert len(hub.log) == asked
    # And the guard does see what reaches for one.
    env = offline | {"TTM_MODELS_ENDPOINT": hub.url, "TTM_MODELS_RETRIES": "0"}
    assert ttm("models", "pull", "qwen3:1.7b", env=env).returncode == 5
    assert (tmp_path / "touched").read_text().startswith("socket.")
