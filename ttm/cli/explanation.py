"""How `ttm explain` shows a forecast: to people, and as JSON."""

from __future__ import annotations

import textwrap
import unicodedata
from dataclasses import asdict
from typing import Any

from ttm.cli import output
from ttm.cli.forecast import Forecast
from ttm.config import settings_of, with_origin
from ttm.narration.explanation import Altered, Piece, Totals

LABEL = 10
"""Columns of the names on the left."""
INDENT = " " * 4

SECTIONS = ("say.", "text.", "guard.", "cache.", "models.strict", "models.fallback")
"""Settings that decide about speech, beside those of the engine."""


def show(forecast: Forecast) -> None:
    """For people, on stdout; as the text comes."""
    for row in forecast.rows():
        _wrapped(f"{row.name:<{LABEL}}", row.value, f"  ({row.origin})")
    warned = _warn(forecast, 0)
    for piece in forecast.pieces():
        warned = _warn(forecast, warned)
        output.line()
        _show_piece(piece)
    _warn(forecast, warned)
    output.line()
    _show_totals(forecast.totals, forecast.removed)


def _warn(forecast: Forecast, warned: int) -> int:
    """Say the warnings that were not said; how many there are."""
    for warning in forecast.warnings[warned:]:
        output.warn(warning)
    return len(forecast.warnings)


def _show_piece(piece: Piece) -> None:
    about = [f"line {piece.line}, column {piece.column}"]
    if piece.pause:
        about.append(f"after {piece.pause} ms")
    about += [f"{name} {each}" for name, each in piece.delivery.items()]
    about.append(f"{piece.characters}/{piece.budget} characters")
    about.append(f"about {_seconds(piece.seconds)}")
    output.painted(("bold", f"{piece.index:>3} "), ("dim", " · ".join(about)))
    for line in _lines(piece.written, INDENT):
        output.line(line)
    for change in piece.changes:
        _show_change(change)
    if piece.phonemes:
        for line in _lines(f"/{piece.phonemes}/", INDENT):
            output.painted(("dim", line))
    if piece.trouble:
        output.painted(("dim", f"{INDENT}no phonemes: {piece.trouble}"))


def _show_change(change: Altered) -> None:
    """`$5.99 → five dollars and ninety-nine cents (currency)`, `+ Code block (markdown.code)`."""
    written = " ".join(change.written.split())
    if len(written) > 2 * output.columns():
        written = f"{written[: output.columns()]}… ({len(written)} characters)"
    spoken = f"/{change.phonemes}/" if change.phonemes else change.spoken.strip()
    arrow = " → " if written else "+ "
    whole = f"{written}{arrow}{spoken} ({change.rule})"
    lines = _lines(whole, INDENT + "  ", INDENT + "    ")
    if len(lines) == 1:
        parts = (("old", written), arrow, ("new", spoken), ("dim", f" ({change.rule})"))
        output.painted(INDENT + "  ", *parts)
        return
    for line in lines:
        output.painted(("new", line))


def _show_totals(totals: Totals, removed: int) -> None:
    written = f"{_count(totals.characters, 'character')}, {totals.spoken} as spoken"
    output.painted(
        ("bold", f"about {_seconds(totals.seconds)}"),
        f", {_seconds(totals.pauses)} of it pauses: {_count(totals.sentences, 'sentence')} in "
        f"{_count(totals.pieces, 'piece')}",
    )
    output.line(written)
    if totals.rules:
        rules = ", ".join(f"{rule} {count}" for rule, count in totals.rules.most_common())
        for line in _lines(f"{_count(totals.rules.total(), 'change')}: {rules}", ""):
            output.line(line)
    if removed:
        output.line(f"{_count(removed, 'character')} that cannot be spoken would be left out")


def show_json(forecast: Forecast) -> None:
    """As one JSON object on stdout, the pieces a line each."""
    config, engine = forecast.config, forecast.engine
    section = f"engine.{engine.name}."
    own = (f"{section}{forecast.model.server}.",) if forecast.model.server else (section,)
    keys = [each.key for each in settings_of(config)]
    head: dict[str, Any] = {
        "model": forecast.model.name,
        "engine": engine.name,
        "effective": forecast.effective,
        "voice": forecast.voice.name,
        "voice_description": forecast.voice.description,
        "language": forecast.language,
        "decided": [row._asdict() for row in forecast.rows()],
        "settings": {
            key: with_origin(config, key) for key in keys if key.startswith((*SECTIONS, *own))
        },
    }
    rows = (_row(piece) for piece in forecast.pieces())
    output.json_rows(head, "pieces", rows, lambda: _totals(forecast))


def _row(piece: Piece) -> dict[str, Any]:
    return asdict(piece) | {"seconds": round(piece.seconds, 3)}


def _totals(forecast: Forecast) -> dict[str, Any]:
    totals = forecast.totals
    rounded = {"seconds": round(totals.seconds, 3), "pauses": round(totals.pauses, 3)}
    about = asdict(totals) | rounded | {"rules": dict(totals.rules), "removed": forecast.removed}
    return {"totals": about, "warnings": forecast.warnings, "ok": True}


def _wrapped(label: str, value: str, origin: str) -> None:
    """A value beside its name, and where it comes from behind it or below."""
    lines = _lines(value, "", width=output.columns() - LABEL) or [""]
    room = output.columns() - LABEL - len(lines[-1])
    for line in lines[:-1]:
        output.painted(("bold", label), line)
        label = " " * LABEL
    if len(origin) <= room:
        output.painted(("bold", label), lines[-1], ("dim", origin))
        return
    output.painted(("bold", label), lines[-1])
    output.painted(" " * LABEL, ("dim", origin))


def _lines(text: str, indent: str, further: str = "", width: int = 0) -> list[str]:
    """The text in lines that fit; what is wide takes two columns."""
    wide = any(unicodedata.east_asian_width(char) in "WF" for char in text)
    room = (width or output.columns()) // (2 if wide else 1)
    return textwrap.wrap(
        text,
        max(room, len(indent) + 20),
        initial_indent=indent,
        subsequent_indent=further or indent,
        break_on_hyphens=False,
    )


def _seconds(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
