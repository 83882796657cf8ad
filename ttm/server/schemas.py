"""What the routes take and give, as OpenAPI has it: strict, nothing turned into anything else."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ttm.config import seconds
from ttm.errors import UsageError
from ttm.speech import RATE_MAX, RATE_MIN


def _lasting(given: str) -> str:
    try:
        seconds(given)
    except UsageError:
        raise ValueError("should be a time such as 5m, 0 or -1") from None
    return given


def _sound(given: str) -> str:
    try:
        given.encode()
    except UnicodeEncodeError:
        raise ValueError("should hold whole characters, and no half of a pair") from None
    return given


Text = Annotated[str, AfterValidator(_sound)]
"""What can be written as UTF-8: JSON can spell a lone surrogate."""

KeepAlive = Annotated[str, AfterValidator(_lasting)]
"""How long a model stays in memory: `5m`, `0`, `-1`."""

Name = Annotated[Text, Field(max_length=256)]


class Strict(BaseModel):
    """What is no number is none, and NaN neither."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False, hide_input_in_errors=True)


class VoiceId(Strict):
    """A voice as OpenAI's custom ones are named."""

    id: Name


class SpeechRequest(Strict):
    """What is to be spoken. Fields beside these are ignored, and named in `X-TTM-Ignored`."""

    model_config = ConfigDict(extra="allow", title="SpeechRequest")

    input: Text = Field(description="The text.")
    model: Name = Field("", description="What speaks; OpenAI's names stand for the settings' own.")
    voice: Name | VoiceId | None = Field(None, description="Who speaks.")
    instructions: Annotated[Text, Field(max_length=4_096)] | None = None
    response_format: Text | None = Field(
        None, description="mp3 (unless the request says otherwise), wav, flac, opus, ogg or pcm."
    )
    speed: Annotated[float, Field(ge=RATE_MIN, le=RATE_MAX)] | None = None
    stream_format: Literal["audio", "sse"] | None = None
    stream: bool | None = Field(None, description="False has the answer come as one file.")
    language: Name | None = Field(None, description="Of the text: a tag or an English name.")
    lang_code: Name | None = Field(None, description="Another name of `language`.")
    seed: Annotated[int, Field(ge=-1, le=2**32 - 1)] | None = None
    sample_rate: Annotated[int, Field(ge=8_000, le=192_000)] | None = None
    input_format: Literal["text", "markdown", "html", "ssml"] | None = None
    keep_alive: KeepAlive | int | None = None

    def ignored(self) -> list[str]:
        """Names of fields that nothing came of."""
        return sorted(self.model_extra or {})


class Problem(BaseModel):
    """What is told of an error."""

    message: str
    type: str
    param: str | None
    code: str


class Failure(BaseModel):
    """The body of every answer that is none."""

    error: Problem


class Health(BaseModel):
    """The server runs."""

    status: Literal["ok"]
    version: str


class Ready(BaseModel):
    """Whether it may be asked for speech."""

    ready: bool
    detail: str


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI is told of the answers that are errors."""
    return {status: {"model": Failure} for status in sorted({400, 401, 403, *statuses})}
