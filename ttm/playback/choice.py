"""What is played through: the settings' backend, or the best that is here."""

from __future__ import annotations

from ttm.config import PlaybackSettings
from ttm.errors import DeviceError, UsageError
from ttm.playback import program, simple, soundcard
from ttm.playback.loudspeaker import INSTEAD, Loudspeaker, Source, Stream
from ttm.playback.soundcard import SoundCard

BACKENDS = ("auto", "miniaudio", "simpleaudio", "command", "none")
"""What `playback.backend` may be."""


def find_loudspeaker(settings: PlaybackSettings) -> Loudspeaker:
    """What the settings name, before it is known whether it can be heard; imports nothing.

    `playback.player` none silences every backend. With backend auto, a command in it is taken, and
    else miniaudio, for which a program stands in where miniaudio is not installed or finds no
    device. Raises DeviceError and UsageError.
    """
    backend, player = settings.backend, settings.player
    for name, value in (("player", player), ("backend", backend)):
        if value == "none":
            raise DeviceError(f"playback is switched off (playback.{name} is none)", INSTEAD)
    if backend == "auto":
        backend = "miniaudio or a program" if player == "auto" else "command"
    if backend == "miniaudio":
        return SoundCard(settings.device)
    if backend == "miniaudio or a program":
        return Best(settings.device)
    if settings.device:
        raise UsageError(
            f"the device '{settings.device}' can be chosen with miniaudio only",
            "Leave out --device (playback.device), or set playback.backend to miniaudio",
        )
    return simple.Simple() if backend == "simpleaudio" else program.find(player)


class Best:
    """miniaudio, or else a player program."""

    name = "auto"
    about = "the best that is here"

    def __init__(self, device: str) -> None:
        self._card = SoundCard(device)
        self._device = device

    def ready(self) -> Loudspeaker:
        if soundcard.installed():
            try:
                return self._card.ready()
            except DeviceError as failure:
                why = failure.what
        else:
            why = "miniaudio is not installed"
        if self._device:
            raise DeviceError(f"{why}, and a player program has its own device", INSTEAD)
        return program.find("auto", why)

    def devices(self) -> list[str]:
        return self._card.devices()

    def open(self, rate: int, source: Source) -> Stream:
        return self.ready().open(rate, source)
