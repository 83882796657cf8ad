"""Text-to-speech models that the transformers library carries, from folders of safetensors.

Runs only in the worker's process. Nothing is fetched, no code of a checkpoint is run, and pickled
weights are refused. The library's own pipeline is not used: it breaks on Pocket TTS and knows no
streaming; one small family a model instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ttm.audio import Audio
from ttm.engine import Effective, Tell
from ttm.engine.huggingface.folder import model_type
from ttm.errors import BadCheckpoint, EngineUnavailable
from ttm.speech import Speech, Voice

if TYPE_CHECKING:
    import torch

FAMILIES = {
    "pocket_tts": "ttm.engine.huggingface.pocket:Pocket",
    "vits": "ttm.engine.huggingface.vits:Vits",
}
"""What speaks with a checkpoint of each `model_type`."""

SEED_MAX = (1 << 63) - 1


class Family(Protocol):
    """A loaded model; made with its folder, a device and a temperature (-1: its own).

    Making one raises BadCheckpoint and EngineUnavailable.
    """

    rate: int
    """Hertz."""

    def voices(self) -> list[Voice]:
        """Who can speak."""
        ...

    def speak(self, speech: Speech) -> Iterator[Audio | str]:
        """As an engine's; random numbers come from torch's generator, which is seeded before."""
        ...


class HuggingfaceEngine:
    """A checkpoint of one of `FAMILIES`, on one device, in float32.

    Options are the settings under `[engine.huggingface]`. With an empty `folder` nothing is
    loaded, and only `effective` answers. Raises BadCheckpoint and EngineUnavailable.
    """

    def __init__(
        self,
        folder: str = "",
        device: str = "auto",
        threads: int = 0,
        temperature: float = -1.0,
        loading: Tell | None = None,
    ) -> None:
        kind = model_type(Path(folder)) if folder else ""
        if kind and kind not in FAMILIES:
            raise BadCheckpoint(
                f"the huggingface engine does not speak with a '{kind[:40]}'",
                f"It does with {', '.join(FAMILIES)}",
            )
        if loading:
            loading("transformers", 0.0)
        # Read by the library when it is imported: from here on it opens no connection.
        os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
        try:
            import transformers  # 1 s; torch comes with the models, and takes 2 more
        except ImportError as failure:
            raise EngineUnavailable(
                f"the huggingface engine needs a package that is not installed ({failure.name})",
                "Run `ttm doctor`",
            ) from failure
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        self._effective: Effective = {"transformers": transformers.__version__}
        self._family: Family | None = None
        if not kind:
            return
        import torch

        if threads:
            torch.set_num_threads(threads)
        placed = _placed(device)
        if loading:
            loading("weights", 0.5)
        self._family = _family(kind, Path(folder), placed, temperature)
        self._effective |= {
            "device": str(placed),
            "threads": torch.get_num_threads(),
            "family": kind,
        }

    def effective(self) -> Effective:
        """What the settings came to here."""
        return dict(self._effective)

    def voices(self) -> list[Voice]:
        return self._loaded.voices()

    def speak(self, speech: Speech) -> Iterator[Audio | str]:
        import torch

        torch.manual_seed(speech.seed & SEED_MAX)
        with torch.inference_mode():
            yield from self._loaded.speak(speech)

    def close(self) -> None:
        self._family = None

    @property
    def _loaded(self) -> Family:
        if self._family is None:
            raise EngineUnavailable("the huggingface engine was started without a checkpoint")
        return self._family


def _family(kind: str, folder: Path, device: torch.device, temperature: float) -> Family:
    import importlib

    module, _, name = FAMILIES[kind].partition(":")
    family: Family = getattr(importlib.import_module(module), name)(folder, device, temperature)
    return family


def _placed(name: str) -> torch.device:
    """What a setting stands for on this machine. Raises EngineUnavailable."""
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(name)
    there = {
        "cuda": device.type == "cuda" and (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there.get(device.type, True):
        raise EngineUnavailable(
            f"no '{name}' device can be used here", "Set engine.huggingface.device to auto or cpu"
        )
    return device
