"""The page of one object: what it is, why it is so, what it belongs to, its events, its YAML."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from csp.decorators import csp_update
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from dashboard import (
    absent,
    acts,
    cells,
    columns,
    facts,
    history,
    metrics,
    parts,
    strips,
    tables,
    terminal,
    usage,
)
from dashboard import surroundings as around
from dashboard.htmx import etag, render_either, unchanged, wants_fragment
from dashboard.kinds import PAGES
from dashboard.links import NOWHERE, Links
from dashboard.permissions import may, needs
from orchestrator.backends.cluster.objects import Event, Pod
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import BackendError
from orchestrator.errors import Missing
from orchestrator.services.clusters import (
    contexts,
    drains,
    feed,
    forwarding,
    objects,
    ports,
    reasons,
    related,
    states,
    workload_logs,
    yaml,
)
from orchestrator.services.clusters import usage as services

WAIT_SECONDS = 0.3  # for caches that have just begun; the page follows them
MOST_EVENTS = 200
LATEST = 6  # events beside the summary
MOST_PODS = 50


@dataclass(frozen=True, slots=True)
class Tab:
    """A view of the same object."""

    label: str
    href: str
    current: bool
    count: int = 0
    bad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An object and the caches around it, as one request found them."""

    kind: Kind
    scope: contexts.Scope
    found: objects.Found
    rows: related.Known
    pods: list[Pod]
    events: list[Event]
    links: Links
    writes: bool = False  # may who looks at it

    @property
    def href(self) -> str:
        return self.tab("")

    def tab(self, name: str) -> str:
        return self.links.to(self.kind, self.found.row.namespace or None, self.found.row.name, tab=name)


View = Callable[[HttpRequest, Opened], HttpResponse]


def opening(show: View) -> Callable[..., HttpResponse]:
    """Return a view that opens an object and shows it, or explains why it cannot."""

    @require_safe
    @needs("clusters:read")
    def view(request: HttpRequest, kind: Kind, namespace: str, name: str) -> HttpResponse:
        if kind.namespaced is (namespace == NOWHERE):
            raise Http404
        place = namespace if kind.namespaced else None
        scope = contexts.scope(context=request.GET.get("context"), namespace=place)
        try:
            found = objects.read(kind, scope, name)
        except (Missing, BackendError) as exc:
            if wants_fragment(request) and not isinstance(exc, Missing):
                raise  # What the page shows stays, and its chip says that it grows old.
            return absent.page(request, exc, kind=kind, scope=scope, name=name)
        opened = gathered(kind, scope, found)
        return show(request, replace(opened, writes=may(request, terminal.SCOPE)))

    return view


def gathered(kind: Kind, scope: contexts.Scope, found: objects.Found) -> Opened:
    wanted = (*related.NEEDED.get(kind, ()), Kind.EVENTS)
    # The events of what has no namespace lie in some namespace.
    rows = related.known(wanted, scope, wait_seconds=WAIT_SECONDS)
    pods = related.pods(found, rows)
    makes = kind not in (Kind.PODS, Kind.NODES, Kind.SERVICES)
    events = related.events(found, rows.of(Kind.EVENTS), pods=pods if makes else ())
    return Opened(
        kind=kind,
        scope=scope,
        found=found,
        rows=rows,
        pods=sorted(pods, key=states.urgency),
        events=events,
        links=Links(scope.context.name),
    )


def _overview(request: HttpRequest, opened: Opened) -> HttpResponse:
    found, links = opened.found, opened.links
    owners = related.owners(found, opened.rows)
    groups = related.groups(found, opened.rows)
    counts = list(around.counts(opened.scope, found.row.name)) if opened.kind is Kind.NAMESPACES else []
    use = usage.on_page(opened.kind, found.row, opened.pods, opened.scope, parts.containers(found))
    strip = strips.of(found, opened.scope, opened.pods, at=now())
    drain = strips.drain(opened.kind, opened.scope, found.row.name, at=now())
    shown = (opened.pods, opened.events, groups, opened.rows.unread, counts, strip, drain, use["version"])
    tag = etag(opened.href, found.manifest, drain and drain.progress.row.changed_at, *shown)
    known = "node" if opened.kind is Kind.NODES else "namespace"  # says the page already
    pod_columns = [each for each in columns.pods(links) if each.shown and each.key != known]
    context = {
        **head(opened, tab=""),
        "etag": tag,
        "strip": strip,
        "drain": drain,
        "topics": _topics(opened, counted=bool(counts)),
        "reasons": reasons.of(found),
        "facts": facts.of(found, links, owners=owners),
        **use,
        "conditions": parts.conditions(found),
        "keys": parts.keys(found),
        "tables": parts.tables(found, links),
        "counts": counts,
        "chain": around.chain(found, links, owners=owners, groups=groups),
        "groups": around.lines(links, groups),
        "headings": [(each.title, each.css) for each in pod_columns],
        "pods": tables.cells(pod_columns, opened.pods[:MOST_PODS]),
        "all_pods": len(opened.pods),
        "all_events": opened.tab("events"),
        "latest": _lines(opened.events[:LATEST]),
        "unread": [PAGES[kind].many for kind in opened.rows.unread],
    }
    return unchanged(request, etag=tag) or render_either(
        request, context, page="objects/page.html", fragment="objects/_overview.html"
    )


def _events(request: HttpRequest, opened: Opened) -> HttpResponse:
    tag = etag(opened.href, opened.events, opened.found.row, opened.rows.unread)
    context = {
        **head(opened, tab="events"),
        "etag": tag,
        "topics": _topics(opened),
        "lines": _lines(opened.events[:MOST_EVENTS]),
        "unread": Kind.EVENTS in opened.rows.unread,
    }
    return unchanged(request, etag=tag) or render_either(
        request, context, page="objects/events.html", fragment="objects/_events.html"
    )


def _yaml(request: HttpRequest, opened: Opened) -> HttpResponse:
    text = yaml.text(opened.found.manifest)
    shown = {"yaml": text, "lines": text.count("\n"), "edit": opened.writes and opened.tab("edit")}
    return render(request, "objects/yaml.html", {**head(opened, tab="yaml"), **shown})


def _ports(request: HttpRequest, opened: Opened) -> HttpResponse:
    context = {
        **head(opened, tab="ports"),
        "ports": ports.of(opened.kind, opened.found.manifest),
        "open": opened.tab("ports/open"),
        "writes": opened.writes,
    }
    return render(request, "objects/ports.html", context)


def _metrics(request: HttpRequest, opened: Opened) -> HttpResponse:
    if opened.kind not in usage.METERED:
        raise Http404
    shown = metrics.of(opened.kind, opened.found.row, opened.pods, opened.scope)
    tag = etag(opened.href, opened.found.row, shown["version"], len(opened.pods))
    context = {**head(opened, tab="metrics"), "etag": tag, "topics": _topics(opened), **shown}
    return unchanged(request, etag=tag) or render_either(
        request, context, page="objects/metrics.html", fragment="objects/_metrics.html"
    )


def _terminal(request: HttpRequest, opened: Opened) -> HttpResponse:
    shown = terminal.page(request, opened.scope, opened.found.manifest, here=opened.tab("terminal"))
    response = render(request, "objects/terminal.html", {**head(opened, tab="terminal"), **shown})
    response["Cache-Control"] = "no-store"  # The nonce in it is for once.
    return response


overview, events_of, yaml_of = opening(_overview), opening(_events), opening(_yaml)
history_of = opening(
    lambda request, opened: history.show(
        request, opened.scope, opened.found, opened.links, head=head(opened, tab="history")
    )
)
metrics_of = opening(_metrics)
terminal_of = csp_update(terminal.POLICY)(needs(terminal.SCOPE)(opening(_terminal)))
ports_of = opening(_ports)


def head(opened: Opened, *, tab: str) -> dict[str, Any]:
    """Return what every tab of an object shows."""
    found = opened.found
    return {
        "page": PAGES[opened.kind],
        "kind": opened.kind,
        "row": found.row,
        "name": found.row.name,
        "scope": opened.scope,
        "state": opened.scope.cluster.cache(opened.kind).state(),
        "read_at": now(),
        "here": opened.tab(tab),
        "list": opened.links.listing(opened.kind),
        "list_here": opened.links.listing(opened.kind, found.row.namespace or None),
        "pill": cells.state_of(found.row, "pill") if states.of(found.row) else "",
        "born": cells.since(found.row.created_at),
        "ends": found.manifest["metadata"].get("deletionTimestamp"),
        "buttons": acts.buttons(found, opened.links) if opened.writes else [],
        "terminal": terminal.way(opened.found, href=opened.tab("terminal"))
        if opened.writes and tab != "terminal"
        else None,
        "tabs": list(_tabs(opened, tab=tab)),
    }


def _tabs(opened: Opened, *, tab: str) -> Iterable[Tab]:
    bad = any(event.type == "Warning" for event in opened.events)
    yield Tab("Overview", opened.href, tab == "")
    if opened.kind is Kind.PODS:
        logs = opened.links.logs(opened.scope.namespace or "", opened.found.row.name)
        if logs:
            yield Tab("Logs", logs, tab == "logs")
        if opened.writes:
            yield Tab("Terminal", opened.tab("terminal"), tab == "terminal")
    if opened.kind in workload_logs.KINDS:
        yield Tab("Logs", opened.tab("logs"), tab == "logs")
    if opened.kind in forwarding.KINDS:
        yield Tab("Ports", opened.tab("ports"), tab == "ports")
    yield Tab("Events", opened.tab("events"), tab == "events", len(opened.events), bad)
    if opened.kind in usage.METERED:
        yield Tab("Metrics", opened.tab("metrics"), tab == "metrics")
    yield Tab("YAML", opened.tab("yaml"), tab == "yaml")
    if opened.kind in history.KINDS:
        yield Tab("History", opened.tab("history"), tab == "history")


def _topics(opened: Opened, *, counted: bool = False) -> str:
    """Return what the page follows: the kinds that it shows, where it shows them."""
    kinds = {
        opened.kind,
        Kind.EVENTS,
        *related.NEEDED.get(opened.kind, ()),
        *(around.COUNTED if counted else ()),
    }
    name = opened.found.row.name
    place = name if opened.kind is Kind.NAMESPACES else opened.scope.namespace
    topics = {_topic(kind, opened.scope, place) for kind in kinds}
    if opened.kind is Kind.NODES:
        topics.add(drains.topic(context=opened.scope.context.name, node=name))
    if opened.kind in usage.METERED:
        topics.add(services.topic(opened.scope))
    return " ".join(sorted(topics))


def _topic(kind: Kind, scope: contexts.Scope, namespace: str | None) -> str:
    return feed.topic(kind, context=scope.context.name, namespace=namespace if kind.namespaced else None)


def _lines(events: Iterable[Event]) -> list[tuple[Event, Any]]:
    return [(event, cells.since(event.counts_at)) for event in events]
