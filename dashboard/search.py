"""The search: objects that the caches hold, pages, contexts, namespaces."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from dashboard import cells
from dashboard.htmx import render_either
from dashboard.permissions import needs
from dashboard.shell import MAP, env_of, place_query
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import contexts, lists

MOST = 20
MOST_PLACES = 8
LONGEST = 253
PAGES = {Kind.PODS: "circle-dot", Kind.NODES: "server", Kind.NAMESPACES: "tags"}  # kinds that have a page


@dataclass(frozen=True, slots=True)
class Hit:
    """A line of the results."""

    label: str
    note: str
    href: str
    icon: str = ""
    env: str = ""
    badge: SafeString | str = ""


@require_safe
@needs("clusters:read")
def index(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:LONGEST]
    scope = contexts.scope(context=request.GET.get("context"), namespace=request.GET.get("namespace"))
    groups = [
        ("Best matches", list(_objects(scope, text))),
        ("Pages", list(_pages(scope, text))),
        ("Contexts", list(_contexts(text))),
        ("Namespaces", list(_namespaces(scope, text))),
    ]
    context = {"q": text, "scope": scope, "groups": [(name, hits) for name, hits in groups if hits]}
    return render_either(request, context, page="search/page.html", fragment="search/_hits.html")


def _objects(scope: contexts.Scope, text: str) -> Iterable[Hit]:
    if not text:
        return
    name = scope.context.name
    for hit in lists.search(scope, text, limit=MOST):
        if hit.kind in PAGES and hit.kind is not Kind.NAMESPACES:
            namespace = hit.row.namespace or None
            href = reverse(f"dashboard:{hit.kind}") + place_query(name, namespace, q=hit.row.name)
            place = f"{hit.kind.singular.capitalize()} · {name}" + (f" / {namespace}" if namespace else "")
            yield Hit(hit.row.name, place, href, PAGES[hit.kind], badge=cells.state_of(hit.row))


def _pages(scope: contexts.Scope, text: str) -> Iterable[Hit]:
    place = place_query(scope.context.name, scope.namespace)
    for _, areas in MAP:
        for name, label, icon, *_rest in areas:
            if text.lower() in label.lower():
                yield Hit(label, "Page", reverse(f"dashboard:{name}") + place, icon)


def _contexts(text: str) -> Iterable[Hit]:
    found = [each for each in contexts.every() if text.lower() in each.name.lower()]
    for each in found[:MOST_PLACES]:
        href = reverse("dashboard:overview") + place_query(each.name)
        yield Hit(each.name, "Context", href, env=env_of(each.name) or "other")


def _namespaces(scope: contexts.Scope, text: str) -> Iterable[Hit]:
    name = scope.context.name
    found = [each for each in contexts.namespaces(scope) if text and text.lower() in each]
    for each in found[:MOST_PLACES]:
        yield Hit(each, f"Namespace · {name}", reverse("dashboard:pods") + place_query(name, each), "tags")
