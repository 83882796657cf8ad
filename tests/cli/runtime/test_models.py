"""The category `models` of staging, and the one command for a model and the runtime it needs."""

from __future__ import annotations

import json
import os
import pty
from typing import Any

import pytest

import ttm
from ttm.errors import BadCheckpoint
from ttm.models import registry

NAME = "qwen3:0.6b"


@pytest.fixture
def hub(mock_hub, monkeypatch) -> Any:
    """A hub that has a tiny checkpoint in the place of the quick model's."""
    found = mock_hub()
    entry = registry.by_name()[NAME]
    found.repos[entry.hub] = found.checkpoint()
    monkeypatch.setenv("HF_ENDPOINT", found.url)
    return found


@pytest.fixture
def sent(hub):
    """How many files were sent since it was asked last."""

    def sent() -> int:
        count = sum("/resolve/" in path for path, _, _ in hub.log)
        hub.log.clear()
        return count

    return sent


def staged(here, *words: str) -> dict[str, Any]:
    code, shown, said = here("runtime", "stage", "--json", *words)
    assert code == 0, said
    told: dict[str, Any] = json.loads(shown)
    return told


def test_models_are_staged_left_alone_and_staged_anew(here, base, ready, hub, sent):
    told = staged(here, "--model", NAME)
    assert [(each["name"], each["state"]) for each in told["models"]] == [(NAME, "complete")]
    assert sent() == 6
    staged(here, "--model", NAME)
    assert sent() == 0
    assert [each["name"] for each in staged(here, "--restage-models")["models"]] == [NAME]
    assert sent() == 5  # two of the six are the same bytes
    assert [each["name"] for each in staged(here, "--restage")["models"]] == [NAME]
    assert sent() == 5  # two of the six are the same bytes
    assert "models" not in staged(here, "--restage", "--no-models")
    assert sent() == 0
    assert here("models", "verify", NAME)[0] == 0


def test_a_model_that_does_not_exist_is_found_out_before_anything_is_made(here, base):
    code, _, said = here("runtime", "stage", "--model", "qwen3:9b")
    assert code == 2
    assert said.startswith("ttm: error: unknown model 'qwen3:9b'")
    assert not base.exists()


def test_what_would_be_fetched_is_shown_first(here, base, hub):
    code, _, said = here("runtime", "stage", "--model", NAME, "--dry-run")
    assert code == 0, said
    assert f"model     {NAME}, 2.5 GB to fetch" in said
    assert (hub.log, base.exists()) == ([], False)


def test_with_both_missing_one_command_that_brings_both_is_named(here, base, hub):
    code, shown, said = here("say", "hello", "-m", NAME, "-o", "a.wav", "--json")
    assert code == 5
    assert said.splitlines() == [
        f"ttm: error: the checkpoint of model '{NAME}' is not here, and the neural runtime, which "
        f"it needs, is not staged. Fetch both with `ttm runtime stage --model {NAME}`"
    ]
    assert json.loads(shown)["error"]["code"] == "runtime_missing"


def test_with_the_runtime_here_the_model_alone_is_missed(here, ready, hub):
    code, _, said = here("say", "hello", "-m", NAME, "-o", "a.wav")
    assert code == 5
    assert said.endswith(f"is not here. Fetch it with `ttm models pull {NAME}`\n")


def test_a_pull_says_that_the_runtime_is_missing_still(here, base, hub):
    code, shown, said = here("models", "pull", NAME)
    assert (code, shown) == (0, "")
    assert f"{NAME} is here, verified" in said
    assert said.splitlines()[-1].endswith(
        f"no runtime is staged in {base}. Run `ttm runtime stage`."
    )


def test_a_program_s_service_brings_both(base, hub):
    states: list[str] = []
    service = ttm.Service(NAME, fetch=True, on_state=states.append)
    with pytest.raises(BadCheckpoint):  # as far as a hub's model goes that is none
        service.start()
    assert (base / "current").exists()
    assert states == [
        "checking",
        *("downloading", "validating"),  # the runtime
        "checking",
        *("downloading", "validating"),  # the model
        *("loading", "failed"),
    ]


def test_on_a_terminal_both_are_offered_at_once(begin, light, base, hub):
    outer, inner = pty.openpty()
    os.write(outer, b"y\n")
    asked = begin("say", "hello", "-m", NAME, "-o", "a.wav", env=light, stdin=inner, stderr=inner)
    os.close(inner)
    said = b""
    with open(outer, "rb", buffering=0) as terminal:
        while True:
            try:
                said += terminal.read(4096)
            except OSError:
                break
    assert asked.wait() == 5  # the worker got as far as the checkpoint, whose torch is none
    assert said.count(b"[y/N]") == 1
    assert f"Run `ttm runtime stage --model {NAME}` now?".encode() in said
    assert f"{NAME} is here, verified".encode() in said
    assert (base / "current").exists()
