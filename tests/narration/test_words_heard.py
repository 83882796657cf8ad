"""Whether words are said when the timings say so: a recogniser listens, and knows nothing of them.

The words of a text are given to pocketsphinx's forced alignment, which finds where in the sound
each begins.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
import soxr

from ttm.audio import Audio
from ttm.speech import Timing

SENTENCES = (
    "The captain carried a wooden letter through the quiet harbour.",
    "Every morning, the old teacher opened the kitchen window slowly.",
    "Seven curious farmers walked together over the narrow bridge.",
    "She remembered the distant mountain and the green river valley.",
    "Please bring some bread and water to the village station tonight.",
    "My brother painted the garden gate a bright shade of silver.",
    "A patient doctor noticed the young sailor behind the market.",
    "Nobody answered when the engine stopped under the dark forest.",
    "Last winter they borrowed a heavy paper map of the city.",
    "Music from the library could be heard across the open street.",
    "Dr. Smith paid $5.99 for the book.",
    "The train leaves at 3:05 pm from the second platform.",
    "On 2024-01-05 the council opened the new hospital.",
    "King Henry VIII ruled for many years.",
    "The road is 25 km long and very narrow.",
    "He was the 21st visitor on Tuesday.",
    "About 80% of the water is lost & never found.",
    "They sold 1,234 tickets in the first week.",
    "It weighs 12 kg, or perhaps a little less.",
    "In 1984 the old bridge was closed.",
)
PAD = 0.2
"""Seconds of silence that the recogniser wants on both sides."""


def said(words: list[Timing]) -> list[list[str]]:
    """What is said for each word, as the recogniser's dictionary has it."""
    return [re.findall(r"[a-z']+", (each.spoken or each.text).casefold()) for each in words]


def heard(decoder, audio: Audio, words: list[str]) -> list[float]:
    """When each word begins; empty when what is said is something else."""
    silence = np.zeros(round(PAD * audio.rate), np.float32)
    samples = soxr.resample(np.concatenate([silence, audio.numpy(), silence]), audio.rate, 16_000)
    decoder.set_align_text(" ".join(words))
    decoder.start_utt()
    decoder.process_raw((samples * 32767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    if decoder.hyp() is None:
        return []
    # One frame is 10 ms; a pause is no word.
    return [each.start_frame / 100 - PAD for each in decoder.seg() if each.word[0] not in "<(["]


@pytest.fixture
def listened(narrate, narrator):
    """Speak a sentence, and have a recogniser find its words: those of the timings, and by how much
    it hears each begin later; None where it does not hear the sentence."""
    pocketsphinx = pytest.importorskip("pocketsphinx", reason="no wheel of it for this Python")
    decoder = pocketsphinx.Decoder(samprate=16_000, loglevel="FATAL", lm=None)
    speaker = narrator(say__rate="0.85", say__seed=1)

    def listen(text: str) -> tuple[list[Timing], list[float]] | None:
        spoken = narrate(text, "espeak", "en-us+f3", with_=speaker, reworded=True)
        groups = said(spoken.words)
        begins = heard(decoder, Audio(spoken.pcm, spoken.rate), [w for g in groups for w in g])
        if not begins:
            return None
        places = np.cumsum([0, *map(len, groups[:-1])])
        late = [begins[p] - one.at for p, one in zip(places, spoken.words, strict=True)]
        return spoken.words, late

    return listen


def test_words_begin_when_the_timings_say_so(listened):
    found = [listened(text) for text in SENTENCES]
    late = [each[1] for each in found if each]
    assert len(late) >= 19
    assert np.median(np.abs(np.concatenate(late))) <= 0.03
    assert np.quantile(np.abs(np.concatenate(late)), 0.9) <= 0.06
    assert np.median(np.abs([one[0] for one in late])) <= 0.03  # the first words
    assert np.median(np.abs([one[-1] for one in late])) <= 0.03  # the last ones
    # Those that are spoken otherwise than they were written, and those behind them.
    changed = [
        one[1][i + more]
        for one in found
        if one
        for i, word in enumerate(one[0])
        for more in (0, 1)
        if word.spoken and i + more < len(one[0])
    ]
    assert len(changed) > 20
    assert np.median(np.abs(changed)) <= 0.03
    for text, one in zip(SENTENCES, found, strict=True):
        if one:
            assert [text[word.start : word.end] for word in one[0]] == [
                word.text for word in one[0]
            ]
