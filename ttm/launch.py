"""Runs a module of this very ttm with a Python that does not have ttm installed, such as the
neural runtime's: `python -I ttm/launch.py ttm.worker 5`.

The folder that ttm lies in is not put on the path: whatever is installed beside ttm was made for
another Python, or is of another version than what is installed there.
"""

from __future__ import annotations

import os
import runpy
import sys
from importlib.util import module_from_spec, spec_from_file_location


def main() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    init = os.path.join(here, "__init__.py")
    spec = spec_from_file_location("ttm", init, submodule_search_locations=[here])
    assert spec is not None
    assert spec.loader is not None
    sys.modules["ttm"] = package = module_from_spec(spec)
    spec.loader.exec_module(package)
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
