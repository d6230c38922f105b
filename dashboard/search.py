"""The search: objects that the caches hold, pages, contexts, namespaces."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from dashboard import cells, stack_cells
from dashboard.areas import MAP
from dashboard.htmx import render_either
from dashboard.kinds import AREA_OF, PAGES
from dashboard.links import Links
from dashboard.permissions import may, needs
from dashboard.shell import env_of, place_query
from orchestrator.backends.errors import BackendError
from orchestrator.services.clusters import connection, contexts, lists, served, states
from orchestrator.services.stacks import reads

MOST = 20
MOST_PLACES = 8
LONGEST = 253
KINDS_SECONDS = 0.2  # Which kinds there are is known for a minute; only then is the cluster asked.


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
        ("Stacks", list(_stacks(text)) if may(request, "stacks:read") else []),
        ("Pages", list(_pages(scope, text, writes=may(request, "clusters:write")))),
        ("Kinds", list(_kinds(scope, text))),
        ("Contexts", list(_contexts(text))),
        ("Namespaces", list(_namespaces(scope, text))),
    ]
    context = {"q": text, "scope": scope, "groups": [(name, hits) for name, hits in groups if hits]}
    return render_either(request, context, page="search/page.html", fragment="search/_hits.html")


def _objects(scope: contexts.Scope, text: str) -> Iterable[Hit]:
    if not text:
        return
    name = scope.context.name
    links = Links(name)
    for hit in lists.search(scope, text, limit=MOST):
        page, namespace = PAGES[hit.kind], hit.row.namespace or ""
        place = f"{page.one.capitalize()} · {name}" + (f" / {namespace}" if namespace else "")
        href = links.to(hit.kind, namespace, hit.row.name)
        badge = cells.state_of(hit.row) if states.of(hit.row) else ""
        yield Hit(hit.row.name, place, href, page.icon, badge=badge)


def _stacks(text: str) -> Iterable[Hit]:
    if not text:
        return
    for view in reads.page(reads.Query(search=text, limit=MOST_PLACES), at=now()).views:
        note = f"Stack · {view.context} / {view.namespace}"
        yield Hit(
            view.stack_id, note, stack_cells.path(view.stack_id), "stack-2", badge=stack_cells.badge(view)
        )


def _pages(scope: contexts.Scope, text: str, *, writes: bool) -> Iterable[Hit]:
    place = place_query(scope.context.name, scope.namespace)
    areas = [(name, label, icon) for _, areas in MAP for name, label, icon, *_rest in areas]
    kinds = [(str(page.kind), page.title, page.icon) for page in PAGES.values() if page.kind in AREA_OF]
    acts = [("apply", "Apply YAML", "file-text")] if writes else []
    for name, label, icon in areas + acts + (kinds if text else []):
        if text.lower() in label.lower():
            yield Hit(label, "Page", reverse(f"dashboard:{name}") + place, icon)


def _kinds(scope: contexts.Scope, text: str) -> Iterable[Hit]:
    """Return the kinds that are called so; none if the cluster does not tell at once."""
    if not text:
        return
    try:
        found = connection.within(KINDS_SECONDS, lambda: served.kinds(scope, search=text))
    except BackendError:
        return
    links = Links(scope.context.name)
    for each in found[:MOST_PLACES]:
        own = served.own_page(each)
        href = links.listing(own, scope.namespace) if own else links.served(each.id, scope.namespace)
        yield Hit(each.kind, each.id, href, PAGES[own].icon if own else "box")


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
