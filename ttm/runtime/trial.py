"""A child in the runtime's own Python that says what is there, as JSON on standard output.

`python -I ttm/launch.py ttm.runtime.trial [MODULE…]`: the packages, the files that are missing from
them, and what came of importing each module.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from importlib.metadata import Distribution, distributions
from typing import Any


def examine(modules: list[str]) -> dict[str, Any]:
    found = list(distributions())
    # By name: what its type checker sees of ttm's public door lies on a higher floor than this.
    ttm = importlib.import_module("ttm")
    return {
        "ttm": ttm.__version__,
        "at": os.path.dirname(os.path.abspath(str(ttm.__file__))),
        "python": platform.python_version(),
        "base": getattr(sys, "_base_executable", sys.executable),
        "packages": {each.name: each.version for each in found},
        "damaged": sorted({each.name for each in found if _damaged(each)}),
        **_imported(modules),
    }


def _damaged(package: Distribution) -> bool:
    """Whether a file of the package is not there, or of another size than when it was installed.

    Commands and manuals, which lie elsewhere, are of no use here and do not count.
    """
    for file in package.files or ():
        if file.size is not None and file.parts[0] != "..":
            try:
                if os.stat(str(package.locate_file(file))).st_size != file.size:
                    return True
            except OSError:
                return True
    return False


def _imported(modules: list[str]) -> dict[str, Any]:
    failures = {}
    told: dict[str, Any] = {}
    for name in modules:
        try:
            module = importlib.import_module(name)
            if name == "torch":
                told = _tried(module)
        except Exception as failure:
            failures[name] = f"{type(failure).__name__}: {failure}"
    return {"failures": failures, **told}


def _tried(torch: Any) -> dict[str, Any]:
    """Compute something, and say which build it is and what it sees."""
    assert float(torch.ones(2).sum()) == 2.0
    return {
        "torch": str(torch.__version__),
        "cuda": torch.version.cuda or "",
        "hip": getattr(torch.version, "hip", None) or "",
        "accelerated": bool(torch.cuda.is_available() or torch.backends.mps.is_available()),
    }


if __name__ == "__main__":
    report = json.dumps(examine(sys.argv[1:]))
    sys.stdout.write(report + "\n")
