"""The line of keys at the bottom: what this screen does, as far as there is room, and how to see
the rest. One widget, where Textual's footer makes one for each key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from rich.text import Text
from textual import events
from textual.binding import ActiveBinding
from textual.screen import Screen
from textual.widget import Widget

ALWAYS = ("app.keys", "app.quit")
"""Actions whose keys are shown whatever the room."""
BETWEEN = 2
"""Columns between two keys."""


class _Key(NamedTuple):
    shown: str
    description: str
    action: str
    node: Any
    enabled: bool

    @property
    def width(self) -> int:
        return len(self.shown) + 1 + len(self.description)


class KeysBar(Widget):
    """Keys with what they do; a click does it too."""

    COMPONENT_CLASSES = {"keys-bar--key", "keys-bar--description", "keys-bar--off"}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__(id="keys-bar")
        self._shown: list[tuple[int, _Key]] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[Any]) -> None:
        if screen is self.screen:
            self.refresh()

    def _keys(self) -> Iterator[_Key]:
        told = set()
        order = {key: at for at, key in enumerate(self.screen._bindings.key_to_bindings)}

        def rank(active: ActiveBinding) -> int:
            """The screen's own first, as it names them, wherever the focus is."""
            return order.get(active.binding.key, 0) if active.node is self.screen else len(order)

        for active in sorted(self.screen.active_bindings.values(), key=rank):
            binding = active.binding
            name = "app." if active.node is self.app else ""
            action = name + binding.action.removeprefix("app.")
            if not binding.show or action in told:
                continue
            told.add(action)
            shown = self.app.get_key_display(binding)
            yield _Key(shown, binding.description, action, active.node, active.enabled)

    def render(self) -> Text:
        keys = list(self._keys())
        room = self.size.width
        for key in keys:
            if key.action in ALWAYS:
                room -= key.width + BETWEEN
        shown, full = [], False
        for key in keys:
            if key.action not in ALWAYS:
                full = full or key.width > room
                if full:
                    continue
                room -= key.width + BETWEEN
            shown.append(key)
        line, self._shown = Text(no_wrap=True, overflow="crop"), []
        style = self.get_component_rich_style("keys-bar--key", partial=True)
        words = self.get_component_rich_style("keys-bar--description", partial=True)
        off = self.get_component_rich_style("keys-bar--off", partial=True)
        for key in shown:
            self._shown.append((len(line), key))
            line.append(key.shown, style if key.enabled else off)
            line.append(f" {key.description}", words if key.enabled else off)
            line.append(" " * BETWEEN)
        return line

    async def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is None:
            return
        for start, key in self._shown:
            if start <= at.x < start + key.width and key.enabled:
                event.stop()
                await self.app.run_action(key.action, key.node)
                return
