"""`ttm say` with a server that speaks: the text goes there, the sound comes here."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING

from ttm.audio.formats import Format
from ttm.cli import output
from ttm.cli.extent import Extent
from ttm.cli.highlight import wanted
from ttm.cli.memory import Memory
from ttm.cli.outlet import Outlet, opened, timing_files
from ttm.cli.progress import Progress
from ttm.cli.request import Outcome, Request, warn
from ttm.cli.source import begin, written
from ttm.cli.turn import turn_of
from ttm.cli.voice import described
from ttm.config import Config
from ttm.errors import RemoteError
from ttm.narration.remote import Begun, RemoteNarrator
from ttm.playback import find_loudspeaker
from ttm.text.markup import Opening, Reading

if TYPE_CHECKING:
    from ttm.cli.reach import Reached


class Gone(Exception):
    """A server that nobody has named has left before it spoke; `text` is what it was to say."""

    def __init__(self, text: Sequence[str | Opening], why: str) -> None:
        super().__init__(why)
        self.text, self.why = text, why


def speak(
    request: Request,
    config: Config,
    reached: Reached,
    form: Format,
    bitrate: int,
    outcome: Outcome,
    progress: Progress,
    text: Sequence[str | Opening] | None = None,
) -> None:
    """Have the server speak, and write and play what comes of it.

    What can be known to be wrong is found before it is asked; of the text, all is read first,
    unless it was and `text` is it. Raises Gone.
    """
    outcome.server = reached.server.address.text
    with ExitStack() as stack:
        stack.enter_context(reached.server)
        stack.callback(progress.clear)
        loudspeaker = find_loudspeaker(config.playback) if request.play else None
        highlight = stack.enter_context(wanted(request)) if request.highlight else None
        target = None
        if request.output:
            target = stack.enter_context(opened(request.output, request.clobber))
        timings = timing_files(stack, request, config)
        memory = stack.enter_context(Memory(request, config, outcome))
        extent = Extent()
        pieces = memory.listen(written(request, config, extent, text))
        begun, _, _ = begin(pieces, Reading(pauses=config.text.pauses))
        text = [*begun, *(highlight.reading(pieces, begun) if highlight else pieces)]
        narrator = RemoteNarrator(
            reached.server, config, whole=reached.ours, loading=progress.loading
        )
        try:
            narration = stack.enter_context(
                narrator.begin(
                    text,
                    transcript=request.transcript,
                    unheard=not loudspeaker and request.output != "-",
                )
            )
        except RemoteError as failure:
            if not reached.ours:
                raise
            raise Gone(text, failure.what) from None
        if loudspeaker:
            loudspeaker = loudspeaker.ready()
        progress.clear()
        for warning in narration.began.warnings:
            warn(request, outcome, warning)
        if request.verbose:
            voice = described(narration.voice)
            output.note(f"model {narration.began.model}, voice {voice}, {reached.server}")
        memory.begin(narration.began.model, narration.voice, narration.began.language)
        turn = None
        if loudspeaker:
            model = narration.began.model
            turn = stack.enter_context(turn_of(request, model, narration.voice.name))
            if not turn.wait():
                outcome.stopped = True
                outcome.reports.append(asdict(narration.report))
                return
        out = Outlet(
            request,
            config,
            Begun(narration),
            narration.voice,
            form,
            bitrate,
            loudspeaker,
            outcome,
            progress,
            extent,
            highlight,
            turn,
        )
        out.tell((), target, timings)
        if out.unheard:
            raise out.unheard
