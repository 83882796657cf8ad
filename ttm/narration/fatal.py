"""Texts that an engine died of: not tried again as long as this process lives."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from ttm.speech import Speech

KNOWN = 256
"""Texts that are remembered; the one that was met longest ago is forgotten first."""


class Fatal:
    """What killed which engine, by digests alone; one for all narrations of a thread.

    `whole`: all of a chunk, of which some piece was fatal, rather than that piece itself.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, str] = OrderedDict()

    def add(self, engine: str, speech: Speech, why: str, *, whole: bool = False) -> None:
        """This killed it, and once more on a second attempt; `why` is what was seen of that."""
        key = _digest(engine, speech, whole)
        self._known[key] = why
        self._known.move_to_end(key)
        if len(self._known) > KNOWN:
            self._known.popitem(last=False)

    def why(self, engine: str, speech: Speech, *, whole: bool = False) -> str:
        """What was seen when this killed it; empty where it never did."""
        key = _digest(engine, speech, whole)
        if key not in self._known:
            return ""
        self._known.move_to_end(key)
        return self._known[key]


def _digest(engine: str, speech: Speech, whole: bool) -> bytes:
    about = (engine, speech.voice, speech.language, speech.text, whole)
    return hashlib.sha256(repr(about).encode(errors="surrogatepass")).digest()
