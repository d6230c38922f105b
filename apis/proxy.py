"""/proxy/…: requests and WebSockets that go on to a port of a service or a pod.

What comes back was written by others, so browsers are told to keep it apart from our own pages, in an origin
of its own: it can read neither them nor their cookies.
https://html.spec.whatwg.org/multipage/browsers.html#sandboxing
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import structlog
from channels.db import database_sync_to_async
from django.db import Error as DatabaseError
from rest_framework.exceptions import APIException

from apis.proxy_headers import OPAQUE, answered, header, sent, shared
from apis.proxy_refusals import refuse, too_many
from apis.proxy_stacks import by_stack
from apis.proxy_ways import Elsewhere, Message, Way, by_link, raw_path
from orchestrator.backends.cluster.forwards import Knock, Reply, Socket
from orchestrator.backends.errors import BackendError, Unreachable
from orchestrator.errors import DomainError
from orchestrator.services.clusters import forwarding
from orchestrator.services.stacks import doors

Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

MOST_OPEN = 100  # requests and WebSockets of one pod or service, in one process
MOST_OPEN_IN_ALL = 1000
CHECK_SECONDS = 5.0  # How long what is open may outlive its permission.
logger = structlog.get_logger(__name__)
_open: Counter[tuple[str, str, str]] = Counter()  # The event loop alone counts.


def proxying(application: Application) -> Application:
    """Return the application, but for paths below `/proxy/`."""

    async def proxying_application(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or not scope["path"].startswith(forwarding.ROOT + "/"):
            return await application(scope, receive, send)
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        serve = _request if scope["type"] == "http" else _websocket
        try:
            return await serve(scope, receive, noting)
        except (BackendError, DomainError, APIException) as exc:
            if begun and scope["type"] == "http":
                # The status is sent, so that an answer cut short is all that can tell of it.
                logger.info("proxied_answer_broke", error=str(exc))
                raise ConnectionResetError from exc
            return await refuse(scope, send, exc)

    return proxying_application


async def _request(scope: Message, receive: Receive, send: Send) -> None:
    if header(scope, b"origin") == OPAQUE and header(scope, b"access-control-request-method"):
        return await _preflight(scope, send)
    way = await _found(scope)
    if isinstance(way, Elsewhere):
        return await _redirect(way, send)
    body = _Body(scope, receive)
    with _counted(way):
        await _while_allowed(way, _exchange(scope, send, way, body), body.left())


async def _exchange(scope: Message, send: Send, way: Way, body: "_Body") -> None:
    """Carry one request there and its answer back."""
    knock = Knock(
        method=scope["method"],
        path=way.path,
        query=scope.get("query_string", b"").decode("ascii", "replace"),
        headers=sent(scope["headers"]),
        body=body.chunks() if body.expected else None,
    )
    reply = await way.cluster.knock(way.door, knock)
    try:
        await _answer(scope, send, reply, way)
    finally:
        await reply.close()


async def _answer(scope: Message, send: Send, reply: Reply, way: Way) -> None:
    kind = next((value for name, value in reply.headers if name.lower() == "content-type"), "")
    rewritten = bool(reply.prefix) and kind.startswith("text/html")
    headers = answered(scope, reply.headers, prefix=reply.prefix, base=way.base, sized=not rewritten)
    await send({"type": "http.response.start", "status": reply.status, "headers": [*headers, *way.headers]})
    chunks = reply.chunks()
    if rewritten:
        chunks = replaced(chunks, reply.prefix.encode(), way.base.encode())
    async for chunk in chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
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
    way = await _found(scope)
    if isinstance(way, Elsewhere):
        raise DomainError("A WebSocket opens at the address itself, which ends in a slash.")
    knock = Knock(
        method="GET",
        path=way.path,
        query=scope.get("query_string", b"").decode("ascii", "replace"),
        headers=[each for each in sent(scope["headers"]) if not each[0].startswith("sec-websocket-")],
    )
    assert (await receive())["type"] == "websocket.connect"
    with _counted(way):
        socket = await way.cluster.dial(way.door, knock, protocols=scope.get("subprotocols", ()))
        try:
            await send({"type": "websocket.accept", "subprotocol": socket.protocol})
            await _while_allowed(way, _from_socket(socket, send), _to_socket(receive, socket))
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
    await send({"type": "websocket.close", "code": 1000})


class _Body:
    """The body of a request, read as it is wanted."""

    def __init__(self, scope: Message, receive: Receive) -> None:
        length = header(scope, b"content-length")
        self.expected = bool(header(scope, b"transfer-encoding")) or length not in (b"", b"0")
        self._receive = receive
        self._gone = False
        self._read = (
            asyncio.Event()
        )  # Nobody reads the body any more: what comes next is that the client left.
        if not self.expected:
            self._read.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        more = True
        try:
            while more:
                message = await self._receive()
                if message["type"] == "http.disconnect":
                    self._gone = True
                    raise ConnectionResetError("The client left in the middle of its request.")
                more = message.get("more_body", False)
                yield message.get("body", b"")
        finally:
            self._read.set()

    async def left(self) -> None:
        """Return when the client has left; what else it still sends after its body was read is dropped."""
        await self._read.wait()
        while not self._gone:
            self._gone = (await self._receive())["type"] == "http.disconnect"


async def _while_allowed(
    way: Way, work: Coroutine[Any, Any, None], leaving: Coroutine[Any, Any, None]
) -> None:
    """Do the work until it is done or its client leaves; raise `DomainError` once it is allowed no longer."""
    tasks = [asyncio.ensure_future(each) for each in (work, leaving, _no_longer_allowed(way))]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        # Connections are given up before this ends, and nobody else looks at what they raise then.
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if task in done:
            task.result()


async def _no_longer_allowed(way: Way) -> None:
    check = database_sync_to_async(way.check)
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        with suppress(DatabaseError):  # Without the database nobody can say; the next look will.
            await check()


@contextmanager
def _counted(way: Way) -> Iterator[None]:
    """Hold one of the places that an object has; raise `Overloaded` if all are taken."""
    key = (way.cluster.context.name, way.door.namespace, way.door.name)
    if _open[key] >= MOST_OPEN or _open.total() >= MOST_OPEN_IN_ALL:
        raise too_many(way.door)
    _open[key] += 1
    try:
        yield
    finally:
        _open[key] -= 1
        if not _open[key]:
            del _open[key]


async def _found(scope: Message) -> Way | Elsewhere:
    raw = raw_path(scope)
    of_stack = raw == doors.ROOT or raw.startswith(doors.ROOT + "/")
    try:
        return await (by_stack if of_stack else by_link)(scope)
    except DatabaseError as exc:
        sentence = "The database of this server does not answer. Try again soon."
        raise Unreachable(sentence, service="database", retry_after=5) from exc


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


async def _redirect(to: Elsewhere, send: Send) -> None:
    headers = [(b"location", to.location.encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 307, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
