"""Everything that can go wrong, as one tree. Doors translate; nobody matches messages.

TtmError                       exit  status  code
├── UsageError                   2    400    invalid_request
│   ├── UnknownName              2    400    unknown_name
│   ├── UnknownModel             2    404    unknown_model
│   ├── InvalidModelId           2    400    invalid_model
│   ├── BadRecording             2    400    invalid_audio
│   ├── NameTaken                2    409    name_taken
│   ├── TooManyVoices            2    400    too_many_voices
│   ├── AlreadyStarted           2    409    already_started
│   └── NotStarted               2    409    not_started
├── TextError                    3    400    invalid_text
│   ├── NothingToSpeak           3    400    empty_input
│   └── UnreadableText           3    400    unreadable_text
├── ConfigError                  4    500    invalid_config
├── ModelError                   5    503    model_unavailable
│   ├── ModelMissing             5    503    model_missing
│   ├── DownloadFailed           5    503    download_failed
│   ├── BadCheckpoint            5    503    bad_checkpoint
│   ├── BadVoice                 5    503    bad_voice
│   ├── EngineUnavailable        5    503    engine_unavailable
│   │   └── RuntimeMissing       5    503    runtime_missing
│   ├── StagingFailed            5    503    staging_failed
│   └── NotReady                 5    503    not_ready
├── SynthesisError               6    500    synthesis_failed
│   ├── EngineCrashed            6    500    worker_crashed
│   ├── EngineHung               6    504    synthesis_timeout
│   │   └── StartupTimedOut      6    504    startup_timeout
│   ├── SynthesisTimedOut        6    504    deadline_exceeded
│   ├── BadAudio                 6    500    bad_audio
│   ├── Unspeakable              6    500    unspeakable
│   └── WireError                6    500    wire_broken
├── RemoteError                  9    502    remote_failed
│   ├── RemoteUnreachable        9    502    remote_unreachable
│   ├── RemoteRefused            9    502    remote_refused
│   ├── RemoteBusy               9    503    remote_busy
│   ├── Incompatible             9    409    incompatible
│   └── NotConformant            9    502    not_conformant
├── ServerError                  9    503    server_unavailable
│   ├── ModelBusy                9    409    model_busy
│   └── QueueFull                9    503    queue_full
├── OutputError                  7    507    output_failed
│   └── ReaderLeft             141    499    reader_left
├── SpeakerBusy                  9    503    speaker_busy
└── DeviceError                  8    500    no_audio_device
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import ClassVar


class TtmError(Exception):
    """A failure with a sentence for its user: what happened, and what to do about it."""

    exit_code: ClassVar[int] = 1
    """What the command line exits with."""
    status: ClassVar[int] = 500
    """What the HTTP server answers with."""
    code: ClassVar[str] = "internal_error"
    """A stable name for programs, in JSON and on the wire."""

    def __init__(self, what: str, fix: str = "") -> None:
        self.what = what.rstrip(".")
        self.fix = fix.rstrip(".")
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """`<what>. <what to do>` on one line."""
        return f"{self.what}. {self.fix[:1].upper()}{self.fix[1:]}" if self.fix else self.what


class UsageError(TtmError):
    """An option, a name or a combination that cannot be meant."""

    exit_code, status, code = 2, 400, "invalid_request"


class UnknownName(UsageError):
    """A voice, language, format or profile that does not exist."""

    code = "unknown_name"


class UnknownModel(UsageError):
    """A model that does not exist."""

    status, code = 404, "unknown_model"


class InvalidModelId(UsageError):
    """A name that no model on a hub can have."""

    code = "invalid_model"


class BadRecording(UsageError):
    """A recording that cannot be read, or from which no voice could be cloned; `findings` holds
    what was looked at, where it could be heard at all."""

    code = "invalid_audio"

    def __init__(
        self, what: str, fix: str = "", findings: Iterable[Mapping[str, str]] = ()
    ) -> None:
        super().__init__(what, fix)
        self.findings = tuple(findings)


class NameTaken(UsageError):
    """A voice has this name already."""

    status, code = 409, "name_taken"


class TooManyVoices(UsageError):
    """The library holds as many voices as the settings allow."""

    code = "too_many_voices"


class AlreadyStarted(UsageError):
    """A service that is to be started is started."""

    status, code = 409, "already_started"


class NotStarted(UsageError):
    """A service that is asked for something is not started, or was stopped meanwhile."""

    status, code = 409, "not_started"


class TextError(TtmError):
    """The text cannot be spoken as it was given."""

    exit_code, status, code = 3, 400, "invalid_text"


class NothingToSpeak(TextError):
    """The text holds no letter, digit or symbol that could be spoken."""

    code = "empty_input"


class UnreadableText(TextError):
    """The text could not be read, or its bytes are not in the stated encoding."""

    code = "unreadable_text"


class ConfigError(TtmError):
    """The settings are wrong; `problems` holds one sentence for each, in the file's order."""

    exit_code, status, code = 4, 500, "invalid_config"

    def __init__(self, what: str, fix: str = "", problems: Iterable[str] = ()) -> None:
        super().__init__(what, fix)
        self.problems = tuple(problems)


class ModelError(TtmError):
    """A model, voice or runtime is missing or cannot be loaded."""

    exit_code, status, code = 5, 503, "model_unavailable"


class ModelMissing(ModelError):
    """A model that can be fetched and is not here; `model` is its name for `ttm models pull`."""

    code = "model_missing"

    def __init__(self, what: str, fix: str = "", *, model: str = "") -> None:
        super().__init__(what, fix)
        self.model = model


class DownloadFailed(ModelError):
    """A model's files could not be fetched whole, or could not be kept.

    `again_in`: seconds after which another attempt may succeed; None where it would fail too.
    """

    code = "download_failed"

    def __init__(self, what: str, fix: str = "", *, again_in: float | None = None) -> None:
        super().__init__(what, fix)
        self.again_in = again_in


class BadCheckpoint(ModelError):
    """A checkpoint's files are missing, damaged, or of a model that ttm does not know."""

    code = "bad_checkpoint"


class BadVoice(ModelError):
    """A voice file is missing, damaged, or was not written by ttm."""

    code = "bad_voice"


class EngineUnavailable(ModelError):
    """The engine cannot start here, or crashed so often that it is left alone for a while."""

    code = "engine_unavailable"


class RuntimeMissing(EngineUnavailable):
    """The engine needs the neural runtime, which is not staged here or does not fit.

    `model`: the name of a model that is missing too, for `ttm runtime stage --model`.
    """

    code = "runtime_missing"

    def __init__(self, what: str, fix: str = "", *, model: str = "") -> None:
        super().__init__(what, fix)
        self.model = model


class StagingFailed(ModelError):
    """The neural runtime could not be made; the one before it is as it was."""

    code = "staging_failed"


class NotReady(ModelError):
    """A service has no model loaded, or not yet."""

    code = "not_ready"


class SynthesisError(TtmError):
    """The engine did not turn this text into speech."""

    exit_code, status, code = 6, 500, "synthesis_failed"


class EngineCrashed(SynthesisError):
    """The engine's process died.

    `contained`: only the process that spoke this text died, and the worker lives on.
    `killed`: by SIGKILL, which comes from outside, and mostly for want of memory.
    `log`: the last lines that the process wrote to stderr.
    """

    code = "worker_crashed"

    def __init__(
        self,
        what: str,
        fix: str = "",
        *,
        contained: bool = False,
        killed: bool = False,
        log: str = "",
    ) -> None:
        super().__init__(what, fix)
        self.contained = contained
        self.killed = killed
        self.log = log


class EngineHung(SynthesisError):
    """The engine made no progress for too long and was killed."""

    status, code = 504, "synthesis_timeout"


class StartupTimedOut(EngineHung):
    """A model was not loaded in the time that it was given."""

    code = "startup_timeout"


class SynthesisTimedOut(SynthesisError):
    """A server gave up a text that took longer than it allows."""

    status, code = 504, "deadline_exceeded"


class BadAudio(SynthesisError):
    """The engine answered without sound, or with samples that are not numbers."""

    code = "bad_audio"


class Unspeakable(SynthesisError):
    """A piece of the text that the engine cannot speak; the sentence names its place.

    `place`: its `start` and `end` in characters from 0, `line` and `column` from 1. `findings`:
    what was wrong with the sound, where there was any, in all `attempts`.
    """

    code = "unspeakable"

    def __init__(
        self,
        what: str,
        fix: str = "",
        *,
        place: Mapping[str, int] | None = None,
        attempts: int = 1,
        findings: Iterable[Mapping[str, object]] = (),
    ) -> None:
        super().__init__(what, fix)
        self.place = dict(place or {})
        self.attempts = attempts
        self.findings = tuple(findings)


class WireError(SynthesisError):
    """A message between ttm and its worker was malformed."""

    code = "wire_broken"


class RemoteError(TtmError):
    """A server that was to speak answered with something else, or broke off."""

    exit_code, status, code = 9, 502, "remote_failed"


class RemoteUnreachable(RemoteError):
    """A server cannot be reached, or is silent for too long."""

    code = "remote_unreachable"


class RemoteRefused(RemoteError):
    """A server does not take the request as it is: its key, its model, its fields."""

    code = "remote_refused"


class RemoteBusy(RemoteError):
    """A server has too much to do, or is not ready yet; the sentence says when to try again."""

    status, code = 503, "remote_busy"


class Incompatible(RemoteError):
    """A client and a server of ttm that do not understand each other."""

    status, code = 409, "incompatible"


class NotConformant(RemoteError):
    """A server does not do what its clients need."""

    code = "not_conformant"


class ServerError(TtmError):
    """A server of ttm cannot do what it is asked for as things are."""

    exit_code, status, code = 9, 503, "server_unavailable"


class ModelBusy(ServerError):
    """A model is at work, so that it cannot be let go or replaced."""

    status, code = 409, "model_busy"


class QueueFull(ServerError):
    """As many wait for a model as may; `again_in`: seconds after which another attempt may do."""

    code = "queue_full"

    def __init__(self, what: str, fix: str = "", *, again_in: float = 1.0) -> None:
        super().__init__(what, fix)
        self.again_in = again_in


class OutputError(TtmError):
    """The result could not be written."""

    exit_code, status, code = 7, 507, "output_failed"


class ReaderLeft(OutputError):
    """Whoever read our output closed it; nothing is wrong, and nothing is said."""

    exit_code, status, code = 141, 499, "reader_left"


class SpeakerBusy(TtmError):
    """So many are waiting to speak already."""

    exit_code, status, code = 9, 503, "speaker_busy"


class DeviceError(TtmError):
    """No loudspeaker can be used."""

    exit_code, status, code = 8, 500, "no_audio_device"


def every_error(root: type[TtmError] = TtmError) -> list[type[TtmError]]:
    """The whole tree below and including `root`, parents before children."""
    found = [root]
    for leaf in root.__subclasses__():
        found += every_error(leaf)
    return found


def nearest(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """At most `limit` known names that look like `name`, best first."""
    names = {k.casefold(): k for k in known}
    hits = difflib.get_close_matches(name.casefold(), names, n=limit, cutoff=0.6)
    return [names[hit] for hit in hits]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean 'a' or 'b'?` when something known looks like `name`, else empty."""
    hits = nearest(name, known)
    return "did you mean " + " or ".join(f"'{hit}'" for hit in hits) + "?" if hits else ""
