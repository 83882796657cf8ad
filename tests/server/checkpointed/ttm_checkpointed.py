"""Qwen3's engine without weights: the checkpoint's mode and voices, the faulty engine's sound."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

from ttm_faulty import FaultyEngine

from ttm.audio import Audio
from ttm.engine import Tell
from ttm.errors import BadCheckpoint, UsageError
from ttm.models.speakers import speakers
from ttm.speech import Speech, Voice
from ttm.voicefile import Prompt


class CheckpointedEngine(FaultyEngine):
    """Loads until `gate`, a file in the checkpoint's folder, is gone, and not at all where `broken`
    is; writes into `asked` what it was asked for last."""

    def __init__(self, folder: str = "", loading: Tell | None = None, **options: object) -> None:
        self.place = place = Path(folder)
        self.config = json.loads((place / "config.json").read_text())
        if (place / "broken").exists():
            raise BadCheckpoint("the weights are not as they came", "Fetch them again")
        while (place / "gate").exists():
            if loading is not None:
                loading("weights", 0.5)
            time.sleep(0.02)

    def effective(self) -> dict[str, str | int | float | bool]:
        return {"device": "cpu", "dtype": "float32"}

    def voices(self) -> list[Voice]:
        talker = self.config["talker_config"]
        kind = self.config["tts_model_type"]
        return speakers(kind, talker["spk_id"], talker["codec_language_id"], "")

    def prompt(self, recording: str, transcript: str) -> tuple[str, Prompt]:
        return "", {}

    def speak(self, speech: Speech) -> Iterator[Audio | str]:
        names = ("voice", "language", "instruct", "recording", "transcript")
        asked = {name: getattr(speech, name) for name in names}
        (self.place / "asked").write_text(json.dumps(asked))
        if speech.instruct and self.config["tts_model_size"] == "0b6":
            raise UsageError("the 0.6B models do not follow instructions")
        yield from super().speak(speech)
