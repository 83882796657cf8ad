"""What `ttm say` does: text from its source, through a narration, to files and loudspeaker."""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from ttm.audio import Audio
from ttm.audio.formats import Format, choose
from ttm.audio.sink import Sink, Written, open_sink
from ttm.audio.target import Target, open_target
from ttm.cli import output
from ttm.config import Config
from ttm.engine import card
from ttm.errors import NothingToSpeak, TtmError, UsageError
from ttm.narration.narration import Narration
from ttm.narration.narrator import Narrator
from ttm.narration.plan import Chunk, Unit, join, plan, slug, split
from ttm.playback import Player, find_player
from ttm.speech import Timing, Voice
from ttm.text.cleaning import Cleaner
from ttm.text.language import script_language
from ttm.text.reading import open_text, read_text
from ttm.voices import speaks

REDRAW = 0.2
"""Seconds between two states of the progress line."""


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
    input_format: str
    follow: bool
    clobber: bool
    json: bool
    quiet: bool
    verbose: bool
    dry_run: bool


@dataclass(slots=True)
class Outcome:
    """What is reported in the end."""

    warnings: list[str] = field(default_factory=list)
    outputs: list[Written] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)


def speak(request: Request, config: Config) -> None:
    """Everything that can be known to be wrong is found before an engine starts."""
    try:
        _speak(request, config)
    except TtmError as failure:
        if request.json and failure.exit_code != 141:
            output.json(output.failure_json(failure), stderr=request.output == "-")
        raise


def _speak(request: Request, config: Config) -> None:
    form = choose(request.output or "", request.form, config.say.format)
    _check(request)
    engine = card(config.say.model)
    outcome = Outcome()
    with ExitStack() as stack:
        target = timings = None
        command: Iterable[str] = ()
        if not request.dry_run:
            if request.play:
                command = find_player(config.playback.player)
            if request.output and request.split == "none":
                target = stack.enter_context(_opened(request.output, request.clobber))
            if request.timings:
                timings = stack.enter_context(_opened(request.timings, request.clobber))
        sources = _sources(request, config)
        narrator = stack.enter_context(Narrator(config))
        narrator.start(engine.name)
        first = next(sources, "")
        voice, language = _voice(narrator, config, first, request, outcome)
        cleaner = Cleaner()
        chunks = plan(
            itertools.chain([first], sources),
            language=language.partition("-")[0],
            budget=engine.budget,
            follow=request.follow,
            cleaner=cleaner,
        )
        if request.dry_run:
            _show_plan(chunks, voice, request, config)
            return
        out = _Speaking(request, config, narrator, voice, form, tuple(command), outcome)
        if request.split == "none":
            narration = out.narration(chunks)
            out.tell(narration, target, request.output or "", _TimingFile(timings))
        else:
            out.tell_parts(chunks, _TimingFile(timings))
        if timings:
            timings.commit()
        if cleaner.removed and request.verbose:
            output.note(f"removed {cleaner.removed} characters that cannot be spoken")
    _report(request, outcome)


def _check(request: Request) -> None:
    """Combinations that cannot be meant."""
    if request.words and request.files:
        raise UsageError("text was given as arguments and with --file", "leave one of them out")
    if request.split != "none":
        if not request.output or request.output == "-":
            raise UsageError("--split needs names for its files", "for example -o 'part-{n}.wav'")
        if "{n}" not in request.output and "{slug}" not in request.output:
            raise UsageError(
                f"--split would write every part to '{request.output}'",
                "put {n} or {slug} into the name, as in part-{n}.wav",
            )
        if request.follow:
            raise UsageError("--follow never ends a part for --split", "leave one of them out")


def _opened(path: str, clobber: bool) -> _Held:
    return _Held(open_target(path, clobber=clobber))


class _Held:
    """Takes an output back when it was not finished."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def __enter__(self) -> Target:
        return self._target

    def __exit__(self, *failure: object) -> None:
        self._target.discard()


def _sources(request: Request, config: Config) -> Iterator[str]:
    """The text in pieces, as it arrives; opens files at once so that a missing one is known."""
    text = config.text
    if request.words and request.words != ("-",):
        return iter([" ".join(request.words)])
    files = request.files or ("-",)
    if files == ("-",) and os.isatty(0) and not request.words and not request.files:
        raise UsageError(
            "no text was given", "type it as an argument, name a file with -f, or pipe it in"
        )
    opened = [("stdin", 0) if name == "-" else (name, open_text(name)) for name in files]
    return join(
        read_text(fd, name=name, encoding=text.encoding, errors=text.errors) for name, fd in opened
    )


def _voice(
    narrator: Narrator, config: Config, sample: str, request: Request, outcome: Outcome
) -> tuple[Voice, str]:
    """Who speaks and in which language: as asked, else as the script of the text tells, else as
    the locale says, else English."""
    say = config.say
    asked = "" if say.language == "auto" else say.language
    guess = ""
    if not asked and not say.voice:
        guess = script_language(sample) or _locale_language()
    voices = narrator.voices(say.model)
    if guess and not any(speaks(voice, guess) for voice in voices):
        guess = ""
    voice, warning = narrator.voice(say.model, say.voice, asked or guess)
    if warning:
        _warn(request, outcome, warning)
    if request.verbose:
        output.note(f"model {say.model}, voice {voice.name} ({voice.description})")
    return voice, voice.languages[0]


def _locale_language() -> str:
    """The language of the user's locale; C and POSIX name none."""
    named = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    tag = next(filter(None, named), "").partition(".")[0].partition("@")[0]
    return "" if tag in ("C", "POSIX") else tag.replace("_", "-")


class _Speaking:
    """Writes and plays narrations, and keeps what is to be reported."""

    def __init__(
        self,
        request: Request,
        config: Config,
        narrator: Narrator,
        voice: Voice,
        form: Format,
        player: tuple[str, ...],
        outcome: Outcome,
    ) -> None:
        self._request = request
        self._config = config
        self._narrator = narrator
        self._voice = voice
        self._form = form
        self._player = player
        self._outcome = outcome
        self._progress = _Progress(request)

    def narration(self, chunks: Iterable[Chunk]) -> Narration:
        model = self._config.say.model
        follow = self._request.follow
        return self._narrator.narrate(chunks, voice=self._voice, model=model, follow=follow)

    def tell(
        self, narration: Narration, target: Target | None, name: str, timings: _TimingFile
    ) -> None:
        """Run a narration to its end; what it wrote is complete, or not there."""
        sink: Sink | None = None
        player: Player | None = None
        try:
            for audio in narration:
                timings.write(audio.timings)
                if not audio.pcm:
                    continue
                if sink is None and target is not None:
                    sink = self._sink(target, audio)
                if player is None and self._player:
                    player = Player(self._player, audio.rate)
                if sink is not None:
                    sink.write(audio)
                if player is not None:
                    player.write(audio)
                self._progress.show(narration)
            timings.finish()
            if sink is not None:
                written = sink.close()
                self._outcome.outputs.append(written)
                if written.warning:
                    _warn(self._request, self._outcome, written.warning)
            if player is not None:
                player.close()
        except BaseException:
            if sink is not None:
                sink.abort()
            if player is not None:
                player.abort()
            raise
        finally:
            self._progress.clear()
        self._keep(narration)

    def tell_parts(self, chunks: Iterable[Chunk], timings: _TimingFile) -> None:
        """One file for each part; those that are finished stay when a later one fails."""
        unit = cast(Unit, self._request.split)
        template = self._request.output or ""
        for number, part in split(chunks, unit):
            head = next(part)
            name = template.replace("{n}", f"{number:03}").replace("{slug}", slug(head.text))
            with _opened(name, self._request.clobber) as target:
                narration = self.narration(itertools.chain([head], part))
                self.tell(narration, target, name, timings)
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
            bitrate=say.bitrate,
            normalize=say.normalize,
        )

    def _keep(self, narration: Narration) -> None:
        report = narration.report
        self._outcome.reports.append(asdict(report))
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


class _TimingFile:
    """Timings as one JSON object, written as they come."""

    def __init__(self, target: Target | None) -> None:
        self._target = target
        self._between = b'{"unit": "characters and seconds", "timings": [\n'
        self._finished = False

    def write(self, timings: Iterable[Timing]) -> None:
        if self._target is None:
            return
        for timing in timings:
            row = asdict(timing)
            row |= {"at": round(timing.at, 4), "until": round(timing.until, 4)}
            self._target.write(self._between + json.dumps(row).encode())
            self._between = b",\n"

    def finish(self) -> None:
        if self._target is not None and not self._finished:
            self._finished = True
            opening = self._between if self._between.startswith(b"{") else b""
            self._target.write(opening + b"\n]}\n")


class _Progress:
    """One line on the terminal that says how far it is."""

    def __init__(self, request: Request) -> None:
        self._wanted = output.progress_wanted() and not request.quiet
        self._next = 0.0
        self._shown = False

    def show(self, narration: Narration) -> None:
        now = time.monotonic()
        if self._wanted and now >= self._next:
            self._next = now + REDRAW
            report = narration.report
            self._draw(f"{_clock(report.seconds)} spoken, {report.chunks + 1} sentences")

    def clear(self) -> None:
        if self._shown:
            self._draw("")
            self._shown = False

    def _draw(self, text: str) -> None:
        self._shown = True
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _show_plan(chunks: Iterable[Chunk], voice: Voice, request: Request, config: Config) -> None:
    """What would be said, on stdout."""
    heading = {
        "model": config.say.model,
        "voice": voice.name,
        "language": voice.languages[0],
        "output": request.output or "",
    }
    rows = ({"text": c.text, "start": c.start, "end": c.end, "line": c.line, "column": c.column,
             "paragraph": c.paragraph, "chapter": c.chapter, "begins": c.begins}
            for c in chunks)  # fmt: skip
    first = next(rows, None)
    if first is None:
        raise NothingToSpeak("there is nothing to speak in the text")
    if request.json:
        output.json({"ok": True, **heading, "chunks": [first, *rows]})
        return
    output.line(f"model {heading['model']}, voice {voice.name} ({voice.description})")
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
        about = {name: first[name] for name in ("model", "voice", "language", "seed")}
        envelope = {"ok": True, **about, **total, "skips": skips, "outputs": outputs}
        envelope["warnings"] = outcome.warnings
        output.json(envelope, stderr=request.output == "-")
    elif not request.quiet and (request.verbose or output.progress_wanted()):
        for one in outcome.outputs:
            if one.path != "-":
                output.note(f"{one.path}: {one.seconds:.1f} s, {one.format}, {one.rate} Hz")
