"""What is kept of a sound to draw it."""

from __future__ import annotations

import numpy as np
import pytest

from tui.studio.envelope import Envelope
from tui.widgets.anchors import Anchors


@pytest.mark.parametrize("columns", [7, 80, 280])
def test_an_outline_is_the_same_however_the_sound_came(columns):
    rng = np.random.default_rng(1)
    samples = (rng.standard_normal(200_000) * 8000).clip(-32768, 32767).astype("<i2")
    whole, parts = Envelope(), Envelope()
    whole.add(samples.tobytes())
    for start in range(0, len(samples), 1777):
        parts.add(samples[start : start + 1777].tobytes())
    for one, other in zip(
        whole.columns(columns, 0, 190_000), parts.columns(columns, 0, 190_000), strict=True
    ):
        assert (one == other).all()


def test_every_peak_of_a_sound_is_in_its_outline():
    samples = np.zeros(640_000, "<i2")
    samples[333_333] = 30_000
    samples[505_000] = -20_000
    envelope = Envelope()
    envelope.add(samples.tobytes())
    low, high = envelope.columns(64, 0, 640_000)
    assert (int(high.argmax()), high.max()) == (33, 30_000)
    assert (int(low.argmin()), low.min()) == (50, -20_000)
    assert not envelope.columns(64, 700_000, 900_000)[1].any()


def test_places_are_followed_while_somebody_writes_on():
    written = "Before. One two three. After."
    anchors = Anchors(written, 8, "One two three.")
    anchors.changed("Long before. One two three. After.")
    assert anchors.span(4, 7) == (17, 20)
    anchors.changed("Long before. One two or three. After.")
    assert anchors.span(0, 3) == (13, 16)
    assert anchors.span(8, 13) == (24, 29)
    assert anchors.place(24) == 8
    anchors.changed("Long before. One tw three. After.")
    assert anchors.span(4, 7) is None
