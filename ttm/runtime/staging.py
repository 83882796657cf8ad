"""Making the runtime: what is missing is built beside what is there, tried, and swapped in.

Nothing that works is touched before its successor was tried. Whatever ends this process leaves the
environment in use as it was; the next staging sweeps away what was left half made, and what had
been fetched comes from the installer's own cache.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from ttm.errors import StagingFailed
from ttm.runtime.environment import Environment, Manifest, Place
from ttm.runtime.flavour import Flavour, choose
from ttm.runtime.inspection import Found, examine, look, minor, verify
from ttm.runtime.installer import Installer, find, wanted
from ttm.runtime.pinned import NEEDED, digest, pins
from ttm.runtime.running import MOMENT, ask, run, surroundings

OLDEST_PYTHON = (3, 11)

OTHER_SOURCES = "Look at what PIP_INDEX_URL, PIP_FIND_LINKS and their like name"

PROBE = "import sys; print('%d.%d.%d' % sys.version_info[:3])"

Tell = Callable[[str, float], None]
"""Takes the step that is being done, and its age in seconds."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What staging was asked for."""

    device: str = "auto"
    installer: str = "auto"
    python: str = ""
    """The Python to make the environment with; empty takes the one that runs ttm."""
    index: str = ""
    """Where torch's build comes from; empty takes its own place."""
    again_runtime: bool = False
    again_packages: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What staging would do; with neither category missing, nothing."""

    flavour: Flavour
    why: str
    """Why this build of torch."""
    python: str
    version: str
    """Of that Python."""
    runtime: bool
    """Whether the environment with its Python is made."""
    packages: bool
    """Whether its packages are installed; otherwise they are taken over."""
    found: Found

    @property
    def anything(self) -> bool:
        return self.runtime or self.packages


def plan(place: Place, wish: Wish) -> Plan:
    """What is missing there. Changes nothing, and raises what is wrong with the wish."""
    found = verify(place)
    had = found.manifest
    # What was chosen once stays, unless another device is asked for by name.
    if had and wish.device == "auto":
        flavour, why = choose(had.flavour)[0], "as staged before"
    else:
        flavour, why = choose(wish.device)
    python = wish.python or sys.executable
    version = _version(python, place)
    runtime = not found.python or wish.again_runtime
    if had and wish.python and minor(version) != minor(had.python):
        runtime = True
    packages = not found.packages or wish.again_packages
    if had and (had.flavour != flavour.name or (runtime and minor(version) != minor(had.python))):
        packages = True
    if had and not runtime and os.access(had.base, os.X_OK):
        python, version = had.base, had.python
    return Plan(flavour, why, python, version, runtime, packages, found)


def _version(python: str, place: Place) -> str:
    if python == sys.executable:
        return platform.python_version()
    found = shutil.which(python)
    if found is None:
        raise StagingFailed(f"there is no Python '{python}'", "Name another one with --python")
    env = surroundings(os.environ, Path("/"))
    told = ask([found, "-I", "-c", PROBE], env, Path("/"), MOMENT)
    version = told.said.decode(errors="replace").strip()
    if told.status or not version:
        raise StagingFailed(f"{python} is no Python that starts ({told.why})")
    if tuple(map(int, version.split("."))) < OLDEST_PYTHON:
        raise StagingFailed(f"{python} is Python {version}, and 3.11 is the oldest that will do")
    return version


def carry_out(plan: Plan, place: Place, wish: Wish, tell: Tell) -> Found:
    """Do it, for the holder of the lock; what is there then.

    Raises StagingFailed, with what was there before untouched, and UsageError.
    """
    began = surroundings(os.environ, place.root)
    installer = find(wish.installer, plan.python, began, place.root)
    _room(plan, place)
    place.sweep()
    environment = place.new()
    try:
        temporary = environment.folder / "tmp"
        temporary.mkdir()
        env = began | {"TMPDIR": str(temporary)}
        with place.log.open("wb") as log:
            stage = _Stage(plan, place, environment, installer, env, log, tell)
            stage.make()
            stage.fill(wish.index)
            shutil.rmtree(temporary, ignore_errors=True)
            environment.finish(stage.tried())
        place.take(environment)
    except OSError as failure:
        raise StagingFailed(
            f"the runtime could not be written to {place.root} ({failure.strerror})",
            "Make room there, or name another folder with --dir",
        ) from failure
    finally:
        if place.current() != environment:
            environment.remove()
    place.sweep()
    return look(place)


def _room(plan: Plan, place: Place) -> None:
    """Fail at once where the disk is too small; both environments are there for a while."""
    needed = plan.flavour.kept + plan.flavour.fetched if plan.packages else 100
    free = shutil.disk_usage(place.root).free // 1_000_000
    if free < needed:
        raise StagingFailed(
            f"{place.root} has {free} MB free, and staging needs about {needed}",
            "Make room there, or name another folder with --dir",
        )


@dataclass(frozen=True, slots=True)
class _Stage:
    plan: Plan
    place: Place
    environment: Environment
    installer: Installer
    env: dict[str, str]
    log: IO[bytes]
    tell: Tell

    def make(self) -> None:
        for command in self.installer.make(self.plan.python, self.environment.folder):
            what = f"Python {self.plan.version} could not make an environment"
            self._run("environment", command, what, "Name another one with --python")

    def fill(self, index: str) -> None:
        """Install the packages, or take over those that are there."""
        before = self.plan.found.environment
        if not self.plan.packages and before is not None:
            self.tell("packages", 0.0)
            _linked(before.site, self.environment.site)
            return
        file = self.environment.folder / "constraints.txt"
        rest = {name: version for name, version in pins().items() if name not in NEEDED}
        file.write_text("".join(f"{name}=={version}\n" for name, version in rest.items()))
        packages = wanted(self.plan.flavour, file, index, os.environ)
        command = self.installer.install(self.environment, packages)
        what = f"{self.installer.name} could not install the packages"
        self._run("packages", command, what, "Name an index that has them with runtime.index")

    def tried(self) -> Manifest:
        """Import everything in the new environment; what it is made of."""
        self.tell("trial", 0.0)
        told, ended = examine(self.environment, NEEDED)
        if told is None:
            raise StagingFailed(f"the new runtime does not start ({ended.why})", self._log)
        if told["failures"]:
            why = "; ".join(f"{name}: {said}" for name, said in told["failures"].items())
            raise StagingFailed(f"the new runtime does not work ({why})", self._log)
        if told["damaged"]:
            what = f"files of {', '.join(told['damaged'])} did not arrive"
            raise StagingFailed(what, self._log)
        _fitting(self.plan.flavour, told)
        folders = (each.name.removesuffix(".dist-info") for each in
                   self.environment.site.glob("*.dist-info"))  # fmt: skip
        return Manifest(
            ttm=told["ttm"],
            pins=digest(),
            flavour=self.plan.flavour.name,
            torch=told["torch"],
            python=told["python"],
            base=told["base"],
            installer=self.installer.name,
            packages=dict(sorted(folder.rsplit("-", 1) for folder in folders)),
            staged=datetime.now(UTC).isoformat(timespec="seconds"),
            size=size(self.environment.folder),
        )

    def _run(self, step: str, command: Sequence[str], what: str, fix: str) -> None:
        self.tell(step, 0.0)
        self.log.write(f"\n$ {' '.join(command)}\n".encode())
        self.log.flush()
        ended = run(command, self.env, self.place.root, self.log, lambda age: self.tell(step, age))
        if ended.status:
            raise StagingFailed(f"{what} ({ended.why})", f"{fix}. {self._log}")

    @property
    def _log(self) -> str:
        return f"All that was said is in {self.place.log}; nothing that was staged has changed"


def _fitting(flavour: Flavour, told: dict[str, Any]) -> None:
    """Refuse an environment that is not what was asked for, whatever the index had."""
    built = "cuda" if told["cuda"] else "rocm" if told["hip"] else "cpu"
    asked = {"cuda12": "cuda", "apple": "cpu"}.get(flavour.name, flavour.name)
    if built != asked or told["torch"].partition("+")[0] != pins()["torch"]:
        raise StagingFailed(
            f"torch {flavour.torch} was asked for, and torch {told['torch']} came",
            OTHER_SOURCES,
        )
    found = {name.lower().replace("_", "-"): v for name, v in told["packages"].items()}
    for name, version in pins().items():
        came = found.get(name, version).partition("+")[0]
        if came != version:
            what = f"{name} {version} was asked for, and {name} {came} came"
            raise StagingFailed(what, OTHER_SOURCES)


def _linked(before: Path, after: Path) -> None:
    """The same packages in another environment, sharing their files where the disk can."""
    if not after.is_dir():
        raise StagingFailed(f"the new environment has no folder {after.name}")

    def link(source: str, target: str) -> None:
        with contextlib.suppress(FileExistsError):
            try:
                os.link(source, target)
            except OSError:
                shutil.copy2(source, target)

    shutil.copytree(before, after, copy_function=link, symlinks=True, dirs_exist_ok=True)


def size(folder: Path) -> int:
    """Bytes that the files of a folder take."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(where, name)).st_size
    return total
