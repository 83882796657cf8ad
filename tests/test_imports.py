"""What is not imported: start-up is counted in absences, which are the same on every machine."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys

import pytest

import ttm as package
import tui as interface

HEAVY = {
    "torch", "numpy", "textual", "fastapi", "uvicorn", "soundfile", "soxr", "transformers",
    "pydantic", "huggingface_hub", "scipy", "tomlkit", "espeakng_loader", "safetensors",
    "tokenizers", "num2words", "emoji", "miniaudio", "cffi", "starlette", "multipart",
    "prometheus_client", "h11", "http",
}  # fmt: skip

TELL = """
import atexit, json, os, sys
def tell():
    told = os.environ["TELL"] + f".{os.getpid()}"
    with open(told + ".part", "w") as file:
        json.dump([sys.argv[:1], sorted({name.partition(".")[0] for name in sys.modules})], file)
    os.rename(told + ".part", told + ".json")
atexit.register(tell)
"""
"""A sitecustomize with which each process tells at its end what it has imported; one that is killed
meanwhile, as a worker may be, tells nothing."""


@pytest.fixture
def imported(ttm, tmp_path):
    """Run `ttm`; what its own process has imported."""
    (tmp_path / "sitecustomize.py").write_text(TELL)

    def run(*words: str, code: int = 0, **options) -> set[str]:
        env = {"PYTHONPATH": str(tmp_path), "TELL": str(tmp_path / "told")}
        done = ttm(*words, env=env, **options)
        assert done.returncode == code, done.stderr
        told = [json.loads(each.read_text()) for each in tmp_path.glob("told.*.json")]
        for each in tmp_path.glob("told.*.json"):
            each.unlink()
        # A worker is killed and tells nothing, unless it ends because it cannot load.
        (modules,) = (modules for argv, modules in told if "worker" not in argv[0])
        return set(modules)

    return run


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("--version",),
        ("say", "--help"),
        ("say", "hi", "-m", "tone", "-o", "x.mp3"),
        ("say", "hi", "-o", "x.wav", "--vtt", "x.vtt"),
        ("explain", "hi"),
        ("voices", "list"),
        ("models", "list"),
        ("config", "show"),
        ("engines",),
        ("runtime", "status"),
    ],
    ids=" ".join,
)
def test_the_command_imports_nothing_heavy(imported, words):
    assert not imported(*words) & HEAVY


@pytest.mark.parametrize("mode", ["custom_voice", "base"])
def test_the_command_leaves_a_checkpoint_to_its_worker(imported, tmp_path, mode):
    about = {"model_type": "qwen3_tts", "tts_model_type": mode, "tts_model_size": "0b6"}
    (tmp_path / "config.json").write_text(json.dumps(about))
    (tmp_path / "me.wav").touch()
    voice = ("-v", "./me.wav") if mode == "base" else ()
    # It ends with what the worker finds: that there are no weights.
    modules = imported("say", "hi", "-m", ".", "-i", "softly", *voice, "-o", "x.wav", code=5)
    assert not modules & HEAVY


def test_the_quickest_way_to_speak_does_without_rich_and_the_parser_of_settings(imported):
    modules = imported("say", "hi", "-m", "tone", "-o", "x.wav")
    assert not modules & {"rich", "tomllib", "asyncio", "multiprocessing", "http", "ssl"}


@pytest.mark.parametrize("word", ["--version", "stop"])
def test_what_is_wanted_at_once_does_without_typer(imported, word):
    assert not imported(word) & {"typer", "click", "tomllib", *HEAVY}


def test_a_worker_that_speaks_imports_no_numpy():
    code = (
        "import sys; from ttm.engine import load; from ttm.speech import Speech\n"
        "for name in ('espeak', 'tone'):\n"
        "    list(load(name, {}).speak(Speech('hi there')))\n"
        "sys.argv = ['x']; print(*sys.modules)"
    )
    modules = {name.partition(".")[0] for name in python(code).split()}
    assert not modules & (HEAVY - {"espeakng_loader"})


def test_the_package_itself_costs_nothing():
    modules = python("import sys; before = set(sys.modules); import ttm; print(*sys.modules)")
    ours = [name for name in modules.split() if name.partition(".")[0] in {*HEAVY, "ttm"}]
    assert ours == ["ttm"]


MODULES = sorted(
    each.name
    for root in (package, interface)
    for each in pkgutil.walk_packages(root.__path__, f"{root.__name__}.")
    if not each.name.endswith(("__main__", ".encoder"))
)

WATCH = """
import contextlib, importlib, io, json, logging, os, signal, sys, threading, warnings, locale

def look():
    return {
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "threads": [each.name for each in threading.enumerate()],
        "signals": {number: str(signal.getsignal(number)) for number in signal.valid_signals()},
        "loggers": [str(each) for each in logging.root.handlers] + [logging.root.level],
        "descriptors": sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self") else [],
        "mask": os.umask(os.umask(0o22)) or os.umask(0o22),
        "locale": locale.setlocale(locale.LC_ALL),
        "hook": str(sys.excepthook),
    }

os.umask(0o22)
changes = {}
for name in json.loads(sys.argv[1]):
    before = look()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        importlib.import_module(name)
    after = look()
    changed = [key for key in before if before[key] != after[key]]
    if changed or printed.getvalue():
        changes[name] = [*changed, printed.getvalue()]
print(json.dumps({"changes": changes, "files": os.listdir(".")}))
"""


def test_importing_any_module_changes_nothing(tmp_path):
    assert len(MODULES) > 40
    told = json.loads(python(WATCH, json.dumps(MODULES), cwd=str(tmp_path)))
    assert told == {"changes": {}, "files": []}


@pytest.mark.parametrize("floor", ["ttm.speech", "ttm.engine", "ttm.narration.narrator", "ttm.api"])
def test_below_the_command_line_nothing_heavy_is_imported(floor):
    modules = {
        each.partition(".")[0]
        for each in python(f"import sys, {floor}; print(*sys.modules)").split()
    }
    assert not modules & (HEAVY | {"typer", "rich"})


def test_what_stays_behind_the_interface_is_light():
    modules = python("import sys, tui.parent, ttm.cli.tui; print(*sys.modules)").split()
    assert not {each.partition(".")[0] for each in modules} & HEAVY


PAINT = """
import asyncio, os, sys
from ttm.config import load
from tui.app import TtmApp
async def main():
    async with TtmApp(load(environ=os.environ)).run_test() as pilot:
        await pilot.pause()
        print(*sys.modules)
asyncio.run(main())
"""


def test_the_first_picture_of_the_interface_needs_no_engine_no_server_and_no_hub():
    modules = {each.partition(".")[0] for each in python(PAINT).split()}
    assert "textual" in modules
    late = HEAVY - {"textual", "numpy", "http"}  # Textual opens links with urllib
    assert not modules & late


def python(code: str, *arguments: str, cwd: str | None = None) -> str:
    """What this code prints in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=dict(os.environ), cwd=cwd, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout
