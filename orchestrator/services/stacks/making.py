"""Makes the pod and the service of a recorded stack; whatever part of it is there already is fine."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic

import stamina
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from orchestrator import connections
from orchestrator.backends.cluster.port import RESOURCES, Cluster, Kind
from orchestrator.backends.errors import BackendError, Conflict, NotFound
from orchestrator.models import Stack, StackPort
from orchestrator.services.stacks import manifests, policy, ports
from orchestrator.services.stacks.errors import NoNodePort
from orchestrator.services.stacks.refusals import passing, taken_ports

DRAWS = 100  # how often two transactions may want the same port before we give up
ALREADY = "AlreadyExists"
SERVICES = RESOURCES[Kind.SERVICES]


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
        try:
            made = cluster.create(RESOURCES[Kind.PODS], pod, namespace=row.namespace)
        except Conflict as exc:
            if not _exists(exc):  # If it does, an earlier try came through without an answer.
                raise
        else:
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
        try:
            _tried(partial(_create_service, cluster, row, held), until=until)
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


def _create_service(cluster: Cluster, row: Stack, held: Sequence[StackPort]) -> None:
    """Create the service with these ports; raise `BackendError` if it does not stand then.

    An earlier try may have come through without an answer. Then the API server says that the ports are taken,
    for it allots them before it looks at the name.
    """
    manifest = manifests.service(stack_id=row.pk, namespace=row.namespace, ports=held)
    try:
        cluster.create(SERVICES, manifest, namespace=row.namespace)
    except BackendError as exc:
        if not (_exists(exc) or taken_ports(exc)) or not _stands(cluster, row, held):
            raise


def _stands(cluster: Cluster, row: Stack, held: Sequence[StackPort]) -> bool:
    """Return True if the service is there with these ports; one of an earlier try with others is deleted."""
    name = manifests.service_name(row.pk)
    try:
        there = cluster.get(SERVICES, namespace=row.namespace, name=name)
    except NotFound:
        return False
    if [port.get("nodePort") for port in there["spec"]["ports"]] == [port.node_port for port in held]:
        return True
    with suppress(NotFound):
        cluster.delete(SERVICES, namespace=row.namespace, name=name, grace_seconds=0)
    return False


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
    """Do it, again after a pause while it fails in a way that may pass and there is time left."""
    connections.give_back()
    left = max(0.001, until - monotonic())  # Once at least; 0 would mean that too, with a warning.
    for attempt in stamina.retry_context(
        on=lambda exc: isinstance(exc, BackendError) and passing(exc) and not taken_ports(exc),
        attempts=None,
        timeout=left,
        wait_initial=0.1,
        wait_max=2.0,
    ):
        with attempt:
            act()


def _exists(exc: BackendError) -> bool:
    return isinstance(exc, Conflict) and exc.reason == ALREADY
