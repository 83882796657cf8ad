"""Where the runtime lies: numbered environments, the one in use, and who may touch them.

runtime/           locked by whoever stages or removes
  current          a link to the environment in use, swapped in one step
  environments/1/  a virtual environment; `ttm-runtime.json` in it is written last
  stage.log        what the installer said the last time
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ttm.errors import StagingFailed, UsageError

MANIFEST = "ttm-runtime.json"

FORMAT = 1
"""Of the manifest; another one is not read."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an environment was made of."""

    ttm: str
    """Version of the ttm that made it."""
    pins: str
    """Digest of the set of packages."""
    flavour: str
    torch: str
    """Version of torch, with its build."""
    python: str
    """Version of its Python."""
    base: str
    """Path of the Python that it was made from."""
    installer: str
    packages: dict[str, str]
    """Name and version of all that is installed, as the folders of their metadata spell them."""
    staged: str
    """When, in UTC."""
    size: int
    """Bytes on the disk."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment, whole or not."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def site(self) -> Path:
        """The folder of its packages; one that does not exist where it has none."""
        found = sorted(self.folder.glob("lib/python3.*/site-packages"))
        return found[0] if found else self.folder / "lib"

    def manifest(self) -> Manifest | None:
        """What it was made of; None when it was never finished, or the file is damaged."""
        try:
            told = json.loads((self.folder / MANIFEST).read_bytes())
            if told.pop("format") != FORMAT:
                return None
            return Manifest(**told)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, whole or not at all, and all before it to the disk."""
        part = self.folder / f"{MANIFEST}.part"
        with part.open("w") as file:
            json.dump({"format": FORMAT, **asdict(manifest)}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        part.rename(self.folder / MANIFEST)

    def hold(self) -> int:
        """A descriptor that keeps it from being removed for as long as any process has it open.

        Raises OSError when it is gone or being removed.
        """
        return _locked(self.folder, fcntl.LOCK_SH)

    def remove(self) -> bool:
        """Remove it, unless a worker is using it; whether it is gone."""
        try:
            held = _locked(self.folder, fcntl.LOCK_EX)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        try:
            # Without a manifest it is not whole, whatever interrupts the rest.
            (self.folder / MANIFEST).unlink(missing_ok=True)
            shutil.rmtree(self.folder, ignore_errors=True)
        finally:
            os.close(held)
        return not self.folder.exists()


def _locked(folder: Path, kind: int) -> int:
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, kind | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        raise
    return held


class Place:
    """The folder that holds the runtime. Nothing is made before `locked`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root / "stage.log"
        self._all = root / "environments"
        self._link = root / "current"

    def current(self) -> Environment | None:
        """The environment in use."""
        try:
            number = Path(os.readlink(self._link)).name
        except OSError:
            return None
        folder = self._all / number
        return Environment(folder) if folder.is_dir() else None

    def environments(self) -> list[Environment]:
        """All of them, whole or not."""
        with contextlib.suppress(OSError):
            return [
                Environment(each)
                for each in sorted(self._all.iterdir(), key=lambda path: path.name)
                if each.name.isdecimal()
            ]
        return []

    @contextlib.contextmanager
    def locked(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Be the only one who changes anything here; the lock ends with its process.

        `waiting` is called when somebody else has it. Raises UsageError for a folder that holds
        something else, StagingFailed for one that cannot be written.
        """
        lock = self._enter(waiting)
        try:
            self._all.mkdir(exist_ok=True)
            yield
        finally:
            os.close(lock)

    def _enter(self, waiting: Callable[[], None]) -> int:
        """A descriptor that has the lock: of the folder itself, so that no lock file is left."""
        told = False
        try:
            while True:
                inside = os.listdir(self.root) if self.root.exists() else []
                if inside and self._all.name not in inside:
                    raise UsageError(
                        f"{self.root} is not empty, and holds no runtime of ttm",
                        "Name another folder with --dir or runtime.dir",
                    )
                self.root.mkdir(parents=True, exist_ok=True)
                lock = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    if not told:
                        waiting()
                    told = True
                    try:
                        fcntl.flock(lock, fcntl.LOCK_EX)
                    except BaseException:
                        os.close(lock)
                        raise
                # Who had it may have removed the folder, and somebody else made it anew.
                with contextlib.suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(lock), os.stat(self.root)):
                        return lock
                os.close(lock)
        except OSError as failure:
            raise StagingFailed(
                f"{self.root} cannot be written ({failure.strerror})",
                "Name another folder with --dir or runtime.dir",
            ) from None

    def new(self) -> Environment:
        """An empty folder for an environment; for the holder of the lock."""
        numbers = [int(each.folder.name) for each in self.environments()]
        folder = self._all / str(max(numbers, default=0) + 1)
        folder.mkdir()
        return Environment(folder)

    def take(self, environment: Environment) -> None:
        """Make this the environment in use, in one step."""
        beside = self.root / "current.part"
        beside.unlink(missing_ok=True)
        beside.symlink_to(Path("environments", environment.folder.name))
        beside.replace(self._link)

    def sweep(self) -> list[Environment]:
        """Remove every environment but the one in use; those that a worker still holds."""
        kept = self.current()
        return [each for each in self.environments() if each != kept and not each.remove()]

    def remove(self) -> list[Environment]:
        """Remove the runtime; the environments that a worker still holds."""
        self._link.unlink(missing_ok=True)
        left = self.sweep()
        if not left:
            self.log.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self._all.rmdir()
                self.root.rmdir()
        return left
