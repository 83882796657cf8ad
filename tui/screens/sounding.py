"""What a screen with a text and its sound does: play, seek, speak anew, save."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer

from ttm.audio.formats import FORMATS
from ttm.errors import TtmError
from tui.safe import at_home
from tui.screens.ask import Ask
from tui.screens.page import Page
from tui.screens.save import Place, Save
from tui.widgets.editor import Editor
from tui.widgets.sound import Sound
from tui.widgets.waveform import Waveform

if TYPE_CHECKING:
    from tui.studio.events import Anew, Event
    from tui.studio.parts import Sentence
    from tui.studio.tape import Tape
    from tui.studio.transport import Transport

LOOKS = 20
"""Times a second at which it is looked where the sound is; a short word lasts 150 ms."""
SPEEDS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0)
NEAR = 1.0
"""Seconds of a sentence after which "the one before" means its own start."""


class Sounding(Page):
    """Has an Editor and a Sound, and one tape at a time."""

    KEYS: ClassVar[list[BindingType]] = [
        Binding(
            "f7",
            "play_pause",
            "Play/Pause",
            id="sound.toggle",
            tooltip="Pause, or go on",
            priority=True,  # an editor would select everything
        ),
        Binding("space", "play_pause", "Play/Pause", show=False, tooltip="Pause, or go on"),
        Binding(
            "s", "stop", "Stop", show=False, id="sound.stop", tooltip="Stop speaking and playing"
        ),
        Binding(
            "ctrl+up,left",
            "sentence(-1)",
            "Sentence before",
            show=False,
            id="sound.back",
            tooltip="Go to the start of the sentence, or of the one before",
        ),
        Binding(
            "ctrl+down,right",
            "sentence(1)",
            "Next sentence",
            show=False,
            id="sound.next",
            tooltip="Go to the next sentence",
        ),
        Binding(
            "minus", "speed(-1)", "Slower", show=False, id="sound.slower", tooltip="Play slower"
        ),
        Binding(
            "plus,equals_sign",
            "speed(1)",
            "Faster",
            show=False,
            id="sound.faster",
            tooltip="Play faster",
        ),
        Binding(
            "ctrl+r,r",
            "redo",
            "Anew",
            id="sound.redo",
            tooltip="Speak the sentence at the cursor, or the one that is heard, anew",
        ),
        Binding(
            "ctrl+t,w",
            "reword",
            "Other words",
            show=False,
            id="sound.reword",
            tooltip="Give that sentence other words, and speak them in its place",
        ),
        Binding("ctrl+s", "save", "Save", id="sound.save", tooltip="Save as a sound file"),
    ]

    class Kept(Message):
        """A sound was saved, or could not be."""

        def __init__(self, sentence: str, *, failed: bool) -> None:
            super().__init__()
            self.sentence = sentence
            self.failed = failed

    _transport: Transport | None = None
    _tape: Tape | None = None
    _job = 0
    """Of the text that is spoken, or was last."""
    _written = False
    """Whether something is written."""
    _timer: Timer | None = None
    _doing = ""
    """In a word or two; shown beside the sound."""
    _doubted: tuple[int, int] = (0, 0)
    """The tape and its version whose verdicts are marked in the text."""
    _folder: Path | None = None
    """Where something was saved last."""

    @property
    def editor(self) -> Editor:
        """The text."""
        return self.query_one(Editor)

    @property
    def transport(self) -> Transport:
        """What plays; made when it is first asked for, after the first picture."""
        if self._transport is None:
            from tui.studio.transport import Transport

            self._transport = Transport(self.ttm.config.playback, self.post)
        return self._transport

    def post(self, event: Event) -> None:
        """Take what the engine's side tells, in any thread."""
        raise NotImplementedError

    def watch_sound(self) -> None:
        """Look at it from here on, while there is something to be seen."""
        if self._timer is None:
            self._timer = self.set_interval(1 / LOOKS, self._look)

    def on_unmount(self) -> None:
        if self._transport:
            self._transport.close()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where nothing was spoken, nothing can be spoken anew; where nothing is written either,
        there is nothing to play or to save."""
        if action in ("redo", "reword"):
            return True if self._tape else None
        if action in ("play_pause", "save", "speak", "speak_all"):
            return True if self._tape or self._written else None
        return True

    # What is heard.

    def now(self, doing: str) -> None:
        """Show that this is being done."""
        self._doing = doing
        self.wake()

    def wake(self) -> None:
        """Something will move."""
        if self._timer:
            self._timer.resume()

    def _look(self) -> None:
        """Show this moment; rest when the next one will be the same."""
        if not self.query(Sound):  # the screen is being left
            return
        tape, transport = self._tape, self.transport
        at = transport.position if tape else 0
        sentence = tape.sentence_at(at) if tape else None
        moves = self.query_one(Sound).show(tape, transport, sentence, self._doing)
        self._light(tape, sentence, at, follow=transport.state == "playing")
        still = tape is None or tape.ended
        if still and not moves and not transport.active and self._timer:
            self._timer.pause()

    def _light(self, tape: Tape | None, said: Sentence | None, at: int, *, follow: bool) -> None:
        if tape is None or said is None:
            self.editor.light(None, None)
            return
        word = tape.word_at(at)
        inside = word is not None and said.start <= word.start < said.end
        lit = (word.start, word.end) if word and inside else None
        self.editor.light((said.start, said.end), lit, follow=follow)
        if (tape.job, tape.version) != self._doubted:
            self._doubted = (tape.job, tape.version)
            self.editor.doubt((one.start, one.end) for one in tape.sentences if one.verdict)

    def action_stop(self) -> None:
        """Stop speaking and playing."""
        self.ttm.studio.stop()
        self.transport.stop()

    def action_play_pause(self) -> None:
        """Pause, or go on."""
        self.transport.toggle()
        self.wake()

    def action_sentence(self, step: int) -> None:
        """Go to another sentence."""
        tape = self._tape
        if tape is None or not tape.count:
            return
        at = self.transport.position
        now = tape.sentence_at(at)
        if step < 0 and now and at - now.first > NEAR * tape.rate * self.transport.speed:
            step = 0
        number = (now.number if now else 0) + step
        self.seek(tape.sentences[max(0, min(tape.count - 1, number))].first)

    @on(Waveform.Chosen)
    def _clicked(self, event: Waveform.Chosen) -> None:
        self.seek(event.sample)

    def seek(self, sample: int) -> None:
        """Go there, and play unless it was paused."""
        if self.transport.state == "paused":
            self.transport.seek(sample)
        else:
            self.transport.play(sample)
        self.wake()

    def action_speed(self, step: int) -> None:
        """Play faster or slower."""
        now = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self.transport.speed))
        speed = SPEEDS[max(0, min(len(SPEEDS) - 1, now + step))]
        self.transport.at_speed(speed)
        self.ttm.tell(f"Played at {speed:g} times its tempo.")
        self.wake()

    # A sentence anew.

    def _meant(self) -> Sentence | None:
        """The sentence at the cursor while one writes, else the one that is heard."""
        tape = self._tape
        if tape is None or not tape.count:
            self.ttm.tell("Nothing was spoken yet that could be spoken anew.")
            return None
        if self.editor.has_focus:
            place = self.editor.heard_place(self.editor.cursor)
            return tape.sentence_in(place) if place is not None else None
        return tape.sentence_at(self.transport.position)

    def action_redo(self) -> None:
        """Speak a sentence anew, with another seed; where that makes no difference, ask for other
        words."""
        sentence, tape = self._meant(), self._tape
        if sentence is None or tape is None:
            return
        if not self.varies():
            self.action_reword()
            return
        self.asked(self.ttm.studio.redo(tape, sentence.number))
        self.now("speaking anew")

    def action_reword(self) -> None:
        """Ask for other words for a sentence, and speak them."""
        sentence, tape = self._meant(), self._tape
        if sentence is None or tape is None:
            return
        old = " ".join(tape.text[sentence.start : sentence.end].split())

        def take(new: str | None) -> None:
            if new:
                number = sentence.number
                self.asked(self.ttm.studio.redo(tape, number, text=new))
                self.now("speaking anew")

        title = f"Sentence {sentence.number + 1} in other words"
        self.app.push_screen(Ask(title, old, "Enter speaks it in its place   Esc leaves it"), take)

    def renewed(self, anew: Anew) -> None:
        """A sentence was spoken anew: it is heard at once."""
        tape = self._tape
        self.now("")
        if tape is None or anew.number >= tape.count:
            return
        sentence = tape.sentences[anew.number]
        if anew.text is not None:
            self.editor.reword(anew.start, anew.end, anew.text, tape.text)
        self.transport.play(sentence.first, sentence.last)
        words = "with other words" if anew.text is not None else f"with seed {anew.seed}"
        self.ttm.tell(f"Sentence {anew.number + 1} was spoken anew, {words}.", "done")

    def varies(self) -> bool:
        """Whether another seed makes other sound."""
        return True

    def asked(self, job: int) -> None:
        """The studio was asked for this."""

    # Keeping it.

    def action_save(self) -> None:
        """Ask where to save what was spoken, or what is written where nothing was."""
        from ttm.narration.plan import slug

        tape = self._tape
        if tape is None and not self.editor.text.strip():
            self.ttm.tell("There is nothing to save yet.")
            return
        about = "All of the text, which is spoken for it."
        if tape is not None and not tape.ended:
            about = "What is being spoken, to its end."
        elif tape is not None:
            part = "" if tape.whole else ", as far as it came"
            about = f"What was spoken last: {tape.seconds:.1f} seconds{part}."
        text = tape.text if tape else self.editor.text
        folder = self._folder or Path(os.environ.get("PWD") or os.path.expanduser("~"))
        screen = Save(folder, slug(text[:60]), self.ttm.config.say.format, about)
        self.app.push_screen(screen, self._save_at)

    def _save_at(self, place: Place | None) -> None:
        if place is None:
            return
        self._folder = Path(os.path.dirname(place.path))
        if self._tape is None:
            self.render_whole(place)
        else:
            self.save(self._tape, place)

    def render_whole(self, place: Place) -> None:
        """Speak all of the text into a file, unheard."""

    @work(thread=True, exit_on_error=False, group="saving")
    def save(self, tape: Tape, place: Place) -> None:
        """Write the file, however long it takes."""
        from tui.studio.saving import save

        try:
            saved = save(
                tape, place.path, FORMATS[place.form], self.ttm.config, clobber=place.clobber
            )
        except TtmError as failure:
            self.post_message(self.Kept(failure.sentence, failed=True))
            return
        if saved is None:
            return
        written = saved.written
        part = "" if saved.whole else ", as far as it was spoken"
        self.post_message(
            self.Kept(
                f"Saved {written.seconds:.1f} s as {at_home(written.path)}{part}", failed=False
            )
        )

    @on(Kept)
    def _kept(self, event: Kept) -> None:
        if event.failed:
            self.ttm.fail(event.sentence)
        else:
            self.ttm.tell(event.sentence, "done", toast=True)
