"""The models that ttm knows by a short name, what each can be asked for, and names of others."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ttm.errors import InvalidModelId, UnknownModel, UnknownName, UsageError, did_you_mean


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
    download: int
    """Bytes to fetch, to the nearest megabyte or so."""
    instructs: bool
    """Follows an instruction; the 0.6B models drop it in silence, so ttm refuses it for them."""
    aliases: tuple[str, ...] = ()
    licence: str = "Apache-2.0"
    engine: str = "qwen3"

    @property
    def clones(self) -> bool:
        """Whether it speaks with the voices of recordings, and has none of its own."""
        return self.mode == "base"


REGISTRY: tuple[Entry, ...] = (
    Entry(
        "qwen3:0.6b",
        "Qwen/Qwen3-TTS-12Hz-0.6B-CustomVoice",
        "0.6B",
        "custom_voice",
        "nine speakers, ten languages; the quick one",
        2_498_000_000,
        False,
        ("qwen3",),
    ),
    Entry(
        "qwen3:1.7b",
        "Qwen/Qwen3-TTS-12Hz-1.7B-CustomVoice",
        "1.7B",
        "custom_voice",
        "nine speakers, ten languages; follows an instruction such as 'whisper'",
        4_520_000_000,
        True,
    ),
    Entry(
        "qwen3:1.7b-design",
        "Qwen/Qwen3-TTS-12Hz-1.7B-VoiceDesign",
        "1.7B",
        "voice_design",
        "speaks with the voice that an instruction describes",
        4_520_000_000,
        True,
    ),
    Entry(
        "qwen3:0.6b-base",
        "Qwen/Qwen3-TTS-12Hz-0.6B-Base",
        "0.6B",
        "base",
        "speaks with the voice of a recording; the quick one",
        2_516_000_000,
        False,
    ),
    Entry(
        "qwen3:1.7b-base",
        "Qwen/Qwen3-TTS-12Hz-1.7B-Base",
        "1.7B",
        "base",
        "speaks with the voice of a recording",
        4_544_000_000,
        False,
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

MODES = {"voice_design": "voice_design", "custom_voice": "custom_voice", "voice_clone": "base"}
"""What a model is used for, and the `tts_model_type` of the checkpoints that are made for it."""

DEFAULTS = {
    "voice_design": "qwen3:1.7b-design",
    "custom_voice": "qwen3:0.6b",
    "voice_clone": "qwen3:0.6b-base",
}
"""The model of each mode that is meant where none is named."""

FALLBACKS = ("none", "mode", "any")
"""What may stand in for a model: nothing, another of its mode, or after those any other."""

HUB_ID = re.compile(
    r"(?=[^/]{1,96}/[^/]{1,96}\Z)(?!.*(?:--|\.\.))[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII
)
"""`Owner/Name`, as the Hugging Face hub allows it; without `--`, which joins the two on disk."""
COMMIT = re.compile(r"[0-9a-f]{40}")
OTHER_FILES = ("config.json", "model.safetensors")
"""What one cannot do without that the huggingface engine speaks with."""


def by_name() -> dict[str, Entry]:
    """Every model by its short name and its aliases."""
    return {name: entry for entry in REGISTRY for name in (entry.name, *entry.aliases)}


def by_hub(hub: str) -> Entry | None:
    """The model whose checkpoint this hub id names, in any case."""
    return next((e for e in REGISTRY if e.hub.casefold() == hub.casefold()), None)


def begun(word: str, names: list[str]) -> str:
    """The one name that begins so, or nothing. Raises UsageError when there are several."""
    found = [name for name in names if word and name.startswith(word)]
    if len(found) > 1:
        raise UsageError(
            f"'{word}' is the beginning of several models", f"Choose one of: {', '.join(found)}"
        )
    return found[0] if found else ""


def hub_id(name: str) -> str:
    """The hub id of a model that can be fetched, by its short name or its hub id.

    Raises UnknownModel, InvalidModelId, or UsageError for the beginning of several.
    """
    known, word = by_name(), name.casefold()
    if whole := word if word in known else begun(word, [entry.name for entry in REGISTRY]):
        return known[whole].hub
    if HUB_ID.fullmatch(name):
        entry = by_hub(name)
        return entry.hub if entry else name
    if re.fullmatch(r"[\w.:-]{1,40}", name, re.ASCII) and name[0].isalnum():
        names = ", ".join(entry.name for entry in REGISTRY)
        fetched = f"these can be fetched: {names}, or by a hub id (Owner/Name)"
        raise UnknownModel(f"unknown model '{name}'", did_you_mean(name, known) or fetched)
    shown = " ".join(name.split())[:60]
    raise InvalidModelId(
        f"invalid model id '{shown}'", "Take a short name such as qwen3:0.6b, or Owner/Name"
    )


def entry_of(name: str) -> Entry | None:
    """The published checkpoint that a short name, its beginning or a hub id means, if any."""
    try:
        return by_hub(hub_id(name))
    except UsageError:
        return None


def mode_of(kind: str) -> str:
    """What checkpoints of this `tts_model_type` are used for; empty when that is not known."""
    return next((mode for mode, its in MODES.items() if its == kind), "")


def mode_called(name: str) -> str:
    """The mode of this name, spelled with dashes or underscores. Raises UnknownName."""
    mode = name.strip().casefold().replace("-", "_")
    if mode not in MODES:
        hint = did_you_mean(mode, MODES) or f"choose one of: {', '.join(MODES)}"
        raise UnknownName(f"unknown mode '{name[:40]}'", hint)
    return mode


def require_mode(name: str, kind: str, mode: str) -> None:
    """Raise UsageError unless the model, whose checkpoint is of this kind, is for this mode."""
    if MODES[mode] != kind:
        its = mode_of(kind) or "something else"
        raise UsageError(
            f"model '{name}' is for {its}, not for {mode}", f"Take one such as {DEFAULTS[mode]}"
        )


def ladder(kind: str, fallback: str, but: str = "") -> list[Entry]:
    """What may stand in for a model of this `tts_model_type`, best first, `but` one hub id.

    Those of its mode, then, when `fallback` is `any`, those of the other modes.
    """
    order = list(MODES.values())
    ranked = sorted(REGISTRY, key=lambda e: (e.mode != kind, order.index(e.mode)))
    if fallback == "none":
        return []
    return [e for e in ranked if e.hub != but and (fallback == "any" or e.mode == kind)]
