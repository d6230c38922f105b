"""/proxy/stacks/<stack>/<port>/…: the address of a port that stays as long as its stack does.

A program sends its API key and goes straight through. A browser that is signed in, or has been here by a
link, is led on to a link, where a ticket stands in the path. So what a browser sends by itself never reaches
a pod, and neither another site nor the page of a stack can do anything with it.
"""

import re
from importlib import import_module
from io import BytesIO
from urllib.parse import unquote

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from django.utils.timezone import now

from apis.authentication import by_key, by_session
from apis.permissions import AuthenticationRequired
from apis.proxy_headers import header
from apis.proxy_ways import Elsewhere, Header, Message, Way, asked_again, checked, raw_path
from orchestrator.errors import DomainError, Missing
from orchestrator.services import access
from orchestrator.services.clusters.forwarding import Closed
from orchestrator.services.stacks import doors
from orchestrator.services.stacks.doors import Pass

ADDRESS = re.compile(rf"{doors.ROOT}/([^/]+)/([1-9]\d{{0,4}})(/.*)?", re.ASCII)
# As `signing.dumps` makes them: other paths of applications may begin with the mark as well.
TICKET = re.compile(rf"{doors.MARK}([\w.-]+:[\w-]+:[\w-]{{43}})", re.ASCII)
COOKIE = "stack_ticket"
NOWHERE = "There is no port here. Its address is /proxy/stacks/, a stack, / and a number."


async def by_stack(scope: Message) -> Way | Elsewhere:
    """Return where an address of a stack's port leads.

    Raises `Missing` if it is none, `Closed` for a link that ended, `AuthenticationRequired` and `InvalidKey`
    for somebody we do not know, `DomainError` for a path that goes up, and what `doors.welcome` raises.
    """
    found = ADDRESS.fullmatch(raw_path(scope))
    if found is None:
        raise Missing(NOWHERE)
    stack_id, port, rest = found[1], int(found[2]), found[3]
    if rest is None:
        return asked_again(scope, raw_path(scope) + "/")
    first, slash, behind = rest[1:].partition("/")
    ticket = TICKET.fullmatch(unquote(first))
    if ticket is None:
        door = Pass(stack_id=stack_id, port=port)
        way: Way | Elsewhere = await database_sync_to_async(_by_caller)(scope, door, rest)
        return way
    if not slash:
        return asked_again(scope, raw_path(scope) + "/")
    let = doors.read(ticket[1], stack_id=stack_id, port=port, at=now())
    way = await database_sync_to_async(_by_ticket)(scope, let, ticket[1], behind)
    return way


def _by_ticket(scope: Message, let: Pass, ticket: str, rest: str) -> Way:
    headers = [_cookie(let, ticket)] if _wants_page(scope) else []
    return _way(let, base=f"{let.path}/{doors.MARK}{ticket}", rest=rest, headers=headers)


def _by_caller(scope: Message, door: Pass, rest: str) -> Way | Elsewhere:
    """Return the way of who sends a key, or the link that others go on by."""
    request = _request(scope)
    caller = by_key(request)
    if caller is not None:
        let = doors.admitted(caller, door.stack_id, door.port)
        return _way(let, base=door.path, rest=rest[1:])
    ended: Closed | None = None
    if scope["type"] == "http" and request.method in access.SAFE_METHODS:
        try:
            link = _kept_link(request, door) or _new_link(request, door)
        except Closed as exc:
            ended, link = exc, _new_link(request, door)
        if link:
            return asked_again(scope, link + rest[1:])
    return _by_nobody(scope, request, door, rest, ended)


def _by_nobody(
    scope: Message, request: HttpRequest, door: Pass, rest: str, ended: Closed | None
) -> Way | Elsewhere:
    """Return the way where keys are switched off, else the page to sign in at."""
    anybody = access.anonymous_caller(request, area="stacks")
    if anybody is not None:
        if _wants_page(scope):
            link = doors.open_link(anybody, door.stack_id, door.port, at=now())
            return asked_again(scope, link.path + rest[1:])
        let = doors.admitted(anybody, door.stack_id, door.port)
        return _way(let, base=door.path, rest=rest[1:])
    if ended is not None:
        raise ended
    if not _wants_page(scope):
        raise AuthenticationRequired
    return Elsewhere(redirect_to_login(asked_again(scope, raw_path(scope)).location).url)


def _kept_link(request: HttpRequest, door: Pass) -> str:
    """Return the link that this browser came by before, "" without one; raise `Closed` if it has ended."""
    ticket = request.COOKIES.get(COOKIE, "")
    if not ticket:
        return ""
    doors.welcome(doors.read(ticket, stack_id=door.stack_id, port=door.port, at=now()), at=now())
    return f"{door.path}/{doors.MARK}{ticket}/"


def _new_link(request: HttpRequest, door: Pass) -> str:
    """Return a link for the user of a browser, "" if nobody is signed in."""
    sessions = import_module(settings.SESSION_ENGINE)
    request.session = sessions.SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    request.user = get_user(request)
    caller = by_session(request)
    return doors.open_link(caller, door.stack_id, door.port, at=now()).path if caller else ""


def _request(scope: Message) -> HttpRequest:
    """Return what is known of the caller as a request; its query is the pod's, and holds no key of ours.

    Raises `DomainError` for a host name that is not ours, by which a page elsewhere could come to be here.
    """
    request = ASGIRequest({"method": "GET", **scope, "query_string": b""}, BytesIO())
    try:
        request.get_host()
    except DisallowedHost as exc:
        raise DomainError("This server does not answer to that host name.") from exc
    return request


def _way(let: Pass, *, base: str, rest: str, headers: list[Header] | None = None) -> Way:
    path = checked(rest)
    cluster, door = doors.welcome(let, at=now())
    return Way(cluster, door, base, path, lambda: doors.welcome(let, at=now()), tuple(headers or ()))


def _wants_page(scope: Message) -> bool:
    return scope.get("method") == "GET" and b"text/html" in header(scope, b"accept")


def _cookie(let: Pass, ticket: str) -> Header:
    """Return the header that lets this browser come back to the address that stays."""
    left = int((let.expires_at - now()).total_seconds()) if let.expires_at else 0
    secure = "" if settings.LOCAL else "; Secure"
    value = f"{COOKIE}={ticket}; Path={let.path}/; Max-Age={left}; HttpOnly; SameSite=Lax{secure}"
    return b"set-cookie", value.encode()
