"""The pages of stacks: what runs, until when, and what room is left."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from dashboard import (
    cells,
    charts,
    stack_acts,
    stack_batches,
    stack_cells,
    stack_detail,
    stack_form,
    stack_logs,
    tables,
)
from dashboard.htmx import etag, render_either, unchanged, wants_fragment
from dashboard.links import Links
from dashboard.permissions import may, needs
from dashboard.shell import Badge
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import feed
from orchestrator.services.stacks import batches, place, reads, removal, strays, totals

KNOWN = ("status", "node_id", "q", "sort", "page", "cols")
SORT = "expires_at"  # next to stop first
SOON = timedelta(minutes=15)
MOST_STRAYS = 10


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure of the first line, with a bar where it is part of something."""

    label: str
    value: str
    more: str = ""
    said: str = ""
    bar: SafeString | str = ""


@require_safe
@needs(stack_acts.READ)
def index(request: HttpRequest) -> HttpResponse:
    """Answer with the list of stacks, its fragment, or 204 if the fragment is on the screen already."""
    at = now()
    address = tables.Address(request, known=KNOWN)
    found = _found(address, at=at)
    stats, capacity = totals.stats(at=at), totals.capacity(at=at)
    writes = may(request, stack_acts.WRITE)
    soon = totals.ending(SOON, at=at)
    jobs = [job for job in batches.latest() if not job.over]
    lost = strays.found(at=at)
    state = found.state and (found.state.condition, found.state.since, found.state.problem)
    tag = etag(address.query, found.views, found.counts, state, stats, capacity, soon, jobs, lost)
    context = {
        "etag": tag,
        "topics": topics(),
        "address": address,
        "query": address.query,
        "here": address.to(),
        "place": place.name(),
        "namespace": settings.STACK_NAMESPACE,
        "writes": writes,
        "state": found.state,
        "badge": Badge(stats.total_stacks or None) if wants_fragment(request) else None,
        "tiles": _tiles(found, stats, capacity, soon=soon),
        "jobs": [stack_batches.progress(job) for job in jobs],
        "strays": [_stray(each, at=at) for each in lost[:MOST_STRAYS]],
        "more_strays": max(0, len(lost) - MOST_STRAYS),
        "rooms": [_room(node, stats.node_distribution.get(node.name, 0)) for node in capacity.nodes],
        "everything": stats.total_stacks,
        **_shown(found, address, capacity),
    }
    return unchanged(request, etag=tag) or render_either(
        request, context, page="stacks/page.html", fragment="stacks/_list.html"
    )


def topics() -> str:
    """Return what pages of stacks follow: their rows, and the pods they are shown with."""
    context = place.name()
    return f"{removal.TOPIC} {feed.topic(Kind.PODS, context=context, namespace=settings.STACK_NAMESPACE)}"


def _found(address: tables.Address, *, at: datetime) -> reads.Page:
    def page() -> reads.Page:
        status = tuple(filter(None, address.get("status").split(",")))
        query = reads.Query(
            status=status,
            node_id=address.get("node_id"),
            search=address.get("q"),
            sort=address.get("sort", SORT),
            limit=tables.PAGE_SIZE,
            offset=address.offset,
        )
        return reads.page(query, at=at)

    found = page()
    if found.views or not found.total:
        return found
    # The list has become shorter than the page somebody was on.
    address.query["page"] = str((found.total - 1) // tables.PAGE_SIZE + 1)
    return page()


def _shown(found: reads.Page, address: tables.Address, capacity: totals.Capacity) -> dict[str, Any]:
    every = stack_cells.columns()
    chosen = tables.chosen(every, address.get("cols"))
    html = tables.cells(chosen, found.views)
    return {
        "rows": [
            (view, stack_cells.by_an_hour(view), stack_cells.first_port(view), cells_of_row)
            for view, cells_of_row in zip(found.views, html, strict=True)
        ],
        "headings": tables.headings(chosen, address, default_sort=SORT),
        "choices": [(each, each in chosen) for each in every if not each.fixed],
        "chips": tables.chips(stack_cells.STATES, address, counts=found.counts, key="status"),
        "nodes": sorted({node.name for node in capacity.nodes} | set(filter(None, [address.get("node_id")]))),
        "pager": tables.pager(address, total=found.total, shown=len(found.views)),
        "filtered": any(address.get(key) for key in ("q", "status", "node_id")),
        "clear": address.to(q=None, status=None, node_id=None, page=None),
        "all_of_them": [(key, address.get(key)) for key in stack_batches.FILTERS if address.get(key)],
        "carried": [(key, address.get(key)) for key in ("status", "sort", "cols") if address.get(key)],
    }


def _tiles(found: reads.Page, stats: totals.Stats, capacity: totals.Capacity, *, soon: int) -> list[Tile]:
    counts = found.counts
    words = {"running": "run", "creating": "start", "failed": "failed"}
    said = " · ".join(f"{counts[key]:,} {word}" for key, word in words.items() if counts.get(key))
    held, total = capacity.ports_held, capacity.ports_total
    ports = charts.meter(held / total if total else 1, title=f"{held} of {total} node ports are held")
    per_node = " · ".join(f"{number:,}" for number in stats.node_distribution.values())
    ready = sum(node.ready for node in capacity.nodes)
    return [
        Tile("Stacks", f"{stats.total_stacks:,}", said=said or "none yet"),
        Tile("Stop within 15 min", f"{soon:,}", said="each says when, below"),
        Tile(
            "Node ports left",
            f"{capacity.ports_free:,}",
            more=f"{held:,} of {total:,} held",
            bar=ports,
        ),
        Tile(
            "Reserved",
            f"{stats.reserved_cpu_milli / 1000:g}",
            more="cores",
            said=f"{cells.size_text(stats.reserved_memory_bytes)} memory",
        ),
        Tile(
            "Nodes",
            f"{ready:,}",
            more="ready",
            said=f"{per_node} stacks" if per_node else "no stack has a node",
        ),
    ]


def _room(node: totals.NodeRoom, stacks: int) -> dict[str, Any]:
    """Return what a node has left, for its line."""
    cpu = node.cpu_used_milli / node.cpu_milli if node.cpu_milli else 0
    memory = node.memory_used / node.memory if node.memory else 0
    cores = f"{node.cpu_used_milli / 1000:g} of {node.cpu_milli / 1000:g} cores"
    sizes = f"{cells.size_text(node.memory_used)} of {cells.size_text(node.memory)}"
    return {
        "node": node,
        "stacks": stacks,
        "cpu": charts.meter(cpu, title=f"{cores} are asked for"),
        "cores": cores,
        "memory": charts.meter(memory, title=f"{sizes} are asked for"),
        "sizes": sizes,
    }


def _stray(stray: strays.Stray, *, at: datetime) -> dict[str, Any]:
    """Return an object that no stack knows, with the way to it and what becomes of it."""
    href = Links(stray.context).to(stray.kind, stray.namespace, stray.name)
    fate = "is being deleted" if stray.ending else "is removed soon" if stray.due <= at else "is removed in"
    return {"stray": stray, "href": href, "fate": fate, "waits": fate.endswith(" in")}


urlpatterns = [
    path("stacks", index, name="stacks"),
    *stack_form.urlpatterns,
    *stack_batches.urlpatterns,
    *stack_acts.urlpatterns,
    *stack_detail.urlpatterns,
    *stack_logs.urlpatterns,
]
