"""Strays: pods and services that bear the label of a stack which no row knows. They are removed."""

import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from orchestrator.backends.cluster.objects import Pod, Row, Service
from orchestrator.backends.cluster.port import RESOURCES, Cluster, Kind
from orchestrator.backends.errors import BackendError, Conflict, NotFound
from orchestrator.models import Stack
from orchestrator.services import access, activity, leases
from orchestrator.services.stacks import manifests, place, removal
from orchestrator.services.stacks.errors import ClusterUnavailable
from orchestrator.services.stacks.looks import is_current
from orchestrator.services.stacks.retries import Retries

logger = logging.getLogger(__name__)

# Younger ones may belong to a stack that is just being made, and clocks differ.
LEAST_AGE = timedelta(minutes=2)
KINDS = (Kind.SERVICES, Kind.PODS)  # A service first: it holds the ports.
MOST_AT_ONCE = 100  # removals in one round
retries = Retries()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """An object of nobody's. It is removed at `due`, or as soon as the controller gets to it after that."""

    context: str
    kind: Kind
    namespace: str
    name: str
    uid: str
    stack_id: str  # as its label says
    created_at: datetime
    due: datetime
    ending: bool  # somebody has deleted it already, and something holds it

    @property
    def key(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name} {self.uid}"


@dataclass(slots=True)
class Swept:
    """What one look for strays has found and done."""

    targets: int = 0
    removed: int = 0
    failures: int = 0
    due: datetime | None = None  # when the next one may be removed


def found(*, at: datetime) -> list[Stray]:
    """Return the strays of the cluster that new stacks go to, oldest first, those that are still young too.

    Only caches are read: what they may not read or do not know at present is not among them.
    """
    try:
        cluster = place.cluster()
    except ClusterUnavailable:
        return []
    context = cluster.context.name
    here = Stack.objects.filter(context=context).order_by()
    places = {settings.STACK_NAMESPACE, *here.values_list("namespace", flat=True).distinct()}
    labelled = [each for each in _labelled(cluster, places) if each.created_at]
    if not labelled:
        return []
    known = _known()
    strays = [
        _stray(context, each)
        for each in labelled
        if (each.namespace, each.labels[manifests.ID_LABEL]) not in known
    ]
    return sorted(strays, key=lambda stray: (stray.created_at, stray.key))


def sweep(*, at: datetime) -> Swept:
    """Remove the strays that are old enough, each as the API server confirms it; return what was done.

    Repeating it is fine. Raises `LeaseLost` if another process took over.
    """
    done = Swept()
    strays = found(at=at)
    retries.keep({stray.key for stray in strays})
    old = [stray for stray in strays if stray.due <= at]
    done.targets = len(old)
    for stray in sorted(old, key=lambda stray: KINDS.index(stray.kind))[:MOST_AT_ONCE]:
        if retries.may_try(stray.key, at=at):
            _attempt(stray, done, at=at)
    dues = [stray.due for stray in strays if stray.due > at]
    if (again := retries.next_due(at=at)) is not None:
        dues.append(again)
    done.due = min(dues, default=None)
    return done


def _known() -> set[tuple[str, str]]:
    """Return where stacks are, whatever their cluster is called: somebody may have renamed its context."""
    return set(Stack.objects.order_by().values_list("namespace", "pk"))


def _attempt(stray: Stray, done: Swept, *, at: datetime) -> None:
    # Noted before: what something holds in the cluster is asked to go ever less often.
    retries.failed(stray.key, at=at)
    try:
        done.removed += _removed(stray, at=at)
    except BackendError as exc:
        logger.warning("the stray %s was not removed: %s", stray.key, exc.message)
        done.failures += 1


def _labelled(cluster: Cluster, places: Iterable[str]) -> Sequence[Pod | Service]:
    """Return the objects with our label in some namespaces, as far as they are known as they are now."""
    rows: list[Row] = []
    for kind in KINDS:
        cache = cluster.cache(kind)
        state = cache.state()
        for namespace in places:
            if is_current(state, namespace):
                rows += cache.rows(namespace)
    return [row for row in rows if isinstance(row, (Pod, Service)) and row.labels.get(manifests.ID_LABEL)]


def _stray(context: str, row: Pod | Service) -> Stray:
    created_at = datetime.fromisoformat(row.created_at)
    return Stray(
        context=context,
        kind=Kind.PODS if isinstance(row, Pod) else Kind.SERVICES,
        namespace=row.key[0],
        name=row.name,
        uid=row.uid,
        stack_id=row.labels[manifests.ID_LABEL],
        created_at=created_at,
        due=created_at + LEAST_AGE,
        ending=isinstance(row, Pod) and bool(row.deleted_at),
    )


def _removed(stray: Stray, *, at: datetime) -> int:
    """Remove a stray if the API server and the table agree that it is one; return how many were removed."""
    cluster = place.named(stray.context)
    if cluster is None or not _is_stray(cluster, stray):
        return 0
    with transaction.atomic():
        leases.guard()
    with suppress(NotFound, Conflict):  # A conflict: another object bears the name now.
        cluster.delete(
            RESOURCES[stray.kind],
            namespace=stray.namespace,
            name=stray.name,
            uid=stray.uid,
            grace_seconds=0,
        )
        if not stray.ending:
            _tell(stray, at=at)
            return 1
    return 0


def _is_stray(cluster: Cluster, stray: Stray) -> bool:
    try:
        there = cluster.get(RESOURCES[stray.kind], namespace=stray.namespace, name=stray.name)
    except NotFound:
        return False
    metadata = there["metadata"]
    same = metadata.get("uid") == stray.uid
    labelled = (metadata.get("labels") or {}).get(manifests.ID_LABEL) == stray.stack_id
    rows = Stack.objects.filter(namespace=stray.namespace, pk=stray.stack_id)
    return same and labelled and not rows.exists()


def _tell(stray: Stray, *, at: datetime) -> None:
    what = f"{stray.kind.word.lower()} {stray.name}"
    where = f"{stray.context} / {stray.namespace}"
    note = f"it bore the label of stack {stray.stack_id}, which does not exist"
    access.record(None, area=removal.AREA, action="Remove", target=what, place=where, note=note, at=at)
    activity.add(
        f"removed {what}: {note}",
        area=removal.AREA,
        at=at,
        actor=access.SYSTEM,
        object=what,
        context=stray.context,
        namespace=stray.namespace,
        level="warning",
    )
