"""Where to a sound is saved, and as what."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button, DirectoryTree, Input, Static
from textual.widgets.tree import TreeNode

from ttm.audio.formats import FORMATS, choose
from ttm.errors import UsageError
from tui.safe import one_line
from tui.screens.overlay import Overlay
from tui.widgets.field import Field

ABOUT = {
    "wav": "every program reads it; large",
    "flac": "half of wav, nothing is lost",
    "mp3": "small, read everywhere",
    "ogg": "small, free",
    "opus": "smallest",
    "pcm": "samples alone, 16 bits",
}
"""What a format is good for."""


class Place(NamedTuple):
    """Where to save."""

    path: str
    form: str
    clobber: bool
    """Whether what is there may be replaced: somebody said so."""


class Folders(DirectoryTree):
    """Folders and sound files; what they are called cannot steer the terminal."""

    # Pictures from beyond the basic plane are missing in many fonts, and wide in others.
    ICON_NODE = "▸ "
    ICON_NODE_EXPANDED = "▾ "
    ICON_FILE = "  "

    def filter_paths(self, paths: Iterable[Path]) -> Iterable[Path]:
        known = tuple(suffix for form in FORMATS.values() for suffix in form.suffixes)
        return [
            path
            for path in paths
            if not path.name.startswith(".")
            and (path.name.casefold().endswith(known) or self._safe_is_dir(path))
        ]

    def process_label(self, label: object) -> Text:
        return Text(one_line(str(label)), no_wrap=True)


class FormatKey(Static):
    """A format; a click or its key takes it."""

    def __init__(self, name: str) -> None:
        super().__init__(name, id=f"format-{name}", classes="format", markup=False)
        self.form = name
        self.tooltip = ABOUT[name]

    def on_click(self) -> None:
        self.post_message(self.Taken(self.form))

    class Taken(Message):
        """This format was clicked."""

        def __init__(self, form: str) -> None:
            super().__init__()
            self.form = form


class Save(Overlay[Place | None]):
    """Asks for a place; whoever opened it writes the file."""

    CSS_PATH: ClassVar[list[str]] = ["overlay.tcss", "save.tcss"]  # type: ignore[assignment]

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Close", id="save.close", tooltip="Save nothing"),
        Binding(
            "ctrl+t", "next_format", "Format", id="save.format", tooltip="Take the next format"
        ),
        Binding("ctrl+s", "save", "Save", id="save.save", tooltip="Save it there"),
    ]

    class Looked(Message):
        """Whether there is such a file already."""

        def __init__(self, place: Place, *, exists: bool, wrong: str = "") -> None:
            super().__init__()
            self.place = place
            self.exists = exists
            self.wrong = wrong

    def __init__(self, folder: Path, name: str, form: str, about: str) -> None:
        super().__init__()
        self._folder = folder
        self._stem = name
        self._form = form
        self._about = about
        self._asked = ""
        """The path about which it was asked whether it may be replaced."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="overlay"):
            yield Static("Save as a file", classes="heading", markup=False)
            yield Static(self._about, id="about", markup=False)
            yield Folders(self._folder, id="folders")
            yield Field(
                f"{self._stem}.{self._form}", compact=True, id="name", select_on_focus=False
            )
            with Horizontal(id="formats"):
                for name in FORMATS:
                    yield FormatKey(name)
                yield Static("", id="format-about", markup=False)
            yield Static("", id="where", markup=False)
            yield Static("", id="wrong", markup=False)
            with Horizontal(id="buttons"):
                yield Button("Save", id="save", compact=True, variant="primary")
                yield Button("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        name = self.query_one("#name", Input)
        name.focus()
        name.cursor_position = len(self._stem)
        self._show()

    # What is chosen.

    @on(DirectoryTree.DirectorySelected)
    def _entered(self, event: DirectoryTree.DirectorySelected) -> None:
        self._folder = event.path
        self._show()

    @on(DirectoryTree.NodeHighlighted)
    def _passed(self, event: DirectoryTree.NodeHighlighted[object]) -> None:
        node: TreeNode[object] = event.node
        path = getattr(node.data, "path", None)
        if isinstance(path, Path) and node.allow_expand and self.focused is event.control:
            self._folder = path
            self._show()

    @on(DirectoryTree.FileSelected)
    def _named(self, event: DirectoryTree.FileSelected) -> None:
        self._folder = event.path.parent
        self.query_one("#name", Input).value = event.path.name

    @on(Input.Changed)
    def _typed(self) -> None:
        self._asked = ""
        value = self.query_one("#name", Input).value
        suffix = os.path.splitext(value)[1].casefold()
        meant = [form.name for form in FORMATS.values() if suffix in form.suffixes]
        self._form = meant[0] if meant else self._form
        self._show()

    @on(FormatKey.Taken)
    def _take(self, event: FormatKey.Taken) -> None:
        self._as(event.form)

    def action_next_format(self) -> None:
        """Take the next format."""
        names = list(FORMATS)
        self._as(names[(names.index(self._form) + 1) % len(names)])

    def _as(self, form: str) -> None:
        self._form = form
        name = self.query_one("#name", Input)
        stem, suffix = os.path.splitext(name.value)
        known = any(suffix.casefold() in each.suffixes for each in FORMATS.values())
        name.value = f"{stem if known else name.value}{FORMATS[form].suffixes[0]}"
        name.cursor_position = len(name.value) - len(FORMATS[form].suffixes[0])

    def _path(self) -> str:
        name = os.path.expanduser(self.query_one("#name", Input).value.strip())
        return os.path.normpath(os.path.join(self._folder, name)) if name else ""

    def _show(self, wrong: str = "") -> None:
        for key in self.query(FormatKey):
            key.set_class(key.form == self._form, "-chosen")
        self.query_one("#format-about", Static).update(ABOUT[self._form])
        self.query_one("#where", Static).update(one_line(self._path()))
        self.query_one("#wrong", Static).update(one_line(wrong))
        self.query_one("#save", Button).label = "Replace" if self._asked else "Save"

    # Saving.

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#save")
    @on(Input.Submitted)
    def action_save(self) -> None:
        """Save it there; what is there already is replaced when this is said twice."""
        path = self._path()
        if not path:
            self._show("Give the file a name.")
            return
        try:
            form = choose(path, "", self._form).name
        except UsageError as failure:
            self._show(failure.sentence)
            return
        if not os.path.splitext(path)[1]:
            path += FORMATS[form].suffixes[0]
        self._look(Place(path, form, path == self._asked))

    @work(thread=True, exclusive=True, exit_on_error=False, group="save-look")
    def _look(self, place: Place) -> None:
        try:
            exists, folder = os.path.lexists(place.path), os.path.dirname(place.path)
            wrong = "" if os.path.isdir(folder) else f"There is no folder {folder}."
            wrong = f"{place.path} is a folder." if os.path.isdir(place.path) else wrong
        except ValueError:
            exists, wrong = False, "No file name can hold these characters."
        self.post_message(self.Looked(place, exists=exists, wrong=wrong))

    @on(Looked)
    def _looked(self, event: Looked) -> None:
        place = event.place
        if event.wrong:
            self._show(event.wrong)
        elif event.exists and not place.clobber:
            self._asked = place.path
            self._show("This file exists already. Press Enter again to replace it.")
        else:
            self.dismiss(place)
