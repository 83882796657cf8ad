"""`ttm voices`: who can speak, and the voices that a user keeps."""

from __future__ import annotations

import os
import stat
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option, Typer

from ttm.audio.target import open_target
from ttm.cli import output
from ttm.cli.design import design
from ttm.cli.enrolment import add
from ttm.cli.output import failures_in_json
from ttm.cli.progress import Progress
from ttm.cli.reach import At, at
from ttm.cli.say import load_settings
from ttm.config import Config
from ttm.errors import OutputError, UnknownName, UsageError
from ttm.narration.audition import LINE
from ttm.narration.enrolment import free_name
from ttm.narration.narrator import Narrator
from ttm.narration.opening import model_here, open_library
from ttm.speech import Voice
from ttm.voicefile import SUFFIX, VoiceFile, pack, read
from ttm.voices import VARIANT, exactly, find, speaks, together

if TYPE_CHECKING:
    from ttm.narration.exchange import Server

app = Typer(no_args_is_help=True, add_completion=False, help="List, add, design and try voices.")
app.command()(add)
app.command()(design)

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
    server: At = None,
) -> None:
    """List the voices."""
    with failures_in_json(json):
        settings = load_settings(config, None, None, {"say.model": model})
        if there := at(server, settings):
            with there:
                _elsewhere(there, model or "", language or "", as_json=json)
            return
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
            known, library = narrator.voices(settings.say.model), narrator.library
            kept = "" if exactly(known, name) else library.meant(name)
            if kept:
                _show_kept(library.get(kept), library.path(kept), json)
                return
            voice = find(known, name)
    if json:
        output.json(_record(voice))
        return
    width = max(map(len, _record(voice)))
    for key, value in _record(voice).items():
        text = ", ".join(value) if isinstance(value, list) else value
        if text:
            output.line(f"{key.ljust(width)}  {text}")


def _show_kept(voice: VoiceFile, path: Path, as_json: bool) -> None:
    """All that is kept of a voice but its sound and numbers."""
    about = {
        "name": voice.name,
        "kind": voice.kind,
        "description": voice.description,
        "transcript": voice.transcript,
        "language": voice.language,
        "seconds": round(voice.seconds, 2),
        "consent": voice.consent,
        "created": voice.created,
        "source": voice.source,
        "prompts": sorted(voice.prompts),
        "file": str(path),
    }
    if as_json:
        output.json(about)
        return
    width = max(map(len, about))
    for key, value in about.items():
        text = ", ".join(value) if isinstance(value, list) else str(value)
        if text:
            output.line(f"{key.ljust(width)}  {text}")


@app.command("try")
def try_(
    name: Annotated[str, Argument(metavar="NAME", show_default=False, help="A voice's name.")],
    text: Annotated[
        list[str] | None, Argument(metavar="TEXT", show_default=False, help="What it says.")
    ] = None,
    model: Annotated[
        str | None, Option("--model", "-m", metavar="ID", help="The model that speaks.")
    ] = None,
    out: Annotated[
        str | None, Option("--output", "-o", metavar="PATH", help="Write it here.")
    ] = None,
    seed: Annotated[
        str | None, Option("--seed", metavar="N", help="The same seed, the same sound.")
    ] = None,
    config: ConfigPath = None,
) -> None:
    """Hear a voice."""
    from ttm.cli.request import Request
    from ttm.cli.speaking import speak

    flags: dict[str, object] = {"say.voice": name, "say.model": model, "say.seed": seed}
    settings = load_settings(config, None, None, flags)
    if not model and open_library(settings).meant(name):
        able = model_here("base", settings) or settings.say.model
        settings = load_settings(config, None, None, {**flags, "say.model": able})
    request = Request(
        words=tuple(text or (LINE,)),
        files=(),
        output=out,
        play=out is None,
        form="",
        transcripts={},
        split="none",
        follow=False,
        clobber=True,
        json=False,
        quiet=False,
        verbose=False,
        dry_run=False,
    )
    speak(request, settings)


@app.command()
def rm(
    names: Annotated[
        list[str], Argument(metavar="NAME", show_default=False, help="Voices that you added.")
    ],
    config: ConfigPath = None,
) -> None:
    """Remove voices that you added."""
    kept = open_library(load_settings(config, None, None, {}))
    for name in names:  # all of them are looked for before any goes
        if not kept.find(name):
            kept.get(name)
    for name in dict.fromkeys(map(kept.find, names)):
        kept.remove(name)


@app.command()
def export(
    name: Annotated[str, Argument(metavar="NAME", show_default=False, help="A voice of yours.")],
    file: Annotated[
        str, Argument(metavar=f"FILE{SUFFIX}", show_default=False, help="Write it here.")
    ],
    force: Annotated[bool, Option("--force", help="In place of a file of this name.")] = False,
    config: ConfigPath = None,
) -> None:
    """Write a voice that you added into one file."""
    voice = open_library(load_settings(config, None, None, {})).get(name)
    if file != "-" and not file.endswith(SUFFIX) and not _is_stream(file):
        raise UsageError(f"'{file}' does not end in {SUFFIX}", f"Call it {file}{SUFFIX}")
    target = open_target(file, clobber=force)
    try:
        if target.seekable:
            try:
                os.fchmod(target.fileno(), 0o600)  # a voice is as personal as a key
            except OSError as failure:
                raise OutputError(f"cannot write {file}: {failure.strerror}") from None
        target.write(pack(voice))
        target.commit()
    finally:
        target.discard()


@app.command("import")
def import_(
    file: Annotated[
        str, Argument(metavar=f"FILE{SUFFIX}", show_default=False, help="What export has written.")
    ],
    name: Annotated[
        str | None, Option("--name", "-n", metavar="NAME", help="Call it so instead.")
    ] = None,
    force: Annotated[bool, Option("--force", help="In place of a voice of this name.")] = False,
    json: Json = False,
    config: ConfigPath = None,
) -> None:
    """Add a voice from the file that export wrote."""
    with failures_in_json(json):
        settings = load_settings(config, None, None, {})
        voice = read(Path(os.path.expanduser(file)))
        with Narrator(settings) as narrator:
            plain = free_name(narrator, name or voice.name, force=force)
            path = narrator.library.add(replace(voice, name=plain), force=force)
    if json:
        _show_kept(replace(voice, name=plain), path, True)
    else:
        output.line(f"kept '{plain}', {voice.seconds:.1f} s")


def _is_stream(file: str) -> bool:
    """Whether this names a pipe or a device, which may be called anything."""
    try:
        return not stat.S_ISREG(os.stat(file).st_mode)
    except (OSError, ValueError):
        return False


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
            kept = narrator.library.voices()
            clones = narrator.card(settings.say.model).clones
            clones = clones and narrator.model(settings.say.model).clones
    finally:
        progress.clear()
    if not known:
        has = "has no voices of its own, and speaks with that of a recording (-v FILE) or yours"
        output.note(f"model '{settings.say.model}' {has}")
        language = ""
    if variants:
        voices = sorted(
            (voice for voice in known if voice.name.startswith(VARIANT)), key=lambda v: v.name
        )
    else:
        voices = together(known, kept, clones=clones)
    if language and not variants:
        voices = [voice for voice in voices if speaks(voice, language)]
        if not voices:
            raise UnknownName(
                f"model '{settings.say.model}' has no voice for language '{language}'",
                f"`ttm voices list -m {settings.say.model}` shows all",
            )
    if as_json:
        output.json([_record(voice) for voice in voices])
        return
    about = {voice.name: _told(voice, clones) for voice in voices}
    rows = [(v.name, v.gender, ", ".join(v.languages), about[v.name]) for v in voices]
    output.table(rows, ("NAME", "GENDER", "LANGUAGES", "DESCRIPTION"))


def _elsewhere(server: Server, model: str, language: str, *, as_json: bool) -> None:
    """Print the voices that a server lists."""
    from ttm.cli import elsewhere

    found = elsewhere.voices(server, model)
    if language:
        found = [row for row in found if speaks(Voice("", tuple(row["languages"])), language)]
        if not found:
            raise UnknownName(f"{server} has no voice for language '{language}'")
    if as_json:
        output.json(found)
        return
    rows = [(r["name"], r["gender"], ", ".join(r["languages"]), r["description"]) for r in found]
    output.table(rows, ("NAME", "GENDER", "LANGUAGES", "DESCRIPTION"))


def _told(voice: Voice, clones: bool) -> str:
    """What a voice is; of a kept one also whether this model can speak with it."""
    if voice.source in ("model", "damaged"):
        return voice.description
    need = "" if clones else ", for a model that clones"
    return f"{voice.description} ({voice.source}{need})"


def _record(voice: Voice) -> dict[str, Any]:
    record = asdict(voice)
    return {k: list(v) if isinstance(v, tuple) else v for k, v in record.items()}
