"""Talk To Me: local text-to-speech for people who live in a terminal.

    import ttm

    for audio in ttm.speak("Good morning."):
        audio.numpy()  # float32, shape [samples], at audio.rate Hertz

Names are resolved at their first use, so that `import ttm` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ttm.api import open_narrator, speak
    from ttm.audio import Audio
    from ttm.errors import TtmError
    from ttm.narration.provision import Progress
    from ttm.service import Service, ServiceStatus
    from ttm.speech import Speech, Timing, Voice

__version__ = "0.1.0"

__all__ = [
    "Audio",
    "Progress",
    "Service",
    "ServiceStatus",
    "Speech",
    "Timing",
    "TtmError",
    "Voice",
    "open_narrator",
    "speak",
]

_HOMES = {
    "Audio": "ttm.audio",
    "Progress": "ttm.narration.provision",
    "Service": "ttm.service",
    "ServiceStatus": "ttm.service",
    "Speech": "ttm.speech",
    "Timing": "ttm.speech",
    "TtmError": "ttm.errors",
    "Voice": "ttm.speech",
    "open_narrator": "ttm.api",
    "speak": "ttm.api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ttm' has no attribute '{name}'")
    import importlib

    found = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
