"""`ttm voices design`: voices that a description makes, one of which is kept."""

from __future__ import annotations

import os
from typing import Annotated

from typer import Argument, Option

from ttm.cli import output
from ttm.cli.audition import Opener, loudspeaker, play
from ttm.cli.enrolment import accepted, report
from ttm.cli.output import failures_in_json
from ttm.cli.progress import Progress
from ttm.cli.say import load_settings
from ttm.errors import OutputError, UsageError
from ttm.narration.audition import NEUTRAL, Heard, line, write
from ttm.narration.design import designer, frozen, made, seeds
from ttm.narration.enrolment import PLAIN, enrol, free_name
from ttm.narration.narrator import Narrator
from ttm.narration.opening import model_here
from ttm.voices.enrolment import tidy

MOST = 16
"""Candidates; who hears more does not remember the first."""


def design(
    name: Annotated[str, Argument(metavar="NAME", show_default=False, help="What to call it.")],
    description: Annotated[
        str,
        Argument(metavar="DESCRIPTION", show_default=False, help="What the voice is like."),
    ],
    count: Annotated[
        str | None, Option("--count", "-n", metavar="N", help="So many candidates (4).")
    ] = None,
    keep: Annotated[
        str | None, Option("--keep", "-k", metavar="K", help="Keep the Kth, and make no other.")
    ] = None,
    text: Annotated[
        str | None, Option("--text", "-t", metavar="TEXT", help="What each candidate says.")
    ] = None,
    model: Annotated[
        str | None, Option("--model", "-m", metavar="ID", help="The model that designs.")
    ] = None,
    language: Annotated[
        str | None, Option("--language", "-l", metavar="TAG", help="Of the text.")
    ] = None,
    seed: Annotated[
        str | None,
        Option("--seed", metavar="N", help="The first one's; the others' follow it."),
    ] = None,
    out: Annotated[
        str | None, Option("--output", "-o", metavar="FOLDER", help="Write the candidates here.")
    ] = None,
    loud: Annotated[bool | None, Option("--play/--no-play", help="Play the candidates.")] = None,
    force: Annotated[bool, Option("--force", help="In place of a voice of this name.")] = False,
    json: Annotated[bool, Option("--json", help="As JSON.")] = False,
    config: Annotated[
        str | None, Option("--config", metavar="PATH", help="Settings from this file.")
    ] = None,
) -> None:
    """Make a voice from a description, and keep it."""
    with failures_in_json(json):
        many = _number("--count", count, 4, MOST)
        chosen = _number("--keep", keep, 0, many) if keep else 0
        asks = not json and os.isatty(0) and os.isatty(2)
        if not (chosen or out or asks):
            raise UsageError(
                "nobody is here to choose one",
                "Write the candidates with -o FOLDER, then keep one with --seed N --keep K",
            )
        about = tidy(description, "the description")
        if not about:
            raise UsageError("the description is empty", "Say what the voice is like")
        flags = {"say.model": model, "say.instruct": about, "say.language": language or "auto"}
        settings = load_settings(config, None, None, {**NEUTRAL, **flags, "say.seed": seed})
        said = line(text, language or "")
        opener = loudspeaker(loud, settings)
        progress = Progress(wanted=output.progress_wanted() and not json)
        with Narrator(settings, loading=progress.loading) as narrator:
            able = designer(narrator, model, settings)
            plain = free_name(narrator, name, force=force)
            numbers = [chosen] if chosen else list(range(1, many + 1))
            drawn = seeds(settings.say.seed, numbers)
            candidates: dict[int, Heard] = {}
            for number, heard in made(narrator, able, said, drawn):
                progress.clear()
                candidates[number] = heard
                _show(number, drawn[number], heard, plain, out, opener, as_json=json)
            if not chosen and asks:
                chosen = _choice(candidates, opener)
            if not chosen:
                _left(candidates, drawn, as_json=json)
                return
            voice, findings = frozen(
                candidates[chosen],
                plain,
                said,
                language or "",
                about=about,
                source=f"{narrator.model(able).title}, seed {drawn[chosen]}",
            )
            accepted(findings, f"candidate {chosen}", as_json=json)
        # Another narrator: both models at once may not fit, and who clones takes no instruction.
        settings = load_settings(config, None, None, PLAIN)
        with Narrator(settings, loading=progress.loading) as narrator:
            cloner = model_here("base", settings)
            try:
                enrolled, _ = enrol(narrator, voice, findings, cloner, said, force=force)
            finally:
                progress.clear()
    report(enrolled, as_json=json)


def _show(
    number: int,
    seed: int,
    heard: Heard,
    name: str,
    folder: str | None,
    opener: Opener | None,
    *,
    as_json: bool,
) -> None:
    where = ""
    if folder:
        path = os.path.join(folder, f"{name}-{number}.wav")
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as failure:
            raise OutputError(f"cannot make the folder {folder}: {failure.strerror}") from None
        write(heard, path)
        where = f", {path}"
    if not as_json:
        output.note(f"candidate {number}: seed {seed}, {heard.seconds:.1f} s{where}")
        for note in heard.notes:
            output.warn(note)
    play(heard, opener)


def _choice(candidates: dict[int, Heard], opener: Opener | None) -> int:
    """Which one a person wants; 0 for none."""
    numbers = f"{min(candidates)} to {max(candidates)}"
    while True:
        answer = output.ask(f"Keep which ({numbers}; `p` and a number plays it; Enter for none)?")
        word = answer.casefold().removeprefix("p").strip()
        if not answer:
            return 0
        if not (word.isascii() and word.isdecimal() and int(word) in candidates):
            continue
        if answer == word:
            return int(word)
        play(candidates[int(word)], opener)


def _left(candidates: dict[int, Heard], seeds: dict[int, int], *, as_json: bool) -> None:
    """None was kept: what they were, and how to have one."""
    if as_json:
        made = [
            {"number": number, "seed": seeds[number], "seconds": round(heard.seconds, 2)}
            for number, heard in candidates.items()
        ]
        output.json({"ok": True, "kept": False, "candidates": made})
    else:
        output.note(f"none was kept; --seed {seeds[1]} --keep K with the same words keeps the Kth")


def _number(option: str, given: str | None, usual: int, most: int) -> int:
    if given is None:
        return usual
    if not (given.isascii() and given.isdecimal() and 1 <= int(given) <= most):
        raise UsageError(f"{option} '{given[:20]}' is not from 1 to {most}", "Give a number")
    return int(given)
