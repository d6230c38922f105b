"""Ends server-sent events when the server stops: by themselves they go on, and a stop would wait for them."""

import asyncio
from typing import Any

_open: set[asyncio.Event] = set()


def end() -> None:
    """End every open stream as if its reader had left. Call it in the event loop of the server."""
    for each in _open:
        each.set()


def ending(app: Any) -> Any:
    """Return the ASGI application `app`, whose streams `end` ends."""

    async def ended(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        stop = asyncio.Event()
        asked = False

        async def receiving() -> Any:
            nonlocal asked
            message = await _either(receive, stop) if asked else await receive()
            asked = asked or not message.get("more_body", False)
            return message

        async def sending(message: Any) -> None:
            if _begins_stream(message):
                _open.add(stop)
            await send(message)

        try:
            await app(scope, receiving, sending)
        finally:
            _open.discard(stop)
        if stop.is_set():
            await send({"type": "http.response.body"})  # A proper end, after which readers come back.

    return ended


async def _either(receive: Any, stop: asyncio.Event) -> Any:
    """Return the next message, or that the reader is gone once `stop` is set."""
    heard, stopped = asyncio.ensure_future(receive()), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((heard, stopped), return_when=asyncio.FIRST_COMPLETED)
        return heard.result() if heard.done() else {"type": "http.disconnect"}
    finally:
        heard.cancel()
        stopped.cancel()


def _begins_stream(message: Any) -> bool:
    return message["type"] == "http.response.start" and any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream")
        for name, value in message["headers"]
    )
