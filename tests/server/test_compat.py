"""TalkToMeKit's twelve routes; the ids are the rows of its inventory that they hold to.

The engine is a fake, the checkpoints are empty, and everything between them is ttm's own.
"""

from __future__ import annotations

import base64
import io
import json
import struct
import threading
import wave
from pathlib import Path
from typing import Any, get_args

import pytest

from ttm import __version__
from ttm.models.speakers import SPEAKERS
from ttm.server.compat_schemas import DESCRIPTION, ModelId
from ttm.server.desk import MODELS

DESIGN, CUSTOM, LARGE, BASE, ABSENT = get_args(ModelId)
MODES = ["voice_design", "custom_voice", "custom_voice", "voice_clone", "voice_clone"]
STATUS = {
    "mode", "model_id", "requested_mode", "requested_model_id", "loaded", "loading",
    "qwen_tts_available", "ready", "strict_load", "fallback_applied", "detail",
}  # fmt: skip
ROUTES = {"design": "/synthesize/voice-design", "custom": "/synthesize/custom-voice",
          "clone": "/synthesize/voice-clone"}  # fmt: skip


def recording() -> str:
    """A second of a recording, in base64."""
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(struct.pack("<16000h", *(i * 977 % 9000 for i in range(16_000))))
    return base64.b64encode(sound.getvalue()).decode()


REFERENCE = recording()


@pytest.fixture(scope="module")
def server(start, fakes):
    words = ("server.deadline=3", "engine.crashes=100", "text.normalize=off", "cache.enabled=false")
    return start(*(word for one in words for word in ("--set", one)), env=fakes)


@pytest.fixture(scope="module")
def disabled(start, fakes):
    """A server whose engine lacks what it needs."""
    return start(env=fakes | {"LACKING": "ttm_is_not_here"})


@pytest.fixture
def empty(server):
    assert server.ask("POST", "/model/unload").status == 200
    return server


@pytest.fixture
def gate(models):
    """Keeps a model from being loaded until it is opened."""
    file = models / CUSTOM.replace("/", "--") / "gate"
    file.touch()
    yield file
    file.unlink(missing_ok=True)


def load(server, model: str, **about: Any):
    mode = MODES[get_args(ModelId).index(model)]
    return server.ask("POST", "/model/load", {"mode": mode, "model_id": model, **about})


def synthesize(server, kind: str, text: str = "beep", **about: Any):
    usual = {"reference_audio_b64": REFERENCE} if kind == "clone" else {}
    return server.ask("POST", ROUTES[kind], {"text": text, **usual, **about})


def seconds(body: bytes) -> float:
    with wave.open(io.BytesIO(body)) as sound:
        assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (24_000, 2, 1)
        return sound.getnframes() / 24_000


def test_the_closed_list_of_models_is_the_registry_s_in_the_order_of_the_modes():
    assert [entry.hub for entry in MODELS] == list(get_args(ModelId))


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        pytest.param("/health", {"status": "ok", "service": "ttm", "version": __version__},
                     id="HTTP-1"),
        pytest.param("/version", {"service": "ttm", "api_version": __version__,
                                  "openapi_version": "3.1.0"}, id="HTTP-2"),
    ],
)  # fmt: skip
def test_what_the_server_says_of_itself(server, path, wanted):
    answer = server.ask("GET", path)
    assert (answer.status, answer.json) == (200, wanted)


def test_http_3_adapters_are_the_engines_and_know_where_their_status_is(server):
    listed = {one["id"]: one for one in server.ask("GET", "/adapters").json["adapters"]}
    assert listed["qwen3-tts"] == {"id": "qwen3-tts", "name": "Qwen3-TTS",
                                   "status_path": "/adapters/qwen3-tts/status"}  # fmt: skip
    assert {"espeak", "tone", "huggingface", "remote"} <= listed.keys()
    for one in listed.values():
        assert server.ask("GET", one["status_path"]).json["adapter_id"] == one["id"]


def test_http_4_an_adapter_has_a_model_s_status_and_an_unknown_one_is_404(empty):
    told = empty.ask("GET", "/adapters/qwen3-tts/status").json
    assert STATUS | {"adapter_id"} <= told.keys()
    assert {key: told[key] for key in STATUS} == {
        key: value for key, value in empty.ask("GET", "/model/status").json.items() if key in STATUS
    }
    assert empty.speech("beep").status == 200
    tone = empty.ask("GET", "/adapters/tone/status").json
    assert (tone["loaded"], tone["model_id"], tone["mode"]) == (True, "tone", "")
    answer = empty.ask("GET", "/adapters/nope/status")
    assert (answer.status, answer.code) == (404, "unknown_adapter")


def test_http_5_and_17_the_status_has_all_fields_and_a_usual_model_where_none_is_loaded(empty):
    told = empty.ask("GET", "/model/status").json
    assert STATUS <= told.keys()
    assert (told["mode"], told["model_id"]) == ("voice_design", DESIGN)
    assert (told["loaded"], told["loading"], told["ready"]) == (False, False, False)
    assert (told["qwen_tts_available"], told["fallback_applied"]) == (True, False)
    assert told["detail"] == "Qwen3-TTS service is running; model not loaded"


def test_http_6_the_inventory_has_five_rows_in_order_and_a_folder_in_part_is_not_available(
    server, models
):
    rows = server.ask("GET", "/model/inventory").json["models"]
    assert [(one["mode"], one["model_id"]) for one in rows] == [
        *zip(MODES, get_args(ModelId), strict=True)
    ]
    assert [one["available"] for one in rows] == [True, True, True, True, False]
    assert rows[1]["local_path"] == str(models / CUSTOM.replace("/", "--"))
    assert rows[4]["local_path"] == ""
    (models / ABSENT.replace("/", "--")).mkdir()
    assert server.ask("GET", "/model/inventory").json["models"][4]["available"] is False


def test_http_7_and_18_and_19_a_model_is_loaded_and_what_was_asked_for_is_what_is_there(empty):
    answer = load(empty, LARGE)
    told = answer.json
    assert answer.status == 200
    assert (told["loaded"], told["ready"], told["loading"]) == (True, True, False)
    assert (told["mode"], told["model_id"]) == ("custom_voice", LARGE)
    assert (told["requested_mode"], told["requested_model_id"]) == ("custom_voice", LARGE)
    assert (told["strict_load"], told["fallback_applied"]) == (True, False)
    assert (told["engine"], told["device"]) == ("qwen3", "cpu")
    assert told["detail"] == "Qwen3-TTS runtime is ready"
    assert empty.ask("GET", "/model/status").json == told
    # Where no model is named, the one that is loaded speaks.
    assert synthesize(empty, "custom").headers["x-ttm-model"] == "qwen3:1.7b"


def test_a_hub_id_and_a_short_name_are_one_model_that_is_loaded_once(empty):
    pid = load(empty, CUSTOM).json["worker_pid"]
    for name in (CUSTOM, "qwen3:0.6b"):
        got = empty.speech("beep", model=name, voice="ryan")
        assert (got.status, got.headers["x-ttm-model"]) == (200, "qwen3:0.6b")
    lanes = empty.ask("GET", "/v1/ttm/status").json["models"]
    pids = {lane["model"]: lane["status"]["worker_pid"] for lane in lanes if lane["status"]}
    assert pids.pop("qwen3:0.6b") == pid
    assert not [name for name in pids if name.startswith(("qwen3", "Qwen"))]


def test_http_8_and_28_unloading_frees_the_memory_and_may_be_asked_for_again(server):
    pid = load(server, CUSTOM).json["worker_pid"]
    assert Path(f"/proc/{pid}").exists()
    for _ in range(2):
        answer = server.ask("POST", "/model/unload")
        assert (answer.status, answer.json["loaded"], answer.json["ready"]) == (200, False, False)
        assert answer.json["model_id"] == DESIGN
    server.until(lambda: not Path(f"/proc/{pid}").exists())
    # It is loaded again where it is needed, rather than refused until somebody loads it.
    assert synthesize(server, "custom").status == 200


def test_http_9_and_29_speakers_are_told_without_loading_or_letting_go_of_anything(empty):
    pid = load(empty, DESIGN).json["worker_pid"]
    answer = empty.ask("GET", "/custom-voice/speakers")
    assert answer.status == 200
    assert answer.json["model_id"] == CUSTOM
    assert answer.json["speakers"] == sorted(SPEAKERS)
    about = {one["name"]: one for one in answer.json["about"]}
    assert about["ryan"]["languages"][0] == "en"
    assert empty.ask("GET", "/model/status").json["worker_pid"] == pid
    answer = empty.ask("GET", f"/custom-voice/speakers?model_id={LARGE}")
    assert answer.json["model_id"] == LARGE
    answer = empty.ask("GET", f"/custom-voice/speakers?model_id={BASE}")
    assert (answer.status, answer.code) == (400, "invalid_request")


DATA = f"data:audio/wav;base64,{REFERENCE}"
SPOKEN = [
    ("design", DESIGN, {}, {"instruct": DESCRIPTION, "language": "English"}),
    ("custom", CUSTOM, {"speaker": "Serena"}, {"voice": "serena", "instruct": ""}),
    ("clone", BASE, {}, {"voice": "", "transcript": ""}),
    ("design", DESIGN, {"instruct": "a sailor", "language": "German"},
     {"instruct": "a sailor", "language": "German"}),
    ("custom", LARGE, {"model_id": LARGE, "instruct": "whisper"},
     {"instruct": "whisper", "voice": "ryan", "language": "English"}),
    ("custom", CUSTOM, {"model_id": CUSTOM, "instruct": None}, {"voice": "ryan", "instruct": ""}),
    ("clone", BASE, {"reference_text": "Hi.", "reference_audio_b64": DATA}, {"transcript": "Hi."}),
]  # fmt: skip
IDS = ["HTTP-10", "HTTP-11", "HTTP-12", "HTTP-14", "HTTP-15", "HTTP-15 null", "HTTP-16"]


@pytest.mark.parametrize(("kind", "model", "about", "wanted"), SPOKEN, ids=IDS)
def test_each_mode_speaks_and_what_is_left_out_takes_its_default(
    empty, models, kind, model, about, wanted
):
    answer = synthesize(empty, kind, **about)
    assert (answer.status, answer.headers["content-type"]) == (200, "audio/wav")
    assert seconds(answer.body) > 0.05
    assert answer.headers["x-sample-rate"] == "24000"  # which TalkToMeKit's client reads
    assert int(answer.headers["content-length"]) == len(answer.body)
    asked = json.loads((models / model.replace("/", "--") / "asked").read_text())
    assert {key: asked[key] for key in wanted} == wanted
    assert bool(asked["recording"]) == (kind == "clone")


@pytest.mark.parametrize("form", ["wav", "WAV", "audio/wav"])
def test_http_13_a_format_that_is_wav_is_taken_however_it_is_spelled(server, form):
    assert synthesize(server, "custom", format=form).status == 200


BAD_BODIES = {
    "HTTP-24 no JSON": ("custom", b"{", "invalid_json", None),
    "HTTP-24 a list": ("custom", b"[]", "invalid_value", None),
    "HTTP-24 no text": ("custom", b"{}", "invalid_value", "text"),
    "HTTP-24 no recording": ("clone", b'{"text":"hi"}', "invalid_value", "reference_audio_b64"),
    "HTTP-24 unknown model": ("custom", b'{"text":"hi","model_id":"x"}', "invalid_value",
                              "model_id"),
    "HTTP-24 number as text": ("custom", b'{"text":1}', "invalid_value", "text"),
    "HTTP-24 twice": ("custom", b'{"text":1,"text":"hi"}', "invalid_json", None),
    "HTTP-24 surrogate": ("custom", b'{"text":"\\ud800"}', "invalid_value", "text"),
    "HTTP-24 unknown field": ("custom", b'{"text":"hi","sample_rate":8000}', "invalid_value",
                              "sample_rate"),
    "HTTP-25 empty": ("custom", b'{"text":""}', "invalid_value", "text"),
    "HTTP-25 white": ("custom", b'{"text":" \\n "}', "empty_input", None),
    "HTTP-25 long": ("custom", json.dumps({"text": "a" * 2001}).encode(), "invalid_value", "text"),
    "HTTP-25 no speaker": ("custom", b'{"text":"hi","speaker":""}', "invalid_value", "speaker"),
    "HTTP-13 format": ("custom", b'{"text":"hi","format":"mp3"}', "unknown_name", None),
    "DOM-10 speaker": ("custom", b'{"text":"hi","speaker":"nobody"}', "unknown_name", None),
    "DOM-9 instruct": ("custom", b'{"text":"hi","instruct":"whisper","model_id":"%s"}'
                       % CUSTOM.encode(), "invalid_request", None),
    "DOM-14 base64": ("clone", b'{"text":"hi","reference_audio_b64":"%%"}', "invalid_audio", None),
    "DOM-14 comma": ("clone", b'{"text":"hi","reference_audio_b64":"data:audio/wav;base64"}',
                     "invalid_audio", None),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "body", "code", "param"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_what_is_malformed_is_400_with_its_reason_and_without_its_words(
    server, kind, body, code, param
):
    answer = server.ask("POST", ROUTES[kind], None, {"Content-Type": "application/json"}, body)
    assert (answer.status, answer.code, answer.json["error"]["param"]) == (400, code, param)
    assert "aaaa" not in answer.json["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [b"{", b"{}", b'{"mode":"voice_clown"}', b'{"mode":"voice_design","model_id":"qwen3:0.6b"}',
     b'{"mode":"voice_design","strict_load":"yes"}'],
    ids=["HTTP-24", "HTTP-24 no mode", "HTTP-24 mode", "HTTP-24 model", "HTTP-24 strict"],
)  # fmt: skip
def test_what_is_malformed_in_a_load_is_400(server, body):
    answer = server.ask("POST", "/model/load", None, {"Content-Type": "application/json"}, body)
    assert (answer.status, answer.json["error"]["type"]) == (400, "invalid_request_error")


def test_http_22_and_23_every_refusal_has_the_envelope_and_a_retry_where_that_helps(empty, gate):
    answers = []
    loading = threading.Thread(target=lambda: answers.append(load(empty, CUSTOM)))
    loading.start()
    try:
        empty.until(lambda: empty.ask("GET", "/model/status").json["loading"])
        told = empty.ask("GET", "/model/status").json
        assert (told["loaded"], told["ready"], told["requested_model_id"]) == (False, False, CUSTOM)
        answer = synthesize(empty, "custom")
        assert (answer.status, answer.code) == (503, "not_ready")
        assert answer.headers["retry-after"] == "5"
        # A second load of the same is no other one, and does not wait for it.
        again = load(empty, CUSTOM)
        assert (again.status, again.json["loading"], again.json["loaded"]) == (202, True, False)
    finally:
        gate.unlink()
        loading.join()
    assert answers[0].status == 200
    assert synthesize(empty, "custom").status == 200


ORDER = [
    ("design", {"format": "mp3", "model_id": BASE}, 400, "unknown_name"),
    ("clone", {"reference_audio_b64": "%%", "model_id": DESIGN}, 400, "invalid_audio"),
    ("clone", {"model_id": DESIGN}, 400, "invalid_request"),
    ("clone", {"model_id": ABSENT}, 503, "model_missing"),
    ("custom", {"text": "kill-9"}, 500, "unspeakable"),
]


@pytest.mark.parametrize(
    ("kind", "about", "status", "code"), ORDER,
    ids=["HTTP-26.1", "HTTP-26.4", "HTTP-26.5", "HTTP-26.6 missing", "HTTP-26.6 crash"],
)  # fmt: skip
def test_the_first_thing_that_is_wrong_is_told(server, kind, about, status, code):
    answer = synthesize(server, kind, **about)
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize(
    ("kind", "about", "status", "code"),
    [
        pytest.param("custom", {"format": "mp3"}, 400, "unknown_name", id="HTTP-26.1"),
        pytest.param("clone", {"reference_audio_b64": "%%", "model_id": DESIGN}, 503,
                     "engine_unavailable", id="HTTP-26.2"),
    ],
)  # fmt: skip
def test_without_its_runtime_nothing_is_looked_at_but_the_format(
    disabled, kind, about, status, code
):
    answer = synthesize(disabled, kind, **about)
    assert (answer.status, answer.code) == (status, code)


def test_http_27_and_20_a_load_that_fails_is_202_and_says_why(empty, disabled, models):
    answer = load(empty, ABSENT, strict_load=True)
    told = answer.json
    assert (answer.status, told["loaded"], told["ready"], told["loading"]) == (
        202, False, False, False,
    )  # fmt: skip
    assert (told["requested_model_id"], told["strict_load"]) == (ABSENT, True)
    assert told["error"]["code"] == "model_missing"
    assert told["detail"].startswith("Qwen3-TTS error: the checkpoint of model")
    broken = models / LARGE.replace("/", "--") / "broken"
    broken.touch()
    try:
        assert load(empty, LARGE).json["error"]["code"] == "bad_checkpoint"
        # Where something may stand in for it, the next of its mode does, and it is said.
        answer = load(empty, LARGE, strict_load=False)
        told = answer.json
        assert (answer.status, told["fallback_applied"], told["strict_load"]) == (200, True, False)
        assert (told["model_id"], told["requested_model_id"]) == (CUSTOM, LARGE)
    finally:
        broken.unlink()
    answer = empty.ask("POST", "/model/load", {"mode": "voice_clone", "model_id": DESIGN})
    assert (answer.status, answer.code) == (400, "invalid_request")
    answer = disabled.ask("POST", "/model/load", {"mode": "voice_clone", "model_id": DESIGN})
    assert answer.status == 400
    answer = load(disabled, BASE, strict_load=True)
    told = answer.json
    assert (answer.status, told["loaded"], told["qwen_tts_available"]) == (202, False, False)
    assert (told["model_id"], told["requested_model_id"], told["strict_load"]) == (BASE, BASE, True)
    assert told["detail"].startswith("Qwen3-TTS service is disabled; ")


def test_http_29_and_30_without_a_runtime_speakers_are_503_and_all_else_is_told(disabled):
    answer = disabled.ask("GET", "/custom-voice/speakers")
    assert (answer.status, answer.code) == (503, "engine_unavailable")
    answer = disabled.ask("GET", f"/custom-voice/speakers?model_id={BASE}")
    assert answer.status == 400
    for path in ("/health", "/version", "/adapters", "/model/status", "/model/inventory"):
        assert disabled.ask("GET", path).status == 200
    assert disabled.ask("POST", "/model/unload").json["loaded"] is False


def test_http_31_a_deadline_is_504_and_ends_the_work(server):
    pid = load(server, CUSTOM).json["worker_pid"]
    answer = synthesize(server, "custom", "breathe-200")
    assert (answer.status, answer.code) == (504, "deadline_exceeded")
    assert synthesize(server, "custom").status == 200
    assert server.ask("GET", "/model/status").json["worker_pid"] == pid


def test_http_32_and_33_a_model_says_one_thing_at_a_time_and_a_client_that_leaves_ends_its_own(
    server,
):
    body = json.dumps({"text": "breathe-200"}).encode()
    head = f"POST {ROUTES['custom']} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
    busy, left = 'ttm_busy{model="qwen3:0.6b"}', "ttm_clients_left_total"
    before = server.metric(left)
    with server.connect() as leaving:
        leaving.sendall(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        server.until(lambda: server.metric(busy) == 1.0)
    server.until(lambda: server.metric(busy) == 0.0)
    assert server.metric(left) == before + 1
    assert synthesize(server, "custom").status == 200


def test_http_34_what_is_too_large_or_of_another_type_is_refused_before_anything_is_done(server):
    large = "A" * (15 << 20)
    answer = synthesize(server, "clone", reference_audio_b64=large)
    assert (answer.status, answer.code) == (413, "recording_too_large")
    answer = server.ask("POST", ROUTES["custom"], None, {"Content-Type": "text/plain"}, b"{}")
    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    answer = server.ask("GET", ROUTES["custom"])
    assert (answer.status, answer.code) == (405, "method_not_allowed")
