"""Models: what is here, what could be, what is missing, and the key that brings it."""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Static

from ttm.errors import TtmError
from ttm.models.place import amount
from tui.messages import Bring, ConfigChanged
from tui.screens.page import Page
from tui.screens.question import Question
from tui.widgets.facts import Facts
from tui.widgets.gauge import Gauge
from tui.widgets.ledger import Column, Ledger, Row

if TYPE_CHECKING:
    from ttm.models.status import ModelStatus
    from tui.studio.events import Event
    from tui.studio.porter import Load
    from tui.studio.stock import Item, Runtime

COLUMNS = (
    Column("", 1),
    Column("NAME", 18, grows=True),
    Column("STATE", 9),
    Column("SIZE", 8, needs=44),
)
LOOK = 2.0
"""Seconds between two looks at what is in memory."""
MARKS = {"ready": "✓", "damaged": "!", "part": "…", "not ready": "!"}


class Models(Page):
    """Pull, verify, load and remove models; stage the runtime that they need."""

    MODE = "models"
    CSS_PATH = "models.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pull", "Pull", id="models.pull",
                tooltip="Fetch the model; again, pause, and go on"),
        Binding("r", "stage", "Runtime", id="models.stage",
                tooltip="Stage the neural runtime; again, end that"),
        Binding("l", "load", "Load", id="models.load", tooltip="Have it in memory"),
        Binding("u", "unload", "Unload", id="models.unload", tooltip="Let go of what is loaded"),
        Binding("v", "verify", "Verify", id="models.verify", tooltip="Look at every byte of it"),
        Binding("enter", "use", "Use", id="models.use", tooltip="Speak with this model"),
        Binding("f", "fix", "Fix", id="models.fix", tooltip="Do what is missing"),
        Binding("c", "cancel", "Cancel", show=False, id="models.cancel",
                tooltip="End a download; what came is kept"),
        Binding("delete", "remove", "Remove", show=False, id="models.remove",
                tooltip="Remove the files of a model"),
    ]  # fmt: skip

    class Carried(Message):
        """Something has come further."""

        def __init__(self, load: Load) -> None:
            super().__init__()
            self.load = load

        def can_replace(self, message: Message) -> bool:
            same = isinstance(message, Models.Carried) and message.load.name == self.load.name
            return same and message.load.phase == self.load.phase  # type: ignore[attr-defined]

    class Loading(Message):
        """A model is being loaded."""

        def __init__(self, model: str, what: str, part: float) -> None:
            super().__init__()
            self.model, self.what, self.part = model, what, part

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Models.Loading)

    def __init__(self) -> None:
        super().__init__()
        self._items: dict[str, Item] = {}
        self._runtime: Runtime | None = None
        self._loaded: dict[str, ModelStatus] = {}
        self._loads: dict[str, Load] = {}
        self._hears = False
        self._wanted = ""
        """The model that is fetched as soon as it is known how it is with it."""

    def body(self) -> ComposeResult:
        yield Static("", id="runtime", markup=False)
        with Horizontal(id="both"):
            yield Ledger(COLUMNS, id="items", empty="Looking at the models ...")
            yield Facts(id="facts")
        yield Vertical(id="loads")
        yield Gauge(id="memory")

    def on_mount(self) -> None:
        self.query_one(Ledger).focus()
        self.ttm.porter.hear(self._post_load)
        self.set_interval(LOOK, self._look_at_memory)

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.look()

    @on(ConfigChanged)
    def _other_settings(self) -> None:
        self.look()

    def _post_load(self, load: Load) -> None:
        self.post_message(self.Carried(load))

    @on(Bring)
    def _bring(self, event: Bring) -> None:
        """Fetch a model and stage what it needs, as another screen was asked to."""
        self._wanted = event.model
        self.look()

    def command(self) -> str:
        item = self.item
        if item is None or item.holding is None:
            return "ttm models list"
        if item.need in ("model", "damaged"):
            return f"ttm models pull {item.name}"
        return "ttm runtime stage" if item.need == "runtime" else f"ttm models load {item.name}"

    # What there is.

    @work(exclusive=True, group="looking", exit_on_error=False)
    async def look(self) -> None:
        """Look at the models and the runtime again."""
        from tui.studio import stock

        config = self.ttm.config
        try:
            items = await asyncio.to_thread(stock.every, config)
        except (TtmError, OSError) as failure:
            self.ttm.fail(str(failure))
            return
        self._items = {item.name: item for item in items}
        self._look_at_memory()
        self.refill()
        self._runtime = await asyncio.to_thread(stock.runtime, config)
        self._tell_runtime()
        self._moved()
        if wanted := self._items.get(self._wanted):
            self._wanted = ""
            self.query_one(Ledger).go(wanted.name)
            if wanted.holding and not wanted.holding.available:
                self.ttm.porter.pull(wanted.name)
            if not self._runtime.ready:
                self.ttm.porter.stage()

    def refill(self) -> None:
        """Show the models as they are."""
        from tui.studio import stock

        rank = {"ready": 0, "damaged": 1, "part": 1, "not ready": 1, "not here": 2}
        items = sorted(self._items.values(), key=lambda item: rank[item.state])
        rows = []
        for item in items:
            state = self._state(item)
            size = amount(item.size) if item.size else "-"
            mark = "●" if item.name in self._loaded else MARKS.get(item.state, " ")
            cells = (mark, item.name, state, size)
            rows.append(Row(item.name, cells, quiet=item.state == "not here"))
        assert stock
        here = sum(item.state == "ready" for item in items)
        self.query_one(Ledger).show(rows, count=f"{here} of {len(items)} ready")

    def _state(self, item: Item) -> str:
        load = self._loads.get(item.name)
        if load and load.active:
            return "checking" if load.phase == "verifying" else load.phase
        if load and load.phase == "paused" and item.need == "model":
            return "paused"
        return "loaded" if item.name in self._loaded else item.state

    @property
    def item(self) -> Item | None:
        """The model under the cursor."""
        return self._items.get(self.query_one(Ledger).key)

    @on(Ledger.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()
        facts = self.query_one(Facts)
        if (item := self.item) is None:
            facts.show("")
            return
        from tui.screens.model_facts import told

        known = told(item, self._runtime, self._loaded.get(item.name))
        if (load := self._loads.get(item.name)) and load.active:
            known["wrong"] = ""  # it is being mended
        facts.show(**known)

    def _tell_runtime(self) -> None:
        found = self._runtime
        line = self.query_one("#runtime", Static)
        if found is None or found.ready:
            kind = "in ttm's own environment" if found and found.own else "staged"
            device = f", for {found.device}" if found and found.device else ""
            line.update(f"✓ neural runtime: ready, {kind}{device}" if found else "")
            line.set_class(False, "-wrong")
            return
        from tui.safe import one_line

        cost = f"; r fetches about {found.fetched} MB, for {found.device}" if found.fetched else ""
        line.update(f"! neural runtime: not ready, {one_line(found.sentence)}{cost}")
        line.set_class(True, "-wrong")

    # What comes.

    @on(Carried)
    def _carried(self, event: Carried) -> None:
        from tui.studio.porter import RUNTIME

        load = event.load
        if load.name not in self.ttm.porter.loads:
            return  # it was told to end, and this was on its way
        before = self._loads.get(load.name)
        self._loads[load.name] = load
        self._draw_load(load)
        if before is None or before.phase != load.phase:
            if load.phase == "done":
                self.ttm.tell(load.sentence, "done", toast=True)
            elif load.phase == "failed":
                self.ttm.fail(load.sentence)
            elif load.phase == "paused":
                key = "r" if load.name == RUNTIME else "p"
                self.ttm.tell(f"{load.name} is paused; {key} goes on where it stopped")
            if load.active:
                self.refill()
            else:
                self.look()
        self.refresh_bindings()

    def _draw_load(self, load: Load) -> None:
        from tui.screens.model_facts import coming

        name = "load-" + "".join(c if c.isalnum() else "-" for c in load.name)
        found = self.query(f"#{name}")
        if load.phase == "done" or load.phase == "failed":
            found.remove()
            return
        gauge = found.first(Gauge) if found else Gauge(id=name)
        if not found:
            self.query_one("#loads").mount(gauge)
        gauge.show(*coming(load))

    def _of(self, name: str) -> Load | None:
        loads: dict[str, Load] = self.ttm.porter.loads
        return loads.get(name)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What needs no files is neither fetched nor verified."""
        fileless = self._items and (item := self.item) is not None and item.holding is None
        return None if fileless and action in ("pull", "verify", "remove") else True

    def action_pull(self) -> None:
        if (item := self.item) is None or item.holding is None:
            self.ttm.tell("This one needs no files")
            return
        load = self._of(item.name)
        if load and load.active:
            self.ttm.porter.pause(item.name)
        else:
            self.ttm.porter.pull(item.name, again=item.need == "damaged")

    def action_cancel(self) -> None:
        if (item := self.item) and (load := self._of(item.name)):
            self.ttm.porter.pause(item.name)
            self.ttm.porter.forget(item.name)
            self._loads.pop(load.name, None)
            self.query("#loads > *").remove()
            for each in self.ttm.porter.loads.values():
                self._draw_load(each)
            self.ttm.tell(f"{item.name} no longer comes; what came is kept")
            self.look()

    def action_stage(self) -> None:
        from tui.studio.porter import RUNTIME

        load = self._of(RUNTIME)
        if load and load.active:
            self.ttm.porter.pause(RUNTIME)
        elif self._runtime and self._runtime.ready:
            self.ttm.tell("The neural runtime is ready; nothing is to be staged")
        else:
            self.ttm.porter.stage()

    def action_verify(self) -> None:
        if (item := self.item) and item.holding and item.holding.manifest:
            self.ttm.porter.verify(item.name)
        elif item:
            self.ttm.tell(f"Nothing says what the files of {item.name} should be; p fetches them")

    def action_fix(self) -> None:
        """Do what the model under the cursor lacks."""
        if (item := self.item) is None:
            return
        if item.need in ("model", "damaged"):
            self.action_pull()
        elif item.need == "runtime":
            self.action_stage()
        elif item.need:
            self.ttm.fail(item.why)
        else:
            self.ttm.tell(f"{item.name} is ready; nothing is missing")

    @work(exclusive=True, group="asking", exit_on_error=False)
    async def action_remove(self) -> None:
        from ttm.models import inventory
        from ttm.models.registry import hub_id
        from ttm.narration.opening import models_dir

        if (item := self.item) is None or item.holding is None or not item.holding.size:
            return
        question = f"Remove {item.name}? That frees {amount(item.holding.size)}."
        if not await self.app.push_screen_wait(Question(question, "Remove")):
            return
        self.ttm.porter.forget(item.name)
        folder = models_dir(self.ttm.config)
        try:
            freed = await asyncio.to_thread(inventory.remove, folder, hub_id(item.name))
        except TtmError as failure:
            self.ttm.fail(failure.sentence)
            return
        self.ttm.tell(f"{item.name} is gone, and {amount(freed)} are free", "done")
        self.look()

    # What is in memory.

    def _look_at_memory(self) -> None:
        if not self.is_current:
            return
        found = {status.model_id: status for status in self.ttm.studio.loaded()}
        hubs = {i.holding.hub: i.name for i in self._items.values() if i.holding}
        loaded = {hubs.get(name, name): status for name, status in found.items()}
        gauge = self.query_one("#memory", Gauge)
        if loaded:
            told = [_placed(name, status) for name, status in loaded.items()]
            memory = sum(status.memory or 0 for status in loaded.values())
            gauge.show("● in memory", None, f"{', '.join(told)}; {amount(memory)}")
        elif not gauge.part:
            gauge.show("", None, "")
        if loaded.keys() != self._loaded.keys():
            self._loaded = loaded
            self.refill()
            self._moved()
        self._loaded = loaded

    @work(exclusive=True, group="loading", exit_on_error=False)
    async def action_load(self) -> None:
        from tui.studio import stock

        if (item := self.item) is None:
            return
        if item.need:
            self.ttm.fail(f"{item.name} cannot be loaded: {item.why}. f does what is missing")
            return
        if not self._hears:
            self._hears = True
            self.ttm.studio.hear(self._post_event)
        if self.ttm.studio.busy:
            self.ttm.tell(f"{item.name} is loaded after what is being spoken")
        gauge = self.query_one("#memory", Gauge)
        gauge.show(f"loading {item.name}", 0.0, "")
        try:
            lent = self.ttm.studio.lend(partial(stock.load, name=item.name))
            status = await asyncio.wrap_future(lent)
        except TtmError as failure:
            self.ttm.fail(failure.sentence)
            return
        except (CancelledError, asyncio.CancelledError):
            self.ttm.tell(f"{item.name} was not loaded")
            return
        finally:
            gauge.show("", None, "")
        on = f" on {status.device}" if status.device else ""
        self.ttm.tell(f"{item.name} is loaded{on}", "done")
        self._look_at_memory()

    def action_unload(self) -> None:
        self.ttm.studio.unload()
        self.ttm.tell("What was loaded is let go of")
        self.set_timer(0.3, self._look_at_memory)

    def _post_event(self, event: Event) -> None:
        from tui.studio.events import Loading

        if isinstance(event, Loading):
            self.post_message(self.Loading(event.model, event.what, event.part))

    @on(Loading)
    def _loading(self, event: Loading) -> None:
        gauge = self.query_one("#memory", Gauge)
        gauge.show(f"loading {event.model}", event.part, event.what)

    @on(Ledger.Picked)
    def action_use(self) -> None:
        if (item := self.item) is None:
            return
        if item.need:
            self.ttm.fail(f"{item.name} cannot speak yet: {item.why}. f does what is missing")
            return
        self.ttm.tell(f"{item.name} speaks from here on")
        self.ttm.speak_with(model=item.name, voice="")


def _placed(name: str, status: ModelStatus) -> str:
    """`qwen3:0.6b (cpu, float32)`, as far as its worker says."""
    where = ", ".join(filter(None, (status.device, status.dtype)))
    return f"{name} ({where})" if where else name
