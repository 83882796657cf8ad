"""What comes, and what is checked: models that are fetched or verified, and the neural runtime.

Each has a thread of its own that no screen ends. What came stays, whatever ends it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from ttm.config import Config
from ttm.errors import BadCheckpoint, TtmError
from ttm.models import inventory
from ttm.models.registry import hub_id
from ttm.narration import provision
from ttm.narration.opening import models_dir
from ttm.narration.provision import Progress

RUNTIME = "runtime"
"""What the neural runtime is called among what comes; no model has such a name."""
TOLD = 0.1
"""Seconds between two reports of the same state."""

Phase = Literal["coming", "verifying", "pausing", "paused", "done", "failed"]
ACTIVE: tuple[Phase, ...] = ("coming", "verifying", "pausing")


@dataclass(frozen=True, slots=True)
class Load:
    """Something that is being brought or checked, as it is at a moment."""

    name: str
    """A model's, or `RUNTIME`."""
    phase: Phase
    progress: Progress | None = None
    sentence: str = ""
    """How it ended."""

    @property
    def active(self) -> bool:
        """Whether a thread is at work on it."""
        return self.phase in ACTIVE


class Paused(Exception):
    """Somebody wants it to end here."""


Post = Callable[[Load], None]


class Porter:
    """Brings and checks several things at once, each once. Methods return at once."""

    def __init__(self, config: Config, post: Post | None = None) -> None:
        self.config = config
        self._hearers: list[Post] = [post] if post else []
        self._lock = threading.Lock()
        self._loads: dict[str, Load] = {}
        self._ends: dict[str, threading.Event] = {}
        self._told: dict[str, float] = {}

    def hear(self, post: Post) -> None:
        """Tell this one everything from here on; it is called in threads of ours."""
        self._hearers.append(post)

    def _post(self, load: Load) -> None:
        for each in self._hearers:
            each(load)

    @property
    def loads(self) -> dict[str, Load]:
        """All that came, comes or was to come, by name."""
        with self._lock:
            return dict(self._loads)

    def pull(self, name: str, *, again: bool = False) -> None:
        """Fetch what is missing of a model, from where it was paused; `again`, all of it anew."""

        def work(tell: provision.Tell) -> str:
            provision.bring(name, self.config, tell, again=again)
            return f"{name} is here, and every file is as it should be"

        self._begin(Load(name, "coming"), work)

    def stage(self) -> None:
        """Make what is missing of the neural runtime."""

        def work(tell: provision.Tell) -> str:
            provision.stage(self.config, tell)
            return "The neural runtime is ready"

        self._begin(Load(RUNTIME, "coming"), work)

    def verify(self, name: str) -> None:
        """Hash every file of a model."""

        def work(tell: provision.Tell) -> str:
            def hashed(file: str, done: int, total: int) -> None:
                tell(Progress("validating", file, done, total, done / total if total else None))

            wrong = inventory.verify(models_dir(self.config), hub_id(name), hashed)
            if wrong:
                more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
                raise BadCheckpoint(
                    f"{wrong[0]}{more} of {name} is not as it came", "Fetch it again"
                )
            return f"{name}: every file is as it came"

        self._begin(Load(name, "verifying"), work)

    def pause(self, name: str) -> None:
        """Let it rest; what came is kept."""
        with self._lock:
            load, end = self._loads.get(name), self._ends.get(name)
            if load is None or end is None or not load.active:
                return
            end.set()
            told = self._loads[name] = replace(load, phase="pausing")
        self._post(told)

    def forget(self, name: str) -> None:
        """End it, and speak no more of it; what came is kept."""
        self.pause(name)
        with self._lock:
            self._loads.pop(name, None)

    def close(self) -> None:
        """End all of it. Threads that wait for a network end with the program."""
        for end in list(self._ends.values()):
            end.set()

    def _begin(self, load: Load, work: Callable[[provision.Tell], str]) -> None:
        with self._lock:
            before = self._loads.get(load.name)
            if before and before.active and before.phase != "pausing":
                return
            self._loads[load.name] = load
            end = self._ends[load.name] = threading.Event()
        self._post(load)
        name = f"porter-{load.name}"
        threading.Thread(target=self._work, args=(load, end, work), name=name, daemon=True).start()

    def _work(
        self, load: Load, end: threading.Event, work: Callable[[provision.Tell], str]
    ) -> None:
        def tell(progress: Progress) -> None:
            if end.is_set():
                raise Paused
            now = time.monotonic()
            before = self._loads.get(load.name)
            same = before and before.progress and before.progress.state == progress.state
            if same and now - self._told.get(load.name, 0.0) < TOLD and progress.part != 1.0:
                return
            self._told[load.name] = now
            self._put(replace(load, progress=progress), end)

        try:
            sentence = work(tell)
            self._put(replace(self._last(load), phase="done", sentence=sentence), end)
        except Paused:
            self._put(replace(self._last(load), phase="paused"), end)
        except TtmError as failure:
            self._put(replace(self._last(load), phase="failed", sentence=failure.sentence), end)
        except OSError as failure:
            why = f"{load.name} could not be written: {failure.strerror or failure}"
            self._put(replace(self._last(load), phase="failed", sentence=why), end)

    def _last(self, load: Load) -> Load:
        with self._lock:
            return self._loads.get(load.name, load)

    def _put(self, load: Load, end: threading.Event) -> None:
        with self._lock:
            # Another may have been begun while this one waited for its network to answer.
            if self._ends.get(load.name) is not end or load.name not in self._loads:
                return
            self._loads[load.name] = load
        self._post(load)
