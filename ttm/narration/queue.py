"""The one speaker queue: who speaks now, who waits, who interrupts.

Whatever plays has a place in it, through whichever door it came, and no server is needed. A place
is a file that its owner holds a lock on, so that the place of a process that died is seen to be
free, and a FIFO in which the owner hears what others want of it. What is spoken is not in it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import itertools
import json
import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, get_args

from ttm.errors import SpeakerBusy
from ttm.paths import sockets_dir

Command = Literal["stop", "pause", "resume"]
"""What can be asked of whoever has a place."""
State = Literal["waiting", "speaking", "paused"]

Progress = Callable[[], tuple[float, float | None]]
"""Seconds that were heard so far, and that there are in all, where that is known."""

LOOK = 0.25
"""Seconds after which one who waits looks for itself; usually it is told."""
TELL = 0.5
"""Seconds between two notes on how far one who speaks is."""
PLACES = 32
"""How many may wait at once, unless the settings say otherwise."""
_GO = "go"


@dataclass(frozen=True, slots=True)
class Entry:
    """Who has a place in the queue, as everybody may know it."""

    number: int
    """Grows with each that comes; names the place."""
    pid: int
    door: str
    """`cli`, `tui` or `server`."""
    state: State = "waiting"
    channel: str = ""
    priority: int = 0
    """-100 to 100; the highest speaks first."""
    urgent: bool = False
    """Interrupts, and comes before others of its priority."""
    model: str = ""
    voice: str = ""
    characters: int | None = None
    """Length of the text, where it is known."""
    since: float = 0.0
    """When it came: seconds since the epoch."""
    played: float = 0.0
    """Seconds of it that were heard."""
    length: float | None = None
    """Seconds that it has, once that is known."""

    turn: int = 0
    """Number of the one whose turn it was given; 0 has its own."""

    @property
    def order(self) -> tuple[int, bool, int]:
        """What the waiting are sorted by."""
        return (-self.priority, not self.urgent, self.turn or self.number)


class SpeakerQueue:
    """The queue whose places are in `folder`, which is made for its owner alone.

    Methods raise OSError when the folder cannot be used.
    """

    def __init__(self, folder: Path, places: int = PLACES) -> None:
        self.folder = folder
        self._places = places

    def entries(self) -> list[Entry]:
        """Who speaks, and then who waits, in the order in which they will speak."""
        if not self.folder.is_dir():
            return []
        with self._locked():
            return self._entries()

    def join(self, door: str, *, interrupt: bool = False, **about: Any) -> Place:
        """A place in the queue; `about` are further fields of an Entry.

        `interrupt` ends what is speaking, unless its priority is higher. Raises SpeakerBusy.
        """
        with self._locked():
            others = self._entries()
            if sum(entry.state == "waiting" for entry in others) >= self._places:
                raise SpeakerBusy(
                    f"{self._places} are waiting to speak already",
                    "Try again later, or `ttm stop` ends them all",
                )
            number = self._next_number(others)
            entry = Entry(number, os.getpid(), door, urgent=interrupt, since=time.time(), **about)
            place = Place(self, entry)
        if interrupt:
            spoken = [one for one in others if one.state != "waiting"]
            self.tell("stop", [one for one in spoken if one.priority <= entry.priority])
        return place

    def tell(self, command: Command, entries: list[Entry]) -> int:
        """Ask it of each of these; how many were there to hear it.

        The last comes first: who waits must not begin because the one before has ended.
        """
        return sum(self._write(entry.number, command) for entry in reversed(entries))

    def prefer(self, number: int) -> bool:
        """Let this one speak before all others that wait; False: it is not waiting."""
        with self._locked():
            waiting = [entry for entry in self._entries() if entry.state == "waiting"]
            for entry in waiting:
                if entry.number == number:
                    first = max(each.priority for each in waiting)
                    self._put(dataclasses.replace(entry, priority=first, urgent=True))
                    return True
        return False

    def step(self, number: int, *, later: bool = False) -> bool:
        """Let this one change turns with who speaks before it, or `later`, after it; False: it is
        not waiting, or nobody else is on that side of it."""
        with self._locked():
            waiting = [entry for entry in self._entries() if entry.state == "waiting"]
            if later:
                waiting.reverse()
            for before, entry in itertools.pairwise(waiting):
                if entry.number == number:
                    for each, other in ((before, entry), (entry, before)):
                        moved = dataclasses.replace(
                            each,
                            priority=other.priority,
                            urgent=other.urgent,
                            turn=other.turn or other.number,
                        )
                        self._put(moved)
                    return True
        return False

    # ---- for places

    def admitted(self, number: int) -> bool:
        """Whether this one may speak; from then on it is the one who does."""
        with self._locked():
            entries = self._entries()
            if not entries or entries[0].number != number:
                return False
            self._put(dataclasses.replace(entries[0], state="speaking"))
            return True

    def mark(self, number: int, state: State) -> None:
        """Let everybody know what its owner does."""
        with self._locked():
            for entry in self._entries():
                if entry.number == number:
                    self._put(dataclasses.replace(entry, state=state))

    def progress(self, number: int, played: float, length: float | None) -> None:
        """Let everybody know how far it is."""
        with self._locked():
            for entry in self._entries():
                if entry.number == number:
                    self._put(dataclasses.replace(entry, played=played, length=length))

    def leave(self, number: int) -> None:
        """Give the place up, and tell the next."""
        with self._locked():
            self._remove(number)
            after = self._entries()[:1]
        if after and after[0].state == "waiting":
            self._write(after[0].number, _GO)

    def path(self, number: int, kind: str) -> Path:
        """The file of a place: its `place` or its `ear`."""
        return self.folder / f"{number:08}.{kind}"

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = self.folder.lstat()
        if about.st_uid != os.getuid() or about.st_mode & 0o077:
            what = f"{self.folder} is not a folder of yours alone"
            raise PermissionError(errno.EPERM, what, str(self.folder))
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _entries(self) -> list[Entry]:
        """Those whose owners are alive; the places of the dead are cleared away."""
        found = []
        for path in self.folder.glob("*.place"):
            number = int(path.stem) if path.stem.isdecimal() else 0
            if _held(path):
                with contextlib.suppress(OSError, ValueError, TypeError):
                    found.append(_entry(json.loads(path.read_text())))
            else:
                self._remove(number)
        return sorted(found, key=lambda entry: (entry.state == "waiting", entry.order))

    def _next_number(self, others: list[Entry]) -> int:
        counter = self.folder / "number"
        with contextlib.suppress(OSError, ValueError):
            number = int(counter.read_text()) + 1
            counter.write_text(str(number))
            return number
        number = max((entry.number for entry in others), default=0) + 1
        counter.write_text(str(number))
        return number

    def _put(self, entry: Entry) -> None:
        self.path(entry.number, "place").write_text(json.dumps(dataclasses.asdict(entry)))

    def _remove(self, number: int) -> None:
        for kind in ("place", "ear"):
            self.path(number, kind).unlink(missing_ok=True)

    def _write(self, number: int, word: str) -> bool:
        try:
            ear = os.open(self.path(number, "ear"), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:  # nobody listens any more
            return False
        try:
            os.write(ear, f"{word}\n".encode())
        except BlockingIOError:  # thousands of words that it has not heard yet
            return False
        finally:
            os.close(ear)
        return True


def speaker_queue() -> SpeakerQueue:
    """The queue of this user on this machine."""
    return SpeakerQueue(sockets_dir() / "speaker")


class Place:
    """One's own place; `wait` until it is one's turn. Leaving the `with` block gives it up."""

    def __init__(self, queue: SpeakerQueue, entry: Entry) -> None:
        self.number = entry.number
        self._queue = queue
        self._heard: Callable[[Command], None] | None = None
        self._progress: Progress | None = None
        self._listener: threading.Thread | None = None
        self._leaving, self._left = os.pipe()
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._lock = os.open(queue.path(entry.number, "place"), flags, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        os.mkfifo(queue.path(entry.number, "ear"), 0o600)
        # For reading and writing, so that it does not end when whoever wrote goes.
        self._ear = os.open(
            queue.path(entry.number, "ear"), os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC
        )
        queue._put(entry)

    def wait(self) -> bool:
        """Wait for one's turn; False when somebody asked for silence before it came."""
        patience = 0.0  # who asked before it first looked is heard, though the turn is free
        while not (select.select([self._ear], [], [], patience)[0] and "stop" in self._words()):
            if self._queue.admitted(self.number):
                return True
            patience = LOOK
        return False

    def listen(self, heard: Callable[[Command], None], progress: Progress | None = None) -> None:
        """From here on `heard` is called with what others ask, in a thread of its own, and
        `progress` now and then, to let them know how far it is."""
        self._heard = heard
        self._progress = progress
        self._listener = threading.Thread(target=self._listen, name="ttm-place", daemon=True)
        self._listener.start()

    def close(self) -> None:
        """Give it up."""
        if self._lock < 0:
            return
        os.close(self._left)
        if self._listener and self._listener is not threading.current_thread():
            self._listener.join()
        with contextlib.suppress(OSError):
            self._queue.leave(self.number)
        for each in (self._lock, self._ear, self._leaving):
            os.close(each)
        self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _listen(self) -> None:
        told: tuple[float, float | None] = (0.0, None)
        while True:
            wait = TELL if self._progress else None
            ready = select.select([self._ear, self._leaving], [], [], wait)[0]
            if self._leaving in ready:
                return
            if not ready and self._progress and (far := self._progress()) != told:
                told = far
                with contextlib.suppress(OSError):
                    self._queue.progress(self.number, *far)
            for word in self._words():
                if word in get_args(Command) and self._heard:
                    self._heard(word)  # type: ignore[arg-type]
                if word in ("pause", "resume"):
                    with contextlib.suppress(OSError):
                        self._queue.mark(self.number, "paused" if word == "pause" else "speaking")

    def _words(self) -> list[str]:
        try:
            return os.read(self._ear, 1 << 16).decode(errors="replace").split()
        except BlockingIOError:
            return []


def _held(path: Path) -> bool:
    """Whether its owner lives."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _entry(row: dict[str, Any]) -> Entry:
    known = {field.name for field in dataclasses.fields(Entry)}
    entry = Entry(**{name: value for name, value in row.items() if name in known})
    texts = (entry.door, entry.channel, entry.model, entry.voice)
    counts = (entry.number, entry.pid, entry.priority, entry.turn, entry.characters or 0)
    numbers = (*counts, entry.since, entry.played, entry.length or 0.0)
    sound = entry.state in get_args(State) and all(isinstance(each, str) for each in texts)
    if not sound or not all(isinstance(one, int | float) and abs(one) < 1e11 for one in numbers):
        raise ValueError(row)
    return entry
