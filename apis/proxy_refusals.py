"""What /proxy/ says instead of an answer: a page to a browser, the one error body to a program."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from math import ceil

from django.template.loader import render_to_string
from rest_framework.exceptions import APIException

from apis import errors
from apis.proxy_headers import header, shared
from apis.proxy_ways import Header, Message
from orchestrator.backends.cluster.forwards import Door
from orchestrator.backends.errors import BackendError, Overloaded
from orchestrator.errors import DomainError

OUR_CSP = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'"
INTERNAL, REFUSED = 1011, 4403  # https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1


async def refuse(
    scope: Message, send: Callable[[Message], Awaitable[None]], exc: BackendError | DomainError | APIException
) -> None:
    """Answer a request, or close a WebSocket, with what is wrong."""
    status, code, sentence = _words(exc)
    if scope["type"] == "websocket":
        return await send({"type": "websocket.close", "code": REFUSED if status < 500 else INTERNAL})
    kind, body = await asyncio.to_thread(_body, scope, status, code, sentence)
    headers: list[Header] = [
        (b"content-type", kind.encode()),
        (b"content-security-policy", OUR_CSP.encode()),
        (b"cache-control", b"no-store"),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
        *_come_back(exc),
        *shared(scope),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def too_many(door: Door) -> Overloaded:
    """Return the error for one request more than may be open."""
    sentence = f"Too many connections to the {door.kind.singular} {door.name} are open here. Try again soon."
    return Overloaded(sentence, service="proxy", status=503, reason="TooManyConnections", retry_after=1)


def _words(exc: BackendError | DomainError | APIException) -> tuple[int, str, str]:
    if isinstance(exc, APIException):
        return exc.status_code, str(exc.default_code), str(exc.detail)
    return *errors.word_of(exc), exc.message


def _come_back(exc: Exception) -> list[Header]:
    seconds = getattr(exc, "retry_after", None)
    return [(b"retry-after", b"%d" % max(1, ceil(seconds)))] if seconds else []


def _body(scope: Message, status: int, code: str, sentence: str) -> tuple[str, bytes]:
    if b"text/html" not in header(scope, b"accept"):
        return "application/json", json.dumps(errors.body(status, code, sentence, request=None)).encode()
    words = {"status": status, "title": "The port cannot be opened", "message": sentence}
    page = render_to_string("components/failed.html", words)
    return "text/html; charset=utf-8", page.encode()
