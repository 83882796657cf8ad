"""The files of `ttm say --split`, and which of them were finished before."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from typing import cast

from ttm.audio.formats import Format
from ttm.cli import output
from ttm.cli.outlet import Outlet, filled, opened, timing_files
from ttm.cli.request import Outcome, Request
from ttm.config import Config
from ttm.errors import NothingToSpeak
from ttm.narration.narrator import Narrator
from ttm.narration.opening import open_cache
from ttm.narration.parts import Finished, Recipe
from ttm.narration.plan import Chunk, Unit, slug, split
from ttm.speech import Voice

FORESEEN = 10_000
"""Chunks of the longest part that is read whole to see whether it is finished, about a megabyte of
text; a longer one is spoken again."""


class Parts:
    """One file for each part; those that are finished stay when a later one fails."""

    def __init__(
        self,
        outlet: Outlet,
        request: Request,
        config: Config,
        narrator: Narrator,
        voice: Voice,
        form: Format,
        bitrate: int,
        outcome: Outcome,
    ) -> None:
        self._outlet, self._request, self._outcome = outlet, request, outcome
        self._narrator, self._voice = narrator, voice
        self._config, self._model = config, config.say.model
        self._names = (request.output or "", *request.transcripts.values())
        print_ = narrator.fingerprint(voice, self._model) if config.cache.enabled else ""
        asked = [print_, asdict(config.say), form.name, bitrate]
        self._asked = json.dumps(asked, sort_keys=True).encode()
        self._finished: Finished | None = None
        if print_:
            # The same names in another folder are another split.
            where = "\0".join((os.getcwd(), *self._names))
            self._finished = Finished(open_cache(config).jobs, where, anew=not request.resume)

    def tell(self, chunks: Iterable[Chunk]) -> None:
        """Speak the parts one after the other. Raises NothingToSpeak, and what a narration does."""
        request, outcome = self._request, self._outcome
        try:
            for number, part in split(chunks, cast(Unit, request.split)):
                head = next(part)
                names = {"{n}": f"{number:03}", "{slug}": slug(head.text)}
                self._tell(itertools.chain([head], part), names)
        except Exception:  # of which there is one line, that of the error
            raise
        except BaseException:
            self._left_off()
            raise
        if outcome.kept and not (request.quiet or request.json):
            output.note(f"{_files(len(outcome.kept))} finished before")
        if outcome.kept and not outcome.reports:
            narration = self._narrator.narrate((), voice=self._voice, model=self._model)
            outcome.reports.append(asdict(narration.report))
        if not outcome.outputs and not outcome.kept:
            raise NothingToSpeak("there is nothing to speak in the text")

    def _tell(self, part: Iterator[Chunk], names: Mapping[str, str]) -> None:
        paths = [filled(name, names) for name in self._names]
        if self._finished and self._request.resume:
            beginning = list(itertools.islice(part, FORESEEN))
            after = next(part, None)
            recipe = self._recipe()
            for chunk in beginning:
                recipe.add(chunk)
            if after is None and all(self._finished.has(p, recipe.made()) for p in paths):
                self._outcome.kept.append(paths[0])
                return
            part = itertools.chain(beginning, [after] if after else [], part)
        recipe = self._recipe()
        with ExitStack() as stack:
            target = stack.enter_context(opened(paths[0], self._request.clobber))
            timings = timing_files(stack, self._request, self._config, names)
            self._outlet.tell(recipe.noted(part), target, timings)
        report = self._outlet.report
        # What has a hole in it is worth another attempt.
        if self._finished and report and not report.skipped:
            for path in paths:
                self._finished.add(path, recipe.made())

    def _recipe(self) -> Recipe:
        return Recipe(self._asked, spans=len(self._names) > 1)

    def _left_off(self) -> None:
        """Say what there is, and how the rest is to be had."""
        done = len(self._outcome.outputs) + len(self._outcome.kept)
        if done and not self._request.quiet:
            how = "; the same command with --resume goes on from there" if self._finished else ""
            output.note(f"{_files(done)} finished{how}")


def _files(count: int) -> str:
    return f"{count} file was" if count == 1 else f"{count} files were"
