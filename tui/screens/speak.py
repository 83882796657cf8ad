"""The first screen: write, hear it while it is made, see it, keep it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from tui.command import say
from tui.messages import ConfigChanged, SpeakWith
from tui.screens.save import Place
from tui.screens.sounding import Sounding
from tui.studio.events import (
    Anew,
    Began,
    Event,
    Failed,
    Finished,
    Loading,
    Models,
    Noted,
    Offered,
    Playback,
    Stopped,
    Unheard,
)
from tui.widgets.choices import Choices
from tui.widgets.editor import Editor
from tui.widgets.sound import Sound
from tui.widgets.waveform import Waveform

if TYPE_CHECKING:
    from tui.studio.studio import Studio

AFTER = 0.5
"""Seconds after which the engine's side is imported: the first picture comes before."""
WORD = 64
"""Characters to go back at most to where a word begins."""
PATIENT = 1.0
"""Seconds that the sound waits for its turn before that is told."""
EMPTY = "Write or paste a text here.\n\nCtrl+J or Ctrl+Enter speaks it."


class Speak(Sounding):
    """An editor, who speaks, and what is heard."""

    MODE = "speak"
    CSS_PATH = "speak.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+j,ctrl+enter",
            "speak",
            "Speak",
            id="speak.speak",
            tooltip="Speak what is selected, or from the cursor on; at the end of the text, all",
        ),
        *Sounding.KEYS,
        Binding(
            "ctrl+g", "speak_all", "All", show=False, id="speak.all", tooltip="Speak all of it"
        ),
        Binding(
            "v", "choose('voice')", "Voice", show=False, id="speak.voice", tooltip="Who speaks"
        ),
        Binding(
            "m", "choose('model')", "Model", show=False, id="speak.model", tooltip="Which model"
        ),
        Binding(
            "escape",
            "cross",
            "Sound",
            show=False,
            id="speak.cross",
            tooltip="Between the text and the sound, whose keys are single letters",
        ),
    ]

    class Told(Message):
        """Something was told by the engine's side."""

        def __init__(self, event: Event) -> None:
            super().__init__()
            self.event = event

    class Draft(Message):
        """The text that was kept is there."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self) -> None:
        super().__init__()
        self._attending = threading.Lock()
        self._attends = False
        self._jobs: set[int] = set()
        """What we asked for; other screens ask the same studio."""
        self._job = 0
        """Of the text that is spoken, or was last."""
        self._place: Place | None = None
        """Where that is to be saved once it begins."""

    def body(self) -> ComposeResult:
        yield Choices(self.ttm.wishes, self.ttm.config.say, id="choices")
        yield Editor(self.ttm.given or "", placeholder=EMPTY, id="editor")
        yield Sound(id="sound")

    def on_mount(self) -> None:
        self.editor.focus()
        self._tell_keys()
        if self.ttm.given is None:
            self._read_draft()
        self.set_timer(AFTER, self._prepare)

    @work(thread=True, exit_on_error=False, group="speak-prepare")
    def _prepare(self) -> None:
        """The engine's side takes 0.2 s to import."""
        from tui.studio import transport  # noqa: F401 - for who asks for one in the other thread

        studio = self.attended()
        self.app.call_from_thread(self.watch_sound)
        studio.models()
        studio.offer(str(self.ttm.wishes.get("model") or self.ttm.config.say.model))

    def attended(self) -> Studio:
        """The studio, which tells us everything from the first time on."""
        with self._attending:
            studio = self.ttm.studio
            if not self._attends:
                self._attends = True
                studio.hear(self.post)
            return studio

    @work(thread=True, exit_on_error=False, group="speak-draft")
    def _read_draft(self) -> None:
        self.post_message(self.Draft(self.ttm.draft.read()))

    def post(self, event: Event) -> None:
        self.post_message(self.Told(event))

    # What is written.

    @on(Draft)
    def _take_draft(self, event: Draft) -> None:
        if not self.editor.text:
            self.editor.load_text(event.text)
        elif event.text:  # somebody was faster than the disk
            self.editor.insert(event.text + "\n", (0, 0))

    @on(TextArea.Changed, "#editor")
    def _keep(self) -> None:
        self.ttm.draft.write(self.editor.text)
        self._tell_keys()

    def _tell_keys(self) -> None:
        """Show which keys can be used."""
        written = bool(self.editor.document.line_count > 1 or self.editor.document.get_line(0))
        if written != self._written:
            self._written = written
            self.refresh_bindings()

    @on(Editor.Removed)
    def _removed(self, event: Editor.Removed) -> None:
        self.ttm.tell(f"{event.sentence[:1].upper()}{event.sentence[1:]}.", toast=True)

    @on(SpeakWith)
    def _speak_with(self, event: SpeakWith) -> None:
        choices = self.query_one(Choices)
        for name in sorted(event.wishes, key=lambda name: name != "model"):
            choices.wish(name, event.wishes[name])
        self._ask()
        if event.text is not None:
            self._open(event.text, at_once=event.at_once)
        elif event.at_once:
            self.action_speak_all()

    @work(thread=True, exit_on_error=False, group="speak-draft")
    def _open(self, text: str, *, at_once: bool) -> None:
        """What is written goes to the disk before another text takes its place."""
        displaces = self.ttm.draft.open(text)
        self.app.call_from_thread(self._opened, text, displaces=displaces, at_once=at_once)

    def _opened(self, text: str, *, displaces: bool, at_once: bool) -> None:
        editor = self.editor
        editor.history.checkpoint()
        editor.replace(text, (0, 0), editor.document.end)
        editor.move_cursor((0, 0))
        editor.focus()
        if displaces:
            self.ttm.tell("Opened. Your draft is kept: Ctrl+Z brings it back.")
        if at_once:
            self.action_speak_all()

    @on(Choices.Changed)
    def _chosen(self, event: Choices.Changed) -> None:
        if event.name == "model":
            self._ask()
        value = self.ttm.wishes.get(event.name)
        self.ttm.tell(f"{event.name.capitalize()}: {value if value else 'as the settings say'}.")
        self.editor.focus()

    @on(ConfigChanged)
    def _changed(self, event: ConfigChanged) -> None:
        self.transport.settings = event.config.playback
        self.ttm.studio.configure(event.config)
        choices = self.query_one(Choices)
        choices.say = event.config.say
        choices.show()
        self._ask()

    def _ask(self) -> None:
        """Ask what the model takes, and which there are."""
        self.attended().models()
        self.attended().offer(self.query_one(Choices).model)

    def action_choose(self, name: str) -> None:
        """Choose one of the settings."""
        self.query_one(Choices).choose(name)

    def action_cross(self) -> None:
        """To the sound, or back to the text."""
        other = self.query_one(Waveform) if self.editor.has_focus else self.editor
        other.focus()

    # Speaking.

    def action_speak(self) -> None:
        """Speak what is selected, else from the cursor on, else all."""
        editor = self.editor
        text, span = editor.text, editor.selected
        if span is None:
            at = editor.cursor
            first = at
            while first > max(0, at - WORD) and text[first - 1 : first].isalnum():
                first -= 1
            span = (first, len(text)) if text[first:].strip() and first < len(text) else None
            if at == len(text):
                span = None
        self._say(*(span or (0, len(text))))

    def action_speak_all(self) -> None:
        """Speak all of it."""
        self._say(0, len(self.editor.text))

    def _say(self, start: int, end: int, *, play: bool = True) -> None:
        text = self.editor.text[start:end]
        if not text.strip():
            self.ttm.tell("There is no text to speak yet.")
            return
        from tui.studio.utterance import Utterance

        studio = self.attended()
        self.watch_sound()
        studio.stop()
        self.transport.stop()
        self.editor.spoken(start, text)
        self._tape = None
        self.refresh_bindings()
        self._job = studio.speak(Utterance(text, dict(self.ttm.wishes), play))
        self._jobs.add(self._job)
        self.now("speaking")

    @on(Told)
    def _hear(self, message: Told) -> None:
        match message.event:
            case Loading(model, what, part):
                self.now(f"loading {round(100 * part)} %")
                if not part:
                    self.ttm.tell(f"Loading {model}: {what}.")
            case Began() as began if began.job == self._job:
                self._begin(began)
            case Noted(sentence):
                self.ttm.tell(f"{sentence[:1].upper()}{sentence[1:]}.")
            case Finished(job, seconds, bad, skipped) if job == self._job:
                self.now("")
                wrong = f" {bad} of its sentences went wrong at first." if bad else ""
                wrong += f" {skipped} pieces could not be spoken." if skipped else ""
                self.ttm.tell(f"All of it is there: {seconds:.1f} seconds.{wrong}", "done")
            case Stopped(job) if job == self._job:
                self.now("")
                self.ttm.tell("Stopped.")
            case Failed(sentence, job) if job in self._jobs or not job:
                self.now("failed")
                self._place = None
                self.ttm.fail(sentence)
            case Anew() as anew if anew.job in self._jobs:
                self.renewed(anew)
            case Offered(offer):
                self.query_one(Choices).take_offer(offer)
            case Models(names):
                self.query_one(Choices).take_models(names)
            case Unheard(sentence):
                self.ttm.fail(sentence)
            case Playback(state):
                if state == "paused":
                    self.ttm.tell("Paused.")
                elif state == "waiting":
                    self.set_timer(PATIENT, self._tell_wait)
                self.wake()

    def _tell_wait(self) -> None:
        if self.transport.state == "waiting" and self._tape is not None and self._tape.samples:
            self.ttm.tell("It waits for its turn: something else is heard. F2 shows what.")

    def _begin(self, began: Began) -> None:
        self._tape = began.tape
        self.refresh_bindings()
        self.transport.model, self.transport.voice = began.model, began.voice
        self.transport.insert(began.tape, play=began.play)
        self.now("speaking")
        self.ttm.tell(f"{began.voice} speaks, with {began.model}.")
        if self._place:
            place, self._place = self._place, None
            self.save(began.tape, place)

    def command(self) -> str:
        """The `ttm say` that speaks this text so."""
        return say(self.editor.text, self.ttm.wishes, self.ttm.draft.path)

    def interrupt(self) -> bool:
        """Stop speaking and playing."""
        if not (self.transport.active or self.ttm.studio.busy):
            return False
        self.action_stop()
        return True

    def render_whole(self, place: Place) -> None:
        """Speak all of it into a file, unheard."""
        self._place = place
        self._say(0, len(self.editor.text), play=False)

    def varies(self) -> bool:
        offer = self.query_one(Choices).offered
        return offer is None or offer.varies

    def asked(self, job: int) -> None:
        self._jobs.add(job)

    def action_play_pause(self) -> None:
        """Pause, go on, or begin."""
        if self._tape is None and not self.transport.active:
            self.action_speak()
        else:
            super().action_play_pause()
