"""The map of a cluster: what hangs together, as a list that everybody can read and as data to draw."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from dashboard import map_lines, tables
from dashboard.clusters import trouble
from dashboard.htmx import etag, render_either, unchanged
from dashboard.kinds import PAGES
from dashboard.links import Links
from dashboard.permissions import needs
from orchestrator.backends.cluster.port import CacheState, Condition, Kind
from orchestrator.services.clusters import contexts, feed, topology
from orchestrator.services.clusters.topology import Topology

KNOWN = ("context", "namespace", "kinds", "q", "page")
WAIT_SECONDS = 0.3  # for caches that have just begun; the page follows them
MOST_DRAWN = 600  # nodes; more are no picture
# What the page says of itself, from bad to good.
CONDITIONS = (
    Condition.UNAUTHORIZED,
    Condition.UNREACHABLE,
    Condition.RECONNECTING,
    Condition.SYNCING,
    Condition.LIVE,
    Condition.FORBIDDEN,
)
GROUPED = {
    "": "",
    "workload": "the pods of each workload are one node",
    "app": "everything of an app is one node",
    "namespace": "each namespace is one node",
}


@dataclass(frozen=True, slots=True)
class Switch:
    """A kind that the map shows or leaves out."""

    kind: Kind
    title: str
    on: bool


@require_safe
@needs("clusters:read")
def index(request: HttpRequest) -> HttpResponse:
    """Answer with the map, its fragment, or 204 if the fragment is on the screen already."""
    address = tables.Address(request, known=KNOWN)
    scope = contexts.scope(context=address.get("context"), namespace=address.get("namespace"))
    address.query["context"] = scope.context.name
    kinds = _chosen(address.get("kinds"))
    known = topology.known(scope, wait_seconds=WAIT_SECONDS)
    caches = {kind: scope.cluster.cache(kind) for kind in topology.MAPPED}
    states = {kind: cache.state() for kind, cache in caches.items()}
    versions = [(cache.version, states[kind].condition) for kind, cache in caches.items()]
    tag = etag(sorted(address.query.items()), versions, known.unread)
    if answer := unchanged(request, etag=tag):
        return answer
    found = topology.build(known, namespace=scope.namespace, kinds=kinds, search=address.get("q"))
    state = worst(states.values())
    context = {
        "etag": tag,
        "topics": _topics(scope),
        "address": address,
        "query": address.query,
        "here": address.to(),
        "everywhere": address.to(namespace=None, page=None),
        "clear": address.to(q=None, kinds=None, page=None),
        "scope": scope,
        "state": state,
        # What `clusters/_trouble.html` says of the kind it stands for.
        "page": {"title": "Map", "many": "objects", "kind": "what a map shows"},
        "trouble": trouble(state, scope.namespace) if not known.rows else "",
        "switches": [Switch(kind, PAGES[kind].title, kind in kinds) for kind in topology.MAPPED],
        "refused": _titles(kind for kind in known.unread if _is_refused(states[kind], scope)),
        "unread": _titles(kind for kind in known.unread if not _is_refused(states[kind], scope)),
        **_shown(found, address, Links(scope.context.name)),
    }
    return render_either(request, context, page="map/page.html", fragment="map/_map.html")


def worst(states: Collection[CacheState]) -> CacheState:
    """Return the state that a page of several kinds must not hide; a refusal counts if all are refused."""
    return min(states, key=lambda state: (CONDITIONS.index(state.condition), state.since))


def _chosen(text: str) -> tuple[Kind, ...]:
    """Return the kinds that the address names, the usual ones if it names none."""
    asked = set(text.split(","))
    return tuple(kind for kind in topology.MAPPED if kind in asked) or topology.USUAL


def _topics(scope: contexts.Scope) -> str:
    places = ((kind, scope.namespace if kind.namespaced else None) for kind in topology.MAPPED)
    return " ".join(feed.topic(kind, context=scope.context.name, namespace=place) for kind, place in places)


def _is_refused(state: CacheState, scope: contexts.Scope) -> bool:
    return state.condition is Condition.FORBIDDEN or not state.covers(scope.namespace)


def _titles(kinds: Iterable[Kind]) -> str:
    return ", ".join(PAGES[kind].many for kind in kinds)


def _shown(found: Topology, address: tables.Address, links: Links) -> dict[str, Any]:
    lines = map_lines.lines(found, links, here=reverse("dashboard:map"))
    ordered = sorted(lines, key=lambda line: line.rank)
    offset = min(address.offset, max(0, (len(ordered) - 1) // tables.PAGE_SIZE * tables.PAGE_SIZE))
    address.query["page"] = str(offset // tables.PAGE_SIZE + 1)
    rows = ordered[offset : offset + tables.PAGE_SIZE]
    return {
        "lines": rows,
        "pager": tables.pager(address, total=len(ordered), shown=len(rows)),
        "sentence": _sentence(found, lines),
        "drawing": _drawing(found, lines) if len(lines) <= MOST_DRAWN else None,
        "many": len(lines),
        "most": MOST_DRAWN,
    }


def _drawing(found: Topology, lines: Sequence[map_lines.Line]) -> dict[str, Any]:
    """Return what `static/js/map.js` draws."""
    return {
        "nodes": [
            {
                "id": line.id,
                "kind": line.kind,
                "name": line.title,
                "note": line.note,
                "glyph": line.glyph,
                "href": line.href,
            }
            for line in lines
        ],
        "edges": [[edge.source, edge.target, edge.relation] for edge in found.edges],
    }


def _sentence(found: Topology, lines: Sequence[map_lines.Line]) -> str:
    """Return what the map says about itself in words."""
    bad = sum(line.glyph in ("crit", "warn") for line in lines)
    objects = f"{found.objects:,} object{'' if found.objects == 1 else 's'}"
    why = f", so many that {GROUPED[found.grouped_by]}" if found.grouped else ""
    need = f" {bad:,} need{'s' if bad == 1 else ''} attention." if bad else " None needs attention."
    return f"{objects}{why}.{need}" if lines else "Nothing is here."
