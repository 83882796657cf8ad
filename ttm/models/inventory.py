"""Which models there are, which of them are here, and whether what is here is as it came."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ttm.errors import BadCheckpoint, ModelError, UnknownModel, did_you_mean
from ttm.models import place
from ttm.models.manifest import Manifest
from ttm.models.place import Place
from ttm.models.registry import REGISTRY, Entry, by_hub, mode_of
from ttm.models.store import described, here, read_config

BLOCK = 1 << 20

COMPLETE, UNVERIFIED, PARTIAL, ABSENT = "complete", "unverified", "partial", "absent"
"""Verified; put here by somebody else; on its way; not here at all."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What is here of one model."""

    name: str
    """Its short name, or its hub id."""
    hub: str
    entry: Entry | None
    state: str
    folder: Path | None
    """Of the files that would be loaded; None unless all of them are here."""
    size: int
    """Bytes on the disk."""
    manifest: Manifest | None
    used: float | None
    """When it was last loaded, in seconds since 1970."""

    @property
    def available(self) -> bool:
        """Whether it can be loaded."""
        return self.folder is not None

    @property
    def mode(self) -> str:
        """voice_design, custom_voice or voice_clone; empty when nothing says it."""
        return mode_of(self.entry.mode if self.entry else kind(self.folder))


def kind(folder: Path | None) -> str:
    """The `tts_model_type` of the checkpoint in a folder; empty when nothing says it."""
    try:
        return described(read_config(folder / "config.json"))[0] if folder else ""
    except BadCheckpoint:
        return ""


def holding(hub: str, models_dir: Path, hub_cache: Path) -> Holding:
    """What is here of the model with this hub id."""
    entry, where = by_hub(hub), Place(models_dir, hub)
    folder, lacking = here(hub, models_dir, hub_cache)
    if folder == where.complete() and folder:
        state = COMPLETE
    elif folder and not lacking:
        state = UNVERIFIED
    else:
        folder = None
        state = PARTIAL if where.folder.is_dir() and place.occupied(where.folder) else ABSENT
    own = where.folder if where.folder.is_dir() else folder
    found = where.manifest if state == COMPLETE else None
    return Holding(
        entry.name if entry else hub,
        hub,
        entry,
        state,
        folder,
        found.size if found else place.occupied(own) if own else 0,
        found,
        where.used,
    )


def every(models_dir: Path, hub_cache: Path) -> list[Holding]:
    """Every model that ttm knows by name, then the others of which something is here."""
    known = [entry.hub for entry in REGISTRY]
    others = [each.hub for each in place.every(models_dir) if each.hub not in known]
    return [holding(hub, models_dir, hub_cache) for hub in (*known, *others)]


def verify(models_dir: Path, hub: str, tell: Callable[[str, int, int], None]) -> list[str]:
    """Hash every file of a complete model; those that are not as they came.

    `tell` hears the file, and how many of all bytes are hashed. A model with a wrong file is not
    complete any more; its right ones stay for the next pull. Raises ModelError for a model that
    was not brought by ttm.
    """
    import hashlib

    where = Place(models_dir, hub)
    found = where.manifest
    if found is None and where.revisions():
        raise ModelError(
            f"{hub} is here in part only", "`ttm models pull` brings the rest, verified"
        )
    if found is None:
        raise ModelError(
            f"ttm did not bring {hub}, so nothing says what its files should be",
            "`ttm models pull` brings it verified",
        )
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # a store that is read-only changes for nobody
            stack.enter_context(where.held())
        folder, done, wrong = where.revision(found.revision), 0, []
        for file in found.files:
            digest, size = hashlib.sha256(), 0
            path = folder / file.path
            try:
                if path.is_symlink() or not path.is_file():
                    raise FileNotFoundError
                with path.open("rb") as stream:
                    while block := stream.read(BLOCK):
                        digest.update(block)
                        size += len(block)
                        tell(file.path, done + size, found.size)
            except OSError:
                size = -1
            done += file.size
            if size != file.size or digest.hexdigest() != file.sha256:
                wrong.append(file.path)
        if wrong:
            _disown(where)
    return wrong


def _disown(where: Place) -> None:
    try:
        where.disown()
    except OSError as failure:
        raise place.unusable(where.folder, failure) from None


def remove(models_dir: Path, hub: str) -> int:
    """Remove a model from ttm's folder; the bytes freed.

    Raises UnknownModel when it is not there, ModelError while it is being fetched.
    """
    where = Place(models_dir, hub)
    if not where.folder.is_dir():
        kept = [each.hub for each in place.every(models_dir)]
        short = [entry.name for entry in map(by_hub, kept) if entry]
        raise UnknownModel(
            f"{hub} is not in {models_dir}",
            did_you_mean(hub, [*kept, *short]) or "`ttm models list` shows what is",
        )
    try:
        with where.held():
            return where.remove()
    except OSError as failure:
        raise place.unusable(where.folder, failure) from None
