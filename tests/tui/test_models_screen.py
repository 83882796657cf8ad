"""Models, through keys: fetched, paused, verified, loaded, removed; and what is missing, told."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from ttm.errors import StagingFailed
from ttm.models.registry import REGISTRY
from tui.widgets.gauge import Gauge
from tui.widgets.ledger import Ledger

REPO = REGISTRY[0].hub
NAME = REGISTRY[0].name
BIG = "model.safetensors"


@pytest.fixture
def hub(mock_hub, monkeypatch):
    """A hub with the first model of the registry, tiny."""
    found = mock_hub()
    found.repos[REPO] = found.checkpoint(size=400_000)
    monkeypatch.setenv("HF_ENDPOINT", found.url)
    return found


@pytest.fixture
def store(home):
    return home / ".local/share/ttm/models"


async def until(pilot, holds: Callable[[], object]) -> None:
    for _ in range(400):
        if holds():
            await pilot.pause()
            return
        await pilot.pause(0.05)
    raise AssertionError("it never came to hold")


def text(pilot) -> str:
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def state(pilot, name: str = NAME) -> str:
    ledger = pilot.app.screen.query_one(Ledger)
    return next((row.cells[2] for row in ledger._rows if row.cells[1] == name), "")


async def ready(pilot, name: str = NAME) -> Ledger:
    """The list, with the cursor on a model."""
    ledger = pilot.app.screen.query_one(Ledger)
    await until(pilot, lambda: state(pilot, name))
    ledger.go(name)
    await pilot.pause()
    return ledger


def slow(gate: threading.Event, block: int = 40_000):
    """A file of which some blocks come, and the others only once `gate` is set."""

    def fault(answer, body):
        answer.begin(200, len(body))
        for start in range(0, len(body), block):
            answer.send(body[start : start + block])
            gate.wait(0.12 if start < 3 * block else 20)
        return True

    return fault


async def test_a_model_is_fetched_paused_left_gone_on_with_verified_and_removed(opened, hub, store):
    gate = threading.Event()
    hub.always[BIG] = slow(gate)
    async with opened(mode="models", size=(140, 45)) as pilot:
        await ready(pilot)
        assert state(pilot) == "not here"
        assert "f fetches it (2.5 GB)" in text(pilot)
        await pilot.press("p")
        loads = pilot.app.porter
        await until(pilot, lambda: loads.loads[NAME].progress and loads.loads[NAME].progress.done)
        await until(
            pilot, lambda: state(pilot) == "coming" and pilot.app.screen.query("#loads Gauge")
        )
        await pilot.press("f4", "f5")  # it comes on
        assert loads.loads[NAME].active
        await pilot.press("p")
        gate.set()
        await until(pilot, lambda: state(pilot) == "paused")
        assert "paused; c ends it" in text(pilot)
        part = next(store.rglob(".parts/*"))
        assert part.stat().st_size
        await pilot.press("p")
        await until(pilot, lambda: state(pilot) == "ready")
        assert "every file is as it should be" in pilot.app.last_told[0]
        assert not pilot.app.screen.query("#loads Gauge")
        ranged = [
            each for path, each, _ in hub.log if path.endswith(BIG) and "tokenizer" not in path
        ]
        assert ranged[-1] not in (None, "bytes=0-")  # from where it stopped
        await pilot.press("v")
        await until(pilot, lambda: "every file is as it came" in pilot.app.last_told[0])
        weights = next(store.rglob(BIG))
        weights.write_bytes(weights.read_bytes()[:-1] + b"?")
        await pilot.press("v")
        await until(pilot, lambda: "is not as it came. Fetch it again" in pilot.app.last_told[0])
        await until(pilot, lambda: state(pilot) == "part")
        await pilot.press("f")
        await until(pilot, lambda: state(pilot) == "ready")
        await pilot.press("delete")
        await until(pilot, lambda: pilot.app.screen.query("Question #yes"))
        await pilot.press("y")
        await until(pilot, lambda: state(pilot) == "not here")
        assert not list(store.rglob(BIG))


async def test_a_hub_that_fails_is_a_sentence_and_what_came_is_kept(opened, hub, store):
    hub.always[BIG] = hub.status(403)
    async with opened(mode="models") as pilot:
        await ready(pilot)
        await pilot.press("p")
        await until(pilot, lambda: pilot.app.last_told[1] == "failed")
        assert "\n" not in pilot.app.last_told[0]
        await until(pilot, lambda: state(pilot) == "part")
        del hub.always[BIG]
        await pilot.press("p")
        await until(pilot, lambda: state(pilot) == "ready")


async def test_a_download_that_is_cancelled_keeps_what_came(opened, hub, store):
    gate = threading.Event()
    hub.always[BIG] = slow(gate)
    async with opened(mode="models") as pilot:
        await ready(pilot)
        await pilot.press("p")
        await until(pilot, lambda: [p for p in store.rglob(".parts/*") if p.stat().st_size])
        await pilot.press("c")
        gate.set()
        await until(pilot, lambda: NAME not in pilot.app.porter.loads)
        assert "what came is kept" in pilot.app.last_told[0]
        await until(pilot, lambda: state(pilot) == "part")
        assert not pilot.app.screen.query("#loads Gauge")


async def test_a_model_is_loaded_and_let_go_as_its_worker_states_it(opened, home):
    async with opened(mode="models", size=(140, 45)) as pilot:
        await ready(pilot, "tone")
        await pilot.press("l")
        await until(pilot, lambda: state(pilot, "tone") == "loaded")
        assert pilot.app.last_told == ("tone is loaded", "done")
        await until(pilot, lambda: "process" in text(pilot))
        assert " MB" in str(pilot.app.screen.query_one("#memory", Gauge).words)
        await pilot.press("u")
        await until(pilot, lambda: state(pilot, "tone") == "ready")
        await pilot.press("p", "v", "f")
        assert "nothing is missing" in pilot.app.last_told[0]
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.current_mode == "speak")


async def test_a_damaged_model_says_so_and_cannot_be_loaded(opened, store):
    place = store / REPO.replace("/", "--")
    from ttm.models.registry import FILES

    for name in FILES:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("{}")
    (place / "config.json").write_text("[")
    async with opened(mode="models", size=(140, 45)) as pilot:
        await ready(pilot)
        assert state(pilot) == "damaged"
        assert "f fetches it anew" in text(pilot)
        await pilot.press("l")
        await until(pilot, lambda: "cannot be loaded" in pilot.app.last_told[0])
    shutil.rmtree(place)


async def test_the_runtime_is_staged_with_its_progress_told(opened, home, monkeypatch):
    begun, go = threading.Event(), threading.Event()

    def carried_out(todo, place, wanted, tell):
        tell("packages", 1.0)
        begun.set()
        go.wait(20)
        tell("trial", 2.0)
        raise StagingFailed("there was no room", "Make room")

    monkeypatch.setattr("tui.studio.stock.lacking", lambda: ["torch"])
    monkeypatch.setattr("ttm.narration.provision.carry_out", carried_out)
    monkeypatch.setenv("TTM_RUNTIME_DEVICE", "cpu")
    async with opened(mode="models", size=(140, 45)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "neural runtime: not ready, there is no torch" in text(pilot))
        assert "r fetches about 345 MB, for cpu" in text(pilot)
        await until(pilot, lambda: "r stages the neural" in text(pilot))
        await pilot.press("r")
        await asyncio.to_thread(begun.wait, 20)
        await until(pilot, lambda: "the runtime's packages" in text(pilot))
        go.set()
        await until(pilot, lambda: "There was no room. Make room" in pilot.app.last_told[0])


async def test_nothing_that_a_hub_is_called_reaches_the_terminal(opened, monkeypatch):
    bad = "http://127.0.0.1:1/\x1b]52;c;aGk=\x07[@click=app.quit]"
    found = SimpleNamespace(url=bad)
    from tui.studio.stock import Item

    monkeypatch.setattr("tui.studio.stock.every", lambda config: [
        Item("remote:\x9b2J", "remote", f"{found.url}\u202e", "other", bad)
    ])  # fmt: skip
    async with opened(mode="models", size=(140, 45)) as pilot:
        await until(pilot, lambda: "\\x1b]52" in text(pilot))
        assert not set("\x1b\x07\x9b\u202e") & set(text(pilot))
        await pilot.press("f")
        await until(pilot, lambda: pilot.app.last_told[1] == "failed")
        assert "\x1b" not in text(pilot)


async def test_models_look_as_they_were_looked_at(opened, home, picture, monkeypatch):
    monkeypatch.setattr("ttm.narration.ladder.resident", lambda pid: 24_000_000)
    async with opened(mode="models") as pilot:
        await ready(pilot)
        await until(pilot, lambda: "neural runtime: ready" in text(pilot))
        await until(pilot, lambda: "in memory  espeak; 24.0 MB" in text(pilot))
        for size, cells in (("small", (80, 24)), ("large", (140, 45))):
            await pilot.resize_terminal(*cells)
            for theme in ("dark", "light"):
                pilot.app.theme = f"ttm-{theme}"
                await pilot.pause()
                picture(pilot.app, f"models-{size}-{theme}")
