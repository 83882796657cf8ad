"""simpleaudio, for those who want it: it plays whole buffers, so it is given sentence by sentence.

It knows neither pause nor devices, and has not been looked after since 2021: there is no build of
it for Python 3.9 and later, and on 3.12 the first sound crashes the process
(hamiltron/py-simple-audio#72).
"""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

from ttm.errors import DeviceError, UsageError
from ttm.playback.feed import WIDTH
from ttm.playback.loudspeaker import INSTEAD, Loudspeaker, Source

CRASHES = (3, 12)
"""The Python from which on it crashes."""


class Simple:
    """The default device, through simpleaudio."""

    name = "simpleaudio"

    @property
    def about(self) -> str:
        return "simpleaudio: the default device, a sentence at a time"

    def ready(self) -> Loudspeaker:
        _library()
        return self

    def devices(self) -> list[str]:
        raise UsageError("simpleaudio has no choice of a device", "Set playback.backend to auto")

    def open(self, rate: int, source: Source) -> SimpleStream:
        return SimpleStream(_library(), rate, source)


class SimpleStream:
    """Plays one buffer after the other, each up to a pause in the speech, where a gap is not
    heard."""

    lazy = False

    def __init__(self, library: Any, rate: int, source: Source) -> None:
        self._library = library
        self._rate = rate
        self._source = source
        self._failure: DeviceError | None = None
        self._finished = self._closed = self._stopped = False
        self._done = 0
        """Samples of the buffers that were played."""
        self._playing: tuple[Any, float, int] | None = None
        """What is played, since when, and how many samples it has."""
        self._player = threading.Thread(target=self._play, name="player", daemon=True)

    def start(self) -> None:
        self._stopped = False
        if self._player.ident is None:
            self._player.start()

    def stop(self) -> None:
        """Silent at once; it goes on with the next sentence, as a buffer cannot be taken up
        again."""
        self._stopped = True
        self._silence()

    def close(self) -> None:
        self._closed = True
        self._silence()
        if self._player.ident is not None:
            self._player.join()

    @property
    def heard(self) -> int:
        """By the clock, within a sentence."""
        playing = self._playing
        if playing is None:
            return self._done
        _, began, samples = playing
        return self._done + min(samples, round((time.monotonic() - began) * self._rate))

    @property
    def finished(self) -> bool:
        return self._finished

    @property
    def failure(self) -> DeviceError | None:
        return self._failure

    @property
    def beat(self) -> None:
        return None

    def _play(self) -> None:
        try:
            while block := self._source.wait(whole=True):
                while self._stopped and not self._closed:
                    time.sleep(0.01)
                if self._closed:
                    break
                one = self._library.play_buffer(block, 1, WIDTH, self._rate)
                self._playing = (one, time.monotonic(), len(block) // WIDTH)
                one.wait_done()
                self._playing = None
                self._done += len(block) // WIDTH
        except Exception as failure:  # its own errors have no common name
            what = f"simpleaudio failed: {failure or type(failure).__name__}"
            self._failure = DeviceError(what, INSTEAD)
        self._finished = True

    def _silence(self) -> None:
        if (playing := self._playing) is not None:
            playing[0].stop()


def _library() -> Any:
    """Raises DeviceError."""
    if sys.version_info >= CRASHES:
        raise DeviceError(
            "simpleaudio crashes on Python 3.12 and newer", "Set playback.backend to auto"
        )
    try:
        import simpleaudio
    except ImportError:
        raise DeviceError(
            "simpleaudio is not installed",
            "Install it with pip install 'ttm-speech[simpleaudio]', or set playback.backend to "
            "auto",
        ) from None
    return simpleaudio
