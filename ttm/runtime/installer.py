"""What makes an environment and fills it: uv or pip, each told the same in its own words."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ttm.errors import StagingFailed, UsageError
from ttm.runtime.environment import Environment
from ttm.runtime.flavour import Flavour
from ttm.runtime.pinned import NEEDED, pins
from ttm.runtime.running import MOMENT, SOURCES, ask

NAMES = ("auto", "uv", "pip")

OLDEST_PIP = (22, 3)
"""The first pip that installs into another environment than its own (`--python`)."""


class Installer(Protocol):
    """Makes commands; none of them is run here."""

    @property
    def name(self) -> str:
        """What it is, with its version."""
        ...

    def make(self, python: str, folder: Path) -> list[list[str]]:
        """The commands that make an empty environment there."""
        ...

    def install(self, environment: Environment, packages: list[str]) -> list[str]:
        """The command that installs these, as options and requirements."""
        ...


@dataclass(frozen=True, slots=True)
class Uv:
    path: str
    name: str

    def make(self, python: str, folder: Path) -> list[list[str]]:
        return [[self.path, "venv", "--quiet", "--allow-existing", "--python", python, str(folder)]]

    def install(self, environment: Environment, packages: list[str]) -> list[str]:
        # Compiled here, once: workers are not to do it, and all at the same time.
        # best-match: with its own default, uv asks torch's index alone for numpy and the like.
        return [
            *(self.path, "pip", "install", "--python", str(environment.python)),
            *("--compile-bytecode", "--index-strategy", "unsafe-best-match", *packages),
        ]


@dataclass(frozen=True, slots=True)
class Pip:
    path: str
    """The Python whose pip installs; empty when the environment gets one of its own."""
    name: str

    def make(self, python: str, folder: Path) -> list[list[str]]:
        made = [[python, "-I", "-m", "venv", "--without-pip", str(folder)]]
        if not self.path:
            own = str(Environment(folder).python)
            made.append([own, "-I", "-m", "ensurepip"])
        return made

    def install(self, environment: Environment, packages: list[str]) -> list[str]:
        own = str(environment.python)
        if self.path:
            return [self.path, "-I", "-m", "pip", "--python", own, "install", *packages]
        return [own, "-I", "-m", "pip", "install", *packages]


def find(name: str, python: str, env: Mapping[str, str], folder: Path) -> Installer:
    """The installer of this name, or with `auto` uv where it is, else pip.

    Raises UsageError for an unknown name, StagingFailed with the name of what is missing.
    """
    if name not in NAMES:
        raise UsageError(f"there is no installer '{name}'", f"Choose one of: {', '.join(NAMES)}")
    uv = shutil.which("uv", path=env.get("PATH", os.defpath))
    if name == "uv" and uv is None:
        raise StagingFailed(
            "the installer uv was asked for and is not on PATH",
            "Install it, or take --installer pip",
        )
    if uv and name != "pip":
        told = ask([uv, "--version"], env, folder, MOMENT)
        if told.status == 0:
            return Uv(uv, " ".join(told.said.decode(errors="replace").split()[:2]))
        if name == "uv":
            raise StagingFailed(f"the installer uv does not start ({told.why})")
    return _pip(python, env, folder)


def _pip(python: str, env: Mapping[str, str], folder: Path) -> Pip:
    told = ask([sys.executable, "-I", "-m", "pip", "--version"], env, folder, MOMENT)
    version = re.match(rb"pip (\d+)\.(\d+)\S*", told.said) if told.status == 0 else None
    if version and (int(version[1]), int(version[2])) >= OLDEST_PIP:
        return Pip(sys.executable, version[0].decode())
    told = ask([python, "-I", "-m", "ensurepip", "--version"], env, folder, MOMENT)
    if told.status:
        raise StagingFailed(
            f"neither uv nor pip is here, and {python} lacks its module ensurepip",
            "Install uv, or what brings that module (Debian, Ubuntu: apt install python3-venv)",
        )
    return Pip("", told.said.decode(errors="replace").strip())


def wanted(flavour: Flavour, file: Path, index: str, environ: Mapping[str, str]) -> list[str]:
    """Options and requirements for what is needed; the file has the versions of all the rest.

    The index of torch's build is added unless one is named, or the environment says where
    packages come from.
    """
    exact = pins() | {"torch": flavour.torch}
    own = any(environ.get(name) for name in SOURCES)
    index = index or ("" if own else flavour.index)
    # Wheels alone: what had to be compiled here would fail late, and run whatever it likes.
    return [
        *("--only-binary", ":all:", "--constraint", str(file)),
        *(("--extra-index-url", index) if index else ()),
        *(f"{name}=={exact[name]}" for name in NEEDED),
    ]
