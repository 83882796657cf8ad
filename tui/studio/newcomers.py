"""New voices: a recording taken in and judged, candidates of a description, and what is kept."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from ttm.audio.intake import Take, take_in
from ttm.config import Config, overlaid
from ttm.errors import ModelMissing, UsageError
from ttm.models.speakers import TAGS
from ttm.narration.audition import LINE, NEUTRAL, Heard, line
from ttm.narration.design import USUAL, designer, frozen, made, seeds
from ttm.narration.enrolment import PLAIN, Enrolled, acceptable, enrol, free_name
from ttm.narration.narrator import Narrator
from ttm.narration.opening import model_here
from ttm.voicefile import VoiceFile
from ttm.voices.enrolment import kept, origin, tidy
from ttm.voices.verdict import Finding, judge
from tui.studio.tape import Tape

TAG = re.compile("[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
"""A language as BCP 47 writes it."""
CANDIDATES = 4
"""Of a description; who hears more does not remember the first."""
WHERE = "a new voice"


@dataclass(frozen=True, slots=True)
class Sample:
    """A recording that was listened to."""

    path: str
    take: Take
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Whether something speaks against it."""
        return any(finding.state == "refused" for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is said of a recording by who adds it."""

    name: str
    transcript: str = ""
    language: str = ""
    description: str = ""
    consent: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One voice of a description."""

    number: int
    seed: int
    heard: Heard
    tape: Tape
    """The same sound, to be played."""
    by: str
    """What made it."""


def listen(path: str, transcript: str) -> Sample:
    """A recording and what is found of it. Raises what `take_in` raises."""
    where = os.path.abspath(os.path.expanduser(path))
    take = take_in(where)
    return Sample(where, take, tuple(judge(take, tidy(transcript, "what is said in it"))))


def add(narrator: Narrator, config: Config, sample: Sample, wanted: Wanted) -> Enrolled:
    """Keep the voice of a recording, once a model that clones has spoken with it, where one is.

    Raises what `enrol` and `free_name` raise, and BadRecording for what was refused.
    """
    under = narrator.under(overlaid(config, PLAIN, WHERE))
    plain = free_name(under, wanted.name, force=False)
    voice = replace(
        kept(
            plain,
            sample.take,
            tidy(wanted.transcript, "what is said in it"),
            _language(wanted.language),
        ),
        description=tidy(wanted.description, "the description"),
        consent=tidy(wanted.consent, "the consent"),
        source=origin(sample.take),
    )
    findings = judge(sample.take, voice.transcript)
    acceptable(findings, "the recording")
    return _enrolled(under, config, voice, findings)


def _language(typed: str) -> str:
    """The tag of a language that somebody named or tagged; empty for none. Raises UsageError."""
    told = tidy(typed, "the language")
    named = {name.casefold(): tag for tag, name in TAGS.items()}
    if told.casefold() in named:
        return named[told.casefold()]
    if told and not TAG.fullmatch(told):
        raise UsageError(f"'{told}' is no language", "Write its tag or name, as de-AT or German")
    return told


def _enrolled(
    narrator: Narrator, config: Config, voice: VoiceFile, findings: list[Finding]
) -> Enrolled:
    enrolled, _ = enrol(narrator, voice, findings, model_here("base", config), LINE, force=False)
    return enrolled


def able(config: Config) -> str:
    """The model that designs. Raises ModelMissing where none is ready."""
    if found := model_here("voice_design", config):
        return found
    what = f"no model that designs voices is ready, such as {USUAL}"
    raise ModelMissing(what, "F5 shows what to do", model=USUAL)


def candidates(
    narrator: Narrator,
    config: Config,
    description: str,
    language: str,
    said: str,
    tell: Callable[[Candidate], bool],
) -> None:
    """Have four voices of a description, each told as it comes until `tell` answers False.

    Raises UsageError for a description or a line that will not do, and what speaking raises.
    """
    model = able(config)
    wishes = {**NEUTRAL, "say.model": model, "say.language": language or "auto"}
    wishes["say.instruct"] = tidy(description, "the description")
    under = narrator.under(overlaid(config, wishes, WHERE))
    name = designer(under, model, config)
    text = line(said, language)
    drawn = seeds(-1, range(1, CANDIDATES + 1))
    by = under.model(name).title
    for number, heard in made(under, name, text, drawn):
        tape = Tape(text)
        for audio in heard.audio:
            tape.record(audio)
        tape.end(whole=True)
        if not tell(Candidate(number, drawn[number], heard, tape, by)):
            return


def keep(
    narrator: Narrator,
    config: Config,
    candidate: Candidate,
    name: str,
    description: str,
    language: str,
) -> Enrolled:
    """Keep one of them under a name. Raises as `add` does."""
    under = narrator.under(overlaid(config, PLAIN, WHERE))
    plain = free_name(under, name, force=False)
    voice, findings = frozen(
        candidate.heard,
        plain,
        candidate.tape.text,
        language,
        about=tidy(description, "the description"),
        source=f"{candidate.by}, seed {candidate.seed}",
    )
    acceptable(findings, f"candidate {candidate.number}")
    narrator.close()  # both models at once may not fit; the one that clones is opened anew
    return _enrolled(under, config, voice, findings)
