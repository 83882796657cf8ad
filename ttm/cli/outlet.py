"""Where a narration goes: files and the loudspeaker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING

from ttm.audio import Audio
from ttm.audio.formats import Format
from ttm.audio.sink import Sink, Written, open_sink
from ttm.audio.target import Target, open_target
from ttm.cli import output
from ttm.cli.extent import Extent
from ttm.cli.highlight import Highlight
from ttm.cli.progress import Progress
from ttm.cli.request import Outcome, Request, warn
from ttm.cli.source import at_hand, length
from ttm.cli.timings import TimingFile
from ttm.cli.turn import Turn
from ttm.config import Config
from ttm.errors import DeviceError, TtmError
from ttm.narration import manifest
from ttm.narration.duration import foreseen
from ttm.narration.manifest import SETTINGS, Observer
from ttm.narration.narration import Narration
from ttm.narration.narrator import Narrator
from ttm.narration.plan import Chunk
from ttm.narration.report import Report, StandIn
from ttm.narration.subtitles import transcript
from ttm.playback import Loudspeaker, Player
from ttm.speech import Voice, parse_rate

if TYPE_CHECKING:
    from ttm.narration.relay import InstantNarration
    from ttm.narration.remote import Begun, RemoteNarration

    Spoken = Narration | RemoteNarration | InstantNarration


class Outlet:
    """Writes and plays narrations, and keeps what is to be reported."""

    def __init__(
        self,
        request: Request,
        config: Config,
        narrator: Narrator | Begun,
        voice: Voice,
        form: Format,
        bitrate: int,
        loudspeaker: Loudspeaker | None,
        outcome: Outcome,
        progress: Progress,
        extent: Extent,
        highlight: Highlight | None = None,
        turn: Turn | None = None,
        playing: Callable[[Player], None] | None = None,
    ) -> None:
        self._request = request
        self._config = config
        self._narrator = narrator
        self._voice = voice
        self._form = form
        self._bitrate = bitrate
        self._loudspeaker = loudspeaker
        self._outcome = outcome
        self._ahead = at_hand(request.words, request.files)
        self._length = length(request.words, request.files) if self._ahead else None
        self._progress = progress
        self._extent = extent
        self._began = time.time()
        self._seconds, self._chunks = 0.0, 0
        """Of the narrations before."""
        self.report: Report | None = None
        """Of the narration that goes on, or went on last."""
        self._highlight = highlight
        self._turn = turn
        self._playing = playing
        """Is told who plays."""
        self.unheard: DeviceError | None = None
        """Why the rest could not be played, when it was still written."""

    def tell(
        self, chunks: Iterable[Chunk], target: Target | None, timings: Sequence[TimingFile]
    ) -> None:
        """Speak the chunks to their end; what is written is complete, or not there."""
        observer = None
        if self._request.manifest:
            observer = Observer(normalized=self._config.say.normalize)
            chunks = observer.watch(chunks)
        narration = self._narrator.narrate(
            chunks,
            voice=self._voice,
            model=self._config.say.model,
            follow=self._request.follow,
            ahead=self._ahead,
            unheard=not self._loudspeaker and self._request.output != "-",
            since=self._began,
        )
        report = self.report = narration.report
        if self._highlight:
            self._highlight.rewound()
        sink: Sink | None = None
        player: Player | None = None
        try:
            for audio in narration:
                self._tell_notes(narration)
                for each in timings:
                    each.write(audio.timings)
                if observer:
                    observer.hear(audio)
                if self._highlight:
                    self._highlight.add(audio.timings)
                if not audio.pcm:
                    continue
                if target and sink is None:
                    sink = self._sink(target, audio)
                if self._loudspeaker and player is None:
                    player = self._opened(self._loudspeaker, audio.rate, narration)
                if sink:
                    sink.write(audio)
                if player and not self._heard(player, audio, sink):
                    player = None
                if self._silenced() and not sink:
                    break
                self._progress.show(
                    self._seconds + report.seconds,
                    self._chunks + report.chunks,
                    lambda: self._extent.part(report.characters),
                )
            for each in timings:
                each.end()
            if sink:
                written = sink.close()
                self._outcome.outputs.append(written)
                if written.warning:
                    warn(self._request, self._outcome, written.warning)
            for each in timings:
                each.commit()
            if sink and observer:
                self._describe(observer, written, narration.report.seed)
            if player:
                self._heard(player, None, sink)
        except BaseException as failure:
            if sink:
                sink.abort()
            if player:
                player.abort()
            # An engine that is told to be silent in the middle of a chunk has failed to say it.
            if sink or not (isinstance(failure, TtmError) and self._silenced()):
                raise
        finally:
            self._progress.clear()
            self._tell_notes(narration)
        self._silenced()
        self._keep(narration)

    def _tell_notes(self, narration: Spoken) -> None:
        """What the engine had to say since; the same is said once a command."""
        for note in narration.report.notes:
            if note not in self._outcome.warnings:
                self._clear()
                warn(self._request, self._outcome, note)

    def _clear(self) -> None:
        """Make room on the terminal for a line."""
        self._progress.clear()
        if self._highlight:
            self._highlight.clear()

    def _opened(self, loudspeaker: Loudspeaker, rate: int, narration: Spoken) -> Player:
        player = Player(
            loudspeaker,
            rate,
            self._config.playback,
            total=lambda: self._expected(narration.report),
            live=not self._ahead,
        )
        if self._highlight:
            self._highlight.follow(player)
        if self._playing:
            self._playing(player)
        if self._turn:
            # A file goes on without anybody who listens.
            end = self._narrator.stop if self._request.output is None else _nothing
            self._turn.follow(player, end)
        return player

    def _silenced(self) -> bool:
        """Whether another command asked for silence."""
        self._outcome.stopped = self._turn is not None and self._turn.stopped
        return self._outcome.stopped

    def _expected(self, report: Report) -> float | None:
        """Seconds that the narration will have, as far as is known."""
        if self._request.follow:
            return 0.0  # each line is one of its own
        if self._request.split != "none" or self._length is None:
            return None
        rate = parse_rate(self._config.say.rate)
        return foreseen(self._length, rate, report.characters, report.seconds)

    def _heard(self, player: Player, audio: Audio | None, sink: Sink | None) -> bool:
        """Play this, or the rest of what was given before; a file goes on without its player."""
        try:
            if audio is None:
                player.close()
            else:
                player.write(audio)
                if (why := player.notice()) and not self._request.quiet:
                    self._clear()
                    output.note(why)
            return True
        except DeviceError as failure:
            if sink is None:
                raise
            player.abort()
            self.unheard, self._loudspeaker = failure, None
            return False

    def _sink(self, target: Target, audio: Audio) -> Sink:
        say = self._config.say
        return open_sink(
            target,
            self._form,
            native_rate=audio.rate,
            sample_format=audio.sample_format,
            sample_rate=say.sample_rate,
            bitrate=self._bitrate,
            normalize=say.normalize,
        )

    def _describe(self, observer: Observer, written: Written, seed: int) -> None:
        """Write the manifest of a file."""
        say = self._config.say
        settings = {name: getattr(say, name) for name in SETTINGS} | {"bitrate": self._bitrate}
        settings["voice"] = self._voice.recording or self._voice.name
        transcript = self._request.transcript
        manifest.write(observer.manifest(written, seed, settings, transcript), written.path)

    def _keep(self, narration: Spoken) -> None:
        report = narration.report
        self._outcome.reports.append(asdict(report))
        self._seconds += report.seconds
        self._chunks += report.chunks
        if self._request.verbose:
            chunks = "chunk" if report.chunks == 1 else "chunks"
            output.note(f"spoke {report.chunks} {chunks} with seed {report.seed}")
            if stood := report.stood_in:
                output.note(_stood(stood, report.model))
            for bad in report.guard.chunks:
                found = ", ".join(dict.fromkeys(one.words for one in bad.findings))
                times = f"asked {bad.attempts} times" if bad.attempts > 1 else "asked once"
                output.note(f"{bad.place}: {bad.outcome}, {times}; the engine {found}")
        if report.skipped:
            places = ", ".join(f"line {s.line}, column {s.column}" for s in report.skips[:5])
            more = ", ..." if report.skipped > 5 else ""
            pieces = "piece" if report.skipped == 1 else "pieces"
            warn(
                self._request,
                self._outcome,
                f"{report.skipped} {pieces} of the text could not be spoken ({places}{more})",
            )
        if report.clipped:
            warn(
                self._request,
                self._outcome,
                f"--volume pushed {report.clipped} samples over full scale; lower it",
            )


def _stood(stood: StandIn, model: str) -> str:
    """Who spoke meanwhile, and for how long."""
    said = "1 sentence" if stood.sentences == 1 else f"{stood.sentences} sentences"
    began = f"{stood.model} ({stood.voice}) spoke the first {said}, {stood.seconds:.1f} s"
    if stood.hand_over is None:
        return f"{began}, which was all of it: {model} could not take over before"
    return f"{began}, until {model} could take over"


def timing_files(
    stack: ExitStack, request: Request, config: Config, names: Mapping[str, str] | None = None
) -> list[TimingFile]:
    """What takes the timings and subtitles; the stack takes back what is not finished.

    `names`: what stands in their paths for the marks of a split.
    """
    return [
        TimingFile(
            stack.enter_context(opened(filled(path, names or {}), request.clobber, text=True)),
            transcript(kind, words=config.say.vtt_words),
        )
        for kind, path in request.transcripts.items()
    ]


def opened(path: str, clobber: bool, *, text: bool = False) -> _Held:
    return _Held(open_target(path, clobber=clobber, text=text))


class _Held:
    """Takes an output back when it was not finished."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def __enter__(self) -> Target:
        return self._target

    def __exit__(self, *failure: object) -> None:
        self._target.discard()


def _nothing() -> None:
    """What is left to do for a listener who has left a file behind."""


def filled(template: str, names: Mapping[str, str]) -> str:
    """A file's name with what stands for its marks, such as `{n}`."""
    for mark, name in names.items():
        template = template.replace(mark, name)
    return template
