"""The overview: what needs somebody now, and how fresh every number is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from dashboard import cells, usage
from dashboard.htmx import etag, render_either, unchanged
from dashboard.kinds import PAGES
from dashboard.links import BY_WORD, Links
from dashboard.permissions import may, needs
from dashboard.shell import env_of, place_query
from dashboard.templatetags import ui
from orchestrator.backends.cluster.objects import Event
from orchestrator.backends.cluster.port import CacheState, Condition, Kind
from orchestrator.services import activity
from orchestrator.services.clusters import contexts, feed, lists
from orchestrator.services.clusters import usage as services
from orchestrator.services.clusters.findings import Finding, broken_nodes, broken_pods, counted
from orchestrator.services.stacks import place, reads, removal, totals

WAIT_SECONDS = 0.3
MOST_BROKEN = 500  # pods looked at for the findings
MOST_FINDINGS = 8
LATEST = 8
SOON = timedelta(minutes=15)
KINDS = (Kind.PODS, Kind.NODES, Kind.NAMESPACES, Kind.EVENTS)
WORST_FIRST = (
    Condition.UNAUTHORIZED,
    Condition.UNREACHABLE,
    Condition.RECONNECTING,
    Condition.SYNCING,
    Condition.LIVE,
    Condition.FORBIDDEN,  # is about one kind, and says nothing about the source
)
UNREAD = {
    Condition.FORBIDDEN: "may not be read",
    Condition.UNAUTHORIZED: "refuses the credentials",
    Condition.UNREACHABLE: "does not answer",
    Condition.RECONNECTING: "does not answer",
}


@dataclass(frozen=True, slots=True)
class Lead:
    """A finding with the way to what it is about."""

    finding: Finding
    href: str
    action: str


@dataclass(frozen=True, slots=True)
class Source:
    """A context with the state of its caches; None if nobody uses it now."""

    name: str
    env: str
    href: str
    holds: str
    state: CacheState | None


@dataclass(frozen=True, slots=True)
class Tile:
    """A number of the first line."""

    label: str
    icon: str
    href: str
    value: int | None
    glyph: str
    said: str
    more: str = ""


@require_safe
@needs("clusters:read")
def index(request: HttpRequest) -> HttpResponse:
    scope = contexts.scope(context=request.GET.get("context"), namespace=request.GET.get("namespace"))
    found = _read(scope)
    latest = activity.recent(size=LATEST).lines
    sources = list(_sources())
    versions = [(each.version, each.state.condition, each.state.since) for each in found.values()]
    newest = latest[0].entry.pk if latest else 0
    conditions = [(each.name, each.holds, each.state and each.state.condition) for each in sources]
    tag = etag(request.GET.urlencode(), versions, newest, conditions)
    stacks = list(_stacks_tile(request, scope))
    findings = _findings(scope, found)
    place = place_query(scope.context.name, scope.namespace)
    use = usage.measured(Kind.NODES, scope)
    capacity = list(usage.capacity(scope, use))
    tag = etag(tag, usage.version(use), capacity, stacks)
    context: dict[str, Any] = {
        "etag": tag,
        "here": request.path + place,
        "place": place,
        "writes": may(request, "clusters:write"),
        "scope": scope,
        "topics": _topics(scope),
        "tiles": [*_tiles(found, place), *stacks],
        "leads": [_lead(each, scope) for each in findings[:MOST_FINDINGS]],
        "left_out": max(0, len(findings) - MOST_FINDINGS),
        "headline": _headline(findings, scope, found),
        "sources": sources,
        "lines": latest,
        "warnings": list(_warnings(scope, found[Kind.EVENTS])),
        "state": found[Kind.PODS].state,
        "events_state": found[Kind.EVENTS].state,
        "use": use,
        "used": capacity,
        "checked": sum(each.everything for each in found.values()),
    }
    return unchanged(request, etag=tag) or render_either(
        request, context, page="overview/page.html", fragment="overview/_overview.html"
    )


def worst(states_of_caches: Sequence[CacheState]) -> CacheState | None:
    """Return the state that says most about a source: the worst one, and of equal ones the freshest."""
    if not states_of_caches:
        return None
    first = min(states_of_caches, key=lambda state: WORST_FIRST.index(state.condition))
    same = [state for state in states_of_caches if state.condition is first.condition]
    return max(same, key=lambda state: state.heard_at or state.since)


def _read(scope: contexts.Scope) -> dict[Kind, lists.Listing]:
    everywhere = replace(scope, namespace=None)
    return {
        Kind.PODS: lists.listing(
            Kind.PODS, scope, lists.Query(sort="state", limit=MOST_BROKEN), wait_seconds=WAIT_SECONDS
        ),
        Kind.NODES: lists.listing(
            Kind.NODES, everywhere, lists.Query(sort="state", limit=MOST_BROKEN), wait_seconds=WAIT_SECONDS
        ),
        Kind.NAMESPACES: lists.listing(Kind.NAMESPACES, everywhere, lists.Query(limit=1), wait_seconds=0),
        Kind.EVENTS: lists.listing(
            Kind.EVENTS, scope, lists.Query(state="Warning", limit=LATEST), wait_seconds=0
        ),
    }


def _topics(scope: contexts.Scope) -> str:
    context = scope.context.name
    namespaces = {kind: scope.namespace if kind.namespaced else None for kind in KINDS}
    topics = [feed.topic(kind, context=context, namespace=place) for kind, place in namespaces.items()]
    return " ".join([*topics, activity.TOPIC, services.topic(scope), removal.TOPIC])


def _findings(scope: contexts.Scope, found: dict[Kind, lists.Listing]) -> list[Finding]:
    context = scope.context.name
    findings = broken_nodes(found[Kind.NODES].rows, context=context)
    findings += broken_pods(found[Kind.PODS].rows, context=context)
    return sorted(findings, key=lambda finding: finding.level != "crit")


def _warnings(
    scope: contexts.Scope, found: lists.Listing
) -> Iterable[tuple[SafeString, Event, SafeString | str]]:
    """Return each warning with its time and the name of what it is about, linked where that has a page."""
    links = Links(scope.context.name)
    for row in found.rows:
        if isinstance(row, Event):
            kind = BY_WORD.get(row.kind)
            yield cells.since(row.counts_at), row, links.name(kind, row) if kind else row.name


def _lead(finding: Finding, scope: contexts.Scope) -> Lead:
    links, word = Links(scope.context.name), PAGES[finding.kind].one
    if finding.only:
        return Lead(finding, links.to(finding.kind, finding.namespace, finding.only), f"Open {word}")
    href = links.listing(finding.kind, finding.namespace, q=finding.search, state=finding.state)
    return Lead(finding, href, f"See {word}s")


def _headline(
    findings: list[Finding], scope: contexts.Scope, found: dict[Kind, lists.Listing]
) -> tuple[str, str]:
    """Return the title and the sentence below it."""
    name = scope.context.name
    place = f"{name} / {scope.namespace}" if scope.namespace else name
    state = found[Kind.PODS].state
    if not state.synced and not found[Kind.PODS].everything:
        return f"{name} {UNREAD.get(state.condition, 'is being read')}", ui.sentence(state.problem)
    broken = sum(finding.level == "crit" for finding in findings)
    if broken:
        things = "thing is" if broken == 1 else "things are"
        return f"{_number(broken)} {things} broken in {place}", "Each is below, with the way to it."
    if findings:
        looks = (
            "one below deserves" if len(findings) == 1 else f"{_number(len(findings)).lower()} below deserve"
        )
        return f"Nothing is broken in {place}", f"{looks[0].upper()}{looks[1:]} a look."
    nodes = "every node is ready" if found[Kind.NODES].state.synced else "nodes cannot be read"
    return f"Nothing needs you in {place}", f"No pod fails, and {nodes}."


def _number(value: int) -> str:
    words = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
    return words[value] if value < len(words) else str(value)


def _tiles(found: dict[Kind, lists.Listing], place: str) -> Iterable[Tile]:
    pods, nodes = found[Kind.PODS], found[Kind.NODES]
    spaces, events = found[Kind.NAMESPACES], found[Kind.EVENTS]
    failing, starting = pods.counts.get("failing", 0), pods.counts.get("starting", 0)
    more = f"{starting:,} starting" if starting else ""
    down = nodes.counts.get("notready", 0)
    ending = spaces.counts.get("terminating", 0)
    warnings = events.counts.get("Warning", 0)
    yield _tile(
        Kind.PODS, "Pods", "circle-dot", place, pods, bad=failing, words=("failing", "all well"), more=more
    )
    yield _tile(Kind.NODES, "Nodes", "server", place, nodes, bad=down, words=("not ready", "all ready"))
    yield _tile(
        Kind.NAMESPACES,
        "Namespaces",
        "tags",
        place,
        spaces,
        bad=ending,
        words=("terminating", "all active"),
        level="prog",
    )
    yield _tile(
        Kind.EVENTS,
        "Warning events, 24 h",
        "bell",
        place,
        replace(events, everything=warnings),
        bad=warnings,
        words=("to look at", "none"),
        level="warn",
    )


def _tile(
    kind: Kind,
    label: str,
    icon: str,
    place: str,
    found: lists.Listing,
    *,
    bad: int,
    words: tuple[str, str],
    more: str = "",
    level: str = "crit",
) -> Tile:
    href = reverse(f"dashboard:{kind}") + place
    if not found.state.synced and not found.everything:
        word = "not permitted" if found.state.condition is Condition.FORBIDDEN else "not read yet"
        return Tile(label, icon, href, None, "unk", word)
    glyph, said = (level, f"{bad:,} {words[0]}") if bad else ("ok", words[1])
    return Tile(label, icon, href, found.everything, glyph, said, more)


def _stacks_tile(request: HttpRequest, scope: contexts.Scope) -> Iterable[Tile]:
    """Return how many stacks there are, on the page of the cluster that they live in."""
    if not may(request, "stacks:read") or place.name() != scope.context.name:
        return
    at = now()
    counts = reads.page(reads.Query(limit=1), at=at).counts
    bad = counts.get("failed", 0) + counts.get("node_deleted", 0)
    glyph, said = ("crit", f"{bad:,} failed") if bad else ("ok", "all well")
    soon = totals.ending(SOON, at=at)
    more = f"{soon:,} stop within 15 min" if soon else ""
    yield Tile("Stacks", "stack-2", reverse("dashboard:stacks"), sum(counts.values()), glyph, said, more)


def _sources() -> Iterable[Source]:
    caches = contexts.caches()
    for each in contexts.every():
        mine = [(kind, state, size) for context, kind, state, size in caches if context.name == each.name]
        sizes = {kind: size for kind, state, size in mine if state.synced}
        holds = " · ".join(
            counted(sizes[kind], kind.singular) for kind in (Kind.NODES, Kind.PODS) if kind in sizes
        )
        state = worst([state for _, state, _ in mine])
        yield Source(
            each.name, env_of(each.name), reverse("dashboard:overview") + place_query(each.name), holds, state
        )
