"""Who is calling: an API key, else a signed-in browser, else somebody where an area is open."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from apis.permissions import needed_scope, require
from orchestrator import connections
from orchestrator.services import access
from orchestrator.services.access import Caller

HEADER = "X-API-Key"
PARAMETER = "api_key"
BEARER = "Bearer"
P = ParamSpec("P")
T = TypeVar("T")
Known = tuple[User | AnonymousUser, Caller]

logger = structlog.get_logger(__name__)


class InvalidKey(AuthenticationFailed):
    """The key that was sent is wrong, expired or revoked."""

    default_code = "invalid_api_key"
    default_detail = "The API key is not known, or no longer good."


class CSRFFailed(PermissionDenied):
    """A browser's cookie came without the token that shows that a page of ours sent it."""

    default_code = "csrf_failed"
    default_detail = "The CSRF token is missing or wrong. Reload the page."


def key_in(request: HttpRequest | Request) -> str | None:
    """Return the first key that is not blank: of `X-API-Key`, `Authorization: Bearer`, `?api_key=`."""
    scheme, _, rest = request.headers.get("Authorization", "").strip().partition(" ")
    bearer = rest if scheme.lower() == BEARER.lower() else ""
    candidates = [request.headers.get(HEADER, ""), bearer, *request.GET.getlist(PARAMETER)]
    return next((key.strip() for key in candidates if key.strip()), None)


def by_key(request: HttpRequest) -> Caller | None:
    """Return whom the key in a request speaks for, None without one; raises `InvalidKey`."""
    key = key_in(request)
    if key is None:
        return None
    address = access.peer_address(request)
    caller = access.caller_of_key(key, at=now(), address=address)
    if caller is None:
        logger.warning("wrong_api_key", address=address)
        raise InvalidKey
    return caller


def by_session(request: HttpRequest) -> Caller | None:
    """Return the signed-in user of a browser, None without one; raises `CSRFFailed`."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or not user.is_active:
        return None
    _check_csrf(request)
    return access.caller_of_user(user, address=access.peer_address(request))


def known(request: HttpRequest, *, scope: str | None = None) -> Caller:
    """Return who calls a plain view: anybody with `scope`, or without one anybody we know.

    Raises what API views raise: `InvalidKey`, `CSRFFailed`, `AuthenticationRequired`, `InsufficientScope`.
    """
    area = scope.partition(":")[0] if scope else "clusters"
    caller = by_key(request) or by_session(request) or access.anonymous_caller(request, area=area)
    if caller is not None and scope is None:
        return caller
    return require(caller, scope or access.ADMIN)


async def caller(request: HttpRequest, *, scope: str | None = None) -> Caller:
    """Return who calls an async view, which REST framework does not serve; see `known`."""
    return await in_thread(known, request, scope=scope)


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what a function finds in the database, and give its connection back.

    A stream would otherwise keep one of the pool for as long as it is open.
    """

    def call() -> T:
        try:
            return function(*args, **kwargs)
        finally:
            connections.give_back()

    return await sync_to_async(call)()


class KeyAuthentication(BaseAuthentication):
    """Knows callers by their API key. A wrong key is refused whatever else would let the caller in."""

    def authenticate(self, request: Request) -> Known | None:
        return _known(by_key(request._request))

    def authenticate_header(self, request: Request) -> str:
        # Without this header the answer would be 403 where 401 is meant.
        return BEARER


class BrowserAuthentication(BaseAuthentication):
    """Knows browsers by their session; changes need the CSRF token."""

    def authenticate(self, request: Request) -> Known | None:
        return _known(by_session(request._request))


class LocalAuthentication(BaseAuthentication):
    """Lets callers without a credential into the areas that are open to them."""

    def authenticate(self, request: Request) -> Known | None:
        view = request.parser_context["view"]
        area = needed_scope(view, request.method, request).partition(":")[0]
        origins = getattr(view, "own_origins", ())
        return _known(access.anonymous_caller(request._request, area=area, origins=origins))


def _known(caller: Caller | None) -> Known | None:
    return (caller.user or AnonymousUser(), caller) if caller else None


def _no_view(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def _check_csrf(request: HttpRequest) -> None:
    check = CSRFCheck(_no_view)
    check.process_request(request)
    reason = check.process_view(request, _no_view, (), {})
    if reason:
        logger.warning("csrf_failed", reason=str(reason))
        raise CSRFFailed


class KeyScheme(OpenApiAuthenticationExtension):
    """Describes the three ways to send a key in the OpenAPI document."""

    target_class = KeyAuthentication
    name = ["apiKeyHeader", "apiKeyBearer", "apiKeyQuery"]

    def get_security_requirement(self, auto_schema: object) -> list[dict[str, list[Any]]]:
        return [{name: []} for name in self.name]  # Any one of them is enough.

    def get_security_definition(self, auto_schema: object) -> list[dict[str, Any]]:
        return [
            {"type": "apiKey", "in": "header", "name": HEADER},
            {"type": "http", "scheme": "bearer"},
            {"type": "apiKey", "in": "query", "name": PARAMETER},
        ]


class BrowserScheme(OpenApiAuthenticationExtension):
    """Describes the cookie of a signed-in browser."""

    target_class = BrowserAuthentication
    name = "cookie"

    def get_security_definition(self, auto_schema: object) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


class LocalScheme(OpenApiAuthenticationExtension):
    """Says that no credential is needed where an area is open."""

    target_class = LocalAuthentication
    name: list[str] = []

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        area = needed_scope(auto_schema.view, auto_schema.method).partition(":")[0]
        return [{}] if area in access.OPEN_LOCALLY else []

    def get_security_definition(self, auto_schema: object) -> list[dict[str, Any]]:
        return []
