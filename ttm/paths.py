"""Where ttm keeps things. Nothing is created here; the environment is read by the caller's edge."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def config_file() -> Path:
    """The user's settings: `$TTM_CONFIG`, else `ttm/config.toml` in the config folder."""
    if chosen := os.environ.get("TTM_CONFIG"):
        return Path(chosen).expanduser()
    if sys.platform == "linux":  # what platformdirs answers there, without its 10 ms of import
        home = os.environ.get("XDG_CONFIG_HOME", "")
        folder = home if os.path.isabs(home) else os.path.expanduser("~/.config")
        return Path(folder, "ttm", "config.toml")
    import platformdirs

    return platformdirs.user_config_path("ttm", appauthor=False) / "config.toml"


def log_dir() -> Path:
    """Where crash reports go."""
    import platformdirs

    return platformdirs.user_log_path("ttm", appauthor=False)
