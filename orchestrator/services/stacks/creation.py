"""How a stack begins: written down with its ports, made in the cluster, given a node."""

import logging
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from orchestrator.backends.cluster.port import Cluster
from orchestrator.backends.errors import BackendError
from orchestrator.errors import DomainError
from orchestrator.models import APIKey, AuditEvent, Stack
from orchestrator.services import access, controllers
from orchestrator.services.access import Caller
from orchestrator.services.stacks import (
    figures,
    making,
    place,
    podspec,
    policy,
    ports,
    reads,
    removal,
    scheduling,
)
from orchestrator.services.stacks.errors import (
    ClusterUnavailable,
    NoNodePort,
    StackNotFound,
    StackQuotaExceeded,
)
from orchestrator.services.stacks.podspec import Checked, Policy
from orchestrator.services.stacks.refusals import translated
from orchestrator.services.stacks.status import Seen
from orchestrator.services.stacks.targets import Target

logger = logging.getLogger(__name__)

SLACK = timedelta(seconds=30)  # for calls that are under way when a create gives up


@dataclass(frozen=True, slots=True)
class Created:
    """A new stack, and what of its spec was left out or changed."""

    view: reads.View
    warnings: tuple[str, ...]


def create(
    caller: Caller,
    *,
    pod_spec: str,
    targets: Sequence[Target],
    at: datetime,
    reserved: Callable[[str], None] | None = None,
) -> Created:
    """Make a stack and return it as soon as it has a node; it usually does not run by then.

    `reserved` is told the id in the transaction that writes the row: what it raises undoes that.

    Raises `Refused`, `InvalidTargets`, `InvalidPodSpec`, `StackQuotaExceeded`, and `Unavailable` or `Broken`
    if the cluster does not take it. After an error nothing of it stays, or the controller removes it.
    """
    removal.require_write(caller)
    begun = monotonic()
    try:
        checked = podspec.check(pod_spec, targets, pod_policy())
        cluster = place.cluster()
        policy.require(cluster)
        place.watched(cluster)
        row, event = _recorded(caller, cluster, checked, at=at, reserved=reserved)
        _made(caller, cluster, row, event, at=at)
    except DomainError as exc:
        figures.refused(exc.code)
        raise
    figures.created(monotonic() - begun)
    return Created(reads.view_of(row), checked.warnings)


def _made(caller: Caller, cluster: Cluster, row: Stack, event: AuditEvent, *, at: datetime) -> None:
    """Bring a recorded stack into the cluster; raise a `DomainError` if that fails, leaving nothing."""
    try:
        making.make(cluster, row, until=monotonic() + settings.STACK_SCHEDULING_TIMEOUT.total_seconds())
        seen = scheduling.wait(cluster, row)
        with transaction.atomic():
            _settle(row, seen)
            access.settle(event, result=AuditEvent.Result.DONE)
            removal.told(caller, row, f"created stack {row.pk}", at=at)
    except (BackendError, DomainError) as exc:
        error = exc if isinstance(exc, DomainError) else translated(exc)
        logger.warning("stack %s was not created: %s", row.pk, exc)
        _undo(row)
        access.settle(event, result=AuditEvent.Result.FAILED, note=error.message)
        removal.told(caller, row, f"could not create a stack: {error.message}", at=at, level="error")
        raise error from exc


def longest() -> timedelta:
    """Return how long a create takes at most while its process lives, calls under way at its end included."""
    return 2 * settings.STACK_SCHEDULING_TIMEOUT + SLACK


def pod_policy() -> Policy:
    """Return what settings allow in a pod spec."""
    return Policy(
        restricted=settings.STACK_POD_POLICY == "restricted",
        images=tuple(settings.STACK_IMAGE_ALLOWLIST),
        most_containers=settings.STACK_MAX_CONTAINERS,
    )


def _recorded(
    caller: Caller,
    cluster: Cluster,
    checked: Checked,
    *,
    at: datetime,
    reserved: Callable[[str], None] | None,
) -> tuple[Stack, AuditEvent]:
    """Write stack, ports and attempt in one transaction, before anything exists in the cluster."""
    avoid = ports.held_by_others(cluster, at=at)
    for _ in range(making.DRAWS):
        row = Stack(
            id=f"stack-{secrets.token_hex(8)}",
            context=cluster.context.name,
            namespace=settings.STACK_NAMESPACE,
            pod_spec=checked.text,
            pod=checked.pod,
            requested_cpu_milli=checked.cpu_milli,
            requested_memory_bytes=checked.memory_bytes,
            actor=caller.name[:150],
            user=caller.user,
            key_id=caller.key_id,
            created_at=at,
            updated_at=at,
            expires_at=at + settings.STACK_TTL,
        )
        try:
            with transaction.atomic():
                _check_quota(caller, at=at)
                row.save(force_insert=True)
                ports.reserve(row, checked.targets, avoid=avoid)
                if reserved is not None:
                    reserved(row.pk)
                event = _asked(caller, row, at=at)
        except IntegrityError:  # Another transaction took one of the ports since we looked.
            continue
        return row, event
    raise NoNodePort


def _asked(caller: Caller, row: Stack, *, at: datetime) -> AuditEvent:
    return access.record(
        caller,
        area=removal.AREA,
        action="Create",
        target=f"stack {row.pk}",
        place=f"{row.context} / {row.namespace}",
        result=AuditEvent.Result.ASKED,
        at=at,
    )


def _check_quota(caller: Caller, *, at: datetime) -> None:
    limit = caller.stack_limit if caller.stack_limit is not None else settings.STACK_LIMIT_PER_KEY
    if caller.key_id is None or not (limit or caller.stack_limit == 0):
        return
    # Locked, so that two at one moment are counted one after the other.
    APIKey.objects.select_for_update().filter(pk=caller.key_id).first()
    have = Stack.objects.filter(key=caller.key_id, expires_at__gt=at, cleaned_at__isnull=True).count()
    if have >= limit:
        raise StackQuotaExceeded(
            f"This key has {have} stacks, and may have {limit}. Delete one first, or wait until one expires."
        )


def _settle(row: Stack, seen: Seen) -> None:
    """Note that the create has ended well, in the caller's transaction.

    Raises `ClusterUnavailable` if it was given up meanwhile.
    """
    row.settled, row.status, row.node_id = True, seen.status, seen.node_id
    row.reason, row.message = seen.reason, seen.message
    unsettled = Stack.objects.filter(pk=row.pk, settled=False, wanted=Stack.Wanted.PRESENT)
    done = unsettled.update(
        settled=True,
        status=row.status,
        node_id=row.node_id,
        reason=row.reason,
        message=row.message,
        pod_uid=row.pod_uid,
    )
    if not done:
        raise ClusterUnavailable
    removal.tell(row.pk)
    # The controller has to know when this one expires.
    controllers.ask(removal.REAPER, at=now())


def _undo(row: Stack) -> None:
    """Remove what was made; what cannot be removed now is left to the controller."""
    at = now()
    try:
        with suppress(StackNotFound):  # The controller gave it up meanwhile, perhaps before all was made.
            removal.want(row, Stack.Wanted.ABSENT, at=at)
        removal.clean(row, at=at)
        removal.forget(row)
    except (BackendError, DomainError) as exc:
        removal.note(row, exc.message)
        controllers.ask(removal.REAPER, at=at)
