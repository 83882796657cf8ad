"""`ttm say`: the options, and what they mean for the settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from ttm.config import Config, assignment, load
from ttm.errors import UsageError, did_you_mean

INPUT_FORMATS = ("auto", "text")
SPLITS = ("none", "sentence", "paragraph", "chapter")


def say(
    text: Annotated[
        list[str] | None, Argument(metavar="TEXT…", show_default=False, help="What to say.")
    ] = None,
    file: Annotated[
        list[str] | None,
        Option("--file", "-f", metavar="PATH", help="Read the text from here; `-` is stdin."),
    ] = None,
    output: Annotated[
        str | None,
        Option("--output", "-o", metavar="PATH|-", help="Write here; the suffix is the format."),
    ] = None,
    espeak_output: Annotated[str | None, Option("-w", hidden=True)] = None,
    play: Annotated[
        bool | None,
        Option("--play/--no-play", help="Play it. Without -o that is the default."),
    ] = None,
    voice: Annotated[
        str | None, Option("--voice", "-v", metavar="NAME|?", help="Who speaks; `?` lists.")
    ] = None,
    model: Annotated[
        str | None, Option("--model", "-m", metavar="ID", help="espeak, or tone (a fake: beeps).")
    ] = None,
    language: Annotated[
        str | None,
        Option("--language", "-l", metavar="TAG", help="A BCP-47 tag or an English name."),
    ] = None,
    rate: Annotated[
        str | None,
        Option("--rate", "-r", "--speed", metavar="N|Nwpm|±N%", help="Tempo: 1.2, 210wpm or +20%."),
    ] = None,
    pitch: Annotated[
        str | None, Option("--pitch", metavar="±ST", help="Higher or lower, in semitones.")
    ] = None,
    volume: Annotated[
        str | None, Option("--volume", metavar="±dB", help="Louder or softer, in decibels.")
    ] = None,
    normalize: Annotated[
        bool | None,
        Option("--normalize/--no-normalize", help="Bring the loudest sample to -1 dBFS."),
    ] = None,
    format: Annotated[
        str | None,
        Option("--format", metavar="NAME", help="wav, flac, mp3, ogg, opus or pcm (raw s16le)."),
    ] = None,
    sample_rate: Annotated[
        str | None, Option("--sample-rate", metavar="HZ", help="Resample to this.")
    ] = None,
    bitrate: Annotated[
        str | None, Option("--bitrate", metavar="KBIT/S", help="For mp3, ogg and opus.")
    ] = None,
    input_format: Annotated[
        str, Option("--input-format", metavar="NAME", help="How the text is written: text.")
    ] = "auto",
    pause: Annotated[
        str | None, Option("--pause", metavar="MS", help="Silence between sentences.")
    ] = None,
    paragraph_pause: Annotated[
        str | None,
        Option("--paragraph-pause", metavar="MS", help="Silence between paragraphs."),
    ] = None,
    timings: Annotated[
        str | None,
        Option("--timings", metavar="PATH", help="Write when each word was said, as JSON."),
    ] = None,
    split: Annotated[
        str,
        Option(
            "--split",
            metavar="UNIT",
            help="One file each for a sentence, paragraph or chapter: -o '{n}-{slug}.wav'.",
        ),
    ] = "none",
    seed: Annotated[
        str | None, Option("--seed", metavar="N", help="The same seed gives the same audio.")
    ] = None,
    follow: Annotated[
        bool, Option("--follow", help="Speak each line as it arrives, until the pipe ends.")
    ] = False,
    on_error: Annotated[
        str | None,
        Option("--on-error", metavar="fail|skip", help="For text the engine cannot speak."),
    ] = None,
    strict: Annotated[
        bool | None,
        Option("--strict/--no-strict", help="Never another voice or language than asked."),
    ] = None,
    encoding: Annotated[
        str | None, Option("--encoding", metavar="NAME", help="Of files and stdin.")
    ] = None,
    errors: Annotated[
        str | None,
        Option("--errors", metavar="strict|replace", help="For bytes that do not fit."),
    ] = None,
    no_clobber: Annotated[
        bool, Option("--no-clobber", help="Do not overwrite a file that exists.")
    ] = False,
    profile: Annotated[
        str | None, Option("--profile", "-p", metavar="NAME", help="Lay this profile on top.")
    ] = None,
    set_: Annotated[
        list[str] | None, Option("--set", metavar="KEY=VALUE", help="Any setting, for this once.")
    ] = None,
    config: Annotated[
        str | None, Option("--config", metavar="PATH", help="Settings from this file.")
    ] = None,
    json: Annotated[
        bool, Option("--json", help="Report as one JSON object (on stderr with -o -).")
    ] = False,
    quiet: Annotated[bool, Option("--quiet", "-q", help="No progress, no warnings.")] = False,
    verbose: Annotated[bool, Option("--verbose", help="Say what is done and why.")] = False,
    dry_run: Annotated[
        bool, Option("--dry-run", help="Show what would be said, and say nothing.")
    ] = False,
) -> None:
    """Speak a text, or write it to a file."""
    from ttm.cli.speaking import Request, speak

    flags = {
        "say.voice": voice if voice != "?" else None,
        "say.model": model,
        "say.language": language,
        "say.rate": rate,
        "say.pitch": pitch,
        "say.volume": volume,
        "say.normalize": normalize,
        "say.format": format,
        "say.sample_rate": sample_rate,
        "say.bitrate": bitrate,
        "say.pause": pause,
        "say.paragraph_pause": paragraph_pause,
        "say.seed": seed,
        "say.on_error": on_error,
        "models.strict": strict,
        "text.encoding": encoding,
        "text.errors": errors,
    }
    settings = load_settings(config, profile, set_, flags)
    if voice == "?":
        from ttm.cli.voices import listing

        listing(settings, as_json=json)
        return
    if output and espeak_output:
        raise UsageError("-o and -w both name an output", "leave one out")
    output = output or espeak_output
    speak(
        Request(
            words=tuple(text or ()),
            files=tuple(file or ()),
            output=output,
            play=output is None if play is None else play,
            form=format or "",
            timings=timings,
            split=_one_of("--split", split, SPLITS),
            input_format=_one_of("--input-format", input_format, INPUT_FORMATS),
            follow=follow,
            clobber=not no_clobber,
            json=json,
            quiet=quiet,
            verbose=verbose,
            dry_run=dry_run,
        ),
        settings,
    )


def load_settings(
    path: str | None,
    profile: str | None,
    assignments: list[str] | None,
    flags: Mapping[str, object],
) -> Config:
    """The settings for a command, its flags on top."""
    overrides: list[tuple[str, object]] = [
        *flags.items(),
        *(assignment(one) for one in assignments or ()),
    ]
    chosen = Path(path).expanduser() if path else None
    return load(chosen, profile=profile, overrides=overrides, environ=os.environ)


def _one_of(flag: str, given: str, choices: tuple[str, ...]) -> str:
    if given not in choices:
        hint = did_you_mean(given, choices) or f"choose one of: {', '.join(choices)}"
        raise UsageError(f"{flag} '{given}' is not known", hint)
    return given
