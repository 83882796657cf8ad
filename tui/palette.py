"""What the command palette finds: what can be done on this screen, and everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.modes import PLACES
from tui.themes import THEMES


class Order(NamedTuple):
    """Something that can be done."""

    title: str
    sentence: str
    act: Callable[[], Any]


class _Orders(Provider):
    def orders(self) -> Iterator[Order]:
        """What there is."""
        raise NotImplementedError

    async def discover(self) -> Hits:
        for order in self.orders():
            yield DiscoveryHit(order.title, order.act, help=order.sentence or None)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for order in self.orders():
            if (score := matcher.match(order.title)) > 0:
                yield Hit(
                    score, matcher.highlight(order.title), order.act, help=order.sentence or None
                )


class Here(_Orders):
    """What the screen that is shown can do: its bindings, with their keys."""

    def orders(self) -> Iterator[Order]:
        known = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            own = active.node is not self.app and not binding.action.startswith("app.")
            own = own and not binding.system
            if not (own and active.enabled and binding.tooltip and binding.description):
                continue
            if (node := (binding.action, active.node)) in known:
                continue
            known.add(node)
            key = self.app.get_key_display(binding)
            act = partial(self.app.run_action, binding.action, active.node)
            yield Order(f"{binding.description} ({key})", binding.tooltip, act)


class Everywhere(_Orders):
    """What works on all screens."""

    def orders(self) -> Iterator[Order]:
        run = self.app.run_action
        for place in PLACES:
            title = f"Go to {place.title} ({place.key.upper()})"
            yield Order(title, place.sentence, partial(run, f"app.switch_mode('{place.mode}')"))
        for action, title, sentence in (
            ("keys", "Keys (?)", "Every key that works here"),
            ("copy_command", "Copy as command (y)", "The `ttm say` that does the same in a shell"),
            ("messages", "What was said", "All that the line at the bottom has told"),
            ("suspend_process", "To the shell (Ctrl+Z)", "Stop here, and go on with `fg`"),
            ("quit", "Quit (Ctrl+Q)", "End ttm; the draft stays"),
        ):
            yield Order(title, sentence, partial(run, f"app.{action}"))
        for name, theme in THEMES.items():
            told = f"Colours: {name.replace('-', ', ')}"
            act = partial(setattr, self.app, "theme", theme.name)
            yield Order(told, "Until ttm ends; tui.theme keeps it", act)
