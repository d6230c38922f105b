"""What htmx needs of a server: fragments, 204 for what has not changed, a way out to the sign-in page."""

import hashlib
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render, resolve_url
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails


class HtmxRequest(HttpRequest):
    """A request after django-htmx's middleware; for annotations only."""

    htmx: HtmxDetails


def wants_fragment(request: HttpRequest) -> bool:
    """Return True if htmx asked for part of a page.

    Boosted links and the back button also come from htmx, but they need the whole page.
    """
    htmx = getattr(request, "htmx", None)  # Absent if an earlier middleware refused the request.
    return htmx is not None and bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render_either(
    request: HttpRequest,
    context: dict[str, Any],
    *,
    page: str,
    fragment: str,
    status: int = 200,
) -> HttpResponse:
    """Render the fragment for htmx and the page for everybody else, from the same context."""
    template = fragment if wants_fragment(request) else page
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def etag(*parts: object) -> str:
    """Return a word that changes with its parts; a panel carries it as `data-etag`."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=9).hexdigest()


def unchanged(request: HttpRequest, *, etag: str) -> HttpResponse | None:
    """Return 204 if the panel that asks shows this already.

    A 304 would do for a browser's cache, but htmx would swap what the cache holds all the same.
    """
    if not wants_fragment(request) or request.headers.get("If-None-Match") != etag:
        return None
    response = HttpResponse(status=204)
    patch_vary_headers(response, ["HX-Request"])
    return response


class SignInMiddleware(LoginRequiredMiddleware):
    """Every view needs a signed-in user unless it is marked `login_not_required`."""

    def handle_no_permission(  # type: ignore[override]  # The stubs know only plain redirects.
        self, request: HtmxRequest, view_func: Any
    ) -> HttpResponseBase:
        """Send htmx to the sign-in page as a whole: a plain redirect would land in the fragment."""
        if request.htmx:
            return HttpResponseClientRedirect(resolve_url(self.get_login_url(view_func)))
        return super().handle_no_permission(request, view_func)
