"""A tape as a file, in any format, as far as it is there or is still to come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ttm.audio import Audio
from ttm.audio.formats import Format
from ttm.audio.sink import Written, open_sink
from ttm.audio.target import open_target
from ttm.config import Config
from ttm.errors import BadAudio
from tui.studio.tape import Tape

BLOCK = 1.0
"""Seconds that are written at once."""
LOOK = 0.2
"""Seconds between two looks at whether more has come."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of it."""

    written: Written
    whole: bool
    """Whether all of the text is in it."""


def save(
    tape: Tape,
    path: str,
    form: Format,
    config: Config,
    *,
    clobber: bool,
    given_up: Callable[[], bool] = lambda: False,
) -> Saved | None:
    """Write the tape to its end, which may still have to be spoken; None when it was given up.

    The file appears whole or not at all. Raises OutputError, BadAudio for a tape without sound,
    and UsageError for what the format cannot have.
    """
    say = config.say
    tape.wanted = True
    target = open_target(path, clobber=clobber)
    try:
        while not tape.wait(0, LOOK):
            if given_up():
                target.discard()
                return None
        if not tape.samples:
            raise BadAudio("no sound was made, so nothing was written")
        sink = open_sink(
            target,
            form,
            native_rate=tape.rate,
            sample_rate=say.sample_rate,
            bitrate=say.bitrate if form.bitrates else 0,
            normalize=say.normalize,
        )
    except BaseException:
        target.discard()
        raise
    at, version = 0, tape.version
    with sink:
        while not given_up():
            if not tape.wait(at, LOOK):
                continue
            pcm = tape.read(at, round(BLOCK * tape.rate))
            if not pcm:
                return Saved(sink.close(), tape.whole and version == tape.version)
            sink.write(Audio(pcm, tape.rate))
            at += len(pcm) // 2
    return None
