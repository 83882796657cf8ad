"""What is known of something: a title, a sentence, and facts with their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui.safe import one_line, safe


class Facts(VerticalScroll, can_focus=False):
    """A title in bold, lines below it, and rows of name and value; empty values are left out."""

    DEFAULT_CSS = """
    Facts {
        padding: 0 2; scrollbar-size-vertical: 1; background: $background;
        scrollbar-color: $rule; scrollbar-background: $background;
    }
    Facts > Static { width: 100%; height: auto; }
    Facts > .facts--title { text-style: bold; }
    Facts > .facts--about { color: $foreground; }
    Facts > .facts--wrong { color: $warning; margin-top: 1; }
    Facts > .facts--rows { margin-top: 1; }
    """

    _rows: Sequence[tuple[str, str]] = ()

    def compose(self) -> Iterable[Static]:
        for name in ("title", "about", "wrong", "rows"):
            yield Static("", markup=False, classes=f"facts--{name}")

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._tell_rows())

    def show(
        self, title: str, about: str = "", wrong: str = "", rows: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Tell this from here on; `wrong` is what should be seen first."""
        texts = (one_line(title), safe(about), safe(wrong))
        for name, text in zip(("title", "about", "wrong"), texts, strict=True):
            part = self.query_one(f".facts--{name}", Static)
            part.update(text)
            part.display = bool(text)
        self._rows = [(name, one_line(value)) for name, value in rows if value]
        self._tell_rows()
        self.scroll_home(animate=False)

    def _tell_rows(self) -> None:
        quiet = Style(color=self.app.theme_variables.get("quiet"))
        table = Table.grid(padding=(0, 2))
        table.add_column(style=quiet, no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in self._rows:
            table.add_row(name, Text(value))
        self.query_one(".facts--rows", Static).update(table)
