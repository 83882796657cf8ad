"""openai-python, untouched, with the server as its base URL."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

openai = pytest.importorskip("openai")

FAULTY = Path(__file__).parents[1] / "faulty"
WORDS = {"model": "tts-1", "voice": "alloy"}
LIMIT = 60
"""Seconds that a server has to be there."""


@contextlib.contextmanager
def serving(folder: Path, *words: str) -> Iterator[str]:
    """A `ttm serve` that speaks with the engine `faulty`; its URL. It has spoken once."""
    (folder / "run").mkdir(mode=0o700)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("TTM_", "XDG_"))} | {
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "PYTHONPATH": str(FAULTY),
        "TTM_SAY_MODEL": "faulty",
        "TTM_ENGINE_CRASHES": "100",
        "TTM_CONFIG": os.devnull,
    }
    log = folder / "log"
    with log.open("wb") as file:
        command = [sys.executable, "-m", "ttm", "serve", "--port", "0", *words]
        server = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stderr=file)
    try:
        deadline = time.monotonic() + LIMIT
        while not (found := re.search(r"listening on (http://\S+)", log.read_text())):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, "it never listened"
            time.sleep(0.01)
        yield found[1]
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    assert "Traceback" not in log.read_text()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("served")) as url:
        with client_of(url) as client:
            client.audio.speech.create(**WORDS, input="warm")
        yield url


def client_of(url: str, **options) -> openai.OpenAI:
    return openai.OpenAI(**{"api_key": "none", "base_url": f"{url}/v1", **options})


@pytest.fixture
def client(served: str) -> Iterator[openai.OpenAI]:
    with client_of(served) as one:
        yield one


def test_speech_is_written_to_a_file_in_every_format(client, tmp_path):
    from ttm.audio.measure import measure

    text = "seven of them are beeped one by"
    lengths = {}
    for form in ("mp3", "opus", "flac", "wav", "pcm"):
        path = tmp_path / f"speech.{form}"
        client.audio.speech.create(**WORDS, input=text, response_format=form).write_to_file(path)
        if form == "pcm":
            lengths[form] = path.stat().st_size / 2 / 24_000
            continue
        found = measure(str(path))
        assert (found.format, found.fault) == ({"opus": "OGG"}.get(form, form.upper()), "")
        lengths[form] = found.seconds
    assert lengths["pcm"] > 1
    for form, seconds in lengths.items():
        assert seconds == pytest.approx(lengths["pcm"], abs=0.1), form


@pytest.mark.parametrize("form", ["pcm", "mp3"])
def test_the_first_bytes_are_there_before_the_rest_is_spoken(client, tmp_path, form):
    gate = tmp_path / "gate"
    text = f"Several of them come first of all. until-{gate} The end."
    options = {"input": text, "response_format": form}
    with client.audio.speech.with_streaming_response.create(**WORDS, **options) as answer:
        blocks = answer.iter_bytes(1024)
        begun = next(blocks)
        assert not gate.exists()
        gate.touch()
        rest = b"".join(blocks)
    assert begun
    assert rest


def test_events_carry_the_same_sound(client):
    options = {"input": "three of them", "response_format": "pcm"}
    whole = client.audio.speech.create(**WORDS, **options).content
    create = client.audio.speech.with_streaming_response.create
    with create(**WORDS, **options, stream_format="sse") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in answer.iter_lines() if line.startswith("data: ")]
    events = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert {event["type"] for event in events[:-1]} == {"speech.audio.delta"}
    assert b"".join(base64.b64decode(event["audio"]) for event in events[:-1]) == whole
    assert events[-1]["type"] == "speech.audio.done"
    usage = events[-1]["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


@pytest.mark.parametrize(
    ("fields", "error", "code"),
    [
        ({"speed": 9.0}, "BadRequestError", None),
        ({"voice": "nobody"}, "BadRequestError", "unknown_name"),
        ({"input": " "}, "BadRequestError", "empty_input"),
        ({"response_format": "aac"}, "BadRequestError", "unsupported_format"),
        ({"model": "no-such-model"}, "NotFoundError", "unknown_model"),
        ({"input": "a" * 100_001}, "APIStatusError", "input_too_long"),
        ({"extra_headers": {"Origin": "https://evil.example"}}, "PermissionDeniedError", None),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_refusal_is_its_exception(served, fields, error, code):
    with client_of(served, max_retries=0) as client, pytest.raises(openai.APIStatusError) as raised:
        client.audio.speech.create(**{**WORDS, "input": "quixotic", **fields})
    assert type(raised.value).__name__ == error
    body = raised.value.body
    assert body["message"]
    assert raised.value.code == body["code"]
    assert code in (None, body["code"])
    assert "quixotic" not in json.dumps(body)
    assert raised.value.request_id


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[str]:
    """A server for one test, because its worker dies or its queue is full."""
    (tmp_path / "alone").mkdir()
    with serving(tmp_path / "alone", "--set", "server.max_queue=0") as url:
        yield url


def test_a_worker_that_crashes_once_is_not_noticed_and_one_that_always_does_is_an_error(
    alone, tmp_path
):
    options = {**WORDS, "response_format": "pcm"}
    with client_of(alone) as client:
        usual = client.audio.speech.create(**options, input="beep").content
        answer = client.audio.speech.create(**options, input=f"once-{tmp_path}/flag")
        assert answer.content == usual
        for worker in psutil.Process(pid_of(alone)).children():
            if "ttm.worker" in " ".join(worker.cmdline()):
                worker.kill()
        assert client.audio.speech.create(**options, input="beep").content == usual
    with client_of(alone, max_retries=0) as client:
        with pytest.raises(openai.InternalServerError) as raised:
            client.audio.speech.create(**options, input="kill-9")
        assert (raised.value.status_code, raised.value.type) == (500, "server_error")
        create = client.audio.speech.with_streaming_response.create
        with create(**options, input="later-9") as broken:
            assert broken.status_code == 200
            with pytest.raises(Exception, match=r"(?i)clos|connection"):
                broken.read()
        assert client.audio.speech.create(**options, input="beep").content == usual


def test_a_full_queue_is_an_error_of_the_server_that_says_when_to_come_again(alone, tmp_path):
    gate = tmp_path / "gate"
    with client_of(alone, max_retries=0) as client:
        create = client.audio.speech.with_streaming_response.create
        options = {**WORDS, "response_format": "pcm"}
        with create(**options, input=f"Some of them. until-{gate} The end.") as speaking:
            blocks = speaking.iter_bytes(256)
            next(blocks)
            with pytest.raises(openai.InternalServerError) as raised:
                client.audio.speech.create(**options, input="me too")
            assert (raised.value.status_code, raised.value.code) == (503, "queue_full")
            assert int(raised.value.response.headers["Retry-After"]) >= 1
            gate.touch()
            assert b"".join(blocks)


def test_a_wrong_key_is_its_exception_and_the_lists_stay_public(tmp_path):
    (tmp_path / "served").mkdir()
    (key := tmp_path / "key").write_text("the-key\n")
    key.chmod(0o600)
    with serving(tmp_path / "served", "--set", f"server.api_key_file={key}") as url:
        with client_of(url, max_retries=0) as client, pytest.raises(openai.AuthenticationError):
            client.audio.speech.create(**WORDS, input="hi")
        with client_of(url, api_key="the-key") as client:
            assert client.audio.speech.create(**WORDS, input="hi").content


def pid_of(url: str) -> int:
    port = int(url.rpartition(":")[2])
    return next(
        process.pid
        for process in psutil.Process().children()
        for each in process.net_connections("tcp")
        if each.laddr.port == port and each.status == psutil.CONN_LISTEN
    )
