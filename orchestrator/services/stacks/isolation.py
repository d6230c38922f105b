"""Keeps the network policy of stacks as settings want it, and says when it is missing."""

import logging
from collections.abc import Sequence
from datetime import datetime
from operator import is_

from django.conf import settings
from django.db import transaction

from orchestrator.backends.cluster.objects import NetworkPolicy, Row
from orchestrator.backends.cluster.port import Cluster, Kind
from orchestrator.backends.errors import BackendError
from orchestrator.models import Stack
from orchestrator.services import access, activity, leases
from orchestrator.services.stacks import manifests, place, policy, removal
from orchestrator.services.stacks.errors import ClusterUnavailable
from orchestrator.services.stacks.looks import is_current
from orchestrator.services.stacks.retries import Retries

logger = logging.getLogger(__name__)

retries = Retries()
# Context -> the policies of the namespace and what was wanted, as last compared; empty after a restart.
_compared: dict[str, tuple[Sequence[Row], str]] = {}


def look(*, at: datetime) -> bool:
    """Compare the policy with what is wanted, and put it right; return True if something was changed.

    It is the server's to keep if STACK_MANAGE_NETWORK_POLICY says so and stacks exist. The API server is
    asked only if a policy of the namespace changed since the last comparison. What it refuses is tried
    again ever later.
    """
    if not settings.STACK_MANAGE_NETWORK_POLICY:
        return False
    try:
        cluster = place.cluster()
    except ClusterUnavailable:
        return False
    cache = cluster.cache(Kind.NETWORKPOLICIES)
    if not is_current(cache.state(), settings.STACK_NAMESPACE) or not _is_used(cluster):
        return False
    name = cluster.context.name
    rows, wanted = cache.rows(settings.STACK_NAMESPACE), repr(policy.manifest())
    if _is_known(name, rows, wanted) or not retries.may_try(name, at=at):
        return False
    with transaction.atomic():
        leases.guard()
    try:
        changed = policy.keep(cluster)
    except BackendError as exc:
        logger.warning("the network policy of stacks cannot be kept: %s", exc.message)
        retries.failed(name, at=at)
        return False
    _compared[name] = rows, wanted
    retries.worked(name)
    if changed:
        _tell(cluster, at=at)
    return changed


def gap() -> str:
    """Return in a sentence that stacks are not isolated though they must be; "" if they are, or nobody knows.

    Where the server keeps the policy itself it is missed only once there are stacks.
    """
    if not settings.STACK_REQUIRE_INGRESS_NETWORK_POLICY:
        return ""
    try:
        cluster = place.cluster()
    except ClusterUnavailable:
        return ""
    cache = cluster.cache(Kind.NETWORKPOLICIES)
    if not is_current(cache.state(), settings.STACK_NAMESPACE):
        return ""
    rows = cache.rows(settings.STACK_NAMESPACE)
    if policy.isolates(each for each in rows if isinstance(each, NetworkPolicy)):
        return ""
    if settings.STACK_MANAGE_NETWORK_POLICY and not _is_used(cluster):
        return ""
    return f"No network policy isolates the stacks in the namespace {settings.STACK_NAMESPACE}."


def _is_known(name: str, rows: Sequence[Row], wanted: str) -> bool:
    """Return True if nothing changed since the last comparison.

    A row does not hold all of a policy, but every change of one puts another row into the cache.
    """
    before, then = _compared.get(name, ((), ""))
    return then == wanted and len(before) == len(rows) and all(map(is_, before, rows))


def _is_used(cluster: Cluster) -> bool:
    return Stack.objects.filter(context=cluster.context.name, cleaned_at__isnull=True).exists()


def _tell(cluster: Cluster, *, at: datetime) -> None:
    activity.add(
        f"put the network policy {manifests.POLICY} right",
        area=removal.AREA,
        at=at,
        actor=access.SYSTEM,
        object=f"networkpolicy {manifests.POLICY}",
        context=cluster.context.name,
        namespace=settings.STACK_NAMESPACE,
    )
