"""Rows of stacks without the cost of models, and what the caches say of them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from django.db.models import QuerySet

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
    """All that lists sort, filter and count by."""

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
    """Return rows with what lists need."""
    return list(map(Line._make, rows.values_list(*Line._fields)))


def whole(rows: QuerySet[Stack]) -> list[Whole]:
    """Return rows with everything that is shown."""
    return list(map(Whole._make, rows.values_list(*Whole._fields)))


def whole_by_key(keys: Sequence[str]) -> dict[str, Whole]:
    """Return whole rows by key; one that is gone is left out."""
    parts: Iterator[Sequence[str]] = (keys[begin : begin + STEP] for begin in range(0, len(keys), STEP))
    return {row.pk: row for part in parts for row in whole(Stack.objects.filter(pk__in=part).order_by())}


class Now:
    """What the caches say at a moment, for many rows: each cache is looked up once."""

    def __init__(self) -> None:
        self._caches: dict[tuple[str, Kind], Cache | None] = {}

    def seen(self, row: Placed) -> Seen:
        """Return the state of a stack as row and cache have it."""
        return status_of(row, self.pod(row))

    def pod(self, row: Placed) -> Pod | None:
        """Return the pod of a stack as the cache has it, None if it has none."""
        found = self._get(row.context, Kind.PODS, row.namespace, row.pk)
        return found if isinstance(found, Pod) else None

    def node(self, context: str, name: str) -> Node | None:
        """Return a node as the cache has it, None if it has none."""
        found = self._get(context, Kind.NODES, "", name) if name else None
        return found if isinstance(found, Node) else None

    def _get(self, context: str, kind: Kind, namespace: str, name: str) -> Row | None:
        key = (context, kind)
        if key not in self._caches:
            cluster = place.named(context)
            self._caches[key] = cluster.cache(kind) if cluster else None
        cache = self._caches[key]
        return cache.get(namespace, name) if cache else None


SORTS: dict[str, Callable[[Line, Seen], tuple[object, ...]]] = {
    "created_at": lambda row, seen: (row.created_at, row.pk),
    "expires_at": lambda row, seen: (row.expires_at, row.pk),
    "status": lambda row, seen: (seen.status, row.created_at, row.pk),
    "node_id": lambda row, seen: (seen.node_id, row.created_at, row.pk),
    "stack_id": lambda row, seen: (row.pk,),
}
# What a database can sort by: the others follow from caches.
COLUMNS = {"created_at": ("created_at", "pk"), "expires_at": ("expires_at", "pk"), "stack_id": ("pk",)}
