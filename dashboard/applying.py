"""The page on which many objects are applied at once, typed, pasted or out of a file."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dashboard import editing
from dashboard.links import BY_WORD, Links
from dashboard.permissions import caller_of, needs
from dashboard.shell import place_query
from orchestrator.backends.errors import BackendError
from orchestrator.errors import DomainError
from orchestrator.services.clusters import acting, applying, documents

GLYPHS = {
    applying.Action.CREATED: ("ok", "Created", "Will be created"),
    applying.Action.CHANGED: ("ok", "Changed", "Will be changed"),
    applying.Action.UNCHANGED: ("off", "As it was", "Stays as it is"),
    applying.Action.REFUSED: ("crit", "Refused", "Refused"),
    applying.Action.CONFLICT: ("warn", "Conflict", "Conflict"),
    applying.Action.UNTRIED: ("unk", "Not tried", "Waits for another"),
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(acting.WRITE)
def apply(request: HttpRequest) -> HttpResponse:
    """Show the form; POST checks the text, or applies it."""
    where = request.GET
    scope = acting.place(context=where.get("context"), namespace=where.get("namespace"))
    context: dict[str, Any] = {
        "scope": scope,
        "namespace": scope.namespace or scope.context.namespace or "default",
        "here": request.path + place_query(scope.context.name, scope.namespace),
    }
    if request.method != "POST":
        return render(request, "apply/page.html", context)
    dry_run = request.POST.get("act") != "apply"
    force = request.POST.get("force") == "1"
    try:
        context["text"] = text = _text(request)
        caller = caller_of(request)
        results = applying.apply(caller, scope, text, at=now(), dry_run=dry_run, force=force)
    except (BackendError, DomainError) as exc:
        return render(
            request, "apply/page.html", context | editing.refusal(exc), status=200 if dry_run else 422
        )
    context |= {
        "rows": [_row(each, Links(scope.context.name), dry_run=dry_run) for each in results],
        "tally": [
            (GLYPHS[action][0], GLYPHS[action][1 + dry_run], number)
            for action, number in applying.tally(results).items()
        ],
        "dry_run": dry_run,
        "force": force,
        "contested": any(each.conflicts for each in results),
        "good": sum(each.well for each in results),
    }
    return render(request, "apply/page.html", context)


def _row(result: applying.Result, links: Links, *, dry_run: bool) -> dict[str, Any]:
    document = result.destination.document
    glyph, done, planned = GLYPHS[result.action]
    kind = BY_WORD.get(document.kind)
    there = result.action is not applying.Action.UNTRIED and (
        result.well and not (dry_run and result.action is applying.Action.CREATED)
    )
    return {
        "result": result,
        "document": document,
        "glyph": glyph,
        "said": planned if dry_run else done,
        "href": links.to(kind, result.namespace or None, document.name) if kind and there else "",
    }


def _text(request: HttpRequest) -> str:
    """Return what is to be applied: the file if one was chosen, else the text."""
    upload = request.FILES.get("file")
    if upload is None:
        return request.POST.get("yaml", "").replace("\r\n", "\n")
    if upload.size and upload.size > documents.LONGEST:
        raise documents.problem(f"the file has more than {documents.LONGEST:,} bytes")
    try:
        return str(upload.read(), "utf-8-sig")
    except UnicodeDecodeError as exc:
        raise documents.problem("the file is not UTF-8 text") from exc
