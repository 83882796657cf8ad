"""How much sound has to be there before it is played, so that it does not stop in between."""

from __future__ import annotations

from collections.abc import Callable

BUFFER = 0.2
"""Seconds that a device takes when it starts, before any of it is heard."""
MARGIN = 1.1
"""A model is taken to be slower by this factor than it was measured to be so far."""
GAP_MOST = 2.0
"""Seconds between two blocks of sound that are still provided for, and the least that is taken to
be the model's own; a longer wait is for more text, or after a crash, or of a stopped process."""
SLOWEST = 4.0
"""A real-time factor beyond which it is no longer the model that one waits for."""
PATIENCE = 0.25
"""Seconds without anything new after which what is there is played, where it may be text that is
waited for, as between the lines of `--follow`."""
EVIDENCE = 0.5
"""Seconds of sound after which a pace is worth a sentence."""
WORTH_TELLING = 1.0
"""Seconds of waiting that need an explanation."""
UNKNOWN = 40.0
"""Seconds that a text of unknown length is taken to have left."""


class HeadStart:
    """Measures the pace at which sound is made, and says how much of it must be queued to start.

    `most` of it, in seconds. `total()` is what the whole will be, in seconds, as far as is known.
    `live`: text may be waited for.
    """

    def __init__(
        self, most: float, total: Callable[[], float | None], now: float, *, live: bool = False
    ) -> None:
        self._most = most
        self._total = total
        self._live = live
        self._first: tuple[float, float] | None = None
        """How long the first block took, and its own length. A model may have been loaded in the
        meantime, so that this says of a quick one that it is quick, but of none that it is slow."""
        self._spent = self._made = self._gap = 0.0
        self._since = now
        self._came = now
        self.seconds = 0.0
        """Of all sound so far."""

    def came(self, seconds: float, now: float, *, silent: bool = False) -> None:
        """A block of so many seconds is there; a pause costs no time, and tells nothing."""
        spent = now - self._since
        if silent:
            self._spent += spent if self._made else 0.0
        elif self._first is None:
            self._first = (spent, seconds)
        else:
            self._spent += min(spent, max(GAP_MOST, SLOWEST * seconds))
            self._made += seconds
            self._gap = max(self._gap, min(spent, GAP_MOST))
        self.seconds += seconds
        self._since = self._came = now

    def asked(self, now: float) -> None:
        """The next block is being made from here on; what went before was waiting for a place."""
        self._since = now

    @property
    def factor(self) -> float | None:
        """Seconds of making for a second of sound; None when it cannot be told yet."""
        if self._made:
            return self._spent / self._made
        if self._first and self._first[0] <= self._first[1]:
            return self._first[0] / self._first[1]
        return None

    def needed(self, played: float) -> float:
        """Seconds that have to be queued now, when so many of them have been played."""
        factor = self.factor
        if factor is None:
            return float("inf")
        gap = self._gap if self._made else self._start
        return max(BUFFER + gap, min(self._lead(factor, played), self._most))

    def _lead(self, factor: float, played: float) -> float:
        """While `left` seconds are played, all of them that are not there yet must be made."""
        slow = factor * MARGIN
        total = self._total()
        left = UNKNOWN if total is None else max(total, self.seconds) - played
        return left * (1 - 1 / slow) if slow > 1 else 0.0

    def due(self, queued: float, played: float, now: float) -> bool:
        """Whether to play what is queued."""
        if queued >= self.needed(played):
            return True
        patience = max(PATIENCE, 2 * self._gap if self._made else self._start)
        return self._live and queued > 0 and now - self._came > patience

    @property
    def _start(self) -> float:
        """Seconds that the first block took, as far as they are provided for."""
        return min(self._first[0], GAP_MOST) if self._first else 0.0

    def sentence(self, queued: float, played: float) -> str:
        """Why nothing is heard yet, when that lasts so long that one asks."""
        if self.factor is None or self._made < EVIDENCE or self.factor <= 1:
            return ""
        wait = self.factor * (self.needed(played) - queued)
        if wait < WORTH_TELLING:
            return ""
        return f"buffering {wait:.0f} s: the model speaks at {self.factor:.1f} times real time"
