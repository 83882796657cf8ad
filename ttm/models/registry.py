"""The models that ttm knows by a short name, each with its published checkpoint."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A published checkpoint."""

    name: str
    """What a user types."""
    hub: str
    """`Owner/Name` on the Hugging Face hub."""
    size: str
    mode: str
    """As `tts_model_type` of its config.json names it."""
    sentence: str
    """What it does, for a listing."""
    aliases: tuple[str, ...] = ()


REGISTRY: tuple[Entry, ...] = (
    Entry(
        "qwen3:0.6b",
        "Qwen/Qwen3-TTS-12Hz-0.6B-CustomVoice",
        "0.6B",
        "custom_voice",
        "nine speakers, ten languages; the quick one",
        ("qwen3",),
    ),
    Entry(
        "qwen3:1.7b",
        "Qwen/Qwen3-TTS-12Hz-1.7B-CustomVoice",
        "1.7B",
        "custom_voice",
        "nine speakers, ten languages; follows an instruction such as 'whisper'",
    ),
    Entry(
        "qwen3:1.7b-design",
        "Qwen/Qwen3-TTS-12Hz-1.7B-VoiceDesign",
        "1.7B",
        "voice_design",
        "speaks with the voice that an instruction describes",
    ),
    Entry(
        "qwen3:0.6b-base",
        "Qwen/Qwen3-TTS-12Hz-0.6B-Base",
        "0.6B",
        "base",
        "speaks with the voice of a recording; the quick one",
    ),
    Entry(
        "qwen3:1.7b-base",
        "Qwen/Qwen3-TTS-12Hz-1.7B-Base",
        "1.7B",
        "base",
        "speaks with the voice of a recording",
    ),
)

ENGINES = {"qwen3_tts": "qwen3", "pocket_tts": "huggingface", "vits": "huggingface"}
"""The engine for each `model_type` of a checkpoint's config.json."""

FILES = (
    "config.json",
    "model.safetensors",
    "vocab.json",
    "merges.txt",
    "speech_tokenizer/config.json",
    "speech_tokenizer/model.safetensors",
)
"""What a checkpoint cannot do without, in the order of their download."""

OTHER_FILES = ("config.json", "model.safetensors")
"""What one cannot do without that the huggingface engine speaks with."""


def by_name() -> dict[str, Entry]:
    """Every model by its short name and its aliases."""
    return {name: entry for entry in REGISTRY for name in (entry.name, *entry.aliases)}
