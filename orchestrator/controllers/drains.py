"""Empties nodes: takes each drain that is not over one step further."""

import logging
from datetime import datetime, timedelta

from orchestrator.services.clusters import evictions
from orchestrator.services.leases import LeaseLost

logger = logging.getLogger(__name__)

IDLE = timedelta(minutes=1)  # Whoever starts or cancels a drain asks for a run before that.


def reconcile(now: datetime) -> datetime:
    """Do one step of each drain; return when to look again.

    What fails does not stop the rest; the first failure is raised at the end.
    """
    due, failures = [now + IDLE], []
    for row in evictions.running():
        try:
            due.append(evictions.step(row, at=now))
        except LeaseLost:
            raise
        except Exception as exc:
            logger.exception("drain of %s in %s failed", row.node, row.context)
            failures.append(exc)
    evictions.forget(now)
    if failures:
        raise failures[0]
    return min(due)
