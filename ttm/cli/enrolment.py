"""`ttm voices add` and what `design` shows as it does: a recording becomes a voice."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Annotated, Any

from typer import Argument, Option

from ttm.audio.intake import take_in
from ttm.cli import output
from ttm.cli.audition import loudspeaker, play
from ttm.cli.output import failures_in_json
from ttm.cli.progress import Progress
from ttm.cli.say import load_settings
from ttm.narration.audition import line, write
from ttm.narration.enrolment import (
    PLAIN,
    Enrolled,
    acceptable,
    cloning_model,
    enrol,
    free_name,
)
from ttm.narration.narrator import Narrator
from ttm.voices.enrolment import kept, origin, tidy
from ttm.voices.verdict import Finding, judge, refusals


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
        opener = loudspeaker(loud, settings)
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
                play(heard, opener)
    report(enrolled, as_json=json)


def accepted(findings: list[Finding], what: str, *, as_json: bool) -> list[Finding]:
    """The findings, when none of them speaks against it; else shown.

    Raises BadRecording.
    """
    if refusals(findings):
        show_findings(findings, as_json=as_json)
    acceptable(findings, what)
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
