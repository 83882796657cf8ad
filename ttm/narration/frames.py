"""What `ttm say` and a server of ttm tell each other: the request, and the answer's frames.

`POST /v1/ttm/say` takes a JSON object, and answers a stream of frames: each one JSON line, and raw
PCM behind those of kind `audio`. The last one is a `report` or an `error`; a stream that ends with
neither was cut off.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Protocol, get_args

from ttm.audio import WIDTH, Audio, SampleFormat
from ttm.config import Config
from ttm.errors import EngineCrashed, Incompatible, RemoteError, TtmError, Unspeakable, every_error
from ttm.speech import Timing
from ttm.text.markup import Opening

PROTOCOL = 1
"""Of what is below; another one where either side would misunderstand what the other sends. A
field more is none: who does not know it says so, or passes over it."""
SPEAKS = "X-TTM-Protocol"
"""The header that tells it, of requests and of answers."""
MEDIA_TYPE = "application/x-ttm-frames"
LINE_MAX = 4 << 20
"""Bytes of one JSON line; a longer one is not ours."""
PCM_MAX = 64 << 20
"""Bytes of sound behind one line."""
BLOCK = 1 << 16
"""Bytes that are read at most at once."""

TRAVELS = ("cache.enabled", "models.strict")
"""Settings outside `[say]` that go with a request. All of `[say]` may."""
KEEP = "models.keep_alive"
"""The same in a field of its own: it is about what comes after the speech."""
AT_HOME = ("say", "channels", "playback", "history", "server", "daemon", "tui")
"""Sections that do not decide what a server makes of a request."""


@dataclass(frozen=True, slots=True)
class Begin:
    """Somebody speaks: who, and of what model."""

    kind: ClassVar[str] = "begin"
    model: str
    engine: str
    voice: str
    language: str
    seed: int
    description: str = ""
    """Of the voice."""
    warnings: tuple[str, ...] = ()
    """Sentences on what is not as it was asked for."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A stretch of it; empty sound may carry timings."""

    kind: ClassVar[str] = "audio"
    audio: Audio


@dataclass(frozen=True, slots=True)
class Note:
    """What the user should know, while it is spoken."""

    kind: ClassVar[str] = "note"
    sentence: str


@dataclass(frozen=True, slots=True)
class Loading:
    """How much of a model is loaded, from 0 to 1; says that the server is at work, too."""

    kind: ClassVar[str] = "loading"
    model: str
    what: str
    part: float


@dataclass(frozen=True, slots=True)
class End:
    """All of it was said; `report` is a Report's fields."""

    kind: ClassVar[str] = "report"
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """It ends here; `code` names a leaf of the error tree."""

    kind: ClassVar[str] = "error"
    code: str
    what: str
    fix: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    """Further fields of that leaf."""


Frame = Begin | Sound | Note | Loading | End | Failed

KINDS: dict[str, type[Frame]] = {frame.kind: frame for frame in get_args(Frame)}

PLAIN = {"int": int, "float": float, "str": str, "dict[str, Any]": dict}
"""Types of fields, as annotated, that JSON has too."""


class Malformed(ValueError):
    """Something that no server of ttm sends; its text says what."""


class Readable(Protocol):
    """An answer's body."""

    def read1(self, n: int, /) -> bytes:
        """What there is, at most `n` bytes; none at its end."""


def encode(frame: Frame) -> bytes:
    """The frame as it travels."""
    fields: dict[str, Any] = {"kind": frame.kind}
    if isinstance(frame, Sound):
        audio = frame.audio
        fields |= {"bytes": len(audio.pcm), "rate": audio.rate, "format": audio.sample_format}
        fields["timings"] = [list(dataclasses.astuple(timing)) for timing in audio.timings]
        return json.dumps(fields).encode() + b"\n" + audio.pcm
    return json.dumps(fields | asdict(frame)).encode() + b"\n"


def decoded(body: Readable) -> Iterator[Frame]:
    """The frames of an answer, up to its last. Raises Malformed, and what reading raises."""
    buffer = bytearray()

    def more() -> None:
        block = body.read1(BLOCK)
        if not block:
            raise EOFError("the answer has no end")
        buffer.extend(block)

    while True:
        while (size := buffer.find(b"\n", 0, LINE_MAX)) < 0:
            if len(buffer) >= LINE_MAX:
                raise Malformed(f"a line of over {LINE_MAX} bytes")
            more()
        kind, fields, length = _head(bytes(buffer[:size]))
        del buffer[: size + 1]
        while len(buffer) < length:
            more()
        pcm = bytes(buffer[:length])
        del buffer[:length]
        frame = _frame(kind, fields, pcm)
        yield frame
        if isinstance(frame, End | Failed):
            return


def _head(line: bytes) -> tuple[type[Frame], dict[str, Any], int]:
    try:
        fields = json.loads(line)
        kind = KINDS[fields.pop("kind")]
        size = fields.pop("bytes", 0) if kind is Sound else 0
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Malformed("a line that is no frame") from None
    if type(size) is not int or not 0 <= size <= PCM_MAX:
        raise Malformed("sound of an impossible length")
    return kind, fields, size


def _frame(kind: type[Frame], fields: dict[str, Any], pcm: bytes) -> Frame:
    try:
        if kind is Sound:
            return Sound(_audio(fields, pcm))
        if kind is Begin:
            fields["warnings"] = tuple(map(str, fields.get("warnings", ())))
        frame = kind(**fields)
    except (TypeError, KeyError, ValueError, AttributeError):
        raise Malformed(f"a frame '{kind.kind}' with other fields") from None
    for one in dataclasses.fields(frame):
        wanted = PLAIN.get(str(one.type))
        given = getattr(frame, one.name)
        if wanted is float and type(given) is int:
            continue
        if wanted is not None and type(given) is not wanted:
            raise Malformed(f"a frame '{kind.kind}' with a wrong {one.name}")
    return frame


def _audio(fields: Mapping[str, Any], pcm: bytes) -> Audio:
    rate, form = fields["rate"], fields["format"]
    widths: Mapping[SampleFormat, int] = WIDTH
    if type(rate) is not int or not 1_000 <= rate <= 768_000 or len(pcm) % widths[form]:
        raise ValueError(rate)
    return Audio(pcm, rate, form, tuple(_timing(row) for row in fields.get("timings", ())))


def _timing(row: Sequence[Any]) -> Timing:
    timing = Timing(*row)
    numbers = (timing.start, timing.end, timing.at, timing.until)
    if timing.kind not in ("word", "sentence") or any(type(n) not in (int, float) for n in numbers):
        raise ValueError(row)
    return timing


def failed(failure: TtmError) -> Failed:
    """The frame for a failure."""
    about: dict[str, Any] = {}
    if isinstance(failure, Unspeakable):
        about = {
            "place": failure.place,
            "attempts": failure.attempts,
            "findings": list(failure.findings),
        }
    return Failed(failure.code, failure.what, failure.fix, about)


def failure(
    code: str, what: str, fix: str = "", about: Mapping[str, Any] | None = None
) -> TtmError:
    """The error that a server names by its code: the same leaf as at home."""
    leaf = next((one for one in every_error() if one.code == code), RemoteError)
    if leaf is TtmError:  # a bug over there is none here
        return RemoteError(f"the server failed: {what}", fix)
    if leaf is Unspeakable and about:
        place = about.get("place")
        return Unspeakable(
            what,
            fix,
            place=place if isinstance(place, dict) else None,
            attempts=_whole(about.get("attempts")),
            findings=[one for one in about.get("findings") or () if isinstance(one, dict)],
        )
    if leaf is EngineCrashed:
        return EngineCrashed(what, fix)
    return leaf(what, fix)


def _whole(number: object) -> int:
    return number if type(number) is int else 1


def wired(pieces: Sequence[str | Opening]) -> str | list[Any]:
    """A text as a request has it: a string, or a list in which an object begins another text."""
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(map(str, pieces))
    return [piece if isinstance(piece, str) else asdict(piece) for piece in pieces]


def check_protocol(told: str | None, other: str, ours: str) -> None:
    """Raise Incompatible for what the other side tells to speak, if it is not what we do.

    `other` and `ours`: who they are, with their versions.
    """
    if told not in (None, str(PROTOCOL)):
        raise Incompatible(
            f"{other} speaks protocol {str(told)[:8]!r} and {ours} protocol '{PROTOCOL}'",
            "Bring both to the same version",
        )


def print_of(config: Config) -> str:
    """A fingerprint of the settings that decide what a request becomes, and do not go with it."""
    sections = {
        each.name: asdict(getattr(config, each.name))
        for each in dataclasses.fields(config)
        if each.name not in (*AT_HOME, "origins", "document")
    }
    for key in (*TRAVELS, KEEP):
        section, _, name = key.partition(".")
        sections[section].pop(name)
    text = json.dumps(sections, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
