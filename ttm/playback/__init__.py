"""The loudspeaker: a stream that starts, pauses, stops and reports its position.

Importing it costs nothing; what plays is imported when it is to play.
"""

from __future__ import annotations

from ttm.playback.choice import BACKENDS, find_loudspeaker
from ttm.playback.follower import Follower
from ttm.playback.loudspeaker import Loudspeaker, Source, Stream
from ttm.playback.player import Player
from ttm.playback.program import PLAYERS

__all__ = [
    "BACKENDS", "PLAYERS", "Follower", "Loudspeaker", "Player", "Source", "Stream",
    "find_loudspeaker",
]  # fmt: skip
