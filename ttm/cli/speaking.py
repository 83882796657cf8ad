"""What `ttm say` does: text from its source, through a narration, to files and loudspeaker."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict

from ttm.audio.formats import Format, choose, output_bitrate, output_rate
from ttm.cli import output
from ttm.cli.highlight import Highlight, wanted
from ttm.cli.outlet import Outlet, opened
from ttm.cli.progress import Progress
from ttm.cli.request import Outcome, Request, warn
from ttm.cli.source import begin, read
from ttm.cli.voice import choose as choose_voice
from ttm.cli.voice import described
from ttm.config import Config
from ttm.errors import NothingToSpeak, UsageError
from ttm.narration.narrator import Narrator
from ttm.narration.plan import Chunk
from ttm.playback import Loudspeaker, find_loudspeaker
from ttm.text.cleaning import Cleaner


def speak(request: Request, config: Config) -> None:
    """Everything that can be known to be wrong is found before an engine starts."""
    form = choose(request.output or "", request.form, config.say.format)
    _check(request, config)
    bitrate = _bitrate(form, config) if request.output else 0
    outcome = Outcome()
    quiet = request.quiet or request.json
    progress = Progress(wanted=output.progress_wanted() and not (quiet or request.highlight))
    with ExitStack() as stack:
        stack.callback(progress.clear)
        narrator = stack.enter_context(Narrator(config, loading=progress.loading))
        stood_in = narrator.settle(config.say.model)
        model, engine = narrator.model(config.say.model), narrator.card(config.say.model)
        _, ignored = narrator.instruction(config.say.model)
        target = timings = None
        loudspeaker: Loudspeaker | None = None
        highlight: Highlight | None = None
        if not request.dry_run:
            if request.play:
                loudspeaker = find_loudspeaker(config.playback)
            if request.highlight:
                highlight = stack.enter_context(wanted(request))
            if request.output and request.split == "none":
                target = stack.enter_context(opened(request.output, request.clobber))
            if request.timings and request.split == "none":
                timings = stack.enter_context(opened(request.timings, request.clobber, text=True))
        pieces = read(request.words, request.files, config.text)
        begun = begin(pieces)
        narrator.start(config.say.model)
        if loudspeaker:
            loudspeaker = loudspeaker.ready()  # takes as long as the engine needs to start
        voice, language, replaced = choose_voice(
            narrator, config, "".join(begun), request.transcript
        )
        progress.clear()
        for warning in filter(None, (stood_in, ignored, replaced)):
            warn(request, outcome, warning)
        if request.verbose:
            output.note(f"model {model.name}, voice {described(voice)}")
        cleaner = Cleaner()
        chunks = narrator.plan(
            itertools.chain(begun, highlight.reading(pieces, begun) if highlight else pieces),
            model=config.say.model,
            language=language,
            follow=request.follow,
            cleaner=cleaner,
        )
        if request.dry_run:
            heading = {"model": model.name, "engine": engine.name, "voice": voice.name}
            heading |= {"language": language, "output": request.output or ""}
            _show_plan(chunks, heading, described(voice), as_json=request.json)
            return
        out = Outlet(
            request,
            config,
            narrator,
            voice,
            form,
            bitrate,
            loudspeaker,
            outcome,
            progress,
            highlight,
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
