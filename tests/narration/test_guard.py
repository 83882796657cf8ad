"""Sound that nobody asked for."""

from __future__ import annotations

import itertools
import struct

import pytest

from ttm.audio import Audio
from ttm.errors import BadAudio
from ttm.narration.guard import LONGEST, LONGEST_CHARACTER, guarded
from ttm.speech import Speech

SECOND = Audio(bytes(2000), 1000)


@pytest.mark.parametrize("wrong", ["nan", "inf", "-inf"])
def test_samples_that_are_no_numbers_are_refused(wrong):
    good = Audio(struct.pack("<3f", 0, 0.5, -1), 1000, "f32")
    bad = Audio(struct.pack("<3f", 0, float(wrong), 0), 1000, "f32")
    passed = guarded([good, bad], Speech("hi"), "x")
    assert next(passed) is good
    with pytest.raises(BadAudio, match="engine 'x' made samples that are no numbers"):
        next(passed)


@pytest.mark.parametrize("other", [Audio(bytes(4), 1000, "f32"), Audio(bytes(4), 2000)])
def test_a_format_that_changes_is_refused(other):
    with pytest.raises(BadAudio, match="changed its sample rate or format"):
        list(guarded([SECOND, other], Speech("hi"), "x"))


@pytest.mark.parametrize(("text", "rate"), [("", 1), ("a" * 100, 1), ("a" * 100, 0.5)])
def test_a_speech_without_an_end_is_ended(text, rate):
    passed = guarded(itertools.repeat(SECOND), Speech(text, rate=rate), "x")
    limit = LONGEST + LONGEST_CHARACTER * len(text) / rate
    assert len(list(itertools.islice(passed, int(limit)))) == limit
    with pytest.raises(BadAudio, match="did not come to an end"):
        next(passed)


def test_blocks_pass_one_by_one_as_they_are():
    blocks = iter([SECOND, SECOND])
    passed = guarded(blocks, Speech("hi"), "x")
    assert next(passed) is SECOND
    assert len(list(blocks)) == 1
