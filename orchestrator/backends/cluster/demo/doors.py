"""What listens on the ports of the demo world: a page that says who answers, and a WebSocket that repeats."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from html import escape
from typing import Any, Protocol

from orchestrator.backends.cluster.forwards import Door, Headers, Knock
from orchestrator.backends.cluster.kinds import Kind
from orchestrator.backends.errors import NotFound, Overloaded

PAGE = """<!doctype html>
<html lang="en">
<title>{name}</title>
<h1>{name}</h1>
<p>Port {port} of the {kind} {name} in {namespace} answers {method} {path}.</p>
<p>This is the demo cluster: nothing runs behind this page.</p>
</html>
"""


class World(Protocol):
    """Where the objects are."""

    def read(self, kind: Kind, *, namespace: str, name: str) -> dict[str, Any]: ...


class DemoReply:
    """A page in one part."""

    def __init__(self, body: bytes) -> None:
        self.status = 200
        self.headers: Headers = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
        ]
        self.prefix = ""
        self._body = body

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._body

    async def close(self) -> None:
        pass


class DemoSocket:
    """Says everything back."""

    def __init__(self, protocol: str | None) -> None:
        self.protocol = protocol
        self._said: asyncio.Queue[str | bytes | None] = asyncio.Queue()

    async def receive(self) -> str | bytes | None:
        return await self._said.get()

    async def send(self, message: str | bytes) -> None:
        await self._said.put(message)

    async def close(self) -> None:
        await self._said.put(None)


def answer(world: World, door: Door, knock: Knock) -> DemoReply:
    """Return the page of a door; raise `NotFound`, and `Overloaded` where nothing listens."""
    _require_open(world, door)
    words = {
        "name": door.name,
        "port": door.port,
        "kind": door.kind.singular,
        "namespace": door.namespace,
        "method": knock.method,
        "path": knock.path,
    }
    return DemoReply(PAGE.format(**{key: escape(value) for key, value in words.items()}).encode())


def opened(world: World, door: Door, protocols: Sequence[str]) -> DemoSocket:
    """Return a WebSocket; raise what `answer` raises."""
    _require_open(world, door)
    return DemoSocket(protocols[0] if protocols else None)


def _require_open(world: World, door: Door) -> None:
    """Raise what the API server would: a pod answers on the ports that its containers name."""
    manifest = world.read(door.kind, namespace=door.namespace, name=door.name)
    if door.kind is Kind.SERVICES:
        listed = [(str(each["port"]), each.get("name")) for each in manifest["spec"].get("ports", [])]
        if not any(door.port in each for each in listed):
            sentence = f'no service port "{door.port}" found for service "{door.name}"'
            raise NotFound(sentence, service="demo cluster", status=404, reason="NotFound")
        return
    containers = manifest["spec"]["containers"]
    ports = {str(port["containerPort"]) for each in containers for port in each.get("ports", [])}
    if door.port not in ports or manifest["status"].get("phase") != "Running":
        sentence = "error trying to reach service: connection refused"
        raise Overloaded(sentence, service="demo cluster", status=503, reason="ServiceUnavailable")
