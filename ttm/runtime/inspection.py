"""Is there a runtime here, is it whole, and is it the one that this ttm needs?"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ttm.child import own_module
from ttm.runtime.environment import Environment, Manifest, Place
from ttm.runtime.pinned import NEEDED, digest
from ttm.runtime.running import Ended, ask, surroundings

STAGE = "Run `ttm runtime stage`"

TRIAL = 300.0
"""Seconds that importing everything may take, on a cold disk or a machine that is scanned."""

Condition = Literal["ready", "absent", "outdated", "broken"]


@dataclass(frozen=True, slots=True)
class Found:
    """The runtime at a place."""

    condition: Condition
    sentence: str
    environment: Environment | None = None
    manifest: Manifest | None = None
    python: bool = False
    """Whether its Python is sound: the category `runtime` of staging."""
    packages: bool = False
    """Whether its packages are whole and as pinned: the category `packages`."""


def look(place: Place) -> Found:
    """What is there, by its files alone; takes a millisecond."""
    environment = place.current()
    if environment is None:
        return Found("absent", f"no runtime is staged in {place.root}")
    manifest = environment.manifest()
    if manifest is None:
        return Found("broken", f"{environment.folder} is not whole", environment)
    if not os.access(environment.python, os.X_OK):
        gone = f"its Python ({manifest.base}) is gone"
        return Found("broken", gone, environment, manifest)
    there = set(os.listdir(environment.site)) if environment.site.is_dir() else set()
    lost = [n for n, v in manifest.packages.items() if f"{n}-{v}.dist-info" not in there]
    lost += [name for name in NEEDED if not {name, f"{name}.py"} & there]
    if lost:
        what = f"{', '.join(sorted(set(lost)))} of its packages is missing"
        return Found("broken", what, environment, manifest, python=True)
    if manifest.pins != digest():
        what = f"it was staged by ttm {manifest.ttm}, and this one needs other packages"
        return Found("outdated", what, environment, manifest, python=True)
    return Found("ready", "", environment, manifest, python=True, packages=True)


def verify(place: Place) -> Found:
    """What is there, as its own Python tells it: every file of every package is looked at."""
    found = look(place)
    if not found.python or found.environment is None or found.manifest is None:
        return found
    environment, manifest = found.environment, found.manifest
    told, ended = examine(environment, ())
    if told is None:
        what = f"its Python does not start ({ended.why})"
        return Found("broken", what, environment, manifest)
    if minor(told["python"]) != minor(manifest.python):
        what = f"its Python is {told['python']}, and was {manifest.python} when it was staged"
        return Found("broken", what, environment, manifest)
    if told["at"] != str(OURS):
        what = f"ttm {told['ttm']} at {told['at']} runs there"
        return Found("broken", what, environment, manifest)
    if told["damaged"]:
        what = f"files of {', '.join(told['damaged'])} are missing or damaged"
        return Found("broken", what, environment, manifest, python=True)
    return found


def minor(version: str) -> list[str]:
    """`['3', '11']` of a version of Python: what decides whether packages fit it."""
    return version.split(".")[:2]


OURS = Path(__file__).parents[1].absolute()
"""The folder of the package that runs, here and there."""


def examine(
    environment: Environment, modules: Sequence[str]
) -> tuple[dict[str, Any] | None, Ended]:
    """What the environment's own Python says of itself; None when it says nothing."""
    command = own_module("ttm.runtime.trial", *modules, python=str(environment.python))
    env = surroundings(os.environ, Path(os.environ.get("TMPDIR", "/tmp")))
    ended = ask(command, env, environment.folder, TRIAL)
    try:
        return json.loads(ended.said.splitlines()[-1]), ended
    except (ValueError, IndexError):
        return None, ended
