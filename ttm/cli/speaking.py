"""What `ttm say` does: text from its source, through a narration, to files and loudspeaker."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from ttm.audio import Audio
from ttm.audio.formats import Format, choose, output_bitrate, output_rate
from ttm.audio.sink import Sink, Written, open_sink
from ttm.audio.target import Target, open_target
from ttm.cli import output
from ttm.cli.progress import Progress
from ttm.cli.source import at_hand, begin, read
from ttm.cli.timings import TimingFile
from ttm.cli.voice import choose as choose_voice
from ttm.cli.voice import described
from ttm.config import Config
from ttm.errors import DeviceError, NothingToSpeak, UsageError
from ttm.narration.narration import Narration
from ttm.narration.narrator import Narrator
from ttm.narration.plan import Chunk, Unit, plan, slug, split
from ttm.playback import Player, find_player
from ttm.speech import Voice
from ttm.text.cleaning import Cleaner


@dataclass(frozen=True, slots=True)
class Request:
    """The options of `ttm say` that are no settings."""

    words: tuple[str, ...]
    files: tuple[str, ...]
    output: str | None
    play: bool
    form: str
    """The format named on the command line; a suffix that says another is an error."""
    timings: str | None
    split: str
    follow: bool
    clobber: bool
    json: bool
    quiet: bool
    verbose: bool
    dry_run: bool
    transcript: str = ""
    """What is said in the recording whose voice is cloned."""

    @property
    def taken(self) -> bool:
        """Whether stdout carries something else than a report."""
        return "-" in (self.output, self.timings)


@dataclass(slots=True)
class Outcome:
    """What is reported in the end."""

    warnings: list[str] = field(default_factory=list)
    outputs: list[Written] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)


def speak(request: Request, config: Config) -> None:
    """Everything that can be known to be wrong is found before an engine starts."""
    form = choose(request.output or "", request.form, config.say.format)
    _check(request, config)
    bitrate = _bitrate(form, config) if request.output else 0
    outcome = Outcome()
    quiet = request.quiet or request.json
    progress = Progress(wanted=output.progress_wanted() and not quiet)
    with ExitStack() as stack:
        stack.callback(progress.clear)
        narrator = stack.enter_context(Narrator(config, loading=progress.loading))
        stood_in = narrator.settle(config.say.model)
        model, engine = narrator.model(config.say.model), narrator.card(config.say.model)
        _, ignored = narrator.instruction(config.say.model)
        target = timings = None
        command: Iterable[str] = ()
        if not request.dry_run:
            if request.play:
                command = find_player(config.playback.player)
            if request.output and request.split == "none":
                target = stack.enter_context(_opened(request.output, request.clobber))
            if request.timings and request.split == "none":
                timings = stack.enter_context(_opened(request.timings, request.clobber, text=True))
        pieces = read(request.words, request.files, config.text)
        begun = begin(pieces)
        narrator.start(config.say.model)
        voice, language, replaced = choose_voice(
            narrator, config, "".join(begun), request.transcript
        )
        progress.clear()
        for warning in filter(None, (stood_in, ignored, replaced)):
            _warn(request, outcome, warning)
        if request.verbose:
            output.note(f"model {model.name}, voice {described(voice)}")
        cleaner = Cleaner()
        chunks = plan(
            itertools.chain(begun, pieces),
            language=language.partition("-")[0],
            budget=engine.budget,
            follow=request.follow,
            cleaner=cleaner,
        )
        if request.dry_run:
            heading = {"model": model.name, "engine": engine.name, "voice": voice.name}
            heading |= {"language": language, "output": request.output or ""}
            _show_plan(chunks, heading, described(voice), as_json=request.json)
            return
        out = _Speaking(
            request, config, narrator, voice, form, bitrate, tuple(command), outcome, progress
        )
        if request.split == "none":
            out.tell(chunks, target, timings)
        else:
            out.tell_parts(chunks)
        if out.unheard:
            raise out.unheard
        if cleaner.removed and request.verbose:
            output.note(f"removed {cleaner.removed} characters that cannot be spoken")
    _report(request, outcome)


def _check(request: Request, config: Config) -> None:
    """Combinations that cannot be meant."""
    if (
        not request.output
        and config.say.normalize
        and config.origin("say.normalize").kind == "flag"
    ):
        raise UsageError(
            "--normalize needs all of the sound before the first of it is heard",
            "Write a file with -o, and play that",
        )
    if request.words and request.files:
        raise UsageError("text was given as arguments and with --file", "Leave one of them out")
    if request.timings and request.timings == request.output:
        where = "stdout" if request.output == "-" else request.output
        raise UsageError(f"the sound and the timings cannot both go to {where}", "Name another")
    if request.split != "none":
        if not request.output or request.output == "-":
            raise UsageError(
                "--split needs names for its files",
                "Give one with {n} or {slug} in it, as in -o part-{n}.wav",
            )
        for name in filter(None, (request.output, request.timings)):
            if "{n}" not in name and "{slug}" not in name:
                raise UsageError(
                    f"--split would write every part to '{name}'",
                    "Put {n} or {slug} into the name, as in part-{n}.wav",
                )
        if request.follow:
            raise UsageError("--follow never ends a part for --split", "Leave one of them out")


def _bitrate(form: Format, config: Config) -> int:
    """What to ask of the format; a setting that it has no use for is no mistake, an option is.

    Raises UsageError for a rate or bitrate that it cannot have.
    """
    rate, bitrate = config.say.sample_rate, config.say.bitrate
    if rate:
        output_rate(form, rate, rate)
    if form.bitrates is None and config.origin("say.bitrate").kind != "flag":
        return 0
    if bitrate and (rate or form.name != "mp3"):  # whose bitrates depend on the rate
        output_bitrate(form, rate, bitrate)
    return bitrate


def _opened(path: str, clobber: bool, *, text: bool = False) -> _Held:
    return _Held(open_target(path, clobber=clobber, text=text))


class _Held:
    """Takes an output back when it was not finished."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def __enter__(self) -> Target:
        return self._target

    def __exit__(self, *failure: object) -> None:
        self._target.discard()


class _Speaking:
    """Writes and plays narrations, and keeps what is to be reported."""

    def __init__(
        self,
        request: Request,
        config: Config,
        narrator: Narrator,
        voice: Voice,
        form: Format,
        bitrate: int,
        player: tuple[str, ...],
        outcome: Outcome,
        progress: Progress,
    ) -> None:
        self._request = request
        self._config = config
        self._narrator = narrator
        self._voice = voice
        self._form = form
        self._bitrate = bitrate
        self._player = player
        self._outcome = outcome
        self._ahead = at_hand(request.words, request.files)
        self._progress = progress
        self.unheard: DeviceError | None = None
        """Why the rest could not be played, when it was still written."""

    def tell(self, chunks: Iterable[Chunk], target: Target | None, timed: Target | None) -> None:
        """Speak the chunks to their end; what is written is complete, or not there."""
        narration = self._narrator.narrate(
            chunks,
            voice=self._voice,
            model=self._config.say.model,
            follow=self._request.follow,
            ahead=self._ahead,
            unheard=not self._player and self._request.output != "-",
        )
        timings = TimingFile(timed) if timed else None
        sink: Sink | None = None
        player: Player | None = None
        try:
            for audio in narration:
                self._tell_notes(narration)
                if timings:
                    timings.write(audio.timings)
                if not audio.pcm:
                    continue
                if target and sink is None:
                    sink = self._sink(target, audio)
                if self._player and player is None:
                    player = Player(self._player, audio.rate)
                if sink:
                    sink.write(audio)
                if player and not self._heard(player, audio, sink):
                    player = None
                self._progress.show(narration.report)
            if timings:
                timings.end()
            if sink:
                written = sink.close()
                self._outcome.outputs.append(written)
                if written.warning:
                    _warn(self._request, self._outcome, written.warning)
            if timings:
                timings.commit()
            if player:
                self._heard(player, None, sink)
        except BaseException:
            if sink:
                sink.abort()
            if player:
                player.abort()
            raise
        finally:
            self._progress.clear()
            self._tell_notes(narration)
        self._keep(narration)

    def _tell_notes(self, narration: Narration) -> None:
        """What the engine had to say since; the same is said once a command."""
        for note in narration.report.notes:
            if note not in self._outcome.warnings:
                self._progress.clear()
                _warn(self._request, self._outcome, note)

    def _heard(self, player: Player, audio: Audio | None, sink: Sink | None) -> bool:
        """Play this, or the rest of what was given before; a file goes on without its player."""
        try:
            if audio is None:
                player.close()
            else:
                player.write(audio)
            return True
        except DeviceError as failure:
            if sink is None:
                raise
            player.abort()
            self.unheard, self._player = failure, ()
            return False

    def tell_parts(self, chunks: Iterable[Chunk]) -> None:
        """One file for each part; those that are finished stay when a later one fails."""
        request = self._request
        for number, part in split(chunks, cast(Unit, request.split)):
            head = next(part)
            names = {"{n}": f"{number:03}", "{slug}": slug(head.text)}
            with ExitStack() as stack:
                target, timed = (
                    stack.enter_context(_opened(_filled(name, names), request.clobber))
                    if name
                    else None
                    for name in (request.output, request.timings)
                )
                self.tell(itertools.chain([head], part), target, timed)
        if not self._outcome.outputs:
            raise NothingToSpeak("there is nothing to speak in the text")

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

    def _keep(self, narration: Narration) -> None:
        report = narration.report
        self._outcome.reports.append(asdict(report))
        if self._request.verbose:
            chunks = "chunk" if report.chunks == 1 else "chunks"
            output.note(f"spoke {report.chunks} {chunks} with seed {report.seed}")
        if report.skipped:
            places = ", ".join(f"line {s.line}, column {s.column}" for s in report.skips[:5])
            more = ", ..." if report.skipped > 5 else ""
            pieces = "piece" if report.skipped == 1 else "pieces"
            _warn(
                self._request,
                self._outcome,
                f"{report.skipped} {pieces} of the text could not be spoken ({places}{more})",
            )
        if report.clipped:
            _warn(
                self._request,
                self._outcome,
                f"--volume pushed {report.clipped} samples over full scale; lower it",
            )


def _filled(template: str, names: Mapping[str, str]) -> str:
    for mark, name in names.items():
        template = template.replace(mark, name)
    return template


def _show_plan(
    chunks: Iterable[Chunk], heading: Mapping[str, str], voice: str, *, as_json: bool
) -> None:
    """What would be said, on stdout."""
    rows = ({"text": c.text, "start": c.start, "end": c.end, "line": c.line, "column": c.column,
             "paragraph": c.paragraph, "chapter": c.chapter, "begins": c.begins}
            for c in chunks)  # fmt: skip
    first = next(rows, None)
    if first is None:
        raise NothingToSpeak("there is nothing to speak in the text")
    if as_json:
        output.json({"ok": True, **heading, "chunks": [first, *rows]})
        return
    output.line(f"model {heading['model']}, voice {voice}")
    for row in itertools.chain([first], rows):
        output.line(f"{row['line']}:{row['column']}\t{row['text']}")


def _warn(request: Request, outcome: Outcome, sentence: str) -> None:
    outcome.warnings.append(sentence)
    if not request.quiet:
        output.warn(sentence)


def _report(request: Request, outcome: Outcome) -> None:
    if request.json:
        first = outcome.reports[0]
        total = {
            name: sum(report[name] for report in outcome.reports)
            for name in ("chunks", "seconds", "retried", "clipped", "skipped")
        }
        total["seconds"] = round(total["seconds"], 4)
        skips = [skip for report in outcome.reports for skip in report["skips"]]
        outputs = [{**asdict(one), "seconds": round(one.seconds, 4)} for one in outcome.outputs]
        about = {name: first[name] for name in ("model", "engine", "voice", "language", "seed")}
        envelope = {"ok": True, **about, **total, "skips": skips, "outputs": outputs}
        if first["effective"]:
            envelope["effective"] = first["effective"]
        envelope["warnings"] = outcome.warnings
        output.json(envelope, stderr=request.taken)
    elif not request.quiet and (request.verbose or os.isatty(2)):
        for one in outcome.outputs:
            if one.path != "-":
                output.note(f"{one.path}: {one.seconds:.1f} s, {one.format}, {one.rate} Hz")
