"""The edges of what an engine said: trimmed, faded, and the same however it came in blocks."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm.audio import Audio
from ttm.narration.seams import FADE, QUIET, edged
from ttm.speech import Timing

RATE = 4000
FADED = round(FADE * RATE)

RUNS = st.lists(
    st.one_of(
        st.integers(1, 40).map(lambda n: [0] * n),
        st.lists(st.integers(-32768, 32767), min_size=1, max_size=30),
    ),
    max_size=6,
)
"""Stretches of silence and of anything."""


@st.composite
def sounds(draw: st.DrawFn) -> Audio:
    """Any sound, with timings in it."""
    samples = [sample for run in draw(RUNS) for sample in run]
    form = draw(st.sampled_from(["s16", "f32"]))
    if form == "s16":
        pcm = np.array(samples, "<i2").tobytes()
    else:
        pcm = (np.array(samples, "<f4") / 32768).tobytes()
    moment = st.integers(0, len(samples)).map(lambda n: n / RATE)
    times = sorted(draw(st.lists(moment, max_size=4)))
    timings = [Timing("word", i, i + 1, at, until) for i, (at, until) in enumerate(pairwise(times))]
    return Audio(pcm, RATE, form, tuple(timings))


def split(audio: Audio, cuts: list[int]) -> list[Audio]:
    """The sound in blocks, each timing in the one in which it begins."""
    width = len(audio.pcm) // audio.samples if audio.samples else 1
    blocks: list[Audio] = []
    left = list(audio.timings)
    for start, end in zip([0, *cuts], [*cuts, audio.samples], strict=True):
        last = end == audio.samples
        mine = [one for one in left if last or one.at * RATE < end]
        left = [one for one in left if one not in mine]
        moved = [
            replace(one, at=one.at - start / RATE, until=one.until - start / RATE) for one in mine
        ]
        blocks.append(
            replace(audio, pcm=audio.pcm[start * width : end * width], timings=tuple(moved))
        )
    return blocks


def joined(blocks: list[Audio]) -> tuple[bytes, list[tuple[int, int, int]]]:
    """The samples of all blocks, and the timings in samples from the start."""
    rows: list[tuple[int, int, int]] = []
    before = 0
    for block in blocks:
        for one in block.timings:
            at, until = (round(second * RATE) + before for second in (one.at, one.until))
            rows.append((one.start, at, until))
        before += block.samples
    return b"".join(block.pcm for block in blocks), sorted(rows)


def values(audio: Audio) -> list[float]:
    return audio.numpy().tolist()


@settings(max_examples=100, deadline=None)
@given(sounds(), st.data())
def test_it_does_not_matter_how_the_sound_comes_in_blocks(sound, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, sound.samples), max_size=5)))
    assert joined(list(edged(split(sound, cuts)))) == joined(list(edged([sound])))


@settings(max_examples=100, deadline=None)
@given(sounds())
def test_only_silent_edges_go_and_only_cut_waves_fade(sound):
    (pcm, _), before = joined(list(edged([sound]))), sound.numpy()
    sounding = np.flatnonzero(before)
    if not len(sounding):
        assert pcm == b""
        return
    kept = before[sounding[0] : sounding[-1] + 1]
    after = Audio(pcm, RATE, sound.sample_format).numpy()
    assert len(after) == len(kept)
    inner = slice(FADED, max(FADED, len(kept) - FADED))
    assert after[inner].tolist() == kept[inner].tolist()
    assert np.all(np.abs(after) <= np.abs(kept) + 1e-4)
    if abs(kept[0]) >= QUIET:
        assert after[0] == 0
    elif len(kept) > 2 * FADED:
        assert after[:FADED].tolist() == kept[:FADED].tolist()
    if len(kept) > 2 * FADED:
        loud = abs(kept[-1]) >= QUIET
        assert after[-1] == (0 if loud else kept[-1])


@settings(max_examples=100, deadline=None)
@given(sounds())
def test_no_timing_is_lost_or_outside(sound):
    blocks = list(edged([sound]))
    if not blocks:
        return
    pcm, rows = joined(blocks)
    samples = Audio(pcm, RATE, sound.sample_format).samples
    assert [row[0] for row in rows] == [one.start for one in sound.timings]
    for _, at, until in rows:
        assert 0 <= at <= until <= samples


def test_the_first_word_is_at_the_first_sound_and_the_last_ends_with_the_last():
    pcm = np.array([0] * 40 + [50] * 100 + [0] * 60, "<i2").tobytes()
    words = (Timing("word", 0, 1, 0, 80 / RATE), Timing("word", 2, 3, 80 / RATE, 200 / RATE))
    assert joined(list(edged([Audio(pcm, RATE, "s16", words)])))[1] == [(0, 0, 40), (2, 40, 100)]


def test_silence_that_never_ends_costs_no_memory_and_no_sound():
    quiet = Audio(bytes(1_000_000), RATE)

    def blocks():
        yield Audio(np.array([100], "<i2").tobytes(), RATE)
        for _ in range(100):
            yield quiet

    assert joined(list(edged(blocks())))[0] == np.array([100], "<i2").tobytes()


def test_sound_is_handed_on_before_its_end_is_known():
    def blocks():
        yield Audio(np.full(RATE, 5, "<i2").tobytes(), RATE)
        pytest.fail("it waits for the next block")

    assert next(edged(blocks())).samples == RATE - FADED


def test_nothing_gives_nothing():
    assert list(edged([])) == []
    assert list(edged([Audio(b"", RATE), Audio(bytes(400), RATE)])) == []
