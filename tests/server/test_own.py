"""ttm's own routes: its state, a text in frames, and the speaker queue."""

from __future__ import annotations

import base64
import io
import json
import threading
from pathlib import Path

import pytest

from ttm import __version__
from ttm.narration import frames
from ttm.narration.queue import SpeakerQueue

SAY = "/v1/ttm/say"


@pytest.fixture(scope="module")
def server(start):
    words = ("--set", "engine.crashes=100", "--set", "text.normalize=off")
    device = {"PLAYER": "auto", "BACKEND": "miniaudio", "DEVICE": "null"}
    return start(*words, env={f"TTM_PLAYBACK_{name}": one for name, one in device.items()})


class Body(io.BytesIO):
    """An answer that is all there."""


def said(answer) -> list[frames.Frame]:
    assert answer.headers["content-type"] == frames.MEDIA_TYPE
    return list(frames.decoded(Body(answer.body)))


def say(server, text, **about):
    settings = {"say.model": "tone"} | about.pop("settings", {})
    return server.ask("POST", SAY, {"text": text, "settings": settings, **about})


def test_a_text_comes_in_frames_from_who_speaks_to_the_report(server):
    begin, *sounds, end = said(say(server, "beep beep", settings={"say.seed": 7}))
    assert (begin.kind, begin.model, begin.engine, begin.seed) == ("begin", "tone", "tone", 7)
    assert {frame.kind for frame in sounds} == {"audio"}
    assert (end.kind, end.report["chunks"]) == ("report", 1)
    heard = sum(frame.audio.samples for frame in sounds)
    assert heard / sounds[0].audio.rate == pytest.approx(end.report["seconds"])
    assert any(timing.kind == "sentence" for frame in sounds for timing in frame.audio.timings)


def test_the_settings_of_a_request_are_its_own(server):
    def length(**settings: object) -> float:
        return said(say(server, "beep beep", settings=settings))[-1].report["seconds"]

    usual = length()
    assert length(**{"say.rate": "2"}) == pytest.approx(usual / 2, rel=0.1)
    assert length() == usual


@pytest.mark.parametrize(
    ("about", "status", "code"),
    [
        ({"settings": {"engine.cancel": 3}}, 400, "invalid_value"),
        ({"settings": {"say.rate": "fast"}}, 400, "invalid_request"),
        ({"settings": {"say.nothing": 1}}, 400, "unknown_name"),
        ({"settings": {"say.model": "nope"}}, 404, "unknown_model"),
        ({"settings": {"say.model": "/etc"}}, 404, "unknown_model"),
        ({"settings": {"say.voice": "/etc/passwd.wav"}}, 400, "unknown_name"),
        ({"recording": "%"}, 400, "invalid_audio"),
        ({"text": " "}, 400, "empty_input"),
        ({"text": [{"form": "ssml"}, "<speak><wrong"]}, 400, "unreadable_text"),
        ({"txt": "hi"}, 400, "invalid_value"),
        ({"priority": 1000}, 400, "invalid_value"),
    ],
)
def test_what_cannot_be_said_is_refused_before_anything_is_sent(server, about, status, code):
    text = about.pop("text", "beep")
    answer = say(server, text, **about)
    assert (answer.status, answer.code) == (status, code)


def test_a_client_of_another_protocol_is_told_so_before_its_request_is_looked_at(server):
    headers = {"X-TTM-Protocol": "2", "User-Agent": "ttm/9.9"}
    got = server.ask("POST", SAY, {"words": "beep"}, headers)
    assert (got.status, got.code) == (409, "incompatible")
    assert got.json["error"]["message"].startswith("ttm/9.9 speaks protocol '2' and this server")
    known = server.ask("POST", SAY, {"text": "beep", "settings": {"say.model": "tone"}},
                       {"X-TTM-Protocol": "1", "User-Agent": "ttm/9.9"})  # fmt: skip
    assert (known.status, known.headers["x-ttm-protocol"]) == (200, "1")


def test_pieces_of_markup_are_read_as_what_they_are(server):
    pieces = [{"form": "markdown"}, "# One\n\n**two**", {"form": "text"}, "# three"]
    *_, end = said(say(server, pieces))
    assert end.report["chunks"] == 3


def test_what_goes_wrong_under_way_is_the_last_frame(server):
    text = "beep beep. later-9"
    begin, *_, last = said(say(server, text, settings={"say.model": "faulty"}))
    assert (begin.kind, last.kind) == ("begin", "error")
    assert last.about["place"]["start"] > 0


def test_notes_come_when_they_are_made(server):
    told = said(say(server, "note-hello beep", settings={"say.model": "faulty"}))
    sentences = [frame.sentence for frame in told if frame.kind == "note"]
    assert "noted: hello" in [*sentences, *told[0].warnings]


def test_the_voice_of_a_recording_that_is_sent_speaks(server):
    wav = base64.b64encode(server.speech("beep " * 20).body).decode()
    about = {"recording": wav, "transcript": "beep", "settings": {"say.model": "slow"}}
    assert said(say(server, "beep", **about))[-1].kind == "report"


def test_the_state_tells_of_the_server_and_its_models(server):
    say(server, "beep")
    told = server.ask("GET", "/v1/ttm/status", by_socket=True).json
    assert (told["service"], told["version"], told["pid"]) == (
        "ttm", __version__, server.process.pid,
    )  # fmt: skip
    assert len(told["settings"]) == 32
    lanes = {lane["model"]: lane for lane in told["models"]}
    assert lanes["tone"]["state"] == "ready"
    assert lanes["tone"]["status"]["engine"] == "tone"
    assert lanes["tone"]["expires_in"] > 0


def test_whoever_says_something_says_how_long_its_model_stays(server, ttm):
    def tone():
        told = server.ask("GET", "/v1/ttm/status").json["models"]
        return next(lane for lane in told if lane["model"] == "tone")

    words = (
        "say",
        "beep",
        "-m",
        "tone",
        "--no-play",
        "--server",
        f"http://127.0.0.1:{server.port}",
    )
    assert ttm(*words, "--set", "models.keep_alive=-1").returncode == 0
    assert (tone()["state"], tone()["expires_in"]) == ("ready", None)
    assert ttm(*words, env={"TTM_MODELS_KEEP_ALIVE": "0"}).returncode == 0
    server.until(lambda: tone()["state"] == "unloaded")
    assert ttm(*words).returncode == 0
    assert 200 < tone()["expires_in"] <= 300  # the server's own 5 minutes


@pytest.fixture
def golden(snapshot):
    snapshot.snapshot_dir = Path(__file__).parents[1] / "snapshots"
    return snapshot


def test_openapi_tells_what_it_told_before(server, golden):
    """`scripts/test tests/server/test_own.py --snapshot-update` makes it anew."""
    told = server.ask("GET", "/openapi.json").json
    assert told["openapi"] == "3.1.0"
    golden.assert_match(json.dumps(told, indent=1, sort_keys=True) + "\n", "openapi.json")
    for page in ("/docs", "/redoc"):  # whose scripts would come from elsewhere
        assert server.ask("GET", page).status == 404


def test_what_is_heard_here_is_paused_gone_on_with_and_stopped(server):
    text = "beep " * 40
    answers = []
    asking = threading.Thread(target=lambda: answers.append(say(server, text, play=True)))
    asking.start()

    def states() -> list[str]:
        return [one["state"] for one in server.ask("GET", "/v1/ttm/queue").json["queue"]]

    for before, command, after in (
        ("speaking", "pause", ["paused"]), ("paused", "resume", ["speaking"]),
        ("speaking", "skip", []),
    ):  # fmt: skip
        server.until(lambda before=before: states() == [before])
        assert server.ask("POST", f"/v1/ttm/{command}").json == {"told": 1}
        server.until(lambda after=after: states() == after)
    asking.join()
    told = said(answers[0])
    assert told[-1].report == {"stopped": True}
    assert [one.sentence for one in told if one.kind == "note"] == ["it was stopped"]


def test_what_is_played_here_takes_its_turn_and_can_be_dropped(server):
    queue = SpeakerQueue(server.folder / "run" / "ttm" / "speaker")
    with queue.join("cli", model="tone", voice="x", characters=3) as place:
        assert place.wait()
        (mine,) = server.ask("GET", "/v1/ttm/queue").json["queue"]
        assert (mine["door"], mine["state"], mine["number"]) == ("cli", "speaking", place.number)
        with server.connect() as waiting:
            body = json.dumps({"text": "beep", "settings": {"say.model": "tone"}, "play": True,
                               "channel": "news"}).encode()  # fmt: skip
            head = f"POST {SAY} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            head = head.replace("Host: x", "Host: localhost")
            waiting.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            server.until(lambda: len(queue.entries()) == 2)
            theirs = queue.entries()[1]
            assert (theirs.door, theirs.channel, theirs.characters) == ("server", "news", 4)
            told = server.ask("POST", "/v1/ttm/stop", {"channel": "other"}).json
            assert told == {"told": 0}
            told = server.ask("POST", "/v1/ttm/stop", {"number": theirs.number}).json
            assert told == {"told": 1}
            server.until(lambda: len(queue.entries()) == 1)
        # Whoever leaves while waiting gives the place up.
        with server.connect() as waiting:
            waiting.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            server.until(lambda: len(queue.entries()) == 2)
        server.until(lambda: len(queue.entries()) == 1)
        assert server.ask("POST", "/v1/ttm/pause").json == {"told": 1}
        assert server.ask("POST", "/v1/ttm/resume", {}).json == {"told": 0}


def test_what_is_played_here_is_heard_and_not_sent(server):
    begin, *_, end = said(say(server, "beep", play=True))
    assert (begin.kind, end.kind) == ("begin", "report")
    assert end.report["chunks"] == 1
    assert not any(frame.kind == "audio" for frame in said(say(server, "beep", play=True)))
