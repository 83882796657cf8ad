"""Bringing a model: every file of one revision, verified, once, however many ask for it."""

from __future__ import annotations

import collections
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ttm.errors import DownloadFailed
from ttm.models import manifest
from ttm.models.hub import Hub
from ttm.models.listing import Listed, Listing, wanted
from ttm.models.manifest import File, Manifest
from ttm.models.place import Place, amount, real_folder, unusable
from ttm.models.registry import FILES, by_hub
from ttm.models.transfer import fetch, matches

SPARE = 64 << 20
"""Bytes that a download leaves free."""
WINDOW = 5.0
"""Seconds over which the rate is measured."""
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".npz")
"""Suffixes of weights that can run code when they are read."""


@dataclass(frozen=True, slots=True)
class Coming:
    """How far a model's coming is."""

    state: str
    """checking, waiting (for another process), downloading, validating or ready."""
    hub: str
    file: str = ""
    done: int = 0
    """Bytes that are there."""
    total: int = 0
    rate: float = 0.0
    """Bytes a second that come over the network."""
    left: float | None = None
    """Seconds until the end at this rate."""


Tell = Callable[[Coming], None]


@dataclass(frozen=True, slots=True)
class Brought:
    """A model that is here, verified."""

    manifest: Manifest
    folder: Path
    fetched: int
    """Bytes that came over the network or were copied for it."""


def pull(
    place: Place,
    hub: Hub,
    *,
    revision: str = "",
    update: bool = False,
    again: bool = False,
    tell: Tell | None = None,
) -> Brought:
    """Have the model here, fetching what of it is not.

    A model that is complete is left alone unless another `revision` (branch, tag or commit) is
    named or `update` asks what its branch holds by now. `again` fetches every file anew, and those
    that are here serve until all have come. Raises DownloadFailed, and what the Hub raises; what
    came so far is then kept, and the revision that was complete before still is.
    """
    telling = Telling(place.hub, tell)
    known = not (update or again)
    if known and (brought := _here(place, revision)):
        telling.say("ready", done=brought.manifest.size)
        return brought
    try:
        with place.held(lambda: telling.say("waiting")):
            if known and (brought := _here(place, revision)):
                telling.say("ready", done=brought.manifest.size)
                return brought
            return _pulled(place, hub, revision, again, telling)
    except OSError as failure:
        raise unusable(place.folder, failure) from None


def _here(place: Place, revision: str) -> Brought | None:
    """The complete model, when it is the revision that is asked for."""
    folder, found = place.complete(), place.manifest
    if folder is None or found is None:
        return None
    same = revision in ("", found.asked) or (
        len(revision) >= 7 and found.revision.startswith(revision)
    )
    return Brought(found, folder, 0) if same else None


def _pulled(place: Place, hub: Hub, revision: str, again: bool, telling: Telling) -> Brought:
    telling.say("checking")
    hub.patience.begin()
    before = place.manifest
    asked = revision or (before.asked if before else "") or "main"
    listing = hub.listing(place.hub, asked)
    files = _chosen(place.hub, listing)
    place.folder.mkdir(parents=True, exist_ok=True)
    folder = real_folder(place.revision(listing.commit), "")
    telling.total = sum(file.size for file in files)
    sources = [folder, *(p for p in place.revisions() if p != folder), place.folder]
    verified: dict[str, str] = {}
    for file in () if again else files:
        telling.say("validating", file.path)
        if sha256 := _found(file, folder, sources):
            verified[file.path] = sha256
            telling.have(file.size)
    missing = [file for file in files if file.path not in verified]
    place.parts.mkdir(exist_ok=True)
    _make_room(place, missing)
    fetched = 0
    for file in missing:
        part = place.parts / (file.sha256 or file.blob)
        began = _size(part)
        try:
            verified[file.path] = fetch(
                hub, place.hub, listing.commit, file, part, telling.of(file.path, began)
            )
        except DownloadFailed as failure:
            raise _interrupted(failure, telling) from None
        if not again:
            part.replace(real_folder(folder, file.path) / Path(file.path).name)
        telling.have(file.size)
        fetched += file.size - began
    for file in missing if again else ():
        part = place.parts / (file.sha256 or file.blob)
        new = part.with_name(f"{part.name}.new")  # two files of the same bytes share a part
        new.unlink(missing_ok=True)
        _link(part, new)
        new.replace(real_folder(folder, file.path) / Path(file.path).name)
    found = Manifest(
        place.hub,
        listing.commit,
        asked,
        hub.host,
        datetime.now(UTC).isoformat(timespec="seconds"),
        tuple(File(file.path, file.size, verified[file.path]) for file in files),
    )
    return keep(place, found, telling, fetched)


def keep(place: Place, found: Manifest, telling: Telling, fetched: int) -> Brought:
    """Make verified files the model: the manifest last, then away with what it replaced."""
    folder = place.revision(found.revision)
    for each in {folder, *((folder / file.path).parent for file in found.files)}:
        manifest.sync(each)
    manifest.write(place.folder, found)
    place.sweep(found)
    telling.say("ready")
    return Brought(found, folder, fetched)


def _chosen(hub_id: str, listing: Listing) -> list[Listed]:
    """The files to fetch, small ones first. Raises DownloadFailed for a model without weights."""
    check_names(hub_id, listing.names)
    return sorted(listing.files, key=lambda file: (file.size > 1 << 24, FILES.index(file.path)
                  if file.path in FILES else len(FILES), file.path))  # fmt: skip


def check_names(where: str, names: Sequence[str]) -> None:
    """Raise DownloadFailed unless these are the files of a model that ttm would load."""
    if not any(name.endswith(".safetensors") for name in names):
        if any(name.endswith(PICKLES) for name in names):
            raise DownloadFailed(
                f"refusing pickled weights, which can run code; {where} has no safetensors",
                "Choose a model in the safetensors format",
            )
        raise DownloadFailed(f"{where} holds no weights in the safetensors format")
    needed = FILES if by_hub(where) else FILES[:1]
    if lacking := [name for name in needed if name not in names or not wanted(name)]:
        raise DownloadFailed(f"{where} has no {lacking[0]}", "Choose another revision or model")


def _found(file: Listed, folder: Path, sources: Sequence[Path]) -> str:
    """Have a file that is somewhere in the store already in its place; its SHA-256, else empty."""
    target = real_folder(folder, file.path) / Path(file.path).name
    for source in sources:
        if sha256 := matches(source / file.path, file):
            if source != folder:
                target.unlink(missing_ok=True)
                _link(source / file.path, target)
            return sha256
    target.unlink(missing_ok=True)
    return ""


def _link(old: Path, new: Path) -> None:
    try:
        os.link(old, new)
    except OSError:  # not every file system can
        shutil.copyfile(old, new)


def _make_room(place: Place, missing: Sequence[Listed]) -> None:
    need = sum(max(0, f.size - _size(place.parts / (f.sha256 or f.blob))) for f in missing)
    check_room(place, need)


def check_room(place: Place, need: int) -> None:
    """Raise DownloadFailed when so many bytes do not fit beside what is there."""
    free = shutil.disk_usage(place.folder).free
    if need and need + SPARE > free:
        raise DownloadFailed(
            f"{place.hub} needs {amount(need)}, and {amount(free)} are free in {place.models_dir}",
            "Make room there, or set models.dir to another place",
        )


def _interrupted(failure: DownloadFailed, telling: Telling) -> DownloadFailed:
    if failure.again_in is None:
        return failure
    part = telling.done / telling.total if telling.total else 0.0
    return DownloadFailed(
        f"download interrupted at {part:.0%}: {failure.what}",
        "Run the same command again to go on from there",
        again_in=failure.again_in,
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


class Telling:
    """Keeps count of a model's bytes, and tells whoever wants to hear."""

    def __init__(self, hub: str, tell: Tell | None) -> None:
        self.total = 0
        self._hub = hub
        self._tell = tell
        self._kept = self._part = 0
        self._seen: collections.deque[tuple[float, int]] = collections.deque()

    @property
    def done(self) -> int:
        return self._kept + self._part

    def say(self, state: str, file: str = "", done: int | None = None) -> None:
        """A new state; `done` where nothing was counted."""
        if self._tell:
            there = self.done if done is None else done
            self._tell(Coming(state, self._hub, file, there, self.total or there))

    def have(self, size: int) -> None:
        """A whole file is there."""
        self._kept += size
        self._part = 0

    def of(self, file: str, began: int) -> Callable[[int], None]:
        """Takes how much of this file is there, of which `began` bytes were there before."""
        self._seen.clear()
        self._seen.append((time.monotonic(), began))

        def told(have: int) -> None:
            self._part = have
            if self._tell:
                now = time.monotonic()
                self._seen.append((now, have))
                while now - self._seen[0][0] > WINDOW:
                    self._seen.popleft()
                rate, left = self._pace()
                self._tell(
                    Coming("downloading", self._hub, file, self.done, self.total, rate, left)
                )

        return told

    def _pace(self) -> tuple[float, float | None]:
        (then, before), (now, after) = self._seen[0], self._seen[-1]
        rate = max(0.0, (after - before) / (now - then)) if now > then else 0.0
        return rate, (self.total - self.done) / rate if rate else None
