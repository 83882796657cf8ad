"""A voice becomes one of the user's library, once a model has spoken with it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from ttm.config import Config
from ttm.engine import ENGINES
from ttm.errors import BadRecording, EngineUnavailable, NameTaken, UsageError
from ttm.models.speakers import DESIGNED, SPEAKERS
from ttm.narration.audition import NEUTRAL, Heard, say_line
from ttm.narration.narrator import Narrator
from ttm.narration.opening import model_here
from ttm.speech import Voice
from ttm.voicefile import VoiceFile, read
from ttm.voices import exactly
from ttm.voices.library import checked_name, taken
from ttm.voices.verdict import Finding, refusals

SEED = 1
"""Of a test line, so that it is the same whenever it is said."""

PLAIN: dict[str, object] = {**NEUTRAL, "say.instruct": "", "say.language": "auto"}
"""What a test line is said with."""


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


def acceptable(findings: Sequence[Finding], what: str) -> None:
    """Raise BadRecording, with all findings, when one of them speaks against the voice."""
    if refused := refusals(findings):
        why = "; ".join(f"{one.found}: {one.sentence}" for one in refused)
        rows = [asdict(one) for one in findings]
        raise BadRecording(f"{what} cannot become a voice ({why})", "Take another", rows)
