"""The steps of a drain, for its controller: cordon, evict, wait, end. Each may be repeated."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from orchestrator import live
from orchestrator.backends.cluster.objects import Pod
from orchestrator.backends.cluster.port import Condition, Kind
from orchestrator.backends.errors import (
    BackendError,
    Conflict,
    NotFound,
    Overloaded,
    TimedOut,
    Unreachable,
)
from orchestrator.errors import DomainError, Missing, UnknownContext
from orchestrator.models import AuditEvent, Drain
from orchestrator.services import access, activity, leases
from orchestrator.services.access import Caller
from orchestrator.services.clusters import contexts, draining, drains, nodes
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.draining import Entry, State

RETRY = timedelta(seconds=5)  # after a refusal by a budget, or without an answer
LOOK = timedelta(seconds=2)  # between two looks at pods that end
MOST_AT_ONCE = 20  # evictions in one step, so that every drain has its turn
AWAY = (Unreachable, TimedOut, Overloaded)
CORDONED = "The node stays cordoned."


def running() -> list[Drain]:
    """Return the drains that are not over, the oldest first."""
    return list(Drain.objects.running())


def forget(at: datetime) -> bool:
    """Delete drains that ended longer ago than activity is kept; return True if there is more to delete."""
    return activity.delete_in_batches(Drain.objects.filter(ended_at__lt=at - settings.ACTIVITY_KEEP))


def step(row: Drain, *, at: datetime) -> datetime:
    """Do what comes next in a drain; return when to look again. It may be killed at any line and repeated.

    It acts in the context of the row, and never in another. Raises `LeaseLost` if another process took over.
    """
    if row.state == Drain.State.CANCELLING:
        return _end(row, Drain.State.CANCELLED, f"{row.note} {CORDONED}".strip(), at=at)
    if row.deadline is not None and row.deadline <= at:
        return _end(row, Drain.State.FAILED, _too_long(row), at=at)
    try:
        return _go_on(row, contexts.scope(context=row.context), at=at)
    except (UnknownContext, Missing) as exc:
        return _end(row, Drain.State.FAILED, exc.message, at=at)
    except AWAY as exc:
        _save(row, at=at, note=f"{exc.message} It goes on when there is an answer.")
        return at + RETRY
    except (BackendError, DomainError) as exc:
        if isinstance(exc, leases.LeaseLost):
            raise
        return _end(row, Drain.State.FAILED, exc.message, at=at)


def _go_on(row: Drain, scope: Scope, *, at: datetime) -> datetime:
    if not row.cordoned:
        nodes.mark(scope.cluster, row.node, unschedulable=True)
        _save(row, at=at, cordoned=True)
    pods = _pods(row, scope, at=at)
    if pods is None:
        _save(row, at=at, note="The pods of the node cannot be read at present. It goes on when they can.")
        return at + LOOK
    entries = draining.advanced(drains.entries_of(row), pods, options=drains.options_of(row))
    _save(row, at=at, pods=drains.stored(entries), note="")
    entries = _evict(row, scope, entries, at=at)
    if any(entry.open for entry in entries):
        return _next_look(entries, at=at)
    return _finish(row, entries, at=at)


def _pods(row: Drain, scope: Scope, *, at: datetime) -> list[Pod] | None:
    """Return the pods that the drain is about; None unless all of them are known as they are now."""
    cache = scope.cluster.cache(Kind.PODS)
    cache.wait(settings.K8S_API_TIMEOUT_SECONDS)
    state = cache.state()
    hidden = bool(state.only or state.refused) and not (row.namespace and state.covers(row.namespace))
    if state.condition is not Condition.LIVE or not state.synced or hidden:
        return None
    test = drains.checked(drains.options_of(row), node=row.node)
    return [pod for pod in cache.rows(row.namespace or None) if isinstance(pod, Pod) and test(pod)]


def _evict(row: Drain, scope: Scope, entries: Sequence[Entry], *, at: datetime) -> list[Entry]:
    """Evict the pods whose turn it is, one after the other, until somebody cancels the drain."""
    found = list(entries)
    for place in draining.due(found, at=at)[:MOST_AT_ONCE]:
        if _cancelled(row):
            break
        found[place] = _evicted(row, scope, found[place], at=at)
        _save(row, at=at, pods=drains.stored(found))
    return found


def _evicted(row: Drain, scope: Scope, entry: Entry, *, at: datetime) -> Entry:
    """Ask for one eviction; return how the pod stands then. Raises `BackendError` if nobody answers."""
    try:
        scope.cluster.evict(
            entry.name, namespace=entry.namespace, uid=entry.uid, grace_seconds=row.grace_seconds
        )
    except (NotFound, Conflict):  # It is gone, or another pod bears its name now.
        return draining.changed(entry, State.GONE)
    except Overloaded as exc:
        wait = max(RETRY, timedelta(seconds=min(exc.retry_after or 0, 60)))
        reason = next((cause.message for cause in exc.causes if cause.message), exc.message)
        return draining.changed(entry, State.WAITING, reason=reason, try_at=at + wait)
    except AWAY:
        raise
    except BackendError as exc:
        return draining.changed(entry, State.REFUSED, reason=exc.message)
    return draining.changed(entry, State.EVICTED)


def _next_look(entries: Sequence[Entry], *, at: datetime) -> datetime:
    if any(entry.state is State.EVICTED for entry in entries):
        return at + LOOK
    return min((entry.try_at or at + LOOK for entry in entries if entry.open), default=at + LOOK)


def _finish(row: Drain, entries: Sequence[Entry], *, at: datetime) -> datetime:
    found = draining.counts(entries)
    refused = [entry for entry in entries if entry.state is State.REFUSED]
    if refused:
        note = f"{len(refused)} of {len(entries)} pods could not be evicted: {draining.names(refused)}."
        return _end(row, Drain.State.FAILED, f"{note} {CORDONED}", at=at)
    stay = f", {found[State.STAYS]} stay" if found[State.STAYS] else ""
    return _end(row, Drain.State.DONE, f"{found[State.GONE]} pods are gone{stay}. {CORDONED}", at=at)


def _too_long(row: Drain) -> str:
    left = [entry for entry in drains.entries_of(row) if entry.open]
    span = int((row.deadline - row.started_at).total_seconds()) if row.deadline else 0
    return f"{len(left)} pods were left after {span} s: {draining.names(left)}. {CORDONED}"


def _cancelled(row: Drain) -> bool:
    return not Drain.objects.filter(pk=row.pk, state=Drain.State.RUNNING).exists()


def _save(row: Drain, *, at: datetime, **changes: Any) -> None:
    """Write down how far a drain is, unless it is over; `state` and what a cancel says are not touched."""
    with transaction.atomic():
        leases.guard()
        mine = Drain.objects.filter(pk=row.pk, ended_at__isnull=True)
        if "note" in changes:
            mine.filter(state=Drain.State.RUNNING).update(note=changes.pop("note")[:500])
        mine.update(changed_at=at, **changes)
        live.publish_on_commit(drains.topic(context=row.context, node=row.node))
    for name, value in changes.items():
        setattr(row, name, value)


def _end(row: Drain, state: Drain.State, note: str, *, at: datetime) -> datetime:
    """Close a drain and tell of it once, whoever else tries to at the same moment."""
    with transaction.atomic():
        leases.guard()
        ours = Drain.objects.filter(pk=row.pk, ended_at__isnull=True)
        if ours.update(state=state, note=note[:500], ended_at=at, changed_at=at):
            _tell(row, failed=state is Drain.State.FAILED, state=state, note=note, at=at)
        live.publish_on_commit(drains.topic(context=row.context, node=row.node))
    return at + RETRY


def _tell(row: Drain, *, failed: bool, state: Drain.State, note: str, at: datetime) -> None:
    """Write the end of a drain into the audit and the timeline, in the name of who asked for it."""
    text = {
        Drain.State.DONE: "drained a node",
        Drain.State.CANCELLED: "stopped draining a node",
        Drain.State.FAILED: "could not drain a node",
    }[state]
    access.record(
        Caller(row.actor, frozenset(), user=row.user),
        area="clusters",
        action=f"Drain {state}",
        target=f"node {row.node}",
        place=row.context,
        result=AuditEvent.Result.FAILED if failed else AuditEvent.Result.DONE,
        note=note,
        at=at,
    )
    activity.add(
        f"{text}: {note}",
        area="clusters",
        actor=row.actor,
        object=f"node {row.node}",
        context=row.context,
        level="error" if failed else "info",
        at=at,
    )
