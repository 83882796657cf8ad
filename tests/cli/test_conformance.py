"""`ttm conformance`: what holds, and that each check notices the server that breaks it."""

from __future__ import annotations

import json

import pytest

from ttm.conformance import openai_python
from ttm.conformance.catalogue import CHECKS

BROKEN = {
    "openai-python/models": "no models",
    "openai-python/mp3": "plain text",
    "openai-python/opus": "vorbis",
    "openai-python/aac": "anything goes",
    "openai-python/flac": "breaks off",
    "openai-python/wav": "silence",
    "openai-python/pcm": "json instead",
    "openai-python/default": "wav by default",
    "openai-python/early": "late",
    "openai-python/sse": "other usage",
    "openai-python/voice-object": "no voice objects",
    "openai-python/speed": "one speed",
    "openai-python/unicode": "ascii",
    "openai-python/long": "short texts",
    "openai-python/extra": "strict fields",
    "openai-python/no-input": "fastapi",
    "openai-python/empty-input": "anything goes",
    "openai-python/wrong-type": "fastapi",
    "openai-python/bad-speed": "anything goes",
    "openai-python/bad-format": "anything goes",
    "openai-python/bad-voice": "anything goes",
    "openai-python/bad-model": "anything goes",
    "openai-python/wrong-key": "any key",
    "openai-python/unknown-route": "html errors",
    "openai-python/keep-alive": "hangs up",
    "openai-python/leaves": "holds up",
    "open-webui/models": "private lists",
    "open-webui/models-key": "no audio lists",
    "open-webui/voices": "private lists",
    "open-webui/voices-key": "voices without ids",
    "open-webui/speech": "wav in disguise",
    "open-webui/user": "few headers",
    "open-webui/params": "strict fields",
    "open-webui/no-key": "keys have words",
    "open-webui/parts": "busy",
    "open-webui/error": "anything goes",
    "home-assistant/mp3": "literal None",
    "home-assistant/opus": "literal None",
    "home-assistant/flac": "literal None",
    "home-assistant/wav": "literal None",
    "home-assistant/pcm": "literal None",
    "openai-tts/voices": "voices without ids",
    "openai-tts/speech": "cut short",
    "openai-tts/extra": "strict fields",
    "openai-tts/stream": "vorbis",
    "anythingllm/speech": "keys have words",
    "sillytavern/speech": "keys have words",
    "curl/speech": "never ends",
    "curl/wav": "cut short",
    "curl/chunked": "lengths only",
    "curl/expect": "no expectations",
}
"""What a server does wrong that a check is there for; see tests/fake_server.py."""

KEYED = {"any key", "private lists"}
"""What can only be wrong where there is a key."""


@pytest.fixture
def looked(here, fake_server, tmp_path):
    """Run the command against a server that is wrong in these ways; code, rows, stderr."""

    def look(*words: str, wrong: tuple[str, ...] = (), key: str = ""):
        server = fake_server(*wrong, key=key)
        if key:
            (tmp_path / "key").write_text(f"{key}\n")
            words = (*words, "--key-file", str(tmp_path / "key"))
        code, out, err = here("conformance", server.url, *words, "--json")
        return code, json.loads(out), err

    return look


def test_a_server_as_it_should_be_holds_in_every_row(looked):
    code, told, err = looked()
    assert (code, err) == (0, "")
    assert told["ok"]
    states = {row["name"]: row["state"] for row in told["checks"]}
    assert list(states) == [check.name for check in CHECKS]
    skipped = {"openai-python/aac", "openai-python/wrong-key"}
    assert {name for name, state in states.items() if state != "ok"} == skipped


def test_with_a_key_what_needs_one_is_looked_at(looked):
    names = (
        "openai-python/wrong-key",
        "open-webui/no-key",
        "open-webui/m",
        "anythingllm",
        "curl/s",
    )
    only = [word for name in names for word in ("--only", name)]
    code, told, _ = looked(*only, key="secret")
    states = {row["name"]: row["state"] for row in told["checks"]}
    assert (code, states.pop("open-webui/no-key")) == (0, "skipped")
    assert set(states.values()) == {"ok"}


def test_for_every_check_a_server_is_known_that_breaks_it():
    assert list(BROKEN) == [check.name for check in CHECKS]


@pytest.mark.parametrize(("name", "wrong"), BROKEN.items(), ids=BROKEN)
def test_a_check_notices_the_server_that_breaks_it(looked, monkeypatch, name, wrong):
    monkeypatch.setattr(openai_python, "QUICK", 0.2)
    patience = ("--timeout", "1") if wrong in ("holds up", "never ends") else ()
    key = "secret" if wrong in KEYED else ""
    code, told, err = looked("--only", name, *patience, wrong=(wrong,), key=key)
    row = next(row for row in told["checks"] if row["name"] == name)
    assert (code, row["state"]) == (9, "fails"), row
    assert row["why"]
    assert name in err
    assert not told["ok"]


def test_a_table_says_what_was_seen(here, fake_server):
    code, out, err = here("conformance", fake_server("one speed").url, "--only", "openai-python/s")
    rows = [line.split() for line in out.splitlines()]
    assert code == 9
    assert [row[0] for row in rows] == ["check", "ok", "fails"]
    assert "3 s" not in out
    assert "4.7 s at speed 2 and 4.7 s at 1" in out
    assert "1 of 2 hold, 1 fail" in err
    assert "ttm: error: " in err


def test_what_a_server_says_cannot_steer_the_terminal(here, fake_server):
    server = fake_server()
    server.refusal = "\x1b]0;owned\x07\u202eabc"
    code, out, _ = here("conformance", server.url, "--only", "openai-python/bad-voice")
    assert code == 0
    assert "\x1b" not in out
    assert "\\x1b]0;owned\\x07\\u202eabc" in out


def test_the_checks_can_be_listed_without_a_server(here):
    code, out, _ = here("conformance", "--list", "--only", "curl")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == [
        "check", "curl/speech", "curl/wav", "curl/chunked", "curl/expect",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "no server is named"),
        (("nonsense",), 2, "'nonsense' is no URL of a server"),
        (("http://127.0.0.1:x",), 2, "is no URL"),
        (("http://127.0.0.1:9", "--only", "open-weubi"), 2, "Did you mean 'open-webui'"),
        (("http://127.0.0.1:9", "--key-file", "nope"), 2, "cannot be read"),
        (("http://127.0.0.1:9",), 9, "cannot be reached: Connection refused"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(here, words, code, said):
    found, out, err = here("conformance", *words)
    assert (found, out) == (code, "")
    assert said in err


def test_the_key_is_sent_and_never_shown(looked, fake_server, here, tmp_path):
    server = fake_server(key="hush-hush")
    (tmp_path / "key").write_text("hush-hush\n")
    words = ("--key-file", str(tmp_path / "key"), "--only", "curl/speech", "--json")
    code, out, err = here("conformance", f"{server.url}/v1/audio/speech", *words)
    assert code == 0
    assert ("Authorization", "Bearer hush-hush") in server.requests[-1][2]
    assert "hush" not in out + err


# ---- as the clients themselves send it


VARYING = {"host", "user-agent", "content-length", "x-stainless-runtime-version",
           "x-stainless-package-version", "x-stainless-arch", "x-stainless-os"}  # fmt: skip


@pytest.mark.parametrize("streamed", [False, True])
def test_openai_python_sends_what_is_sent_in_its_name(fake_server, here, streamed):
    import openai

    server = fake_server()
    with openai.OpenAI(api_key="none", base_url=f"{server.url}/v1") as client:
        asked = {"model": "tts-1", "voice": "alloy", "input": openai_python.TEXT}
        if streamed:
            fields = {"response_format": "pcm", "stream_format": "sse"}
            with client.audio.speech.with_streaming_response.create(**asked, **fields) as answer:
                answer.read()
        else:
            client.audio.speech.create(**asked)
    name = "openai-python/sse" if streamed else "openai-python/default"
    assert here("conformance", server.url, "--only", name)[0] == 0
    theirs, ours = server.requests
    assert json.loads(ours[3]) == json.loads(theirs[3])
    assert ours[3][:1] + ours[3][-1:] == b"{}"
    assert b": " not in ours[3]
    assert [each[0] for each in ours[2]] == [each[0] for each in theirs[2]]
    for (header, sent), (_, meant) in zip(ours[2], theirs[2], strict=True):
        assert header.lower() in VARYING or sent == meant
    agent = dict(theirs[2])["user-agent"]
    assert dict(ours[2])["user-agent"].partition("/")[0] == agent.partition("/")[0]
