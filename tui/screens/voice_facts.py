"""What is known of a voice, as its screen tells it."""

from __future__ import annotations

from typing import TypedDict

from ttm.config import Config
from ttm.errors import TtmError
from ttm.models.registry import entry_of
from ttm.models.speakers import TAGS
from ttm.narration.opening import open_library
from tui.safe import at_home, begun
from tui.studio.catalogue import Member

ESPEAK = "GPL-3.0 or later (espeak-ng)"


class Told(TypedDict):
    """What `Facts.show` takes."""

    title: str
    about: str
    wrong: str
    rows: list[tuple[str, str]]


def told(member: Member, config: Config) -> Told:
    """All that is known of it; reads the voice's file where it is one of the user's."""
    voice = member.voice
    wrong = begun(member.why_not)
    if wrong and member.kind != "damaged":
        wrong += ". F5 shows what to do"
    spoken = [_language(tag) for tag in voice.languages if tag != "und"]
    if member.model == "espeak" and spoken:  # which describes a voice by its language
        spoken[0] = f"{voice.description} ({voice.languages[0]})"
    rows = [
        ("kind", member.kind),
        ("language", spoken[0] if spoken else "none of its own"),
        ("speaks also", ", ".join(spoken[1:])),
        ("gender", voice.gender),
        ("model", member.model),
        ("also called", ", ".join(alias for alias in voice.aliases if alias != voice.name)),
    ]
    entry = entry_of(member.model)
    if member.yours:
        rows += _kept(member, config)
    elif entry:
        rows.append(("licence", entry.licence))
    elif member.model == "espeak":
        rows.append(("licence", ESPEAK))
    return {"title": voice.name, "about": voice.description, "wrong": wrong, "rows": rows}


def _kept(member: Member, config: Config) -> list[tuple[str, str]]:
    """What is kept of a voice of the user's."""
    library = open_library(config)
    try:
        kept = library.get(member.voice.name)
    except TtmError as failure:
        return [("trouble", failure.sentence)]
    return [
        ("says", f"“{kept.transcript}”" if kept.transcript else "nobody wrote down what"),
        ("recording", f"{kept.seconds:.1f} s"),
        ("consent", kept.consent or ("none recorded" if kept.kind == "cloned" else "")),
        ("from", kept.source),
        ("added", kept.created.replace("T", " ").removesuffix("Z")),
        ("made ready", f"for {len(kept.prompts)} models" if kept.prompts else ""),
        ("file", at_home(library.path(member.voice.name))),
    ]


def _language(tag: str) -> str:
    name = TAGS.get(tag, "")
    return f"{name.capitalize()} ({tag})" if name else tag
