"""The parent's side of the encoder: samples go to a child process, and what it makes to a target.

A file is written by the child itself, which can go back to its header. Into a stream the bytes are
relayed by a thread of ours, so that a reader who left and a disk that is full are met in one place.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from dataclasses import asdict, dataclass
from io import FileIO
from typing import Any

from ttm.audio import SampleFormat
from ttm.audio.encoder import Settings
from ttm.audio.formats import Format
from ttm.audio.sink import Plain, Sink
from ttm.audio.target import Target
from ttm.child import Child, death, own_module
from ttm.errors import OutputError, TtmError

LAST_STEPS = 10
"""Seconds that a child has to exit after it closed its report."""


@dataclass(frozen=True, slots=True)
class Started:
    """An encoder's process that does not know its settings yet."""

    child: Child
    feed: FileIO
    report: FileIO
    relayed: FileIO | None
    """What it makes of a stream; None where it writes a file itself."""

    def end(self) -> None:
        """It is not needed after all."""
        self.child.kill()
        for file in (self.feed, self.report, self.relayed):
            if file is not None:
                file.close()


def started(file: int | None = None, *, spare: bool = False) -> Started:
    """Start an encoder of streams, or of this open file; it takes a tenth of a second to be ready.

    `spare`: it is not needed yet, and has the time to load whatever any format needs. Raises
    OutputError.
    """
    with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
        fed, feed = _pipe(theirs, ours)
        report, reporting = _pipe(ours, theirs)
        relayed, out = None, file
        if out is None:
            relayed, encoded = _pipe(ours, theirs)
            out = encoded.fileno()
        try:
            child = Child(
                own_module("ttm.audio.encoder", str(out), *["spare"] * spare),
                pass_fds=[out],
                stdin=fed.fileno(),
                stdout=reporting.fileno(),
            )
        except OSError as failure:
            raise OutputError(f"cannot start the encoder: {failure.strerror}") from None
        ours.pop_all()
    return Started(child, feed, report, relayed)


class EncodedSink(Sink):
    """Every format and conversion that needs a library."""

    def __init__(
        self,
        target: Target,
        form: Format,
        rate: int,
        native_rate: int,
        sample_format: SampleFormat,
        *,
        bitrate: int,
        normalize: bool,
        plain: Plain | None,
        early: Started | None = None,
    ) -> None:
        super().__init__(target, form, rate, native_rate, sample_format)
        self._plain = plain
        self._failure: TtmError | None = None
        self._relay: threading.Thread | None = None
        settings = Settings(
            form="" if plain else form.name,
            rate=native_rate,
            sample_format=sample_format,
            output_rate=rate,
            bitrate=bitrate,
            normalize=normalize,
            into_file=target.seekable and plain is None,
        )
        made = early or started(target.fileno() if settings.into_file else None)
        self._child, self._feed, self._report = made.child, made.feed, made.report
        relayed = made.relayed
        if relayed is not None:
            self._relay = threading.Thread(target=self._pass_on, args=[relayed], daemon=True)
            self._relay.start()
        try:
            self._send(json.dumps(asdict(settings)).encode() + b"\n")
        except BaseException:
            self._stop()
            raise

    def _send(self, pcm: bytes) -> None:
        view = memoryview(pcm)
        try:
            while view:
                view = view[self._feed.write(view) :]
        except BrokenPipeError:
            raise self._why() from None

    def _finish(self) -> tuple[int, str]:
        self._feed.close()
        if self._relay is not None:
            self._relay.join()
        answer = self._answer()
        if self._failure is not None or "samples" not in answer:
            raise self._why(answer)
        self._child.wait(LAST_STEPS)
        if self._plain is not None:
            return self._plain.finish()
        return answer["samples"], ""

    def _stop(self) -> None:
        self._feed.close()
        if self._child.wait(0) is None:
            self._child.kill()
        if self._relay is not None:
            # A reader that is merely slow can hold the relay; it ends when that one moves or goes.
            self._relay.join(1)
        self._report.close()

    def _pass_on(self, relayed: FileIO) -> None:
        """The relay: bytes of the child to the target, until the child closes its end."""
        with relayed:
            try:
                while block := relayed.read(65536):
                    if self._plain is not None:
                        self._plain.write(block)
                    else:
                        self._target.write(block)
            except TtmError as failure:
                self._failure = failure
                # Whoever feeds the child learns of it by a broken pipe.
                self._child.kill()

    def _answer(self) -> dict[str, Any]:
        """The one JSON object that the child ends with; empty when it did not get that far."""
        said = self._report.readall()
        answer: dict[str, Any] = json.loads(said.splitlines()[-1]) if said.endswith(b"\n") else {}
        return answer

    def _why(self, answer: dict[str, Any] | None = None) -> TtmError:
        """What went wrong, once the child is gone or going."""
        if self._relay is not None:
            self._relay.join()
        if self._failure is not None:
            return self._failure
        answer = self._answer() if answer is None else answer
        if "errno" in answer:
            return self._target.failed(OSError(answer["errno"], os.strerror(answer["errno"])))
        if "error" in answer:
            return OutputError(f"cannot write {self._target.name}: {answer['error']}")
        status = self._child.wait(LAST_STEPS)
        ended = death(self._child.kill() if status is None else status)
        said = ": ".join([ended, *self._child.last_words().splitlines()[-1:]])
        return OutputError(
            f"cannot write {self._target.name}: the {self._form.name} encoder died with {said}",
            "Try again, or another --format",
        )


def _pipe(reader: contextlib.ExitStack, writer: contextlib.ExitStack) -> tuple[FileIO, FileIO]:
    """A pipe, each of its ends closed with the stack of whoever has it."""
    reading, writing = os.pipe()
    return (
        reader.enter_context(FileIO(reading, "rb")),
        writer.enter_context(FileIO(writing, "wb")),
    )
