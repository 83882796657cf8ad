"""When `ttm say --instant` lets another voice begin, and when it need not."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from ttm.cli import output
from ttm.cli.reach import named, reach, warm
from ttm.cli.request import Outcome, Request
from ttm.cli.source import at_hand, length
from ttm.config import Config
from ttm.engine import EngineCard
from ttm.errors import TtmError, UsageError
from ttm.narration import ladder
from ttm.narration.opening import find_model
from ttm.text.markup import Opening

if TYPE_CHECKING:
    from ttm.narration.coming import Source, Spoken
    from ttm.narration.exchange import Server
    from ttm.narration.instant import InstantNarrator
    from ttm.narration.remote import RemoteNarration


def prepared(request: Request, config: Config, outcome: Outcome) -> InstantNarrator | None:
    """What begins with another voice; None where that is not wanted, or nothing is gained by it.

    Raises UsageError where it is asked for and cannot be.
    """
    if not config.say.instant or request.dry_run:
        return None
    asked = config.origin("say.instant").kind == "flag"
    if request.output or not request.play:
        if asked:
            what = "--instant is for what is heard at once, and a file has one voice"
            raise UsageError(what, "Leave out --instant, or what keeps it from being played alone")
        return None
    if not request.local and named(request.server, config, os.environ):
        if asked:
            what = "--instant begins here, and the text is spoken by another server"
            raise UsageError(what, "Leave it out, or speak here with --local")
        return None
    try:
        found, card = find_model(config.say.model, config)
    except TtmError:
        return None  # whoever speaks will tell
    if not card.loads_slowly or (not request.local and warm(config, found.name)):
        return None
    if why := _unknown(card, config):
        if request.verbose:
            output.note(f"nobody speaks while {config.say.model} is loaded: {why}")
        return None
    from ttm.narration.instant import InstantNarrator

    here = at_hand(request.words, request.files)
    return InstantNarrator(
        config,
        elsewhere=Daemon(request, config, outcome),
        characters=length(request.words, request.files) if here else None,
    )


def _unknown(card: EngineCard, config: Config) -> str:
    """Why it cannot be told what the model will be asked for; empty where it can."""
    if ladder.allowed(config) != "none":
        return "which model speaks is known only then, as models.fallback allows another"
    if not card.multilingual and config.say.language == "auto":
        return "which language it speaks is known only then, unless --language says it"
    return ""


class Daemon:
    """The server of this machine, if it is the one to speak; it may have to be started."""

    restarts = False

    def __init__(self, request: Request, config: Config, outcome: Outcome) -> None:
        self._request, self._config, self._outcome = request, config, outcome
        self._server: Server | None = None
        self._narration: RemoteNarration | None = None

    def open(self, whole: Callable[[], list[str | Opening]]) -> Source | None:
        """As Elsewhere has it."""
        reached = reach(self._request, self._config)
        if reached is None:
            return None
        from ttm.narration.remote import RemoteNarrator

        self._server = reached.server
        self._outcome.server = reached.server.address.text
        narrator = RemoteNarrator(reached.server, self._config, whole=reached.ours)
        self._narration = narrator.begin(whole(), transcript=self._request.transcript)
        return self

    def narrate(self, place: int) -> tuple[Spoken, int]:
        """As Source has it."""
        assert self._narration is not None
        return self._narration, 0

    def cut_off(self) -> None:
        """As Elsewhere has it."""
        if self._server is not None:
            self._server.cut_off()

    def close(self) -> None:
        """As Elsewhere has it."""
        if self._server is not None:
            self._server.close()
