"""Figures of stacks for Prometheus: some are counted as things happen, the others are read when asked for.

What is counted stands in the database, so every process answers alike, and a restart sets nothing to zero.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Count, F
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from orchestrator.models import Stack, StackPort, Tally

logger = logging.getLogger(__name__)

CREATE_SECONDS = "stack_create_seconds"
RUNNING_SECONDS = "stack_running_seconds"
CREATE_FAILURES = "stack_create_failures"
REAPER_RUNS = "stack_reaper_runs"
REAPER_CLEANED = "stack_reaper_cleaned"
REAPER_FAILURES = "stack_reaper_failures"
REAPER_STRAYS = "stack_reaper_strays"
SUM = "sum"
LAST = "+Inf"
BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0)  # seconds
HELP = {
    CREATE_SECONDS: "From the request for a stack to its node.",
    RUNNING_SECONDS: "From the creation of a stack to its pod running.",
    CREATE_FAILURES: "Stacks that were refused or could not be made, by the code of the answer.",
    REAPER_RUNS: "Comparisons of all stacks with their clusters.",
    REAPER_CLEANED: "Stacks whose pod, service and ports were taken away, by what it was for.",
    REAPER_FAILURES: "Stacks and strays that could not be taken away at the first try or a later one.",
    REAPER_STRAYS: "Objects removed that bore our label and belonged to no stack.",
}


def created(seconds: float) -> None:
    """Count a create that ended well, and how long it took."""
    _observe(CREATE_SECONDS, seconds)


def refused(code: str) -> None:
    """Count a create that did not end well, by the code of its error."""
    add(CREATE_FAILURES, label=code)


def running(seconds: float) -> None:
    """Count a stack whose pod runs, and how long after its creation."""
    _observe(RUNNING_SECONDS, seconds)


def add(name: str, *, label: str = "", amount: float = 1) -> None:
    """Add to a figure. Call it outside of transactions: what counts the same waits for its end.

    A database that does not take it costs the figure, and nothing else.
    """
    _add(name, {label: amount})


def _add(name: str, amounts: dict[str, float]) -> None:
    try:
        with transaction.atomic():
            for label, amount in sorted(
                amounts.items()
            ):  # In one order: two at a time never wait for each other.
                rows = Tally.objects.filter(name=name, label=label[:64])
                if not rows.update(value=F("value") + amount):
                    Tally.objects.bulk_create([Tally(name=name, label=label[:64])], ignore_conflicts=True)
                    rows.update(value=F("value") + amount)
    except DatabaseError as exc:
        logger.warning("the figure %s was not counted: %s", name, type(exc).__name__)


def _observe(name: str, seconds: float) -> None:
    within = next((str(bound) for bound in BOUNDS if seconds <= bound), LAST)
    _add(name, {within: 1, SUM: max(0.0, seconds)})


def collect(*, at: datetime) -> Iterator[Metric]:
    """Yield the figures as they are now; raises `DatabaseError`."""
    counted: dict[str, dict[str, float]] = {}
    for name, label, value in Tally.objects.values_list("name", "label", "value"):
        counted.setdefault(name, {})[label] = value
    yield _stacks(at)
    yield from _ports()
    for name in (CREATE_SECONDS, RUNNING_SECONDS):
        yield _histogram(name, counted.get(name, {}))
    for name, label in ((CREATE_FAILURES, "code"), (REAPER_CLEANED, "why")):
        family = CounterMetricFamily(name, HELP[name], labels=[label])
        for each, value in sorted(counted.get(name, {}).items()):
            family.add_metric([each], value)
        yield family
    for name in (REAPER_RUNS, REAPER_FAILURES, REAPER_STRAYS):
        yield CounterMetricFamily(name, HELP[name], value=counted.get(name, {}).get("", 0))


def _stacks(at: datetime) -> Metric:
    """Return how many stacks there are, each status told even where it has none."""
    family = GaugeMetricFamily("stacks_total", "Stacks that there are, by status.", labels=["status"])
    rows = Stack.objects.visible(at=at).order_by().values_list("status").annotate(Count("pk"))
    found = Counter(dict(rows))
    for status in Stack.Status.values:
        family.add_metric([status], found[status])
    return family


def _ports() -> Iterator[Metric]:
    """Yield how many node ports stacks hold, and how many of the range they do not."""
    range_ = (settings.STACK_NODEPORT_MIN, settings.STACK_NODEPORT_MAX)
    held = StackPort.objects.count()
    within = StackPort.objects.filter(node_port__range=range_).values("node_port").distinct().count()
    free = range_[1] - range_[0] + 1 - within
    yield GaugeMetricFamily("stack_node_ports_used", "Node ports that stacks hold.", value=held)
    yield GaugeMetricFamily("stack_node_ports_free", "Node ports of the range that are left.", value=free)


def _histogram(name: str, counted: dict[str, float]) -> Metric:
    """Return a histogram; its buckets hold all that took so long or less."""
    total, buckets = 0.0, []
    for bound in (*map(str, BOUNDS), LAST):
        total += counted.get(bound, 0)
        buckets.append((bound, total))
    return HistogramMetricFamily(name, HELP[name], buckets=buckets, sum_value=counted.get(SUM, 0))
