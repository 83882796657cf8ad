"""A hub with one model, a place for it, and a download that gives up soon."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ttm.errors import DownloadFailed
from ttm.models.download import Brought, pull
from ttm.models.hub import Hub, Limits
from ttm.models.inventory import holding
from ttm.models.place import Place

REPO = "Tiny/Voice"
BIG = "model.safetensors"
QUICK = Limits(connect=1.0, stall=0.3, deadline=20.0, retries=1)


@pytest.fixture
def hub(mock_hub) -> Any:
    found = mock_hub()
    found.repos[REPO] = found.checkpoint()
    return found


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr("ttm.models.hub.BACKOFF", 0.001)


@pytest.fixture
def bring(hub, store) -> Callable[..., Brought]:
    """Fetch the model."""

    def bring(limits: Limits = QUICK, token: str = "", **options: Any) -> Brought:
        return pull(Place(store, REPO), Hub(hub.url, token, limits), **options)

    return bring


@pytest.fixture
def refused(bring) -> Callable[..., str]:
    """The sentence of a pull that fails."""

    def refused(**options: Any) -> str:
        with pytest.raises(DownloadFailed) as failure:
            bring(**options)
        assert failure.value.exit_code == 5
        assert "\n" not in failure.value.sentence
        return failure.value.sentence

    return refused


@pytest.fixture
def state(store) -> Callable[[], str]:
    """What is here of the model, in a word."""
    return lambda: holding(REPO, store, store / "none").state


@pytest.fixture
def asked(hub) -> Callable[[], list[str | None]]:
    """Which ranges of the large file were asked for."""

    def asked() -> list[str | None]:
        there = f"/resolve/{hub.commit(REPO)}/{BIG}"
        return [ranged for path, ranged, _ in hub.log if path.endswith(there)]

    return asked
