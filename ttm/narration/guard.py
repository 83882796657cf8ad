"""Is this sound what was asked for?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ttm.audio import Audio
from ttm.audio.level import finite
from ttm.errors import BadAudio
from ttm.speech import Speech

LONGEST = 60.0
"""Seconds that any speech may last."""
LONGEST_CHARACTER = 5.0
"""Seconds more for each character at the usual tempo: the name of an emoji takes up to four."""


def guarded(blocks: Iterable[Audio], speech: Speech, engine: str) -> Iterator[Audio]:
    """The blocks as they come.

    Raises BadAudio for samples that are no numbers, for a format that changes, and for a speech
    that does not end.
    """
    left = LONGEST + LONGEST_CHARACTER * len(speech.text) / speech.rate
    form: tuple[int, str] | None = None
    for block in blocks:
        form = form or (block.rate, block.sample_format)
        if form != (block.rate, block.sample_format):
            raise BadAudio(f"engine '{engine}' changed its sample rate or format")
        left -= block.seconds
        if left < 0:
            raise BadAudio(f"engine '{engine}' did not come to an end")
        if not finite(block):
            raise BadAudio(f"engine '{engine}' made samples that are no numbers")
        yield block
