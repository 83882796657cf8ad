"""`ttm runtime`: the private environment that holds torch."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, replace
from typing import Annotated, Any

from typer import Exit, Option, Typer

from ttm import paths
from ttm.cli import output
from ttm.cli.output import failures_in_json
from ttm.cli.say import load_settings
from ttm.config import Config
from ttm.errors import ModelError, UsageError
from ttm.models import inventory
from ttm.models.place import amount
from ttm.models.registry import entry_of, hub_id
from ttm.narration.opening import models_dir, runtime_root
from ttm.narration.provision import lacking, wish
from ttm.runtime.environment import Environment, Place
from ttm.runtime.inspection import STAGE, Found, verify
from ttm.runtime.staging import Plan, Wish, carry_out, plan, size

app = Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Make and look after the private environment that holds torch.",
)

Dir = Annotated[
    str | None, Option("--dir", metavar="PATH", help="The runtime in this folder (runtime.dir).")
]
Json = Annotated[bool, Option("--json", help="As JSON.")]
ConfigPath = Annotated[
    str | None, Option("--config", metavar="PATH", help="Settings from this file.")
]


@app.command()
def stage(
    device: Annotated[
        str | None,
        Option(
            "--device",
            metavar="NAME",
            help="torch for cpu, cuda, cuda12 (older NVIDIA), rocm (AMD) or apple; auto looks.",
        ),
    ] = None,
    restage: Annotated[bool, Option("--restage", help="Make everything anew.")] = False,
    restage_runtime: Annotated[
        bool, Option("--restage-runtime", help="Make the environment and its Python anew.")
    ] = False,
    restage_packages: Annotated[
        bool, Option("--restage-packages", help="Install its packages anew.")
    ] = False,
    restage_models: Annotated[
        bool, Option("--restage-models", help="Fetch the models anew.")
    ] = False,
    model: Annotated[
        list[str] | None,
        Option("--model", metavar="ID", help="A model to fetch too; repeatable."),
    ] = None,
    no_models: Annotated[bool, Option("--no-models", help="Leave the models alone.")] = False,
    installer: Annotated[
        str | None, Option("--installer", metavar="NAME", help="uv or pip; auto takes uv first.")
    ] = None,
    python: Annotated[
        str | None, Option("--python", metavar="PATH", help="Made from this Python, not ttm's.")
    ] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Show what would be done.")] = False,
    directory: Dir = None,
    json: Json = False,
    config: ConfigPath = None,
) -> None:
    """Make what is missing of the runtime: its environment, its packages, and models.

    Without --model that is the model of the settings, and with --restage-models or --restage every
    model that ttm keeps.
    """
    with failures_in_json(json):
        if no_models and (model or restage_models):
            raise UsageError("--no-models goes with neither --model nor --restage-models")
        flags = {
            "runtime.dir": directory,
            "runtime.device": device,
            "runtime.installer": installer,
        }
        settings = load_settings(config, None, None, flags)
        wanted = replace(
            wish(settings),
            python=python or "",
            again_runtime=restage or restage_runtime,
            again_packages=restage or restage_packages,
        )
        models: list[str] = []
        if not no_models:
            models = _models(settings, model or [], again=restage or restage_models)
        told = staged(settings, wanted, dry_run=dry_run)
        if not (no_models or dry_run):
            told["models"] = _stage_models(settings, models, again=restage or restage_models)
        _report(told, json)


def staged(settings: Config, wanted: Wish, *, dry_run: bool = False) -> dict[str, Any]:
    """Stage the runtime, telling the user what is done on stderr; what is there then.

    Raises StagingFailed and UsageError.
    """
    if not lacking():
        output.note(
            "the environment of ttm has what the neural engines need, and serves; nothing is staged"
        )
        return _record(Place(runtime_root(settings)), None)
    place = Place(runtime_root(settings))
    began = time.monotonic()
    if dry_run:
        _announce(plan(place, wanted), place)
        return _record(place, verify(place))
    with place.locked(lambda: output.note("waiting for another `ttm runtime stage`")):
        todo = plan(place, wanted)
        _announce(todo, place)
        found = todo.found
        if todo.anything:
            line = _Line(place)
            try:
                found = carry_out(todo, place, wanted, line.tell)
            finally:
                line.clear()
            took = time.monotonic() - began
            output.note(f"staged in {took:.0f} s; the runtime is {found.condition}")
    return _record(place, found)


def _models(settings: Config, names: list[str], *, again: bool) -> list[str]:
    """The models that staging has to do with; says how much of them has to come.

    Raises UnknownModel and InvalidModelId before anything is made.
    """
    folder, cache = models_dir(settings), paths.hub_cache()
    hubs = {hub_id(name): name for name in names}
    if not names:
        if entry := entry_of(settings.say.model):
            hubs[entry.hub] = entry.name
        if again:
            kept = inventory.every(folder, cache)
            hubs |= {each.hub: each.name for each in kept if each.manifest}
    for hub, name in hubs.items():
        found = inventory.holding(hub, folder, cache)
        size = f", {amount(found.entry.download)} to fetch" if found.entry else ", to be fetched"
        output.note(f"model     {name}{', there' if found.available and not again else size}")
    return list(hubs.values())


def _stage_models(settings: Config, names: list[str], *, again: bool) -> list[dict[str, Any]]:
    """The category `models` of staging: have these here, verified; `again` fetches them anew."""
    from ttm.cli.pulling import bring

    folder, cache = models_dir(settings), paths.hub_cache()
    told = []
    for name in names:
        if again or not inventory.holding(hub_id(name), folder, cache).available:
            bring(name, settings, again=again)
        here = inventory.holding(hub_id(name), folder, cache)
        told.append({"name": name, "hub": here.hub, "state": here.state, "size": here.size})
    return told


def _announce(todo: Plan, place: Place) -> None:
    """What is going to happen, before anything is fetched."""
    if not todo.anything:
        output.note(f"the runtime in {place.root} is ready; nothing is missing")
        return
    if todo.found.condition in ("broken", "outdated"):
        output.note(f"the runtime in {place.root} is {todo.found.condition}: {todo.found.sentence}")
    flavour = todo.flavour
    output.note(f"device    {flavour.name}: {flavour.sentence} ({todo.why})")
    output.note(f"runtime   {_made(todo.runtime, 'Python ' + todo.version, todo.python)}")
    output.note(f"packages  {_made(todo.packages, 'torch ' + flavour.torch, 'and the rest')}")
    if todo.packages:
        output.note(
            f"size      about {flavour.fetched} MB to fetch, unless they are in the installer's "
            f"cache, and {flavour.kept} MB in {place.root}"
        )


def _made(again: bool, what: str, more: str) -> str:
    return f"{what}, {more}" if again else "there"


class _Line:
    """Where staging is: a line that is redrawn on a terminal, else one line for each step."""

    STEPS = {  # noqa: RUF012
        "environment": "making the environment",
        "packages": "installing the packages",
        "trial": "trying them",
    }

    def __init__(self, place: Place) -> None:
        self._place = place
        self._drawn = output.progress_wanted()
        self._step = ""

    def tell(self, step: str, age: float) -> None:
        if step != self._step:
            self._step = step
            if not self._drawn:
                output.note(self.STEPS[step])
        if self._drawn:
            new = max(self._place.environments(), key=_number).folder
            made = f", {size(new) / 1e6:.0f} MB" if step == "packages" else ""
            output.redraw(f"{self.STEPS[step]}: {age:.0f} s{made}")

    def clear(self) -> None:
        if self._drawn:
            output.redraw("")


def _number(environment: Environment) -> int:
    return int(environment.folder.name)


@app.command()
def status(directory: Dir = None, json: Json = False, config: ConfigPath = None) -> None:
    """Say whether the runtime is whole, and what it is made of; exit 5 when it is not ready."""
    with failures_in_json(json):
        settings = load_settings(config, None, None, {"runtime.dir": directory})
        place = Place(runtime_root(settings))
        told = _record(place, verify(place))
    _report(told, json)
    if not told["ready"]:
        raise Exit(ModelError.exit_code)


@app.command()
def rm(directory: Dir = None, json: Json = False, config: ConfigPath = None) -> None:
    """Remove the runtime. Models and settings stay."""
    with failures_in_json(json):
        settings = load_settings(config, None, None, {"runtime.dir": directory})
        place = Place(runtime_root(settings))
        freed = 0
        if place.root.exists():
            with place.locked(lambda: output.note("waiting for `ttm runtime stage`")):
                freed = size(place.root)
                if left := place.remove():
                    raise ModelError(
                        f"a worker is using {left[0].folder}",
                        "It is no longer used for new ones. End what speaks, and try again",
                    )
    if json:
        output.json({"removed": freed > 0, "bytes": freed, "place": str(place.root)})
    elif freed:
        output.line(f"removed {place.root}, {freed / 1e6:.0f} MB")
    else:
        output.line(f"no runtime is staged in {place.root}")


def _record(place: Place, found: Found | None) -> dict[str, Any]:
    """What is told of a runtime; without one, of ttm's own environment."""
    lacks = lacking()
    if found is None or (not lacks and found.condition == "absent"):
        own = {"ready": not lacks, "condition": "own", "serves": "environment"}
        return own | {"place": sys.prefix, "sentence": ""}
    told: dict[str, Any] = {
        "ready": not lacks or found.condition == "ready",
        "condition": found.condition,
        "serves": "runtime" if lacks else "environment",
        "place": str(found.environment.folder if found.environment else place.root),
        "sentence": found.sentence,
    }
    if found.manifest:
        told |= asdict(found.manifest)
    return told


def _report(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.json(told)
        return
    rows = [("state", told["condition"]), ("serves", f"the {told['serves']} of ttm")]
    rows.append(("place", told["place"]))
    if told["sentence"]:
        rows.append(("why", told["sentence"]))
        rows.append(("to do", STAGE))
    if "torch" in told:
        rows += [
            ("python", f"{told['python']}, from {told['base']}"),
            ("device", f"{told['flavour']}, torch {told['torch']}"),
            ("packages", f"{len(told['packages'])}, of the set {told['pins'][:12]}"),
            ("size", f"{told['size'] / 1e6:.0f} MB"),
            ("staged", f"{told['staged']} by ttm {told['ttm']} with {told['installer']}"),
        ]
    for name, value in rows:
        output.line(f"{name:<8}  {value}")
