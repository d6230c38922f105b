"""How stacks end: deleted, stopped, or extended to end later."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from orchestrator import live
from orchestrator.backends.cluster.port import RESOURCES, Cluster, Kind
from orchestrator.backends.errors import BackendError, Conflict, NotFound
from orchestrator.errors import DomainError, Problem, Refused
from orchestrator.models import AuditEvent, Stack, StackPort
from orchestrator.services import access, activity, controllers, leases
from orchestrator.services.access import Caller
from orchestrator.services.stacks import manifests, place, reads
from orchestrator.services.stacks.errors import (
    ClusterUnavailable,
    StackNotFound,
    TTLLimitExceeded,
)
from orchestrator.services.stacks.refusals import failure

AREA = "stacks"
WRITE = "stacks:write"
REAPER = "stack-reaper"
TOPIC = "stacks"


def delete(caller: Caller, stack_id: str, *, at: datetime) -> None:
    """Delete a stack: its service, its pod, then its ports and its row.

    Returns once the cluster has confirmed it. Raises `Refused`, `StackNotFound`, and `ClusterUnavailable` or
    `Broken` if the cluster fails: then the wish stays, the ports too, and a controller tries again.
    """
    require_write(caller)
    row = reads.row(stack_id, at=at)
    with audited(caller, row, "Delete", "deleted", at=at):
        want(row, Stack.Wanted.ABSENT, at=at)
        _confirmed(row, at=at)
        forget(row)


def stop(caller: Caller, stack_id: str, *, at: datetime) -> reads.View:
    """End what runs and keep the row, readable as stopped, until its time is over; return it as it is then.

    Stopping twice is fine, and changes nothing. Raises what `delete` raises.
    """
    require_write(caller)
    row = reads.row(stack_id, at=at)
    with audited(caller, row, "Stop", "stopped", at=at):
        if row.wanted != Stack.Wanted.STOPPED and row.status != Stack.Status.NODE_DELETED:
            want(row, Stack.Wanted.STOPPED, at=at)
        _confirmed(row, at=at)
    return reads.get(stack_id, at=at)


def extend(caller: Caller, stack_id: str, seconds: int, *, at: datetime) -> reads.View:
    """Let a stack live for `seconds` longer and return it.

    Raises `Refused`, `StackNotFound`, and `TTLLimitExceeded` for a number below 1, or beyond what
    STACK_TTL_MAX allows after its creation.
    """
    require_write(caller)
    row = reads.row(stack_id, at=at)
    latest = row.created_at + settings.STACK_TTL_MAX
    left = int((latest - row.expires_at).total_seconds())
    if not 1 <= seconds <= max(left, 0):
        sentence = "This stack lives as long as it may."
        if left > 0:
            sentence = f"Write 1 to {left}: so many seconds longer this stack can live."
        raise TTLLimitExceeded(f"ttl limit exceeded: {sentence}", problems=[Problem("seconds", sentence)])
    with audited(caller, row, "Extend", "extended", at=at), transaction.atomic():
        longer = timedelta(seconds=seconds)
        # Two at one moment must not pass the limit together.
        changed = Stack.objects.visible(at=at).filter(pk=row.pk, expires_at__lte=latest - longer)
        if not changed.update(expires_at=F("expires_at") + longer, updated_at=at):
            raise TTLLimitExceeded("ttl limit exceeded: somebody else has extended it meanwhile.")
        tell(row.pk)
        controllers.ask(REAPER, at=at)
    return reads.get(stack_id, at=at)


def want(row: Stack, wanted: Stack.Wanted, *, at: datetime) -> None:
    """Write down how a stack is to end, so that a crash from here on only delays it.

    A wish for its absence is never taken back. Raises `StackNotFound` if the row is gone.
    """
    with transaction.atomic():
        leases.guard()
        found = Stack.objects.filter(pk=row.pk)
        if wanted != Stack.Wanted.ABSENT:
            found = found.exclude(wanted=Stack.Wanted.ABSENT)
        changed: dict[str, object] = {"wanted": wanted, "updated_at": at}
        if wanted == Stack.Wanted.STOPPED:
            changed |= {"status": Stack.Status.STOPPED, "reason": "", "message": ""}
        if not found.update(**changed):
            raise StackNotFound
        tell(row.pk)
    row.wanted = wanted


def clean(row: Stack, *, at: datetime) -> None:
    """Delete the service and the pod of a stack, then free its ports. Repeating it is fine.

    The ports stay held until the API server says that the service is gone. Raises `BackendError` if it does
    not, and `ClusterUnavailable` if the cluster of the row was not opened.
    """
    cluster = place.named(row.context)
    if cluster is None:
        raise ClusterUnavailable
    _gone(cluster, Kind.SERVICES, row.namespace, manifests.service_name(row.pk))
    _gone(cluster, Kind.PODS, row.namespace, row.pk)
    with transaction.atomic():
        leases.guard()
        StackPort.objects.filter(stack=row.pk).delete()
        Stack.objects.filter(pk=row.pk, cleaned_at__isnull=True).update(cleaned_at=at, problem="")
        tell(row.pk)


def forget(row: Stack) -> bool:
    """Delete the row of a stack that was cleaned; return False if somebody else was first."""
    with transaction.atomic():
        leases.guard()
        count, _ = Stack.objects.filter(pk=row.pk, cleaned_at__isnull=False).delete()
        tell(row.pk)
    return count > 0


def tell(stack_id: str) -> None:
    """Let pages and streams know, once the transaction is committed, that a stack changed."""
    live.publish_on_commit(TOPIC)
    live.publish_on_commit(f"stack:{stack_id}")


def require_write(caller: Caller) -> None:
    """Raise `Refused` for a caller who may not change stacks."""
    if not caller.may(WRITE):
        raise Refused(f"This needs the scope {WRITE}, which {caller.name} does not have.")


@contextmanager
def audited(caller: Caller, row: Stack, action: str, past: str, *, at: datetime) -> Iterator[None]:
    """Write down an act before it is done within this block, and how it ended after that."""
    where = f"{row.context} / {row.namespace}"
    event = access.record(
        caller, area=AREA, action=action, target=f"stack {row.pk}", place=where, result="asked", at=at
    )
    try:
        yield
    except DomainError as exc:
        access.settle(event, result=AuditEvent.Result.FAILED, note=exc.message)
        told(caller, row, f"could not {action.lower()} stack {row.pk}: {exc.message}", at=at, level="error")
        raise
    access.settle(event, result=AuditEvent.Result.DONE)
    told(caller, row, f"{past} stack {row.pk}", at=at)


def told(
    caller: Caller | None, row: Stack, text: str, *, at: datetime, level: activity.Level = "info"
) -> None:
    """Add a line about a stack to the timeline; without a caller it is the product's own doing."""
    activity.add(
        text,
        area=AREA,
        at=at,
        actor=caller.name if caller else access.SYSTEM,
        object=f"stack {row.pk}",
        context=row.context,
        namespace=row.namespace,
        level=level,
    )


def _confirmed(row: Stack, *, at: datetime) -> None:
    """Clean a stack; if the cluster fails, leave it to the controller and raise an error of the API."""
    if row.cleaned_at is not None:
        return
    try:
        clean(row, at=at)
    except BackendError as exc:
        note(row, exc.message)
        controllers.ask(REAPER, at=at)
        raise failure(exc) from exc
    row.cleaned_at = at


def note(row: Stack, problem: str) -> None:
    """Keep why a stack cannot be removed yet."""
    Stack.objects.filter(pk=row.pk).exclude(problem=problem[:500]).update(problem=problem[:500])


def _gone(cluster: Cluster, kind: Kind, namespace: str, name: str) -> None:
    """Delete an object and ask whether it is gone; raise `Conflict` if something still holds it."""
    resource = RESOURCES[kind]
    try:
        cluster.delete(resource, namespace=namespace, name=name, grace_seconds=0)
    except NotFound:
        return
    with suppress(NotFound):
        cluster.get(resource, namespace=namespace, name=name)
        message = f"The {kind.word.lower()} {name} is still being deleted."
        raise Conflict(message, service="kubernetes", status=409)
