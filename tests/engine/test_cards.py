"""Which engines there are, without importing any of them."""

from __future__ import annotations

import sys

import pytest

from ttm.engine import ENGINES, Engine, Foresighted, card, every_card, load
from ttm.engine.tone import ToneEngine
from ttm.errors import UnknownModel
from ttm.speech import PITCH_MAX, PITCH_MIN, RATE_MAX, RATE_MIN


def test_every_card_promises_what_can_be_asked_for():
    for known in every_card():
        assert RATE_MIN <= known.slowest < 1 < known.fastest <= RATE_MAX
        assert PITCH_MIN <= known.lowest < 0 < known.highest <= PITCH_MAX
        assert known.budget > 0
        assert known.sentence


def test_an_engine_of_another_distribution_is_found(faulty, monkeypatch):
    monkeypatch.syspath_prepend(faulty["PYTHONPATH"])
    assert card("faulty").where == "ttm_faulty:FaultyEngine"
    assert {"espeak", "tone", "faulty", "broken"} <= {known.name for known in every_card()}
    assert "ttm_faulty" not in sys.modules


def test_another_distribution_cannot_take_the_name_of_ours(tmp_path, monkeypatch):
    (about := tmp_path / "sly-1.dist-info").mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: sly\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[ttm.engines]\ntone = sly:Engine\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert card("tone") is ENGINES["tone"]
    assert [known.where for known in every_card() if known.name == "tone"] == [card("tone").where]


@pytest.mark.parametrize(
    ("name", "hint"),
    [("espek", "Did you mean 'espeak'?"), ("qqq", "known models: espeak, tone"), ("", "known")],
)
def test_an_unknown_model_is_answered_with_those_there_are(name, hint):
    with pytest.raises(UnknownModel) as failure:
        card(name)
    assert hint.casefold() in failure.value.sentence.casefold()


def test_an_engine_is_loaded_with_its_options():
    engine: Engine = load("tone", {})
    assert isinstance(engine, ToneEngine)
    assert not isinstance(engine, Foresighted)
    with pytest.raises(TypeError):
        load("tone", {"volume": 3})
