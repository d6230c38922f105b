"""Who may open a page. Templates may hide, but they never protect."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from orchestrator.errors import Refused
from orchestrator.services import access

View = Callable[..., HttpResponse]


def needs(scope: str) -> Callable[[View], View]:
    """Refuse a page to users whose role does not include `scope`."""

    def protect(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            require(request, scope)
            return view(request, *args, **kwargs)

        return checked

    return protect


def require(request: HttpRequest, scope: str) -> None:
    """Raise `Refused`, which says which roles would do, unless the user's role includes `scope`."""
    role = access.role_of(cast(User, request.user))
    if scope in access.scopes_of(role):
        return
    enough = [name for name, scopes in access.ROLES.items() if scope in scopes]
    held = f"Your role is {role}" if role else "You have no role yet"
    raise Refused(f"{held}; this needs {' or '.join(enough)}. An admin can grant it.")


def may(request: HttpRequest, scope: str) -> bool:
    """Return True if the user's role includes `scope`, for templates that leave out what would be refused."""
    return scope in access.scopes_of(access.role_of(cast(User, request.user)))


def caller_of(request: HttpRequest) -> access.Caller:
    """Return the signed-in user as services and the audit know them."""
    return access.caller_of_user(cast(User, request.user), address=access.peer_address(request))
