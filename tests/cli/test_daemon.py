"""The server that runs on this machine: found, used, passed by, started once, ended."""

from __future__ import annotations

import json
import os
import socket
import subprocess

import pytest

from ttm import __version__
from ttm.config import load
from ttm.narration.frames import print_of
from ttm.server import daemon

SLOW = """
from ttm.engine.tone import ToneEngine
class Engine(ToneEngine):
    def __init__(self, loading=None, **options):
        super().__init__(**options)
"""


@pytest.fixture
def slow(engine, plugins) -> str:
    """A model that takes long to load, as far as anybody knows."""
    name = engine(SLOW)
    (plugins / "own-1.dist-info" / "entry_points.txt").write_text(
        f"[ttm.engines]\n{name} = own:Engine [loads_slowly]\n"
    )
    return name


@pytest.fixture
def running(frames, home):
    """A server where the one of this machine would be, with this user's settings."""
    path = daemon.socket_path()
    path.parent.mkdir(mode=0o700, parents=True)
    server = frames.start(path)
    server.settings = print_of(load(environ=os.environ))
    return server


def spoken(done: tuple[int, str, str]) -> str:
    """By whom: an address, or `here`."""
    code, out, err = done
    assert code == 0, err
    return json.loads(out).get("server", "here")


def test_a_model_that_loads_slowly_speaks_where_it_is_loaded(here, slow, running):
    words = ("say", "Good day.", "-m", slow, "--no-play", "--json")
    assert spoken(here(*words)) == running.url
    asked = running.asked[-1][2]["settings"]
    assert (asked["say.model"], asked["say.pause"]) == (slow, 250)
    assert spoken(here(*words, "--no-cache", "--seed", "3")) == running.url
    asked = running.asked[-1][2]["settings"]
    assert (asked["cache.enabled"], asked["say.seed"]) == (False, 3)


@pytest.mark.parametrize(
    "words",
    [
        ("-m", "tone"),
        ("-m", "own", "--local"),
        ("-m", "own", "--split", "sentence", "-o", "{n}.wav"),
        ("-m", "own", "--set", "guard.enabled=false"),
        ("-m", "own", "--set", "text.pauses=true"),
    ],
    ids=" ".join,
)
def test_what_it_would_not_do_as_well_is_spoken_here(here, slow, running, words):
    how = () if "-o" in words else ("--no-play",)
    assert spoken(here("say", "Good day.", *words, *how, "--json")) == "here"
    assert not [line for line, *_ in running.asked if line.startswith("POST")]


def test_a_text_that_is_whole_goes_there_and_one_that_still_comes_is_spoken_here(
    ttm, begin, slow, running, tmp_path
):
    words = ("say", "-m", slow, "--no-play", "--json")
    done = ttm(*words, input=b"Good day.")
    assert spoken((done.returncode, done.stdout, done.stderr)) == running.url
    (tmp_path / "a.txt").write_text("Good day.")
    done = ttm(*words, "-f", "a.txt")
    assert spoken((done.returncode, done.stdout, done.stderr)) == running.url
    written = begin(*words[:3], "-o", "-", "--format", "pcm", stdin=subprocess.PIPE)
    written.stdin.write(b"One sentence. And another one.\n\nMore\n")
    written.stdin.flush()
    assert written.stdout.read(4096)  # while the writer is still there
    written.stdin.close()
    assert written.stdout.read()
    assert written.wait(20) == 0
    assert len([line for line, *_ in running.asked if line.startswith("POST")]) == 2


def test_one_of_another_version_is_passed_by_and_verbose_says_so(here, slow, running):
    running.version = "9.9.9"
    words = ("say", "Good day.", "-m", slow, "--no-play")
    code, _, err = here(*words, "--verbose")
    told = f"the one that runs here is ttm 9.9.9, and this is {__version__}"
    assert code == 0
    assert f"speaking without a server: {told}; `ttm serve --stop` ends it" in err
    assert here(*words) == (0, "", "")


def test_one_that_does_not_say_who_it_is_is_passed_by(here, slow, running):
    words = ("say", "Good day.", "-m", slow, "--no-play", "--verbose")
    for answer in (b"junk\r\n", (200, {"Content-Type": "application/json"}, b"[]"), (500, {}, b"")):
        running.routes["GET /v1/ttm/status"] = answer
        code, _, err = here(*words)
        assert code == 0
        assert "speaking without a server: the server at unix:" in err
    assert len(running.asked) == 3


def test_what_a_killed_server_left_is_no_obstacle(here, slow, home):
    path = daemon.socket_path()
    path.parent.mkdir(mode=0o700, parents=True)
    left = socket.socket(socket.AF_UNIX)
    left.bind(os.fspath(path))
    left.close()
    path.with_name("ttm.sock.lock").write_text('{"pid": 1}')
    assert spoken(here("say", "Good day.", "-m", slow, "--no-play", "--json")) == "here"
    assert daemon.find() is None
    assert daemon.stop(1) == 0
