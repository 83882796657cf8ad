"""`ttm say` with a checkpoint of transformers, as a user types it: each start takes 5 seconds."""

from __future__ import annotations

import json
import shutil
import socketserver
import threading

import pytest
import soundfile


def test_say_finds_a_checkpoint_by_its_hub_id_and_speaks(ttm, checkpoints, home, tmp_path):
    kept = home / "models/me--tiny"
    shutil.copytree(checkpoints("pocket_tts"), kept)
    words = ("say", "Hello.", "-m", "me/tiny", "--seed", "4", "-o", "x.wav", "--json")
    done = ttm(*words, env={"TTM_MODELS_DIR": str(home / "models")})
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["model"], told["engine"], told["voice"]) == ("me/tiny", "huggingface", "default")
    assert told["effective"]["family"] == "pocket_tts"
    assert soundfile.info(tmp_path / "x.wav").samplerate == 24_000


@pytest.mark.slow
@pytest.mark.parametrize("family", ["pocket_tts", "vits"])
def test_the_same_seed_gives_the_same_file(ttm, checkpoints, tmp_path, family):
    for name in ("a.wav", "b.wav"):
        words = ("-m", checkpoints(family), "-o", name, "--seed", "1")
        assert ttm("say", "Good morning.", *words).returncode == 0
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


@pytest.mark.slow
def test_voices_are_listed_with_their_language(ttm, checkpoints):
    done = ttm("voices", "list", "-m", checkpoints("vits"), "--json")
    (voice,) = json.loads(done.stdout)
    assert (voice["name"], voice["languages"]) == ("default", ["de"])


@pytest.mark.slow
def test_nothing_is_fetched_whatever_a_checkpoint_names(ttm, checkpoints, tmp_path):
    own = shutil.copytree(checkpoints("pocket_tts"), tmp_path / "own")
    shutil.rmtree(own / "audio_tokenizer")
    about = own / "processor_config.json"
    about.write_text(about.read_text().replace('_or_path": ""', '_or_path": "owner/name"'))
    heard = []

    class Canary(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            heard.append(self.request.recv(1000))

    with socketserver.TCPServer(("127.0.0.1", 0), Canary) as canary:
        threading.Thread(target=canary.serve_forever, args=(0.02,), daemon=True).start()
        endpoint = f"http://127.0.0.1:{canary.server_address[1]}"
        done = ttm("say", "Hi.", "-m", own, "-o", "x.wav", env={"HF_ENDPOINT": endpoint})
        canary.shutdown()
    assert (done.returncode, done.stderr.count(b"\n")) == (5, 1)
    assert b"cannot load the checkpoint in owner/name" in done.stderr
    assert heard == []
