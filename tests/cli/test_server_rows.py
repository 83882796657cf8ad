"""TalkToMeKit's client, row by row of its inventory: the same thing said to ttm, against a server.

A row that says `mended` does otherwise than the client did, for the reason beside it.
"""

from __future__ import annotations

import json
import re

import pytest

CUSTOM = "Qwen/Qwen3-TTS-12Hz-0.6B-CustomVoice"
STATUS = {
    "mode": "custom_voice", "model_id": CUSTOM, "requested_mode": "custom_voice",
    "requested_model_id": CUSTOM, "loaded": True, "loading": False, "qwen_tts_available": True,
    "ready": True, "strict_load": True, "fallback_applied": False,
    "detail": "Qwen3-TTS runtime is ready",
}  # fmt: skip
AWAY = {**STATUS, "loaded": False, "ready": False, "detail": "Qwen3-TTS service is disabled"}
BROKEN = {**AWAY, "error": {"code": "bad_checkpoint", "message": "model.safetensors is cut off"}}

ROUTES = {
    "GET /v1/ttm/status": {"version": "1.2.3", "pid": 7, "status": "ok"},
    "GET /model/status": STATUS,
    "GET /model/inventory": {"models": [
        {"mode": "custom_voice", "model_id": CUSTOM, "available": True, "local_path": "/m",
         "size": 1 << 30},
    ]},
    "GET /adapters": {"adapters": [
        {"id": "qwen3-tts", "name": "Qwen3-TTS", "status_path": "/adapters/qwen3-tts/status"},
    ]},
    "GET /adapters/qwen3-tts/status": {"adapter_id": "qwen3-tts", **STATUS},
    "POST /model/load": STATUS,
    "POST /model/unload": AWAY,
    "GET /v1/audio/voices?model=qwen3": {"voices": [
        {"id": "ryan", "languages": ["en"], "gender": "male", "description": "dynamic"}, "vivian",
    ]},
}  # fmt: skip
"""What a server answers, as TalkToMeKit's contract and OpenAI's habits have it."""


@pytest.fixture
def server(frames):
    started = frames.start()
    for route, body in ROUTES.items():
        started.routes[route] = in_json(200, body)
    return started


def in_json(status: int, body: object) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json"}, json.dumps(body).encode()


SAY = ("say", "Good day.", "-o", "x.wav")
AT = "--server"

ROWS = [
    # row, what is typed behind `ttm`, exit code, in stdout, in stderr
    ("CLI-1 an address", ("models", "status", AT, "URL"), 0, CUSTOM, ""),
    ("CLI-1 mended: its path stays", ("models", "status", AT, "URL/kit"), 9, "", "status 404: no"),
    ("CLI-1 no address", (*SAY, AT, "nas"), 2, "", "'nas' is no address of a server"),
    ("CLI-2 mended: in range", (*SAY, "--set", "daemon.timeout=-1", AT, "URL"), 2, "", "0.1 to"),
    ("CLI-3", (*SAY, "--verbose", AT, "URL"), 0, "", r"-> POST http\S+\n<- 200 http"),
    ("CLI-4", ("models", "status", "--json", AT, "URL"), 0, '"loaded": true', ""),
    ("CLI-5", ("serve", "--status", AT, "URL"), 0, r"status +ok", ""),
    ("CLI-6", ("serve", "--status", AT, "URL"), 0, r"version +1\.2\.3", ""),
    ("CLI-7", ("models", "status", AT, "URL"), 0, r"detail +Qwen3-TTS runtime is ready", ""),
    ("CLI-8", ("models", "list", AT, "URL"), 0, r"qwen3:0.6b +yes +1\.1 GB +custom_voice", ""),
    ("CLI-9", ("engines", AT, "URL"), 0, r"qwen3-tts +loaded", ""),
    ("CLI-10", ("engines", "--json", AT, "URL"), 0, '"adapter_id": "qwen3-tts"', ""),
    ("CLI-11", ("models", "load", "qwen3:0.6b", AT, "URL"), 0, r"loaded +yes", ""),
    ("CLI-11 by mode", ("models", "load", "--mode", "voice-design", AT, "URL"), 0, "loaded", ""),
    ("CLI-11 two", ("models", "load", "qwen3", "--mode", "voice_clone", AT, "URL"), 2, "", "mode"),
    ("CLI-12", ("models", "unload", AT, "URL"), 0, "", "service is disabled"),
    ("CLI-13", ("voices", "list", "-m", "qwen3", AT, "URL"), 0, r"ryan +male +en +dynamic", ""),
    ("CLI-14", (*SAY, "--verbose", AT, "URL"), 0, "", r"x\.wav: 0\.2 s, wav, 24000 Hz"),
    ("CLI-15", ("say", "Good day.", AT, "URL"), 8, "", "playback is switched off"),
    ("CLI-16", ("--help",), 0, "Usage: ttm", ""),
    ("CLI-17 two texts", ("say", "a", "-f", "b", "-o", "x.wav", AT, "URL"), 2, "", "Leave one of"),
    ("CLI-17 no text", ("say", "-o", "x.wav", AT, "URL"), 3, "", "the text is empty"),
    ("CLI-18 mended: ttm has no limit", ("say", "a " * 2001, "-o", "x.wav", AT, "URL"), 0, "", ""),
    ("CLI-19 a mode is a model", (*SAY, "-m", "qwen3:1.7b-design", AT, "URL"), 0, "", ""),
    ("CLI-24 no file", (*SAY, "-v", "./no.wav", AT, "URL"), 2, "", "no recording './no.wav'"),
    ("CLI-25 mended: six formats", ("say", "Hi.", "-o", "x.flac", AT, "URL"), 0, "", ""),
    ("CLI-25 no other", (*SAY, "--format", "aiff", AT, "URL"), 2, "", "aiff"),
    ("CLI-26", ("say", "Hi.", "-o", "no/x.wav", AT, "URL"), 7, "", "no/x.wav"),
    ("CLI-27", (*SAY, "--json", AT, "URL"), 0, '"rate": 24000', ""),
    ("CLI-32 usage", ("models", "load", "--nope"), 2, "", "no option '--nope'"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "words", "code", "out", "err"), ROWS, ids=[r[0] for r in ROWS])
def test_what_the_client_did_is_done(here, server, row, words, code, out, err):
    done = here(*(word.replace("URL", server.url) for word in words))
    assert done[0] == code, done
    assert re.search(out, done[1])
    assert re.search(err, done[2])


def test_cli_11_what_is_asked_of_it_is_sent(here, server):
    here("models", "load", "qwen3:0.6b", "--fallback", "none", AT, server.url)
    here("models", "load", "--mode", "voice-design", AT, server.url)
    first, second = (body for line, _, body in server.asked)
    assert first == {"mode": "custom_voice", "model_id": CUSTOM, "strict_load": True}
    assert second["mode"] == "voice_design"
    assert "strict_load" not in second


def test_cli_15_and_28_what_is_played_can_be_kept(here, server, tmp_path, monkeypatch):
    player = tmp_path / "player"
    player.write_text("#!/bin/sh\ncat > played\n")
    player.chmod(0o755)
    monkeypatch.setenv("TTM_PLAYBACK_PLAYER", f"{player} {{rate}}")
    assert here(*SAY, "--play", AT, server.url)[0] == 0
    assert (tmp_path / "x.wav").read_bytes()[44:] == (tmp_path / "played").read_bytes()


def test_cli_20_to_24_the_speaker_and_the_rest_of_a_voice_are_sent(here, server, tmp_path):
    (tmp_path / "me.wav").write_bytes(b"RIFF")
    words = ("-v", "ryan", "-i", "softly", "-l", "English", "-m", CUSTOM)
    assert here(*SAY, *words, AT, server.url)[0] == 0
    assert here(*SAY, "-v", "me.wav", AT, server.url)[0] == 0
    first, second = (body for _, _, body in server.asked)
    assert first["settings"] == {
        "say.voice": "ryan",
        "say.instruct": "softly",
        "say.language": "English",
        "say.model": CUSTOM,
    }
    assert second["recording"] == "UklGRg=="


def test_cli_29_a_player_that_fails_is_told_of(here, server, tmp_path, monkeypatch):
    player = tmp_path / "player"
    player.write_text("#!/bin/sh\nexit 3\n")
    player.chmod(0o755)
    monkeypatch.setenv("TTM_PLAYBACK_PLAYER", str(player))
    code, _, err = here("say", "Good day.", AT, server.url)
    assert (code, "the player player failed" in err) == (8, True)


@pytest.mark.parametrize(
    "words",
    [
        ("models", "list"), ("models", "status"), ("models", "load", "qwen3"), ("models", "unload"),
        ("engines",), ("voices", "list"), ("serve", "--status"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_cli_30_to_32_what_is_no_answer_is_one_sentence(here, server, words):
    wrong = [
        (200, {"Content-Type": "text/html"}, b"<html>"),
        (200, {"Content-Type": "application/json"}, b"{"),
        in_json(200, []),
        in_json(200, {"models": 1, "adapters": [2], "voices": "x"}),
        (500, {}, b""),
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
    ]
    if words == ("serve", "--status"):
        del wrong[3]  # whatever it tells is shown
    for answer in wrong:
        server.routes = dict.fromkeys([*ROUTES, "GET /v1/audio/voices"], answer)
        code, out, err = here(*words, AT, server.url)
        assert (code, out, err.count("\n")) == (9, "", 1), (answer, err)
        assert err.startswith(f"ttm: error: the server at {server.url}")
        told = here(*words, "--json", AT, server.url)[1]
        assert json.loads(told)["error"]["exit_code"] == 9


@pytest.mark.parametrize(
    ("told", "code", "said"),
    [
        (AWAY, 5, "Qwen3-TTS service is disabled"),
        (BROKEN, 5, "model.safetensors is cut off"),
        ({**AWAY, "loading": True}, 5, "Try again soon"),
    ],
)
def test_cli_33_mended_a_model_that_does_not_load_is_a_failure(here, server, told, code, said):
    server.routes["POST /model/load"] = in_json(202, told)
    done = here("models", "load", "qwen3:0.6b", AT, server.url)
    assert (done[0], done[1]) == (code, "")
    assert said in done[2]


def test_what_plays_where_the_server_is_is_shown_and_ended(here, server):
    entry = {"number": 4, "pid": 9, "door": "server", "state": "speaking", "since": 5,
             "model": "tone", "voice": "sine", "characters": None, "more": 1}  # fmt: skip
    server.routes["GET /v1/ttm/queue"] = in_json(200, {"queue": [entry]})
    server.routes["POST /v1/ttm/stop"] = in_json(200, {"told": 1})
    code, out, _ = here("queue", AT, server.url)
    assert (code, "server" in out, "sine" in out) == (0, True, True)
    assert here("stop", AT, server.url, "--channel", "news") == (0, "", "")
    assert server.asked[-1][2] == {"channel": "news"}
    server.routes["GET /v1/ttm/queue"] = in_json(200, {"queue": [{**entry, "since": "x"}]})
    server.routes["POST /v1/ttm/stop"] = in_json(200, {"told": "x"})
    assert here("queue", AT, server.url)[0] == 9
    assert here("stop", AT, server.url)[0] == 9


def test_cli_4_mended_failures_have_an_envelope_too(here, server):
    body = {"error": {"code": "model_busy", "message": "it speaks", "type": "x", "param": None}}
    server.routes["POST /model/unload"] = in_json(409, body)
    code, out, _ = here("models", "unload", "--json", AT, server.url)
    assert (code, json.loads(out)["error"]["code"]) == (9, "model_busy")
