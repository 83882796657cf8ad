"""A server that speaks, from `ttm say` to the socket and back."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import soundfile

from ttm.config import load
from ttm.engine import ENGINES
from ttm.errors import RemoteBusy, RemoteError, RemoteRefused, RemoteUnreachable, SynthesisError
from ttm.narration.opening import open_worker
from ttm.speech import Speech

RATE = 16_000


@pytest.fixture
def worker(remote):
    """Workers for the server, with settings such as `format="pcm"`."""
    opened = []

    def make(**settings):
        pairs = {f"engine.remote.home.{name}": value for name, value in settings.items()}
        config = load(Path(os.devnull), overrides=pairs, environ=os.environ)
        opened.append(open_worker(ENGINES["remote"], config, server="home"))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def pcm(worker, text="Hello.", **how) -> bytes:
    said = worker.speak(Speech(text, how.pop("voice", "anna"), **how))
    return b"".join(one.s16() for one in said if not isinstance(one, str))


def test_say_speaks_through_the_server_as_it_is_asked_to(ttm, remote, tmp_path):
    words = ("-m", "remote:home", "-v", "bert", "-r", "1.5", "-i", "softly", "-o", "x.wav")
    done = ttm("say", "Hello there.", *words, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["model"], told["engine"], told["voice"]) == ("remote:home", "remote", "bert")
    assert told["effective"]["server"] == remote.url
    assert remote.spoken == [
        {
            "model": "tts-1", "input": "Hello there.", "voice": "bert",
            "response_format": "wav", "speed": 1.5, "instructions": "softly",
        }
    ]  # fmt: skip
    assert remote.asked[-1][0] == "/v1/audio/speech"
    assert "Authorization" not in remote.asked[-1][1]
    sound = soundfile.info(tmp_path / "x.wav")
    assert (sound.samplerate, round(sound.duration, 2)) == (RATE, 1.2)


def test_the_first_sound_is_heard_before_the_server_has_sent_the_end(sounds, remote):
    go_on = threading.Event()

    def hesitating(handler, body):
        handler.begin()
        handler.chunk(sounds.header() + sounds.samples(1))
        assert go_on.wait(30)
        handler.chunk(sounds.samples(1))
        handler.chunk(b"")

    remote.answers = [hesitating]
    words = ["say", "Hi.", "-m", "remote:home", "-o", "-", "--format", "pcm", "--sample-rate"]
    command = [sys.executable, "-m", "ttm", *words, str(RATE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as say:
        assert say.stdout
        first = os.read(say.stdout.fileno(), 1 << 16)
        go_on.set()
        rest = say.stdout.read()
    assert len(first) > 1000
    assert len(first) + len(rest) > 1.9 * RATE * 2
    assert say.returncode == 0


def refusing(status, body=b"", kind="application/json", **headers):
    return lambda handler, _: handler.whole(status, body, kind, **headers)


WORDS = b'{"error": {"message": "no such\\nthing", "type": "x"}}'


MISSING = b'{"detail":"Not Found"}'
WRONG = b'{"detail":[{"loc":["body","voice"],"msg":"bad","input":"Hello."}]}'
ELSEWHERE = "http://elsewhere.example/v1"
HEADLESS = b"RIFF\xff\xff\xff\xffWAVEdata\0\0\0\0"


@pytest.mark.parametrize(
    ("answer", "leaf", "said"),
    [
        (refusing(401), RemoteRefused, "wants a key (401). Put it into a file and set engine.rem"),
        (refusing(403, WORDS), RemoteRefused, "forbids it (403: no such thing)"),
        (refusing(404, MISSING), RemoteRefused, "has no model 'tts-1', or does not speak at this"),
        (refusing(413), SynthesisError, "takes no text as long as this (413)"),
        (refusing(422, WRONG), RemoteRefused, "does not take the request (422: voice: bad)"),
        (refusing(429, Retry_After="7"), RemoteBusy, "fewer requests (429). Try again in 7 s"),
        (refusing(503, b"<html>", "text/html"), RemoteBusy, "not ready (503). Try again later"),
        (refusing(500, b'{"error": "memory"}'), SynthesisError, "'home' failed (500: memory)"),
        (refusing(307, Location=ELSEWHERE), RemoteRefused, f"another address (307: {ELSEWHERE})"),
        (refusing(200, b"<!doctype html>", "text/html"), RemoteError, "a web page, not with sound"),
        (refusing(200, WORDS), RemoteError, "application/json, not with sound"),
        (refusing(200, HEADLESS, "audio/wav"), RemoteError, "does not say what its samples are"),
        (refusing(200, b"abcdefgh", "audio/aac"), RemoteError, "audio/aac that is no wav"),
    ],
    ids=lambda each: each if isinstance(each, str) else None,
)
def test_what_a_server_refuses_is_a_sentence_with_what_to_do(worker, remote, answer, leaf, said):
    remote.answers = [answer]
    with pytest.raises(leaf) as told:
        pcm(worker(retries=0))
    assert type(told.value) is leaf
    assert said in told.value.sentence
    assert "Hello." not in told.value.sentence


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (refusing(401), 9, "wants a key (401). Put it into a file"),
        (refusing(500), 6, "cannot speak the text at line 1, column 1"),
        (None, 9, "the server 'home' broke off in the middle of its answer. Try again"),
    ],
)
def test_a_failure_leaves_what_was_there_and_one_line(
    ttm, remote, sounds, tmp_path, answer, code, said
):
    def cut(handler, _):
        handler.begin()
        handler.chunk(sounds.header() + sounds.samples(1))
        handler.cut()

    remote.answers = [answer or cut]
    (tmp_path / "x.wav").write_bytes(b"mine")
    done = ttm("say", "Hello.", "-m", "remote:home", "-o", "x.wav")
    assert (done.returncode, done.stderr.count(b"\n")) == (code, 1)
    assert said in done.stderr.decode()
    assert (tmp_path / "x.wav").read_bytes() == b"mine"


def test_a_busy_server_is_asked_again_when_it_says(worker, remote, sounds):
    busy = refusing(429, Retry_After="0")

    def dropped(handler, _):
        handler.cut()

    remote.answers = [busy, dropped, sounds.spoken]
    assert len(pcm(worker())) == round(0.6 * RATE) * 2
    assert len(remote.spoken) == 3


def test_what_was_cut_after_the_first_sound_is_not_asked_for_again(worker, remote, sounds):
    def short(handler, _):
        block = sounds.header(4 * RATE) + sounds.samples(1)
        handler.whole(200, block, "audio/wav")

    remote.answers = [short]
    with pytest.raises(RemoteError, match="broke off"):
        pcm(worker())
    assert len(remote.spoken) == 1


def test_a_server_that_is_silent_is_given_up(worker, remote):
    leave = threading.Event()
    remote.answers = [lambda handler, _: leave.wait(30)]
    try:
        with pytest.raises(RemoteUnreachable, match=r"sent nothing for 0\.4 s"):
            pcm(worker(timeout="0.4"))
    finally:
        leave.set()


def test_leaving_a_server_that_is_silent_does_not_cost_the_worker(worker, remote, sounds):
    waiting, leave = threading.Event(), threading.Event()

    def hesitating(handler, _):
        handler.begin()
        handler.chunk(sounds.header() + sounds.samples(0.1))
        waiting.set()
        leave.wait(30)

    remote.answers = [hesitating, sounds.spoken]
    opened = worker()
    speaking = opened.speak(Speech("Hello.", "anna"))
    assert next(speaking).samples
    assert waiting.wait(10)
    pid = opened.pid
    speaking.close()
    leave.set()
    assert pcm(opened)
    assert opened.pid == pid


def test_a_server_that_is_not_there_is_named(worker, remote):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    for url, said in (
        (f"http://127.0.0.1:{port}", "nobody answers there"),
        ("http://no-such-host.invalid/v1", "cannot reach the server 'home'"),
        (remote.url.replace("http:", "https:"), "cannot reach the server 'home'"),
    ):
        with pytest.raises(RemoteUnreachable, match=said):
            pcm(worker(url=url, timeout="5"))
    assert not remote.spoken


def test_one_connection_serves_a_narration_and_a_lost_one_is_made_again(worker, remote, sounds):
    def parting(handler, body):
        sounds.spoken(handler, body)
        handler.cut()  # without a word: the next request finds a dead connection

    ports = []
    remote.answers = [
        lambda handler, body: (
            ports.append(handler.client_address),
            sounds.spoken(handler, body),
        ),
        lambda handler, body: (ports.append(handler.client_address), parting(handler, body)),
        lambda handler, body: (
            ports.append(handler.client_address),
            sounds.spoken(handler, body),
        ),
    ]
    opened = worker(retries=0)
    for _ in range(3):
        assert pcm(opened)
    assert ports[0] == ports[1] != ports[2]


def test_settings_without_a_server_say_how_to_name_one(ttm):
    done = ttm("say", "hi", "-m", "remote:home", "-o", "x.wav")
    assert done.returncode == 2
    assert b"ttm config set engine.remote.NAME.url URL" in done.stderr
    done = ttm("say", "hi", "-m", "remote:hme", "--set", "engine.remote.home.url=", "-o", "x.wav")
    assert b"Did you mean 'remote:home'?" in done.stderr
    done = ttm("say", "hi", "-m", "remote", "--set", "engine.remote.home.url=", "-o", "x.wav")
    assert done.returncode == 4
    assert b"engine.remote.home.url is not set" in done.stderr


def test_interrupting_ends_at_once(remote):
    asked = threading.Event()
    leave = threading.Event()
    remote.answers = [lambda handler, _: (asked.set(), leave.wait(30))]
    command = [sys.executable, "-m", "ttm", "say", "Hi.", "-m", "remote:home", "-o", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as say:
        assert asked.wait(30)
        say.send_signal(signal.SIGINT)
        _, stderr = say.communicate(timeout=30)
    leave.set()
    assert (say.returncode, stderr) == (130, b"ttm: interrupted\n")


def test_engines_and_the_doctor_ask_the_server_but_let_it_not_speak(ttm, remote, tmp_path):
    # Without torch, which takes seconds to import.
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules.update(torch=None)")
    env = {"PYTHONPATH": str(tmp_path)}
    told = {one["name"]: one for one in json.loads(ttm("engines", "--json", env=env).stdout)}
    assert (told["remote:home"]["ready"], told["remote:home"]["voices"]) == (True, 2)
    done = ttm("doctor", "--json", env=env)
    found = {one["name"]: one for one in json.loads(done.stdout)["findings"]}
    assert found["engine remote:home"]["state"] == "ok"
    assert found["engine remote:home"]["sentence"].startswith("answers (2 voices; server http")
    assert not remote.spoken
