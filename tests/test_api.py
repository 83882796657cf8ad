"""`import ttm`: speaking from a program."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil
import pytest

import ttm
from ttm.errors import (
    NothingToSpeak,
    SynthesisError,
    UnknownModel,
    UnknownName,
    UsageError,
)
from ttm.narration.plan import plan

LONG = "And on it goes, from one sentence to the next. " * 200


@pytest.fixture
def workers() -> Callable[[], set[psutil.Process]]:
    """`workers()`: the processes that this test has begun; others are longer-lived fixtures'."""
    me = psutil.Process()
    others = set(me.children(recursive=True))
    return lambda: set(me.children(recursive=True)) - others


def test_everything_promised_is_there_and_nothing_else():
    assert {name: getattr(ttm, name) for name in ttm.__all__}
    assert set(ttm.__all__) <= set(dir(ttm))
    with pytest.raises(AttributeError, match="module 'ttm' has no attribute 'nope'"):
        _ = ttm.nope


def test_speaking_yields_sound_with_its_timings(workers):
    heard = list(ttm.speak("One two. Three.", model="tone"))
    assert {audio.rate for audio in heard} == {24_000}
    assert sum(audio.seconds for audio in heard) > 0.9
    timings = [timing for audio in heard for timing in audio.timings if timing.kind == "word"]
    assert ["One two. Three."[timing.start : timing.end] for timing in timings] == [
        "One", "two", "Three",
    ]  # fmt: skip
    samples = next(audio for audio in heard if audio.pcm).numpy()
    assert samples.dtype == "float32"
    assert 0.1 < abs(samples).max() <= 1
    assert not workers()


def test_settings_go_by_their_names():
    def seconds(**settings) -> float:
        spoken = ttm.speak("One. Two.", model="tone", **settings)
        return sum(audio.seconds for audio in spoken)

    usual = seconds(pause=0)
    assert seconds(pause=1000) == pytest.approx(usual + 1, abs=0.001)
    assert seconds(pause=0, rate="2") == pytest.approx(usual / 2, rel=0.03)
    with pytest.raises(UsageError, match="--rate: expected a factor"):
        seconds(rate="fast")
    with pytest.raises(UsageError, match=r"did you mean 'say\.voice'"):
        seconds(voyce="x")


def test_the_user_s_settings_hold_where_nothing_is_said(monkeypatch):
    monkeypatch.setenv("TTM_SAY_MODEL", "tone")
    monkeypatch.setenv("TTM_SAY_VOICE", "high")
    spoken = b"".join(audio.pcm for audio in ttm.speak("hi"))
    assert spoken == b"".join(audio.pcm for audio in ttm.speak("hi", model="tone", voice="high"))
    assert spoken != b"".join(audio.pcm for audio in ttm.speak("hi", voice="low"))


def test_a_stream_of_text_is_spoken_as_it_arrives():
    asked = []

    def pieces():
        for number in range(50):
            asked.append(number)
            yield f"This is sentence {number}. "

    spoken = ttm.speak(pieces(), model="tone")
    next(spoken)
    assert len(asked) < 10
    spoken.close()


def test_breaking_out_ends_the_worker(workers):
    for _ in ttm.speak(LONG, model="espeak"):
        assert len(workers()) >= 1
        break
    deadline = time.monotonic() + 3
    while workers() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not workers()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("",), NothingToSpeak),
        (("...",), NothingToSpeak),
        (("hi", "tone", "nobody"), UnknownName),
        (("hi", "nope"), UnknownModel),
        (("hi", "espeak", "fr", "de"), UsageError),
    ],
)
def test_what_cannot_be_spoken_raises_when_it_is_asked_for(words, error, workers):
    names = dict(zip(("text", "model", "voice", "language"), words, strict=False))
    spoken = ttm.speak(names.pop("text"), **names)
    with pytest.raises(error) as caught:
        list(spoken)
    assert isinstance(caught.value, ttm.TtmError)
    assert not workers()


def test_an_engine_that_fails_raises_with_the_place_in_the_text(faulty, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", faulty["PYTHONPATH"])
    monkeypatch.syspath_prepend(faulty["PYTHONPATH"])
    heard = []
    with pytest.raises(SynthesisError, match="line 2, column 1"):
        heard.extend(ttm.speak("Fine.\n\nkill-11".replace("\n\n", "\n- "), model="faulty"))
    assert heard


def test_a_narrator_speaks_again_and_again_with_one_worker(workers):
    with ttm.open_narrator(rate="2") as narrator:
        voice, warning = narrator.voice("tone", "low")
        assert (voice.name, warning) == ("low", "")
        before = {each.pid for each in workers()}
        for text in ("One.", "Two."):
            narration = narrator.narrate(plan([text]), voice=voice, model="tone")
            assert sum(audio.seconds for audio in narration) > 0.05
            assert narration.report.chunks == 1
        assert {each.pid for each in workers()} == before
    assert not workers()


def test_a_narrator_can_have_a_file_and_a_profile_of_its_own(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text("[say]\npause = 7\n[profiles.slow.say]\nrate = 0.5\n")
    with ttm.open_narrator(config=file, profile="slow") as narrator:
        voice, _ = narrator.voice("tone", "")
        slow = sum(a.seconds for a in narrator.narrate(plan(["beep"]), voice=voice, model="tone"))
    usual = sum(audio.seconds for audio in ttm.speak("beep", model="tone"))
    assert slow == pytest.approx(2 * usual, rel=0.05)
    with pytest.raises(UnknownName, match="there is no profile 'fast'"):
        ttm.open_narrator(config=file, profile="fast")


def test_a_recording_what_is_said_in_it_and_an_instruction_can_be_given(plugins, tmp_path):
    (recording := tmp_path / "me.wav").touch()
    about = {"model": "slow", "language": "de", "instruct": "softly"}
    assert list(ttm.speak("beep", voice=str(recording), voice_text="hello", **about))
    with pytest.raises(UsageError, match="what is said in a recording was given, and no"):
        list(ttm.speak("beep", voice="bob", voice_text="hello", **about))
    with pytest.raises(UsageError, match="does not follow instructions"):
        list(ttm.speak("beep", model="tone", instruct="softly"))


def test_a_narrator_tells_what_the_engine_had_to_say(plugins):
    with ttm.open_narrator(language="German", instruct="softly") as narrator:
        voice, _ = narrator.voice("slow", "bob")
        narration = narrator.narrate(plan(["asked beep"]), voice=voice, model="slow")
        assert sum(audio.seconds for audio in narration) > 0.2
    assert narration.report.effective == {"device": "cpu", "threads": 2, "exact": True}
    (note,) = narration.report.notes
    assert note.startswith("voice=bob language=German instruct=softly recording= ")
