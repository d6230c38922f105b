"""What is shown of stacks: rows, with their ports and what the caches say now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.conf import settings

from orchestrator.models import StackPort
from orchestrator.services.stacks import manifests
from orchestrator.services.stacks.lines import STEP, Now, Placed
from orchestrator.services.stacks.status import address_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PortView:
    container_port: int
    protocol: str
    node_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A stack as it is at a moment. `reason` and `message` say why it is not simply running.

    `cleaned` is True when pod and service are gone and only the row is left.
    """

    stack_id: str
    pod_id: str
    context: str
    namespace: str
    node_id: str
    node_public_ip: str | None
    pod_spec: str
    ports: tuple[PortView, ...]
    service_name: str
    status: str
    reason: str
    message: str
    ttl_expires_at: datetime
    created_at: datetime
    updated_at: datetime
    requested_cpu_milli: int
    requested_memory_bytes: int
    actor: str
    cleaned: bool


class Shown(Placed, Protocol):
    """A row with all that is shown: of the table, or a model."""

    @property
    def pod_spec(self) -> str: ...

    @property
    def created_at(self) -> datetime: ...

    @property
    def updated_at(self) -> datetime: ...

    @property
    def expires_at(self) -> datetime: ...

    @property
    def cleaned_at(self) -> datetime | None: ...

    @property
    def requested_cpu_milli(self) -> int: ...

    @property
    def requested_memory_bytes(self) -> int: ...

    @property
    def actor(self) -> str: ...


def views(rows: Sequence[Shown], now: Now) -> list[View]:
    """Return what is shown of rows, in their order."""
    ports = _ports([row.pk for row in rows])
    return [_view(row, now, ports.get(row.pk, ())) for row in rows]


def _view(row: Shown, now: Now, ports: Sequence[PortView]) -> View:
    seen = now.seen(row)
    node = now.node(row.context, seen.node_id)
    return View(
        stack_id=row.pk,
        pod_id=row.pk,
        context=row.context,
        namespace=row.namespace,
        node_id=seen.node_id,
        node_public_ip=address_of(node, internal=settings.STACK_NODE_IP_FALLBACK == "internal"),
        pod_spec=row.pod_spec,
        ports=tuple(ports),
        service_name=manifests.service_name(row.pk),
        status=seen.status,
        reason=seen.reason,
        message=seen.message,
        ttl_expires_at=row.expires_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        requested_cpu_milli=row.requested_cpu_milli,
        requested_memory_bytes=row.requested_memory_bytes,
        actor=row.actor,
        cleaned=row.cleaned_at is not None,
    )


def _ports(keys: Sequence[str]) -> dict[str, list[PortView]]:
    found: dict[str, list[PortView]] = {}
    for begin in range(0, len(keys), STEP):
        held = StackPort.objects.filter(stack__in=keys[begin : begin + STEP]).order_by("stack_id", "position")
        for stack_id, container_port, protocol, node_port in held.values_list(
            "stack_id", "container_port", "protocol", "node_port"
        ):
            view = PortView(container_port=container_port, protocol=protocol, node_port=node_port)
            found.setdefault(stack_id, []).append(view)
    return found
