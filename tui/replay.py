"""A speech of the history, said again: heard, or written to a file."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ttm.errors import TtmError
from tui.safe import at_home
from tui.studio.events import Began, Event, Failed, Finished, Stopped, Unheard
from tui.studio.transport import Transport

if TYPE_CHECKING:
    from tui.app import TtmApp
    from tui.screens.save import Place
    from tui.studio.tape import Tape
    from tui.studio.utterance import Utterance


class Replay:
    """Says again what it is given, in its turn; what comes of it is told by the app.

    Methods return at once. What it hears, it hears in the studio's thread.
    """

    def __init__(self, app: TtmApp) -> None:
        self._app = app
        self._studio = app.studio
        self._studio.hear(self._heard)
        self._transport = Transport(app.config.playback, self._heard)
        self._job = 0
        """What is being spoken; 0 for nothing."""
        self._saving: Place | None = None
        """Where it is to be written; None for what is to be heard."""
        self._given_up = threading.Event()

    @property
    def active(self) -> bool:
        """Whether something is being spoken or heard."""
        return self._job != 0 or self._transport.active

    def say(self, wanted: Utterance) -> None:
        """Let it be heard."""
        self._begin(wanted, None)
        self._app.tell("Saying it again; space stops it.")

    def save(self, wanted: Utterance, place: Place) -> None:
        """Have it in a file."""
        self._begin(wanted, place)
        self._app.tell(f"Saying it again into {at_home(place.path)}")

    def stop(self) -> None:
        """Silence."""
        self._given_up.set()
        self._transport.stop()
        if self._job:
            self._studio.stop()
        self._app.tell("Stopped.")

    def close(self) -> None:
        """Fall silent for good."""
        self._given_up.set()
        self._transport.close()

    def _begin(self, wanted: Utterance, saving: Place | None) -> None:
        self._transport.stop()
        self._given_up = threading.Event()
        self._saving = saving
        self._transport.settings = self._app.config.playback
        self._job = self._studio.speak(wanted)

    def _heard(self, event: Event) -> None:
        if isinstance(event, Unheard):
            self._app.fail(event.sentence)
            return
        if not self._job or getattr(event, "job", 0) != self._job:
            return
        if isinstance(event, Began):
            if self._saving:
                self._write(event.tape, self._saving, self._given_up)
            else:
                self._transport.model, self._transport.voice = event.model, event.voice
                self._transport.insert(event.tape, play=True)
        elif isinstance(event, Finished):
            self._job = 0
            self._app.tell(source(event), "done")
        elif isinstance(event, Failed):
            self._job = 0
            self._given_up.set()
            self._app.fail(f"It cannot be said again: {event.sentence}")
        elif isinstance(event, Stopped):
            self._job = 0

    def _write(self, tape: Tape, place: Place, given_up: threading.Event) -> None:
        def write() -> None:
            from ttm.audio.formats import choose
            from tui.studio.saving import save

            config = self._app.config
            try:
                form = choose(place.path, place.form)
                saved = save(
                    tape,
                    place.path,
                    form,
                    config,
                    clobber=place.clobber,
                    given_up=given_up.is_set,
                )
            except TtmError as failure:
                self._app.fail(failure.sentence)
                return
            if saved:
                self._app.tell(
                    f"Saved {saved.written.seconds:.1f} s as {at_home(place.path)}", "done"
                )

        threading.Thread(target=write, name="replay-save", daemon=True).start()


def source(event: Finished) -> str:
    """Whether somebody had to speak, or the sound was kept."""
    if event.cached and event.cached == event.chunks:
        return "Said again from what was kept; nothing had to be spoken."
    if event.cached:
        return f"Said again: {event.cached} of {event.chunks} pieces were kept, the rest was spoken"
    return "Said again: it was not kept, and was spoken anew."
