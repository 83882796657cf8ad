"""What becomes of a chunk whose sound went wrong: another seed, halves, an error, or kept."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from ttm.errors import Unspeakable
from ttm.narration.plan import plan
from ttm.narration.seeds import derived

GOOD = (
    "Nobody asked what the boat had brought. The harbour lay quiet in the sun. And then it began. "
)
KINDS = {
    "runaway": "runaway",
    "budget": "runaway",
    "loop": "loop",
    "echo": "loop",
    "hiss": "room_tone",
    "gap": "silence",
    "clips": "clipping",
    "shouts": "level",
    "nan": "not_numbers",
    "short": "too_short",
    "mute": "no_sound",
}
"""What the engine of the tests does wrong, and what that is called."""


def bad(order: str) -> str:
    return f"{GOOD}Before the rain {order} came down on us."


def samples(spoken) -> np.ndarray:
    return np.frombuffer(spoken.pcm, "<f4")


@pytest.mark.parametrize("order", KINDS)
def test_what_goes_wrong_once_is_right_the_second_time(narrate, order):
    spoken = narrate(bad(f"{order}-1"), "astray", unheard=True, say__seed=5)
    guard = spoken.report.guard
    assert (guard.judged, guard.bad, guard.retried) == (4, 1, 1)
    (one,) = guard.chunks
    assert (one.outcome, one.attempts) == ("retried", 2)
    assert KINDS[order] in [found.kind for found in one.findings]
    assert spoken.text[one.start : one.end].strip() == f"Before the rain {order}-1 came down on us."
    assert (one.line, one.column) == (1, len(GOOD) + 1)
    assert spoken.report.notes == []
    # Nothing of what was wrong is heard: letters last 65 ms each, and three pauses 250.
    letters = len(re.sub(r"[\s.]", "", spoken.text))
    assert len(spoken.pcm) / 4 / spoken.rate == pytest.approx(letters * 0.065 + 0.75, abs=0.3)


@pytest.mark.parametrize("order", ["runaway", "loop", "hiss", "gap", "shouts", "nan"])
def test_what_was_heard_is_stopped_and_said_again_with_a_note(narrate, order):
    spoken = narrate(bad(f"{order}-1"), "astray", say__seed=5)
    right = narrate(bad(f"{order}-1"), "astray", unheard=True, say__seed=5)
    (note,) = spoken.report.notes
    place = f"the text at line 1, column {len(GOOD) + 1} \\(characters {len(GOOD) + 1} to "
    assert re.match(place + r"\d+\) is said again: engine 'astray' ", note)
    heard, whole = samples(spoken), samples(right)
    again = heard[-len(whole) :]
    last = round(2 * spoken.rate)
    assert (again[-last:] == whole[-last:]).all()
    # Before it is said again there is a quarter of a second of silence, after a fade.
    kept = np.trim_zeros(np.where(np.abs(heard) > 0, 1.0, 0.0))
    runs = np.diff(np.flatnonzero(np.concatenate([[1.0], kept, [1.0]])))
    pauses = [run for run in runs.tolist() if run > 5_900]
    assert len(pauses) >= 4
    assert len(heard) > len(whole) + 6_000
    (case,) = spoken.report.guard.chunks
    assert (case.outcome, case.attempts) == ("retried", 2)


def test_a_stop_is_soon_and_soft(narrate):
    before = len(samples(narrate(GOOD, "astray", say__seed=5)))
    spoken = samples(narrate(bad("hiss-1"), "astray", say__seed=5))
    hiss = spoken[before:]
    silent = np.flatnonzero(np.convolve(np.abs(hiss) > 0, np.ones(5_900), "valid") == 0)
    stopped = next(at for at in silent if at > 24_000)
    # 33 letters of speech, then 2 s of hiss until it is noticed.
    assert stopped / 24_000 < 0.25 + 33 * 0.065 + 2.3
    assert np.abs(hiss[stopped - 40 : stopped]).max() < 0.004


def test_what_only_a_long_text_does_is_said_in_halves(narrate):
    spoken = narrate(bad("loop-whole"), "astray", unheard=True)
    guard = spoken.report.guard
    assert (guard.bad, guard.split, guard.failed) == (1, 1, 0)
    (one,) = guard.chunks
    assert (one.outcome, one.attempts) == ("split", 5)
    assert len(spoken.sentences) == 4


def test_an_engine_without_chance_is_not_asked_the_same_again(narrate):
    (one,) = narrate(bad("gap-whole"), "rigid", unheard=True).report.guard.chunks
    assert (one.outcome, one.attempts) == ("split", 3)
    with pytest.raises(Unspeakable) as failure:
        narrate(bad("gap"), "rigid", unheard=True)
    assert failure.value.attempts == 3


@pytest.mark.parametrize("unheard", [False, True])
def test_what_never_gets_right_is_named_by_its_place(narrate, unheard):
    with pytest.raises(Unspeakable) as failure:
        narrate(bad("loop"), "astray", unheard=unheard)
    # The half of it in which it is.
    at = len(GOOD) + len("Before the rain ")
    found = failure.value
    assert found.place["line"] == 1
    assert found.place["column"] == found.place["start"] + 1 <= at + 1 < found.place["end"]
    assert "said the same 0.24 s again and again for 2.0 s" in found.what
    assert found.fix.startswith('Change the text there, set guard.on_fail to "keep", or pass')
    assert found.attempts >= 6
    assert {one["kind"] for one in found.findings} == {"loop"}


def test_retries_are_as_many_as_the_settings_say(narrate):
    for retries, attempts in ((0, 1), (1, 4)):
        with pytest.raises(Unspeakable) as failure:
            narrate("mute and mute it is.", "astray", unheard=True, guard__retries=retries)
        assert failure.value.attempts == attempts
    spoken = narrate(bad("short-3"), "astray", unheard=True, guard__retries=3)
    assert spoken.report.guard.chunks[0].attempts == 4


@pytest.mark.parametrize("unheard", [False, True])
def test_what_never_gets_right_is_kept_on_demand_and_said_to_be(narrate, unheard):
    spoken = narrate(bad("loop") + " It is over.", "astray", unheard=unheard, guard__on_fail="keep")
    guard = spoken.report.guard
    assert (guard.bad, guard.kept, guard.failed) == (1, 1, 0)
    assert "is kept as it is: engine 'astray' said the same" in spoken.report.notes[-1]
    assert spoken.report.skipped == 0
    assert len(spoken.sentences) == 5
    assert np.isfinite(samples(spoken)).all()


def test_the_best_is_kept(narrate):
    # Wrong in three ways of which the last is the least.
    text = "mute-1 loop-2 gap-3"
    with pytest.raises(Unspeakable):
        narrate(text, "astray", unheard=True)
    spoken = narrate(text, "astray", unheard=True, guard__on_fail="keep")
    assert spoken.report.guard.kept == 1
    assert np.abs(samples(spoken)).max() > 0.05


def test_what_never_gets_right_is_skipped_on_demand(narrate):
    spoken = narrate(bad("mute") + " It is over.", "astray", unheard=True, say__on_error="skip")
    assert (spoken.report.skipped, spoken.report.guard.failed) == (1, 1)
    assert spoken.report.skips[0].why == "engine 'astray' made no sound"
    assert len(spoken.sentences) == 5  # a half of it was right


def test_without_the_guard_only_what_is_no_sound_is_refused(narrate):
    spoken = narrate(bad("gap clips"), "astray", unheard=True, guard__enabled=False)
    assert (spoken.report.guard.judged, spoken.report.guard.bad) == (4, 0)
    told = narrate(bad("budget"), "astray", guard__enabled=False).report
    assert told.notes == ["a speech did not end by itself and was stopped"]
    for order in ("nan", "mute"):
        with pytest.raises(Unspeakable):
            narrate(bad(order), "astray", unheard=True, guard__enabled=False)


def test_each_chunk_has_a_seed_of_its_own_that_comes_from_the_texts(narrate):
    text = "Say it told once. Now told again. Say it told once."
    said = [narrate(text, "astray", say__seed=seed, cache__enabled=False) for seed in (5, 5, 6)]
    notes = [each.report.notes for each in said]
    assert notes[0] == notes[1] != notes[2]
    assert len(notes[0]) == 2  # the same words, the same sound
    chunks = [chunk.text for chunk in plan([text])]
    firsts = [int(np.random.default_rng(derived(5, each)).integers(0, 2048)) for each in chunks]
    assert notes[0] == [f"code {code}" for code in firsts[:2]]
    spoken = [narrate(text, "astray", say__seed=5, unheard=unheard) for unheard in (True, False)]
    assert spoken[0].pcm == spoken[1].pcm
    assert spoken[0].report.seed == 5


# ---- as a user meets it


def say(ttm, faulty, *words: str):
    return ttm("say", *words, "-m", "astray", "--seed", "5", "--json", env=faulty)


def test_the_verdicts_are_in_json(ttm, faulty, tmp_path):
    done = say(ttm, faulty, bad("hiss-1"), "-o", "x.wav", "-v", "astray")
    assert (done.returncode, done.stderr) == (0, b"")
    guard = json.loads(done.stdout)["guard"]
    (one,) = guard.pop("chunks")
    assert guard == {"judged": 4, "bad": 1, "retried": 1, "split": 0, "kept": 0, "failed": 0}
    (found,) = one.pop("findings")
    assert (found["kind"], found["bound"]) == ("room_tone", 2.0)
    first = len(GOOD)
    assert one == {
        "place": f"line 1, column {first + 1} (characters {first + 1} to {len(bad('hiss-1'))})",
        "start": first,
        "end": len(bad("hiss-1")),
        "line": 1,
        "column": first + 1,
        "attempts": 2,
        "outcome": "retried",
    }


def test_what_never_gets_right_is_exit_6_with_its_place_in_json(ttm, faulty, tmp_path):
    done = say(ttm, faulty, f"{GOOD}\n\nclips", "-o", "x.wav")
    assert done.returncode == 6
    assert b"ttm: error: cannot speak the text at line 3, column 1 (" in done.stderr
    error = json.loads(done.stdout)["error"]
    assert (error["code"], error["exit_code"], error["attempts"]) == ("unspeakable", 6, 3)
    start = error["place"]["start"]
    assert error["place"] == {"start": start, "end": len(GOOD) + 7, "line": 3, "column": 1}
    assert {one["kind"] for one in error["findings"]} == {"clipping", "level"}
    assert not (tmp_path / "x.wav").exists()


def test_kept_is_exit_0_with_a_warning(ttm, faulty):
    keep = ("--set", "guard.on_fail=keep")
    done = say(ttm, faulty, bad("gap"), "-o", "x.wav", *keep)
    told = json.loads(done.stdout)
    assert (done.returncode, told["guard"]["kept"]) == (0, 1)
    (warning,) = told["warnings"]
    assert f"ttm: warning: {warning}\n".encode() == done.stderr
    assert re.match(r"the text at line 1, column \d+ \(characters .*\) is kept as it is: ", warning)


def test_verbose_tells_of_each_and_a_listener_is_told_at_once(ttm, faulty):
    words = ("say", bad("loop-1"), "-m", "astray", "--format", "pcm", "--no-cache")
    done = ttm(*words, "-o", "x.pcm", "--verbose", env=faulty)
    assert b": retried, asked 2 times; the engine said the same 0.24 s again and" in done.stderr
    done = ttm(*words, "-o", "-", env=faulty)
    assert done.returncode == 0
    assert b"ttm: warning: the text at line 1, column" in done.stderr
    assert b"is said again" in done.stderr


# ---- no false alarm

TEXTS = {
    "en": "No. I saw it! W. NATO met in 1984. It cost $1,234,567.89 or 777 euros. Ha ha ha ha ha! "
    "I ❤️ you 😀🎉🇩🇪! Visit https://example.com/some_path?x=1 now. Strengths. x. a b c d e f g. "
    "3.14159265358979. 1000000000. C++ & C# @ 50% > 20°C. mrs ms mr jr. 中文. Привет мир. ½ x². "
    "Supercalifragilisticexpialidocious. THIS IS ALL UPPER CASE. — he said — “never” (again)…",
    "de": "Guten Morgen, wie geht es Ihnen heute? Donaudampfschifffahrtsgesellschaft. 777777. Ja.",
    "fr": "Bonjour, comment allez-vous? Qu'est-ce que c'est? 99 ans. Eau. Les enfants mangent.",
    "cmn": "你好。今天天气很好。我们明天去北京。1984年。好。",
    "ja": "こんにちは、元気ですか。今日は東京に行きます。カタカナ。承る。",
    "hi": "नमस्ते, आप कैसे हैं? मैं कल दिल्ली जाऊँगा। हाँ।",
    "ar": "مرحبا، كيف حالك اليوم؟ السلام عليكم ورحمة الله وبركاته. نعم.",
}


TEXTS["en"] += "".join(
    f" {who} {did} {when}."
    for who in ("The old harbour", "A tall captain", "Rain")
    for did in ("was quiet", "brought nothing but news", "came late and spoke of seven storms")
    for when in ("then", "when the lamp went out", "twice, and laughed")
)


@pytest.mark.parametrize("model", ["espeak", "tone"])
def test_two_hundred_good_chunks_pass(narrator, model):
    judged = 0
    for rate in ("1.0", "0.25", "0.5", "3"):
        one = narrator(say__rate=rate, text__normalize="off")
        for language, text in TEXTS.items():
            voice, _ = one.voice(model, language if model == "espeak" else "")
            paragraphs = re.sub(r"(?<=[.!?。？।؟]) ?", "\n\n", text)  # noqa: RUF001
            chunks = one.plan([paragraphs], model=model, language=language)
            narration = one.narrate(chunks, voice=voice, model=model)
            assert sum(audio.samples for audio in narration)
            assert narration.report.guard.chunks == []
            judged += narration.report.guard.judged
    assert judged >= 200, judged
