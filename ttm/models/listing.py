"""Which files a hub says a revision has: those that are fetched, and what they must come to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ttm.errors import DownloadFailed
from ttm.models.manifest import PATH, SHA256
from ttm.models.registry import COMMIT

LISTING_MAX = 8 << 20
"""Bytes of a listing; that of a repository with a thousand files has 0.4 MB."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of a model as the hub describes it."""

    path: str
    size: int
    sha256: str = ""
    """Of a large file."""
    blob: str = ""
    """Of a small file: the SHA-1 that git gives it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One revision of a model."""

    commit: str
    files: tuple[Listed, ...]
    names: tuple[str, ...]
    """Of all files, those that ttm has no use for included."""


def parse(text: bytes, host: str) -> Listing:
    """Raises DownloadFailed for an answer that is no listing, or lists what cannot be."""
    try:
        table = json.loads(text)
        commit, siblings = table["sha"], table["siblings"]
        names = tuple(str(each["rfilename"]) for each in siblings)
        files = tuple(_listed(each) for each in siblings if wanted(str(each["rfilename"])))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise DownloadFailed(
            f"{host} did not answer as a hub does",
            "Check models.endpoint, and that no login page is in the way",
        ) from None
    if not (isinstance(commit, str) and COMMIT.fullmatch(commit)):
        raise DownloadFailed(f"{host} names no commit for what it lists")
    for name in names:
        if wanted(name) and not PATH.fullmatch(name):
            shown = " ".join(name.split())[:80]
            raise DownloadFailed(f"{host} lists a file that cannot be: '{shown}'")
    folded: set[str] = set()
    for file in files:
        if (name := file.path.casefold()) in folded:
            raise DownloadFailed(f"{host} lists two files whose names differ in case: '{name}'")
        folded.add(name)
    return Listing(commit, files, names)


SUFFIXES = (".safetensors", ".json", ".txt", ".model", ".tiktoken", ".jinja")
"""Of the files that are fetched: weights that are only numbers, and tables of text."""


def wanted(name: str) -> bool:
    """Whether a file is of a kind that is fetched; never one that could hold code."""
    return name.endswith(SUFFIXES) or name.rpartition("/")[2] in ("LICENSE", "NOTICE")


def _listed(sibling: Mapping[str, Any]) -> Listed:
    large = sibling.get("lfs") or {}
    size = large.get("size", sibling.get("size"))
    sha256, blob = large.get("sha256", ""), "" if large else sibling.get("blobId", "")
    if type(size) is not int or size < 0:
        raise ValueError("no size")
    if not (SHA256.fullmatch(sha256) if large else COMMIT.fullmatch(blob)):
        raise ValueError("no hash")
    return Listed(sibling["rfilename"], size, sha256, blob)
