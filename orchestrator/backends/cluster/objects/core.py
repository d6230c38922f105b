"""Rows of lists: Kubernetes objects reduced to the fields that a list shows, under their API names.

They are small on purpose (20,000 pods stay in memory), frozen, and shared between threads. An absent
member is `UNSET` and does not appear in JSON. `age` is filled in when a row is shown.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType


class Row(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """What every row has. `created_at` is ISO 8601 in UTC with milliseconds, or "" where there is none.

    `private` names the members that are for ourselves: no list sends them.
    """

    private: ClassVar[tuple[str, ...]] = ("annotations",)

    name: str
    namespace: str | UnsetType = UNSET  # absent for nodes and namespaces
    status: str | UnsetType = UNSET
    created_at: str
    age: str | UnsetType = UNSET
    labels: dict[str, str] = {}
    annotations: dict[str, str] | UnsetType = UNSET  # only of kinds that `services.clusters.labels` shows

    @property
    def key(self) -> tuple[str, str]:
        """Return namespace and name: what names a row among its kind, and the order of lists."""
        return self.namespace or "", self.name


class Container(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A container of the spec with what its status adds."""

    name: str
    image: str
    ready: bool
    restart_count: int


class Requirement(msgspec.Struct, frozen=True, gc=False):
    """What a container asks for and may use at most, as its manifest says it; "" where it says nothing."""

    container: str  # "" is the pod as a whole
    cpu: str = ""
    memory: str = ""
    cpu_limit: str = ""
    memory_limit: str = ""
    first: bool = False  # it ends before the others begin


class Halt(msgspec.Struct, frozen=True, gc=False):
    """A container that does not run: it waits, or has ended with `exit_code`."""

    container: str
    reason: str = ""
    message: str = ""  # cut after 1024 characters
    exit_code: int | None = None  # None while it waits
    first: bool = False  # an init container


class OwnerReference(msgspec.Struct, frozen=True, gc=False):
    kind: str
    name: str
    uid: str


class Pod(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    """`status` is derived from container states, see `derive.pod_status`."""

    private: ClassVar[tuple[str, ...]] = (
        "annotations",
        "owner_references",
        "uid",
        "controller",
        "empty_dir",
        "requirements",
        "claims",
        "halts",
        "deleted_at",
    )

    phase: str
    ready: str  # "1/2"
    node_name: str = "Unknown"
    ip: str = "Unknown"
    restart_count: int = 0
    containers: tuple[Container, ...] = ()
    config_maps: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    reason: str | UnsetType = UNSET
    message: str | UnsetType = UNSET
    owner_references: tuple[OwnerReference, ...] | UnsetType = UNSET
    uid: str = ""
    controller: str = ""  # the kind of what makes a new one when this one goes; "" if nothing does
    empty_dir: bool = False  # it has a volume that goes with it
    requirements: tuple[Requirement, ...] | UnsetType = UNSET
    claims: tuple[str, ...] | UnsetType = UNSET
    halts: tuple[Halt, ...] = ()  # containers that wait or have ended; init containers only in trouble
    deleted_at: str = ""  # when it is to be gone at the latest; "" if nobody asked

    @property
    def is_scheduled(self) -> bool:
        return self.node_name != "Unknown"

    @property
    def is_unschedulable(self) -> bool:
        """Return True if the scheduler has found no node, and said why in `message`."""
        return self.reason == "Unschedulable" and not self.is_scheduled


class NodeCondition(msgspec.Struct, frozen=True, rename="camel", gc=False):
    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: str = ""


class Amounts(msgspec.Struct, frozen=True, gc=False):
    """Kubernetes quantities, as the cluster writes them."""

    cpu: str = "0"
    memory: str = "0"
    pods: str = "0"


class Spent(msgspec.Struct, frozen=True, gc=False):
    """What is in use, as quantities."""

    cpu: str
    memory: str


class Taint(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    key: str
    effect: str
    value: str = ""


class Address(msgspec.Struct, frozen=True, gc=False):
    type: str
    address: str


class Node(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    roles: tuple[str, ...]
    version: str
    capacity: Amounts
    allocatable: Amounts
    conditions: tuple[NodeCondition, ...] = ()
    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()
    addresses: tuple[Address, ...] = ()
    os_image: str = "Unknown"
    usage: Spent | UnsetType = UNSET  # filled in when a node is shown, where there is a metrics API


class Namespace(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    private: ClassVar[tuple[str, ...]] = ()

    annotations: dict[str, str] = {}


class Involved(msgspec.Struct, frozen=True, gc=False):
    kind: str = ""
    name: str = ""
    namespace: str = ""


class Source(msgspec.Struct, frozen=True, gc=False):
    component: str = ""
    host: str = ""


class Event(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    """`name` and `namespace` are those of the involved object; `id` is the event's own place and name."""

    private: ClassVar[tuple[str, ...]] = ("annotations", "id", "counts_at")

    id: str | UnsetType = UNSET
    type: str
    reason: str
    message: str
    kind: str
    count: int = 1
    first_timestamp: str = ""
    last_timestamp: str = ""
    counts_at: str | UnsetType = UNSET  # for order and filters: last, series, first or creation time
    involved_object: Involved = Involved()
    source: Source = Source()

    @property
    def key(self) -> tuple[str, str]:
        """Return the place and name of the event itself: many events are about one object."""
        namespace, _, name = (self.id or "").partition("/")
        return namespace, name


def to_json(rows: Sequence[Row]) -> bytes:
    """Return rows as a JSON array under their API names."""
    return msgspec.json.encode([_public(row) for row in rows])


def to_builtins(rows: Sequence[Row]) -> Any:
    """Return rows as lists and dictionaries under their API names."""
    return msgspec.to_builtins([_public(row) for row in rows])


def _public(row: Row) -> Row:
    """Return a row without what is for ourselves."""
    hidden = dict.fromkeys(row.private, UNSET)
    return msgspec.structs.replace(row, **hidden) if hidden else row
