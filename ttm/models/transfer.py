"""One file from a hub to the disk: resumed where it was left, hashed, and kept only when right."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from ttm.errors import DownloadFailed
from ttm.models.hub import Body, Hub
from ttm.models.listing import Listed

HASHED = 1 << 20
"""Bytes of a file that are hashed at a time."""

Tell = Callable[[int], None]
"""Takes how many bytes of a file are there."""


class Digest:
    """The SHA-256 of what passes, and the hash that the hub gives the file."""

    def __init__(self, file: Listed) -> None:
        self._file = file
        self.restart()

    def restart(self) -> None:
        """Begin anew, as if nothing had passed."""
        self._sha256 = hashlib.sha256()
        # git's own name of a small file (git-scm.com/book, Git Objects); no promise of security.
        self._blob = hashlib.sha1(b"blob %d\0" % self._file.size, usedforsecurity=False)

    def update(self, block: bytes) -> None:
        self._sha256.update(block)
        if not self._file.sha256:
            self._blob.update(block)

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    @property
    def found(self) -> str:
        """To be compared with `wanted`."""
        return self.sha256 if self._file.sha256 else self._blob.hexdigest()

    @property
    def wanted(self) -> str:
        return self._file.sha256 or self._file.blob


def hashed(path: Path, file: Listed, tell: Tell | None = None) -> Digest:
    """The digest of what lies at `path`. Raises OSError."""
    digest, done = Digest(file), 0
    with path.open("rb") as stream:
        while block := stream.read(HASHED):
            digest.update(block)
            done += len(block)
            if tell:
                tell(done)
    return digest


def matches(path: Path, file: Listed, tell: Tell | None = None) -> str:
    """The SHA-256 of a file that is the one listed; empty when it is not."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size != file.size:
            return ""
        digest = hashed(path, file, tell)
    except OSError:
        return ""
    return digest.sha256 if digest.found == digest.wanted else ""


def fetch(hub: Hub, repository: str, commit: str, file: Listed, part: Path, tell: Tell) -> str:
    """Bring a file into `part`, from where that ends; its SHA-256.

    What came so far stays in `part` whatever happens, unless it is known to be wrong. Raises
    DownloadFailed, OSError when it cannot be written.
    """
    wrong = 0
    fd = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        while True:
            digest = _resumed(fd, file)
            _complete(hub, repository, commit, file, fd, digest, tell)
            if digest.found == digest.wanted:
                os.fsync(fd)
                return digest.sha256
            os.ftruncate(fd, 0)
            wrong += 1
            if wrong > 1:
                part.unlink(missing_ok=True)
                raise DownloadFailed(
                    f"checksum mismatch for {file.path} "
                    f"(expected {digest.wanted[:12]}..., got {digest.found[:12]}...)",
                    f"What {hub.host} sends is not what it lists; try again later",
                )
    finally:
        os.close(fd)


def _resumed(fd: int, file: Listed) -> Digest:
    """The digest of what is there already; too much of it cannot be the file."""
    if os.fstat(fd).st_size > file.size:
        os.ftruncate(fd, 0)
    digest = Digest(file)
    os.lseek(fd, 0, os.SEEK_SET)
    while block := os.read(fd, HASHED):
        digest.update(block)
    return digest


def _complete(
    hub: Hub, repository: str, commit: str, file: Listed, fd: int, digest: Digest, tell: Tell
) -> None:
    """Append to the file until it has its size; `digest` is that of what it holds."""
    hub.patience.answered()  # what was hashed before is nobody's delay
    have = os.lseek(fd, 0, os.SEEK_END)
    tell(have)
    while have < file.size:
        try:
            with hub.body(repository, commit, file.path, have) as body:
                if body.start != have:  # it does not know ranges
                    os.ftruncate(fd, 0)
                    have = os.lseek(fd, 0, os.SEEK_SET)
                    digest.restart()
                while have < file.size and (block := body.read()):
                    if not have or body.end not in (None, file.size):
                        _recognise(body, block, file, hub.host)
                    _write(fd, block)
                    digest.update(block)
                    have += len(block)
                    hub.patience.progressed()
                    hub.patience.stall()
                    tell(have)
                if have > file.size:
                    os.ftruncate(fd, 0)
                    raise DownloadFailed(f"{hub.host} sent too much for {file.path}")
                if have < file.size:
                    raise DownloadFailed(f"{hub.host} sent too little", again_in=0.0)
        except DownloadFailed as failure:
            hub.patience.after(failure)


def _write(fd: int, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[os.write(fd, view) :]


def _recognise(body: Body, block: bytes, file: Listed, host: str) -> None:
    """Raise DownloadFailed for what begins as something else than the file, or has another size."""
    kind = file.path.rpartition(".")[2]
    if block.lstrip()[:1] == b"<" or body.kind == "text/html":
        what = "a web page"
    elif block.startswith(b"version https://git-lfs"):
        what = "a pointer to it"
    elif body.end not in (None, file.size):
        what = f"something of {body.end} bytes"
    elif kind == "safetensors" and len(block) > 8 and block[8:9] != b"{":
        what = "something else"
    else:
        return
    of = {"safetensors": "a safetensors file", "json": "JSON"}.get(kind, "the file")
    raise DownloadFailed(
        f"what {host} sent for {file.path} is {what}, not {of}",
        "Check models.endpoint, and that no login page is in the way",
    )
