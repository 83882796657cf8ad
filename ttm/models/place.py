"""Where one model lies in ttm's folder of models, and who may change it.

`Owner--Name/` holds `manifest.json`, and the files of the revision that it names in a folder of
that name. Whatever else is there is no model yet. Files that ttm did not fetch, put straight into
`Owner--Name/`, are a model without a manifest.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ttm.errors import DownloadFailed, ModelError
from ttm.models import manifest
from ttm.models.manifest import Manifest
from ttm.models.registry import COMMIT

PARTS = ".parts"
"""Holds files that are not whole, each named by the hash that it will have."""
LOCKS = ".locks"
USED = ".used"
"""Touched when the model is loaded."""


@dataclass(frozen=True, slots=True)
class Place:
    """A model's folder; nothing is made before somebody fetches."""

    models_dir: Path
    hub: str
    """`Owner/Name`, which must have been checked."""

    @property
    def folder(self) -> Path:
        return self.models_dir / self.hub.replace("/", "--")

    @property
    def parts(self) -> Path:
        return self.folder / PARTS

    @property
    def manifest(self) -> Manifest | None:
        return manifest.read(self.folder)

    def revision(self, commit: str) -> Path:
        """The folder of one revision's files."""
        return self.folder / commit

    def complete(self) -> Path | None:
        """The folder of the verified files, when every one of them is there with its size."""
        found = self.manifest
        if found is None or not manifest.whole(self.revision(found.revision), found.files):
            return None
        return self.revision(found.revision)

    def revisions(self) -> list[Path]:
        """The folders of all revisions of which something is there."""
        with contextlib.suppress(OSError):
            return sorted(p for p in self.folder.iterdir() if COMMIT.fullmatch(p.name))
        return []

    @contextlib.contextmanager
    def held(self, waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """Be the only one who changes this model.

        The kernel lets go of the lock when its process dies, however that dies. `waiting` is
        called once before it waits for another process; without it, ModelError is raised.
        Raises OSError where no lock can be made.
        """
        locks = self.models_dir / LOCKS
        locks.mkdir(parents=True, exist_ok=True)
        # Never removed: whoever waits for a file that is gone would hold another lock.
        fd = os.open(locks / self.folder.name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if waiting is None:
                    raise ModelError(
                        f"another ttm is at work on {self.hub}", "Try again when it has ended"
                    ) from None
                waiting()
                fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def disown(self) -> None:
        """Take the manifest away: what is here is no longer known to be whole."""
        (self.folder / manifest.NAME).unlink(missing_ok=True)
        manifest.sync(self.folder)

    def remove(self) -> int:
        """Remove the model and what was fetched of it; the bytes freed. Raises OSError."""
        import shutil  # 3 ms, for its archives

        if self.folder.is_symlink():  # where it leads is not ours
            self.folder.unlink()
            return 0
        freed = occupied(self.folder)
        # First of all, so that nothing half removed is ever taken for a model.
        self.disown()
        shutil.rmtree(self.folder)
        return freed

    def sweep(self, kept: Manifest) -> None:
        """Remove what the manifest has made needless: other revisions and unfinished files."""
        import shutil

        for folder in self.revisions():
            if folder.name != kept.revision:
                shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self.parts, ignore_errors=True)
        for file in kept.files:
            loose, own = self.folder / file.path, self.revision(kept.revision) / file.path
            with contextlib.suppress(OSError):
                if loose.samefile(own):
                    loose.unlink()

    @property
    def used(self) -> float | None:
        """When the model was last loaded, in seconds since 1970."""
        try:
            return (self.folder / USED).stat().st_mtime
        except OSError:
            return None


def note_use(folder: Path, models_dir: Path) -> None:
    """Remember that the model in this folder is loaded just now, if it is one of ttm's own."""
    own = folder.parent if COMMIT.fullmatch(folder.name) else folder
    if own.parent == models_dir:
        with contextlib.suppress(OSError):  # a store that is read-only forgets
            (own / USED).touch()


def occupied(folder: Path) -> int:
    """Bytes of all files below a folder, each counted once however many names it has."""
    seen: dict[tuple[int, int], int] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                about = os.lstat(os.path.join(parent, name))
                seen[about.st_dev, about.st_ino] = about.st_size
    return sum(seen.values())


def every(models_dir: Path) -> list[Place]:
    """The place of every model of which anything is in this folder."""
    from ttm.models.registry import HUB_ID

    try:
        names = sorted(p.name for p in models_dir.iterdir() if p.is_dir())
    except OSError:
        return []
    found = (name.replace("--", "/") for name in names)
    return [Place(models_dir, hub) for hub in found if HUB_ID.fullmatch(hub)]


def real_folder(root: Path, path: str) -> Path:
    """The folder that `root / path` is to lie in, made if need be; no link leads out of `root`.

    Raises DownloadFailed for a link, OSError for what cannot be made.
    """
    folder = root
    for name in ("", *path.split("/")[:-1]):
        folder = folder / name
        folder.mkdir(exist_ok=True)
        if folder.is_symlink():
            raise DownloadFailed(
                f"{folder} is a link, which could lead out of ttm's folder", "Remove it"
            )
    return folder


def unusable(path: Path, failure: OSError) -> DownloadFailed:
    """The sentence for a folder of models that cannot be written."""
    from ttm.audio.target import FIXES

    where = os.fsdecode(failure.filename) if failure.filename else str(path)
    fix = FIXES.get(failure.errno or 0, "")
    return DownloadFailed(f"cannot write {where}: {failure.strerror}", fix or "Set models.dir")


def amount(size: float) -> str:
    """`2.5 GB`: as people say it."""
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= step:
            return f"{size / step:.1f} {unit}"
    return f"{size:.0f} bytes"
