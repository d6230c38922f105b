"""Our own figures for Prometheus, read when they are asked for."""

from collections.abc import Iterator

from django.db import DatabaseError
from django.utils.timezone import now
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import REGISTRY, Collector

from orchestrator import live
from orchestrator.services import controllers
from orchestrator.services.clusters import contexts
from orchestrator.services.stacks import figures


class Figures(Collector):
    """Caches, streams, controllers, stacks. A database that does not answer takes only its figures away."""

    def collect(self) -> Iterator[Metric]:
        yield from _caches()
        streams = "Pages and event streams that this process serves."
        yield GaugeMetricFamily("orchestrator_live_followers", streams, value=live.hub.followers())
        try:
            yield from _controllers()
            yield from figures.collect(at=now())
        except DatabaseError:
            return

    def describe(self) -> list[Metric]:
        """Return nothing, so that registering does not read the world."""
        return []


def register() -> None:
    """Add our figures to the process's registry; once is enough, twice is harmless."""
    if not getattr(REGISTRY, "_orchestrator", False):
        REGISTRY.register(Figures())
        REGISTRY._orchestrator = True  # type: ignore[attr-defined]


def _caches() -> Iterator[Metric]:
    labels = ["context", "kind"]
    age = GaugeMetricFamily(
        "orchestrator_cache_age_seconds", "Since the source of a cache was last heard of.", labels=labels
    )
    rows = GaugeMetricFamily("orchestrator_cache_rows", "Objects in a cache.", labels=labels)
    is_live = GaugeMetricFamily("orchestrator_cache_live", "1 while its watch is open.", labels=labels)
    restarts = CounterMetricFamily(
        "orchestrator_watch_restarts", "How often the watch of a cache was opened again.", labels=labels
    )
    for context, kind, state, count in contexts.caches():
        place = [context.name, kind.value]
        if state.heard_at is not None:
            age.add_metric(place, (now() - state.heard_at).total_seconds())
        rows.add_metric(place, count)
        is_live.add_metric(place, float(state.condition == "live"))
        restarts.add_metric(place, state.restarts)
    yield from (age, rows, is_live, restarts)


def _controllers() -> Iterator[Metric]:
    labels = ["controller"]
    runs = CounterMetricFamily("orchestrator_controller_runs", "Rounds of a controller.", labels=labels)
    failed = CounterMetricFamily("orchestrator_controller_failures", "Rounds that failed.", labels=labels)
    took = GaugeMetricFamily(
        "orchestrator_controller_duration_seconds", "How long the last round took.", labels=labels
    )
    held = GaugeMetricFamily("orchestrator_controller_held", "1 if a live process runs it.", labels=labels)
    for each in controllers.status(now()):
        runs.add_metric([each.name], each.runs)
        failed.add_metric([each.name], each.failures)
        took.add_metric([each.name], each.duration_ms / 1000)
        held.add_metric([each.name], float(each.lease_live))
    yield from (runs, failed, took, held)
