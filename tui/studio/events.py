"""What the engine's side tells; each comes from a thread of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.studio.offer import Offer
    from tui.studio.tape import Tape


@dataclass(frozen=True, slots=True)
class Loading:
    """A model is being loaded."""

    model: str
    what: str
    """What of it."""
    part: float
    """How much of that is there, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Began:
    """Somebody begins to speak; `tape` is where it will be."""

    job: int
    tape: Tape
    model: str
    voice: str
    language: str
    play: bool
    """Whether it is to be heard."""


@dataclass(frozen=True, slots=True)
class Noted:
    """There is something that its user should know."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Finished:
    """All of it was spoken."""

    job: int
    seconds: float
    """Of sound."""
    bad: int
    """Sentences with which something was wrong."""
    skipped: int
    """Pieces that were left out."""
    chunks: int = 0
    """Pieces that were spoken."""
    cached: int = 0
    """Those of them that were kept from before, so that nobody had to speak."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """It ended because somebody asked for it."""

    job: int


@dataclass(frozen=True, slots=True)
class Failed:
    """What was asked for could not be done; what was spoken before that is still there."""

    sentence: str
    """What failed, and what to do about it."""
    job: int = 0
    """Of which speech; 0 for something else."""
    code: str = ""
    """As `TtmError.code`."""


@dataclass(frozen=True, slots=True)
class Anew:
    """A sentence was spoken anew, and is in its place."""

    job: int
    number: int
    """Of the sentence, from 0."""
    seed: int
    text: str | None
    """What it says from now on; None where that has not changed."""
    start: int = 0
    """First character of what it said before, in the tape's text of then."""
    end: int = 0


@dataclass(frozen=True, slots=True)
class Offered:
    """What can be asked of a model."""

    offer: Offer


@dataclass(frozen=True, slots=True)
class Models:
    """The models that could speak here, the settings' own first."""

    names: tuple[tuple[str, str], ...]
    """Each with a sentence about it."""


@dataclass(frozen=True, slots=True)
class Unheard:
    """The loudspeaker cannot be used; speaking goes on."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Playback:
    """Another state of what is heard."""

    state: str
    """idle, waiting (for its turn), playing, paused or over."""


Event = (
    Loading
    | Began
    | Noted
    | Finished
    | Stopped
    | Failed
    | Anew
    | Offered
    | Models
    | Unheard
    | Playback
)
