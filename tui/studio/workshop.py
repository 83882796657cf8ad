"""A thread with a Narrator for what is not the text being spoken: lists, auditions, new voices."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from ttm.config import Config
from ttm.narration.narrator import Narrator

T = TypeVar("T")

Loading = Callable[[str, str, float], None]
"""Hears which model is being loaded, what of it, and how much of that is there from 0 to 1."""


class Workshop:
    """Does one thing after another with a Narrator, which is made when the first is asked for.

    All methods return at once and may be called from any thread but `close`, which waits for the
    engines to end.
    """

    def __init__(self, config: Config, *, loading: Loading | None = None) -> None:
        self._config = config
        self._loading = loading
        self._narrator: Narrator | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="workshop")
        self._lock = threading.Lock()
        self._closed = False

    def lend(self, task: Callable[[Narrator], T]) -> Future[T]:
        """Have something done, after what was asked for before."""
        return self._thread.submit(self._done, task)

    def stop(self) -> None:
        """Cancel what is being loaded or spoken; what waits is done nevertheless."""
        with self._lock:
            if self._narrator:
                self._narrator.stop()

    def use(self, config: Config) -> None:
        """Let other settings apply to what is asked for from here on."""
        self._thread.submit(self._again, config)

    def let_go(self) -> Future[None]:
        """End all engines; the next thing that is asked for starts those that it needs."""
        return self._thread.submit(self._again, self._config)

    def close(self) -> None:
        """Cancel everything, and end the engines."""
        with self._lock:
            self._closed = True
        self.stop()
        self._thread.shutdown(wait=True, cancel_futures=True)
        if self._narrator:
            self._narrator.close()

    def _done(self, task: Callable[[Narrator], T]) -> T:
        with self._lock:
            if self._narrator is None:
                self._narrator = Narrator(self._config, loading=self._loading)
            narrator = self._narrator
        return task(narrator)

    def _again(self, config: Config) -> None:
        with self._lock:
            before, self._narrator, self._config = self._narrator, None, config
        if before:
            before.close()
