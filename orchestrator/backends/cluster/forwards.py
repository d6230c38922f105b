"""What is said to and heard from a port of a service or a pod, on the way through its API server.

https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from orchestrator.backends.cluster.kinds import Kind

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A port of a service or a pod; services also take the name of a port."""

    kind: Kind  # SERVICES or PODS
    namespace: str
    name: str
    port: str
    tls: bool = False  # what listens there speaks HTTPS

    @property
    def part(self) -> str:
        """Return how paths of the API name it: `web:80`, `https:web:443`."""
        return f"{'https:' if self.tls else ''}{self.name}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """A request to what listens at a door. `path` is encoded as it came, and begins with a slash."""

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: AsyncIterator[bytes] | None = None


class Reply(Protocol):
    """An answer whose body is read as it comes."""

    status: int
    headers: Headers
    prefix: str  # what links in its HTML begin with, instead of the root; "" if they are as they were sent

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body; raise `BackendError` if it breaks off."""

    async def close(self) -> None:
        """Give the connection up."""


class Socket(Protocol):
    """An open WebSocket."""

    protocol: str | None

    async def receive(self) -> str | bytes | None:
        """Return the next message; None after the end."""

    async def send(self, message: str | bytes) -> None:
        """Send a message; nothing happens after the end."""

    async def close(self) -> None:
        """End it. Twice is not an error."""


class Forwarding(Protocol):
    """The way to the ports of a cluster. These run on the event loop, unlike all else of a cluster."""

    async def knock(self, door: Door, knock: Knock) -> Reply:
        """Send a request; raise `BackendError` if no answer came from the API server."""

    async def dial(self, door: Door, knock: Knock, *, protocols: Sequence[str] = ()) -> Socket:
        """Open a WebSocket; raise `BackendError` if it does not open."""
