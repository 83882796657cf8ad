"""`ttm say -d ?`: the devices that can play."""

from __future__ import annotations

from ttm.cli import output
from ttm.config import Config
from ttm.playback import find_loudspeaker


def list_devices(config: Config, *, as_json: bool) -> None:
    """A name a line. Raises DeviceError, and UsageError where the backend has no choice."""
    loudspeaker = find_loudspeaker(config.playback)
    names = loudspeaker.devices()
    if as_json:
        output.json({"devices": [{"name": name} for name in names]})
        return
    for name in names:
        output.line(name.replace("\n", " "))
