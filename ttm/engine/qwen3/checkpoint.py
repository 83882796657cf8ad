"""A checkpoint's folder, checked whole before anything heavy is imported."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from ttm.engine.qwen3.dimensions import read_dimensions, read_json, read_speech_tokenizer
from ttm.engine.qwen3.layout import model_layout, speech_tokenizer_layout
from ttm.engine.qwen3.weights import TensorFile
from ttm.errors import BadCheckpoint

SAMPLING = {
    "temperature": (0.0, 5.0),
    "top_k": (0, 1 << 20),
    "top_p": (0.0, 1.0),
    "repetition_penalty": (1.0, 10.0),
    "subtalker_temperature": (0.0, 5.0),
    "subtalker_top_k": (0, 1 << 20),
    "subtalker_top_p": (0.0, 1.0),
}
"""Numbers of `generation_config.json` and their ranges."""


class Checkpoint:
    """Files in the official layout; the tensors stay in them until they are asked for.

    Raises BadCheckpoint with one sentence for whatever is missing, damaged or unknown.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dimensions = read_dimensions(folder)
        self.speech_tokenizer = read_speech_tokenizer(folder)
        talker, codec = self.dimensions.talker_config, self.speech_tokenizer.decoder_config
        predictor = talker.code_predictor_config
        if talker.num_code_groups != codec.num_quantizers:
            raise BadCheckpoint(
                f"{folder}: the talker and the speech tokenizer are not of one model"
            )
        if predictor.vocab_size > codec.codebook_size:
            raise BadCheckpoint(f"{folder}: the code predictor has more codes than the codebooks")
        self.generation = self._generation()
        self.weights = TensorFile(folder / "model.safetensors", model_layout(self.dimensions))
        self.speech_weights = TensorFile(
            folder / "speech_tokenizer" / "model.safetensors",
            speech_tokenizer_layout(self.speech_tokenizer),
        )
        for name in ("vocab.json", "merges.txt", "tokenizer_config.json"):
            if not (folder / name).is_file():
                raise BadCheckpoint(
                    f"{folder / name} is missing", "Point --model at a complete checkpoint"
                )

    def _generation(self) -> dict[str, Any]:
        path = self.folder / "generation_config.json"
        table = read_json(path)
        for name, (low, high) in SAMPLING.items():
            value = table.get(name, low)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not math.isfinite(value) or not low <= value <= high:
                raise BadCheckpoint(f"{path}: {name} is not from {low:g} to {high:g}")
        return table

    def forget(self) -> None:
        """Give back the memory that reading the tensors took."""
        self.weights.forget()
        self.speech_weights.forget()
