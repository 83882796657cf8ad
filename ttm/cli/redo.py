"""`ttm redo`: one sentence of a file, said again."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Annotated

from typer import Argument, Option

from ttm.audio import Audio
from ttm.audio.decoded import decoded
from ttm.audio.formats import FORMATS, choose
from ttm.audio.sink import Written, open_sink
from ttm.audio.splice import fitted, spliced
from ttm.audio.target import open_target
from ttm.cli import output
from ttm.cli.output import failures_in_json
from ttm.cli.progress import Progress
from ttm.cli.say import load_settings
from ttm.cli.source import begin
from ttm.cli.voice import choose as choose_voice
from ttm.config import Config
from ttm.errors import BadAudio, UsageError
from ttm.narration import manifest
from ttm.narration.manifest import Manifest, Observer, Part
from ttm.narration.narrator import Narrator
from ttm.narration.plan import Chunk
from ttm.narration.seeds import derived


def redo(
    file: Annotated[
        str,
        Argument(metavar="FILE", show_default=False, help="What `ttm say --manifest` has written."),
    ],
    sentence: Annotated[
        str,
        Option(
            "--sentence", metavar="N", show_default=False, help="Which of its sentences, from 1."
        ),
    ],
    seed: Annotated[
        str | None, Option("--seed", metavar="N", help="Rather than the next one.")
    ] = None,
    text: Annotated[
        str | None, Option("--text", "-t", metavar="TEXT", help="What it says from now on.")
    ] = None,
    out: Annotated[
        str | None, Option("--output", "-o", metavar="PATH", help="Leave FILE, and write here.")
    ] = None,
    json: Annotated[bool, Option("--json", help="Report as one JSON object.")] = False,
    quiet: Annotated[bool, Option("--quiet", "-q", help="No progress, no warnings.")] = False,
    profile: Annotated[
        str | None, Option("--profile", "-p", metavar="NAME", help="Lay this profile on top.")
    ] = None,
    config: Annotated[
        str | None, Option("--config", metavar="PATH", help="Settings from this file.")
    ] = None,
) -> None:
    """Say one sentence of a file again."""
    with failures_in_json(json):
        number = _number(sentence)
        said = manifest.read(file)
        old = said.of(number)
        path = _path(file, out, said)
        settings = _settings(said, seed, profile, config)
        job = settings.say.seed
        if seed is None:
            job = derived(said.seed, "\n".join(part.text for part in old), old[0].attempt + 1)
        progress = Progress(wanted=output.progress_wanted() and not (json or quiet))
        try:
            with Narrator(settings, loading=progress.loading) as narrator:
                new, blocks, warnings = _spoken(narrator, settings, said, old, text, job)
        finally:
            progress.clear()
        written, new, moved = _written(file, path, said, old, new, blocks)
        attempts = [replace(part, attempt=old[0].attempt + 1) for part in new]
        changed = replace(said.replaced(number, attempts, moved), digest=manifest.digest(path))
        manifest.write(changed, path)
    if not quiet:
        for warning in warnings:
            output.warn(warning)
    if json:
        place = {"first": new[0].first / said.rate, "last": new[-1].last / said.rate}
        output.json(
            {
                "ok": True,
                "sentence": number,
                "text": " ".join(part.text for part in new),
                "seed": job,
                "begins": round(place["first"], 4),
                "ends": round(place["last"], 4),
                "longer": round(moved / said.rate, 4),
                "output": {**asdict(written), "seconds": round(written.seconds, 4)},
                "warnings": warnings,
            }
        )
    elif not quiet and os.isatty(2):
        at = f"{new[0].first / said.rate:.1f} to {new[-1].last / said.rate:.1f} s"
        output.note(f"{path}: sentence {number}, {at}, said anew with seed {job}")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise UsageError(f"--sentence takes a number, not '{text[:40]}'")
    return int(text)


def _path(file: str, out: str | None, said: Manifest) -> str:
    """Where the result goes. Raises UsageError where it would be in another format."""
    if out is None:
        return file
    if out == "-" or (os.path.exists(out) and not os.path.isfile(out)):
        raise UsageError("what is redone has a manifest, and goes to a file", "Name one with -o")
    if choose(out, "", said.format).name != said.format:
        what = f"'{out}' says another format than '{file}' has, which is {said.format}"
        raise UsageError(what, f"Name it *{FORMATS[said.format].suffixes[0]}")
    return out


def _settings(said: Manifest, seed: str | None, profile: str | None, config: str | None) -> Config:
    """The settings of today, with those that the file was written with on top."""
    flags: dict[str, object] = {
        f"say.{name}": said.settings[name] for name in manifest.SETTINGS if name in said.settings
    }
    return load_settings(config, profile, None, {**flags, "say.normalize": False, "say.seed": seed})


def _spoken(
    narrator: Narrator,
    config: Config,
    said: Manifest,
    old: Sequence[Part],
    text: str | None,
    seed: int,
) -> tuple[list[Part], list[Audio], list[str]]:
    """The sentence's new chunks, placed from its start, its sound, and warnings.

    Raises NothingToSpeak for a text without anything to say, and what speaking raises.
    """
    model = config.say.model
    sample = old[0].text
    if text is not None:
        _, sample, _ = begin(iter([text]), narrator.reading("text", "en"))
    warnings = [narrator.settle(model)]
    choice = choose_voice(narrator, config, sample, said.transcript)
    voice, language = choice.voice, choice.language
    chunks: list[Chunk] = [part.chunk(number) for number, part in enumerate(old, 1)]
    if text is not None:
        chunks = list(narrator.plan([text], model=model, language=language, voice=voice.name))
    observer = Observer(normalized=False)
    narration = narrator.narrate(
        observer.watch(chunks), voice=voice, model=model, ahead=True, unheard=True, seed=seed
    )
    blocks = []
    for audio in narration:
        observer.hear(audio)
        blocks.append(audio)
    warnings += [choice.warning, *narration.report.notes]
    samples = round(narration.report.seconds * said.rate)
    start, end = old[0].start, old[-1].end
    new = [
        replace(
            part,
            sentence=old[0].sentence,
            start=start if text is not None else part.start,
            end=end if text is not None else part.end,
        )
        for part in observer.parts(seed, said.rate, samples)
    ]
    new[0] = replace(new[0], begins=old[0].begins)
    new[-1] = replace(new[-1], ends=old[-1].ends)
    return new, blocks, list(filter(None, warnings))


def _written(
    file: str,
    path: str,
    said: Manifest,
    old: Sequence[Part],
    new: Sequence[Part],
    blocks: Sequence[Audio],
) -> tuple[Written, list[Part], int]:
    """Write the file with the new sound in it; what was written, the chunks in their places, and
    by how many samples the rest has moved.

    Raises UsageError when the file cannot be decoded, BadAudio for no sound, OutputError.
    """
    form = FORMATS[said.format]
    sound = decoded(file, raw_rate=said.rate if said.format == "pcm" else 0)
    head = next(sound, None)
    if head is None or head.rate != said.rate:
        raise UsageError(f"'{file}' is not what its manifest says")
    try:
        other = fitted(blocks, head.rate, head.sample_format, said.gain)
    except ValueError:
        raise BadAudio("nothing in the text has a sound in this voice") from None
    first, last = old[0].first, old[-1].last
    bitrate = int(said.settings.get("bitrate", 0)) if form.bitrates else 0
    with open_sink(
        open_target(path),
        form,
        native_rate=head.rate,
        sample_format=head.sample_format,
        sample_rate=head.rate,
        bitrate=bitrate,
    ) as sink:
        for block in spliced(itertools.chain([head], sound), first, last, other):
            sink.write(block)
        written = sink.close()
    placed = [
        replace(
            part,
            first=first + min(part.first, other.samples),
            last=first + min(part.last, other.samples),
        )
        for part in new
    ]
    return written, placed, other.samples - (last - first)
