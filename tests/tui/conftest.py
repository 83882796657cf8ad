"""The interface as a person meets it: an app with a home of its own, and pictures of it."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import runpy
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding

PICTURES = Path(__file__).parent / "pictures"
SIZES = {"small": (80, 24), "large": (140, 45)}

Opened = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> bool | None:
    """A test may be `async def`: it has an event loop to itself."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True


@pytest.fixture
def opened(home) -> Opened:
    """`async with opened(size=(80, 24), mode="queue", text="...", **{"say.model": "tone"}) as
    pilot`: the app with the settings of this home, on the screen of this mode; `pilot.app` is it.
    """
    from ttm.config import load
    from tui.app import TtmApp

    @asynccontextmanager
    async def open_app(
        size: tuple[int, int] = SIZES["small"],
        mode: str = "",
        text: str | None = None,
        welcome: bool = False,
        **settings: object,
    ) -> AsyncIterator[Any]:
        config = load(overrides=settings, environ=os.environ)
        app = TtmApp(config, text=text, welcome=welcome)
        try:
            async with app.run_test(size=size) as pilot:
                pilot.until = partial(wait, pilot)  # type: ignore[attr-defined]
                await pilot.pause()
                if mode:
                    await app.switch_mode(mode)
                    await pilot.pause()
                yield pilot
        finally:
            app.close()

    return open_app


def shown(app: Any) -> str:
    """The screen as text."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


@pytest.fixture
def picture(snapshot) -> Callable[[Any, str], None]:
    """`picture(app, "speak-small-dark")`: the screen is as it was looked at, as text and as SVG.

    `pytest --snapshot-update` makes the pictures anew; scripts/pictures makes PNGs to look at.
    """
    snapshot.snapshot_dir = PICTURES

    def check(app: Any, name: str) -> None:
        snapshot.assert_match(shown(app), f"{name}.txt")
        drawing = re.sub(r"terminal-\d+", "terminal", app.export_screenshot())
        snapshot.assert_match(drawing, f"{name}.svg")

    return check


@pytest.fixture
def session() -> Iterator[Callable[..., Any]]:
    """Open `ttm tui` on a terminal of its own: `session(size=(80, 24))`; see session.py."""
    known = runpy.run_path(str(Path(__file__).with_name("session.py")))
    started = []

    def start(*words: str, **options: Any) -> Any:
        started.append(known["Session"](["tui", *words], **options))
        return started[-1]

    yield start
    for each in started:
        each.close()


async def wait(pilot: Any, reached: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for a state of the app that a thread brings about."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not reached():
        if asyncio.get_running_loop().time() > deadline:
            told = [sentence for sentence, _ in pilot.app.told]
            pytest.fail(f"it did not come to that:\n{shown(pilot.app)}\n{told}")
        await asyncio.sleep(0.01)  # a pilot's pause asks every widget, each time
    await pilot.pause()


@pytest.fixture
def until() -> Callable[..., Any]:
    """`await until(pilot, lambda: ...)`, which is `await pilot.until(lambda: ...)`."""
    return wait


class Presser:
    """Presses keys that are bound, each of which has to change what it is told to look at."""

    def __init__(self, pilot: Any) -> None:
        self._pilot = pilot
        self._pressed: set[tuple[type, str]] = set()

    async def __call__(self, key: str, seen: Callable[[], object]) -> None:
        """Press it; what is `seen` is another thing afterwards."""
        active = self._pilot.app.screen.active_bindings.get(key)
        if active is None or not active.enabled:
            pytest.fail(f"{key} does nothing here:\n{shown(self._pilot.app)}")
        for kind in type(active.node).__mro__:
            if key in bound(kind):
                self._pressed.add((kind, key))
        before = seen()
        await self._pilot.press(key)
        await self._pilot.until(lambda: seen() != before)

    def elsewhere(self, kind: type, key: str) -> None:
        """Another test presses this key, for a reason that is said there."""
        self._pressed.add((kind, key))

    def all_of(self, *kinds: type) -> None:
        """Every key of these screens and widgets was pressed."""
        for kind in kinds:
            assert [key for key in bound(kind) if (kind, key) not in self._pressed] == [], kind


def bound(kind: type) -> list[str]:
    """The keys that a class of screens or widgets binds itself."""
    found = Binding.make_bindings(vars(kind).get("BINDINGS", ()))
    return [binding.key for binding in found]


@pytest.fixture
def presser() -> type[Presser]:
    """`press = presser(pilot)`, `await press("f9", lambda: pilot.app.screen)`, and at the end
    `press.all_of(Queue)`, which test_bindings looks for."""
    return Presser


HOSTILE = (
    "\x1b]0;owned\x07\x1b]52;c;eA==\x07\x1b[31m\x9b1m\x00\x90q\x9c[/][@click=app.quit]x[/] \u202eab"
)
"""What would steer a terminal, or Textual, if it reached one."""


@pytest.fixture
def hostile() -> str:
    """See HOSTILE."""
    return HOSTILE


@pytest.fixture
def screen_text() -> Callable[[Any], str]:
    """What is on the screen of an app."""
    return shown
