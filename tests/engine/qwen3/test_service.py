"""A program's service with real models of each mode, brought from a hub."""

from __future__ import annotations

import io
import wave

import pytest

import ttm
from ttm.errors import UsageError
from ttm.models.registry import by_name


def test_each_mode_is_brought_loaded_and_spoken_with(made, mock_hub, monkeypatch):
    hub = mock_hub()
    hub.folder(by_name()["qwen3:0.6b"].hub, made("tiny", "custom_voice", 7))
    hub.folder(by_name()["qwen3:1.7b-design"].hub, made("tiny-1b7", "voice_design", 7))
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("TTM_ENGINE_QWEN3_MAX_SECONDS", "1")
    states: list[str] = []
    with ttm.Service(mode="custom_voice", fetch=True, on_state=states.append) as service:
        assert states == ["checking", "downloading", "validating", "loading", "ready"]
        told = service.status().model
        assert (told.mode, told.device, told.ready) == ("custom_voice", "cpu", True)
        usual = service.synthesize("Hello.", mode="custom_voice", seed=1)
        with wave.open(io.BytesIO(usual)) as sound:
            assert (sound.getframerate(), sound.getsampwidth()) == (24_000, 2)
        assert usual == service.synthesize("Hello.", voice="ryan", seed=1)
        assert usual != service.synthesize("Hello.", voice="serena", seed=1)
        assert service.synthesize("Hello.", mode="voice_design", voice="an old sailor")
        told = service.status().model
        assert (told.mode, told.requested_model_id) == (
            "voice_design", by_name()["qwen3:1.7b-design"].hub,
        )  # fmt: skip
        with pytest.raises(UsageError, match="is for voice_design, not for voice_clone"):
            service.load("qwen3:1.7b-design", mode="voice_clone")
    assert states[-1] == "failed"
