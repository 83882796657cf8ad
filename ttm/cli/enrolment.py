"""`ttm voices add` and what `design` shares with it: a recording becomes a voice of the library."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

from typer import Argument, Option

from ttm.audio.intake import take_in
from ttm.cli import output
from ttm.cli.audition import Heard, line, loudspeaker, play, say_line, write
from ttm.cli.output import failures_in_json
from ttm.cli.progress import Progress
from ttm.cli.say import load_settings
from ttm.config import Config
from ttm.engine import ENGINES
from ttm.errors import BadRecording, EngineUnavailable, NameTaken, UsageError
from ttm.models.speakers import DESIGNED, SPEAKERS
from ttm.narration.narrator import Narrator
from ttm.narration.opening import model_here
from ttm.speech import Voice
from ttm.voicefile import VoiceFile, read
from ttm.voices import exactly
from ttm.voices.enrolment import kept, origin, tidy
from ttm.voices.library import checked_name, taken
from ttm.voices.verdict import Finding, judge, refusals

SEED = 1
"""Of a test line, so that it is the same whenever it is said."""

NEUTRAL: dict[str, object] = {"say.rate": "1.0", "say.pitch": 0.0, "say.volume": 0.0}
"""What a line is said with, whatever the settings are for other texts."""
PLAIN: dict[str, object] = {**NEUTRAL, "say.instruct": "", "say.language": "auto"}
"""The same for a clone."""


@dataclass(slots=True)
class Enrolled:
    """How it went."""

    voice: VoiceFile
    findings: list[Finding]
    model: str = ""
    """That spoke the test line; empty when none is here."""
    seconds: float = 0.0
    """Of the test line."""
    warnings: tuple[str, ...] = ()


def add(
    name: Annotated[str, Argument(metavar="NAME", show_default=False, help="What to call it.")],
    recording: Annotated[
        str, Argument(metavar="RECORDING", show_default=False, help="3 to 20 s of one voice.")
    ],
    text: Annotated[
        str | None, Option("--text", "-t", metavar="TEXT", help="What is said in it, every word.")
    ] = None,
    model: Annotated[
        str | None, Option("--model", "-m", metavar="ID", help="The model that will clone it.")
    ] = None,
    language: Annotated[
        str | None, Option("--language", "-l", metavar="TAG", help="Of the recording.")
    ] = None,
    description: Annotated[
        str | None, Option("--description", metavar="TEXT", help="What the voice is like.")
    ] = None,
    consent: Annotated[
        str | None, Option("--consent", metavar="TEXT", help="Whose it is, and who agreed.")
    ] = None,
    out: Annotated[
        str | None, Option("--output", "-o", metavar="PATH", help="Write a test line here.")
    ] = None,
    loud: Annotated[bool | None, Option("--play/--no-play", help="Play the test line.")] = None,
    force: Annotated[bool, Option("--force", help="In place of a voice of this name.")] = False,
    json: Annotated[bool, Option("--json", help="As JSON.")] = False,
    config: Annotated[
        str | None, Option("--config", metavar="PATH", help="Settings from this file.")
    ] = None,
) -> None:
    """Keep the voice of a recording."""
    with failures_in_json(json):
        settings = load_settings(config, None, None, {"say.model": model, **PLAIN})
        command = loudspeaker(loud, settings)
        said = line(None, "en")
        progress = Progress(wanted=output.progress_wanted() and not json)
        with Narrator(settings, loading=progress.loading) as narrator:
            chosen = cloning_model(narrator, model, settings)
            plain = free_name(narrator, name, force=force)
            take = take_in(os.path.abspath(os.path.expanduser(recording)))
            voice = replace(
                kept(plain, take, tidy(text, "--text"), tidy(language, "--language")),
                description=tidy(description, "--description"),
                consent=tidy(consent, "--consent"),
                source=origin(take),
            )
            findings = accepted(judge(take, voice.transcript), f"'{recording}'", as_json=json)
            try:
                enrolled, heard = enrol(narrator, voice, findings, chosen, said, force=force)
            finally:
                progress.clear()
            if heard and out:
                write(heard, out)
            if heard:
                play(heard, command)
    report(enrolled, as_json=json)


def enrol(
    narrator: Narrator,
    voice: VoiceFile,
    findings: list[Finding],
    model: str,
    said: str,
    *,
    force: bool,
) -> tuple[Enrolled, Heard | None]:
    """Keep the voice, once a model has spoken a line with it, where one is here.

    Raises what speaking raises, and what `Library.add` does; then nothing was kept.
    """
    heard = None
    if model:
        with narrator.library.beside(voice) as path:
            candidate = Voice(
                voice.name,
                ("und",),
                recording=str(path),
                transcript=voice.transcript,
                source=voice.kind,
            )
            heard = say_line(narrator, model, candidate, said, SEED)
            voice = read(path)
    narrator.library.add(voice, force=force)
    enrolled = Enrolled(voice, findings, model)
    if heard:
        enrolled.seconds, enrolled.warnings = heard.seconds, heard.notes
    return enrolled, heard


def cloning_model(narrator: Narrator, asked: str | None, config: Config) -> str:
    """The model that is to speak with a new voice; empty when none was asked for and none is here.

    Raises UsageError for one that does not clone, and what finding it raises.
    """
    if not asked:
        return model_here("base", config)
    if not (narrator.card(asked).clones and narrator.model(asked).clones):
        raise UsageError(
            f"model '{asked}' does not clone voices", "Take one that does, such as qwen3:0.6b-base"
        )
    return asked


def free_name(narrator: Narrator, name: str, *, force: bool) -> str:
    """The name in lower case, when no built-in voice has it, nor, unless forced, one of the user's.

    Raises UsageError or NameTaken.
    """
    plain = checked_name(name)
    if narrator.library.find(plain) and not force:
        raise taken(plain)
    built_in = [Voice(name, model="Qwen3-TTS") for name in (*SPEAKERS, DESIGNED)]
    if not exactly(built_in, plain):  # whose engines start only when nothing else was found
        for card in ENGINES.values():
            # An engine that cannot start here has no voice that could be meant.
            with contextlib.suppress(EngineUnavailable):
                built_in += [] if card.checkpoint or card.named else narrator.voices(card.name)
    if found := exactly(built_in, plain):
        raise NameTaken(f"'{plain}' is a built-in voice of {found.model}", "Choose another name")
    return plain


def accepted(findings: list[Finding], what: str, *, as_json: bool) -> list[Finding]:
    """The findings, when none of them speaks against it; else shown.

    Raises BadRecording.
    """
    if refused := refusals(findings):
        show_findings(findings, as_json=as_json)
        why = "; ".join(f"{one.found}: {one.sentence}" for one in refused)
        rows = [asdict(one) for one in findings]
        raise BadRecording(f"{what} cannot become a voice ({why})", "Take another", rows)
    return findings


def show_findings(findings: Sequence[Finding], *, as_json: bool) -> None:
    """The verdict as a table; JSON has it in the report."""
    if not as_json:
        rows = [(one.state, one.name, one.found, one.sentence) for one in findings]
        output.table(rows, ("VERDICT", "OF", "FOUND", "WHY"))


def report(enrolled: Enrolled, *, as_json: bool) -> None:
    """What was kept, on stdout."""
    voice, warnings = enrolled.voice, list(enrolled.warnings)
    if not enrolled.model:
        warnings.append(
            "no model that clones is here, so nobody has heard the voice yet; "
            "it is made ready when one first speaks with it"
        )
    if not voice.consent and voice.kind == "cloned":
        warnings.append("nobody's consent is recorded; --consent says whose voice it is")
    if as_json:
        record: dict[str, Any] = {"ok": True, "name": voice.name, "kind": voice.kind}
        record |= {"seconds": round(voice.seconds, 2), "model": enrolled.model}
        record |= {"test_seconds": round(enrolled.seconds, 2), "prompts": sorted(voice.prompts)}
        record |= {"findings": [asdict(one) for one in enrolled.findings], "warnings": warnings}
        output.json(record)
        return
    show_findings(enrolled.findings, as_json=False)
    spoke = f"; {enrolled.model} spoke {enrolled.seconds:.1f} s with it" if enrolled.model else ""
    output.line(f"kept '{voice.name}', {voice.seconds:.1f} s{spoke}")
    for warning in warnings:
        output.warn(warning)
