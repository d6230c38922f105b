"""What stacks are at a moment: rows, overlaid with what the watch caches say. Nothing is written or asked."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from orchestrator.backends.cluster.objects import Event, Node, Pod
from orchestrator.backends.cluster.port import RESOURCES, CacheState, Kind
from orchestrator.backends.errors import BackendError, NotFound
from orchestrator.errors import Problem
from orchestrator.models import Stack, StackPort
from orchestrator.services.clusters import yaml
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.stacks import manifests, place
from orchestrator.services.stacks.errors import ClusterUnavailable, InvalidQuery, StackNotFound
from orchestrator.services.stacks.refusals import failure
from orchestrator.services.stacks.status import Seen, Status, address_of, status_of

STATUSES = tuple(Status.values)
ACTIVE = (Status.CREATING.value, Status.RUNNING.value)
MOST = 1000  # on one page
LIGHT = (  # all that a state needs
    "pk",
    "context",
    "namespace",
    "wanted",
    "status",
    "reason",
    "message",
    "node_id",
    "cleaned_at",
    "created_at",
    "expires_at",
    "requested_cpu_milli",
    "requested_memory_bytes",
    "actor",
)
SORTS: dict[str, Callable[[Stack, Seen], Any]] = {
    "created_at": lambda row, seen: (row.created_at, row.pk),
    "expires_at": lambda row, seen: (row.expires_at, row.pk),
    "status": lambda row, seen: (seen.status, row.created_at, row.pk),
    "node_id": lambda row, seen: (seen.node_id, row.created_at, row.pk),
    "stack_id": lambda row, seen: row.pk,
}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which stacks, in which order; empty values do not restrict, no limit is everything."""

    status: tuple[str, ...] = ()
    node_id: str = ""
    search: str = ""  # part of the id, the node or who made it
    sort: str = "created_at"  # one of SORTS, with - before it for the other way round
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some stacks; `total` is before paging, `state` is how old what is shown is (None: not known)."""

    views: list[View]
    total: int
    state: CacheState | None
    counts: dict[str, int] = field(default_factory=dict)  # by state, whatever state was asked for


def row(stack_id: str, *, at: datetime) -> Stack:
    """Return the row of a stack; raise `StackNotFound` if there is none, or no longer."""
    found = Stack.objects.visible(at=at).filter(pk=stack_id).first() if "\0" not in stack_id else None
    if found is None:
        raise StackNotFound
    return found


def is_being_made(stack_id: str) -> bool:
    """Return True while the create of a stack has not ended, or is being undone."""
    return Stack.objects.filter(pk=stack_id, settled=False).exists()


def get(stack_id: str, *, at: datetime) -> View:
    """Return one stack; raise `StackNotFound` if there is none, or no longer."""
    return view_of(row(stack_id, at=at))


def view_of(row: Stack) -> View:
    """Return a row with what the caches say now."""
    return _views([row])[0]


def page(query: Query, *, at: datetime) -> Page:
    """Return the stacks that match, oldest first; raise `InvalidQuery` with every bad value."""
    _check(query)
    found = ((row, seen_of(row)) for row in Stack.objects.visible(at=at).only(*LIGHT))
    matching = [(row, seen) for row, seen in found if _matches(query, row, seen)]
    counts = Counter(seen.status for _, seen in matching)
    if query.status:
        matching = [each for each in matching if each[1].status in query.status]
    order = SORTS[query.sort.removeprefix("-")]
    matching.sort(key=lambda each: order(*each), reverse=query.sort.startswith("-"))
    end = None if query.limit is None else query.offset + query.limit
    chosen = [row.pk for row, _ in matching[query.offset : end]]
    whole = {row.pk: row for row in _whole(chosen)}
    # A row that went since is left out; the next look tells.
    views = _views([whole[pk] for pk in chosen if pk in whole])
    return Page(views=views, total=len(matching), state=_state(), counts=dict(counts))


def events(stack_id: str, *, at: datetime) -> list[Event]:
    """Return what the cluster has told of the pod and the service of a stack, latest first."""
    found = row(stack_id, at=at)
    cluster = place.named(found.context)
    if cluster is None:
        return []
    about = {("Pod", found.pk), ("Service", manifests.service_name(found.pk))}
    rows = cluster.cache(Kind.EVENTS).rows(found.namespace)
    told = [each for each in rows if isinstance(each, Event) and (each.kind, each.name) in about]
    return sorted(told, key=lambda event: event.last_timestamp or event.created_at, reverse=True)


def manifest(stack_id: str, *, at: datetime) -> tuple[str, str]:
    """Return the pod and the service of a stack as YAML, as the cluster has them; "" for what is gone.

    Raises `StackNotFound`, and `ClusterUnavailable` or `Broken` if the cluster does not tell.
    """
    found = row(stack_id, at=at)
    cluster = place.named(found.context)
    if cluster is None:
        raise ClusterUnavailable

    def text(kind: Kind, name: str) -> str:
        try:
            return yaml.text(cluster.get(RESOURCES[kind], namespace=found.namespace, name=name))
        except NotFound:
            return ""
        except BackendError as exc:
            raise failure(exc) from exc

    return text(Kind.PODS, found.pk), text(Kind.SERVICES, manifests.service_name(found.pk))


def log_place(stack_id: str, *, at: datetime) -> tuple[Scope, str]:
    """Return where the logs of a stack are: a scope and the name of a pod.

    Raises `StackNotFound`, and `ClusterUnavailable` if its cluster was not opened.
    """
    found = row(stack_id, at=at)
    cluster = place.named(found.context)
    if cluster is None:
        raise ClusterUnavailable
    return Scope(cluster, found.namespace), found.pk


def _check(query: Query) -> None:
    problems = [
        Problem("status", f"status is one of {', '.join(STATUSES)}")
        for each in query.status
        if each not in STATUSES
    ]
    if query.sort.removeprefix("-") not in SORTS:
        message = f"sort is one of {', '.join(SORTS)}, with - before it to turn it round"
        problems.append(Problem("sort", message))
    if query.limit is not None and not 1 <= query.limit <= MOST:
        problems.append(Problem("limit", f"limit is a number from 1 to {MOST}"))
    if query.offset < 0:
        problems.append(Problem("offset", "offset is a number from 0"))
    if problems:
        raise InvalidQuery(*problems)


def _matches(query: Query, row: Stack, seen: Seen) -> bool:
    if query.node_id and seen.node_id != query.node_id:
        return False
    text = query.search.strip().lower()
    return not text or any(text in each.lower() for each in (row.pk, seen.node_id, row.actor))


def _whole(keys: Sequence[str]) -> Iterable[Stack]:
    """Return whole rows by key, in parts that a statement can hold."""
    step = 500
    for begin in range(0, len(keys), step):
        yield from Stack.objects.filter(pk__in=keys[begin : begin + step]).defer("pod")


def seen_of(row: Stack) -> Seen:
    """Return the state of a stack as row and cache have it."""
    return status_of(row, pod_of(row))


def pod_of(row: Stack) -> Pod | None:
    """Return the pod of a stack as the cache has it, None if it has none."""
    cluster = place.named(row.context)
    found = cluster.cache(Kind.PODS).get(row.namespace, row.pk) if cluster else None
    return found if isinstance(found, Pod) else None


def node_of(context: str, name: str) -> Node | None:
    """Return a node as the cache has it, None if it has none."""
    cluster = place.named(context) if name else None
    found = cluster.cache(Kind.NODES).get("", name) if cluster else None
    return found if isinstance(found, Node) else None


def _views(rows: Sequence[Stack]) -> list[View]:
    ports = _ports(rows)
    internal = settings.STACK_NODE_IP_FALLBACK == "internal"
    views = []
    for row in rows:
        seen = seen_of(row)
        views.append(
            View(
                stack_id=row.pk,
                pod_id=row.pk,
                context=row.context,
                namespace=row.namespace,
                node_id=seen.node_id,
                node_public_ip=address_of(node_of(row.context, seen.node_id), internal=internal),
                pod_spec=row.pod_spec,
                ports=tuple(ports.get(row.pk, ())),
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
        )
    return views


def _ports(rows: Sequence[Stack]) -> dict[str, list[PortView]]:
    keys = [row.pk for row in rows]
    found: dict[str, list[PortView]] = {}
    step = 500
    for begin in range(0, len(keys), step):
        held = StackPort.objects.filter(stack__in=keys[begin : begin + step]).order_by("stack_id", "position")
        for port in held:
            view = PortView(
                container_port=port.container_port, protocol=port.protocol, node_port=port.node_port
            )
            found.setdefault(port.stack_id, []).append(view)
    return found


def _state() -> CacheState | None:
    try:
        return place.cluster().cache(Kind.PODS).state()
    except ClusterUnavailable:
        return None
