"""What `ttm say` does: text from its source, through a narration, to files and loudspeaker."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from typing import Any

from ttm.audio.formats import Format, choose, output_bitrate, output_rate
from ttm.cli import output
from ttm.cli.extent import Extent
from ttm.cli.highlight import Highlight, wanted
from ttm.cli.instant import prepared
from ttm.cli.memory import Memory
from ttm.cli.outlet import Outlet, opened, timing_files
from ttm.cli.parts import Parts
from ttm.cli.progress import Progress
from ttm.cli.reach import reach
from ttm.cli.request import Outcome, Request, warn
from ttm.cli.source import begin, gathered, written
from ttm.cli.timings import TimingFile
from ttm.cli.turn import turn_of
from ttm.cli.voice import choose as choose_voice
from ttm.cli.voice import described
from ttm.config import Config
from ttm.errors import NothingToSpeak, UsageError
from ttm.narration.memory import keeps
from ttm.narration.narrator import Narrator
from ttm.narration.plan import Chunk
from ttm.narration.subtitles import Kind
from ttm.playback import Loudspeaker, find_loudspeaker
from ttm.text.cleaning import Cleaner
from ttm.text.markup import Opening


def speak(request: Request, config: Config) -> None:
    """Everything that can be known to be wrong is found before an engine starts."""
    form = choose(request.output or "", request.form, config.say.format)
    _check(request, config)
    bitrate = _bitrate(form, config) if request.output else 0
    outcome = Outcome()
    quiet = request.quiet or request.json
    progress = Progress(wanted=output.progress_wanted() and not (quiet or request.highlight))
    instant = prepared(request, config, outcome)
    text: Sequence[str | Opening] | None = None
    for _ in range(2):  # one that leaves at this moment has another begun in its place, if any may
        if instant or not (reached := reach(request, config)):
            break
        from ttm.cli import away

        try:
            away.speak(request, config, reached, form, bitrate, outcome, progress, text)
            _report(request, outcome)
            return
        except away.Gone as gone:
            text, outcome = gone.text, Outcome()
            if request.verbose:
                output.note(f"speaking without that server: {gone.why}")
    with ExitStack() as stack:
        stack.callback(progress.clear)
        narrator = stack.enter_context(instant or Narrator(config, loading=progress.loading))
        lexicon = gathered(narrator, request)
        stood_in = narrator.settle(config.say.model)
        model, engine = narrator.model(config.say.model), narrator.card(config.say.model)
        _, ignored = narrator.instruction(config.say.model)
        target = None
        timings: list[TimingFile] = []
        loudspeaker: Loudspeaker | None = None
        highlight: Highlight | None = None
        if not request.dry_run:
            if request.play:
                loudspeaker = find_loudspeaker(config.playback)
            if request.highlight:
                highlight = stack.enter_context(wanted(request))
            if request.output and request.split == "none":
                target = stack.enter_context(opened(request.output, request.clobber))
            if request.split == "none":
                timings = timing_files(stack, request, config)
        memory = stack.enter_context(Memory(request, config, outcome))
        extent = Extent()
        pieces = memory.listen(written(request, config, extent, text))
        begun, sample, told = begin(pieces, narrator.reading("text", "en", follow=request.follow))
        narrator.start(config.say.model)
        if loudspeaker:
            loudspeaker = loudspeaker.ready()  # takes as long as the engine needs to start
        choice = choose_voice(narrator, config, sample, request.transcript, told)
        voice, language = choice.voice, choice.language
        if instant:
            instant.chosen(partial(choose_voice, config=config, sample=sample,
                                   transcript=request.transcript, told=told))  # fmt: skip
        progress.clear()
        for warning in filter(None, (stood_in, ignored, choice.warning)):
            warn(request, outcome, warning)
        if request.verbose:
            output.note(f"model {model.name}, voice {described(voice)}")
        cleaner = Cleaner()
        chunks = narrator.plan(
            itertools.chain(begun, highlight.reading(pieces, begun) if highlight else pieces),
            model=config.say.model,
            language=language,
            voice=voice.name,
            lexicon=lexicon,
            follow=request.follow,
            cleaner=cleaner,
            warn=lambda sentence: warn(request, outcome, sentence),
        )
        if request.dry_run:
            heading = {"model": model.name, "engine": engine.name, "voice": voice.name}
            heading |= {"language": language, "output": request.output or ""}
            _show_plan(chunks, heading, described(voice), as_json=request.json)
            return
        memory.begin(model.name, voice, language)
        turn = None
        if loudspeaker:
            turn = stack.enter_context(turn_of(request, model.name, voice.name))
            if turn.why and request.verbose:
                output.note(turn.why)
            if not turn.wait():
                outcome.stopped = True
                empty = narrator.narrate((), voice=voice, model=config.say.model)
                outcome.reports.append(asdict(empty.report))
                _report(request, outcome)
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
            extent,
            highlight,
            turn,
            instant.follow if instant else None,
        )
        if request.split == "none":
            with _left_off(request, out, keeps(engine, config.cache)):
                out.tell(chunks, target, timings)
        else:
            Parts(out, request, config, narrator, voice, form, bitrate, outcome).tell(chunks)
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
    named = {"the sound": request.output, **_called(request)}
    for (one, path), (other, same) in itertools.combinations(named.items(), 2):
        if path and path == same:
            where = "stdout" if path == "-" else path
            raise UsageError(f"{one} and {other} cannot both go to {where}", "Name another")
    if request.resume:
        _check_resumable(request, config)
    if request.manifest and not _into_file(request.output):
        raise UsageError("--manifest stands beside a file", "Name one with -o")
    if request.split != "none":
        if not request.output or request.output == "-":
            raise UsageError(
                "--split needs names for its files",
                "Give one with {n} or {slug} in it, as in -o part-{n}.wav",
            )
        for name in (request.output, *request.transcripts.values()):
            if "{n}" not in name and "{slug}" not in name:
                raise UsageError(
                    f"--split would write every part to '{name}'",
                    "Put {n} or {slug} into the name, as in part-{n}.wav",
                )
        if request.follow:
            raise UsageError("--follow never ends a part for --split", "Leave one of them out")


def _check_resumable(request: Request, config: Config) -> None:
    if not request.output or request.output == "-":
        raise UsageError("--resume goes on with files", "Name them with -o")
    if not config.cache.enabled or not config.cache.max_bytes:
        flag = config.origin("cache.enabled").kind == "flag"
        how = "Leave out --no-cache" if flag else "Set cache.enabled and cache.max_bytes"
        raise UsageError("--resume goes on from the cache, which is off", how)


@contextlib.contextmanager
def _left_off(request: Request, out: Outlet, kept: bool) -> Iterator[None]:
    """Say that a file which was interrupted need not begin from nothing again."""
    try:
        yield
    except Exception:  # whose one line says what to do
        raise
    except BaseException:
        chunks = out.report.chunks if out.report else 0
        if chunks and kept and request.output not in (None, "-") and not request.quiet:
            pieces = "sentence is" if chunks == 1 else "sentences are"
            output.note(f"{chunks} {pieces} kept; the same command goes on from there")
        raise


def _called(request: Request) -> dict[str, str]:
    """Where the transcripts go, by what they are."""
    names: dict[Kind, str] = {
        "json": "the timings", "srt": "the SubRip subtitles", "vtt": "the WebVTT subtitles"
    }  # fmt: skip
    return {names[kind]: path for kind, path in request.transcripts.items()}


def _into_file(path: str | None) -> bool:
    """Whether what is written there is a file of its own."""
    if path is None or path == "-":
        return False
    return os.path.isfile(path) or not os.path.lexists(path)


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
             "paragraph": c.paragraph, "chapter": c.chapter, "begins": c.begins,
             **({} if c.wait is None else {"wait": c.wait}),
             **({} if c.delivery is None else {"delivery": asdict(c.delivery)})}
            for c in chunks)  # fmt: skip
    first = next(rows, None)
    if first is None:
        raise NothingToSpeak("there is nothing to speak in the text")
    if as_json:
        output.json({"ok": True, **heading, "chunks": [first, *rows]})
        return
    output.line(f"model {heading['model']}, voice {voice}")
    for row in itertools.chain([first], rows):
        if pause := row.get("wait"):
            output.line(f"{row['line']}:{row['column']}\t[pause of {pause:g} s]")
        if row["text"]:
            output.line(f"{row['line']}:{row['column']}\t{row['text']}")


def _guard(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the guard found in all of them."""
    each = [report["guard"] for report in reports]
    counts = ("judged", "bad", "retried", "split", "kept", "failed")
    found = {name: sum(one[name] for one in each) for name in counts}
    return {**found, "chunks": [bad for one in each for bad in one["chunks"]]}


def _report(request: Request, outcome: Outcome) -> None:
    if request.json:
        first = outcome.reports[0]
        total = {
            name: sum(report[name] for report in outcome.reports)
            for name in ("chunks", "cached", "seconds", "retried", "clipped", "skipped")
        }
        total["spoken"] = total["chunks"] - total["cached"]
        total["seconds"] = round(total["seconds"], 4)
        skips = [skip for report in outcome.reports for skip in report["skips"]]
        outputs = [{**asdict(one), "seconds": round(one.seconds, 4)} for one in outcome.outputs]
        about = {name: first[name] for name in ("model", "engine", "voice", "language", "seed")}
        envelope = {"ok": True, **about, **total, "skips": skips}
        envelope |= {"guard": _guard(outcome.reports), "outputs": outputs}
        if request.split != "none":
            envelope["kept"] = outcome.kept
        if first["stood_in"]:
            envelope["instant"] = first["stood_in"]
        if first["effective"]:
            envelope["effective"] = first["effective"]
        if request.play:
            envelope["stopped"] = outcome.stopped
        if outcome.server:
            envelope["server"] = outcome.server
        envelope["warnings"] = outcome.warnings
        output.json(envelope, stderr=request.taken)
    elif not request.quiet and (request.verbose or os.isatty(2)):
        for one in outcome.outputs:
            if one.path != "-":
                output.note(f"{one.path}: {one.seconds:.1f} s, {one.format}, {one.rate} Hz")
