"""The one place where an error becomes a page or a toast."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template import loader
from django.utils.deprecation import MiddlewareMixin
from django_htmx.http import reswap, retarget

from dashboard.htmx import wants_fragment
from orchestrator.backends.errors import BackendError, Conflict, Forbidden, Invalid, NotFound
from orchestrator.errors import DomainError, InvalidInput, Missing, NotNow, Refused
from orchestrator.services.stacks.errors import Broken, Unavailable

STATUSES: dict[type[Exception], int] = {
    InvalidInput: 422,
    Missing: 404,
    Refused: 403,
    NotNow: 409,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    Unavailable: 503,
    Broken: 500,
}


@dataclass(frozen=True, slots=True)
class Words:
    """What people read on a page of an error: what happened, and what to do."""

    title: str
    message: str
    icon: str = "alert-triangle"


WORDS = {
    400: Words(
        "The request does not make sense", "Something in its address or its form is not as this page expects."
    ),
    403: Words("You may not see this page", "Your role does not include it. An admin can grant it.", "lock"),
    404: Words("There is no such page", "The address may be mistyped, or what it named is gone.", "search"),
    405: Words("This address takes no such request", "Open the page again and use its own buttons."),
    409: Words(
        "Not in the present state", "It changed meanwhile. Reload the page to see how it is now.", "refresh"
    ),
    413: Words("That is too much at once", "The form is larger than this server accepts."),
    422: Words("That value is not accepted", "Change it and try again.", "pencil"),
    429: Words("Too many requests", "Wait a minute and try again.", "clock"),
    500: Words(
        "This page could not be made", "The server failed on the way. Nothing was changed by opening it."
    ),
    503: Words(
        "No answer from the cluster", "Pages show what was true before. Reload to try again.", "cloud-off"
    ),
}


class ErrorMiddleware(MiddlewareMixin):
    """Explains errors of pages as pages: our own with their message, any other by its status."""

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or match.app_name != "dashboard":
            return None
        if not isinstance(exc, (DomainError, BackendError)):
            return None
        status = status_of(exc)
        return page(request, status=status, title=WORDS[status].title, message=sentence_of(exc))

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Replace the JSON that the rest of the server answers with."""
        if response.status_code < 400 or not _is_of_pages(request) or _is_html(response):
            return response
        words = WORDS.get(response.status_code, WORDS[500 if response.status_code >= 500 else 400])
        explained = page(request, status=response.status_code, title=words.title, message=words.message)
        if "Allow" in response.headers:  # RFC 9110, section 15.5.6
            explained["Allow"] = response.headers["Allow"]
        return explained


def status_of(exc: DomainError | BackendError) -> int:
    """Return the HTTP status of an error on a page; htmx is told to swap exactly these."""
    found = (status for kind, status in STATUSES.items() if isinstance(exc, kind))
    return next(found, 503 if isinstance(exc, BackendError) else 422)


def sentence_of(exc: DomainError | BackendError) -> str:
    """Return what went wrong for people; each broken rule names its field."""
    problems = exc.problems if isinstance(exc, DomainError) else ()
    return "; ".join(f"{each.path}: {each.message}" for each in problems) or exc.message


def page(request: HttpRequest, *, status: int, title: str, message: str) -> HttpResponse:
    """Return the page of an error, or the toast if htmx asked."""
    icon = WORDS[status].icon if status in WORDS else "alert-triangle"
    context = {
        "status": status,
        "title": title,
        "message": message,
        "icon": icon,
        "request_id": str(getattr(request, "id", "")),
    }
    if wants_fragment(request):
        toast = HttpResponse(loader.render_to_string("components/_toast.html", context), status=status)
        return reswap(retarget(toast, "#toasts"), "beforeend")
    if status >= 500 or not hasattr(request, "user"):
        # What just failed may be what the shell needs, such as the database.
        return HttpResponse(loader.render_to_string("components/failed.html", context), status=status)
    return render(request, "components/error.html", context, status=status)


def _is_of_pages(request: HttpRequest) -> bool:
    return request.path == "/dashboard" or request.path.startswith("/dashboard/")


def _is_html(response: HttpResponseBase) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html")
