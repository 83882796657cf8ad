"""The models that were asked for, and the worker that each of them speaks through."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ttm.config import Config
from ttm.engine import EngineCard
from ttm.errors import EngineHung, ModelError
from ttm.models.status import ModelStatus
from ttm.models.store import Model
from ttm.narration import ladder
from ttm.narration.opening import find_model, open_worker
from ttm.worker.client import Worker


class Workers:
    """Finds models and opens a worker for each when it is first needed.

    `loading` hears which model is being loaded, what of it, and how much of that is there from
    0 to 1. Not for several threads at once, but for `loaded` and `stop`.
    """

    def __init__(
        self, config: Config, loading: Callable[[str, str, float], None] | None = None
    ) -> None:
        self._config = config
        self._loading = loading
        self._models: dict[str, tuple[Model, EngineCard]] = {}
        self._workers: dict[tuple[str, Path | None, str], Worker] = {}

    @property
    def fallback(self) -> str:
        """`none`, `mode` or `any`: what may stand in for a model that cannot speak."""
        return ladder.allowed(self._config)

    def found(self, name: str) -> tuple[Model, EngineCard]:
        """The model of this name and its engine. Raises what `find_model` raises."""
        if name not in self._models:
            self._models[name] = find_model(name, self._config)
        return self._models[name]

    def of(self, name: str) -> Worker:
        """The worker of this model, which is not started by that. Raises what `found` raises."""
        model, engine = self.found(name)
        key = (engine.name, model.folder, model.server)
        if key not in self._workers:
            loading = self._loading and partial(self._loading, model.title)
            self._workers[key] = open_worker(
                engine, self._config, model.folder, model.server, loading=loading
            )
        return self._workers[key]

    def settle(self, name: str) -> str:
        """Load what speaks for this name, where anything may stand in for it; a warning when that
        is another model. Raises what `found` and loading raise, when nothing may or can."""
        if (fallback := self.fallback) == "none":
            self.of(name)
            return ""
        try:
            self.of(name).load()
            return ""
        except (ModelError, EngineHung) as failure:
            for entry in ladder.rungs(name, self._models.get(name), fallback):
                with contextlib.suppress(ModelError, EngineHung):
                    self.of(entry.name).load()
                    self._models[name] = self._models[entry.name]
                    return f"{failure.what}; {entry.name} stands in for it"
            raise

    def foresee(self, name: str) -> str:
        """The same without loading anything: a warning when another model would stand in."""
        try:
            self.found(name)
            return ""
        except ModelError as failure:
            fallback = self.fallback
            for entry in ladder.rungs(name, None, fallback) if fallback != "none" else ():
                with contextlib.suppress(ModelError):
                    self._models[name] = self.found(entry.name)
                    return f"{failure.what}; {entry.name} would stand in for it"
            raise

    def status(self, name: str) -> ModelStatus:
        """What speaks for this name, and how. Raises what `found` raises."""
        strict = self.fallback == "none"
        return ladder.status(name, self.found(name)[0], self.of(name), strict=strict)

    def loaded(self) -> list[ModelStatus]:
        """Every model that is in memory, and how; from any thread, without waiting."""
        strict = self.fallback == "none"
        found = []
        for name, (model, engine) in list(self._models.items()):
            worker = self._workers.get((engine.name, model.folder, model.server))
            if worker and worker.ready:
                found.append(ladder.status(name, model, worker, strict=strict))
        return found

    def stop(self) -> None:
        """Cancel what is being loaded or spoken, from any thread."""
        for worker in list(self._workers.values()):
            worker.stop()

    def close(self) -> None:
        """End every worker."""
        for worker in self._workers.values():
            worker.close()
        self._workers.clear()
