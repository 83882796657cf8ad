"""What `/metrics` tells, in a registry of the server's own."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ttm.server.hall import Hall

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Of the text that Prometheus reads."""

SOON = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Seconds until the first sound, the bounds of a histogram."""


class Metrics:
    """Everything that is counted."""

    def __init__(self, hall: Hall) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "ttm_requests", "Requests that were answered.", ["method", "route", "status"],
            registry=self.registry,
        )  # fmt: skip
        self.running = Gauge(
            "ttm_requests_running", "Requests that are being answered.", registry=self.registry
        )
        self.first = Histogram(
            "ttm_first_sound_seconds", "From a request to its first sound.", ["model"],
            buckets=SOON, registry=self.registry,
        )  # fmt: skip
        self.spoken = Counter(
            "ttm_spoken_seconds", "Sound that was made.", ["model"], registry=self.registry
        )
        self.characters = Counter(
            "ttm_characters", "Characters that were spoken.", ["model"], registry=self.registry
        )
        self.failures = Counter(
            "ttm_failures", "Speeches that failed.", ["code"], registry=self.registry
        )
        self.left = Counter(
            "ttm_clients_left", "Clients that left before the end.", registry=self.registry
        )
        self.registry.register(_Lanes(hall))

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)


class _Lanes(Collector):
    """What the lanes are at when somebody asks."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall

    def collect(self) -> Iterator[GaugeMetricFamily]:
        waiting = GaugeMetricFamily("ttm_waiting", "Requests that wait.", labels=["model"])
        busy = GaugeMetricFamily("ttm_busy", "Whether a model is at work.", labels=["model"])
        loaded = GaugeMetricFamily("ttm_loaded", "Whether a model is loaded.", labels=["model"])
        for lane in self._hall.status():
            waiting.add_metric([lane.model], lane.line.waiting)
            busy.add_metric([lane.model], lane.line.taken)
            loaded.add_metric([lane.model], lane.state == "ready")
        yield from (waiting, busy, loaded)
