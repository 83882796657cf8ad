"""The text on the terminal, with the word in it that is heard at the moment."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self

from ttm.cli import output
from ttm.cli.page import Page, page_at
from ttm.cli.request import Request
from ttm.errors import ReaderLeft, TtmError, UsageError
from ttm.playback import Follower, Player
from ttm.speech import Timing
from ttm.text.markup import Opening

LOOK = 0.03
"""Seconds between two looks at the position; a short word lasts 0.15 s."""
INVERSE, UNDERLINED = ("\x1b[7m", "\x1b[27m"), ("\x1b[4m", "\x1b[24m")


def wanted(request: Request) -> Highlight:
    """Raises UsageError where nothing can be shown."""
    if not request.play:
        fix = "Add --play" if request.output else "Leave out --no-play"
        raise UsageError("--highlight follows the loudspeaker, and nothing is played", fix)
    if request.json:
        raise UsageError("--highlight and --json both want the terminal", "Leave one of them out")
    if not os.isatty(1) or os.environ.get("TERM", "dumb") == "dumb":
        raise UsageError(
            "--highlight needs a terminal that can move its cursor",
            "Leave it out, or do not redirect stdout",
        )
    return Highlight(UNDERLINED if os.environ.get("NO_COLOR") else INVERSE)


class Highlight:
    """Shows the text page by page, at most a paragraph and a screen each.

    Whatever is drawn is drawn in one go that ends with the cursor below the page, so that the
    terminal is whole whenever and however we end. `with` ends it.
    """

    def __init__(self, marks: tuple[str, str]) -> None:
        self._marks = marks
        self._text = ""
        self._whole = False
        self._follower = Follower()
        self._player: Player | None = None
        self._page: Page | None = None
        self._next = 0
        """The first character that is on no page yet."""
        self._shown: tuple[int, int] | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._drawer = threading.Thread(target=self._draw, name="highlight", daemon=True)

    def reading(
        self, pieces: Iterable[str | Opening], before: Sequence[str | Opening] = ()
    ) -> Iterator[str | Opening]:
        """The pieces, as they pass; those `before` them have passed already."""
        self._text = "".join(piece for piece in before if isinstance(piece, str))
        for piece in pieces:
            if isinstance(piece, str):
                with self._lock:
                    self._text += piece
            yield piece
        self._whole = True

    def add(self, timings: Iterable[Timing]) -> None:
        """Times of words in the text."""
        self._follower.add(timings)

    def follow(self, player: Player) -> None:
        """Whose position counts from here on."""
        self._player = player
        if self._drawer.ident is None:
            self._drawer.start()

    def rewound(self) -> None:
        """What is said from here on is a narration of its own, which counts from 0."""
        self._player = None
        self._follower = Follower()

    def clear(self) -> None:
        """Take the page away, for a line of something else; it comes again below that."""
        with self._lock:
            if self._page is not None:
                self._write(self._page.erasing(_size()))
                self._next = self._page.start
                self._page = self._shown = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._drawer.ident is not None:
            self._drawer.join()
        with self._lock:
            self._mark(None)
            if kind is None and self._whole:
                self._turn_to(len(self._text))

    def _draw(self) -> None:
        try:
            while not self._over.wait(LOOK):
                player = self._player
                said = self._follower.at(player.position / player.rate) if player else None
                if said is not None:
                    with self._lock:
                        self._show(said)
        except TtmError:  # nobody looks any more
            return

    def _show(self, said: Timing) -> None:
        if self._page is not None and self._page.size != _size():
            self._write(self._page.erasing(_size()))
            self._next = self._page.start
            self._page = self._shown = None
        if self._page is None or said.start >= self._page.end:
            self._mark(None)
            self._turn_to(said.start)
        self._mark((said.start, said.end))

    def _turn_to(self, place: int) -> None:
        """Write out everything up to and with the page of this character."""
        while self._next <= place and self._next < len(self._text):
            page = page_at(self._text, self._next, _size())
            self._write(page.drawn())
            self._page, self._next = page, page.end

    def _mark(self, span: tuple[int, int] | None) -> None:
        if self._page is not None and span != self._shown:
            self._write(self._page.changed(self._shown, span, self._marks))
            self._shown = span

    def _write(self, text: str) -> None:
        if text:
            output.paint(text)


def _size() -> tuple[int, int]:
    """Columns and rows of the terminal."""
    try:
        columns, rows = os.get_terminal_size(1)
    except OSError:
        raise ReaderLeft("the terminal is gone") from None
    return max(columns, 20), max(rows, 4)
