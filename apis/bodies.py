"""Stops reading a request that is too large. Django reads a body whole before any of its middleware runs.

https://asgi.readthedocs.io/en/stable/specs/www.html#request-receive-event
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Application = Callable[[Message, Receive, Any], Awaitable[None]]
LENGTH = b"content-length"
END: Message = {"type": "http.request", "body": b"", "more_body": False}
NOT_ASCII = re.compile(rb"[\x80-\xff]")


def limited(application: Application, *, limit_bytes: int) -> Application:
    """Return the application as it is, but for bodies over the limit.

    It sees them as empty, with a `Content-Length` that tells the truth, and answers 413 by that.
    """

    async def limited_application(scope: Message, receive: Receive, send: Any) -> None:
        if scope["type"] != "http":
            return await application(scope, receive, send)
        # Bytes that should have been written as %XX; Django refuses them without one of our error bodies.
        query = NOT_ASCII.sub(lambda match: b"%%%02X" % match[0][0], scope.get("query_string", b""))
        scope = {**scope, "headers": list(scope["headers"]), "query_string": query}
        body = _Body(scope, receive, limit_bytes=limit_bytes)
        return await application(scope, body.receive, send)

    return limited_application


class _Body:
    """What is left to read of one request."""

    def __init__(self, scope: Message, receive: Receive, *, limit_bytes: int) -> None:
        self._headers: list[tuple[bytes, bytes]] = scope["headers"]
        self._receive = receive
        self._limit = limit_bytes
        self._read = 0
        self._ended = False

    async def receive(self) -> Message:
        if not self._ended and self._declared() > self._limit:
            return self._end()
        message = await self._receive()
        while self._ended and message["type"] == "http.request":
            message = await self._receive()  # Whatever else arrives is dropped.
        if message["type"] != "http.request":
            return message
        self._read += len(message.get("body", b""))
        if self._read > self._limit:
            self._headers.append((LENGTH, b"%d" % self._read))
            return self._end()
        self._ended = not message.get("more_body", False)
        return message

    def _declared(self) -> int:
        lengths = [value for name, value in self._headers if name == LENGTH and value.isdigit()]
        return int(lengths[0][:20]) if lengths else 0

    def _end(self) -> Message:
        self._ended = True
        return END
