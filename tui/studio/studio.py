"""The one thread that owns a Narrator: orders go in, events come out."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, TypeVar

from ttm.audio import Audio
from ttm.config import Config, overlaid
from ttm.errors import BadAudio, OutputError, TtmError, UsageError
from ttm.models.status import ModelStatus
from ttm.narration.beginning import begin
from ttm.narration.choice import choose
from ttm.narration.duration import foreseen
from ttm.narration.narration import Narration
from ttm.narration.narrator import Narrator
from ttm.narration.plan import Chunk
from ttm.narration.report import Report
from ttm.narration.seeds import derived
from ttm.speech import parse_rate
from ttm.text.language import locale_language
from tui import crash
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
    Stopped,
)
from tui.studio.offer import here, offer
from tui.studio.parts import Manner
from tui.studio.remembrance import remember
from tui.studio.tape import Tape
from tui.studio.utterance import Utterance

AHEAD = 600.0
"""Seconds of sound that are made before the first of them is heard; 29 MB at 24 kHz."""
LOOK = 0.1
"""Seconds between two looks at whether more is wanted."""
WHERE = "the interface"
"""Where the settings of an utterance come from."""
STOPPED_BY_USER = 130
"""What the history keeps of a speech that somebody stopped, as of a command."""
LEAVING = 3.0
"""Seconds that closing waits for the thread; the worker dies with us anyway."""

Order = Callable[[], None]
T = TypeVar("T")


class Studio:
    """Speaks what it is asked for, one thing after the other.

    Every method may be called from any thread and returns at once. What comes of it is told to
    everyone that `hear` named, from the studio's thread; nothing is raised.
    """

    def __init__(self, config: Config, post: Callable[[Event], None] | None = None) -> None:
        self._config = config
        self._hearers: list[Callable[[Event], None]] = [post] if post else []
        self._orders: queue.SimpleQueue[tuple[int, bool, Order] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._issued = 0
        """Number of the order that came last."""
        self._void = 0
        """Orders up to this one are not to be carried out any more."""
        self._doing = 0
        """Number of the order that is carried out; 0 for none."""
        self._narrator: Narrator | None = None
        self._closed = False
        self._lent: list[Future[Any]] = []
        """What other parts do with the Narrator, or will."""
        self._changed = threading.Event()
        """Set when somebody may want more, or nothing more."""
        self._thread = threading.Thread(target=self._work, name="studio", daemon=True)

    def hear(self, post: Callable[[Event], None]) -> None:
        """Tell this one everything from here on; it is called in the studio's thread."""
        self._hearers.append(post)

    # Orders.

    def speak(self, utterance: Utterance) -> int:
        """Speak this after what was asked for before; the number of the job."""
        return self._order(lambda job: self._speak(utterance, job))

    def redo(
        self, tape: Tape, number: int, seed: int | None = None, text: str | None = None
    ) -> int:
        """Speak a sentence of a tape anew: with another seed, or saying this."""
        return self._order(lambda job: self._redo(tape, number, seed, text, job))

    def load(self, model: str) -> int:
        """Load a model, so that what it speaks next begins sooner."""
        return self._order(lambda job: self._own().load(model))

    def unload(self) -> int:
        """Let go of every model."""
        return self._order(lambda job: self._let_go(), lasting=True)

    def offer(self, model: str) -> int:
        """Tell what can be asked of this model (Offered)."""
        return self._order(
            lambda job: self._tell(Offered(offer(self._own(), self._config, model))), lasting=True
        )

    def models(self) -> int:
        """Tell which models could speak (Models)."""
        return self._order(lambda job: self._tell(Models(here(self._config))), lasting=True)

    def lend(self, task: Callable[[Narrator], T]) -> Future[T]:
        """Do something else with the Narrator, after what was asked for before; the future is
        cancelled when that is, and raises what the task does."""
        future: Future[T] = Future()

        def carried_out(job: int) -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(task(self._own()))
                except BaseException as failure:
                    future.set_exception(failure)

        with self._lock:
            if self._closed:
                future.cancel()
                return future
            self._lent = [each for each in self._lent if not each.done()]
            self._lent.append(future)
        self._order(carried_out)
        return future

    def loaded(self) -> list[ModelStatus]:
        """The models that are in memory, as their workers state them."""
        narrator = self._narrator
        return narrator.loaded() if narrator else []

    def configure(self, config: Config) -> int:
        """Let these settings apply to what is asked for from here on."""

        def changed(job: int) -> None:
            if config != self._config:
                self._let_go()
            self._config = config

        return self._order(changed, lasting=True)

    def stop(self) -> None:
        """Cancel what is being done and what waits."""
        with self._lock:
            self._void = self._issued
            busy = self._doing != 0
            lent = list(self._lent)
        for future in lent:
            future.cancel()  # where it has not begun
        self._changed.set()
        if busy and (narrator := self._narrator):
            narrator.stop()

    def look(self) -> None:
        """There may be a use for more sound than before."""
        self._changed.set()

    @property
    def busy(self) -> bool:
        """Whether there is something to be done."""
        return self._doing != 0 or not self._orders.empty()

    def close(self) -> None:
        """Cancel everything, and end the workers."""
        self._closed = True
        self.stop()
        self._orders.put(None)
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(LEAVING)

    def _order(self, order: Callable[[int], None], *, lasting: bool = False) -> int:
        """Have it carried out; `stop` leaves what is `lasting`: settings still apply, and who
        waits for an answer gets one."""
        with self._lock:
            self._issued += 1
            job = self._issued
            if self._thread.ident is None and not self._closed:
                self._thread.start()
        self._orders.put((job, lasting, lambda: order(job)))
        return job

    # The thread.

    def _work(self) -> None:
        while (each := self._orders.get()) is not None and not self._closed:
            job, lasting, order = each
            with self._lock:
                self._doing = job if lasting or job > self._void else 0
            if not self._doing:
                self._tell(Stopped(job))
                continue
            try:
                order()
            except TtmError as failure:
                self._tell(self._ended(job, failure))
            except Exception as bug:  # whatever it is, the next order can still be carried out
                self._tell(Failed(crash.told(bug), job, "internal_error"))
            finally:
                self._doing = 0
        self._let_go()

    def _ended(self, job: int, failure: TtmError) -> Event:
        if self._cancelled(job):  # an engine that is told to be silent has failed to say it
            return Stopped(job)
        return Failed(failure.sentence, job, failure.code)

    def _cancelled(self, job: int) -> bool:
        return self._closed or job <= self._void

    def _tell(self, event: Event) -> None:
        for each in self._hearers:
            each(event)

    def _own(self) -> Narrator:
        if self._narrator is None:
            self._narrator = Narrator(self._config, loading=self._loading)
        return self._narrator

    def _loading(self, model: str, what: str, part: float) -> None:
        self._tell(Loading(model, what, part))

    def _let_go(self) -> None:
        if self._narrator:
            self._narrator.close()
            self._narrator = None

    def _speak(self, wanted: Utterance, job: int) -> None:
        wishes = {f"say.{name}": value for name, value in wanted.wishes.items()}
        config = overlaid(self._config, wishes, WHERE)
        narrator = self._own().under(config)
        model, text = config.say.model, wanted.text
        _, sample, told = begin(iter([text]), narrator.reading("text", "en"))
        notes = [narrator.settle(model), narrator.instruction(model)[1]]
        choice = choose(narrator, config, sample, "", told, locale_language(os.environ))
        voice = choice.voice
        for note in filter(None, (*notes, choice.warning)):
            self._tell(Noted(note))
        rate = parse_rate(config.say.rate)
        tape = Tape(text, job, foreseen(len(text), rate))
        tape.how, tape.wanted = Manner(config, voice, choice.language), not wanted.play
        chunks = narrator.plan(
            [text],
            model=model,
            language=choice.language,
            voice=voice.name,
            warn=lambda sentence: self._tell(Noted(sentence)),
        )
        began = time.time()
        narration = narrator.narrate(
            tape.watch(chunks), voice=voice, model=model, ahead=True, since=began
        )
        report = narration.report
        tape.seed = report.seed
        name = narrator.model(model).name
        self._tell(Began(job, tape, name, voice.name, choice.language, wanted.play))
        code = 0
        try:
            self._record(narration, tape, job, rate)
            tape.end(whole=not self._cancelled(job))
        except TtmError as failure:
            code = failure.exit_code
            raise
        finally:
            tape.end(whole=tape.whole)
            code = STOPPED_BY_USER if self._cancelled(job) else code
            self._remember(tape, report, began, code, play=wanted.play)
        if self._cancelled(job):
            self._tell(Stopped(job))
        else:
            bad, skipped = report.guard.bad, report.skipped
            counts = (bad, skipped, report.chunks, report.cached)
            self._tell(Finished(job, tape.seconds, *counts))

    def _record(self, narration: Narration, tape: Tape, job: int, rate: float) -> None:
        """All of the narration, as long as there is a use for it."""
        told = judged = skipped = 0
        report = narration.report
        for audio in narration:
            if self._cancelled(job):
                return
            tape.record(audio)
            for note in report.notes[told:]:
                self._tell(Noted(note))
            for bad in report.guard.chunks[judged:]:
                tape.judge(bad)
            for skip in report.skips[skipped:]:
                tape.judge(skip)
            told, judged = len(report.notes), len(report.guard.chunks)
            skipped = len(report.skips)
            tape.expected = foreseen(len(tape.text), rate, report.characters, report.seconds)
            while not tape.wanted and tape.seconds - tape.heard / max(1, tape.rate) > AHEAD:
                if self._cancelled(job):
                    return
                self._changed.wait(LOOK)
                self._changed.clear()

    def _remember(self, tape: Tape, report: Report, began: float, code: int, *, play: bool) -> None:
        manner = tape.how
        assert manner is not None
        try:
            remember(manner.config, tape.text, report, began, code, play=play)
        except OutputError as failure:
            self._tell(Noted(f"the history does not have this: {failure.what}"))

    def _redo(self, tape: Tape, number: int, seed: int | None, text: str | None, job: int) -> None:
        manner = tape.how
        if manner is None or number >= tape.count:
            raise UsageError("there is no such sentence to speak anew")
        config = manner.config
        narrator, model = self._own().under(config), config.say.model
        sentence = tape.sentences[number]
        chunks: Sequence[Chunk] = [part.chunk for part in sentence.parts]
        if text is None and not narrator.card(model).random:
            name = narrator.model(model).name
            what = f"model '{name}' says the same words the same way each time"
            raise UsageError(what, "Give the sentence other words")
        if seed is None:
            said = "\n".join(chunk.text for chunk in chunks)
            seed = derived(tape.seed, said, sentence.parts[0].attempt + 1)
        if text is not None:
            begin(iter([text]), narrator.reading("text", "en"))
            chunks = list(
                narrator.plan(
                    [text], model=model, language=manner.language, voice=manner.voice.name
                )
            )
        narration = narrator.narrate(
            chunks, voice=manner.voice, model=model, ahead=True, unheard=True, seed=seed
        )
        blocks: list[Audio] = []
        for audio in narration:
            if self._cancelled(job):
                self._tell(Stopped(job))
                return
            blocks.append(audio)
        try:
            new = tape.replace(number, chunks, blocks, text)
        except ValueError:
            raise BadAudio("nothing in the text has a sound in this voice") from None
        for bad in narration.report.guard.chunks:
            shift = new.parts[0].start - new.parts[0].chunk.start
            tape.judge(replace(bad, start=bad.start + shift, end=bad.end + shift))
        self._tell(Anew(job, number, seed, text, sentence.start, sentence.end))
