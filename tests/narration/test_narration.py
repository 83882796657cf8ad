"""A text being spoken: exact pauses, places in the original text, and a report of how it went."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import numpy as np
import pytest

from ttm.audio import Audio
from ttm.engine.tone import ToneEngine
from ttm.errors import NothingToSpeak
from ttm.narration.plan import plan
from ttm.narration.seams import edged
from ttm.speech import Speech

RATE = 24_000
FOX = "The quick brown fox jumps over the lazy dog and runs away."


def beep(words: str, **how: float) -> bytes:
    """What `tone` says, as it is in a narration: without the silence around it."""
    return b"".join(audio.pcm for audio in edged(ToneEngine().speak(Speech(words, **how))))


def quiet(milliseconds: int) -> bytes:
    return bytes(RATE * milliseconds // 1000 * 2)


def test_pauses_are_exact_to_the_sample(narrate):
    spoken = narrate("One two. Three!\n\nFour. Five")
    assert spoken.pcm == b"".join(
        [
            *(beep("One two"), quiet(250), beep("Three"), quiet(600)),
            *(beep("Four"), quiet(250), beep("Five")),
        ]
    )


def test_pauses_are_as_long_as_they_are_set(narrate):
    spoken = narrate("One. Two.\n\nThree.", say__pause=7, say__paragraph_pause=1111)
    assert spoken.pcm == b"".join(
        [beep("One"), quiet(7), beep("Two"), bytes(RATE * 1111 // 1000 * 2), beep("Three")]
    )
    assert narrate("One. Two.", say__pause=0).pcm == beep("One") + beep("Two")


def test_a_sentence_that_is_cut_has_no_pause_in_it(narrate):
    words = ["word"] * 200  # 1,000 characters; a chunk has 400
    spoken = narrate(" ".join(words))
    assert spoken.report.chunks == 3
    assert quiet(60) not in spoken.pcm  # tone's own gap is 50 ms


def test_followed_lines_come_with_the_pause_after_them(narrate):
    spoken = narrate("One.\nTwo.\n", follow=True)
    assert spoken.pcm == beep("One") + quiet(250) + beep("Two") + quiet(250)


def test_words_and_sentences_are_timed_to_the_sample(narrate):
    spoken = narrate("One two. Three!\n\nFour. Five")
    assert spoken.said == ["One", "two", "Three", "Four", "Five"]
    for word, text in zip(spoken.words, spoken.said, strict=True):
        start = round(word.at * RATE) * 2
        sound = beep(text)
        # The first sample of a beep is zero, which only the edge of a chunk loses.
        assert spoken.pcm[start : start + len(sound) + 4].strip(b"\0") == sound.strip(b"\0")
        assert abs(word.until - word.at - len(sound) / 2 / RATE) < 0.001
    assert [spoken.text[one.start : one.end].strip() for one in spoken.sentences] == [
        *("One two.", "Three!", "Four.", "Five"),
    ]
    begins = [round(one.at * RATE) for one in spoken.sentences]
    assert begins == [round(spoken.words[i].at * RATE) for i in (0, 2, 3, 4)]
    assert spoken.sentences[-1].until == spoken.seconds


def test_the_spans_of_sentences_tile_the_text(narrate):
    spoken = narrate(" — One. (Two!) \n\n * Three…\tFour ")
    spans = [(one.start, one.end) for one in spoken.sentences]
    assert spans[0][0] == 0
    assert all(before[1] == after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("One\u200b two, \x07three", ["One", "two", "three"]),
        ("wor\u00adld  \x1b[31mred\x1b[0m", ["wor\u00adld", "red"]),
        ("a\r\n\r\nb   c", ["a", "b", "c"]),
        ("\ufeffe\u0301te\u0301", ["e\u0301te\u0301"]),
        ("ﬁne ½ x²", ["ﬁne", "½", "x²"]),
    ],
    ids=ascii,
)
def test_words_are_timed_in_the_text_as_it_was_written(narrate, text, words):
    assert narrate(text).said == words


def test_the_report_tells_how_it_went(narrate):
    spoken = narrate("One two. Three! ...", voice="high", say__seed=7)
    report = spoken.report
    assert (report.model, report.voice, report.language, report.seed) == ("tone", "high", "und", 7)
    assert (report.chunks, report.characters) == (2, len("One two. Three! ..."))
    assert report.seconds == spoken.seconds
    assert (report.retried, report.clipped, report.skipped, report.skips) == (0, 0, 0, [])


def test_a_seed_is_drawn_when_none_is_set(narrate):
    assert narrate("a").report.seed != narrate("a").report.seed


def test_volume_is_in_decibels_and_counts_what_it_clips(narrate):
    usual, soft = narrate("banana"), narrate("banana", say__volume=-6.0206)
    loud = narrate("banana", say__volume=20)
    samples = np.frombuffer(usual.pcm, "<i2").astype(int)
    halved = np.frombuffer(soft.pcm, "<i2").astype(int)
    assert np.abs(halved - samples / 2).max() <= 1
    assert soft.report.clipped == 0
    assert loud.report.clipped == np.count_nonzero(np.abs(samples) * 10 > 32767)
    assert np.abs(np.frombuffer(loud.pcm, "<i2").astype(int)).max() >= 32767


def test_pitch_and_rate_reach_the_engine(narrate):
    spoken = narrate("banana", say__pitch=12, say__rate="2")
    assert spoken.pcm == beep("banana", pitch=12, rate=2)


@pytest.mark.parametrize(("rate", "factor"), [("0.25", 0.25), ("70wpm", 0.4)])
def test_a_tempo_that_the_engine_cannot_do_is_stretched(narrate, rate, factor):
    usual, other = narrate(FOX, "espeak"), narrate(FOX, "espeak", say__rate=rate)
    assert usual.seconds / other.seconds == pytest.approx(factor, rel=0.15)
    assert other.said == usual.said
    for one, same in zip(usual.words, other.words, strict=True):
        assert same.at / other.seconds == pytest.approx(one.at / usual.seconds, abs=0.06)
    assert other.words[-1].until <= other.seconds


def test_a_tempo_that_the_engine_can_do_is_left_to_it(narrate):
    usual, fast = narrate(FOX, "espeak"), narrate(FOX, "espeak", say__rate="+300%")
    assert usual.seconds / fast.seconds == pytest.approx(4, rel=0.15)


def test_a_pitch_that_the_engine_cannot_do_keeps_tempo_and_places(narrate):
    usual, high = narrate(FOX, "espeak"), narrate(FOX, "espeak", say__pitch=12)
    assert high.seconds == pytest.approx(usual.seconds, rel=0.1)
    assert high.said == usual.said
    assert 0 <= high.words[0].at < high.words[-1].until <= high.seconds


def test_a_long_text_sounds_the_same_however_it_is_asked_for(narrate, narrator):
    text = " ".join(f"This is sentence number {i}, and it ends here." for i in range(70))
    one = narrator()
    spoken = [narrate(text, "espeak", with_=one, ahead=ahead) for ahead in (False, True)]
    spoken.append(narrate(text, "espeak", ahead=True))
    assert len({hashlib.sha256(each.pcm).digest() for each in spoken}) == 1
    assert spoken[0].timings == spoken[1].timings == spoken[2].timings
    assert len(spoken[0].sentences) == 70


@pytest.mark.parametrize("text", ["", " \n", "\u200b", "... — ,", "\x1b[31m"])
def test_a_text_without_anything_to_say_is_refused(narrate, text):
    with pytest.raises(NothingToSpeak, match="there is nothing to speak in the text"):
        narrate(text)


def test_a_text_without_a_sound_in_this_voice_is_refused(narrate):
    with pytest.raises(NothingToSpeak, match="nothing in the text has a sound in this voice"):
        narrate("😀 €")  # symbols, which tone has no beep for


def test_who_stops_listening_can_speak_again(narrator, narrate):
    one = narrator()
    voice, _ = one.voice("faulty", "")
    narration = one.narrate(plan(["beep. endless. beep."]), voice=voice, model="faulty")
    heard: list[Audio] = []
    for audio in narration:
        heard.append(audio)
        if len(heard) > 5:
            break
    assert narrate("beep", "faulty", with_=one).pcm == beep("beep")
