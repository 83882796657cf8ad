"""What ttm and its worker tell each other: one JSON line a message, raw PCM behind `Sound`.

A malformed message is a WireError and the end of the stream is None; they are never confused.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, get_args

from ttm.audio import WIDTH, Audio, SampleFormat
from ttm.errors import WireError
from ttm.speech import Phonemes, Speech, Timing, Voice
from ttm.voicefile import Tensor

LINE_MAX = 16 << 20
"""Bytes of one JSON line; a longer one is not ours."""
PCM_MAX = 1 << 30
"""Bytes of sound behind one line: 93 minutes of float32 at 48 kHz."""


@dataclass(frozen=True, slots=True)
class Load:
    """To the worker, first: become this engine."""

    kind: ClassVar[str] = "load"
    engine: str
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Speak:
    kind: ClassVar[str] = "speak"
    id: int
    speech: Speech
    then: tuple[Speech, ...] = ()
    """What will probably be asked for next, in this order."""


@dataclass(frozen=True, slots=True)
class Cancel:
    kind: ClassVar[str] = "cancel"
    id: int


@dataclass(frozen=True, slots=True)
class ListVoices:
    kind: ClassVar[str] = "list_voices"
    id: int


@dataclass(frozen=True, slots=True)
class AskPrompt:
    """To the worker: make of this recording what its voice is cloned from."""

    kind: ClassVar[str] = "ask_prompt"
    id: int
    recording: str
    transcript: str


@dataclass(frozen=True, slots=True)
class AskPhonemes:
    """To the worker: how would this voice pronounce this text?"""

    kind: ClassVar[str] = "ask_phonemes"
    id: int
    text: str
    voice: str


@dataclass(frozen=True, slots=True)
class Loading:
    """From the worker: what it is loading."""

    kind: ClassVar[str] = "loading"
    what: str
    part: float
    """How much of it is there, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Ready:
    """From the worker: the engine is loaded."""

    kind: ClassVar[str] = "ready"
    engine: str
    effective: dict[str, Any] = dataclasses.field(default_factory=dict)
    """What it runs with, where it says so."""


@dataclass(frozen=True, slots=True)
class Beat:
    """From the worker, every `BEAT` seconds: still here."""

    kind: ClassVar[str] = "beat"
    breathing: bool = False
    """The engine drew breath since the last one: it is at work, though there is no sound."""


@dataclass(frozen=True, slots=True)
class Sound:
    kind: ClassVar[str] = "sound"
    id: int
    audio: Audio


@dataclass(frozen=True, slots=True)
class Note:
    """From the worker, about a speech: what its user should know."""

    kind: ClassVar[str] = "note"
    id: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Voices:
    kind: ClassVar[str] = "voices"
    id: int
    voices: tuple[Voice, ...]


@dataclass(frozen=True, slots=True)
class MadePrompt:
    """From the worker: what it made, to be kept; nothing where there is nothing to keep."""

    kind: ClassVar[str] = "made_prompt"
    id: int
    fingerprint: str
    prompt: dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class MadePhonemes:
    """From the worker: the text in IPA; empty from an engine that cannot tell."""

    kind: ClassVar[str] = "phonemes"
    id: int
    ipa: str


@dataclass(frozen=True, slots=True)
class Done:
    """From the worker: this request is finished, or was cancelled."""

    kind: ClassVar[str] = "done"
    id: int


@dataclass(frozen=True, slots=True)
class Failed:
    """From the worker: this request failed; `code` names a leaf of the error tree.

    id 0 means that loading failed.
    """

    kind: ClassVar[str] = "failed"
    id: int
    code: str
    what: str
    fix: str = ""
    contained: bool = False
    log: str = ""


Message = (
    Load
    | Speak
    | Cancel
    | ListVoices
    | AskPrompt
    | AskPhonemes
    | Loading
    | Ready
    | Beat
    | Sound
    | Note
    | Voices
    | MadePrompt
    | MadePhonemes
    | Done
    | Failed
)

KINDS: dict[str, type[Message]] = {message.kind: message for message in get_args(Message)}

PLAIN = {"int": int, "float": float, "str": str, "bool": bool, "dict[str, Any]": dict}
"""Types of fields, as annotated, that JSON has too."""

BEAT = 0.3
"""Seconds between two beats."""


def encode(message: Message) -> bytes:
    """The message as it travels."""
    fields: dict[str, Any] = {"type": message.kind}
    payload = b""
    for field in dataclasses.fields(message):
        value = getattr(message, field.name)
        if isinstance(value, Audio):
            fields |= {
                "rate": value.rate,
                "format": value.sample_format,
                "bytes": len(value.pcm),
                "timings": [_row(timing) for timing in value.timings],
            }
            if value.codes or value.cut:
                fields |= {"codes": value.codes, "cut": value.cut}
            payload = value.pcm
        elif isinstance(value, Speech):
            fields[field.name] = _spoken(value)
        elif field.name == "then":
            fields[field.name] = [_spoken(one) for one in value]
        elif field.name == "voices":
            fields[field.name] = [_plain(one) for one in value]
        elif field.name == "prompt":
            fields[field.name] = {name: _wired(tensor) for name, tensor in value.items()}
        else:
            fields[field.name] = value
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n" + payload


def decode(line: bytes) -> tuple[type[Message], dict[str, Any], int]:
    """A line's message class, its fields, and how many bytes of sound follow it.

    Raises WireError for anything that `encode` does not write.
    """
    try:
        fields = json.loads(line)
        kind = KINDS[fields.pop("type")]
        size = fields.pop("bytes", 0) if kind is Sound else 0
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as failure:
        raise WireError(f"not a message: {line[:60]!r}") from failure
    if type(size) is not int or not 0 <= size <= PCM_MAX:
        raise WireError(f"a sound of {size!r} bytes")
    return kind, fields, size


def assemble(kind: type[Message], fields: Mapping[str, Any], pcm: bytes) -> Message:
    """The message of these fields.

    Raises WireError when fields are missing, unknown or of the wrong type.
    """
    try:
        values = dict(fields)
        if kind is Sound:
            values["audio"] = _audio(values, pcm)
        if kind is Speak:
            values["speech"] = _speech(values["speech"])
            values["then"] = tuple(_speech(speech) for speech in values["then"])
        if kind is Voices:
            values["voices"] = tuple(_voice(voice) for voice in values["voices"])
        if kind is MadePrompt:
            values["prompt"] = {name: _tensor(row) for name, row in values["prompt"].items()}
        message = kind(**values)
    except (TypeError, KeyError, ValueError, AttributeError) as failure:
        raise WireError(f"a malformed {kind.kind} message") from failure
    for field in dataclasses.fields(message):
        wanted = PLAIN.get(str(field.type))
        if wanted is not None and type(getattr(message, field.name)) is not wanted:
            raise WireError(f"a {kind.kind} message with a wrong {field.name}")
    return message


class Channel:
    """One end of the wire. Any thread may send; one thread receives."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._sending = threading.Lock()
        self._buffer = bytearray()
        self._head: tuple[type[Message], dict[str, Any], int] | None = None

    def send(self, message: Message) -> None:
        """Raises OSError when the other end is gone."""
        wired = encode(message)
        with self._sending:
            self._socket.sendall(wired)

    def receive(self, seconds: float | None = None) -> Message | None:
        """The next message; None at the end of the stream.

        Raises TimeoutError when none was complete after `seconds`, WireError for junk.
        What had arrived is kept for the next call.
        """
        while True:
            if (message := self._next()) is not None:
                return message
            self._socket.settimeout(seconds)
            try:
                block = self._socket.recv(1 << 18)
            except ConnectionError:
                block = b""
            finally:
                self._socket.settimeout(None)
            if not block:
                if self._buffer or self._head:
                    raise WireError("the wire ended inside a message")
                return None
            self._buffer += block

    def _next(self) -> Message | None:
        if self._head is None:
            size = self._buffer.find(b"\n", 0, LINE_MAX)
            if size < 0:
                if len(self._buffer) >= LINE_MAX:
                    raise WireError(f"a line of over {LINE_MAX} bytes")
                return None
            self._head = decode(bytes(self._buffer[:size]))
            del self._buffer[: size + 1]
        kind, fields, size = self._head
        if len(self._buffer) < size:
            return None
        with memoryview(self._buffer) as view:
            pcm = bytes(view[:size])
        del self._buffer[:size]
        self._head = None
        return assemble(kind, fields, pcm)

    def close(self) -> None:
        self._socket.close()


def _plain(record: Speech | Voice) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def _spoken(speech: Speech) -> dict[str, Any]:
    return _plain(speech) | {"phonemes": [[p.start, p.end, p.ipa] for p in speech.phonemes]}


def _speech(fields: dict[str, Any]) -> Speech:
    return Speech(**{**fields, "phonemes": tuple(Phonemes(*row) for row in fields["phonemes"])})


def _wired(tensor: Tensor) -> list[Any]:
    return [tensor.kind, list(tensor.shape), base64.b64encode(tensor.data).decode()]


def _tensor(row: list[Any]) -> Tensor:
    kind, shape, data = row
    return Tensor(str(kind), tuple(map(int, shape)), base64.b64decode(data, validate=True))


def _row(timing: Timing) -> list[Any]:
    return [timing.kind, timing.start, timing.end, timing.at, timing.until, timing.exact]


def _audio(values: dict[str, Any], pcm: bytes) -> Audio:
    rate, sample_format = values.pop("rate"), values.pop("format")
    timings = tuple(Timing(*row) for row in values.pop("timings"))
    codes, cut = tuple(values.pop("codes", ())), values.pop("cut", False)
    if type(rate) is not int or rate <= 0:
        raise ValueError(rate)
    formats: Mapping[SampleFormat, int] = WIDTH
    if len(pcm) % formats[sample_format]:
        raise ValueError("half a sample")
    if any(type(code) is not int for code in codes) or type(cut) is not bool:
        raise ValueError("codes that are none")
    return Audio(pcm, rate, sample_format, timings, codes, cut)


def _voice(fields: dict[str, Any]) -> Voice:
    lists = {"languages": tuple(fields["languages"]), "aliases": tuple(fields["aliases"])}
    return Voice(**{**fields, **lists})
