"""`ttm voices`: who can speak."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from typer import Argument, Option, Typer

from ttm.cli import output
from ttm.cli.output import failures_in_json
from ttm.cli.progress import Progress
from ttm.cli.say import load_settings
from ttm.config import Config
from ttm.errors import UnknownName
from ttm.narration.narrator import Narrator
from ttm.speech import Voice
from ttm.voices import VARIANT, find, speaks

app = Typer(
    no_args_is_help=True, add_completion=False, help="List the voices and show what they are."
)

Model = Annotated[str | None, Option("--model", "-m", metavar="ID", help="Of this model.")]
Language = Annotated[
    str | None, Option("--language", "-l", metavar="TAG", help="Only for this language.")
]
Json = Annotated[bool, Option("--json", help="As JSON.")]
ConfigPath = Annotated[
    str | None, Option("--config", metavar="PATH", help="Settings from this file.")
]


@app.command("list")
def list_(
    model: Model = None,
    language: Language = None,
    variants: Annotated[
        bool, Option("--variants", help="The timbres that can be added to a voice: en-us+f3.")
    ] = False,
    json: Json = False,
    config: ConfigPath = None,
) -> None:
    """List the voices."""
    with failures_in_json(json):
        settings = load_settings(config, None, None, {"say.model": model})
        listing(settings, language=language or "", variants=variants, as_json=json)


@app.command()
def show(
    name: Annotated[str, Argument(metavar="NAME", show_default=False, help="A voice's name.")],
    model: Model = None,
    json: Json = False,
    config: ConfigPath = None,
) -> None:
    """Show what is known of one voice."""
    with failures_in_json(json):
        settings = load_settings(config, None, None, {"say.model": model})
        with Narrator(settings) as narrator:
            voice = find(narrator.voices(settings.say.model), name)
    if json:
        output.json(_record(voice))
        return
    width = max(map(len, _record(voice)))
    for key, value in _record(voice).items():
        text = ", ".join(value) if isinstance(value, list) else value
        if text:
            output.line(f"{key.ljust(width)}  {text}")


def listing(
    settings: Config, *, language: str = "", variants: bool = False, as_json: bool = False
) -> None:
    """Print the voices of the settings' model, or the variants of their timbre.

    Raises UnknownName when no voice speaks the language.
    """
    progress = Progress(wanted=output.progress_wanted() and not as_json)
    try:
        with Narrator(settings, loading=progress.loading) as narrator:
            known = narrator.voices(settings.say.model)
    finally:
        progress.clear()
    if not known:
        has = "has no voices of its own, and speaks with that of a recording (-v FILE)"
        output.note(f"model '{settings.say.model}' {has}")
        language = ""
    voices = [voice for voice in known if voice.name.startswith(VARIANT) == variants]
    if language and not variants:
        voices = [voice for voice in voices if speaks(voice, language)]
        if not voices:
            raise UnknownName(
                f"model '{settings.say.model}' has no voice for language '{language}'",
                f"`ttm voices list -m {settings.say.model}` shows all",
            )
    voices.sort(key=lambda voice: voice.name)
    if as_json:
        output.json([_record(voice) for voice in voices])
        return
    rows = [(v.name, v.gender, ", ".join(v.languages), v.description) for v in voices]
    output.table(rows, ("NAME", "GENDER", "LANGUAGES", "DESCRIPTION"))


def _record(voice: Voice) -> dict[str, Any]:
    record = asdict(voice)
    return {k: list(v) if isinstance(v, tuple) else v for k, v in record.items()}
