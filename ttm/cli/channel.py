"""The named channels of the speaker queue, as `ttm say` takes them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ttm.config import ChannelSettings
from ttm.errors import UsageError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""What a channel may be called."""
HIGHEST = 100
"""The highest priority; the lowest is as far below 0."""


def checked(name: str) -> str:
    """The name. Raises UsageError for one that no channel can have."""
    if not NAME.fullmatch(name):
        raise UsageError(
            f"a channel cannot be called '{name[:40]}'", "Use letters, digits, - and _"
        )
    return name


def beneath(own: ChannelSettings, flags: Mapping[str, object]) -> dict[str, object]:
    """What a channel sets, where no option says otherwise."""
    usual = {"say.voice": own.voice, "say.model": own.model, "say.rate": own.rate}
    return {key: value for key, value in usual.items() if value and flags.get(key) is None}


def rank(text: str) -> int:
    """A priority. Raises UsageError."""
    if not re.fullmatch(r"[+-]?[0-9]{1,3}", text) or abs(int(text)) > HIGHEST:
        raise UsageError(f"the priority cannot be '{text[:40]}'", "Give a number from -100 to 100")
    return int(text)
