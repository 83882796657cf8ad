"""Bringing a model while somebody watches, as `ttm models pull` and `ttm runtime stage` do."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ttm.cli import output
from ttm.cli.progress import REDRAW, Progress
from ttm.config import Config
from ttm.errors import TtmError, UsageError
from ttm.models.place import Place, amount
from ttm.models.registry import hub_id
from ttm.narration.opening import models_dir, open_hub

if TYPE_CHECKING:
    from ttm.models.download import Brought, Coming


def bring(
    name: str,
    settings: Config,
    *,
    folder: str = "",
    revision: str = "",
    update: bool = False,
    again: bool = False,
    as_json: bool = False,
) -> Brought:
    """Have a model here: from `folder`, else from the hub; with `again`, every file of it anew.

    With `as_json`, stdout gets a line for each state and a few a second between.
    """
    try:
        place = Place(models_dir(settings), hub_id(name))
        began = time.monotonic()
        brought = _brought(place, settings, folder, revision, update, again, _Telling(as_json))
    except TtmError as failure:
        if as_json:
            output.json_line({"state": "failed", **output.failure_json(failure)})
        raise
    seconds = time.monotonic() - began
    if as_json:
        about = {"revision": brought.manifest.revision, "folder": str(brought.folder)}
        size = brought.manifest.size
        output.json_line(
            {"state": "ready", "ok": True, "hub": place.hub, **about, "size": size}
            | {"fetched": brought.fetched, "seconds": round(seconds, 2)}
        )
    elif brought.fetched:
        said = f"{amount(brought.fetched)} in {seconds:.0f} s"
        output.note(f"{name} is here, verified ({said}), in {brought.folder}")
    else:
        output.note(f"{name} is here already, verified, in {brought.folder}")
    return brought


def _brought(
    place: Place,
    settings: Config,
    folder: str,
    revision: str,
    update: bool,
    again: bool,
    telling: _Telling,
) -> Brought:
    try:
        if folder:
            from ttm.models.importing import take

            if revision or update:
                raise UsageError("--from takes what is in the folder", "Leave out the others")
            return take(place, Path(folder).expanduser(), telling)
        from ttm.models.download import pull

        hub = open_hub(settings, os.environ)
        return pull(place, hub, revision=revision, update=update, again=again, tell=telling)
    finally:
        telling.progress.clear()


class _Telling:
    """Passes on how far a model's coming is: to a terminal, or as lines of JSON."""

    def __init__(self, as_json: bool) -> None:
        self.progress = Progress(wanted=output.progress_wanted() and not as_json)
        self._json = as_json
        self._next = 0.0
        self._state = ""

    def __call__(self, told: Coming) -> None:
        self.progress.coming(told)
        new, self._state = told.state != self._state, told.state
        now = time.monotonic()
        if self._json and told.state != "ready" and (new or now >= self._next):
            self._next = now + REDRAW
            output.json_line(asdict(told))
        if new and told.state == "waiting":
            self.progress.clear()
            output.note(f"another ttm is fetching {told.hub}; waiting for it")
