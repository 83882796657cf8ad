"""espeak-ng as ttm runs it: in a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ttm.audio import Audio
from ttm.speech import Speech
from ttm.worker.client import Worker


@pytest.fixture
def espeak() -> Iterator[Worker]:
    """A worker of its own for each test."""
    worker = Worker("espeak")
    yield worker
    worker.close()


@pytest.fixture
def say(espeak) -> Callable[..., Audio]:
    """Speak with espeak-ng: `say("hello", "de", rate=2)`; all of it as one stretch of sound."""

    def speak(text: str, voice: str = "en-us", **how: float) -> Audio:
        (audio,) = espeak.speak(Speech(text, voice, **how))
        return audio

    return speak
