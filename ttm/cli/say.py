"""`ttm say`: the options, and what they mean for the settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from ttm.cli.output import failures_in_json
from ttm.config import Config, assignment, load
from ttm.errors import ModelMissing, RuntimeMissing, TtmError, UsageError, did_you_mean

INPUT_FORMATS = ("auto", "text")
SPLITS = ("none", "sentence", "paragraph", "chapter")

SOUND, OUTPUT, TEXT, SETTINGS, REPORT = "Sound", "Output", "Text", "Settings", "Report"
"""The sections of the help, after the options that are used most."""


def say(
    text: Annotated[
        list[str] | None, Argument(metavar="TEXT", show_default=False, help="What to say.")
    ] = None,
    file: Annotated[
        list[str] | None,
        Option("--file", "-f", metavar="PATH", help="Read the text from here; `-` is stdin."),
    ] = None,
    output: Annotated[
        str | None,
        Option(
            "--output",
            "-o",
            metavar="PATH",
            help="Write here; the suffix is the format, `-` is stdout.",
        ),
    ] = None,
    espeak_output: Annotated[str | None, Option("-w", hidden=True)] = None,
    play: Annotated[
        bool | None,
        Option("--play/--no-play", help="Play it even with -o, or not even without."),
    ] = None,
    voice: Annotated[
        str | None,
        Option(
            "--voice",
            "-v",
            metavar="NAME|FILE",
            help="Who speaks, or a recording to clone; `?` lists.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        Option(
            "--model",
            "-m",
            metavar="ID",
            help="espeak, qwen3, remote:NAME, hub id or folder.",
        ),
    ] = None,
    language: Annotated[
        str | None,
        Option("--language", "-l", metavar="TAG", help="A BCP-47 tag or an English name."),
    ] = None,
    instruct: Annotated[
        str | None,
        Option(
            "--instruct",
            "-i",
            metavar="TEXT",
            help="How to say it, or what the voice is like.",
        ),
    ] = None,
    rate: Annotated[
        str | None,
        Option("--rate", "-r", "--speed", metavar="TEMPO", help="1.2, 210wpm or +20%."),
    ] = None,
    pitch: Annotated[
        str | None,
        Option(
            "--pitch",
            metavar="SEMITONES",
            rich_help_panel=SOUND,
            help="Higher or lower: -12 to 12.",
        ),
    ] = None,
    volume: Annotated[
        str | None,
        Option("--volume", metavar="DB", rich_help_panel=SOUND, help="Louder or softer."),
    ] = None,
    normalize: Annotated[
        bool | None,
        Option(
            "--normalize/--no-normalize",
            rich_help_panel=SOUND,
            help="Bring the loudest sample to -1 dBFS.",
        ),
    ] = None,
    pause: Annotated[
        str | None,
        Option("--pause", metavar="MS", rich_help_panel=SOUND, help="Silence between sentences."),
    ] = None,
    paragraph_pause: Annotated[
        str | None,
        Option(
            "--paragraph-pause",
            metavar="MS",
            rich_help_panel=SOUND,
            help="Silence between paragraphs.",
        ),
    ] = None,
    voice_text: Annotated[
        str | None,
        Option(
            "--voice-text",
            metavar="TEXT",
            rich_help_panel=SOUND,
            help="What is said in the recording given with -v.",
        ),
    ] = None,
    seed: Annotated[
        str | None,
        Option("--seed", metavar="N", rich_help_panel=SOUND, help="The same seed, the same sound."),
    ] = None,
    format: Annotated[
        str | None,
        Option(
            "--format",
            metavar="NAME",
            rich_help_panel=OUTPUT,
            help="wav, flac, mp3, ogg, opus or pcm (raw s16le).",
        ),
    ] = None,
    sample_rate: Annotated[
        str | None,
        Option("--sample-rate", metavar="HZ", rich_help_panel=OUTPUT, help="Resample to this."),
    ] = None,
    bitrate: Annotated[
        str | None,
        Option(
            "--bitrate", metavar="KBIT/S", rich_help_panel=OUTPUT, help="For mp3, ogg and opus."
        ),
    ] = None,
    split: Annotated[
        str,
        Option(
            "--split",
            metavar="UNIT",
            rich_help_panel=OUTPUT,
            show_default=False,
            help="One file a sentence, paragraph or chapter: -o '{n}-{slug}.wav'.",
        ),
    ] = "none",
    timings: Annotated[
        str | None,
        Option(
            "--timings",
            metavar="PATH",
            rich_help_panel=OUTPUT,
            help="Write when each word is said, as JSON.",
        ),
    ] = None,
    no_clobber: Annotated[
        bool,
        Option("--no-clobber", rich_help_panel=OUTPUT, help="Do not overwrite a file that exists."),
    ] = False,
    follow: Annotated[
        bool,
        Option(
            "--follow",
            rich_help_panel=TEXT,
            help="Speak each line as it arrives, until the pipe ends.",
        ),
    ] = False,
    input_format: Annotated[
        str,
        Option(
            "--input-format",
            metavar="NAME",
            rich_help_panel=TEXT,
            show_default=False,
            help="How the text is written: auto or text.",
        ),
    ] = "auto",
    encoding: Annotated[
        str | None,
        Option("--encoding", metavar="NAME", rich_help_panel=TEXT, help="Of files and stdin."),
    ] = None,
    errors: Annotated[
        str | None,
        Option(
            "--errors",
            metavar="WAY",
            rich_help_panel=TEXT,
            help="For bytes that do not fit the encoding: strict or replace.",
        ),
    ] = None,
    on_error: Annotated[
        str | None,
        Option(
            "--on-error",
            metavar="WAY",
            rich_help_panel=TEXT,
            help="For text the engine cannot speak: fail or skip.",
        ),
    ] = None,
    profile: Annotated[
        str | None,
        Option(
            "--profile",
            "-p",
            metavar="NAME",
            rich_help_panel=SETTINGS,
            help="Lay this profile on top.",
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        Option(
            "--set",
            metavar="KEY=VALUE",
            rich_help_panel=SETTINGS,
            help="Any setting, for this once; repeatable.",
        ),
    ] = None,
    config: Annotated[
        str | None,
        Option(
            "--config", metavar="PATH", rich_help_panel=SETTINGS, help="Settings from this file."
        ),
    ] = None,
    strict: Annotated[
        bool | None,
        Option(
            "--strict/--no-strict",
            rich_help_panel=SETTINGS,
            help="Never another voice or language than asked.",
        ),
    ] = None,
    json: Annotated[
        bool,
        Option(
            "--json",
            rich_help_panel=REPORT,
            help="Report as one JSON object (on stderr with -o -).",
        ),
    ] = False,
    quiet: Annotated[
        bool,
        Option("--quiet", "-q", rich_help_panel=REPORT, help="No progress, no warnings."),
    ] = False,
    verbose: Annotated[
        bool, Option("--verbose", rich_help_panel=REPORT, help="Say what is done and why.")
    ] = False,
    dry_run: Annotated[
        bool,
        Option(
            "--dry-run",
            rich_help_panel=REPORT,
            help="Show what would be said, and say nothing.",
        ),
    ] = False,
) -> None:
    """Speak a text, or write it to a file."""
    from ttm.cli.speaking import Request, speak

    if output and espeak_output:
        raise UsageError("-o and -w both name an output", "Leave one out")
    output = output or espeak_output
    request = Request(
        words=tuple(text or ()),
        files=tuple(file or ()),
        output=output,
        play=output is None if play is None else play,
        form=format or "",
        timings=timings,
        split=split,
        follow=follow,
        clobber=not no_clobber,
        json=json,
        quiet=quiet,
        verbose=verbose,
        dry_run=dry_run,
        transcript=(voice_text or "").strip(),
    )
    flags = {
        "say.voice": voice if voice != "?" else None,
        "say.model": model,
        "say.language": language,
        "say.instruct": instruct,
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
    with failures_in_json(json, stderr=request.taken):
        _check_choice("--split", split, SPLITS)
        _check_choice("--input-format", input_format, INPUT_FORMATS)
        settings = load_settings(config, profile, set_, flags)
        if voice == "?":
            from ttm.cli.voices import listing

            listing(settings, language=language or "", as_json=json)
            return
        offered: list[type[TtmError]] = []
        while True:
            try:
                speak(request, settings)
                return
            except (ModelMissing, RuntimeMissing) as missing:
                from ttm.cli.offer import accepted

                # It comes before any of the text is read, so that all of it is there for another
                # go. What came and will not do is not offered again.
                if quiet or json or type(missing) in offered or not accepted(missing, settings):
                    raise
                offered.append(type(missing))


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


def _check_choice(flag: str, given: str, choices: tuple[str, ...]) -> None:
    if given not in choices:
        hint = did_you_mean(given, choices) or f"Choose one of: {', '.join(choices)}"
        raise UsageError(f"{flag} '{given}' is not known", hint)
