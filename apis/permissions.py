"""Whether the caller may do what a view does."""

from typing import TYPE_CHECKING, Any, cast

from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from orchestrator.services import access
from orchestrator.services.access import Caller

if TYPE_CHECKING:
    # The settings of REST framework name this module, so importing its views here would go in a circle.
    from rest_framework.views import APIView


class AuthenticationRequired(NotAuthenticated):
    """Nobody we know is calling."""

    default_code = "authentication_required"
    default_detail = "Sign in, or send an API key in the X-API-Key header."


class InsufficientScope(PermissionDenied):
    """We know the caller, who may not do this."""

    default_code = "insufficient_scope"


def needed_scope(view: Any, method: str | None, request: Request | None = None) -> str:
    """Return the scope a request needs.

    A view says so by `scope_for(request)`, by `scopes` (method → scope), or by its `area`, of which safe
    methods need `<area>:read` and others `<area>:write`. One that says nothing is for admins alone.
    """
    if request is not None and hasattr(view, "scope_for"):
        return str(view.scope_for(request))
    scopes: dict[str, str] = getattr(view, "scopes", {})
    if method in scopes:
        return scopes[method]
    area: str | None = getattr(view, "area", None)
    if area is None:
        return access.ADMIN
    return f"{area}:read" if method in access.SAFE_METHODS else f"{area}:write"


def require(caller: Caller | None, scope: str) -> Caller:
    """Return the caller if they have the scope.

    Raises `AuthenticationRequired` (401) if a credential could help, else `InsufficientScope` (403).
    """
    if caller is not None and caller.may(scope):
        return caller
    if caller is None or caller.anonymous:
        raise AuthenticationRequired
    raise InsufficientScope(f"This needs the scope {scope}, which {caller.name} does not have.")


class HasScope(BasePermission):
    """Lets callers pass who have the scope that the view needs."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        require(cast(Caller | None, request.auth), needed_scope(view, request.method, request))
        return True
