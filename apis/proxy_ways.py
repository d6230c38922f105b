"""Where a request below /proxy/ goes, as a link to a port of a service or a pod says it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from channels.db import database_sync_to_async
from django.utils.timezone import now

from orchestrator.backends.cluster.forwards import Door
from orchestrator.backends.cluster.port import Cluster
from orchestrator.errors import DomainError
from orchestrator.services.clusters import forwarding

Message = dict[str, Any]
Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Way:
    """Where one request goes, for as long as `check` raises no `DomainError`."""

    cluster: Cluster
    door: Door
    base: str  # of our own paths: /proxy/<link>
    path: str
    check: Callable[[], object]  # asks the database
    headers: tuple[Header, ...] = ()  # of the answer, our own


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The address that a browser goes to instead."""

    location: str


async def by_link(scope: Message) -> Way | Elsewhere:
    """Return where `/proxy/<link>/…` leads.

    Raises `Closed` for a bad link, what `contexts.scope` raises, and `DomainError` for a path that goes up.
    """
    raw = raw_path(scope)
    token, slash, rest = raw.removeprefix(forwarding.ROOT + "/").partition("/")
    if not slash:
        return asked_again(scope, f"{raw}/")
    let = forwarding.read(token, at=now())
    path = checked(rest)
    place = await database_sync_to_async(forwarding.welcome)(let)

    def check() -> None:
        forwarding.welcome(forwarding.read(token, at=now()))

    return Way(place.cluster, let.door, f"{forwarding.ROOT}/{token}", path, check)


def asked_again(scope: Message, path: str) -> Elsewhere:
    """Return another path, asked with the same query."""
    query = scope.get("query_string", b"").decode("ascii", "replace")
    return Elsewhere(f"{path}?{query}" if query else path)


def raw_path(scope: Message) -> str:
    """Return the path as it came, encoded, without its query."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("ascii", "replace")


def checked(rest: str) -> str:
    """Return what stands behind the link as a path of its own; raise `DomainError` if it goes up.

    Whoever makes such a path shorter on the way would lead it to another object of the API server.
    """
    if any(part in (".", "..") for part in unquote(rest).replace("\\", "/").split("/")):
        raise DomainError("The address goes up (..), which is not possible here.")
    return f"/{rest}"
