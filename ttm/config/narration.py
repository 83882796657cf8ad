"""The settings of what stands between a text and an engine."""

from __future__ import annotations

from dataclasses import dataclass, field

from ttm.config.declaration import setting
from ttm.errors import UsageError


def _encoding(name: str) -> None:
    try:
        "a".encode(name)
    except (LookupError, ValueError):
        raise UsageError("no such encoding") from None


@dataclass(frozen=True, slots=True)
class RuleSettings:
    abbreviations: bool = setting(True, "Dr. Smith, e.g. and No. 5 are said in full.")
    addresses: bool = setting(True, "Web and e-mail addresses are said as one would tell them.")
    currency: bool = setting(True, "Amounts of money: $5.99.")
    dates: bool = setting(True, "Dates and years: 2024-01-05, in 1984.")
    emoji: bool = setting(True, "Emoji are said by their names.")
    numbers: bool = setting(True, "Numbers, fractions and versions: 1,234.5.")
    ordinals: bool = setting(True, "Ordinals: 21st.")
    phones: bool = setting(True, "Telephone numbers, digit by digit.")
    roman: bool = setting(True, "Roman numerals: Henry VIII.")
    symbols: bool = setting(True, "Symbols such as & and +.")
    times: bool = setting(True, "Times of day and durations: 3:05 pm.")
    units: bool = setting(True, "Units: 5 km/h.")


@dataclass(frozen=True, slots=True)
class TextSettings:
    encoding: str = setting(
        "utf-8",
        "Encoding of files and of stdin.",
        expects="the name of a text encoding, such as utf-8 or latin-1",
        check=_encoding,
    )
    errors: str = setting(
        "strict",
        "Bytes that do not fit the encoding: strict stops, replace reads on with a mark in "
        "their place.",
        choices=("strict", "replace"),
    )
    normalize: str = setting(
        "auto",
        "Says numbers, dates and the like in words before an engine sees them: auto for engines "
        "that need it, on, or off.",
        choices=("auto", "on", "off"),
    )
    rules: RuleSettings = field(
        default_factory=RuleSettings,
        metadata={"sentence": "What is said in words, where text.normalize lets it"},
    )


@dataclass(frozen=True, slots=True)
class GuardSettings:
    enabled: bool = setting(
        True,
        "Judges the sound of each piece of text before it is taken for right. Without it, only "
        "what is no sound at all is refused.",
    )
    on_fail: str = setting(
        "fail",
        "When sound is not what was asked for, however often it is tried: fail stops, keep takes "
        "the best of it with a warning.",
        choices=("fail", "keep"),
    )
    retries: int = setting(
        2, "So many more seeds are tried for a piece of text that went wrong.", low=0, high=10
    )


@dataclass(frozen=True, slots=True)
class CacheSettings:
    enabled: bool = setting(True, "Keeps what a model has spoken, as sound without its text.")
    every_engine: bool = setting(False, "Keeps what quick engines such as espeak have spoken, too.")
    max_bytes: int = setting(
        512_000_000,
        "Size of all that is kept; what was not used for longest goes first.",
        unit="bytes",
        low=0,
        high=2**50,
    )


@dataclass(frozen=True, slots=True)
class HistorySettings:
    keep: str = setting(
        "digest",
        "What of a text is remembered: off for nothing at all, digest for a fingerprint, length "
        "and time without the text, full for the text too.",
        choices=("off", "digest", "full"),
    )
