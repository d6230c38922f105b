"""Disruption budgets say how many pods may go."""

from collections.abc import Iterator
from datetime import datetime

from orchestrator.backends.cluster.demo import disruptions
from orchestrator.backends.cluster.demo.overlay import Draft


def reconcile(draft: Draft) -> Iterator[datetime]:
    """Yield nothing: what they say follows from the pods."""
    for key, budget in [*disruptions.report(draft)]:
        draft.put(key, budget)
    yield from ()
