"""Rows of stacks without the cost of models, and what the caches say of them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from orchestrator.backends.cluster.objects import Node, Pod, Row
from orchestrator.backends.cluster.port import Cache, Kind
from orchestrator.models import Stack
from orchestrator.services.stacks import place
from orchestrator.services.stacks.status import Seen, Stored, status_of

STEP = 500  # keys that one statement can hold everywhere


class Placed(Stored, Protocol):
    """A row that says where its pod is."""

    @property
    def pk(self) -> str: ...

    @property
    def context(self) -> str: ...

    @property
    def namespace(self) -> str: ...


class Line(NamedTuple):
    """All that lists filter and count by. It holds no time: to read those from SQLite costs most."""

    pk: str
    context: str
    namespace: str
    wanted: str
    status: str
    reason: str
    message: str
    node_id: str
    actor: str
    requested_cpu_milli: int
    requested_memory_bytes: int
    has_pod: bool


class Whole(NamedTuple):
    """All that is shown of a stack."""

    pk: str
    context: str
    namespace: str
    wanted: str
    status: str
    reason: str
    message: str
    node_id: str
    cleaned_at: datetime | None
    created_at: datetime
    expires_at: datetime
    requested_cpu_milli: int
    requested_memory_bytes: int
    actor: str
    pod_spec: str
    updated_at: datetime


def lines(rows: QuerySet[Stack]) -> list[Line]:
    """Return rows with what lists need, in the order they have."""
    has_pod = ExpressionWrapper(Q(cleaned_at__isnull=True), output_field=BooleanField())
    return list(map(Line._make, rows.annotate(has_pod=has_pod).values_list(*Line._fields)))


def whole(rows: QuerySet[Stack]) -> list[Whole]:
    """Return rows with everything that is shown."""
    return list(map(Whole._make, rows.values_list(*Whole._fields)))


def whole_by_key(keys: Sequence[str]) -> dict[str, Whole]:
    """Return whole rows by key; one that is gone is left out."""
    parts: Iterator[Sequence[str]] = (keys[begin : begin + STEP] for begin in range(0, len(keys), STEP))
    return {row.pk: row for part in parts for row in whole(Stack.objects.filter(pk__in=part).order_by())}


class Now:
    """What the caches say at a moment. For `many` rows each namespace is read once, and not pod by pod."""

    def __init__(self, *, many: bool = False) -> None:
        self._many = many
        self._pods: dict[tuple[str, str], dict[str, Row]] = {}
        self._caches: dict[tuple[str, Kind], Cache | None] = {}

    def seen(self, row: Placed) -> Seen:
        """Return the state of a stack as row and cache have it."""
        return status_of(row, self.pod(row))

    def pod(self, row: Placed) -> Pod | None:
        """Return the pod of a stack as the cache has it, None if it has none."""
        if self._many:
            found = self._pods_of(row.context, row.namespace).get(row.pk)
        else:
            found = self._get(row.context, Kind.PODS, row.namespace, row.pk)
        return found if isinstance(found, Pod) else None

    def node(self, context: str, name: str) -> Node | None:
        """Return a node as the cache has it, None if it has none."""
        found = self._get(context, Kind.NODES, "", name) if name else None
        return found if isinstance(found, Node) else None

    def _pods_of(self, context: str, namespace: str) -> dict[str, Row]:
        key = (context, namespace)
        if key not in self._pods:
            cache = self._cache(context, Kind.PODS)
            self._pods[key] = {row.name: row for row in cache.rows(namespace)} if cache else {}
        return self._pods[key]

    def _get(self, context: str, kind: Kind, namespace: str, name: str) -> Row | None:
        cache = self._cache(context, kind)
        return cache.get(namespace, name) if cache else None

    def _cache(self, context: str, kind: Kind) -> Cache | None:
        key = (context, kind)
        if key not in self._caches:
            cluster = place.named(context)
            self._caches[key] = cluster.cache(kind) if cluster else None
        return self._caches[key]


# What the database sorts by, and what follows from caches and is sorted by after that.
COLUMNS = {"created_at": ("created_at", "pk"), "expires_at": ("expires_at", "pk"), "stack_id": ("pk",)}
SORTS: dict[str, Callable[[Seen], str] | None] = {
    **dict.fromkeys(COLUMNS),
    "status": lambda seen: seen.status,
    "node_id": lambda seen: seen.node_id,
}
