"""The pages of what runs in a cluster: pods, nodes, namespaces, events."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe

from dashboard import area_tabs, columns, config, network, storage, tables, usage, workloads
from dashboard.htmx import etag, render_either, unchanged, wants_fragment
from dashboard.kinds import AREA_OF, BAD, PAGES, Page
from dashboard.links import Links
from dashboard.permissions import needs
from dashboard.shell import COUNTED, Badge, back
from orchestrator.backends.cluster.objects import Pod
from orchestrator.backends.cluster.port import CacheState, Condition, Kind
from orchestrator.services.clusters import contexts, feed, lists, sampler, states
from orchestrator.services.clusters import usage as services
from orchestrator.services.clusters.findings import counted

KNOWN = ("context", "namespace", "state", "type", "timeRange", "q", "sort", "page", "cols")
STALE = {  # condition -> what the source does, while old rows are shown
    Condition.RECONNECTING: "does not answer",
    Condition.UNREACHABLE: "does not answer",
    Condition.UNAUTHORIZED: "refuses the credentials",
    Condition.FORBIDDEN: "no longer permits this",
}
PATIENCE_SECONDS = 5  # A watch that is opened again is not worth a note.
WAIT_SECONDS = 0.3  # for a cache that has just begun; then the page shows how far it is
HOURS = (1, 6, 24)
COUNT_PODS = (Kind.NODES, Kind.NAMESPACES)  # Their lists say how many pods run there.
COLUMNS: dict[Kind, Callable[[Links], Sequence[tables.Column]]] = {
    Kind.PODS: columns.pods,
    Kind.EVENTS: columns.events,
    Kind.DEPLOYMENTS: workloads.deployments,
    Kind.STATEFULSETS: workloads.stateful_sets,
    Kind.DAEMONSETS: workloads.daemon_sets,
    Kind.REPLICASETS: workloads.replica_sets,
    Kind.JOBS: workloads.jobs,
    Kind.CRONJOBS: workloads.cron_jobs,
    Kind.HPAS: workloads.autoscalers,
    Kind.SERVICES: network.services,
    Kind.INGRESSES: network.ingresses,
    Kind.CONFIGMAPS: config.config_maps,
    Kind.SECRETS: config.secrets,
    Kind.RESOURCEQUOTAS: config.quotas,
    Kind.LIMITRANGES: config.limit_ranges,
    Kind.PVCS: storage.claims,
    Kind.PVS: storage.volumes,
}


@require_safe
@needs("clusters:read")
def index(request: HttpRequest, kind: Kind) -> HttpResponse:
    """Answer with the list of a kind, its fragment, or 204 if the fragment is on the screen already."""
    page = PAGES[kind]
    address = tables.Address(request, known=KNOWN)
    scope = contexts.scope(context=address.get("context"), namespace=address.get("namespace"))
    # An address that is passed on must mean the same elsewhere.
    address.query["context"] = scope.context.name
    tabs = list(area_tabs.tabs(AREA_OF.get(kind, ""), scope, current=kind))
    if not kind.namespaced:
        scope = replace(scope, namespace=None)
    use = services.measured(kind, scope, wait_seconds=WAIT_SECONDS) if kind in usage.LISTED else None
    found = _found(page, scope, address, orders=services.orders(use) if use else lists.NO_ORDERS)
    every_column, beside = _columns(kind, scope)
    if use is not None:
        every_column, beside = usage.beside(every_column, kind, use), (beside, usage.version(use))
    state = found.state
    stale = _stale(state) if found.everything else ""
    about_state = (state.condition, state.since, state.refused, state.read, state.next_try_at, stale)
    tag = etag(sorted(address.query.items()), found.version, about_state, beside, tabs)
    context = {
        "page": page,
        "tabs": tabs,
        "etag": tag,
        "topics": _topics(scope, kind, Kind.PODS if kind in COUNT_PODS else None, used=use is not None),
        "use": use,
        "address": address,
        "query": address.query,
        "here": address.to(),
        "everywhere": address.to(namespace=None, page=None),
        "scope": scope,
        "hours": HOURS if page.hours else (),
        "stale": stale,
        "badge": _badge(page, found) if wants_fragment(request) and not address.get("q") else None,
        **_shown(page, found, address=address, columns=every_column, namespace=scope.namespace),
    }
    return unchanged(request, etag=tag) or render_either(
        request, context, page="clusters/page.html", fragment="clusters/_list.html"
    )


@require_POST
@needs("clusters:read")
def retry(request: HttpRequest) -> HttpResponse:
    """Try at once what would be tried in a while; answer with the page that asked."""
    scope = contexts.scope(context=request.POST.get("context"))
    for cache in scope.cluster.running().values():
        cache.retry()
    sampler.retry(scope.cluster)
    return redirect(back(request))


def _columns(kind: Kind, scope: contexts.Scope) -> tuple[Sequence[tables.Column], object]:
    """Return the columns of a kind, and what else of the page changes with them."""
    links = Links(scope.context.name)
    if kind not in COUNT_PODS:
        return COLUMNS[kind](links), ()
    running = _running(scope)
    if kind is Kind.NODES:
        counts = None if running is None else Counter(pod.node_name for pod in running)
        return columns.nodes(links, counts), counts
    counts = None if running is None else Counter(str(pod.namespace) for pod in running)
    failing = Counter(str(pod.namespace) for pod in running or () if states.of(pod) == "failing")
    return columns.namespaces(links, counts, failing), (counts, failing)


def _found(
    page: Page, scope: contexts.Scope, address: tables.Address, *, orders: Mapping[str, lists.Order]
) -> lists.Listing:
    query = lists.Query(
        search=address.get("q"),
        state=address.get(page.state_key),
        sort=address.get("sort", page.sort),
        limit=tables.PAGE_SIZE,
        offset=address.offset,
        time_range_hours=_hours(address),
    )
    found = lists.listing(page.kind, scope, query, wait_seconds=WAIT_SECONDS, orders=orders)
    if found.rows or not found.total:
        return found
    # The list has become shorter than the page somebody was on.
    address.query["page"] = str((found.total - 1) // tables.PAGE_SIZE + 1)
    query = replace(query, offset=address.offset)
    return lists.listing(page.kind, scope, query, wait_seconds=0, orders=orders)


def _shown(
    page: Page,
    found: lists.Listing,
    *,
    address: tables.Address,
    columns: Sequence[tables.Column],
    namespace: str | None,
) -> dict[str, Any]:
    usual = [each for each in columns if not (namespace and each.key == "namespace")]
    chosen = tables.chosen(columns if address.get("cols") else usual, address.get("cols"))
    filtered = any(address.get(key) for key in ("q", page.state_key))
    html = tables.cells(chosen, found.rows)
    return {
        "found": found,
        "state": found.state,
        "rows": [
            ("/".join(row.key), cells_of_row) for row, cells_of_row in zip(found.rows, html, strict=True)
        ],
        "headings": tables.headings(
            chosen, address, default_sort="-lastTimestamp" if page.kind is Kind.EVENTS else page.sort
        ),
        "choices": [(each, each in chosen) for each in columns if not each.fixed],
        "chips": tables.chips(page.states, address, counts=found.counts, key=page.state_key),
        "pager": tables.pager(address, total=found.total, shown=len(found.rows)),
        "filtered": filtered,
        "refused": ", ".join(name or "the cluster as a whole" for name in found.state.refused),
        "clear": address.to(**{"q": None, page.state_key: None, "page": None}),
        "now": address.get("timeRange", "24"),
        "sentence": _sentence(page, found, address),
        "trouble": trouble(found.state, namespace) if not found.everything else "",
    }


def _stale(state: CacheState) -> str:
    """Return why the rows are old; "" if they are not, or for so short a time that only the chip says it."""
    old = (now() - state.since).total_seconds() >= PATIENCE_SECONDS
    return STALE.get(state.condition, "") if old else ""


def _badge(page: Page, found: lists.Listing) -> Badge | None:
    """Return what the navigation says about these rows, so that it does not contradict the page."""
    if page.kind not in COUNTED:
        return None
    return Badge(found.everything or None, found.counts.get(BAD[page.kind], 0))


def trouble(state: CacheState, namespace: str | None) -> str:
    """Return which panel stands in for rows that cannot be shown; "" if no rows means that there are none."""
    if not state.covers(namespace):
        return Condition.FORBIDDEN.value
    if state.condition in (Condition.FORBIDDEN, Condition.UNAUTHORIZED, Condition.UNREACHABLE):
        return state.condition.value
    if state.synced:
        return ""
    return (
        Condition.UNREACHABLE.value if state.condition is Condition.RECONNECTING else Condition.SYNCING.value
    )


def _sentence(page: Page, found: lists.Listing, address: tables.Address) -> str:
    """Return what a list says about itself in words."""
    total = sum(found.counts.values())
    order = " Sorted by what needs attention." if address.get("sort", page.sort) == "state" else ""
    if not total:
        return f"No {page.many} here." if not address.get("q") else "Nothing matches."
    if page.kind is Kind.NODES:
        ready = total - found.counts.get("notready", 0)
        return f"{ready:,} of {total:,} {'is' if ready == 1 else 'are'} ready.{order}"
    if page.kind is Kind.EVENTS:
        return f"Warnings: {found.counts.get('Warning', 0):,} of {total:,}. Newest first."
    bad = BAD.get(page.kind, "")
    failing = found.counts.get(bad, 0) if bad else 0
    if page.kind is Kind.PODS:
        verb = "fails" if failing == 1 else "fail"
        return f"{failing:,} of {total:,} {verb}.{order}" if failing else f"None of {total:,} fails.{order}"
    if failing:
        return (
            f"{failing:,} of {total:,} {'is' if failing == 1 else 'are'} {page.states[bad].lower()}.{order}"
        )
    if page.kind is Kind.INGRESSES:
        return f"{total:,} ingress{'' if total == 1 else 'es'}."
    return f"{counted(total, page.one)}."


def _topics(scope: contexts.Scope, *kinds: Kind | None, used: bool = False) -> str:
    """Return what the page follows; names of contexts hold no spaces."""
    context, namespace = scope.context.name, scope.namespace
    topics = [feed.topic(kind, context=context, namespace=namespace) for kind in kinds if kind]
    return " ".join([*topics, services.topic(scope)] if used else topics)


def _running(scope: contexts.Scope) -> list[Pod] | None:
    """Return the pods that take up room; None if nobody watches pods."""
    cache = scope.cluster.running().get(Kind.PODS)
    if cache is None or not cache.state().synced:
        return None
    return [row for row in cache.rows() if isinstance(row, Pod) and states.of(row) != "done"]


def _hours(address: tables.Address) -> float:
    text = address.get("timeRange")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 4 else max(HOURS)
