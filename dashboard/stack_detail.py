"""The pages of one stack: how it is reached, why it runs and until when, what happened, its spec."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from dashboard import cells, stack_cells, stack_words
from dashboard.htmx import etag, render_either, unchanged, wants_fragment
from dashboard.links import Links
from dashboard.objects import Tab
from dashboard.permissions import may, needs
from dashboard.stack_acts import READ, WRITE
from orchestrator.backends.cluster.port import Kind
from orchestrator.errors import DomainError
from orchestrator.services import activity
from orchestrator.services.clusters import feed
from orchestrator.services.stacks import place, reads
from orchestrator.services.stacks.errors import StackNotFound
from orchestrator.services.stacks.reads import View

MOST_EVENTS = 200
MOST_STORY = 20
FOLLOWED = (Kind.PODS, Kind.EVENTS)

Show = Callable[[HttpRequest, View, datetime], HttpResponse]


def opening(show: Show) -> Callable[..., HttpResponse]:
    """Return a view that finds a stack and shows it, or says what became of it."""

    @require_safe
    @needs(READ)
    def view(request: HttpRequest, stack_id: str) -> HttpResponse:
        at = now()
        try:
            found = reads.get(stack_id, at=at)
        except StackNotFound:
            return _gone(request, stack_id)
        return show(request, found, at)

    return view


def _gone(request: HttpRequest, stack_id: str) -> HttpResponse:
    told = may(request, "activity:read")
    lines = activity.recent(area="stacks", q=stack_id, size=MOST_STORY).lines if told else []
    context = {"name": stack_id, "story": stack_words.story((), lines)}
    fragment = wants_fragment(request)
    template = "stacks/_gone.html" if fragment else "stacks/gone.html"
    # htmx swaps the news that a stack is gone only as an answer that went well.
    return render(request, template, context, status=200 if fragment else 404)


def _summary(request: HttpRequest, view: View, at: datetime) -> HttpResponse:
    events = reads.events(view.stack_id, at=at)
    told = may(request, "activity:read")
    lines = activity.recent(area="stacks", q=view.stack_id, size=MOST_STORY).lines if told else []
    story = stack_words.story(events, lines)
    tag = etag(view, events, [(line.entry.pk, line.times) for line in lines])
    context = {
        **head(request, view, tab=""),
        "etag": tag,
        "ports": [(port, stack_cells.url(view, port)) for port in view.ports],
        "host": stack_cells.host(view.node_public_ip or ""),
        "reasons": stack_words.reasons(view),
        "presets": stack_cells.presets(view),
        "lifetime": stack_cells.lifetime(view),
        "story": story[:MOST_STORY],
        "more_story": max(0, len(story) - MOST_STORY),
        "reserved": stack_cells.reserved(view),
    }
    return unchanged(request, etag=tag) or render_either(
        request, context, page="stacks/summary.html", fragment="stacks/_summary.html"
    )


def _events(request: HttpRequest, view: View, at: datetime) -> HttpResponse:
    events = reads.events(view.stack_id, at=at)[:MOST_EVENTS]
    tag = etag(view, events)
    context = {
        **head(request, view, tab="events"),
        "etag": tag,
        "row": {"name": view.pod_id},
        "lines": [(event, cells.since(event.counts_at)) for event in events],
    }
    return unchanged(request, etag=tag) or render_either(
        request, context, page="stacks/events.html", fragment="stacks/_events.html"
    )


def _spec(request: HttpRequest, view: View, at: datetime) -> HttpResponse:
    context = head(request, view, tab="spec")
    try:
        context["pod"], context["service"] = reads.manifest(view.stack_id, at=at)
    except DomainError as exc:
        context["problem"] = exc.message
    return render(request, "stacks/spec.html", context)


summary_of, events_of, spec_of = opening(_summary), opening(_events), opening(_spec)


def head(request: HttpRequest, view: View, *, tab: str) -> dict[str, Any]:
    """Return what every tab of a stack shows."""
    links, writes = Links(view.context), may(request, WRITE)
    cluster = place.named(view.context)
    tabs = [
        Tab(label, stack_cells.path(view.stack_id, name), tab == name)
        for name, label in (("", "Summary"), ("logs", "Logs"), ("events", "Events"), ("spec", "Spec"))
    ]
    pod = "" if view.cleaned else links.to(Kind.PODS, view.namespace, view.pod_id)
    terminal = links.to(Kind.PODS, view.namespace, view.pod_id, tab="terminal")
    return {
        "view": view,
        "name": view.stack_id,
        "here": stack_cells.path(view.stack_id, tab),
        "pill": stack_cells.badge(view, "pill"),
        "writes": writes,
        "state": cluster.cache(Kind.PODS).state() if cluster else None,
        "tabs": tabs,
        "topics": f"stack:{view.stack_id} "
        + " ".join(feed.topic(kind, context=view.context, namespace=view.namespace) for kind in FOLLOWED),
        "pod": pod,
        "terminal": terminal if writes and view.status == "running" else "",
        "node": links.to(Kind.NODES, None, view.node_id) if view.node_id else "",
        "service": "" if view.cleaned else links.to(Kind.SERVICES, view.namespace, view.service_name),
    }


urlpatterns = [
    path("stacks/<str:stack_id>", summary_of, name="stack"),
    path("stacks/<str:stack_id>/events", events_of, name="stack-events"),
    path("stacks/<str:stack_id>/spec", spec_of, name="stack-spec"),
]
