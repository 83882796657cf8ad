"""How a module of ttm is run in a process of its own."""

from __future__ import annotations

import os
import sys


def own_module(module: str, *words: str, python: str = "") -> list[str]:
    """The command that runs a module of ttm with our own Python, or with another one.

    Another one need not have ttm installed, and is kept from PYTHONHOME, PYTHONPATH and the
    user's site folder, as its own children are.
    """
    if python or sys.flags.isolated:
        launch = os.path.join(os.path.dirname(os.path.abspath(__file__)), "launch.py")
        return [python or sys.executable, "-I", launch, module, *words]
    # -P: a queue.py in the current folder is not the one that is meant.
    flags = ["-E", "-P"] if sys.flags.ignore_environment else ["-P"]
    return [sys.executable, *flags, "-m", module, *words]
