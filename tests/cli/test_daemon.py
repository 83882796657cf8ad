"""The server that runs on this machine: found, used, passed by, started once, ended."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import plistlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from ttm import __version__
from ttm.config import load
from ttm.narration.frames import print_of
from ttm.server import daemon
from ttm.server.unit import unit

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
    assert "keep_alive" not in running.asked[-1][2]
    assert spoken(here(*words, "--set", "models.keep_alive=1h")) == running.url
    assert running.asked[-1][2]["keep_alive"] == "1h"


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


def test_one_that_leaves_before_it_speaks_is_done_without(ttm, slow, running, tmp_path):
    gone = []

    def leaving(body):
        gone.append(json.loads(body)["text"])
        return b""

    running.routes["POST /v1/ttm/say"] = leaving
    words = ("say", "-m", slow, "-o", "x.wav", "--json", "--verbose")
    done = ttm(*words, input=b"Good day.")
    assert spoken((done.returncode, done.stdout, done.stderr)) == "here"
    assert b"speaking without that server: " in done.stderr
    assert len(gone) == 2
    assert (tmp_path / "x.wav").stat().st_size > 10_000
    done = ttm(*words, "--server", running.url, input=b"Good day.")  # it, or nobody
    assert done.returncode == 9


def test_who_comes_as_it_leaves_is_served_and_its_place_is_free_for_the_next(begin, eventually):
    path = daemon.socket_path()
    first = begin("serve", "--background", env={"TTM_DAEMON_IDLE": "1s"})
    eventually(lambda: daemon.listens(path))
    first.send_signal(signal.SIGSTOP)
    with contextlib.closing(http.client.HTTPConnection("localhost")) as late:
        late.sock = socket.socket(socket.AF_UNIX)
        late.sock.settimeout(30)
        late.sock.connect(os.fspath(path))
        late.request("GET", "/v1/ttm/status")
        time.sleep(1.2)  # its time is over when it wakes
        first.send_signal(signal.SIGCONT)
        assert json.loads(late.getresponse().read())["pid"] == first.pid
    eventually(lambda: not path.exists())
    second = begin("serve", "--background")
    assert first.wait(20) == 0
    eventually(lambda: daemon.listens(path))
    assert daemon.find().pid == second.pid  # whose files the first one has left alone
    second.terminate()
    assert second.wait(20) == 0
    assert not list(path.parent.glob("ttm.*"))


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


@pytest.fixture
def begun(ttm, slow) -> Iterator[dict[str, str]]:
    """The environment in which commands leave a server behind; it ends with the test."""
    yield {"TTM_DAEMON_AUTOSTART": "true"}
    ttm("serve", "--stop")


def test_two_commands_at_once_leave_one_server_behind_that_outlives_being_killed(
    ttm, begin, begun, slow, eventually
):
    words = ("say", "Good day.", "-m", slow, "--no-play", "--json")
    both = [begin(*words, env=begun) for _ in range(2)]
    told = [json.loads(one.communicate(timeout=60)[0]) for one in both]
    where = f"unix:{daemon.socket_path()}"
    assert [one["server"] for one in told] == [where, where]
    found = daemon.find()
    assert found.same
    assert os.getsid(found.pid) == found.pid  # no terminal's hanging up reaches it
    assert oct(daemon.socket_path().stat().st_mode)[-3:] == "600"
    assert oct(daemon.socket_path().parent.stat().st_mode)[-3:] == "700"
    assert json.loads(ttm("serve", "--status", "--json").stdout)["pid"] == found.pid
    os.kill(found.pid, signal.SIGKILL)
    eventually(lambda: not daemon.listens(daemon.socket_path()))
    assert daemon.socket_path().exists()  # nobody was left to take it away
    code, out, err = finished(ttm(*words, env={**begun, "TTM_DAEMON_IDLE": "1s"}))
    assert (code, json.loads(out)["server"], err) == (0, where, "")
    assert daemon.find().pid != found.pid
    eventually(lambda: not daemon.socket_path().exists())  # it leaves when nobody comes
    assert "Good" not in daemon.log_path().read_text()


def finished(done: subprocess.CompletedProcess[bytes]) -> tuple[int, str, str]:
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_a_client_that_is_killed_stops_the_engine(begin, ttm, faulty, eventually):
    env = faulty | {"TTM_GUARD_ENABLED": "false"}
    server = begin("serve", "--no-http", env=env)
    eventually(lambda: daemon.listens(daemon.socket_path()))
    words = ("-m", "faulty", "--server", f"unix:{daemon.socket_path()}", "--set", "say.seed=1")
    client = begin("say", "endless", *words, "-o", "-", "--format", "pcm", env=env)
    assert client.stdout.read(1 << 16)
    assert [one["busy"] for one in daemon.find().record["models"]] == [True]
    client.kill()
    eventually(lambda: [one["busy"] for one in daemon.find().record["models"]] == [False])
    assert finished(ttm("serve", "--stop"))[0] == 0
    assert server.wait(20) == 0
    assert not daemon.socket_path().exists()


def test_one_that_cannot_start_is_no_reason_not_to_speak(ttm, begun, slow):
    env = {**begun, "XDG_RUNTIME_DIR": "/proc/none"}
    words = ("say", "Good day.", "-m", slow, "--no-play", "--verbose")
    code, _, err = finished(ttm(*words, env=env))
    assert code == 0
    assert "speaking without a server: cannot use /proc/none/ttm: " in err


def test_the_service_is_described_to_systemd_by_whole_paths(here, monkeypatch):
    monkeypatch.setenv("TTM_SAY_VOICE", 'a "b" 5% $x')
    monkeypatch.setenv("HF_TOKEN", "secret")
    code, out, err = here("serve", "--port", "9000", "--install", "--print")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    command = next(line for line in lines if line.startswith("ExecStart="))
    assert command.startswith(f'ExecStart="{sys.executable}" ')
    assert command.endswith('"ttm" "serve" "--port" "9000"')
    assert 'Environment="TTM_SAY_VOICE=a \\"b\\" 5%% $x"' in lines
    assert "secret" not in out
    assert "WantedBy=default.target" in lines


def test_it_is_described_to_launchd_as_well(home):
    made = unit(["--no-http"], {"HOME": str(home), "TTM_SAY_RATE": "2"}, "darwin")
    about = plistlib.loads(made.text.encode())
    assert about["ProgramArguments"][-2:] == ["serve", "--no-http"]
    assert os.path.isabs(about["ProgramArguments"][0])
    assert about["EnvironmentVariables"] == {"TTM_SAY_RATE": "2"}
    assert made.path.is_relative_to(home / "Library" / "LaunchAgents")


def test_without_a_session_the_file_is_written_and_the_rest_is_told(here, home, monkeypatch):
    monkeypatch.setenv("PATH", str(home))  # in which there is no systemctl
    code, _, err = here("serve", "--install")
    path = home / ".config" / "systemd" / "user" / "ttm.service"
    assert code == 0
    assert f"wrote {path}" in err
    assert "  systemctl --user enable --now ttm.service" in err
    assert path.read_text().startswith("# Written by `ttm serve --install`")
    assert here("serve", "--uninstall") == (0, "", f"removed {path}\n")
    assert not path.exists()
    assert here("serve", "--uninstall") == (0, "", f"ttm: there is no {path}\n")


def test_where_none_runs_that_is_said(here):
    code, _, err = here("serve", "--status")
    assert (code, err) == (9, "ttm: error: no server runs here. Start one with `ttm serve`\n")
    assert here("serve", "--stop") == (0, "", "ttm: no server runs here\n")
    assert json.loads(here("serve", "--stop", "--json")[1]) == {"ok": True, "stopped": None}
    assert here("serve", "--stop", "--status")[0] == 2
    assert here("serve", "--print")[0] == 2
