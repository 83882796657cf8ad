"""A line spoken to hear a voice, played."""

from __future__ import annotations

import os
from collections.abc import Callable

from ttm.config import Config
from ttm.errors import DeviceError
from ttm.narration.audition import Heard
from ttm.playback import Player, find_loudspeaker

Opener = Callable[[int], Player]
"""Opens the loudspeaker for sound of so many Hertz. Raises DeviceError."""


def loudspeaker(wanted: bool | None, config: Config) -> Opener | None:
    """None when nobody wants to hear it, or, unless asked for, when there is no terminal or no
    loudspeaker.

    Raises DeviceError when it was asked for and there is none.
    """
    if wanted is False or (wanted is None and not os.isatty(2)):
        return None
    try:
        found = find_loudspeaker(config.playback).ready()
    except DeviceError:
        if wanted:
            raise
        return None
    return lambda rate: Player(found, rate, config.playback)


def play(heard: Heard, opener: Opener | None) -> None:
    """Until it was heard. Raises DeviceError."""
    if opener is None:
        return
    player = opener(heard.audio[0].rate)
    try:
        for audio in heard.audio:
            player.write(audio)
        player.close()
    except BaseException:
        player.abort()
        raise
