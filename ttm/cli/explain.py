"""`ttm explain`: what would be said of a text, by whom, and why; speaks nothing."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from ttm.cli import options
from ttm.cli.output import failures_in_json
from ttm.cli.say import INPUT_FORMATS, check_choice, load_settings
from ttm.errors import UsageError

Json = Annotated[
    bool, Option("--json", rich_help_panel=options.REPORT, help="All of it as one JSON object.")
]


def explain(
    text: options.Text = None,
    file: options.File = None,
    voice: options.Voice = None,
    model: options.Model = None,
    language: options.Language = None,
    instruct: options.Instruct = None,
    rate: options.Rate = None,
    pitch: options.Pitch = None,
    volume: options.Volume = None,
    pause: options.Pause = None,
    paragraph_pause: options.ParagraphPause = None,
    voice_text: options.VoiceText = None,
    seed: options.Seed = None,
    input_format: options.InputFormat = "auto",
    encoding: options.Encoding = None,
    errors: options.Errors = None,
    profile: options.Profile = None,
    set_: options.Settings = None,
    config: options.Config = None,
    strict: options.Strict = None,
    json: Json = False,
) -> None:
    """Show what would be said, in which pieces, by whom, and why."""
    from ttm.cli.explanation import show, show_json
    from ttm.cli.forecast import Forecast

    flags = {
        "say.voice": voice,
        "say.model": model,
        "say.language": language,
        "say.instruct": instruct,
        "say.rate": rate,
        "say.pitch": pitch,
        "say.volume": volume,
        "say.pause": pause,
        "say.paragraph_pause": paragraph_pause,
        "say.seed": seed,
        "models.strict": strict,
        "text.encoding": encoding,
        "text.errors": errors,
    }
    with failures_in_json(json):
        if text and file:
            raise UsageError("text was given as arguments and with --file", "Leave one of them out")
        check_choice("--input-format", input_format, INPUT_FORMATS)
        settings = load_settings(config, profile, set_, flags)
        forecast = Forecast(
            settings, text or (), file or (), input_format, (voice_text or "").strip()
        )
    with forecast:
        (show_json if json else show)(forecast)
