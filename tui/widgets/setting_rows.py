"""The settings as rows of a list."""

from __future__ import annotations

from collections.abc import Iterator

from ttm.config import NAMED, SECTIONS
from tui.sheet import Line, Sheet
from tui.widgets.rows import Column, Row, Tone
from tui.widgets.setting_pane import origin

SHOWN = 200
"""Characters of a value that a row shows."""


def columns(name: int) -> tuple[Column, ...]:
    """Of the list; `name`: columns of the screen that a setting's name gets."""
    return (
        Column("Setting", name),
        Column("Value", least=14),
        Column("From", 16, tone="quiet", yields=1),
        Column("What it does", least=40, weight=4, tone="quiet", yields=2),
    )


def in_sections(found: Sheet) -> Iterator[Row]:
    """All settings under the heads of their sections, with an empty line before each."""
    by_section: dict[str, list[Line]] = {}
    for line in found.lines:
        by_section.setdefault(line.section, []).append(line)
    for name, sentence in SECTIONS.items():
        if name not in NAMED and name not in by_section:
            continue
        if name != next(iter(SECTIONS)):
            yield Row("", ("",), "head")
        yield Row(name, (name, sentence), "head")
        if name in NAMED:
            yield Row(f"{name}.*", ("+ another name", "enter adds one", "", ""), "quiet")
            for place in [one for one in by_section if one.startswith(name + ".")]:
                yield Row(place, (place, ""), "head")
                yield from map(row_of, by_section[place])
        else:
            yield from map(row_of, by_section[name])


def row_of(line: Line, *, whole: bool = False) -> Row:
    """A setting's row; `whole`: with its section's name."""
    unit = f" {line.setting.unit}" if line.setting.unit else ""
    value = line.text[:SHOWN] + unit if line.text else "—"
    tone: Tone = "warn" if line.overruled else "" if line.origin.kind == "default" else "strong"
    name = line.setting.key if whole else line.name
    return Row(line.setting.key, (name, value, _from(line), line.setting.sentence), tone)


def _from(line: Line) -> str:
    """Where a value comes from, in a word or two."""
    if line.overruled:
        return line.origin.kind
    return origin(line)
