"""The settings of commands that have a server speak."""

from __future__ import annotations

from dataclasses import dataclass

from ttm.config.declaration import is_path, setting
from ttm.errors import UsageError


def _reach(text: str) -> None:
    """Raise UsageError for what is no address of a server of ttm; empty is none."""
    from ttm.config.declaration import is_address

    if text.startswith("unix:"):
        is_path(text)
        if not text.removeprefix("unix:").startswith("/"):
            raise UsageError("a socket is named with its whole path, unix:/run/ttm.sock")
        return
    is_address(text)


def _span(text: str) -> None:
    seconds(text)


def seconds(text: str) -> float:
    """The seconds that `90s`, `5m`, `1h30m` or `0` means; -1 is for ever. Raises UsageError."""
    import re

    word = text.strip().casefold()
    if word == "-1":
        return -1.0
    if re.fullmatch(r"\d{1,9}", word, re.A):
        return float(word)
    found = re.fullmatch(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", word, re.A)
    if not found or not any(found.groups()):
        raise UsageError(f"'{text[:20]}' is no time; 90s, 5m and 1h are")
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    return float(hours * 3600 + minutes * 60 + rest)


@dataclass(frozen=True, slots=True)
class DaemonSettings:
    autostart: bool = setting(
        True,
        "The first command that needs a natural voice leaves a server behind, which keeps the "
        "voice loaded for the next. At a terminal only, unless it is set to true here.",
    )
    idle: str = setting(
        "10m",
        "A server that a command left behind ends after so long without work. -1 keeps it.",
        expects="a time, such as 90s, 10m or 1h, or -1",
        check=_span,
    )
    server: str = setting(
        "",
        "Address of the server that speaks, as --server and TTM_SERVER name it. Empty takes the "
        "one on this machine where it runs.",
        expects="an http, https or unix: address",
        check=_reach,
    )
    key_file: str = setting(
        "",
        "File that holds the key for that server and nothing else, as TTM_SERVER_KEY_FILE names "
        "it.",
        expects="a path",
        check=is_path,
    )
    timeout: float = setting(
        120.0,
        "A server that sends nothing for so long is given up; loading a model takes its time.",
        unit="s",
        low=0.1,
        high=3600,
    )
