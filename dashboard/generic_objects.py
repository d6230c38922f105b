"""The page of an object of any kind: what it is, what it says, its events, its YAML."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from dashboard import cells, errors, facts, generic, parts
from dashboard.htmx import render_either, wants_fragment
from dashboard.links import NOWHERE, Links
from dashboard.objects import LATEST, MOST_EVENTS, WAIT_SECONDS, Tab
from dashboard.permissions import may, needs
from dashboard.templatetags.ui import status
from orchestrator.backends.cluster.objects import Event
from orchestrator.backends.cluster.port import Kind, Resource
from orchestrator.backends.errors import BackendError
from orchestrator.errors import Missing
from orchestrator.services.clusters import contexts, served, yaml
from orchestrator.services.clusters import generic as things
from orchestrator.services.clusters.generic import Owner, Thing

COMMON = ("apiVersion", "kind", "metadata", "status")  # members that have a place of their own
LONGEST = 400  # characters of a text; the YAML has it whole
Fact = tuple[str, SafeString | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An object and its events, as one request found them."""

    scope: contexts.Scope
    thing: Thing
    events: list[Event]
    readable: bool  # whether events are
    links: Links

    def tab(self, name: str) -> str:
        thing = self.thing
        return self.links.thing(thing.resource.id, thing.namespace, thing.name, tab=name)


View = Callable[[HttpRequest, Opened], HttpResponse]


def _view(show: View) -> Callable[..., HttpResponse]:
    """Return a view that opens an object and shows it, or explains why it cannot."""

    @require_safe
    @needs("clusters:read")
    def view(request: HttpRequest, resource: str, namespace: str, name: str) -> HttpResponse:
        place = None if namespace == NOWHERE else namespace
        scope = contexts.scope(context=request.GET.get("context"), namespace=place)
        own = served.KIND_OF.get(resource)
        if own is not None and own is not Kind.EVENTS:
            return redirect(Links(scope.context.name).to(own, place, name))
        kind = None
        try:
            kind = served.kind(scope, resource)
            if kind.namespaced is (place is None):
                raise Http404
            opened = gathered(scope, things.read(scope, kind, name))
        except (Missing, BackendError) as exc:
            if kind is None or (wants_fragment(request) and not isinstance(exc, Missing)):
                raise
            return _trouble(request, exc, kind=kind, scope=scope, name=name)
        return show(request, opened)

    return view


def gathered(scope: contexts.Scope, thing: Thing) -> Opened:
    """Return an object with its events."""
    events, readable = things.events(scope, thing, wait_seconds=WAIT_SECONDS)
    return Opened(scope=scope, thing=thing, events=events, readable=readable, links=Links(scope.context.name))


def _overview(request: HttpRequest, opened: Opened) -> HttpResponse:
    manifest = opened.thing.manifest
    owners = things.owners(opened.scope, opened.thing)
    context = {
        **head(opened, tab=""),
        "poll": True,
        "facts": list(_facts(opened, owners)),
        "says": [(title, members) for title, members in _sections(manifest) if members],
        "conditions": _conditions(opened.thing),
        "latest": _lines(opened.events[:LATEST]),
        "readable": opened.readable,
        "all_events": opened.tab("events"),
    }
    return render_either(request, context, page="generic/object.html", fragment="generic/_object.html")


def _events(request: HttpRequest, opened: Opened) -> HttpResponse:
    context = {
        **head(opened, tab="events"),
        "poll": True,
        "lines": _lines(opened.events[:MOST_EVENTS]),
        "unread": not opened.readable,
    }
    return render_either(request, context, page="objects/events.html", fragment="objects/_events.html")


def _yaml(request: HttpRequest, opened: Opened) -> HttpResponse:
    text = yaml.text(opened.thing.manifest)
    edit = opened.tab("edit") if may(request, "clusters:write") else ""
    context = {**head(opened, tab="yaml"), "yaml": text, "lines": text.count("\n"), "edit": edit}
    return render(request, "objects/yaml.html", context)


overview, events_of, yaml_of = _view(_overview), _view(_events), _view(_yaml)


def head(opened: Opened, *, tab: str) -> dict[str, Any]:
    """Return what every tab of an object shows, under the names that pages of objects know."""
    thing, scope = opened.thing, opened.scope
    return {
        **place_of(opened.links, thing.resource, scope, thing.name),
        "row": thing,
        "read_at": now(),
        "here": opened.tab(tab),
        "born": cells.since(str(thing.metadata.get("creationTimestamp") or "")),
        "ends": thing.metadata.get("deletionTimestamp"),
        "tabs": list(_tabs(opened, tab=tab)),
    }


def place_of(links: Links, resource: Resource, scope: contexts.Scope, name: str) -> dict[str, Any]:
    """Return where an object is, under the names that pages of objects know."""
    return {
        "page": generic.page_of(resource.id, resource),
        "kind": SimpleNamespace(word=resource.kind, namespaced=resource.namespaced),
        "name": name,
        "scope": scope,
        "list": links.served(resource.id),
        "list_here": links.served(resource.id, scope.namespace),
    }


def _tabs(opened: Opened, *, tab: str) -> Iterator[Tab]:
    bad = any(event.type == "Warning" for event in opened.events)
    yield Tab("Overview", opened.tab(""), tab == "")
    yield Tab("Events", opened.tab("events"), tab == "events", len(opened.events), bad)
    yield Tab("YAML", opened.tab("yaml"), tab == "yaml")


def _facts(opened: Opened, owners: Iterable[Owner]) -> Iterator[Fact]:
    thing, metadata = opened.thing, opened.thing.metadata
    kind = format_html('<a href="{}">{}</a>', opened.links.served(thing.resource.id), thing.resource.id)
    found: list[Fact] = [
        ("Kind", kind),
        ("Version", facts.code(thing.resource.api_version)),
        (
            "Owner",
            format_html_join(
                "", "<div>{} {}</div>", ((each.kind, _owner(opened.links, each)) for each in owners)
            ),
        ),
        ("Labels", facts.wrapped(metadata.get("labels") or {})),
        ("Annotations", facts.annotations(metadata.get("annotations") or {})),
        ("Finalizers", ", ".join(metadata.get("finalizers") or ())),
        ("UID", facts.code(metadata.get("uid"))),
    ]
    return ((label, value) for label, value in found if value)


def _owner(links: Links, owner: Owner) -> SafeString | str:
    if owner.resource is None:
        return owner.name
    own = served.own_page(owner.resource)
    if own is not None:
        return links.named(own, owner.namespace, owner.name, css="")
    href = links.thing(owner.resource.id, owner.namespace, owner.name)
    return format_html('<a href="{}">{}</a>', href, owner.name)


def _sections(manifest: Mapping[str, Any]) -> Iterator[tuple[str, list[Fact]]]:
    """Return what an object says, in its own words: its specification, its status, whatever else it has."""
    others = {name: value for name, value in manifest.items() if name not in (*COMMON, "spec")}
    spec, state = manifest.get("spec"), manifest.get("status")
    yield "Specification", _members(spec if isinstance(spec, dict) else {})
    yield "Content", _members(others)
    shown = (
        {name: value for name, value in state.items() if name != "conditions"}
        if isinstance(state, dict)
        else {}
    )
    yield "Status", _members(shown)


def _members(values: Mapping[str, Any]) -> list[Fact]:
    return [(str(name), _value(value)) for name, value in values.items()]


def _value(value: object) -> SafeString | str:
    """Return a value in a line, or folded if it has parts."""
    if not isinstance(value, (dict, list)):
        shown = generic.text(value)
        return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"
    if not value:
        return cells.DASH
    if isinstance(value, list) and len(value) < 10 and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    words = f"{len(value)} {'entry' if len(value) == 1 else 'entries'}"
    return format_html(
        '<details><summary>{}</summary><pre class="o-part">{}</pre></details>', words, yaml.dumped(value)
    )


def _conditions(thing: Thing) -> parts.Table:
    rows = [_condition(each) for each in things.conditions(thing)]
    return parts.Table("Conditions", ("Condition", "Status", "Reason", "Since", "Message"), rows)


def _condition(each: Mapping[str, Any]) -> Sequence[SafeString | str]:
    bad = things.is_bad(each)
    badge = status("warn" if bad else "off", str(each.get("status", "")), "" if bad else "quiet")
    since = cells.since(str(each.get("lastTransitionTime") or ""))
    words = [str(each.get(key) or "") for key in ("type", "reason", "message")]
    return [words[0], badge, words[1], since, words[2]]


def _lines(events: Iterable[Event]) -> list[tuple[Event, Any]]:
    return [(event, cells.since(event.counts_at)) for event in events]


def _trouble(
    request: HttpRequest,
    exc: Missing | BackendError,
    *,
    kind: Resource,
    scope: contexts.Scope,
    name: str,
) -> HttpResponse:
    """Answer with why an object cannot be shown."""
    code = errors.status_of(exc)
    context = {
        **place_of(Links(scope.context.name), kind, scope, name),
        "status": code,
        "problem": errors.sentence_of(exc),
        "here": request.get_full_path(),
    }
    fragment = wants_fragment(request)
    template = "objects/_trouble.html" if fragment else "objects/trouble.html"
    # htmx swaps the news that an object is gone only as an answer that went well.
    return render(request, template, context, status=200 if fragment else code)
