"""Settings that a screen other than Settings writes."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ttm.config import Config, default_path, load, value, write_setting


def write(config: Config, wishes: Mapping[str, str]) -> tuple[Config, str]:
    """Write these settings into the user's file; what applies then, and what overrules one of them.

    Raises ConfigError, UsageError and OutputError; settings before the one that failed are written.
    """
    path = config.document.path if config.document else default_path()
    for key, text in wishes.items():
        write_setting(path, key, text)
    new = load(path, environ=os.environ)
    for key, text in wishes.items():
        if value(new, key) != text:
            return new, f"{key} is written, and {new.origin(key).told} overrules it"
    return new, ""
