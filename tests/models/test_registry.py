"""What is known of the published models: their modes, what stands in for which, who speaks."""

from __future__ import annotations

import pytest

from ttm.errors import UnknownModel, UnknownName, UsageError
from ttm.models.registry import (
    DEFAULTS,
    MODES,
    REGISTRY,
    by_name,
    entry_of,
    hub_id,
    ladder,
    mode_called,
    mode_of,
    require_mode,
)
from ttm.models.speakers import DEFAULT, SPEAKERS, TAGS


def test_each_mode_has_a_default_of_that_mode():
    assert MODES.keys() == DEFAULTS.keys()
    for mode, name in DEFAULTS.items():
        assert mode_of(by_name()[name].mode) == mode
    assert {mode_of(entry.mode) for entry in REGISTRY} == set(MODES)


def test_what_a_model_honours_follows_from_what_it_is():
    for entry in REGISTRY:
        assert entry.clones == (entry.mode == "base")
        assert entry.instructs == (entry.size == "1.7B" and not entry.clones)
        assert entry.download > (2.4e9 if entry.size == "0.6B" else 4.4e9)
        assert entry.licence == "Apache-2.0"


def test_the_speakers_have_a_language_that_the_models_speak():
    assert {who.language for who in SPEAKERS.values()} < set(TAGS)
    assert SPEAKERS[DEFAULT].language == "en"
    assert len(SPEAKERS) == 9
    assert len(TAGS) == 10


def test_the_ladder_is_the_mode_first_and_then_the_others_in_their_order():
    def names(fallback: str, name: str = "qwen3:0.6b") -> list[str]:
        entry = by_name()[name]
        return [each.name for each in ladder(entry.mode, fallback, but=entry.hub)]

    assert names("none") == []
    assert names("mode") == ["qwen3:1.7b"]
    others = ["qwen3:1.7b-design", "qwen3:0.6b-base", "qwen3:1.7b-base"]
    assert names("any") == ["qwen3:1.7b", *others]
    assert names("mode", "qwen3:1.7b-design") == []
    # The order of TalkToMeKit's inventory.
    assert [e.name for e in ladder("", "any")] == [
        others[0],
        "qwen3:0.6b",
        "qwen3:1.7b",
        *others[1:],
    ]


@pytest.mark.parametrize("mode", ["voice_clone", "voice-clone", "Voice-Clone "])
def test_a_mode_goes_by_both_spellings(mode):
    assert mode_called(mode) == "voice_clone"


def test_a_mode_and_a_model_that_do_not_go_together_are_refused():
    require_mode("qwen3:0.6b", "custom_voice", "custom_voice")
    with pytest.raises(UsageError, match="is for custom_voice, not for voice_clone") as failure:
        require_mode("qwen3:0.6b", "custom_voice", "voice_clone")
    assert "qwen3:0.6b-base" in failure.value.sentence
    with pytest.raises(UnknownName, match=r"mode 'voice_clon'\. Did you mean 'voice_clone'"):
        mode_called("voice_clon")


def test_names_lead_to_hub_ids():
    assert hub_id("qwen3") == hub_id("QWEN3:0.6b") == REGISTRY[0].hub
    assert hub_id(REGISTRY[1].hub.lower()) == REGISTRY[1].hub
    assert hub_id("qwen3:1.7b-d") == "Qwen/Qwen3-TTS-12Hz-1.7B-VoiceDesign"
    assert hub_id("Some.body/else-1") == "Some.body/else-1"
    assert entry_of("espeak") is None
    with pytest.raises(UsageError, match="beginning of several models"):
        hub_id("qwen3:")
    with pytest.raises(UnknownModel, match=r"unknown model 'qwen4'\. Did you mean 'qwen3'"):
        hub_id("qwen4")
    with pytest.raises(UnknownModel, match=r"These can be fetched: qwen3:0\.6b.*, or by a hub id"):
        hub_id("espeak")
