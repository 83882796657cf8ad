"""OpenAI's route for speech, as its clients use it."""

from __future__ import annotations

import base64
import io
import json
import struct
import threading

import pytest
import soundfile

TEXT = "One two three four five."


@pytest.fixture(scope="module")
def server(common):
    return common


def sound(body: bytes, **options):
    """The samples, and their rate."""
    return soundfile.read(io.BytesIO(body), dtype="int16", **options)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("mp3", "audio/mpeg"), ("opus", "audio/opus"), ("ogg", "audio/ogg"), ("flac", "audio/flac"),
     ("wav", "audio/wav"), ("pcm", "audio/pcm")],
)  # fmt: skip
def test_every_format_comes_as_a_stream_that_decodes_to_the_same_length(server, name, kind):
    whole, rate = sound(server.speech(TEXT).body)
    got = server.speech(TEXT, response_format=name)
    assert (got.status, got.headers["content-type"]) == (200, kind)
    assert got.headers["transfer-encoding"] == "chunked"
    assert int(got.headers["x-audio-sample-rate"]) == rate == 24_000
    if name == "pcm":
        assert got.body == whole.tobytes()
        return
    if name == "flac":  # whose header tells no length in a stream
        assert got.body.startswith(b"fLaC")
        return
    samples, found = sound(got.body)
    assert len(samples) / found == pytest.approx(len(whole) / rate, abs=0.15)


def test_without_a_format_it_is_mp3(server):
    got = server.speech(TEXT, response_format=None)
    assert got.headers["content-type"] == "audio/mpeg"
    assert got.body[:1] == b"\xff" or got.body.startswith(b"ID3")


def test_a_wav_that_is_streamed_states_no_length_and_a_whole_one_its_own(server):
    streamed = server.speech(TEXT)
    assert struct.unpack("<I", streamed.body[4:8]) == struct.unpack("<I", streamed.body[40:44])
    assert streamed.body[4:8] == b"\xff" * 4
    for got in (
        server.speech(TEXT, stream=False),
        server.ask(
            "POST", "/v1/audio/speech?stream=false",
            {"model": "tone", "input": TEXT, "response_format": "wav"},
        ),
    ):  # fmt: skip
        assert int(got.headers["content-length"]) == len(got.body)
        assert struct.unpack("<I", got.body[4:8]) == (len(got.body) - 8,)
        assert got.body[44:] == streamed.body[44:]


def test_the_answer_tells_what_spoke_and_what_was_ignored(server):
    got = server.speech(TEXT, seed=7, foo=1, response_format="pcm")
    assert got.headers["x-ttm-model"] == "tone"
    assert got.headers["x-ttm-voice"] == "sine"
    assert got.headers["x-ttm-seed"] == "7"
    assert got.headers["x-ttm-ignored"] == "foo"
    assert got.headers["cache-control"] == "no-store"
    named = server.ask("GET", "/health", headers={"X-Request-Id": "mine-1"})
    assert named.headers["x-request-id"] == "mine-1"
    forged = server.ask("GET", "/health", headers={"X-Request-Id": 'x" y'})
    assert forged.headers["x-request-id"] != 'x" y'


def test_names_of_openai_stand_for_what_the_settings_say(server):
    for model in ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15", ""):
        got = server.speech("Hi.", model=model, voice={"id": "nova"}, stream=False)
        assert (got.status, got.headers["x-ttm-model"]) == (200, "espeak")
    assert server.speech("Hi.", model="my-tts").headers["x-ttm-model"] == "tone"
    assert server.speech("Hi.", voice="narrator").headers["x-ttm-voice"] == "low"
    assert server.speech("Hi.", model="tts-1", voice="de").headers["x-ttm-voice"] == "de"


def test_a_text_is_spoken_by_a_voice_of_its_script(server):
    got = server.speech("Привет, мир.", model="tts-1", stream=False)
    assert got.headers["x-ttm-voice"] == "ru"


def test_instructions_are_for_models_that_follow_them(server):
    for nothing in ("None", "", None):
        assert server.speech("Hi.", model="tts-1", instructions=nothing).status == 200
    ignored = server.speech("Hi.", model="tts-1", instructions="whisper")
    assert (ignored.status, ignored.headers["x-ttm-ignored"]) == (200, "instructions")
    refused = server.speech("Hi.", instructions="whisper")
    assert (refused.status, refused.code) == (400, "invalid_request")
    assert server.speech("Hello.", model="slow", voice="bob", instructions="softly").status == 200


def test_speed_bends_the_tempo(server):
    usual, fast = (len(server.speech(TEXT, speed=speed).body) for speed in (1, 2.0))
    assert fast / usual == pytest.approx(0.5, abs=0.1)


def test_a_sample_rate_can_be_asked_for(server):
    got = server.speech(TEXT, sample_rate=8000)
    assert sound(got.body)[1] == 8000 == int(got.headers["x-audio-sample-rate"])
    assert server.speech(TEXT, response_format="mp3", sample_rate=44101).status == 400


def events(body: bytes):
    blocks = [block.splitlines() for block in body.decode().split("\n\n") if block]
    for kind, data in blocks:
        about = json.loads(data.removeprefix("data: "))
        assert kind == f"event: {about['type']}"
        yield about


def test_events_carry_the_same_sound_and_end_with_what_was_used(server):
    got = server.speech(TEXT, stream_format="sse", response_format="pcm")
    assert got.headers["content-type"].startswith("text/event-stream")
    *deltas, done = events(got.body)
    assert {each["type"] for each in deltas} == {"speech.audio.delta"}
    pcm = b"".join(base64.b64decode(each["audio"]) for each in deltas)
    assert pcm == server.speech(TEXT, response_format="pcm").body
    assert done["type"] == "speech.audio.done"
    usage = done["usage"]
    assert usage["input_tokens"] == len(TEXT)
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] > len(TEXT)


def test_what_fails_among_the_events_is_one_of_them(server):
    got = server.speech("later-9", model="faulty", stream_format="sse", response_format="pcm")
    assert got.status == 200
    assert got.whole
    *_, last = events(got.body)
    assert last["type"] == "speech.audio.error"
    assert last["error"]["code"] in ("worker_crashed", "unspeakable")


@pytest.mark.parametrize(
    ("asked", "status", "code", "param"),
    [
        ({"input": ""}, 400, "empty_input", None),
        ({"input": None}, 400, "invalid_value", "input"),
        ({"input": "..."}, 400, "empty_input", None),
        ({"input": "a" * 5001}, 413, "input_too_long", "input"),
        ({"input": 7}, 400, "invalid_value", "input"),
        ({"input": "a \ud800 b"}, 400, "invalid_value", "input"),
        ({"model": "tonne"}, 404, "unknown_model", None),
        ({"model": "../etc"}, 404, "unknown_model", None),
        ({"model": "/tmp"}, 404, "unknown_model", None),
        ({"model": "../etc/passwd"}, 404, "unknown_model", None),
        ({"voice": "tony"}, 400, "unknown_name", None),
        ({"voice": "../../x"}, 400, "unknown_name", None),
        ({"voice": "/etc/passwd"}, 400, "unknown_name", None),
        ({"voice": 5}, 400, "invalid_value", "voice"),
        ({"voice": "a" * 300}, 400, "invalid_value", "voice"),
        ({"speed": "1.5"}, 400, "invalid_value", "speed"),
        ({"speed": True}, 400, "invalid_value", "speed"),
        ({"speed": float("nan")}, 400, "invalid_value", "speed"),
        ({"speed": 4.5}, 400, "invalid_value", "speed"),
        ({"speed": 0.2}, 400, "invalid_value", "speed"),
        ({"seed": 2**70}, 400, "invalid_value", "seed"),
        ({"response_format": "aac"}, 400, "unsupported_format", "response_format"),
        ({"response_format": "mp4"}, 400, "unsupported_format", "response_format"),
        ({"stream_format": "ws"}, 400, "invalid_value", "stream_format"),
        ({"keep_alive": "soon"}, 400, "invalid_value", "keep_alive"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_the_envelope(server, asked, status, code, param):
    about = {"model": "tone", "input": TEXT, "response_format": "wav"} | asked
    got = server.ask("POST", "/v1/audio/speech", about)
    assert got.status == status, got.body
    error = got.json["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert code in (None, error["code"])
    assert param in (None, error["param"])
    assert TEXT not in got.body.decode()


def test_advice_is_what_a_client_can_do(server):
    def said(**about):
        return server.speech(about.pop("text", TEXT), **about).json["error"]["message"]

    told = said(voice="nobody")
    assert told == "unknown voice 'nobody'. GET /v1/audio/voices lists them"
    told = said(model="faulty", text="raises")
    assert told.endswith("the engine failed (ZeroDivisionError). Change the text there")
    asked = {"text": TEXT, "settings": {"say.model": "tone", "say.voice": "nobody"}}
    typed = server.ask("POST", "/v1/ttm/say", asked, {"X-TTM-Protocol": "1"})
    assert "`ttm voices list" in typed.json["error"]["message"]


def test_near_names_are_told(server):
    assert "tone" in server.speech(TEXT, model="tonne").json["error"]["message"]
    assert "'sine'" in server.speech(TEXT, voice="sinus").json["error"]["message"]
    assert "mp3" in server.speech(TEXT, response_format="mp33").json["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"input": 1e999}', b"[" * 20_000,
     b'{"input": ' + b"9" * 5000 + b"}", b"\xff\xfe", b'{"input": 3, "input": "x"}',
     b'{"input": "x", "voice": {"id": "a", "id": "tone"}}'],
)  # fmt: skip
def test_what_is_no_request_is_refused(server, body):
    got = server.ask("POST", "/v1/audio/speech", None, {"Content-Type": "application/json"}, body)
    assert got.status == 400
    assert got.json["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_json_has_to_say_that_it_is(server, kind):
    got = server.ask("POST", "/v1/audio/speech", None, {"Content-Type": kind}, b'{"input": "hi"}')
    assert (got.status, got.code) == (415, "unsupported_media_type")


def test_many_at_a_time_get_what_each_would_get_alone(server):
    texts = [f"{'word ' * n}end." for n in range(1, 9)]
    alone = [server.speech(text).body for text in texts]
    got: dict[str, bytes] = {}
    threads = [
        threading.Thread(target=lambda t=text: got.update({t: server.speech(t).body}))
        for text in texts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [got[text] for text in texts] == alone


def test_no_text_is_in_the_log(server):
    server.speech("Zanzibar quagga.")
    server.speech("Zanzibar quagga.", model="nowhere-quagga", voice="x")
    assert "quagga" not in server.log.casefold()
