"""Makes the pod and the service of a recorded stack; whatever part of it is there already is fine."""

from collections.abc import Callable
from time import monotonic

import stamina
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from orchestrator.backends.cluster.port import RESOURCES, Cluster, Kind
from orchestrator.backends.errors import BackendError, Conflict, NotFound
from orchestrator.models import Stack, StackPort
from orchestrator.services.stacks import manifests, policy, ports
from orchestrator.services.stacks.errors import NoNodePort
from orchestrator.services.stacks.refusals import passing, taken_ports

DRAWS = 100  # how often two transactions may want the same port before we give up
ALREADY = "AlreadyExists"


def make(cluster: Cluster, row: Stack, *, until: float) -> None:
    """Create the pod and the service; what may pass is tried again until `until`. Raises `BackendError`."""
    pod = manifests.pod(
        row.pod,
        stack_id=row.pk,
        namespace=row.namespace,
        role=settings.STACK_NODE_ROLE,
        life_seconds=int(max(settings.STACK_TTL, settings.STACK_TTL_MAX).total_seconds()),
    )

    def make_pod() -> None:
        made = cluster.create(RESOURCES[Kind.PODS], pod, namespace=row.namespace)
        row.pod_uid = str(made["metadata"].get("uid", ""))

    try:
        _tried(make_pod, until=until)
    except NotFound:
        # The namespace is not there yet.
        _tried(lambda: policy.make_namespace(cluster), until=until)
        _tried(make_pod, until=until)
    _make_service(cluster, row, until=until)


def _make_service(cluster: Cluster, row: Stack, *, until: float) -> None:
    """Create the service; a port that others hold is set aside and another one is drawn."""
    tried: set[int] = set()
    while True:
        held = list(row.ports.all())
        manifest = manifests.service(stack_id=row.pk, namespace=row.namespace, ports=held)
        try:
            _tried(
                lambda body=manifest: cluster.create(  # type: ignore[misc]  # bound now, called at once
                    RESOURCES[Kind.SERVICES], body, namespace=row.namespace
                ),
                until=until,
            )
        except BackendError as exc:
            taken = [held[index] for index in taken_ports(exc) if index < len(held)]
            if not taken:
                raise
            if monotonic() >= until:
                raise NoNodePort from exc
            tried |= {port.node_port for port in taken}
            for port in taken:
                _draw_again(cluster, port, tried)
        else:
            return


def _draw_again(cluster: Cluster, port: StackPort, tried: set[int]) -> None:
    at = now()
    ports.set_aside(port.context, port.node_port, at=at)
    for _ in range(DRAWS):
        try:
            with transaction.atomic():
                ports.move(port, avoid=tried | ports.held_by_others(cluster, at=at))
        except IntegrityError:
            continue
        return
    raise NoNodePort


def _tried(act: Callable[[], object], *, until: float) -> None:
    """Do it, again after a pause while it fails in a way that may pass and there is time left.

    That it exists already means that an earlier try came through without an answer.
    """
    left = max(0.001, until - monotonic())  # Once at least; 0 would mean that too, with a warning.
    for attempt in stamina.retry_context(
        on=lambda exc: isinstance(exc, BackendError) and passing(exc) and not _exists(exc),
        attempts=None,
        timeout=left,
        wait_initial=0.1,
        wait_max=2.0,
    ):
        with attempt:
            try:
                act()
            except Conflict as exc:
                if not _exists(exc):
                    raise


def _exists(exc: Exception) -> bool:
    return isinstance(exc, Conflict) and exc.reason == ALREADY
