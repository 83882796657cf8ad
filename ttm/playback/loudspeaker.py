"""The seam: what a loudspeaker is to whoever plays, and what plays is to a loudspeaker."""

from __future__ import annotations

from typing import Protocol

from ttm.errors import DeviceError

INSTEAD = "Write a file instead with -o FILE.wav"
"""What to do without a loudspeaker."""


class Source(Protocol):
    """Where a stream takes its sound from: signed 16-bit little-endian mono."""

    def pull(self, frames: int) -> bytes:
        """At most so many samples, fewer when there are no more at the moment; never waits.

        What breaks off falls to silence within 3 ms, so there may be more than was taken.
        """

    def wait(self, *, whole: bool = False) -> bytes:
        """The next samples once there are some; none at the end, or when the stream is closed.

        `whole`: up to the next pause in the speech.
        """

    @property
    def taken(self) -> int:
        """Samples of the sound that were taken so far."""

    @property
    def drained(self) -> bool:
        """Whether all that will ever come was taken."""

    def put_back(self, samples: int) -> None:
        """Have the samples last taken come again, 0.2 s at most. Only while nothing is taken."""


class Stream(Protocol):
    """An open loudspeaker, which is silent until it is started."""

    lazy: bool
    """Whether it is to be started when there is something to play, as starting one fills its
    buffer; otherwise at once, and it waits for the source."""

    def start(self) -> None:
        """Play, or go on. Raises DeviceError."""

    def stop(self) -> None:
        """Fall silent at once; `start` goes on from there. Raises DeviceError."""

    def close(self) -> None:
        """Fall silent at once, for good, and give the device back. May be called twice."""

    @property
    def heard(self) -> int:
        """Samples of the source that have left the loudspeaker, as far as is known."""

    @property
    def finished(self) -> bool:
        """Whether all of the source was heard."""

    @property
    def failure(self) -> DeviceError | None:
        """Why it plays no more."""

    @property
    def beat(self) -> int | None:
        """Counts up while the device takes sound; None where that cannot be known."""


class Loudspeaker(Protocol):
    """A way to be heard."""

    name: str
    """The backend: `miniaudio`, `simpleaudio` or `command`."""

    @property
    def about(self) -> str:
        """Through what, in words for a person; complete once it is ready."""

    def ready(self) -> Loudspeaker:
        """Find out whether it can be heard; itself, or the one that stands in for it.

        Raises DeviceError, and UnknownName or UsageError for a device that cannot be meant.
        """

    def devices(self) -> list[str]:
        """The names that a device can be chosen by. Raises DeviceError, and UsageError where
        there is no choice."""

    def open(self, rate: int, source: Source) -> Stream:
        """`rate` in Hertz; what the device cannot play at is converted. Raises DeviceError."""
