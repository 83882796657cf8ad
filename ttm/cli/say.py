"""`ttm say`: the options, and what they mean for the settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ttm.cli import options
from ttm.cli.channel import beneath, checked, rank
from ttm.cli.output import failures_in_json
from ttm.config import ChannelSettings, Config, assignment, load
from ttm.errors import ModelMissing, RuntimeMissing, TtmError, UsageError, did_you_mean

if TYPE_CHECKING:
    from ttm.narration.subtitles import Kind

INPUT_FORMATS = ("auto", "text", "markdown", "html", "ssml", "epub")
SPLITS = ("none", "sentence", "paragraph", "chapter")


def say(
    text: options.Text = None,
    file: options.File = None,
    output: options.Output = None,
    espeak_output: options.EspeakOutput = None,
    play: options.Play = None,
    device: options.Device = None,
    voice: options.Voice = None,
    model: options.Model = None,
    language: options.Language = None,
    instruct: options.Instruct = None,
    rate: options.Rate = None,
    pitch: options.Pitch = None,
    volume: options.Volume = None,
    normalize: options.Normalize = None,
    pause: options.Pause = None,
    paragraph_pause: options.ParagraphPause = None,
    voice_text: options.VoiceText = None,
    seed: options.Seed = None,
    format: options.Format = None,
    sample_rate: options.SampleRate = None,
    bitrate: options.Bitrate = None,
    split: options.Split = "none",
    srt: options.Srt = None,
    vtt: options.Vtt = None,
    timings: options.Timings = None,
    manifest: options.Manifest = False,
    no_clobber: options.NoClobber = False,
    resume: options.Resume = False,
    follow: options.Follow = False,
    input_format: options.InputFormat = "auto",
    encoding: options.Encoding = None,
    errors: options.Errors = None,
    lexicon: options.Lexicon = None,
    no_lexicon: options.NoLexicon = False,
    on_error: options.OnError = None,
    profile: options.Profile = None,
    set_: options.Settings = None,
    config: options.Config = None,
    strict: options.Strict = None,
    no_cache: options.NoCache = False,
    server: options.Server = None,
    local: options.Local = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_history: options.NoHistory = False,
    dry_run: options.DryRun = False,
    highlight: options.Highlight = False,
    interrupt: options.Interrupt = None,
    channel: options.Channel = "",
    priority: options.Priority = None,
    instant: options.Instant = None,
) -> None:
    """Speak a text, or write it to a file."""
    from ttm.cli.request import Request
    from ttm.cli.speaking import speak

    if server and local:
        raise UsageError("--server and --local say different things", "Leave one out")
    if output and espeak_output:
        raise UsageError("-o and -w both name an output", "Leave one out")
    output = output or espeak_output
    transcripts: dict[Kind, str | None] = {"json": timings, "srt": srt, "vtt": vtt}
    request = Request(
        words=tuple(text or ()),
        files=tuple(file or ()),
        output=output,
        play=output is None if play is None else play,
        form=format or "",
        transcripts={kind: path for kind, path in transcripts.items() if path},
        split=split,
        follow=follow,
        clobber=not no_clobber,
        resume=resume,
        json=json,
        quiet=quiet,
        verbose=verbose,
        dry_run=dry_run,
        transcript=(voice_text or "").strip(),
        input_form=input_format,
        lexicons=tuple(lexicon or ()),
        own_lexicons=not no_lexicon,
        history=not no_history,
        manifest=manifest,
        server=server,
        local=local,
        highlight=highlight,
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
        "say.instant": instant,
        "models.strict": strict,
        "cache.enabled": False if no_cache else None,
        "cache.every_engine": True if resume else None,
        "playback.device": device if device != "?" else None,
        "text.encoding": encoding,
        "text.errors": errors,
    }
    with failures_in_json(json, stderr=request.taken):
        check_choice("--split", split, SPLITS)
        check_choice("--input-format", input_format, INPUT_FORMATS)
        settings = load_settings(config, profile, set_, flags)
        own = ChannelSettings()
        if channel:
            own = settings.channels.get(checked(channel), own)
            settings = load_settings(config, profile, set_, {**flags, **beneath(own, flags)})
        request = replace(
            request,
            channel=channel,
            priority=own.priority if priority is None else rank(priority),
            interrupt=own.interrupt if interrupt is None else interrupt,
        )
        if voice == "?":
            from ttm.cli.voices import listing

            listing(settings, language=language or "", as_json=json)
            return
        if device == "?":
            from ttm.cli.devices import list_devices

            list_devices(settings, as_json=json)
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


def check_choice(flag: str, given: str, choices: tuple[str, ...]) -> None:
    if given not in choices:
        hint = did_you_mean(given, choices) or f"Choose one of: {', '.join(choices)}"
        raise UsageError(f"{flag} '{given}' is not known", hint)
