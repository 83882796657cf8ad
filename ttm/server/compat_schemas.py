"""What TalkToMeKit's twelve routes take and answer: its fields, defaults and limits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ttm.server.schemas import Strict

Mode = Literal["voice_design", "custom_voice", "voice_clone"]

ModelId = Literal[
    "Qwen/Qwen3-TTS-12Hz-1.7B-VoiceDesign",
    "Qwen/Qwen3-TTS-12Hz-0.6B-CustomVoice",
    "Qwen/Qwen3-TTS-12Hz-1.7B-CustomVoice",
    "Qwen/Qwen3-TTS-12Hz-0.6B-Base",
    "Qwen/Qwen3-TTS-12Hz-1.7B-Base",
]
"""The models that these routes know, in the order in which they list them."""

TEXT_MOST = 2000
"""Characters of a text; `/v1/audio/speech` takes longer ones."""
DESCRIPTION = "A warm and clear speaking voice with natural pacing."
"""Who speaks where a designed voice is not described."""

Line = Annotated[str, Field(min_length=1, max_length=TEXT_MOST)]


class Asked(Strict):
    """A request: no field that is unknown, no value of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LoadRequest(Asked):
    mode: Mode
    model_id: ModelId | None = None
    strict_load: bool | None = None
    """Nothing may stand in for the model. Left out: as the settings have it."""


class SynthesisRequest(Asked):
    """What all three modes take."""

    text: Line
    language: Line = "English"
    model_id: ModelId | None = None
    format: str = "wav"


class VoiceDesignRequest(SynthesisRequest):
    instruct: Line = DESCRIPTION


class CustomVoiceRequest(SynthesisRequest):
    speaker: Line = "ryan"
    instruct: Annotated[str, Field(max_length=TEXT_MOST)] | None = None


class VoiceCloneRequest(SynthesisRequest):
    reference_audio_b64: Annotated[str, Field(min_length=1)]
    """Base64 of a sound file, with or without `data:...;base64,` before it."""
    reference_text: Annotated[str, Field(max_length=TEXT_MOST)] | None = None
    """What is said in it, where that is known; TalkToMeKit had no such field."""


class Health(BaseModel):
    """The server runs."""

    status: Literal["ok"] = "ok"
    service: str
    version: str


class Version(BaseModel):
    service: str
    api_version: str
    openapi_version: str


class Adapter(BaseModel):
    id: str
    name: str
    status_path: str


class Adapters(BaseModel):
    adapters: list[Adapter]


class Failure(BaseModel):
    """Why the last load failed."""

    code: str
    message: str


class Status(BaseModel):
    """A model as it was asked for, and as it is."""

    mode: str
    """Of the model that is loaded, or of the one that would be; empty for one without modes."""
    model_id: str
    requested_mode: str
    requested_model_id: str
    loaded: bool
    loading: bool
    qwen_tts_available: bool
    """The neural runtime is here, so that a model could be loaded."""
    ready: bool
    strict_load: bool
    fallback_applied: bool
    detail: str
    error: Failure | None = None
    engine: str = ""
    device: str = ""
    dtype: str = ""
    memory: int | None = None
    worker_pid: int | None = None


class AdapterStatus(Status):
    adapter_id: str


class InventoryRow(BaseModel):
    mode: Mode
    model_id: ModelId
    available: bool
    """All of its files are here."""
    local_path: str
    """Empty unless it is available."""
    size: int
    """Bytes on the disk."""


class Inventory(BaseModel):
    models: list[InventoryRow]


class Speaker(BaseModel):
    name: str
    languages: list[str]
    """BCP-47 tags, its own first."""
    gender: str
    description: str


class Speakers(BaseModel):
    model_id: str
    speakers: list[str]
    about: list[Speaker]
