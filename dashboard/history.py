"""The revisions of a workload, and what a way back to one would change."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard import acts, cells, deeds
from dashboard.links import Links
from orchestrator.backends.errors import BackendError
from orchestrator.errors import DomainError
from orchestrator.services.clusters import revisions, workloads
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.objects import Found

KINDS = workloads.RESTARTABLE


def show(
    request: HttpRequest, scope: Scope, found: Found, links: Links, *, head: dict[str, Any]
) -> HttpResponse:
    """Return the page of the tab; `head` is what every tab of an object shows."""
    context = {**head, **page(request, scope, found, links)}
    return render(request, "objects/history.html", context)


def page(request: HttpRequest, scope: Scope, found: Found, links: Links) -> dict[str, Any]:
    """Return what the tab shows: every revision, and how the chosen one differs from the present.

    Raises `Http404` for a kind without revisions; what keeps them away is part of what is shown.
    """
    if found.kind not in KINDS:
        raise Http404
    try:
        known = revisions.revisions(found.kind, scope, found.row.name)
        chosen = _chosen(request, known)
        hunks = _hunks(scope, found, chosen)
    except (BackendError, DomainError) as exc:
        return {"trouble": exc.message}
    deed = deeds.of(found.kind, "undo")
    assert deed is not None
    undo = acts.address(links, found.kind, found.row.namespace, found.row.name, deed)
    here = links.to(found.kind, found.row.namespace or None, found.row.name, tab="history")
    rows = [
        (
            each,
            f"{here}&revision={each.revision}",
            f"{undo}&revision={each.revision}",
            cells.since(each.created_at),
        )
        for each in known
    ]
    return {"revisions": rows, "chosen": chosen, "hunks": hunks}


def _chosen(request: HttpRequest, known: list[revisions.Revision]) -> revisions.Revision | None:
    """Return the revision that the address names, else the one before the present."""
    asked = request.GET.get("revision", "")
    named = (each for each in known if str(each.revision) == asked)
    before = (each for each in known if not each.current)
    return next(named, None) or next(before, None)


def _hunks(scope: Scope, found: Found, chosen: revisions.Revision | None) -> Any:
    if chosen is None or chosen.current:
        return []
    return revisions.difference(found.kind, scope, found.row.name, revision=chosen.revision)
