"""The settings of the server, and of the one that keeps voices warm in the background."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ttm.config.declaration import is_path, setting
from ttm.errors import UsageError

UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
"""Seconds of each unit that a time can have."""

TIME_EXPECTED = "a time such as 30s, 5m or 1h, 0 for at once, or -1 for never"
"""What `seconds` takes, in words."""


def seconds(text: str) -> float | None:
    """What `5m`, `30s`, `1h` or `90` means in seconds; None for -1, which is never.

    Raises UsageError.
    """
    if text.strip() == "-1":
        return None
    found = re.fullmatch(r"(\d{1,7}(?:\.\d{1,3})?)([smh]?)", text.strip(), re.A)
    if not found:
        raise UsageError("no such time")
    return float(found[1]) * UNITS[found[2]]


def _aliases(table: dict[str, Any]) -> None:
    if not all(isinstance(name, str) for pair in table.items() for name in pair):
        raise UsageError("not from names to names")


def _origins(text: str) -> None:
    if not all(re.fullmatch(r"https?://[a-z0-9.\-]+(:\d{1,5})?", one) for one in text.split()):
        raise UsageError("no such origin")


def _hosts(text: str) -> None:
    if not all(re.fullmatch(r"[A-Za-z0-9.\-]{1,253}", one) for one in text.split()):
        raise UsageError("no such host")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    host: str = setting(
        "127.0.0.1",
        "Address to listen on. Only this machine can reach the default; any other needs a key.",
    )
    port: int = setting(8080, "Port to listen on. 0 takes one that is free.", low=0, high=65_535)
    api_key_file: str = setting(
        "",
        "File that holds the key that clients have to send, and nothing else. Only you should be "
        "able to read it (chmod 600). Empty asks for no key.",
        expects="a path",
        check=is_path,
    )
    public_discovery: bool = setting(
        True, "With a key, lets the lists of models and voices be read without it all the same."
    )
    cors_origins: str = setting(
        "",
        "Web pages of other servers that may use this one, with a space between them.",
        expects="origins such as https://example.org",
        check=_origins,
    )
    allowed_hosts: str = setting(
        "",
        "Names under which clients may reach the server beside localhost, with a space between "
        "them.",
        expects="names such as nas.local",
        check=_hosts,
    )
    aliases: Mapping[str, Any] = setting(
        dict,
        "Names of models and voices that clients use, and what is meant. Empty means the one of "
        "[say]; so do the names of OpenAI's where nothing else is said.",
        expects='a table of names, such as { nova = "en-gb" }',
        check=_aliases,
    )
    max_queue: int = setting(
        32, "So many requests may wait for a model; one more is turned away.", low=0, high=10_000
    )
    max_characters: int = setting(
        100_000, "A longer text is refused over HTTP.", unit="characters", low=1, high=100_000_000
    )
    max_body: int = setting(
        33_554_432, "A larger request is refused.", unit="bytes", low=1_024, high=2**31
    )
    receipt: float = setting(
        10.0, "A request has to be here in full within this time.", unit="s", low=0.1, high=3600
    )
    stall: float = setting(
        30.0, "A client that takes nothing of its answer for so long is let go.", unit="s",
        low=0.1, high=3600,
    )  # fmt: skip
    deadline: float = setting(
        120.0,
        "Time over HTTP for each 1,000 characters of a text, begun ones included. 0 sets none.",
        unit="s",
        low=0.0,
        high=86_400,
    )
    grace: float = setting(
        10.0, "Time for what is being spoken when the server is to end.", unit="s", low=0.0,
        high=3600,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DaemonSettings:
    autostart: bool = setting(
        False,
        "Starts a server in the background for the first command that needs a model which takes "
        "long to load.",
    )
    idle: str = setting(
        "10m",
        "A server that a command has started ends when nobody has used it for so long. -1 keeps "
        "it.",
        expects=TIME_EXPECTED,
        check=seconds,
    )
