"""Plays a tape: from anywhere, at any tempo, in its turn among all that plays on this machine."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable

from ttm.config import PlaybackSettings
from ttm.errors import TtmError
from ttm.narration.queue import Command, Place, speaker_queue
from ttm.playback import Loudspeaker, find_loudspeaker
from tui.studio.events import Event, Playback, Unheard
from tui.studio.run import Run
from tui.studio.tape import Tape

SLOWEST, FASTEST = 0.5, 2.0
"""Factors of tempo at which a tape is played; stretched further, speech is no pleasure."""
HELD = 10.0
"""Seconds that a pause keeps the loudspeaker and the turn; others want to be heard too."""
LEAVING = 3.0
"""Seconds that closing waits for the device to be given back."""

Find = Callable[[PlaybackSettings], Loudspeaker]
Act = Callable[[], None]


class Transport:
    """What is heard. Every method may be called from any thread and returns at once.

    What comes of it is told to `post`, from threads of its own: Playback for each new state, and
    Unheard when the loudspeaker fails, which leaves the position where it was.
    """

    def __init__(
        self,
        settings: PlaybackSettings,
        post: Callable[[Event], None],
        *,
        find: Find = find_loudspeaker,
        door: str = "tui",
    ) -> None:
        self.settings = settings
        self.state = "idle"
        """idle, waiting (for its turn), playing, paused or over."""
        self.model = self.voice = ""
        """Who speaks, for the speaker queue."""
        self._post = post
        self._find = find
        self._door = door
        self._tape: Tape | None = None
        self._speed = 1.0
        self._at = 0
        """The position, while nothing plays."""
        self._run: Run | None = None
        self._loudspeaker: Loudspeaker | None = None
        self._acts: queue.SimpleQueue[Act | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._conduct, name="transport", daemon=True)
        self._begun = threading.Lock()
        self._closed = False

    # What is asked.

    @property
    def tape(self) -> Tape | None:
        """What is played, or was played last."""
        return self._tape

    @property
    def position(self) -> int:
        """The sample of the tape that is heard."""
        run = self._run
        at = self._at if run is None else run.position
        if (tape := self._tape) is not None:
            tape.heard = max(tape.heard, at)
        return at

    @property
    def speed(self) -> float:
        """Factor of the tempo at which the tape was spoken."""
        return self._speed

    @property
    def active(self) -> bool:
        """Whether something is heard or is about to be."""
        return self.state in ("waiting", "playing")

    # Orders.

    def insert(self, tape: Tape, *, play: bool) -> None:
        """Take this tape, from its start."""

        def change() -> None:
            self._halt()
            self._tape, self._at = tape, 0
            self._go(0) if play else self._be("idle")

        self._do(change)

    def play(self, sample: int | None = None, until: int | None = None) -> None:
        """Play from there, or go on; up to `until`, where that is given."""
        self._do(lambda: self._go(sample, until))

    def pause(self) -> None:
        """Fall silent; `play` goes on from there."""
        self._do(self._pause)

    def toggle(self) -> None:
        """Pause what plays, else go on; from the start where it had come to its end."""
        self._do(lambda: self._pause() if self.active else self._go())

    def stop(self) -> None:
        """Fall silent, and let others be heard."""

        def end() -> None:
            self._at = self.position
            self._halt()
            self._be("idle")

        self._do(end)

    def seek(self, sample: int) -> None:
        """Go to this sample; what plays goes on from there."""

        def go() -> None:
            if self.active:
                self._go(sample)
            else:
                self._halt()
                self._at = self._within(sample)
                self._be("paused" if self.state == "paused" else "idle")

        self._do(go)

    def at_speed(self, factor: float) -> None:
        """Play faster or slower from here on, at the same pitch."""

        def change() -> None:
            at = self.position
            self._speed = min(FASTEST, max(SLOWEST, factor))
            if self.active:
                self._go(at)
            elif self._run:
                self._halt()
                self._at = at

        self._do(change)

    def close(self) -> None:
        """Fall silent for good."""
        self._closed = True
        if self._thread.ident is None:
            return
        self._acts.put(None)
        self._thread.join(LEAVING)

    # The thread, which alone opens and closes devices: that may take a while.

    def _do(self, act: Act) -> None:
        with self._begun:
            if self._thread.ident is None and not self._closed:
                self._thread.start()
        self._acts.put(act)

    def _conduct(self) -> None:
        held: float | None = None
        while True:
            left = None if held is None else max(0.0, held - time.monotonic())
            try:
                act = self._acts.get(timeout=left)
            except queue.Empty:
                # The position stays; going on asks for another turn.
                self._at = self.position
                self._halt()
                held = None
                continue
            if act is None:
                break
            try:
                act()
            except TtmError as failure:
                self._fail(failure)
            paused = self.state == "paused" and self._run is not None
            held = (held or time.monotonic() + HELD) if paused else None
        self._halt()

    def _within(self, sample: int) -> int:
        return max(0, min(sample, self._tape.samples if self._tape else 0))

    def _go(self, sample: int | None = None, until: int | None = None) -> None:
        tape = self._tape
        if tape is None:
            return
        if sample is None and self._run is not None and self.state == "paused":
            self._run.resume()
            self._be("playing")
            return
        at = self.position if sample is None else sample
        if sample is None and tape.ended and at >= tape.samples:
            at = 0
        # Whoever is heard keeps the turn, wherever in the text it goes on.
        place = self._halt(keep=self.active)
        self._at = self._within(at)
        self._run = Run(self, tape, self._at, until, place)
        if not self.active:
            self._be("waiting")
        self._run.start()

    def _pause(self) -> None:
        if self._run is not None and self.active:
            self._run.pause()
            self._be("paused")

    def _halt(self, *, keep: bool = False) -> Place | None:
        """End what plays; the position is to be noted before. The turn it had, if it is to be
        kept."""
        run, self._run = self._run, None
        return run.end(keep=keep) if run is not None else None

    def _be(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self._post(Playback(state))

    def _fail(self, failure: TtmError) -> None:
        self._at = self.position
        self._halt()
        self._loudspeaker = None  # another may be there the next time
        self._be("idle")
        self._post(Unheard(f"{failure.what}. Speaking goes on; what is spoken can be saved"))

    # What a run tells, in its own thread; it is looked at in ours.

    def told(self, run: Run, state: str) -> None:
        """This run plays, or has come to its end."""

        def note() -> None:
            if run is not self._run:
                return
            if state == "over":
                self._at = run.position
                self._halt()
            if state != "playing" or self.active:
                self._be(state)

        self._do(note)

    def failed(self, run: Run, failure: TtmError) -> None:
        """This run cannot go on."""
        self._do(lambda: self._fail(failure) if run is self._run else None)

    def commanded(self, command: Command) -> None:
        """Somebody else asks this of what is heard."""

        def obey() -> None:
            if self._run is None:
                return
            if command == "stop":
                self._at = self.position
                self._halt()
                self._be("idle")
            elif command == "pause":
                self._pause()
            elif self.state == "paused":
                self._go()

        self._do(obey)

    def loudspeaker(self) -> Loudspeaker:
        """The one that is ready. Raises DeviceError and UsageError."""
        if self._loudspeaker is None:
            self._loudspeaker = self._find(self.settings).ready()
        return self._loudspeaker

    def place(self) -> Place | None:
        """One in the speaker queue; None where there is no folder for it. Raises SpeakerBusy."""
        with contextlib.suppress(OSError):
            return speaker_queue().join(self._door, model=self.model, voice=self.voice)
        return None
