"""The engine's side, with real workers: what is told, and that nothing leaves its thread."""

from __future__ import annotations

import os
import queue
import threading

import pytest

from ttm.audio.formats import FORMATS
from ttm.config import load
from ttm.errors import OutputError
from tui.studio.events import Anew, Began, Failed, Finished, Models, Offered, Stopped
from tui.studio.saving import save
from tui.studio.studio import Studio
from tui.studio.utterance import Utterance

TEXT = "One two three. Four five! And six?"
PATIENCE = 30


class Desk:
    """A studio, and what it tells."""

    def __init__(self, **settings: object) -> None:
        self.config = load(overrides=settings, environ=os.environ)
        self.told: queue.Queue[object] = queue.Queue()
        self.studio = Studio(self.config, self.told.put)

    def until(self, *kinds: type) -> object:
        while not isinstance(event := self.told.get(timeout=PATIENCE), kinds):
            pass
        return event


@pytest.fixture
def desk():
    made = []

    def make(**settings: object) -> Desk:
        made.append(Desk(**{"say.model": "tone", **settings}))
        return made[-1]

    yield make
    for each in made:
        each.studio.close()


def test_a_text_is_told_with_its_sentences_and_words_where_they_are_written_and_heard(desk):
    here = desk()
    here.studio.speak(Utterance(TEXT))
    tape = here.until(Began).tape
    assert here.until(Finished, Failed).seconds == tape.seconds > 1
    said = [tape.text[one.start : one.end] for one in tape.sentences]
    assert said == ["One two three.", "Four five!", "And six?"]
    second = tape.sentences[1]
    word = tape.word_at(second.first)
    assert tape.text[word.start : word.end] == "Four"
    assert tape.sentence_at(second.first) == second == tape.sentence_in(TEXT.index("five"))


def test_a_sentence_gets_other_words_and_what_follows_moves(desk):
    here = desk()
    here.studio.speak(Utterance(TEXT))
    tape = here.until(Began).tape
    here.until(Finished)
    before = tape.samples
    here.studio.redo(tape, 1, text="Nothing of that!")
    assert here.until(Anew, Failed).text == "Nothing of that!"
    assert tape.text == "One two three. Nothing of that! And six?"
    last = tape.sentences[2]
    assert tape.text[last.start : last.end] == "And six?"
    assert last.last == tape.samples != before
    word = tape.word_at(last.first)
    assert tape.text[word.start : word.end] == "And"
    here.studio.redo(tape, 2, text="And seven?")
    here.until(Anew)
    assert tape.text == "One two three. Nothing of that! And seven?"
    here.studio.redo(tape, 0)
    assert "same words the same way" in here.until(Anew, Failed).sentence


def test_a_worker_that_dies_is_a_sentence_and_the_next_text_is_spoken(desk, plugins):
    here = desk(**{"say.model": "faulty", "text.normalize": "off"})
    here.studio.speak(Utterance("All is well. kill-9"))
    tape = here.until(Began).tape
    failed = here.until(Failed, Finished)
    assert isinstance(failed, Failed)
    assert "line 1, column 14" in failed.sentence
    assert tape.ended
    assert not tape.whole
    assert tape.samples
    here.studio.speak(Utterance("Again."))
    assert isinstance(here.until(Failed, Finished), Finished)


def test_stopping_ends_an_engine_that_hangs_and_what_waits_behind_it(desk, plugins):
    here = desk(**{"say.model": "faulty", "text.normalize": "off"})
    first = here.studio.speak(Utterance("One. hang"))
    here.until(Began)
    second = here.studio.speak(Utterance("Two."))
    here.studio.stop()
    assert [here.until(Stopped, Failed, Finished) for _ in range(2)] == [
        Stopped(first),
        Stopped(second),
    ]


def test_settings_apply_and_questions_are_answered_though_all_speaking_is_stopped(desk):
    here, go = desk(), threading.Event()
    here.studio.lend(lambda narrator: go.wait(PATIENCE))
    here.studio.configure(
        load(overrides={"say.model": "tone", "say.voice": "high"}, environ=os.environ)
    )
    here.studio.offer("tone")
    here.studio.stop()
    go.set()
    here.until(Offered)
    here.studio.speak(Utterance("Hi."))
    assert here.until(Began, Failed).voice == "high"


def test_what_cannot_be_asked_for_is_a_sentence(desk):
    here = desk()
    here.studio.speak(Utterance("Hi.", {"voice": "nobody"}))
    assert "unknown voice 'nobody'" in here.until(Failed, Began).sentence
    here.studio.speak(Utterance(" ... "))
    assert here.until(Failed, Began).code == "empty_input"


def test_only_what_a_model_honours_is_offered(desk):
    here = desk()
    here.studio.models()
    assert here.until(Models).names[0][0] == "tone"
    here.studio.offer("tone")
    offer = here.until(Offered).offer
    assert [voice.name for voice in offer.voices] == ["sine", "low", "high"]
    assert not (offer.languages)
    assert not (offer.instructs)
    assert not (offer.clones)
    assert not (offer.varies)


def test_a_tape_is_saved_while_it_is_made_and_a_file_is_not_replaced_unasked(desk, tmp_path):
    here = desk()
    here.studio.speak(Utterance(TEXT, play=False))
    tape = here.until(Began).tape
    path = tmp_path / "out.flac"
    saved = save(tape, str(path), FORMATS["flac"], here.config, clobber=False)
    assert saved.whole
    assert saved.written.samples == tape.samples
    with pytest.raises(OutputError, match="exists already"):
        save(tape, str(path), FORMATS["flac"], here.config, clobber=False)
    with pytest.raises(OutputError, match="Create the folder"):
        save(tape, str(tmp_path / "no" / "x.wav"), FORMATS["wav"], here.config, clobber=True)
    with pytest.raises(OutputError, match="No space left on device"):
        save(tape, "/dev/full", FORMATS["wav"], here.config, clobber=True)
