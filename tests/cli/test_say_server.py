"""`ttm say` against a server: what is sent, and what becomes of all that goes wrong."""

from __future__ import annotations

import base64
import itertools
import json
import socket
import wave

import pytest

from ttm import __version__
from ttm.audio import Audio
from ttm.errors import every_error
from ttm.narration.frames import MEDIA_TYPE, Begin, Failed, Loading, Note, Sound, encode

SAY = "POST /v1/ttm/say"


def test_what_the_server_speaks_is_written_and_reported_with_where_it_was_spoken(
    here, frames, tmp_path
):
    server = frames.start()
    names = ("-o", "x.wav", "--srt", "x.srt", "--timings", "x.json")
    code, out, err = here("say", "Good day.", *names, "--server", server.url, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["server"] == server.url
    assert (told["model"], told["voice"], told["seed"]) == ("tone", "tone", 7)
    assert (told["chunks"], told["seconds"], told["effective"]) == (1, 0.2, {"device": "cpu"})
    with wave.open(str(tmp_path / "x.wav")) as file:
        assert (file.getframerate(), file.readframes(9999)) == (24_000, b"\x01\x00" * 4800)
    assert "Good day." in (tmp_path / "x.srt").read_text()
    rows = json.loads((tmp_path / "x.json").read_text())
    assert "Good" in json.dumps(rows)


def test_it_goes_to_a_pipe_and_to_the_player_as_well(here, frames, ttm, tmp_path, monkeypatch):
    server = frames.start()
    done = ttm("say", "Good day.", "-o", "-", "--format", "pcm", "--server", server.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"\x01\x00" * 4800, b"")
    script = tmp_path / "player"
    script.write_text(f'#!/bin/sh\ncat > "{tmp_path}/played.$1"\n')
    script.chmod(0o755)
    monkeypatch.setenv("TTM_PLAYBACK_PLAYER", f"{script} {{rate}}")
    assert here("say", "Good day.", "--server", server.url)[0] == 0
    assert (tmp_path / "played.24000").read_bytes() == b"\x01\x00" * 4800


def test_the_server_gets_the_text_and_what_somebody_has_set(here, frames, monkeypatch, tmp_path):
    server = frames.start()
    monkeypatch.setenv("TTM_SERVER", server.url)
    assert here("say", "Good day.", "--no-play", "-r", "1.5", "-m", "nova", "--seed", "3")[0] == 0
    (_, headers, body), *_ = server.asked
    assert body["text"] == [{"form": "text", "name": "the text", "chapter": False}, "Good day."]
    assert body["settings"] == {"say.rate": "1.5", "say.model": "nova", "say.seed": 3}
    assert "Authorization" not in headers
    (tmp_path / "a.md").write_text("# A *title*\n")
    (tmp_path / "me.wav").write_bytes(b"RIFF and so on")
    (tmp_path / "key").write_text("s3cret\n")
    monkeypatch.setenv("TTM_SERVER_KEY_FILE", str(tmp_path / "key"))
    words = ("--no-play", "-f", "a.md", "-v", "./me.wav", "--voice-text", "It is me.")
    assert here("say", *words)[0] == 0
    _, headers, body = server.asked[1]
    assert headers["Authorization"] == "Bearer s3cret"
    assert body["text"][0]["form"] == "markdown"
    assert base64.b64decode(body["recording"]) == b"RIFF and so on"
    assert body["transcript"] == "It is me."
    assert "say.voice" not in body["settings"]


def test_one_of_another_protocol_is_refused_in_a_sentence_and_one_of_another_version_is_not(
    here, frames, tmp_path
):
    server = frames.start()
    server.version = "9.9.9"
    assert here("say", "Good day.", "-o", "x.wav", "--server", server.url)[0] == 0
    code, headers, body = frames.spoken(frames.SPOKEN, frames.report())
    server.routes[SAY] = code, headers | {"X-TTM-Protocol": "2"}, body
    code, out, err = here("say", "Good day.", "-o", "y.wav", "--server", server.url)
    assert (code, out) == (9, "")
    assert err == (
        f"ttm: error: the server at {server.url} speaks protocol '2' and this ttm {__version__} "
        "protocol '1'. Bring both to the same version\n"
    )
    assert not (tmp_path / "y.wav").exists()
    assert server.asked[-1][1]["X-TTM-Protocol"] == "1"


def test_local_speaks_here_whatever_is_named_elsewhere(here, monkeypatch):
    monkeypatch.setenv("TTM_SERVER", "http://127.0.0.1:1")
    code, out, _ = here("say", "hi", "-m", "tone", "--no-play", "--local", "--json")
    assert code == 0
    assert "server" not in json.loads(out)


def test_what_the_server_has_to_say_is_passed_on_once(here, frames):
    server = frames.start()
    begun = Begin("tone", "tone", "tone", "en", 7, warnings=("another voice speaks",))
    server.routes[SAY] = frames.spoken(
        encode(Loading("tone", "weights", 0.5)),
        encode(begun),
        encode(Note("it is dark")),
        encode(Sound(Audio(frames.PCM, 24_000))),
        frames.report(notes=["it is dark"], skipped=1, skips=[skip(3)]),
    )
    code, out, err = here("say", "Good day.", "--no-play", "--server", server.url, "--json")
    assert code == 0
    told = json.loads(out)["warnings"]
    assert told[:2] == ["another voice speaks", "it is dark"]
    assert told[2].startswith("1 piece of the text could not be spoken (line 3, column 1)")
    assert len(told) == 3
    assert err.count("it is dark") == 1


def skip(line: int) -> dict[str, object]:
    return {"start": 0, "end": 1, "line": line, "column": 1, "why": "it crashed"}


def test_verbose_tells_each_request_and_answer(here, frames):
    server = frames.start()
    _, _, err = here("say", "Good day.", "--no-play", "--server", server.url, "--verbose")
    assert f"-> POST {server.url}/v1/ttm/say\n<- 200 {server.url}/v1/ttm/say\n" in err
    assert "voice tone (a beep a word), the server at http" in err


LEAVES = [one for one in every_error() if one.exit_code not in (1, 141)]


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.code)
def test_an_error_that_the_server_names_ends_as_it_would_have_ended_here(here, frames, leaf):
    server = frames.start()
    server.routes[SAY] = frames.refusal(leaf.status, leaf.code, "The moon is full. Wait")
    code, _, err = here("say", "Good day.", "-o", "x.wav", "--server", server.url)
    assert (code, err) == (leaf.exit_code, "ttm: error: The moon is full. Wait\n")


def test_an_error_on_the_way_leaves_no_file_and_the_one_before_as_it_was(here, frames, tmp_path):
    server = frames.start()
    (tmp_path / "x.wav").write_bytes(b"mine")
    broken = encode(Failed("worker_crashed", "the engine crashed", "run it again"))
    server.routes[SAY] = frames.spoken(frames.SPOKEN, broken)
    code, out, err = here("say", "Good day.", "-o", "x.wav", "--server", server.url, "--json")
    assert (code, err) == (6, "ttm: error: the engine crashed. Run it again\n")
    assert json.loads(out)["error"]["code"] == "worker_crashed"
    assert (tmp_path / "x.wav").read_bytes() == b"mine"
    assert [each.name for each in tmp_path.iterdir()] == ["x.wav"]


OURS = "Check that it is a server of ttm"
CUT = "{} broke off in the middle of its answer. Try again"
ODD = "{} sent what no server of ttm sends: "
FRAMES = {"Content-Type": MEDIA_TYPE}
WRONG = {
    "another type": ((200, {"Content-Type": "text/html"}, b"<html>"),
                     "{} answered with text/html instead of application/x-ttm-frames. " + OURS),
    "no type": ((200, {}, b"hm"), "{} answered with no type instead of"),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n", "{} answered with something that is no HTTP. " + OURS),
    "nothing": (b"", CUT),
    "an empty body": ((200, FRAMES, b""), CUT),
    "a body that is too short": (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ttm-frames\r\n"
        b"Content-Length: 99\r\n\r\n{", CUT),
    "half a chunk": (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ttm-frames\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n40\r\n{", CUT),
    "no last frame": ((200, FRAMES, encode(Begin("m", "e", "v", "en", 1))), CUT),
    "no JSON": ((200, FRAMES, b"hello\n"), ODD + "a line that is no frame. " + OURS),
    "another kind": ((200, FRAMES, b'{"kind": "x"}\n'), ODD + "a line that is no frame"),
    "a list": ((200, FRAMES, b"[]\n"), ODD + "a line that is no frame"),
    "too deep": ((200, FRAMES, b"[" * 9999 + b"\n"), ODD + "a line that is no frame"),
    "other fields": ((200, FRAMES, b'{"kind": "note", "x": 1}\n'),
                     ODD + "a frame 'note' with other fields"),
    "a wrong field": ((200, FRAMES, b'{"kind": "note", "sentence": 1}\n'),
                      ODD + "a frame 'note' with a wrong sentence"),
    "half a sample": ((200, FRAMES, b'{"kind": "audio", "bytes": 1, "rate": 24000, '
                       b'"format": "s16", "timings": []}\n\0'), ODD + "a frame 'audio' with other"),
    "an endless sound": ((200, FRAMES, b'{"kind": "audio", "bytes": 99999999999}\n'),
                         ODD + "sound of an impossible length"),
    "a failure without an envelope": ((500, {"Content-Type": "text/plain"}, b"oh"),
                                      "{} answered with status 500. " + OURS),
    "a bug over there": ((500, {}, b'{"error": {"code": "internal_error", "message": "a bug"}}'),
                         "the server failed: a bug"),
    "FastAPI's own words": ((404, {}, b'{"detail": "Not Found"}'),
                            "{} answered with status 404: Not Found. " + OURS),
    "another address": ((307, {"Location": "http://evil/"}, b""),
                        "{} sends us on to another address. Give that one"),
    "a wish for a key": ((401, {}, b'{"error": {"code": "no_key", "message": "no"}}'),
                         "{} wants a key. Name the file that holds it in TTM_SERVER_KEY_FILE"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_whatever_else_it_answers_is_one_sentence(here, frames, what):
    answer, told = WRONG[what]
    server = frames.start()
    server.routes[SAY] = answer
    code, out, err = here("say", "Good day.", "-o", "x.wav", "--server", server.url)
    assert (code, out) == (9, "")
    assert err.startswith("ttm: error: " + told.format(f"the server at {server.url}"))
    assert err.count("\n") == 1


def test_what_a_server_says_cannot_steer_the_terminal(here, frames):
    server = frames.start()
    server.routes[SAY] = frames.refusal(400, "invalid_request", "a\x1b]0;title\x07\nb\u202e")
    _, _, err = here("say", "Good day.", "-o", "x.wav", "--server", server.url)
    assert err == "ttm: error: a\\x1b]0;title\\x07 b\\u202e\n"


def test_where_nobody_answers_it_says_how_to_start_one(here, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        code, _, err = here("say", "Good day.", "-o", "x.wav", "--server", url)
    start = "nobody answers there. Start it with `ttm serve`, or check the address\n"
    assert (code, err) == (9, f"ttm: error: cannot reach the server at {url}: {start}")
    gone = f"unix:{tmp_path}/gone.sock"
    code, _, err = here("say", "Good day.", "-o", "x.wav", "--server", gone)
    assert (code, err) == (9, f"ttm: error: cannot reach the server at {gone}: {start}")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_silent_is_given_up(here, frames):
    server = frames.start()
    hold = frames.threading.Event()
    server.routes[SAY] = lambda body: hold.wait(20) and frames.spoken()
    words = ("--server", server.url, "--set", "daemon.timeout=0.2")
    code, _, err = here("say", "Good day.", "-o", "x.wav", *words)
    hold.set()
    assert code == 9
    assert "sent nothing for 0.2 s. Try again, or set daemon.timeout" in err


def test_a_busy_server_is_asked_once_more_when_it_said_so(here, frames):
    server = frames.start()
    answers = [frames.spoken(frames.SPOKEN, frames.report())]
    busy = frames.refusal(503, "queue_full", "32 are waiting", Retry_After="0")
    server.routes[SAY] = lambda body: busy if len(server.asked) == 1 else answers.pop()
    assert here("say", "Good day.", "--no-play", "--server", server.url)[0] == 0
    server.routes[SAY] = busy
    code, _, err = here("say", "Good day.", "--no-play", "--server", server.url)
    assert (code, err) == (9, "ttm: error: 32 are waiting\n")
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--dry-run",), "--dry-run cannot be done by a server. Speak here with --local"),
        (("--follow",), "--follow cannot be done by a server"),
        (("--split", "sentence", "-o", "{n}.wav"), "--split cannot be done by a server"),
        (("--set", "engine.espeak.word_gap=2"), "--set engine.espeak.word_gap is a setting that"),
        (("--local",), "--server and --local say different things"),
    ],
)
def test_what_a_server_cannot_do_is_said_before_it_is_asked(here, frames, words, told):
    server = frames.start()
    code, _, err = here("say", "Good day.", *words, "--server", server.url)
    assert code == 2
    assert told in err
    assert server.asked == []


@pytest.mark.parametrize(
    "url",
    ["nas", "ftp://nas", "http://", "http://me:key@nas", "http://nas:0", "http://a b", "unix:"],
)
def test_what_is_no_address_is_not_asked(here, url):
    code, _, err = here("say", "Good day.", "-o", "x.wav", "--server", url)
    assert code in (2, 9)
    assert "key" not in err or "shown to others" in err


def test_a_text_without_words_is_not_sent(here, frames):
    server = frames.start()
    assert here("say", "...", "-o", "x.wav", "--server", server.url)[0] == 3
    assert server.asked == []


def test_a_client_that_is_killed_hangs_up(begin, frames):
    server = frames.start()
    block = encode(Sound(Audio(frames.PCM, 24_000)))
    server.routes[SAY] = (200, FRAMES, itertools.chain([frames.SPOKEN], itertools.repeat(block)))
    running = begin("say", "Good day.", "-o", "-", "--format", "pcm", "--server", server.url)
    assert running.stdout.read(1 << 16)
    running.kill()
    assert server.left.wait(20)
