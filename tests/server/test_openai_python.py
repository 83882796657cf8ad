"""openai-python, untouched, with the server as its base URL."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

openai = pytest.importorskip("openai")

WORDS = {"model": "tts-1", "voice": "alloy"}
KEY = "the-key-of-the-tests"


@pytest.fixture(scope="module")
def served(start, tmp_path_factory):
    """A server with a key, whose engine does what its text says, and may die often."""
    (key := tmp_path_factory.mktemp("key") / "key").write_text(f"{KEY}\n")
    key.chmod(0o600)
    env = {
        "TTM_SAY_MODEL": "faulty",
        "TTM_ENGINE_CRASHES": "100",
        "TTM_SERVER_MAX_QUEUE": "1",
        "TTM_SERVER_API_KEY_FILE": str(key),
    }
    return start(env=env)


def client_of(server, **options) -> openai.OpenAI:
    url = f"http://127.0.0.1:{server.port}/v1"
    return openai.OpenAI(**{"api_key": KEY, "base_url": url, **options})


@pytest.fixture
def client(served) -> Iterator[openai.OpenAI]:
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


def test_a_worker_that_crashes_once_is_not_noticed_and_one_that_always_does_is_an_error(
    served, tmp_path
):
    options = {**WORDS, "response_format": "pcm"}
    with client_of(served) as client:
        usual = client.audio.speech.create(**options, input="beep").content
        answer = client.audio.speech.create(**options, input=f"once-{tmp_path}/flag")
        assert answer.content == usual
        for worker in psutil.Process(served.process.pid).children():
            if "ttm.worker" in " ".join(worker.cmdline()):
                worker.kill()
        assert client.audio.speech.create(**options, input="beep").content == usual
    with client_of(served, max_retries=0) as client:
        with pytest.raises(openai.InternalServerError) as raised:
            client.audio.speech.create(**options, input="kill-9")
        assert (raised.value.status_code, raised.value.type) == (500, "server_error")
        create = client.audio.speech.with_streaming_response.create
        with create(**options, input="later-9") as broken:
            assert broken.status_code == 200
            with pytest.raises(Exception, match=r"(?i)clos|connection"):
                broken.read()
        assert client.audio.speech.create(**options, input="beep").content == usual


def test_a_full_queue_is_an_error_of_the_server_that_says_when_to_come_again(served, tmp_path):
    gate = tmp_path / "gate"
    with client_of(served, max_retries=0) as client, ThreadPoolExecutor(1) as beside:
        create = client.audio.speech.with_streaming_response.create
        options = {**WORDS, "response_format": "pcm"}
        with create(**options, input=f"Some of them. until-{gate} The end.") as speaking:
            blocks = speaking.iter_bytes(256)
            next(blocks)
            waiting = beside.submit(client.audio.speech.create, **options, input="me too")
            headers = {"Authorization": f"Bearer {KEY}"}
            shown = b'ttm_waiting{model="faulty"} 1.0'
            served.until(lambda: shown in served.ask("GET", "/metrics", headers=headers).body)
            with pytest.raises(openai.InternalServerError) as raised:
                client.audio.speech.create(**options, input="and me")
            assert (raised.value.status_code, raised.value.code) == (503, "queue_full")
            assert int(raised.value.response.headers["Retry-After"]) >= 1
            gate.touch()
            assert b"".join(blocks)
            assert waiting.result().content


def test_a_wrong_key_is_its_exception_and_the_lists_stay_public(served):
    with client_of(served, max_retries=0, api_key="wrong") as client:
        with pytest.raises(openai.AuthenticationError):
            client.audio.speech.create(**WORDS, input="hi")
        listed = served.ask("GET", "/v1/audio/voices").json
        assert [voice["id"] for voice in listed["voices"]] == ["faulty"]
    with client_of(served) as client:
        assert "faulty" in [model.id for model in client.models.list()]
