"""What every answer has in common, whoever makes it: an id, a few headers, one way to write a URL."""

import re
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.decorators import sync_only_middleware
from django_structlog.signals import bind_extra_request_metadata

from apis.errors import answer, in_stacks
from orchestrator.services import access

GetResponse = Callable[[HttpRequest], HttpResponseBase]
REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class RequestMiddleware:
    """Names the request, and adds to the answer what every one has."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.id = self._name(request)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request.id  # type: ignore[attr-defined]
        response.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        for name, value in getattr(request, "limit_headers", {}).items():  # set by `apis.throttling`
            response[name] = value
        return response

    def _name(self, request: HttpRequest) -> str:
        """Return the caller's id of the request if it is harmless, else a new one; logs use the same."""
        # Not by `request.headers`, which is made once and would keep the caller's words for the logs.
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        name = given if REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
        request.META["HTTP_X_REQUEST_ID"] = name
        return name


class EarlyMiddleware:
    """Refuses what is too large, and redirects URLs that end in a slash, before anybody asks who calls.

    It stands after those that add headers, so that these answers carry them too.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return _wrong_length(request) or _without_slash(request) or self.get_response(request)


@receiver(bind_extra_request_metadata)
def name_the_peer(request: HttpRequest, **_signal: object) -> None:
    """Put the caller's address into the log lines of a request: the one we believe, not one they wrote."""
    structlog.contextvars.bind_contextvars(ip=access.peer_address(request))


@sync_only_middleware
def in_one_thread(get_response: GetResponse) -> GetResponse:
    """Keep the whole chain in one thread. It must be the last of the list.

    Django otherwise runs every middleware that could be async on the event loop and sends each of its
    hooks to a thread and back: a dozen hops where one is enough.
    """
    return get_response


def _wrong_length(request: HttpRequest) -> HttpResponse | None:
    text = request.META.get("CONTENT_LENGTH") or "0"
    if not text.isdecimal():
        return answer(400, "bad_request", "Content-Length is not a number.", request=request)
    if int(text[:20]) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE or in_stacks(request.path_info):
        return None  # In stacks the caller comes first: `apis.stack_area`.
    sentence = f"The body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes."
    response = answer(413, "payload_too_large", sentence, request=request)
    response["Connection"] = "close"  # The rest of the body need not be sent.
    return response


def _without_slash(request: HttpRequest) -> HttpResponse | None:
    """Return a redirect for a known path that was written with a slash at its end."""
    path = request.path_info
    bare = path.rstrip("/")
    if not path.endswith("/") or not bare or path.startswith(("/admin/", "//")) or _is_route(path):
        return None
    if not _is_route(bare):
        return None
    query = request.META.get("QUERY_STRING", "")
    response = HttpResponse(status=301 if request.method in ("GET", "HEAD") else 307)
    response["Location"] = bare + (f"?{query}" if query else "")
    return response


def _is_route(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
