"""Where a server of ttm is, and the key that it wants: as users write them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ttm.errors import ConfigError, UsageError

KEY_MAX = 4096
"""Bytes of a key."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is."""

    text: str
    """As messages call it."""
    path: str = ""
    """Of a unix socket; empty for TCP."""
    host: str = ""
    port: int = 0
    secure: bool = False
    prefix: str = ""
    """What stands before the path of every route."""


def address(text: str) -> Address:
    """The address that a user wrote: http://, https:// or unix:/path. Raises UsageError."""
    if text.startswith("unix:"):
        path = "/" + text.removeprefix("unix:").lstrip("/")
        if "\0" in path or len(os.fsencode(path)) > 100:  # sun_path has 104 bytes on macOS
            raise UsageError(f"'{path[:60]}' can be no socket", "Its path may have 100 bytes")
        return Address(f"unix:{path}", path)
    what, fix = f"'{text[:100]}' is no address of a server", "Give one such as http://nas:8080"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UsageError(what, fix) from None
    if "@" in parts.netloc:
        raise UsageError("an address with a name or key in it would be shown to others", fix)
    plain = text.isascii() and text.isprintable() and " " not in text
    if parts.scheme not in ("http", "https") or not host or port == 0 or not plain:
        raise UsageError(what, fix)
    secure = parts.scheme == "https"
    # Where OpenAI's clients are told an address, it ends so.
    prefix = parts.path.rstrip("/").removesuffix("/v1")
    shown = f"{parts.scheme}://{parts.netloc}{prefix}"
    return Address(shown, "", host, port or (443 if secure else 8080), secure, prefix)


def read_key(path: str) -> str:
    """The key in this file. Raises ConfigError for one that cannot be read or holds none."""
    file = Path(os.path.expanduser(path))
    try:
        if not file.is_file():  # a FIFO would be waited for
            raise ConfigError(f"there is no file {path} with the server's key", "Put the key there")
        with file.open("rb") as opened:
            text = opened.read(KEY_MAX + 1)
    except (OSError, ValueError) as refusal:
        reason = getattr(refusal, "strerror", None) or "no such path"
        raise ConfigError(f"cannot read the server's key in {path}: {reason}") from None
    try:
        key = text.decode("ascii").strip()
    except UnicodeDecodeError:
        key = ""
    # It becomes part of a header: a line break in it would begin another one.
    if not key or len(text) > KEY_MAX or not key.isprintable() or " " in key:
        raise ConfigError(f"{path} does not hold a key", "Only the key may stand there")
    return key
