"""What a server's refusals mean: one sentence each, and what to do."""

from __future__ import annotations

import json
import socket
from typing import Any

from ttm.errors import (
    RemoteBusy,
    RemoteError,
    RemoteRefused,
    RemoteUnreachable,
    SynthesisError,
    TtmError,
)

QUOTED = 200
"""Characters of a server's own words that are passed on."""
SMALLEST_WAIT = 0.5
"""Seconds before a request is sent again, where the server names no time; doubled each time."""
WAIT_MAX = 24 * 3600
"""Seconds that a server can name."""


class Passing(Exception):
    """Around an error that may be gone when the request is sent again."""

    def __init__(self, error: TtmError, after: float | None = None) -> None:
        super().__init__(error.what)
        self.error = error
        self.after = after
        """Seconds after which the server said to try again."""


def unreachable(name: str, failure: Exception) -> RemoteUnreachable:
    """The error for a server to which there is no connection."""
    import ssl

    what, fix = f"cannot reach the server '{name}'", f"Check engine.remote.{name}.url"
    match failure:
        case ConnectionRefusedError():
            return RemoteUnreachable(
                f"{what}: nobody answers there", f"Start it, or check engine.remote.{name}.url"
            )
        case socket.gaierror():
            return RemoteUnreachable(f"{what}: its name is not known", fix)
        case ssl.SSLCertVerificationError():
            return RemoteUnreachable(
                f"{what}: its certificate is not trusted ({failure.verify_message})",
                "Name the file with the certificate of its authority in SSL_CERT_FILE",
            )
        case ssl.SSLError():
            return RemoteUnreachable(f"{what}: it speaks no TLS there", f"{fix}: https or http")
        case TimeoutError():
            return RemoteUnreachable(f"{what}: it does not answer", fix)
        case OSError(strerror=str(reason)):
            return RemoteUnreachable(f"{what}: {reason}", fix)
    return RemoteUnreachable(f"{what} ({type(failure).__name__})", fix)


def broken_off(name: str) -> RemoteError:
    """The error for an answer that has no end."""
    return RemoteError(f"the server '{name}' broke off in the middle of its answer", "Try again")


def refused(
    name: str, status: int, retry_after: str | None, said: str, *, model: str, key_file: str
) -> TtmError | Passing:
    """The error for an answer with this status, of which `said` are the server's own words.

    `key_file` is empty where no key was sent.
    """
    server = f"the server '{name}'"
    told = f"({status}: {said})" if said else f"({status})"
    setting = f"engine.remote.{name}"
    if status == 401 and not key_file:
        return RemoteRefused(
            f"{server} wants a key {told}", f"Put it into a file and set {setting}.key_file"
        )
    if status == 401:
        return RemoteRefused(f"{server} does not know the key {told}", f"Check {key_file}")
    if status == 403:
        return RemoteRefused(f"{server} forbids it {told}", "Check what its key allows")
    if status in (404, 405):
        return RemoteRefused(
            f"{server} has no model '{model}', or does not speak at this address {told}",
            f"Check {setting}.model and {setting}.url, which usually ends in /v1",
        )
    if status == 413:
        return SynthesisError(f"{server} takes no text as long as this {told}")
    if status in (429, 502, 503, 504):
        after = _seconds(retry_after)
        fix = "Try again later" if after is None else f"Try again in {after:g} s"
        word = "asks for fewer requests" if status == 429 else "is not ready"
        return Passing(RemoteBusy(f"{server} {word} {told}", fix), after)
    if 300 <= status < 400:
        return RemoteRefused(
            f"{server} sends us on to another address {told}",
            f"Set {setting}.url to that, if you trust it",
        )
    if status < 500:
        return RemoteRefused(
            f"{server} does not take the request {told}",
            f"Check {setting}: model, voices, format and extra",
        )
    return SynthesisError(f"{server} failed {told}")


def own_words(body: bytes) -> str:
    """What the server says in an error, from any of the shapes in which servers say it; short,
    on one line."""
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    for name in ("error", "detail", "message"):
        if isinstance(found, dict):
            found = found.get(name, found)
    if isinstance(found, list) and found:  # FastAPI's list of wrong fields
        found = found[0]
    if isinstance(found, dict):
        place = found.get("loc")
        field = f"{place[-1]}: " if isinstance(place, list) and place else ""
        found = next((found[n] for n in ("message", "msg", "error") if n in found), "")
        found = f"{field}{found}" if isinstance(found, str) else ""
    if not isinstance(found, str):
        return ""
    line = " ".join(found.split())
    return line[:QUOTED] + "…" * (len(line) > QUOTED)


def _seconds(text: str | None) -> float | None:
    """Seconds that a Retry-After names; it may also be a date, which needs both clocks right."""
    if text is None or not (text.strip().isascii() and text.strip().isdecimal()):
        return None
    return float(min(int(text.strip()[:9]), WAIT_MAX))
