"""The thread that draws and listens waits for nothing: not for a file, a lock, a process, a
network, nor for time to pass.

Python tells of each such call as it is made, so that one that happens to be quick is caught too.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import tui
from ttm.voicefile import VoiceFile
from ttm.voices.library import Library
from tui.modes import PLACES

WAITS = {
    "open", "os.listdir", "os.scandir", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link",
    "os.truncate", "shutil.copyfile", "shutil.rmtree", "glob.glob", "tempfile.mkstemp",
    "fcntl.flock", "fcntl.lockf", "socket.connect", "socket.getaddrinfo", "socket.gethostbyname",
    "subprocess.Popen", "os.posix_spawn", "os.fork", "os.system", "ctypes.dlopen", "sleep", "fsync",
    "join",
}  # fmt: skip
"""Audit events of calls that wait."""

KEYS = {
    "queue": ["space", "f", "i", "d"],
    "history": ["slash", "escape", "c", "o", "f3", "X"],
    "voices": ["n", "g", "space", "d", "a", "b", "x", "t"],
    "models": ["p", "r", "v", "f", "l", "delete"],
    "settings": ["u", "p", "n", "ctrl+r", "slash", "escape"],
}
"""What waits for something, on each screen."""

HERE = Path(tui.__file__).parent.parent
CODE = tuple(
    str(place) + os.sep
    for place in (HERE / "tui", HERE / "ttm", "/proc", *sysconfig.get_paths().values())
)
"""What is imported, and styles; and what the kernel has in memory."""


class Watchdog:
    """Notes what the thread that made it waits for, while it is awake."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._thread = threading.get_ident()
        self._awake = False

    def hear(self, event: str, args: tuple[object, ...]) -> None:
        if not self._awake or event not in WAITS or threading.get_ident() != self._thread:
            return
        path = args[0] if args else ""
        if isinstance(path, str | bytes | os.PathLike):
            if path and os.path.abspath(os.fsdecode(path)).startswith(CODE):
                return
        elif event == "open":  # a descriptor that is open
            return
        self._awake = False
        try:
            stack = [frame for frame in traceback.extract_stack() if f"{os.sep}tui{os.sep}" in
                     frame.filename and "tests" not in frame.filename]  # fmt: skip
            if stack:
                where = f"{Path(stack[-1].filename).name}:{stack[-1].lineno} in {stack[-1].name}"
                self.seen.append(f"{event} {args[:1]} at {where}")
        finally:
            self._awake = True

    @contextmanager
    def awake(self) -> Iterator[None]:
        self._awake = True
        try:
            yield
        finally:
            self._awake = False


DOG: list[Watchdog] = []
"""The one that is listened for; a hook cannot be taken out again."""


def bark(event: str, args: tuple[object, ...]) -> None:
    for dog in DOG:
        dog.hear(event, args)


@pytest.fixture(scope="session")
def _hooked() -> None:
    sys.addaudithook(bark)


@pytest.fixture
def dog(_hooked) -> Iterator[Watchdog]:
    DOG.append(Watchdog())
    yield DOG[0]
    DOG.clear()


OWN = """
import time
from ttm.engine.tone import ToneEngine
class Engine(ToneEngine):
    def speak(self, speech):
        yield from super().speak(speech)
        time.sleep(60)
"""


@pytest.fixture
def busy(home, tmp_path, monkeypatch) -> dict[str, object]:
    """Settings under which an engine never gets to its end; and a voice of one's own."""
    (tmp_path / "own.py").write_text(OWN)
    (about := tmp_path / "own-1.dist-info").mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: own\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[ttm.engines]\nown = own:Engine\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    told = ("What I say.", "en", "", "mine", "2026-11-22T10:00:00Z", "a recording")
    Library(home / ".local/share/ttm/voices").add(
        VoiceFile("anna", "cloned", b"\0\0" * 48_000, 24_000, *told)
    )
    return {
        "say.model": "own", "playback.player": "auto", "playback.backend": "miniaudio",
        "playback.device": "null",
    }  # fmt: skip


def telling(name: str, known: Any) -> Any:
    """The function, which tells of itself before it waits."""

    def told(*args: Any, **options: Any) -> Any:
        bark(name, ())
        return known(*args, **options)

    return told


@pytest.fixture
def rests(monkeypatch) -> None:
    """Of these Python itself tells nothing."""
    for place, name in ((time, "sleep"), (os, "fsync"), (threading.Thread, "join")):
        monkeypatch.setattr(place, name, telling(name, getattr(place, name)))


async def test_the_thread_that_draws_waits_for_nothing_while_an_engine_is_busy(
    opened, until, dog, rests, busy, tmp_path
):
    async with opened(text="One two three. Four!", **busy) as pilot:
        app = pilot.app
        await until(pilot, lambda: app.screen.query_one("#choices").offered)
        with dog.awake():
            await pilot.press("ctrl+g")
            await until(pilot, lambda: app.screen._tape and app.screen._tape.samples)
            await pilot.press("x", "f8", "f9", "escape", "f10", "escape", "v", "escape", "ctrl+s")
            await until(pilot, lambda: app.screen.query("#name"))
            app.screen.query_one("#name").value = str(tmp_path / "kept.wav")
            await pilot.press("enter")  # when it is all there
            await pilot.press("escape", "f7", "right")
            for place in PLACES[1:]:
                await pilot.press(place.key)
                await until(pilot, lambda: app.current_mode == place.mode)  # noqa: B023
                await pilot.press("down", "f8")
                for key in KEYS[place.mode]:
                    await pilot.press(key)
                    while app.screen.is_modal:
                        await pilot.press("escape")
            await pilot.press("f1", "ctrl+down")
            assert app.studio.busy
            await pilot.press("ctrl+c")
            await until(pilot, lambda: not app.studio.busy)
        assert dog.seen == []


def test_the_watchdog_barks(dog, rests, tmp_path):
    where = tmp_path / "tui" / "waits.py"
    where.parent.mkdir()
    where.write_text("import time\ndef wait():\n    time.sleep(0)\n    open(__file__).close()\n")
    names: dict[str, Any] = {"__file__": str(where)}
    exec(compile(where.read_text(), str(where), "exec"), names)
    with dog.awake():
        names["wait"]()
    assert [each.split()[0] for each in dog.seen] == ["sleep", "open"]
    assert "waits.py:3 in wait" in dog.seen[0]
