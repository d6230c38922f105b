"""What is said to and heard from a cluster when it is acted on: patches, deletions, tables, use, shells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from orchestrator.backends.cluster.kinds import Kind, Resource

MANAGER = "orchestrator"  # the name under which fields that we set are known to be ours


class Patch(StrEnum):
    """What the body of a patch is; the value is its media type.

    https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply
    """

    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"  # only for kinds that Kubernetes itself brings
    JSON = "application/json-patch+json"
    APPLY = "application/apply-patch+yaml"


class Propagation(StrEnum):
    """What becomes of the objects that a deleted one owns.

    https://kubernetes.io/docs/concepts/architecture/garbage-collection/
    """

    BACKGROUND = "Background"  # they go after it
    FOREGROUND = "Foreground"  # they go before it
    ORPHAN = "Orphan"  # they stay


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """An object as the API server prints it; `cells` are as many as the table has columns."""

    cells: tuple[object, ...]
    namespace: str
    name: str
    uid: str = ""
    created_at: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table; `wide` ones are for those who ask for more."""

    name: str
    type: str
    description: str = ""
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Part of a list, printed. `token` asks for the next part, "" if there is none."""

    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    token: str = ""
    left: int | None = None  # rows after these, if the API server says


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a node or a container used over a short window that ended at `at`."""

    name: str  # of the node or the pod
    namespace: str = ""
    container: str = ""  # "" for a node
    cpu: float  # cores
    memory: int  # bytes
    at: datetime  # aware UTC


class Shell(Protocol):
    """A command that runs in a container. One thread reads; all else may be called from any other."""

    def chunks(self) -> Iterator[bytes]:
        """Yield what it prints, on standard output and error, until it ends.

        Raises `Invalid` if it never began, because there is no such command or the container does not run,
        and the `BackendError` that broke the connection.
        """

    def write(self, data: bytes) -> None:
        """Type; nothing happens after the end. Raises `BackendError` if the connection broke."""

    def resize(self, *, columns: int, rows: int) -> None:
        """Say how large the terminal is."""

    @property
    def exit_code(self) -> int | None:
        """Return how it ended; None while it runs, and if the connection broke first."""

    def close(self) -> None:
        """Give the connection up. Twice is not an error.

        What runs there may go on: containerd does not tell it (seen on 1.6.20). Who wants its end kills it.
        """


class Acting(Protocol):
    """What is asked of the API server itself, each time: nothing here comes from a cache."""

    def may(
        self, verb: str, *, resource: Resource, namespace: str, name: str = "", subresource: str = ""
    ) -> bool:
        """Return True if we may `verb` (list, get, delete, ...) a kind; no namespace means in every one.

        The API server is asked. Raises `BackendError` if it does not answer.
        """

    def resources(self, *, again: bool = False) -> Sequence[Resource]:
        """Return every kind that the API server serves and lists, in its preferred version.

        It is asked at most once a minute, or with `again` once in two seconds: for a kind that is not among
        them and may have been defined since. A group whose server does not answer is left out. Raises
        `BackendError`.
        """

    def table(
        self,
        resource: Resource,
        *,
        namespace: str | None,
        limit: int,
        token: str = "",
        labels: str = "",
        fields: str = "",
    ) -> Table:
        """Return objects as the API server prints them, `limit` at a time from where `token` stands.

        `labels` and `fields` are selectors. Raises `Gone` for a token that is too old, and `BackendError`.
        """

    def get(self, resource: Resource, *, namespace: str, name: str, subresource: str = "") -> dict[str, Any]:
        """Return a whole object of any kind as `read` does, or a subresource of it such as `scale`."""

    def create(
        self,
        resource: Resource,
        manifest: Mapping[str, Any],
        *,
        namespace: str,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Create an object and return it as it is then; with `dry_run` only the answer is real.

        Raises `Conflict` if there is one already, `Invalid` with the API server's reason, and `BackendError`.
        """

    def patch(
        self,
        resource: Resource,
        body: object,
        *,
        namespace: str,
        name: str,
        how: Patch,
        subresource: str = "",
        force: bool = False,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Change an object and return it as it is then; with `dry_run` only the answer is real.

        `how` says what `body` is. `Patch.APPLY` also creates; `force` takes fields that others manage. A body
        that names `metadata.resourceVersion` is refused once the object changed. Raises `NotFound`,
        `Conflict`, `Invalid` with the API server's reason, and `BackendError`.
        """

    def replace(
        self,
        resource: Resource,
        manifest: Mapping[str, Any],
        *,
        namespace: str,
        name: str,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Put a whole object in the place of what is there and return it; raises what `patch` raises."""

    def delete(
        self,
        resource: Resource,
        *,
        namespace: str,
        name: str,
        uid: str = "",
        propagation: Propagation | None = None,
        grace_seconds: int | None = None,
        dry_run: bool = False,
    ) -> None:
        """Ask for an object to be deleted; it may live on until its finalizers are done.

        With a `uid`, only that very object: another one of the name is a `Conflict`. Raises `NotFound` and
        `BackendError`.
        """

    def evict(
        self,
        pod: str,
        *,
        namespace: str,
        uid: str = "",
        grace_seconds: int | None = None,
        dry_run: bool = False,
    ) -> None:
        """Ask for a pod to be evicted, as its disruption budgets allow.

        Raises `Overloaded` while a budget forbids it, which its causes name, `NotFound` if it is
        gone, `Conflict` if another pod than that of the `uid` bears the name, and `BackendError`.
        https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/
        """

    def usage(self, kind: Kind, *, namespace: str | None = None) -> Sequence[Usage]:
        """Return what nodes, or the containers of pods, use at present, as far as it was measured.

        Raises `NotFound` or `Overloaded` where no metrics API is served, and `BackendError`.
        """

    def shell(
        self, pod: str, *, namespace: str, container: str, command: Sequence[str], tty: bool = True
    ) -> Shell:
        """Run a command in a container, its standard input and output connected.

        Raises `NotFound` without such a pod, `Invalid` without such a container, and `BackendError`. What
        only the node finds out is raised by `chunks`.
        """
