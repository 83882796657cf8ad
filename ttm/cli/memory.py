"""What a speech leaves in the history."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from ttm.cli.request import Outcome, Request, warn
from ttm.config import Config
from ttm.errors import OutputError, TtmError
from ttm.narration.history import TEXT_MAX, Fingerprint, Said, open_history, unusual
from ttm.speech import Voice
from ttm.text.markup import Opening


class Memory:
    """Listens to a speech, and notes it when it is left, however it ended; never fails it."""

    def __init__(self, request: Request, config: Config, outcome: Outcome) -> None:
        self._request = request
        self._config = config
        self._outcome = outcome
        self._print: Fingerprint | None = None
        self._text: list[str] = []
        self._about: dict[str, str] = {}
        self._began = time.time()

    def listen(self, pieces: Iterator[str | Opening]) -> Iterator[str | Opening]:
        """The pieces as they come."""
        if not self._request.history or self._config.history.keep == "off":
            return pieces
        try:
            self._print = open_history(self._config).fingerprint()
        except OutputError as failure:
            self._excuse(failure)
            return pieces
        return self._heard(pieces, self._print)

    def begin(self, model: str, voice: Voice, language: str) -> None:
        """Somebody begins to speak; what ends before that is no speech."""
        name = voice.recording if voice.source == "recording" else voice.name
        self._about = {"model": model, "voice": name, "language": language}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._print is None or not self._about:
            return
        try:
            open_history(self._config).add(self._said(self._print, failure))
        except OutputError as refused:
            self._excuse(refused)

    def _heard(
        self, pieces: Iterator[str | Opening], fingerprint: Fingerprint
    ) -> Iterator[str | Opening]:
        keeps = self._config.history.keep == "full"
        for piece in pieces:
            if not isinstance(piece, str):
                yield piece
                continue
            fingerprint.add(piece)
            if keeps and fingerprint.characters <= TEXT_MAX:
                self._text.append(piece)
            else:
                self._text.clear()
            yield piece

    def _said(self, fingerprint: Fingerprint, failure: BaseException | None) -> Said:
        request, outcome, say = self._request, self._outcome, self._config.say
        full = self._config.history.keep == "full"
        return Said(
            time=round(self._began, 3),
            **self._about,
            seed=outcome.reports[0]["seed"] if outcome.reports else None,
            characters=fingerprint.characters,
            seconds=round(sum(report["seconds"] for report in outcome.reports), 3),
            digest=str(fingerprint),
            outputs=tuple(_place(one.path) for one in outcome.outputs),
            played=request.play,
            exit=_code(failure),
            files=() if request.words else tuple(_place(file) for file in request.files or ("-",)),
            settings=unusual(say, full=full),
            form=request.input_form,
            stand_in=next((r["stood_in"]["model"] for r in outcome.reports if r["stood_in"]), ""),
            text="".join(self._text) if self._text else None,
        )

    def _excuse(self, failure: OutputError) -> None:
        warn(self._request, self._outcome, f"the history does not have this: {failure.what}")


def _place(path: str) -> str:
    return path if path == "-" else os.path.abspath(path)


def _code(failure: BaseException | None) -> int:
    from ttm.cli import Quit

    if failure is None:
        return 0
    if isinstance(failure, TtmError):
        return failure.exit_code
    return 128 + failure.number if isinstance(failure, Quit) else 1
