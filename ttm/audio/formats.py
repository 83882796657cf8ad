"""The formats that ttm writes: their names, suffixes, sample rates and bitrates."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ttm.errors import UnknownName, UsageError, did_you_mean

RATE_MIN, RATE_MAX = 8_000, 192_000
"""Hertz. What formats without a list of their own take."""


@dataclass(frozen=True, slots=True)
class Format:
    """How samples become bytes."""

    name: str
    suffixes: tuple[str, ...]
    """Lower case, with the dot; the usual one first."""
    media_type: str
    rates: tuple[int, ...] = ()
    """Hertz, ascending; empty: anything from RATE_MIN to RATE_MAX."""
    bitrates: tuple[int, int] | None = None
    """kbit/s, lowest and highest; None where nothing is lost."""
    usual_rate: int = 0
    """Hertz, when none is asked for; 0: the rate that the sound has."""


FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format("wav", (".wav", ".wave"), "audio/wav"),
        Format("flac", (".flac",), "audio/flac"),
        Format(
            "mp3",
            (".mp3",),
            "audio/mpeg",
            (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000),
            (8, 320),
        ),
        Format("ogg", (".ogg", ".oga"), "audio/ogg", bitrates=(16, 224)),
        Format("opus", (".opus",), "audio/opus", (8_000, 12_000, 16_000, 24_000, 48_000), (6, 256)),
        # Without a header nobody can tell the rate; readers of OpenAI's `pcm` expect 24 kHz.
        Format("pcm", (".pcm", ".raw", ".s16le"), "audio/pcm", usual_rate=24_000),
    )
}


def choose(path: str, explicit: str = "", fallback: str = "wav") -> Format:
    """The format for `path`: what its suffix says, else `explicit`, else `fallback`.

    Raises UnknownName for a format or suffix that is none, UsageError when suffix and `explicit`
    contradict each other.
    """
    suffix = "" if path == "-" else os.path.splitext(path)[1]
    meant = next((one for one in FORMATS.values() if suffix.lower() in one.suffixes), None)
    if explicit:
        wanted = _named(explicit)
        if meant is not None and meant is not wanted:
            raise UsageError(
                f"'{path}' says {meant.name}, but the format asked for is {wanted.name}",
                f"Name the file *{wanted.suffixes[0]}, or ask for {meant.name}",
            )
        return wanted
    if meant is not None:
        return meant
    if suffix:
        known = [one[1:] for each in FORMATS.values() for one in each.suffixes]
        raise UnknownName(
            f"'{suffix}' is no suffix of a format that ttm writes",
            did_you_mean(suffix[1:], known) or f"Choose one with --format: {', '.join(FORMATS)}",
        )
    return _named(fallback)


def _named(name: str) -> Format:
    if (found := FORMATS.get(name.lower())) is not None:
        return found
    raise UnknownName(
        f"'{name}' is no format that ttm writes ({', '.join(FORMATS)})",
        did_you_mean(name, FORMATS),
    )


def output_rate(form: Format, native: int, asked: int = 0) -> int:
    """Hertz to write: `asked`, else the format's usual rate, else the nearest to `native`.

    Raises UsageError when the format cannot have the rate that was asked for.
    """
    if asked:
        if not _takes(form, asked):
            raise UsageError(
                f"{form.name} cannot have a sample rate of {asked} Hz", f"It takes {_rates(form)}"
            )
        return asked
    if form.usual_rate:
        return form.usual_rate
    if _takes(form, native):
        return native
    # Going up keeps every frequency; only beyond the highest rate is something lost.
    allowed = form.rates or (RATE_MIN, RATE_MAX)
    return next((rate for rate in allowed if rate >= native), allowed[-1])


def _takes(form: Format, rate: int) -> bool:
    return rate in form.rates if form.rates else RATE_MIN <= rate <= RATE_MAX


def _rates(form: Format) -> str:
    if not form.rates:
        return f"{RATE_MIN} to {RATE_MAX} Hz"
    return ", ".join(map(str, form.rates)) + " Hz"


def output_bitrate(form: Format, rate: int, asked: int = 0) -> int:
    """kbit/s to write at `rate` Hz; 0 where the format has none, or has its own usual quality.

    Raises UsageError when the format cannot have the bitrate that was asked for.
    """
    if form.bitrates is None:
        if asked:
            raise UsageError(f"{form.name} has no bitrate: it loses nothing")
        return 0
    low, high = mp3_bitrates(rate) if form.name == "mp3" else form.bitrates
    if asked:
        if not low <= asked <= high:
            raise UsageError(
                f"{form.name} at {rate} Hz cannot have a bitrate of {asked} kbit/s",
                f"It takes {low} to {high}",
            )
        return asked
    if form.name == "mp3":
        return 64 if rate <= 24_000 else 96
    return 32 if form.name == "opus" else 0


def mp3_bitrates(rate: int) -> tuple[int, int]:
    """kbit/s, lowest and highest: MPEG-1 from 32 kHz on, MPEG-2 from 16 kHz on, else MPEG-2.5."""
    if rate >= 32_000:
        return 32, 320
    return (8, 160) if rate >= 16_000 else (8, 64)
