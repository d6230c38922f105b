"""Keeps stacks: expiry, what is half made or missing, strays, and the policy that isolates them."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import structlog
from django.conf import settings

from orchestrator.services import access, activity
from orchestrator.services.leases import LeaseLost
from orchestrator.services.stacks import figures, isolation, looks, place, ports, reaping, strays
from orchestrator.services.stacks.decisions import Why
from orchestrator.services.stacks.errors import ClusterUnavailable
from orchestrator.services.stacks.reaping import Round
from orchestrator.services.stacks.strays import Swept

T = TypeVar("T")
log = structlog.get_logger(__name__)
logger = logging.getLogger(__name__)


def reconcile(now: datetime) -> datetime:
    """Compare all stacks with their clusters once; return when to look again: by the next expiry.

    What fails does not stop the rest; the first failure is raised at the end.
    """
    failures: list[Exception] = []
    done = _part(lambda: reaping.compare(now), failures) or Round()
    swept = _part(lambda: strays.sweep(at=now), failures) or Swept()
    _part(lambda: isolation.look(at=now), failures)
    _part(lambda: ports.forget_held(at=now), failures)
    _tell(done, swept, at=now)
    if failures:
        raise failures[0]
    due = [now + settings.STACK_SCHEDULER_INTERVAL, *done.due]
    return min([*due, swept.due] if swept.due else due)


def sign() -> object:
    """Return something that differs once the cluster differs in what concerns stacks: then a run is due."""
    try:
        return looks.signs(place.cluster(), settings.STACK_NAMESPACE)
    except ClusterUnavailable:
        return None


def _part(do: Callable[[], T], failures: list[Exception]) -> T | None:
    try:
        return do()
    except LeaseLost:
        raise
    except Exception as exc:
        logger.exception("a part of looking after stacks failed")
        failures.append(exc)
        return None


def _tell(done: Round, swept: Swept, *, at: datetime) -> None:
    """Log, count and tell what was done; rounds in which nothing was to be done are only counted."""
    figures.add(figures.REAPER_RUNS)
    for why, number in done.cleaned.items():
        figures.add(figures.REAPER_CLEANED, label=why, amount=number)
    failures = done.failures + swept.failures
    if failures:
        figures.add(figures.REAPER_FAILURES, amount=failures)
    if swept.removed:
        figures.add(figures.REAPER_STRAYS, amount=swept.removed)
    if expired := done.cleaned[Why.EXPIRED]:
        text = f"removed {expired} {'stack' if expired == 1 else 'stacks'} whose time was over"
        activity.add(text, area="stacks", actor=access.SYSTEM, at=at)
    quiet = not done.targets and not swept.targets and not failures
    (log.debug if quiet else log.info)(
        "cleanup loop completed",
        scanned=done.scanned,
        targets=done.targets.total() + swept.targets,
        expired_targets=done.targets[Why.EXPIRED],
        missing_resource_targets=done.targets[Why.MISSING] + done.targets[Why.NODE_GONE],
        orphan_targets=swept.targets,
        cleaned=done.cleaned.total() + swept.removed,
        failures=failures,
    )
