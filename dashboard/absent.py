"""The page of an object that cannot be shown: gone, refused, or out of reach."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard import cells, errors
from dashboard.htmx import wants_fragment
from dashboard.kinds import PAGES
from dashboard.links import Links
from orchestrator.backends.cluster.objects import Event
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import BackendError
from orchestrator.errors import Missing
from orchestrator.services.clusters import contexts, states

LATEST = 6  # events


def page(
    request: HttpRequest, exc: Missing | BackendError, *, kind: Kind, scope: contexts.Scope, name: str
) -> HttpResponse:
    """Answer with why an object cannot be shown, and with what is known of it all the same."""
    status = errors.status_of(exc)
    links = Links(scope.context.name)
    cache = scope.cluster.running().get(kind)
    key = (scope.namespace or "", name)
    row = next((each for each in cache.peek() if each.key == key), None) if cache and status != 403 else None
    events = scope.cluster.running().get(Kind.EVENTS)
    told = [each for each in events.peek() if isinstance(each, Event)] if events and status != 403 else []
    about = [each for each in told if each.kind == kind.word and (each.namespace or "", each.name) == key]
    about.sort(key=lambda event: event.counts_at or "", reverse=True)
    context = {
        "page": PAGES[kind],
        "kind": kind,
        "name": name,
        "scope": scope,
        "status": status,
        "problem": errors.sentence_of(exc),
        "row": row,
        "pill": cells.state_of(row, "pill") if row is not None and states.of(row) else "",
        "here": request.get_full_path(),
        "list": links.listing(kind),
        "list_here": links.listing(kind, scope.namespace),
        "lines": [(event, cells.since(event.counts_at)) for event in about[:LATEST]],
    }
    fragment = wants_fragment(request)
    template = "objects/_trouble.html" if fragment else "objects/trouble.html"
    # htmx swaps the news that an object is gone only as an answer that went well.
    return render(request, template, context, status=200 if fragment else status)
