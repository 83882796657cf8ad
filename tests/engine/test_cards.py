"""Which engines there are, without importing any of them."""

from __future__ import annotations

import sys

import pytest

from ttm.engine import (
    ENGINES,
    TRAITS,
    Configured,
    Engine,
    EngineCard,
    Foresighted,
    card,
    every_card,
    load,
    missing,
)
from ttm.engine.tone import ToneEngine
from ttm.errors import UnknownModel
from ttm.speech import PITCH_MAX, PITCH_MIN, RATE_MAX, RATE_MIN


def test_every_card_promises_what_can_be_asked_for():
    for known in every_card():
        assert RATE_MIN <= known.slowest <= 1 <= known.fastest <= RATE_MAX
        assert PITCH_MIN <= known.lowest <= 0 <= known.highest <= PITCH_MAX
        assert known.budget > 0
        assert known.sentence
        assert bool(known.modules) == bool(known.extra)


def test_an_engine_of_another_distribution_is_found(faulty, monkeypatch):
    monkeypatch.syspath_prepend(faulty["PYTHONPATH"])
    assert card("faulty").where == "ttm_faulty:FaultyEngine"
    assert {"espeak", "tone", "faulty", "broken"} <= {known.name for known in every_card()}
    assert "ttm_faulty" not in sys.modules


def test_another_distribution_claims_in_brackets_what_its_engine_can_do(faulty, monkeypatch):
    monkeypatch.syspath_prepend(faulty["PYTHONPATH"])
    slow, plain = card("slow"), card("faulty")
    assert slow.where == "ttm_faulty:SlowEngine"
    assert {trait: getattr(slow, trait) for trait in TRAITS} == dict.fromkeys(TRAITS, True)
    assert {trait: getattr(plain, trait) for trait in TRAITS} == dict.fromkeys(TRAITS, False)


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
    assert not isinstance(engine, Foresighted | Configured)
    with pytest.raises(TypeError):
        load("tone", {"volume": 3})


def test_an_engine_that_loads_slowly_is_given_somebody_to_tell(faulty, monkeypatch):
    monkeypatch.syspath_prepend(faulty["PYTHONPATH"])
    told: list[tuple[str, float]] = []
    engine = load("slow", {}, lambda what, part: told.append((what, part)))
    assert told == [("weights", part / 10) for part in range(11)]
    assert isinstance(engine, Configured)
    assert engine.effective() == {"device": "cpu", "threads": 2, "exact": True}


def test_packages_that_are_missing_are_named_and_none_is_imported():
    assert missing(card("tone")) == []
    known = EngineCard("x", "x:X", "x", modules=("wave", "no_such_package"), extra="x")
    sys.modules.pop("wave", None)
    assert missing(known) == ["no_such_package"]
    assert "wave" not in sys.modules
