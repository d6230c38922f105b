"""The cluster as the rest of the product sees it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from orchestrator.backends.cluster.acts import (
    MANAGER,
    Acting,
    Column,
    Patch,
    Propagation,
    Shell,
    Table,
    TableRow,
    Usage,
)
from orchestrator.backends.cluster.forwards import Forwarding
from orchestrator.backends.cluster.kinds import LISTED, RESOURCES, Kind, Resource
from orchestrator.backends.cluster.objects import Row
from orchestrator.backends.errors import BackendError

__all__ = [
    "DEMO_CONTEXT",
    "LISTED",
    "MANAGER",
    "RESOURCES",
    "Cache",
    "CacheState",
    "Catalogue",
    "Change",
    "ChangeType",
    "Cluster",
    "Column",
    "Condition",
    "Context",
    "Kind",
    "Listener",
    "LogQuery",
    "LogStream",
    "Patch",
    "Propagation",
    "Resource",
    "Shell",
    "Table",
    "TableRow",
    "Usage",
]

DEMO_CONTEXT = "demo-cluster"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A cluster and who we are there. `namespace` is where the context points, "default" if nowhere."""

    name: str
    cluster: str
    user: str
    namespace: str = "default"
    demo: bool = False


class Condition(StrEnum):
    """How a cache stands to its source."""

    SYNCING = "syncing"  # the first list is being read
    LIVE = "live"  # the watch is open
    RECONNECTING = "reconnecting"  # rows stay, and grow old
    FORBIDDEN = "forbidden"  # the API server refuses this kind
    UNAUTHORIZED = "unauthorized"  # the API server refuses these credentials
    UNREACHABLE = "unreachable"  # no answer yet, so there is nothing to show


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheState:
    """What a cache knows about itself at one moment. Times are aware UTC."""

    condition: Condition
    since: datetime  # when the condition began
    heard_at: datetime | None = None  # the last sign of life of the source; None before the first list
    synced: bool = False  # every readable scope was listed once, so an absent row does not exist
    problem: str = ""  # why, as a sentence for people; "" while all is well
    error: BackendError | None = None  # the same for programs
    refused: tuple[str, ...] = ()  # namespaces that may not be read; ("",) is the cluster as a whole
    only: tuple[str, ...] = ()  # the namespaces that may be read where not all may; () is no limit
    next_try_at: datetime | None = None
    read: int = 0  # rows read so far by a first list
    expected: int | None = None  # of about so many
    restarts: int = 0  # how often the watch was opened again

    @property
    def partial(self) -> bool:
        """Return True if rows are shown, but not all that exist."""
        return bool(self.refused) and self.condition is not Condition.FORBIDDEN

    def covers(self, namespace: str | None) -> bool:
        """Return False for a namespace that may not be read: that it shows no rows means nothing."""
        return namespace is None or not self.only or namespace in self.only


class ChangeType(StrEnum):
    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    RESYNC = "RESYNC"  # listed, at first or again: what happened before is not known one by one; no `row`
    STATE = "STATE"  # rows did not change, the state did; `row` is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change in a cache. A STATE carries the state, a RESYNC nothing, all others the row."""

    context: str
    kind: Kind
    type: ChangeType
    row: Row | None = None
    state: CacheState | None = None


Listener = Callable[[Change], None]  # called in the thread of the cache; must be quick and never raise


class Cache(Protocol):
    """The rows of one kind, kept current by a watch. Every method may be called from any thread."""

    @property
    def version(self) -> int:
        """Return a number that changes with the rows, and never otherwise."""

    def rows(self, namespace: str | None = None) -> Sequence[Row]:
        """Return the rows by namespace and name, of one namespace or of all. Never waits."""

    def peek(self) -> Sequence[Row]:
        """Return the rows like `rows()`, without using the cache: for health, metrics and search."""

    def get(self, namespace: str, name: str) -> Row | None:
        """Return one row; None if there is none. Kinds without namespaces take ""."""

    def state(self) -> CacheState:
        """Return how current the rows are, and why."""

    def wait(self, seconds: float) -> bool:
        """Wait until the first list was read or refused; return False if neither happened in time."""

    def retry(self) -> None:
        """Try the source again at once if it failed; never more often than once a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which part of a container's log is wanted, and whether what comes later is too."""

    container: str
    tail: int | None = None  # lines from the end; None is all that is kept
    since_seconds: int | None = None
    since: datetime | None = None  # aware UTC; whole seconds count
    previous: bool = False  # of the run before the present one
    timestamps: bool = False  # each line begins with its time, in RFC 3339
    follow: bool = False  # until the container ends


class LogStream(Protocol):
    """An open log. One thread reads and closes it; `interrupt` may be called from any other."""

    def chunks(self) -> Iterator[bytes]:
        """Yield parts of the log as they come, cut anywhere; raise `BackendError` if it breaks."""

    def interrupt(self) -> None:
        """End the log while another thread waits for its next part. Twice is not an error."""

    def close(self) -> None:
        """Give the connection up."""


class Cluster(Acting, Forwarding, Protocol):
    """One context. Reads come from caches; a cache begins with its first use and ends when unused."""

    context: Context

    def cache(self, kind: Kind) -> Cache:
        """Return the cache of a kind, started if it does not run. Never waits, never raises."""

    def running(self) -> Mapping[Kind, Cache]:
        """Return the caches that run, without using them: for health, metrics and the system page."""

    def stop_unused(self, *, before: datetime) -> None:
        """Stop the caches that nobody has used since `before`."""

    def read(self, kind: Kind, *, namespace: str, name: str) -> dict[str, Any]:
        """Return a whole object as the API server has it now; kinds without namespaces take "".

        Raises `NotFound`, `Forbidden` and what else keeps it away.
        """

    def logs(self, pod: str, *, namespace: str, query: LogQuery) -> LogStream:
        """Open the log of a container.

        Raises `NotFound` without such a pod, `Invalid` without such a container, or if it has no log, such as
        before it first ran, and what else keeps it away.
        """

    def version(self) -> str:
        """Return the API server's version, such as v1.34.4; raise `BackendError` if it does not answer."""

    def close(self) -> None:
        """Stop everything. Closing twice is not an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The contexts there are. `problem` says in a sentence why a configured one is missing."""

    clusters: dict[str, Cluster] = field(default_factory=dict)
    current: str = DEMO_CONTEXT
    problem: str = ""
