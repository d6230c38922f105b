"""Reads answers the same way in every test."""

import asyncio
import json
import re
from contextlib import suppress
from typing import Any

SECONDS = 10
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=()",
}
POLICY = {
    "default-src": ["'self'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'self'"],
    "form-action": ["'self'"],
}
INTERNALS = re.compile(
    r"Traceback|File \\?\"|\.py\b|site-packages|django|0x[0-9a-f]{6}|127\.0\.0\.1", re.IGNORECASE
)


def own_words(policy: str) -> dict[str, list[str]]:
    """Return the directives of a Content-Security-Policy."""
    parts = [part.split() for part in policy.split(";")]
    return {words[0]: words[1:] for words in parts if words}


def check_headers(response: Any) -> None:
    """Assert what every answer of the product carries."""
    assert {name: response.headers.get(name) for name in SECURITY} == SECURITY
    directives = own_words(response.headers["Content-Security-Policy"])
    assert {name: directives.get(name) for name in POLICY} == POLICY
    assert response.headers["X-Request-ID"]


def error_of(response: Any, *, path: str = "") -> dict[str, Any]:
    """Return the body of an error after asserting that it is the one error body."""
    check_headers(response)
    assert response.headers["Content-Type"].partition(";")[0] == "application/json"
    body = json.loads(response.content)
    assert {"error", "code", "detail"} <= body.keys()
    assert body["error"] == body["detail"]
    assert re.fullmatch(r"[a-z][a-z0-9_]*", body["code"])
    path = path or response.request["PATH_INFO"]
    assert body.get("statusCode") == (response.status_code if path.startswith("/api/") else None)
    assert not INTERNALS.search(response.content.decode())
    return body


class Frame:
    """One frame: its fields as sent, and the data as an object."""

    def __init__(self, text: str) -> None:
        self.fields = dict(line.split(": ", 1) for line in text.split("\n"))
        self.event = self.fields["event"]
        self.id = self.fields.get("id")
        self.data = json.loads(self.fields["data"])


class Reader:
    """Reads the frames of one stream."""

    def __init__(self, response) -> None:
        self.response = response
        self._content = response.streaming_content
        self._parts = aiter(self._content)
        self._waiting: list[Frame] = []

    async def next(self, *events: str) -> Frame:
        """Return the next frame, of these kinds if any are named; raise `StopAsyncIteration` at the end."""
        while True:
            while self._waiting:
                frame = self._waiting.pop(0)
                if not events or frame.event in events:
                    return frame
            body = (await asyncio.wait_for(anext(self._parts), SECONDS)).decode()
            assert body.endswith("\n\n")
            self._waiting = [Frame(text) for text in body.split("\n\n") if text]

    async def until(self, event: str) -> list[Frame]:
        """Return the frames before the next one of a kind."""
        found = []
        while (frame := await self.next()).event != event:
            found.append(frame)
        return found

    async def to_the_end(self) -> None:
        async with asyncio.timeout(SECONDS):
            async for _ in self._parts:
                pass

    async def close(self) -> None:
        """Leave as a client does: the server cancels the wait for the next frame."""
        waiting = asyncio.ensure_future(anext(self._parts, None))
        await asyncio.wait([waiting], timeout=0.02)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
