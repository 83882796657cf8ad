"""Whether an answer is the sound that was asked for: its media type, its container, its length."""

from __future__ import annotations

import struct
import tempfile
from functools import lru_cache

from ttm.audio.measure import Measurement, measure
from ttm.conformance.check import Broken
from ttm.conformance.exchange import Answer
from ttm.errors import UsageError

KINDS = {
    "mp3": ("audio/mpeg", "audio/mp3"),
    "opus": ("audio/opus", "audio/ogg"),
    "aac": ("audio/aac", "audio/aacp", "audio/mp4"),
    "flac": ("audio/flac", "audio/x-flac"),
    "wav": ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"),
    "pcm": ("audio/pcm", "audio/l16", "audio/x-raw", "application/octet-stream"),
}
"""Media types of each format; the first is OpenAI's."""

PCM_RATE = 24_000
"""Hertz of OpenAI's `pcm`, which is 16-bit, little-endian and mono, and has no header to say so."""

SLOWEST, FASTEST = 3.0, 60.0
"""Characters that a voice may speak in a second: a slow one has 10, a screen reader's 40."""
FAINTEST = -60.0
"""dBFS; what never gets louder is silence."""


def container(body: bytes) -> str:
    """What the first bytes are: a format of KINDS, `ogg` for another coding in Ogg, else empty."""
    if body[:4] == b"RIFF" and body[8:12] == b"WAVE":
        return "wav"
    if body[:4] == b"fLaC":
        return "flac"
    if body[:4] == b"OggS":
        return "opus" if body[28:36] == b"OpusHead" else "ogg"
    if body[:3] == b"ID3":
        return "mp3"
    if len(body) > 2 and body[0] == 0xFF and body[1] & 0xE0 == 0xE0:
        # Two bits say which layer of MPEG audio this is; AAC in ADTS has none of the three.
        return "mp3" if body[1] & 0x06 else "aac"
    if body[4:8] == b"ftyp" or body[:4] == b"ADIF":
        return "aac"
    return ""


def begun(answer: Answer, form: str) -> None:
    """Take an answer as sound of this format by how it begins. Raises Broken."""
    spoken(answer)
    if answer.kind not in KINDS[form]:
        said = answer.kind or "nothing"
        raise Broken(f"the answer says it is {said}, not {KINDS[form][0]}")
    if not answer.body:
        raise Broken("the answer is empty")
    found = container(answer.body)
    if found != ("" if form == "pcm" else form):
        raise Broken(f"the sound is {found or 'nothing that is known'}, not {form}")


def heard(answer: Answer, form: str, text: str, *, speed: float = 1.0) -> Measurement:
    """Take an answer as the whole of `text` in this format, decoded in a child.

    Raises Broken for what cannot be decoded, is silent, or is of no length that the text can have.
    """
    begun(answer, form)
    found = of_length(answer.body, form, text, speed=speed)
    if form == "opus" and found.subtype != "OPUS":
        raise Broken(f"the sound is {found.subtype} in Ogg, not Opus")
    return found


def of_length(body: bytes, form: str, text: str, *, speed: float = 1.0) -> Measurement:
    """The measures of `text` as spoken in `body`. Raises Broken as `heard` does."""
    try:
        found = _measured(body, form)
    except UsageError as failure:
        raise Broken(f"the {form} cannot be decoded: {failure.what.rpartition(': ')[2]}") from None
    if found.fault:
        raise Broken(f"the {form} {found.fault}")
    if found.not_numbers:
        raise Broken(f"{found.not_numbers} samples are not numbers")
    if found.peak is None or found.peak < FAINTEST:
        raise Broken(f"{found.seconds:.1f} s of silence")
    least, most = len(text) / FASTEST / speed, len(text) / SLOWEST / speed
    if not least <= found.seconds <= most:
        raise Broken(
            f"{found.seconds:.2f} s for {len(text)} characters, "
            f"where {least:.1f} to {most:.1f} s can be"
        )
    return found


def told(found: Measurement) -> str:
    """A measurement in a few words."""
    channels = {1: "mono", 2: "stereo"}.get(found.channels, f"{found.channels} channels")
    return f"{found.seconds:.1f} s, {found.rate} Hz, {channels}"


def spoken(answer: Answer) -> None:
    """Raises Broken for an answer that is a refusal, with what it says."""
    if answer.status == 200:
        return
    said = answer.body[:200].decode(errors="replace").strip()
    try:
        said = str(answer.json()["error"]["message"])
    except (ValueError, LookupError, TypeError):
        pass
    raise Broken(f"answered with {answer.status}: {said}" if said else f"status {answer.status}")


@lru_cache(maxsize=16)
def _measured(body: bytes, form: str) -> Measurement:
    """Kept, since most servers say one text the same way each time, and a child takes its time."""
    if form == "pcm":
        if len(body) % 2:
            raise UsageError(
                f"the sound cannot be decoded: {len(body)} bytes are no 16-bit samples"
            )
        body = _with_header(body)
    with tempfile.NamedTemporaryFile(prefix="ttm-conformance-") as file:
        file.write(body)
        file.flush()
        return measure(file.name)


def _with_header(samples: bytes) -> bytes:
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16,
                       1, 1, PCM_RATE, 2 * PCM_RATE, 2, 16, b"data", len(samples))  # fmt: skip
    return head + samples
