"""Each thing that is wrong with a sound is found, in time, and nothing that is right."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ttm.audio import Audio
from ttm.narration.bounds import OUTER, OUTER_CHARACTER, bounds
from ttm.narration.guard import Guard, Verdict
from ttm.speech import Speech

RATE = 24_000
TEXT = "Nobody asked what the first boat had brought."
SPEECH = Speech(TEXT, language="en")


def speech_like(seconds: float, seed: int = 1, level: float = 0.1) -> np.ndarray:
    """Noise that rises and falls about five times a second, no two syllables alike."""
    rng = np.random.default_rng(seed)
    parts = []
    while sum(map(len, parts)) < seconds * RATE:
        length = round(rng.uniform(0.12, 0.28) * RATE)
        rise = np.sin(np.linspace(0, np.pi, length)) ** 2 * rng.uniform(0.4, 1.0) + 1e-3
        parts.append(level * rise * rng.standard_normal(length))
    return np.concatenate(parts)[: round(seconds * RATE)]


def noise(seconds: float, level: float) -> np.ndarray:
    return level * np.random.default_rng(7).standard_normal(round(seconds * RATE))


def blocks(samples: np.ndarray, codes: list[int] | None = None) -> list[Audio]:
    """In frames of 80 ms, as an engine gives them."""
    size = 1_920
    cut = [samples[at : at + size] for at in range(0, len(samples), size)]
    told = [(code,) for code in codes] if codes else [()] * len(cut)
    return [
        Audio(part.astype("<f4").tobytes(), RATE, "f32", codes=code)
        for part, code in zip(cut, told, strict=True)
    ]


def judged(
    sound: list[Audio], speech: Speech = SPEECH, usual: list[float] | None = None
) -> tuple[Verdict, float]:
    """The verdict, and after how many seconds something was found; infinite when never."""
    guard = Guard(speech, usual or [])
    seconds, noticed = 0.0, float("inf")
    for block in sound:
        seconds += block.seconds
        if guard.feed(block):
            noticed = min(noticed, seconds)
    guard.end()
    return guard.verdict, noticed


def kinds(*given: object, **named: object) -> list[str]:
    return [one.kind for one in judged(*given, **named)[0].findings]  # type: ignore[arg-type]


GOOD = speech_like(3.0)


def test_what_was_asked_for_is_right():
    for seed in range(5):
        assert kinds(blocks(speech_like(3.0, seed)), usual=[-25.0, -27.0, -26.0]) == []


@pytest.mark.parametrize("wrong", ["nan", "inf", "-inf"])
def test_samples_that_are_no_numbers(wrong):
    bad = GOOD.copy()
    bad[30_000] = float(wrong)
    verdict, noticed = judged(blocks(bad))
    assert verdict.findings[0].kind == "not_numbers"
    assert noticed == pytest.approx(30_000 / RATE, abs=0.08)


@pytest.mark.parametrize("other", [Audio(bytes(4), RATE), Audio(bytes(4), 2000, "f32")])
def test_a_format_that_changes(other):
    assert kinds([*blocks(GOOD), other]) == ["format"]


def test_lengths_that_no_reader_has():
    assert kinds(blocks(speech_like(0.5))) == ["too_short"]
    most = bounds(SPEECH).most
    assert kinds(blocks(speech_like(most + 1))) == ["too_long"]
    verdict, noticed = judged(blocks(speech_like(most + 20)))
    assert verdict.findings[0].kind == "runaway"
    assert most + 2 <= noticed < most + 2.1
    assert 4 < most / 3 < 8  # 45 letters take about 3 s


@pytest.mark.parametrize(("text", "rate"), [("", 1), ("a" * 100, 1), ("a" * 100, 0.5)])
def test_without_a_language_only_what_never_ends_is_too_long(text, rate):
    guard = Guard(Speech(text, language="und", rate=rate))
    limit = OUTER + OUTER_CHARACTER * len(text) / rate
    second = Audio(speech_like(1.0).astype("<f4").tobytes(), RATE, "f32")
    fed = 0
    while not (found := guard.feed(second)) or found.kind == "loop":
        fed += 1
    assert found.kind == "runaway"
    assert limit < fed < limit + 3


def test_what_the_engine_had_to_stop_is_a_runaway():
    sound = blocks(GOOD)
    sound[-1] = Audio(sound[-1].pcm, RATE, "f32", cut=True)
    assert kinds(sound) == ["runaway"]


@pytest.mark.parametrize("period", [1, 2, 3, 7, 20])
def test_codes_that_come_again_and_again_are_noticed_within_two_seconds(period):
    good = np.random.default_rng(3).integers(0, 2048, 12).tolist()
    loop = np.random.default_rng(4).integers(0, 2048, period).tolist()
    codes = good + list(itertools.islice(itertools.cycle(loop), 80))
    verdict, noticed = judged(blocks(speech_like(len(codes) * 0.08), codes))
    (found,) = verdict.findings
    assert found.kind == "loop"
    begun = len(good) * 0.08
    assert noticed - begun == pytest.approx(2.0 + period * 0.08, abs=0.1)
    # 20 codes can have half of theirs in common with those before.


def test_codes_of_a_pause_are_no_loop_and_a_text_may_repeat_itself():
    codes = np.random.default_rng(3).integers(0, 2048, 40).tolist()
    codes[10:24] = [5] * 14
    assert kinds(blocks(speech_like(3.2), codes)) == []
    laughing = Speech("Ha ha ha ha ha ha ha ha ha ha ha ha!", language="en")
    assert kinds(blocks(speech_like(3.2), [1, 2, 3, 4] * 10), laughing) == []


def test_equal_stretches_of_sound_are_a_loop_without_codes():
    piece = speech_like(0.48, 5)
    sound = np.concatenate([speech_like(1.0), *[piece] * 8])
    verdict, noticed = judged(blocks(sound))
    assert verdict.findings[0].kind == "loop"
    assert noticed < 1.0 + 4 * 0.48 + 0.7
    alike = [speech_like(0.48, 5) * (1 + 0.4 * i % 1) + noise(0.48, 0.004) for i in range(4)]
    assert kinds(blocks(np.concatenate([speech_like(1.0), *alike]))) == []


@pytest.mark.parametrize("level", [0.003, 0.02])
def test_room_tone_is_noticed_two_seconds_after_it_begins(level):
    verdict, noticed = judged(blocks(np.concatenate([GOOD, noise(4.0, level)])))
    assert [one.kind for one in verdict.findings] == ["room_tone"]
    assert verdict.findings[0].at == pytest.approx(3.0, abs=0.3)
    assert 4.7 < noticed < 5.3
    assert "room_tone" in kinds(blocks(noise(3.0, level)))
    assert kinds(blocks(noise(1.2, level))) == ["room_tone"]


def test_a_gap_that_no_mark_allows():
    gap = np.zeros(round(1.8 * RATE))
    sound = blocks(np.concatenate([GOOD, gap, GOOD]))
    verdict, noticed = judged(sound)
    assert [one.kind for one in verdict.findings] == []
    unmarked = Speech(TEXT.rstrip("."), language="en")
    verdict, noticed = judged(sound, unmarked)
    assert [one.kind for one in verdict.findings] == ["silence"]
    assert verdict.findings[0].measured == pytest.approx(1.8, abs=0.05)
    assert noticed == pytest.approx(4.5, abs=0.1)
    soft = np.concatenate([GOOD, noise(2.8, 2e-4), GOOD])
    assert kinds(blocks(soft)) == ["silence"]


def test_nothing_at_all():
    assert kinds([]) == ["no_sound"]
    assert kinds(blocks(np.zeros(RATE))) == ["no_sound"]
    assert kinds(blocks(noise(1.0, 1e-4))) == ["no_sound"]
    assert kinds([], Speech("😀", language="en")) == []


def test_clipping_and_levels():
    assert kinds(blocks(np.clip(GOOD * 30, -1, 1))) == ["clipping"]
    touched = GOOD.copy()
    touched[::3000] = 1.0
    assert kinds(blocks(touched)) == []
    guard = Guard(SPEECH)
    guard.feed(Audio(GOOD.astype("<f4").tobytes(), RATE, "f32"))
    usual = [guard.level + by for by in (1.0, -1.0, 0.0, 0.5, 30.0)]
    assert kinds(blocks(GOOD), usual=usual) == []
    loud, soft = judged(blocks(GOOD * 6), usual=usual), judged(blocks(GOOD / 6), usual=usual)
    for (verdict, noticed), sign in ((loud, 1), (soft, -1)):
        (found,) = [one for one in verdict.findings if one.kind == "level"]
        assert found.measured == pytest.approx(sign * 15.6, abs=1.0)
        assert noticed < 3
    assert kinds(blocks(GOOD / 6), usual=usual[:2]) == []
