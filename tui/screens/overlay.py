"""What all screens that lie over another have in common: the line of the keys that work on them."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.worker import Worker, WorkerState

from tui.widgets.keys_bar import KeysBar

Result = TypeVar("Result")


class Workers:
    """Tells a bug in what a screen does in the background, where it would end in silence."""

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            from tui.app import TtmApp

            app = event.worker.node.app
            assert isinstance(app, TtmApp)
            app.bug(event.worker.error)


class Overlay(Workers, ModalScreen[Result], Generic[Result]):
    """A dialog; its keys are shown in place of those of the screen below, which do not work."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the focus sees them, so that what is typed after them goes where they lead.
        Binding("tab", "app.focus_next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", show=False, priority=True),
    ]

    def on_mount(self) -> None:
        self.mount(KeysBar())
