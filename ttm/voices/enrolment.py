"""What a recording that was taken in becomes: a voice to keep, and what is noted of it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from ttm.audio.intake import Take
from ttm.errors import UsageError
from ttm.text.cleaning import clean
from ttm.voicefile import TEXT_MAX, VoiceFile


def kept(name: str, take: Take, transcript: str, language: str) -> VoiceFile:
    """A voice of what was taken in."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return VoiceFile(name, "cloned", take.pcm, take.kept_rate, transcript, language, created=now)


def tidy(text: str | None, option: str) -> str:
    """On one line, without what no engine and no terminal should see. Raises UsageError."""
    found = " ".join(clean(text or "").text.split())
    if len(found) > TEXT_MAX:
        raise UsageError(f"{option} has more than {TEXT_MAX} characters", "Give less")
    return found


def origin(take: Take) -> str:
    """What the recording was; its name and its tags are nobody's business."""
    digest = hashlib.sha256(take.pcm).hexdigest()
    about = f"{take.form}, {take.rate} Hz, {take.channels} channels, {take.seconds:.1f} s"
    return f"recording {digest[:16]} ({about})"
