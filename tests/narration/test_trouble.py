"""Engines that fail in the middle of a text: what is tried again, what is named, what goes on."""

from __future__ import annotations

import pytest

from ttm.audio import Audio
from ttm.engine.tone import ToneEngine
from ttm.errors import BadCheckpoint, EngineUnavailable, Unspeakable, UsageError
from ttm.narration.attempts import SKIPPED
from ttm.narration.seams import edged
from ttm.speech import Speech

RATE = 24_000
BEEP = b"".join(audio.pcm for audio in edged(ToneEngine().speak(Speech("beep"))))
PAUSE = bytes(RATE // 4 * 2)
GAP = bytes(round(SKIPPED * RATE) * 2)
HALF = b"".join(audio.pcm for audio in edged([Audio(b"\x00\x10" * (RATE // 2), RATE)]))
"""What `later` says before it dies."""
DEADLY = "s'" * 75


def test_a_worker_that_died_once_is_asked_again_and_nothing_is_missing(narrate, tmp_path):
    spoken = narrate(f"beep. once-{tmp_path}/flag beep. beep.", "faulty")
    assert spoken.pcm == narrate("beep. beep beep. beep.", "faulty").pcm
    assert (spoken.report.retried, spoken.report.skipped) == (1, 0)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("beep.\n\n  beep beep. Now kill-11 here.", r"engine 'faulty' crashed \(SIGSEGV\)"),
        ("beep.\n\n  beep beep. Now later-9 here.", r"engine 'faulty' crashed \(SIGKILL\)"),
        ("beep.\n\n  beep beep. Now raises here.", r"the engine failed \(ZeroDivisionError\)"),
        ("beep.\n\n  beep beep. Now nothing-x hang.", r"engine 'faulty' made no sound for 0.9 s"),
    ],
)
def test_what_cannot_be_spoken_is_named_by_its_place(narrate, text, why):
    with pytest.raises(Unspeakable) as failure:
        narrate(text, "faulty", engine__no_progress=0.9)
    place = rf"line 3, column 14 \(characters {text.index('Now') + 1} to {len(text)}\): "
    assert failure.match("cannot speak the text at " + place + why)
    assert failure.value.fix == "Change the text there, or pass --on-error skip"


def test_an_engine_without_a_sound_is_named_by_its_place(narrate):
    with pytest.raises(Unspeakable, match=r"line 2, column 1 .*: engine 'faulty' made no sound\."):
        narrate("beep.\nnothing", "faulty")


def test_what_cannot_be_spoken_is_skipped_on_demand_and_the_rest_is_in_its_place(narrate):
    text = "beep. kill-11 now. beep."
    spoken = narrate(text, "faulty", say__on_error="skip")
    assert spoken.pcm == BEEP + PAUSE + GAP + PAUSE + BEEP
    report = spoken.report
    assert (report.chunks, report.skipped, report.retried) == (3, 1, 1)
    (skip,) = report.skips
    assert (text[skip.start : skip.end].strip(), skip.line, skip.column) == ("kill-11 now.", 1, 7)
    assert skip.why == "engine 'faulty' crashed (SIGSEGV)"
    assert report.seconds == spoken.seconds
    assert [text[one.start : one.end].strip() for one in spoken.sentences] == ["beep."] * 2
    last = len(BEEP + PAUSE + GAP + PAUSE) / 2 / RATE
    assert (spoken.sentences[-1].at, spoken.words[-1].at) == pytest.approx((last, last))


def test_what_was_heard_before_a_crash_is_kept_when_the_rest_is_skipped(narrate):
    spoken = narrate("beep. later-11. beep.", "faulty", say__on_error="skip")
    before = len(BEEP + PAUSE)
    assert spoken.pcm[:before] == BEEP + PAUSE
    assert spoken.pcm[before : before + len(HALF) - 200] == HALF[:-200]
    assert spoken.pcm.endswith(GAP + PAUSE + BEEP)
    assert (spoken.report.skipped, spoken.report.retried) == (1, 0)
    assert len(spoken.sentences) == 3


def test_a_text_of_which_everything_was_skipped_is_not_spoken(narrate):
    with pytest.raises(Unspeakable, match=r"line 1, column 1 .* crashed"):
        narrate("kill-11.", "faulty", say__on_error="skip")


def test_an_engine_that_crashes_too_often_ends_the_narration_all_the_same(narrate):
    with pytest.raises(EngineUnavailable, match="crashed 3 times within a minute"):
        narrate("kill-11. kill-9. beep.", "faulty", say__on_error="skip")


def test_a_narrator_speaks_on_after_every_failure(narrate, narrator):
    one = narrator(engine__crashes=100, engine__no_progress=0.9)
    for trouble in ("kill-11", "raises", "later-6", "nothing", "hang", "nan"):
        with pytest.raises(Unspeakable):
            narrate(trouble, "faulty", with_=one)
        assert narrate("beep", "faulty", with_=one).pcm == BEEP


def test_what_killed_an_engine_twice_is_not_tried_a_third_time(narrate, narrator):
    one = narrator(engine__crashes=3)
    for told in (r"crashed \(SIGSEGV\)\. ", r"crashed \(SIGSEGV\) on it before, and is not asked"):
        with pytest.raises(Unspeakable, match=told) as failure:
            narrate("kill-11.", "faulty", with_=one)
    assert failure.value.attempts == 0
    assert narrate("beep", "faulty", with_=one).pcm == BEEP  # a third crash would forbid it


def test_what_was_killed_from_outside_is_no_fault_of_the_text(narrate, narrator):
    one = narrator(engine__crashes=100)
    for _ in range(2):
        with pytest.raises(Unspeakable, match=r"crashed \(SIGKILL\)\. "):
            narrate("kill-9.", "faulty", with_=one)


def test_a_text_that_kills_espeak_is_spoken_in_pieces(narrate):
    text = f"Good morning. Look here, {DEADLY} and there it goes. Good night."
    spoken = narrate(text, "espeak", "en-us")
    assert (spoken.report.retried, spoken.report.skipped, spoken.report.chunks) == (1, 0, 3)
    assert spoken.said[:4] == ["Good", "morning", "Look", "here"]
    assert spoken.said[-6:] == ["and", "there", "it", "goes", "Good", "night"]
    moments = [round(moment, 9) for word in spoken.words for moment in (word.at, word.until)]
    assert moments == sorted(moments)
    assert moments[-1] <= spoken.seconds
    assert len(spoken.sentences) == 3


def test_a_text_that_kills_espeak_does_not_change_what_follows(narrate, narrator):
    one = narrator()
    wanted = narrate("Good night.", "espeak", "en-us").pcm
    narrate(DEADLY, "espeak", "en-us", with_=one)
    assert narrate("Good night.", "espeak", "en-us", with_=one).pcm == wanted


@pytest.mark.parametrize("suffix", ["wav", "mp3"])
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nan beep", "made samples that are no numbers"),
        ("nan", "made samples that are no numbers"),
        ("nothing", "made no sound"),
    ],
)
def test_bad_sound_never_reaches_a_file(ttm, faulty, tmp_path, text, why, suffix):
    (tmp_path / f"x.{suffix}").write_text("older")
    done = ttm("say", "-m", "faulty", "-o", f"x.{suffix}", "--", text, env=faulty)
    assert done.returncode == 6
    assert b"at line 1, column 1 " in done.stderr
    assert why.encode() in done.stderr
    assert (tmp_path / f"x.{suffix}").read_text() == "older"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_sound_without_an_end_is_ended(narrate, engine):
    name = engine("""
from ttm.audio import Audio
from ttm.speech import Voice
class Engine:
    def voices(self):
        return [Voice("x", ("und",))]
    def speak(self, speech):
        while True:
            yield Audio(bytes([0, 16]) * 100_000, 8000)
""")
    with pytest.raises(Unspeakable, match="engine 'own' made steady noise instead of speech"):
        narrate("ha", name)


@pytest.mark.parametrize("on_error", ["fail", "skip"])
@pytest.mark.parametrize(
    ("order", "error", "says"),
    [
        ("refuse", UsageError, "this cannot be asked for. Ask for something else"),
        ("lost", BadCheckpoint, "the weights are gone. Fetch them again"),
    ],
)
def test_what_would_fail_with_any_text_ends_the_narration(narrate, on_error, order, error, says):
    with pytest.raises(error) as failure:
        narrate(f"beep. {order} beep. beep.", "faulty", say__on_error=on_error)
    assert (type(failure.value), failure.value.sentence) == (error, says)


def test_a_note_is_kept_once_and_the_sound_is_as_without_it(narrate):
    spoken = narrate("note-a beep. note-b note-a breathe-1 beep.", "faulty")
    assert spoken.pcm == BEEP + PAUSE + BEEP
    assert spoken.report.notes == ["noted: a", "noted: b"]


def test_what_the_engine_ran_with_is_reported(narrate):
    assert narrate("beep", "slow").report.effective["device"] == "cpu"
    assert narrate("beep", "faulty").report.effective == {}
    assert narrate("beep", "slow").report.engine == "slow"
