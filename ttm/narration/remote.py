"""A server of ttm in a Narrator's place: the same request, the same Audio with Timings, the same
errors, spoken elsewhere."""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from types import TracebackType
from typing import Any, Self

from ttm import __version__, voices
from ttm.audio import Audio
from ttm.config import Config
from ttm.errors import BadRecording, RemoteError
from ttm.narration.exchange import OURS, Answer, Server
from ttm.narration.frames import (
    KEEP,
    MEDIA_TYPE,
    SPEAKS,
    TRAVELS,
    Begin,
    End,
    Failed,
    Frame,
    Loading,
    Malformed,
    Note,
    Sound,
    check_protocol,
    decoded,
    failure,
    wired,
)
from ttm.narration.guard import Finding
from ttm.narration.plan import Chunk
from ttm.narration.report import Bad, Guarding, Report, Skip
from ttm.speech import Voice
from ttm.text.markup import Opening

RECORDING_MAX = 10 << 20
"""Bytes of a recording that a server takes."""
OF_HERE = ("format", "sample_rate", "bitrate", "normalize", "vtt_words", "instant")
"""Settings of `[say]` that are about files and the loudspeaker, which are here."""
SAY = "/v1/ttm/say"
STATUS = "/v1/ttm/status"


class RemoteNarration:
    """A text being spoken by a server: iterate for its Audio; `report` says how it goes.

    It has begun: `began` tells who speaks. To cancel, leave the `with` block; the server stops.
    """

    def __init__(
        self,
        server: Server,
        answer: Answer,
        loading: Callable[[str, str, float], None] | None = None,
    ) -> None:
        self._server, self._answer = server, answer
        self._loading = loading
        self._frames = self._heard(decoded(answer))
        self._notes: list[str] = []
        self.began = self._begun()
        began = self.began
        self.report = Report(
            began.model,
            began.voice,
            began.language,
            began.seed,
            began.engine,
            notes=[*began.warnings, *self._notes],
        )

    @property
    def voice(self) -> Voice:
        """Who speaks."""
        began = self.began
        tags = (began.language,) if began.language else ()
        return Voice(began.voice, tags, began.description, model=began.model)

    def __iter__(self) -> Iterator[Audio]:
        samples = 0
        for frame in self._frames:
            if isinstance(frame, Note):
                self.report.note(frame.sentence)
            elif isinstance(frame, Sound):
                samples += frame.audio.samples
                self.report.seconds = samples / frame.audio.rate
                for timing in frame.audio.timings:
                    self.report.characters = max(self.report.characters, timing.end)
                    self.report.chunks += timing.kind == "sentence"
                yield frame.audio
            elif isinstance(frame, End):
                self._complete(frame.report)

    def close(self) -> None:
        """Hang up, wherever it is."""
        self._answer.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _begun(self) -> Begin:
        for frame in self._frames:
            if isinstance(frame, Begin):
                return frame
            if isinstance(frame, Note):
                self._notes.append(frame.sentence)
            elif not isinstance(frame, Loading):
                break
        raise RemoteError(f"{self._server} did not say who speaks", OURS)

    def _heard(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """The frames but those of failures and of loading, for which something is done."""
        while True:
            try:
                frame = next(frames)
            except StopIteration:
                self._drain()
                return
            except Malformed as wrong:
                self.close()
                told = f"{self._server} sent what no server of ttm sends: {wrong}"
                raise RemoteError(told, OURS) from None
            except EOFError:
                self.close()
                told = f"{self._server} broke off in the middle of its answer"
                raise RemoteError(told, "Try again") from None
            if isinstance(frame, Failed):
                raise failure(frame.code, frame.what, frame.fix, frame.about)
            if isinstance(frame, Loading):
                if self._loading:
                    self._loading(frame.model, frame.what, frame.part)
                continue
            yield frame

    def _drain(self) -> None:
        """Read the end of the body, so that the connection is good for another request."""
        with contextlib.suppress(RemoteError):
            while self._answer.read1():
                pass

    def _complete(self, told: Mapping[str, Any]) -> None:
        try:
            report = _report(told)
        except (TypeError, KeyError, ValueError, AttributeError):
            self.close()
            raise RemoteError(f"{self._server} sent a report of another shape", OURS) from None
        for one in fields(report):
            if one.name != "notes":
                setattr(self.report, one.name, getattr(report, one.name))
        for note in report.notes:
            self.report.note(note)


class RemoteNarrator:
    """A server that speaks; what is asked of it is under these settings.

    `whole`: all settings of `[say]` go with a request, rather than those alone that somebody has
    set; for a server whose settings are ours.
    """

    def __init__(
        self,
        server: Server,
        config: Config,
        *,
        whole: bool = False,
        loading: Callable[[str, str, float], None] | None = None,
    ) -> None:
        self.server = server
        self._config = config
        self._whole = whole
        self._loading = loading

    def begin(
        self,
        pieces: Sequence[str | Opening],
        *,
        transcript: str = "",
        unheard: bool = False,
    ) -> RemoteNarration:
        """Have it speak a text, from the moment on where it knows who does.

        `transcript`: what is said in the recording whose voice it is. `unheard`: nobody listens
        before all of it is there. Raises RemoteError, and what a Narrator raises.
        """
        asked: dict[str, Any] = {"text": wired(pieces), "settings": self.settings()}
        if recording := self._recording():
            asked["recording"] = base64.b64encode(recording).decode()
            asked["settings"].pop("say.voice", None)
        if transcript:
            asked["transcript"] = transcript
        if unheard:
            asked["unheard"] = True
        if self._config.origin(KEEP).kind != "default":
            asked["keep_alive"] = self._config.models.keep_alive
        answer = self.server.ask("POST", SAY, asked, kind=MEDIA_TYPE)
        try:
            told = answer.headers.get(SPEAKS)
            check_protocol(told, str(self.server), f"this ttm {__version__}")
            return RemoteNarration(self.server, answer, self._loading)
        except BaseException:
            self.server.close()
            raise

    def settings(self) -> dict[str, Any]:
        """What goes with a request, by key."""
        say = {
            f"say.{name}": one
            for name, one in asdict(self._config.say).items()
            if name not in OF_HERE
        }
        for key in TRAVELS:
            section, _, name = key.partition(".")
            say[key] = getattr(getattr(self._config, section), name)
        if self._whole:
            return say
        return {k: v for k, v in say.items() if self._config.origin(k).kind != "default"}

    def _recording(self) -> bytes:
        """The recording that the settings name as the voice; empty where they name none."""
        name = self._config.say.voice
        if not name or not voices.is_recording(name):
            return b""
        path = voices.recorded(name, "").recording
        try:
            if os.path.getsize(path) > RECORDING_MAX:
                raise BadRecording(
                    f"{name} has over {RECORDING_MAX >> 20} MiB", "A voice needs 10 seconds"
                )
            with open(path, "rb") as file:
                return file.read()
        except OSError as trouble:
            raise BadRecording(f"cannot read {name}: {trouble.strerror}") from None


class Begun:
    """A narration that has begun, in the place of the narrator that would begin it."""

    def __init__(self, narration: RemoteNarration) -> None:
        self._narration = narration

    def narrate(self, chunks: Iterable[Chunk], **options: object) -> RemoteNarration:
        """It; what it speaks was decided."""
        return self._narration

    def stop(self) -> None:
        """From another thread: nothing, as the connection is one thread's alone, and what comes
        next ends it."""


def _report(told: Mapping[str, Any]) -> Report:
    """Raises TypeError, KeyError, ValueError or AttributeError for what is no report."""
    known = {one.name for one in fields(Report)}
    values: dict[str, Any] = {name: one for name, one in told.items() if name in known}
    values["skips"] = [Skip(**one) for one in values.get("skips", ())]
    values["notes"] = [str(note) for note in values.get("notes", ())]
    values["effective"] = dict(values.get("effective", {}))
    found = dict(values.get("guard", {}))
    found["chunks"] = [
        Bad(**{**one, "findings": tuple(Finding(**each) for each in one["findings"])})
        for one in found.get("chunks", ())
    ]
    values["guard"] = Guarding(**found)
    for name in ("chunks", "cached", "characters", "retried", "clipped", "skipped", "seed"):
        if type(values.get(name, 0)) is not int:
            raise ValueError(name)
    if type(values.get("seconds", 0.0)) not in (int, float):
        raise ValueError("seconds")
    return Report(**values)
