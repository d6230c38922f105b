"""Resource quotas say how much of them is in use."""

from collections.abc import Iterator
from datetime import datetime

from orchestrator.backends.cluster.demo import quotas
from orchestrator.backends.cluster.demo.overlay import Draft


def reconcile(draft: Draft) -> Iterator[datetime]:
    """Yield nothing: what they say follows from what is there."""
    for key, quota in [*quotas.report(draft)]:
        draft.put(key, quota)
    yield from ()
