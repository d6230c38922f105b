"""Requests to ports of services and pods of a real cluster, carried by its API server."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import quote

import aiohttp
from yarl import URL

from orchestrator.backends.cluster.forward_failures import LARGEST_FAILURE, failure_of
from orchestrator.backends.cluster.forwards import Door, Headers, Knock
from orchestrator.backends.cluster.kinds import RESOURCES
from orchestrator.backends.cluster.transport import (
    CONNECT_SECONDS,
    SERVICE,
    Transport,
    refusal,
    translated_errors,
)
from orchestrator.backends.errors import TimedOut, Unreachable

SILENCE_SECONDS = 300.0  # between two parts of an answer
CHUNK_BYTES = 65536
LARGEST_MESSAGE = 16 * 1024 * 1024  # bytes, of a WebSocket
LARGEST_HEADER = 65536  # bytes
HEARTBEAT_SECONDS = 30.0
PATIENCE = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS)


class ForwardedReply:
    """An answer, the session it came by, and what of its body has been read already."""

    def __init__(
        self, session: aiohttp.ClientSession, answer: aiohttp.ClientResponse, *, prefix: str, begun: bytes
    ) -> None:
        self._session = session
        self._answer = answer
        self._begun = begun
        self.status = answer.status
        self.headers: Headers = [(name, value) for name, value in answer.headers.items()]
        self.prefix = prefix

    async def chunks(self) -> AsyncIterator[bytes]:
        if self._begun:
            yield self._begun
        with _translated():
            async for chunk in self._answer.content.iter_chunked(CHUNK_BYTES):
                yield chunk

    async def close(self) -> None:
        self._answer.close()
        await self._session.close()


class ForwardedSocket:
    """A WebSocket, and the session it came by."""

    def __init__(self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._session = session
        self._socket = socket
        self.protocol = socket.protocol

    async def receive(self) -> str | bytes | None:
        message = await self._socket.receive()
        kept: str | bytes = message.data
        return kept if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY) else None

    async def send(self, message: str | bytes) -> None:
        if self._socket.closed:
            return
        with _translated():
            if isinstance(message, str):
                await self._socket.send_str(message)
            else:
                await self._socket.send_bytes(message)

    async def close(self) -> None:
        await self._socket.close()
        await self._session.close()


async def knock(transport: Transport, door: Door, knock: Knock) -> ForwardedReply:
    """Send a request; raise `BackendError` if the API server does not answer, or refuses to carry it."""
    way = await asyncio.to_thread(transport.upgrade, _path(door), [])
    # No session is kept: it would belong to one event loop, and a door is opened for a while only.
    session = aiohttp.ClientSession(
        timeout=PATIENCE, auto_decompress=False, max_field_size=LARGEST_HEADER, max_line_size=LARGEST_HEADER
    )
    try:
        with _translated():
            answer = await session.request(
                knock.method,
                _url(way.url.replace("ws", "http", 1), knock),
                headers=[*knock.headers, *way.headers.items()],
                data=knock.body,
                allow_redirects=False,
                ssl=way.tls or True,
                server_hostname=way.server_name,
                proxy=way.proxy,
                skip_auto_headers=("User-Agent", "Accept-Encoding", "Accept", "Content-Type"),
            )
            begun = await _own_words(answer)
        if begun and (failure := failure_of(door, answer.status, begun)):
            raise failure
    except BaseException:
        await session.close()
        raise
    return ForwardedReply(session, answer, prefix=_path(door), begun=begun)


async def _own_words(answer: aiohttp.ClientResponse) -> bytes:
    """Return the body of what may be a refusal of the API server itself, b"" of everything else."""
    small = answer.content_length is not None and answer.content_length <= LARGEST_FAILURE
    if answer.status < 400 or answer.content_type != "application/json" or not small:
        return b""
    return await answer.content.read()


async def dial(
    transport: Transport, door: Door, knock: Knock, *, protocols: Sequence[str]
) -> ForwardedSocket:
    """Open a WebSocket; raise `BackendError` if it does not open."""
    way = await asyncio.to_thread(transport.upgrade, _path(door), [])
    session = aiohttp.ClientSession(timeout=PATIENCE)
    try:
        with _translated():
            socket = await session.ws_connect(
                _url(way.url, knock),
                headers=[*knock.headers, *way.headers.items()],
                protocols=protocols,
                ssl=way.tls or True,
                server_hostname=way.server_name,
                proxy=way.proxy,
                max_msg_size=LARGEST_MESSAGE,
                heartbeat=HEARTBEAT_SECONDS,
            )
    except BaseException:
        await session.close()
        raise
    return ForwardedSocket(session, socket)


def _path(door: Door) -> str:
    return RESOURCES[door.kind].path(door.namespace, quote(door.part, safe=":"), "proxy")


def _url(base: str, knock: Knock) -> URL:
    return URL(base + knock.path + (f"?{knock.query}" if knock.query else ""), encoded=True)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what aiohttp raises into `BackendError`; its connection errors carry those of the system."""
    try:
        with translated_errors():
            yield
    except aiohttp.WSServerHandshakeError as exc:
        raise refusal(exc.status, b"") from exc
    except TimeoutError as exc:
        raise TimedOut("Nothing answered in time.", service=SERVICE, reason="ETIMEDOUT") from exc
    except aiohttp.ClientResponseError as exc:
        sentence = f"The answer is none of HTTP, or one of its headers is larger than {LARGEST_HEADER} bytes."
        raise Unreachable(sentence, service=SERVICE) from exc
    except aiohttp.ClientError as exc:
        raise Unreachable("The connection to the API server broke.", service=SERVICE) from exc
