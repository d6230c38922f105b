"""What the controllers of a cluster would do with what people did to the demo world.

Each looks at the world at a moment, does the next step for the objects that people touched, and returns when
it wants to look again. They follow from the world and the time alone, so every process comes to the same.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from orchestrator.backends.cluster.demo.controllers import (
    budgets,
    claims,
    cron_jobs,
    daemon_sets,
    deployments,
    jobs,
    namespaces,
    objects,
    pods,
    quotas,
    replica_sets,
    stateful_sets,
)
from orchestrator.backends.cluster.demo.overlay import Draft

LONGEST_CATCH_UP = timedelta(hours=1)
MOST_ROUNDS = 30  # until all have seen what the others did; a rollout takes about five
CONTROLLERS: tuple[Callable[[Draft], Iterable[datetime]], ...] = (
    namespaces.reconcile,
    deployments.reconcile,
    replica_sets.reconcile,
    stateful_sets.reconcile,
    daemon_sets.reconcile,
    cron_jobs.reconcile,
    jobs.reconcile,
    claims.reconcile,
    pods.reconcile,
    budgets.reconcile,
    quotas.reconcile,
    objects.forget_old_events,
)


def settle(draft: Draft) -> datetime | None:
    """Let every controller do what is to be done now; return when there will be more, None for never."""
    for _ in range(MOST_ROUNDS):
        before = draft.version
        due = [time for reconcile in CONTROLLERS for time in reconcile(draft)]
        if draft.version == before:
            break
    return min((time for time in due if time > draft.at), default=None)


def advance(draft: Draft, *, to: datetime) -> datetime | None:
    """Let time pass until `to`, step by step; return when there will be more to do, None for never."""
    draft.at = max(draft.at, to - LONGEST_CATCH_UP)  # What happened before, nobody will ever know.
    while (due := settle(draft)) is not None and due <= to:
        draft.at = due
    draft.at = max(draft.at, to)
    return due
