"""A copy is pinned to its original: sentences, tables and versions."""

from __future__ import annotations

import importlib
import inspect
import re
import tomllib
import typing
from pathlib import Path

import pytest

from ttm.audio.formats import FORMATS
from ttm.cli import COMMANDS, ELSEWHERE
from ttm.cli.forecast import CODE
from ttm.cli.say import SPLITS
from ttm.config import SETTINGS
from ttm.engine import ENGINES
from ttm.errors import every_error
from ttm.models.registry import ENGINES as KINDS
from ttm.models.registry import FALLBACKS, REGISTRY
from ttm.narration.plan import Unit
from ttm.playback import PLAYERS
from ttm.runtime.flavour import NAMES as FLAVOURS
from ttm.runtime.installer import NAMES as INSTALLERS
from ttm.runtime.pinned import NEEDED, pins
from ttm.speech import RATE_MAX, RATE_MIN

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def table(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of the README, without its first two lines."""
    section = README.partition(f"# {heading}\n")[2].partition("\n#")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    assert len(rows) > 2, heading
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_sentence_of_a_command_is_the_one_in_its_module(name):
    module = importlib.import_module(f"ttm.cli.{ELSEWHERE.get(name, name)}")
    app = getattr(module, "app", None)
    told = app.info.help if app else inspect.getdoc(getattr(module, name))
    assert told.splitlines()[0] == COMMANDS[name]


def test_the_readme_has_every_command_once():
    named = [name for row in table("Commands") for name in re.findall(r"`ttm (\w+)", row[0])]
    assert named == list(COMMANDS)


def test_the_readme_has_every_format_with_its_suffixes():
    told = {row[0].strip("`"): tuple(re.findall(r"`([^`]+)`", row[1])) for row in table("Formats")}
    assert told == {form.name: form.suffixes for form in FORMATS.values()}


def test_the_readme_has_every_exit_code():
    told = {
        int(code)
        for row in table("Exit codes")
        for cell in row
        if re.fullmatch(r"[\d, ]+", cell)
        for code in cell.split(",")
    }
    signals = {129, 130, 143}
    assert told == {0, 1, *(leaf.exit_code for leaf in every_error()), *signals}


@pytest.mark.parametrize("name", [command.partition(" ")[0] for command in PLAYERS])
def test_the_readme_names_the_players_that_are_looked_for(name):
    assert f"`{name}`" in README


def test_what_two_modules_say_of_one_thing_is_the_same():
    assert SETTINGS["say.format"].choices == tuple(FORMATS)
    assert SETTINGS["models.fallback"].choices == FALLBACKS
    assert SETTINGS["text.code"].choices == tuple(CODE)
    assert SPLITS == ("none", *typing.get_args(Unit))
    assert (SETTINGS["say.rate"].low, SETTINGS["say.rate"].high) == (RATE_MIN, RATE_MAX)


def test_the_versions_of_python_agree():
    oldest = PROJECT["project"]["requires-python"].removeprefix(">=")
    assert PROJECT["tool"]["mypy"]["python_version"] == oldest
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + oldest.replace(".", "")
    assert f"Python {oldest} or newer" in README
    promised = [
        each.rpartition(" ")[2]
        for each in PROJECT["project"]["classifiers"]
        if re.search(r":: 3\.\d", each)
    ]
    workflow = (ROOT / ".github/workflows/ci.yml").read_text()
    tested = re.search(r"python: \[(.*)\]", workflow)
    assert tested
    assert re.findall(r"[\d.]+", tested[1]) == promised
    assert promised[0] == oldest


def test_the_pins_are_within_what_the_project_asks_for():
    dev = PROJECT["project"]["optional-dependencies"]["dev"]
    wanted = {re.match(r"[\w-]+", each)[0]: each for each in dev}
    lines = (ROOT / "scripts/constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert pins
    for name, pinned in pins.items():
        floor = re.search(r">=([\d.]+)", wanted[name])
        assert floor
        assert numbers(pinned) >= numbers(floor[1])


def test_what_the_neural_engine_needs_is_what_its_extra_brings_and_the_tests_have():
    extras = PROJECT["project"]["optional-dependencies"]
    for known in ENGINES.values():
        if known.extra:
            brought = [re.match(r"[\w-]+", each)[0] for each in extras[known.extra]]
            assert sorted(known.modules) == sorted(brought)
            assert set(extras[known.extra]) <= set(extras["dev"])
            assert "`ttm runtime stage`" in known.needs
    contracts = {each["name"]: each for each in PROJECT["tool"]["importlinter"]["contracts"]}
    forbidden = contracts["Only engines touch torch"]["forbidden_modules"]
    assert {module for known in ENGINES.values() for module in known.modules} <= set(forbidden)


def test_the_runtime_is_pinned_within_what_the_project_asks_for():
    extras = PROJECT["project"]["optional-dependencies"]
    asked = [*PROJECT["project"]["dependencies"], *extras["neural"], *extras["huggingface"]]
    floors = dict(re.match(r"([\w-]+)>=([\d.]+)", each).groups() for each in asked)
    assert {module for known in ENGINES.values() for module in known.modules} <= set(NEEDED)
    for name in NEEDED:
        assert numbers(pins()[name]) >= numbers(floors[name])
    held = (ROOT / "scripts/constraints.txt").read_text().splitlines()
    assert {f"{name}=={pins()[name]}" for name in ("torch", "transformers")} <= set(held)


def test_the_devices_and_installers_of_the_settings_are_those_that_exist():
    assert SETTINGS["runtime.device"].choices == ("auto", *FLAVOURS)
    assert SETTINGS["runtime.installer"].choices == INSTALLERS


def test_a_module_of_ours_is_started_by_what_knows_in_which_python_it_runs():
    started = [
        str(file)
        for file in (ROOT / "ttm").rglob("*.py")
        if re.search(r'"-m",\s*"ttm', file.read_text())
    ]
    assert started == []


def test_every_engine_is_held_to_the_contracts_and_has_its_settings():
    homes = [known.where.partition(":")[0] for known in ENGINES.values()]
    contracts = {each["name"]: each for each in PROJECT["tool"]["importlinter"]["contracts"]}
    assert set(contracts["Engines do not know each other"]["modules"]) == set(homes)
    child = contracts["The worker's parent side never imports the child side"]
    assert set(homes) < set(child["forbidden_modules"])


def test_a_model_s_engine_exists_and_speaks_with_checkpoints():
    assert {ENGINES[name].checkpoint for name in KINDS.values()} == {True}


def test_the_readme_has_every_model_once():
    named = [row[0].strip("`") for row in table("A natural voice")]
    assert named == [entry.name for entry in REGISTRY]


def numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(".")]
