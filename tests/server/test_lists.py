"""The lists that clients choose from, and the voices that they bring."""

from __future__ import annotations

import json
import uuid

import pytest


@pytest.fixture(scope="module")
def server(common):
    return common


def form(**fields) -> tuple[dict[str, str], bytes]:
    """A form with a file in it, and its headers."""
    edge = uuid.uuid4().hex
    body = b""
    for name, value in fields.items():
        file = '; filename="x.wav"' if isinstance(value, bytes) else ""
        data = value if isinstance(value, bytes) else value.encode()
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        body += head.encode() + data + b"\r\n"
    kind = f"multipart/form-data; boundary={edge}"
    return {"Content-Type": kind}, body + f"--{edge}--\r\n".encode()


@pytest.fixture(scope="module")
def recording(server):
    """Some seconds of speech, as a file."""
    text = "The harbour was quiet when the first boat came in, and by noon the whole town knew it."
    return server.speech(text, model="espeak", stream=False).body


def test_models_are_listed_as_openai_does(server):
    listed = server.ask("GET", "/v1/models").json
    assert listed["object"] == "list"
    found = {one["id"]: one for one in listed["data"]}
    assert listed["data"][0]["id"] == "espeak"
    assert {"espeak", "tone", "tts-1", "tts-1-hd", "gpt-4o-mini-tts", "their-model"} <= set(found)
    for one in listed["data"]:
        assert one["object"] == "model"
        assert isinstance(one["created"], int)
        assert one["owned_by"] == "ttm"
    assert (found["tts-1"]["root"], found["their-model"]["root"]) == ("espeak", "tone")
    assert server.ask("GET", "/v1/models/tone").json == found["tone"]
    got = server.ask("GET", "/v1/models/Nobody/Nothing")
    assert (got.status, got.code) == (404, "unknown_model")


def test_the_lists_have_the_shapes_that_open_webui_reads(server):
    models = server.ask("GET", "/v1/audio/models").json
    assert set(models) == {"models"}
    assert {"id": "espeak"} in models["models"]
    voices = server.ask("GET", "/v1/audio/voices").json
    assert set(voices) == {"voices"}
    assert all({"id", "name"} <= set(one) for one in voices["voices"])
    names = {one["id"] for one in voices["voices"]}
    assert {"en-us", "de", "reader"} <= names
    assert not [name for name in names if name.startswith("+")]
    tones = server.ask("GET", "/v1/audio/voices?model=tone").json["voices"]
    assert [one["id"] for one in tones] == ["sine", "low", "high", "narrator"]
    assert server.ask("GET", "/v1/audio/voices?model=nothing").status == 404
    assert server.ask("GET", "/v1/audio/voices?model=/etc").status == 404


def test_every_voice_that_is_listed_can_be_asked_for(server):
    for one in server.ask("GET", "/v1/audio/voices?model=tone").json["voices"]:
        meant = {"narrator": "low"}.get(one["id"], one["id"])
        assert server.speech("Hi.", voice=one["id"]).headers["x-ttm-voice"] == meant
    assert server.speech("Hi.", model="tts-1", voice="reader").headers["x-ttm-voice"] == "de"


def test_a_voice_is_brought_listed_spoken_with_and_removed(server, recording):
    headers, body = form(audio_sample=recording, name="Anna", consent="mine, and I agree")
    got = server.ask("POST", "/v1/audio/voices", None, headers, body)
    assert got.status == 201, got.body
    assert (got.json["id"], got.json["object"]) == ("anna", "audio.voice")
    assert {"length", "level", "noise"} <= {one["name"] for one in got.json["findings"]}
    listed = server.ask("GET", "/v1/audio/voices?model=slow").json["voices"]
    assert any(one["id"] == "anna" and one["kept"] for one in listed)
    assert "anna" not in {v["id"] for v in server.ask("GET", "/v1/audio/voices").json["voices"]}
    again = server.ask("POST", "/v1/audio/voices", None, headers, body)
    assert (again.status, again.code) == (409, "name_taken")
    spoken = server.speech("Hello.", model="mute", voice={"id": "anna"})
    assert (spoken.status, spoken.headers["x-ttm-voice"]) == (200, "anna")
    gone = server.ask("DELETE", "/v1/audio/voices/anna")
    assert gone.json == {"id": "anna", "object": "audio.voice.deleted", "deleted": True}
    assert server.ask("DELETE", "/v1/audio/voices/anna").status == 404


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"name": "../x"}, 400, "invalid_request"),
        ({"name": "..%2fx"}, 400, "invalid_request"),
        ({"name": "a\0b"}, 400, "invalid_request"),
        ({"name": "."}, 400, "invalid_request"),
        ({"name": ""}, 400, None),
        ({"name": "a" * 257}, 400, "invalid_value"),
        ({"name": "vivian"}, 409, "name_taken"),
        ({"name": "de"}, 409, "name_taken"),
        ({"consent": " "}, 400, "consent_missing"),
        ({"audio_sample": b""}, 400, "invalid_audio"),
        ({"audio_sample": b"\x89PNG\r\n\x1a\n" + bytes(100)}, 400, "invalid_audio"),
        ({"audio_sample": bytes(10 << 20) + b"x"}, 413, "audio_too_large"),
        ({"audio_sample": "http://169.254.169.254/"}, 400, "invalid_value"),
    ],
)
def test_what_makes_no_voice_is_refused_and_nothing_is_kept(
    server, recording, fields, status, code
):
    about = {"audio_sample": recording, "name": "bob", "consent": "yes"} | fields
    headers, body = form(**about)
    got = server.ask("POST", "/v1/audio/voices", None, headers, body)
    assert got.status == status, got.body
    assert code in (None, got.code)
    assert "/tmp" not in got.body.decode()
    kept = server.folder / ".local/share/ttm/voices"
    assert not [each for each in kept.glob("*.ttmvoice")] if kept.exists() else True


def test_voices_have_to_come_as_a_form(server):
    got = server.ask("POST", "/v1/audio/voices", {"name": "x"})
    assert got.status in (400, 415)
    assert json.loads(got.body)["error"]["type"] == "invalid_request_error"
