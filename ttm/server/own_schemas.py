"""What ttm's own routes take and answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ttm.server.schemas import KeepAlive, Name, Strict

Value = bool | int | float | Annotated[str, Field(max_length=10_000)]
"""Of a setting."""


class Opening(Strict):
    """Among the pieces of a text, the beginning of another one."""

    model_config = ConfigDict(extra="forbid")

    form: Literal["text", "markdown", "html", "ssml"]
    name: Name = Field("", description="What messages call it.")
    chapter: bool = Field(False, description="It is a chapter of a book.")


class SayRequest(Strict):
    """A text, and the settings that it is said with."""

    model_config = ConfigDict(extra="forbid", title="SayRequest")

    text: str | list[str | Opening] = Field(description="The text, or its pieces.")
    settings: dict[Name, Value] = Field(
        default_factory=dict,
        description="Settings by key: all of `say`, and cache.enabled and models.strict.",
    )
    form: Literal["text", "markdown", "html", "ssml"] = "text"
    recording: str | None = Field(
        None, description="Base64 of the sound file whose voice speaks; no path and no address."
    )
    transcript: Annotated[str, Field(max_length=10_000)] = Field(
        "", description="What is said in the recording."
    )
    unheard: bool = Field(False, description="Nobody listens before all of it is there.")
    keep_alive: KeepAlive | int | None = None
    play: bool = Field(False, description="On the loudspeaker of the server; no sound is sent.")
    channel: Name = Field("", description="What the speaker queue calls it.")
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    interrupt: bool = Field(False, description="End what is heard, rather than wait for it.")


class Which(Strict):
    """Whom of the speaker queue a command is for; everybody, where nothing is said."""

    model_config = ConfigDict(extra="forbid")

    channel: Name = ""
    number: Annotated[int, Field(ge=0)] | None = None


class Told(BaseModel):
    """How many heard a command."""

    told: int


class Entry(BaseModel):
    """One who speaks on the loudspeaker, or waits for it."""

    number: int
    pid: int
    door: str
    state: Literal["waiting", "speaking", "paused"]
    channel: str
    priority: int
    urgent: bool
    model: str
    voice: str
    characters: int | None
    since: float
    played: float
    length: float | None


class Queue(BaseModel):
    """Who speaks on the loudspeaker, and then who waits, in that order."""

    queue: list[Entry]


class Lane(BaseModel):
    """A model that is, or was, in use."""

    model: str
    state: str
    """unloaded, loading, ready or failed."""
    detail: str
    busy: bool
    waiting: int
    """Requests."""
    expires_in: float | None
    """Seconds after which it is let go, if nobody uses it; null for never, or not now."""
    status: dict[str, Any] | None
    """The model's status, where it is loaded."""


class ServerStatus(BaseModel):
    """The server, and its models."""

    service: Literal["ttm"] = "ttm"
    version: str
    pid: int
    uptime: float
    """Seconds."""
    settings: str
    """A fingerprint of the settings that decide what a request becomes."""
    model: str
    """What speaks where nothing else is asked for."""
    ready: bool
    detail: str
    models: list[Lane]
