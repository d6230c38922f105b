"""Asks the ASGI application itself, as servers do: the proxy is no view."""

import asyncio

from channels.testing import HttpCommunicator, WebsocketCommunicator

from orchestrator.asgi import application


def ask(path: str, *, method: str = "GET", body: bytes = b"", **headers: str):
    """Return the answer to a request: status, headers by their names, and body."""

    async def asked():
        sent = [(b"host", b"localhost"), *_encoded(headers)]
        if body:
            sent.append((b"content-length", b"%d" % len(body)))
        communicator = HttpCommunicator(application, method, path, body=body, headers=sent)
        communicator.scope["raw_path"] = path.partition("?")[0].encode()
        return await communicator.get_response(timeout=10)

    answer = asyncio.run(asked())
    return answer | {"headers": {key.decode(): value.decode() for key, value in answer["headers"]}}


def socket_to(path: str, *, subprotocols: list[str] | None = None, **headers: str) -> WebsocketCommunicator:
    """Return a WebSocket that is not open yet."""
    socket = WebsocketCommunicator(
        application, path, headers=[(b"host", b"localhost"), *_encoded(headers)], subprotocols=subprotocols
    )
    socket.scope["raw_path"] = path.partition("?")[0].encode()
    return socket


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
