"""VITS, and MMS, which is VITS for 1,100 languages: the whole waveform at once, quickly.

https://arxiv.org/abs/2106.06103, https://arxiv.org/abs/2305.13516
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from ttm.audio import Audio
from ttm.engine.huggingface.folder import attempted, languages, loaded, read_json, tag
from ttm.errors import EngineUnavailable, SynthesisError, UnknownName, UsageError, did_you_mean
from ttm.speech import Speech, Voice

PIECE = 1 << 15
"""Samples that are passed on at a time."""


class Vits:
    """A `VitsModel` with its tokenizer."""

    def __init__(self, folder: Path, device: torch.device, temperature: float) -> None:
        from transformers import VitsModel, VitsTokenizer

        about = read_json(folder / "tokenizer_config.json", needed=False)
        # What cannot be had is said before the seconds that loading takes. The tokenizer's
        # default is to phonemize, and to leave letters as they are.
        self._phonemizes = about.get("phonemize", True) is not False
        if self._phonemizes:
            _find_phonemizer()
        self._tokenizer = attempted(
            lambda: VitsTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            ),
            folder,
        )
        self._model = loaded(VitsModel, folder).to(device)
        self._device = device
        self.rate = int(self._model.config.sampling_rate)
        if temperature >= 0:
            self._model.noise_scale = temperature
        own = self._tokenizer.language
        known = (tag(own),) if isinstance(own, str) and own else languages(folder)
        # The library's tokenizer phonemizes English only.
        self._languages = ("en-us",) if self._phonemizes else known
        self._speakers = int(self._model.config.num_speakers)

    def voices(self) -> list[Voice]:
        if self._speakers < 2:
            return [Voice("default", self._languages, "its one voice")]
        return [Voice(f"speaker-{n}", self._languages) for n in range(self._speakers)]

    def speak(self, speech: Speech) -> Iterator[Audio | str]:
        if speech.recording:
            raise UsageError(
                "VITS does not speak with the voice of a recording", "Name one of its voices"
            )
        speaker = self._speaker(speech.voice)
        inputs = self._tokenized(speech.text).to(self._device)
        wave = self._model(**inputs, speaker_id=speaker).waveform[0].float().cpu()
        for piece in wave.split(PIECE):
            yield Audio(piece.numpy().astype("<f4").tobytes(), self.rate, "f32")

    def _speaker(self, name: str) -> int | None:
        names = [voice.name for voice in self.voices()]
        if name and name not in names:
            raise UnknownName(f"unknown voice '{name}'", did_you_mean(name, names))
        return names.index(name or names[0]) if self._speakers > 1 else None

    def _tokenized(self, text: str) -> Any:
        if self._tokenizer.is_uroman and not text.isascii():
            # Without it the library goes on with letters that the model does not know.
            if importlib.util.find_spec("uroman") is None:
                raise EngineUnavailable(
                    "this model reads other scripts through uroman, which is not installed",
                    "Run `pip install uroman`",
                )
        found = self._tokenizer(text, return_tensors="pt")
        # Between any two letters, and at both ends, stands a blank.
        letters = found["input_ids"].ne(0).sum() if self._tokenizer.add_blank else 1
        if not found["input_ids"].numel() or not letters:
            raise SynthesisError("the model knows no letter of this text")
        return found


def _find_phonemizer() -> None:
    """Let phonemizer use the espeak-ng that comes with ttm. Raises EngineUnavailable."""
    if importlib.util.find_spec("phonemizer") is None:
        raise EngineUnavailable(
            "this model reads phonemes, and phonemizer is not installed",
            "Run `pip install phonemizer`",
        )
    try:
        import espeakng_loader
    except ImportError:
        return  # then it looks for one that the system has
    os.environ.setdefault("PHONEMIZER_ESPEAK_LIBRARY", espeakng_loader.get_library_path())
    os.environ.setdefault("ESPEAK_DATA_PATH", espeakng_loader.get_data_path())
