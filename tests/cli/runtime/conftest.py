"""A runtime of tiny wheels, staged in a second: the command, its installer's part and the worker
are real, only what is installed and uv are not."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ttm.runtime.pinned import NEEDED, pins

TORCH = """
class _Type:
    def __init__(self, name): self.name = name
    def __str__(self): return "torch." + self.name
float32, bfloat16, float16 = map(_Type, ("float32", "bfloat16", "float16"))
class device:
    def __init__(self, name): self.type, self.index = name, None
    def __str__(self): return self.type + ", tiny"
class _Off:
    def is_available(self): return False
class cuda(_Off): is_available = staticmethod(lambda: False)
class backends: mps = _Off()
class version: cuda = hip = None
class ones:
    def __init__(self, n): self.n = n
    def sum(self): return float(self.n)
__version__ = "VERSION"
def set_num_threads(n): pass
def get_num_threads(): return 1
"""
"""What the trial and an engine without a checkpoint ask of torch; its device gives it away."""

UV = """#!{python} -I
import json, os, subprocess, sys, time, zipfile
links = os.environ.get("UV_FIND_LINKS", ".")
with open(os.path.join(links, "told.jsonl"), "a") as told:
    told.write(json.dumps([sys.argv[1:], dict(os.environ)]) + "\\n")
if sys.argv[1] == "--version":
    print("uv 9.9.9 (fake)")
elif sys.argv[1] == "venv":
    python = sys.argv[sys.argv.index("--python") + 1]
    sys.exit(subprocess.call([python, "-I", "-m", "venv", "--without-pip", sys.argv[-1]]))
else:
    bin = os.path.dirname(sys.argv[sys.argv.index("--python") + 1])
    site = os.path.join(bin, "../lib/python%d.%d/site-packages" % sys.version_info[:2])
    for each in sys.argv[1:]:
        if "==" in each:
            name = each.replace("==", "-") + "-py3-none-any.whl"
            if not os.path.exists(os.path.join(links, name)):
                sys.exit("error: there is no wheel of " + each)
            zipfile.ZipFile(os.path.join(links, name)).extractall(site)
            if os.path.exists(os.path.join(links, "hang")):
                open(os.path.join(links, "begun"), "w").close()
                time.sleep(60)
"""
"""Does what uv does with wheels that need nothing, in a tenth of a second."""


def wheel(folder: Path, name: str, version: str, source: str = "") -> None:
    """A package of one module that needs nothing."""
    about = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": source,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
        rows.append(f"{path},sha256={digest.rstrip('=')},{len(text.encode())}\n")
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        for path, text in files.items():
            file.writestr(path, text)
        file.writestr(f"{about}/RECORD", "".join([*rows, f"{about}/RECORD,,\n"]))


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder with a wheel of everything that is needed, where `ttm runtime` looks for them."""
    (folder := tmp_path / "wheels").mkdir()
    for name in NEEDED:
        version = pins()[name] + ("+cpu" if name == "torch" and sys.platform == "linux" else "")
        wheel(folder, name, version, TORCH.replace("VERSION", version) if name == "torch" else "")
    return folder


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wheels: Path) -> Path:
    """This process as a light installation with uv; the folder that the runtime would be in."""
    for name in [n for n in os.environ if n.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    for name in ("torch", "tokenizers", "numba"):
        monkeypatch.setitem(sys.modules, name, None)
    (folder := tmp_path / "bin").mkdir()
    (folder / "uv").write_text(UV.format(python=sys.executable))
    (folder / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    monkeypatch.setenv("TTM_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("TTM_RUNTIME_DEVICE", "cpu")
    return tmp_path / "runtime"


@pytest.fixture(scope="session")
def once() -> dict[str, Path]:
    """The runtime that was staged first, for copies."""
    return {}


@pytest.fixture
def ready(
    base: Path,
    once: dict[str, Path],
    here: Callable[..., tuple[int, str, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A runtime that is staged, and whole."""
    if not once:
        code, _, said = here("runtime", "stage", "--no-models")
        assert code == 0, said
        once["at"] = tmp_path_factory.mktemp("staged") / "runtime"
        shutil.copytree(base, once["at"], symlinks=True)
    else:
        shutil.copytree(once["at"], base, symlinks=True)
    return base


@pytest.fixture
def pack() -> Callable[..., None]:
    """Make another wheel: `pack(folder, name, version, source)`."""
    return wheel


@pytest.fixture
def light(without_torch: dict[str, str], base: Path) -> dict[str, str]:
    """The environment of a light installation, for a command that is a process of its own."""
    return without_torch


@pytest.fixture
def told(wheels: Path) -> Callable[[], list[tuple[list[str], dict[str, str]]]]:
    """What uv was called with so far: its arguments, and its environment."""

    def read() -> list[tuple[list[str], dict[str, str]]]:
        file = wheels / "told.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    return read
