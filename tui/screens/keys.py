"""Every key that works on a screen, from the bindings themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from tui.screens.overlay import Overlay

SIGNS = {
    "question_mark": "?", "slash": "/", "plus": "+", "minus": "-", "comma": ",", "full_stop": ".",
    "left_square_bracket": "[", "right_square_bracket": "]", "less_than_sign": "<",
    "greater_than_sign": ">", "equals_sign": "=", "up": "↑", "down": "↓", "left": "←",
    "right": "→", "pageup": "PgUp", "pagedown": "PgDn", "escape": "Esc", "exclamation_mark": "!",
    "number_sign": "#", "asterisk": "*", "colon": ":", "semicolon": ";", "tilde": "~",
}  # fmt: skip
"""What Textual calls by a word."""
USUAL = ("app.focus_next", "app.focus_previous", "app.interrupt")
"""What every screen's keys do, and so told after its own."""
WIDEST = 20
"""Columns for the keys of one thing that can be done."""


class Row(NamedTuple):
    """Something that keys do."""

    keys: str
    sentence: str


class Keys(Overlay[None]):
    """The keys of a screen: those of what has the focus, of the screen, and of everywhere."""

    CSS_PATH = "overlay.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,question_mark,q,f9",
            "dismiss",
            "Close",
            id="keys.close",
            tooltip="Back to the screen",
        ),
    ]

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__()
        self._groups = list(groups(screen))

    def compose(self) -> ComposeResult:
        with Vertical(classes="overlay -list"):
            yield Static("Keys", classes="heading", markup=False)
            yield Static("Esc closes   ↑ ↓ scroll", classes="under", markup=False)
            with VerticalScroll():
                for number, (name, rows) in enumerate(self._groups):
                    yield Static(name, classes="group" if number else "first", markup=False)
                    yield Static(_table(rows), markup=False)


def _table(rows: list[Row]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(width=WIDEST)
    table.add_column()
    for row in rows:
        table.add_row(Text(row.keys), Text(row.sentence))
    return table


def groups(screen: Screen[Any]) -> Iterator[tuple[str, list[Row]]]:
    """What the keys do that work on this screen as it is, under the name of what they act on."""
    found: dict[Any, dict[str, tuple[list[str], str]]] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.system or not (binding.description or binding.tooltip):
            continue
        inside = found.setdefault(active.node, {})
        keys, _ = inside.setdefault(binding.action, ([], ""))
        keys.append(spelled(binding.key))
        inside[binding.action] = (keys, binding.tooltip or binding.description)
    if own := found.get(screen):  # what every screen has comes after what this one is for
        found[screen] = dict(sorted(own.items(), key=lambda each: each[0].startswith("app.")))
    first = [node for node in (screen, screen.app) if node in found]
    for node in (*first, *(each for each in found if each not in first)):
        actions = sorted(found[node], key=lambda action: action in USUAL)
        rows = [
            Row(_joined(keys), sentence)
            for keys, sentence in (found[node][each] for each in actions)
        ]
        yield _name(node, screen), rows


def spelled(key: str) -> str:
    """A key as people call it: `Ctrl+C`, `F9`, `?`."""
    *held, last = key.split("+")
    last = SIGNS.get(last) or (last.title() if len(last) > 1 else last)
    return "+".join(
        [each.title() for each in held] + [last.upper() if held and len(last) == 1 else last]
    )


def _joined(keys: list[str]) -> str:
    told = ""
    for key in dict.fromkeys(keys):
        if len(told) + len(key) + 2 > WIDEST - 2:
            break
        told += f"  {key}" if told else key
    return told


def _name(node: Any, screen: Screen[Any]) -> str:
    if node is screen.app:
        return "Everywhere"
    if node is screen:
        return "This screen"
    return str(node.border_title or getattr(node, "TITLE", "") or type(node).__name__)
