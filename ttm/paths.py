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


def models_dir() -> Path:
    """Where ttm keeps checkpoints, unless `models.dir` says otherwise."""
    return _data_dir() / "models"


def runtime_dir() -> Path:
    """Where ttm keeps the neural runtime, unless `runtime.dir` says otherwise."""
    return _data_dir() / "runtime"


def voices_dir() -> Path:
    """Where ttm keeps voices, unless `voices.dir` says otherwise."""
    return _data_dir() / "voices"


def _data_dir() -> Path:
    if sys.platform == "linux":
        home = os.environ.get("XDG_DATA_HOME", "")
        folder = home if os.path.isabs(home) else os.path.expanduser("~/.local/share")
        return Path(folder, "ttm")
    import platformdirs

    return platformdirs.user_data_path("ttm", appauthor=False)


def hub_cache() -> Path:
    """Where the hub's own library keeps what it downloads (huggingface_hub, `constants.py`)."""
    if chosen := os.environ.get("HF_HUB_CACHE"):
        return Path(os.path.expanduser(chosen))
    if home := os.environ.get("HF_HOME"):
        return Path(os.path.expanduser(home), "hub")
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.path.expanduser(cache), "huggingface", "hub")


def packed_dir() -> Path:
    """Where weights are kept that were packed for this machine; any of it may be deleted."""
    return _cache_dir() / "packed"


def spoken_dir() -> Path:
    """Where sound is kept that was spoken once; any of it may be deleted. Relative where the user
    has no home."""
    return _cache_dir() / "spoken"


def _cache_dir() -> Path:
    if sys.platform == "linux":
        home = os.environ.get("XDG_CACHE_HOME", "")
        folder = home if os.path.isabs(home) else os.path.expanduser("~/.cache")
        return Path(folder, "ttm")
    import platformdirs

    return platformdirs.user_cache_path("ttm", appauthor=False)


def history_dir() -> Path:
    """Where ttm remembers what was said."""
    if sys.platform == "linux":
        home = os.environ.get("XDG_STATE_HOME", "")
        folder = home if os.path.isabs(home) else os.path.expanduser("~/.local/state")
        return Path(folder, "ttm")
    import platformdirs

    return platformdirs.user_state_path("ttm", appauthor=False)


def sockets_dir() -> Path:
    """Where running programs of ttm find each other; gone when the machine starts anew."""
    if sys.platform == "linux":
        home = os.environ.get("XDG_RUNTIME_DIR", "")
        if os.path.isabs(home):
            return Path(home, "ttm")
        # Not /tmp itself, where another user could have made the folder first.
        return Path(f"/tmp/ttm-{os.getuid()}")
    import platformdirs

    return platformdirs.user_runtime_path("ttm", appauthor=False)


def log_dir() -> Path:
    """Where crash reports go."""
    import platformdirs

    return platformdirs.user_log_path("ttm", appauthor=False)
