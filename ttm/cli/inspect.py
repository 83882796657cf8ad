"""`ttm inspect`: what a sound file holds."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ttm.audio.measure import Measurement, measure
from ttm.cli import output
from ttm.cli.output import failures_in_json


def inspect(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Sound files; - is stdin.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="One object, or a list for several files.")
    ] = False,
) -> None:
    """Measure audio: duration, peak, loudness, silence, clipping."""
    if as_json:
        with failures_in_json(True):
            found = [asdict(measure(path)) for path in files]
        output.json(found if len(found) > 1 else found[0])
        return
    for number, path in enumerate(files):
        if number:
            output.line()
        _report(measure(path))


def _report(found: Measurement) -> None:
    channels = {1: "mono", 2: "stereo"}.get(found.channels, f"{found.channels} channels")
    rows = [
        ("format", f"{found.format} {found.subtype}, {found.rate} Hz, {channels}"),
        ("duration", f"{found.seconds:.3f} s ({found.frames} frames)"),
        ("peak", _level(found.peak, "dBFS")),
        ("rms", _level(found.rms, "dBFS")),
        ("loudness", _level(found.loudness, "LUFS")),
        (
            "silence",
            f"{found.leading_silence:.2f} s before, {found.trailing_silence:.2f} s after,"
            f" at most {found.longest_silence:.2f} s within",
        ),
        ("clipped", f"{found.clipped:.2%} of samples"),
        ("offset", f"{found.offset:+.4f}"),
    ]
    if found.not_numbers:
        rows.append(("invalid", f"{found.not_numbers} samples are not numbers"))
    if found.fault:
        rows.append(("fault", found.fault))
    output.line("stdin" if found.path == "-" else found.path)
    for name, value in rows:
        output.line(f"  {name:<9} {value}")


def _level(value: float | None, unit: str) -> str:
    return "none" if value is None else f"{value:.1f} {unit}"
