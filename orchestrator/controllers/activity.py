"""Forgets what is over: old activity, used sign-in links, expired sign-ins, relayed topics, kept answers."""

import logging
from datetime import datetime, timedelta

from orchestrator import relay
from orchestrator.services import access, activity, idempotency
from orchestrator.services.leases import LeaseLost

logger = logging.getLogger(__name__)

INTERVAL = timedelta(minutes=1)
LINK_KEEP = timedelta(days=1)  # For so long a link can say that it is too old, or was used.
SOON = timedelta(seconds=1)  # A large heap is deleted in rounds, between which the process may stop.


def reconcile(now: datetime) -> datetime:
    """Delete what is too old; return when to look again.

    What fails does not stop the rest; the first failure is raised at the end.
    """
    more, failures = False, []
    for prune in (activity.prune, activity.prune_sessions, _prune_links, relay.prune, idempotency.prune):
        try:
            more = prune(now) or more
        except LeaseLost:
            raise
        except Exception as exc:
            logger.exception("%s failed", prune.__name__)
            failures.append(exc)
    if failures:
        raise failures[0]
    return now + (SOON if more else INTERVAL)


def _prune_links(at: datetime) -> bool:
    """Delete sign-in links that ended a while ago; there are too few of them for batches."""
    access.forget_links(before=at - LINK_KEEP)
    return False
