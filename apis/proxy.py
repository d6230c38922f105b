"""/proxy/<link>/…: requests and WebSockets that go on to a port of a service or a pod.

The link is the permission. What comes back was written by others, so browsers are told to keep it apart
from our own pages, in an origin of its own: it can read neither them nor their cookies.
https://html.spec.whatwg.org/multipage/browsers.html#sandboxing
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import structlog
from channels.db import database_sync_to_async
from django.template.loader import render_to_string
from django.utils.timezone import now

from apis.errors import word_of
from apis.proxy_headers import OPAQUE, answered, header, sent, shared
from orchestrator.backends.cluster.forwards import Door, Knock, Reply, Socket
from orchestrator.backends.cluster.port import Cluster
from orchestrator.backends.errors import BackendError
from orchestrator.errors import DomainError
from orchestrator.services.clusters import forwarding

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

OUR_CSP = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'"
GOING_AWAY, INTERNAL, REFUSED = 1001, 1011, 4403  # https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Way:
    """Where one request goes."""

    cluster: Cluster
    door: Door
    base: str  # of our own paths: /proxy/<link>
    path: str


def proxying(application: Application) -> Application:
    """Return the application, but for paths below `/proxy/`."""

    async def proxying_application(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or not scope["path"].startswith(forwarding.ROOT + "/"):
            return await application(scope, receive, send)
        serve = _request if scope["type"] == "http" else _websocket
        try:
            return await serve(scope, receive, send)
        except (BackendError, DomainError) as exc:
            return await _refuse(scope, send, exc)

    return proxying_application


async def _request(scope: Message, receive: Receive, send: Send) -> None:
    if header(scope, b"origin") == OPAQUE and header(scope, b"access-control-request-method"):
        return await _preflight(scope, send)
    if not _has_path(scope):
        return await _redirect(scope, send)
    way = await _way(scope)
    body = _Body(scope, receive)
    knock = Knock(
        method=scope["method"],
        path=way.path,
        query=scope.get("query_string", b"").decode("ascii", "replace"),
        headers=sent(scope["headers"]),
        body=body.chunks() if body.expected else None,
    )
    reply = await way.cluster.knock(way.door, knock)
    try:
        await _unless_left(_answer(scope, send, reply, way.base), body)
    finally:
        await reply.close()


async def _answer(scope: Message, send: Send, reply: Reply, base: str) -> None:
    kind = next((value for name, value in reply.headers if name.lower() == "content-type"), "")
    rewritten = bool(reply.prefix) and kind.startswith("text/html")
    headers = answered(scope, reply.headers, prefix=reply.prefix, base=base, sized=not rewritten)
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    chunks = reply.chunks()
    if rewritten:
        chunks = replaced(chunks, reply.prefix.encode(), base.encode())
    try:
        async for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except BackendError as exc:
        # The status is sent, so that an answer cut short is all that can tell of it.
        logger.info("proxied_answer_broke", error=exc.message)
        raise ConnectionResetError from exc
    await send({"type": "http.response.body", "body": b""})


async def replaced(chunks: AsyncIterator[bytes], old: bytes, new: bytes) -> AsyncIterator[bytes]:
    """Yield the chunks with `new` for every `old`, also where one is cut in two."""
    rest = b""
    async for chunk in chunks:
        text = (rest + chunk).replace(old, new)
        # What may be the beginning of another one is kept back.
        kept = next((n for n in range(min(len(old) - 1, len(text)), 0, -1) if old.startswith(text[-n:])), 0)
        rest = text[len(text) - kept :]
        if len(text) > kept:
            yield text[: len(text) - kept]
    if rest:
        yield rest


async def _websocket(scope: Message, receive: Receive, send: Send) -> None:
    way = await _way(scope)
    knock = Knock(
        method="GET",
        path=way.path,
        query=scope.get("query_string", b"").decode("ascii", "replace"),
        headers=[each for each in sent(scope["headers"]) if not each[0].startswith("sec-websocket-")],
    )
    assert (await receive())["type"] == "websocket.connect"
    socket = await way.cluster.dial(way.door, knock, protocols=scope.get("subprotocols", ()))
    try:
        await send({"type": "websocket.accept", "subprotocol": socket.protocol})
        there = asyncio.create_task(_to_socket(receive, socket))
        back = asyncio.create_task(_from_socket(socket, send))
        done, pending = await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        broken = [task.exception() for task in done if task.exception()]
        if back in done:
            await send({"type": "websocket.close", "code": INTERNAL if broken else 1000})
    finally:
        await socket.close()


async def _to_socket(receive: Receive, socket: Socket) -> None:
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        await socket.send(text if text is not None else message.get("bytes") or b"")


async def _from_socket(socket: Socket, send: Send) -> None:
    while (message := await socket.receive()) is not None:
        key = "text" if isinstance(message, str) else "bytes"
        await send({"type": "websocket.send", key: message})


class _Body:
    """The body of a request, read as it is wanted."""

    def __init__(self, scope: Message, receive: Receive) -> None:
        length = header(scope, b"content-length")
        self.expected = bool(header(scope, b"transfer-encoding")) or length not in (b"", b"0")
        self._receive = receive
        self._ended = not self.expected

    async def chunks(self) -> AsyncIterator[bytes]:
        while not self._ended:
            message = await self._receive()
            self._ended = not message.get("more_body", False)
            if message["type"] == "http.disconnect":
                raise ConnectionResetError("The client left in the middle of its request.")
            yield message.get("body", b"")

    async def left(self) -> None:
        """Return when the client has left; whatever else it still sends is dropped."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def _unless_left(work: Awaitable[None], body: _Body) -> None:
    """Do the work until it is done, or until nobody waits for it any more."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(body.left())
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def _way(scope: Message) -> Way:
    raw = _raw_path(scope)
    token, _, path = raw.removeprefix(forwarding.ROOT + "/").partition("/")
    let = forwarding.read(token, at=now())
    # Whoever makes such a path shorter on the way would lead it to another object of the API server.
    if any(unquote(part) in (".", "..") for part in path.split("/")):
        raise DomainError("The address goes up (..), which is not possible here.")
    place = await database_sync_to_async(forwarding.welcome)(let)
    return Way(place.cluster, let.door, f"{forwarding.ROOT}/{token}", f"/{path}")


def _has_path(scope: Message) -> bool:
    return "/" in _raw_path(scope).removeprefix(forwarding.ROOT + "/")


def _raw_path(scope: Message) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("ascii", "replace")


async def _preflight(scope: Message, send: Send) -> None:
    asked = header(scope, b"access-control-request-headers")
    headers = [
        *shared(scope),
        (b"access-control-allow-methods", header(scope, b"access-control-request-method")),
        *([(b"access-control-allow-headers", asked)] if asked else []),
        (b"access-control-max-age", b"600"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _redirect(scope: Message, send: Send) -> None:
    query = scope.get("query_string", b"")
    target = _raw_path(scope).encode() + b"/" + (b"?" + query if query else b"")
    await send({"type": "http.response.start", "status": 307, "headers": [(b"location", target)]})
    await send({"type": "http.response.body", "body": b""})


async def _refuse(scope: Message, send: Send, exc: BackendError | DomainError) -> None:
    status = word_of(exc)[0]
    if scope["type"] == "websocket":
        return await send({"type": "websocket.close", "code": REFUSED if status < 500 else INTERNAL})
    words = {"status": status, "title": "The port cannot be opened", "message": exc.message}
    page = await asyncio.to_thread(render_to_string, "components/failed.html", words)
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", OUR_CSP.encode()),
        (b"cache-control", b"no-store"),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
        *shared(scope),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": page.encode()})
