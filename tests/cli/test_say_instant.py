"""`ttm say --instant`: espeak-ng begins, and the model takes over at the end of a sentence."""

from __future__ import annotations

import json
import os
import sys
import time
from itertools import pairwise

import pytest

from ttm.audio import Audio
from ttm.audio.loudness import Loudness
from ttm.config import load
from ttm.narration.frames import MEDIA_TYPE, Begin, Sound, encode, print_of
from ttm.server import daemon
from ttm.speech import Timing

RATE = 24_000
TEXT = "One two three. Four five six. Seven eight nine. Ten eleven twelve."

DEVICE = """
import sys, time
rate, path = sys.argv[1:]
due = time.monotonic()
with open(path, "wb") as out:
    while block := sys.stdin.buffer.read(int(rate) // 25 * 2):
        out.write(block)
        due += len(block) / 2 / int(rate)
        time.sleep(max(0.0, due - time.monotonic()))
"""
"""A loudspeaker that takes its time, and keeps what it played."""


@pytest.fixture
def instant(begin, faulty, monkeypatch):
    """`instant(loading, *words)`: a command that plays to nothing with a model that takes so long
    to load."""
    monkeypatch.delenv("TTM_PLAYBACK_PLAYER")

    def start(loading: str, *words: str, **more: str):
        env = {**faulty, "TTM_PLAYBACK_DEVICE": "null", "LOADING": loading, **more}
        return begin("say", "-m", "slow", "--instant", "--json", *words, env=env)

    return start


def ended(process, code: int = 0) -> dict:
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (code, b"")
    return json.loads(out)


def loudness(pcm: bytes) -> float | None:
    meter = Loudness(RATE, 1)
    meter.feed(Audio(pcm, RATE).numpy()[:, None])
    return meter.integrated()


def test_the_model_takes_over_at_the_end_of_a_sentence(instant, begin, faulty, here, tmp_path):
    (tmp_path / "device.py").write_text(DEVICE)
    player = f"{sys.executable} {tmp_path}/device.py {{rate}} {tmp_path}/heard.raw"
    more = {"TTM_PLAYBACK_BACKEND": "command", "TTM_PLAYBACK_PLAYER": player}
    more["TTM_PLAYBACK_DEVICE"] = ""
    process = instant("0.5", TEXT, "--timings", "t.json", **more)
    report = ended(process)
    stood = report.pop("instant")
    assert (report["model"], report["chunks"], report["warnings"]) == ("slow", 4, [])
    assert (stood["model"], stood["voice"], stood["rate"]) == ("espeak", "en-us", RATE)
    assert 0 < stood["sentences"] < 4
    assert TEXT[: stood["until"]].count(".") == stood["sentences"]
    heard = (tmp_path / "heard.raw").read_bytes()
    assert len(heard) == 2 * round(report["seconds"] * RATE)
    rows = json.loads((tmp_path / "t.json").read_text())
    rows = rows["timings"] if isinstance(rows, dict) else rows
    sentences = [row for row in rows if row["kind"] == "sentence"]
    assert [row["text"] for row in sentences] == [f"{s}." for s in TEXT[:-1].split(". ")]
    assert all(a["until"] <= b["at"] for a, b in pairwise(sentences))
    # The tones begin with the pause before their sentence; what espeak says ends there.
    seam, first = stood["hand_over"], sentences[stood["sentences"]]
    assert sentences[stood["sentences"] - 1]["until"] == pytest.approx(seam / RATE, abs=0.001)
    assert seam / RATE + 0.25 == pytest.approx(first["at"], abs=0.001)
    assert not heard[2 * seam : 2 * (seam + RATE // 4)].strip(b"\0")
    assert loudness(heard[: 2 * seam]) == pytest.approx(-23, abs=1.5)
    assert loudness(heard[2 * seam : 2 * (seam + 2 * RATE)]) == pytest.approx(-23, abs=1.5)
    # What the stand-in said is not kept as if the model had, and the history knows of it.
    again = ended(begin("say", "-m", "slow", TEXT, "-o", "y.wav", "--json", env=faulty))
    assert 4 - stood["sentences"] <= again["cached"] < 4
    assert "instant" not in again
    assert json.loads(here("history", "show", "2", "--json")[1])["stand_in"] == "espeak"


def test_a_text_that_ends_before_the_model_is_there_does_not_wait_for_it(instant):
    report = ended(instant("hang", "One two."))
    assert report["instant"]["hand_over"] is None
    assert (report["instant"]["until"], report["chunks"]) == (8, 1)


def test_stop_silences_the_stand_in(instant, here, eventually):
    process = instant("hang", TEXT * 5)
    eventually(lambda: '"speaking"' in here("queue", "--json")[1])
    here("stop")
    assert ended(process)["stopped"]


def test_a_model_that_fails_to_load_is_told_after_the_sentence(begin, engine, plugins, monkeypatch):
    monkeypatch.delenv("TTM_PLAYBACK_PLAYER")
    monkeypatch.setenv("TTM_PLAYBACK_DEVICE", "null")
    name = engine(
        "import time\nfrom ttm.errors import BadCheckpoint\nclass Engine:\n"
        "    def __init__(self, loading=None):\n"
        "        time.sleep(0.2)\n        raise BadCheckpoint('the weights are gone', 'Pull')\n"
    )
    (plugins / "own-1.dist-info" / "entry_points.txt").write_text(
        f"[ttm.engines]\n{name} = own:Engine [loads_slowly, multilingual]\n"
    )
    process = begin("say", "-m", name, "--instant", TEXT, "--vtt", "x.vtt")
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (5, b"")
    assert err == b"ttm: error: the weights are gone. Pull\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("-o", "x.wav"), "a file has one voice"),
        (("-o", "x.wav", "--play"), "a file has one voice"),
        (("--no-play",), "for what is heard at once"),
        (("--split", "sentence", "-o", "{n}.wav", "--resume"), "a file has one voice"),
        (("--server", "http://127.0.0.1:1"), "spoken by another server"),
    ],
    ids=["file", "both", "silence", "parts", "server"],
)
def test_where_it_cannot_be_it_is_refused(here, plugins, words, says):
    code, out, err = here("say", TEXT, "-m", "slow", "--instant", *words)
    assert (code, out, says in err) == (2, "", True)


def test_the_setting_leaves_files_and_quick_models_alone(here, plugins, monkeypatch):
    monkeypatch.setenv("TTM_SAY_INSTANT", "true")
    code, out, err = here("say", "One.", "-m", "slow", "-o", "x.wav", "--json")
    assert (code, err, "instant" in json.loads(out)) == (0, "", False)
    monkeypatch.setenv("TTM_PLAYBACK_DEVICE", "null")
    monkeypatch.delenv("TTM_PLAYBACK_PLAYER")
    code, out, err = here("say", "One.", "-m", "tone", "--json")
    assert (code, err, "instant" in json.loads(out)) == (0, "", False)


@pytest.fixture
def running(frames, home, plugins, monkeypatch):
    """A server where the one of this machine would be, which has a model to load first."""
    monkeypatch.delenv("TTM_PLAYBACK_PLAYER")
    monkeypatch.setenv("TTM_PLAYBACK_DEVICE", "null")
    path = daemon.socket_path()
    path.parent.mkdir(mode=0o700, parents=True)
    server = frames.start(path)
    server.settings = print_of(load(environ=os.environ))
    return server


def test_a_server_that_has_to_load_it_takes_over_where_the_stand_in_stopped(here, running, frames):
    text = "Good day. Good day. Good day."

    def frames_of():
        time.sleep(0.3)  # of loading
        yield encode(Begin("slow", "slow", "bob", "en", 7))
        for i in range(3):
            span, now = (i * 10, min(i * 10 + 10, len(text))), i * 0.5
            whole = Timing("sentence", *span, now, now + 0.5, True, "Good day.", "")
            yield encode(Sound(Audio(b"\x01\x10" * 8_000, 16_000, "s16", (whole,))))
        yield frames.report(model="slow", chunks=3, characters=29)

    running.routes["POST /v1/ttm/say"] = lambda body: (
        200,
        {"Content-Type": MEDIA_TYPE},
        frames_of(),
    )
    code, out, err = here("say", text, "-m", "slow", "--instant", "--json", "--timings", "t.json")
    report = json.loads(out)
    assert (code, err, report["server"]) == (0, "", running.url)
    stood = report["instant"]
    assert (report["chunks"], stood["until"]) == (3, 10 * stood["sentences"])
    seconds = stood["hand_over"] / RATE + (3 - stood["sentences"]) * 0.5
    assert report["seconds"] == pytest.approx(seconds, abs=0.001)


def test_a_server_that_has_it_speaks_alone(here, running, monkeypatch):
    usual = running.status()
    told = json.loads(usual[2]) | {"models": [{"model": "slow", "state": "ready"}]}
    running.routes["GET /v1/ttm/status"] = (*usual[:2], json.dumps(told).encode())
    code, out, err = here("say", "Good day.", "-m", "slow", "--instant", "--json")
    assert (code, err) == (0, "")
    assert (json.loads(out)["server"], "instant" in json.loads(out)) == (running.url, False)
