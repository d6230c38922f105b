"""Doing something to an object: its buttons, the questions before it, and what is said after it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_htmx.http import reswap, trigger_client_event

from dashboard import deeds, errors
from dashboard.deeds import Asked, Deed
from dashboard.htmx import render_either, wants_fragment
from dashboard.kinds import PAGES
from dashboard.links import NOWHERE, Links
from dashboard.permissions import needs
from dashboard.shell import env_of
from orchestrator.backends.cluster import objects as rows
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import BackendError
from orchestrator.errors import DomainError, Missing
from orchestrator.services import access
from orchestrator.services.clusters import acting, deletion, draining, drains, objects, revisions, workloads
from orchestrator.services.clusters.acting import Done
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.draining import Options
from orchestrator.services.clusters.objects import Found

WRITE = "clusters:write"


@dataclass(frozen=True, slots=True)
class Button:
    """Something that can be done, as a page offers it; `why_not` says why it cannot be done now."""

    deed: Deed
    href: str
    why_not: str


def buttons(found: Found, links: Links) -> list[Button]:
    """Return what a page offers to do to an object in its present state."""
    return [
        Button(
            deed, address(links, found.kind, found.row.namespace, found.row.name, deed), deed.why_not(found)
        )
        for deed in deeds.fitting(found)
    ]


def address(links: Links, kind: Kind, namespace: Any, name: str, deed: Deed) -> str:
    """Return where something is asked about, and done."""
    return links.to(kind, namespace or None, name, tab=f"do/{deed.name}")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE)
def act(request: HttpRequest, kind: Kind, namespace: str, name: str, deed: str) -> HttpResponse:
    """Ask about something that can be done to an object, or do it."""
    known = deeds.of(kind, deed)
    if known is None or kind.namespaced is (namespace == NOWHERE):
        raise Http404
    posted = request.method == "POST"
    context = (request.POST if posted else request.GET).get("context")
    scope = acting.place(context=context, namespace=namespace if kind.namespaced else None)
    if not posted:
        found = objects.read(kind, scope, name)
        return _question(request, known, scope, found=found, name=name, form=_first(known, request, found))
    form = known.form(request.POST)
    if not form.is_valid():
        return _question(request, known, scope, found=_if_there(kind, scope, name), name=name, form=form)
    asked = Asked(caller=_caller(request), kind=kind, scope=scope, name=name, values=form.cleaned_data)
    try:
        done = known.do(asked)
    except (BackendError, DomainError) as exc:
        if not known.asks:
            raise  # A toast says so, or a page of its own.
        found_now = _if_there(kind, scope, name)
        return _question(request, known, scope, found=found_now, name=name, form=form, problem=exc)
    return _answer(request, known, kind, scope, name, done)


def _answer(
    request: HttpRequest, deed: Deed, kind: Kind, scope: Scope, name: str, done: Done
) -> HttpResponse:
    """Say what was accepted: in a toast where the page stays open, else above the page of the object."""
    there = Kind(done.target.resource.plural)
    href = Links(scope.context.name).to(there, done.target.namespace or None, done.target.name)
    if not wants_fragment(request):
        messages.success(
            request, " ".join(filter(None, (f"{done.message}.".replace("..", "."), done.warning)))
        )
        return redirect(Links(scope.context.name).to(kind, scope.namespace, name))
    toast = {
        "title": done.message,
        "message": done.warning,
        "glyph": "warn" if done.warning else "ok",
        "href": href,
        "action": "Watch",
    }
    answer = reswap(HttpResponse(), "none")
    return trigger_client_event(trigger_client_event(answer, "toast", toast), "acted", {})


def _question(
    request: HttpRequest,
    deed: Deed,
    scope: Scope,
    *,
    found: Found | None,
    name: str,
    form: forms.Form,
    problem: BackendError | DomainError | None = None,
) -> HttpResponse:
    """Ask, or ask again with what was typed and why it was not done."""
    kind = request.resolver_match.kwargs["kind"] if request.resolver_match else Kind.PODS
    links = Links(scope.context.name)
    context = {
        "deed": deed,
        "kind": kind,
        "page": PAGES[kind],
        "name": name,
        "scope": scope,
        "env": env_of(scope.context.name),
        "form": form,
        "here": address(links, kind, scope.namespace, name, deed),
        "back": links.to(kind, scope.namespace, name),
        "list": links.listing(kind),
        "fields": f"acts/_{deed.name}.html" if deed.asks else "",
        "problem": errors.sentence_of(problem) if problem else "",
        "dialog": wants_fragment(request),
        **_more(deed, scope, found, form, links),
    }
    status = 200
    if form.is_bound:  # htmx takes a form again as a 422 alone.
        status = errors.status_of(problem) if problem and not wants_fragment(request) else 422
    return render_either(request, context, page="acts/page.html", fragment="acts/_form.html", status=status)


def _first(deed: Deed, request: HttpRequest, found: Found) -> forms.Form:
    """Return the form as it is asked at first; the address may say what is filled in."""
    known = {field: request.GET[field] for field in deed.form.base_fields if field in request.GET}
    replicas = (found.manifest.get("spec") or {}).get("replicas", 1)
    return deed.form(initial={"replicas": replicas, "uid": found.manifest["metadata"].get("uid", "")} | known)


def _more(deed: Deed, scope: Scope, found: Found | None, form: forms.Form, links: Links) -> dict[str, Any]:
    """Return what only one question shows; without the object there is less of it."""
    if found is None:
        return {}
    kind, name = found.kind, found.row.name
    if deed.name == "scale":
        now_ = (found.manifest.get("spec") or {}).get("replicas", 1)
        return {"replicas": now_, "holder": workloads.holder(kind, scope, name, now_)}
    if deed.name == "delete":
        lost = deletion.lost(kind, found.manifest)
        return {"lost": lost, "maker": _maker(found), "milder": list(_milder(found, links))}
    if deed.name == "drain":
        return _plan(scope, name, form)
    if deed.name == "undo":
        return _change(found, scope, form)
    return {}


def _maker(found: Found) -> str:
    """Return what would make the object again, such as "ReplicaSet web-1"; "" if nothing would."""
    owner = workloads.controller_of(found.manifest)
    return f"{owner['kind']} {owner['name']}" if owner else ""


def _milder(found: Found, links: Links) -> Iterable[Button]:
    """Return what may be enough in the place of a deletion."""
    wanted = ("restart", "suspend", "drain") if found.kind is not Kind.NODES else ("cordon", "drain")
    for button in buttons(found, links):
        if button.deed.name in wanted and not button.why_not:
            yield button
    scale = deeds.of(found.kind, "scale")
    if scale and not isinstance(found.row, rows.ReplicaSet):
        href = address(links, found.kind, found.row.namespace, found.row.name, scale)
        yield Button(scale, f"{href}&replicas=0", "")


def _plan(scope: Scope, name: str, form: forms.Form) -> dict[str, Any]:
    """Return what a drain would do to each pod; a plan that cannot be made says why."""
    values = form.data if form.is_bound else form.initial
    options = Options(namespace=values.get("namespace", ""), pod_selector=values.get("pod_selector", ""))
    try:
        plan = drains.plan(scope, name, options)
    except (BackendError, DomainError) as exc:
        return {"unplanned": errors.sentence_of(exc)}
    return {
        "evicted": [each for each in plan if not each.stays],
        "staying": [each for each in plan if each.stays],
        "alone": [each for each in plan if draining.FORCE in each.needs],
        "losing": [each for each in plan if draining.DELETE_EMPTY_DIR in each.needs],
    }


def _change(found: Found, scope: Scope, form: forms.Form) -> dict[str, Any]:
    """Return what a way back to a revision would change; what keeps that away says so."""
    asked = str((form.data if form.is_bound else form.initial).get("revision", ""))
    number = int(asked) if asked.isdecimal() and len(asked) < 19 else 0
    try:
        return {"hunks": revisions.difference(found.kind, scope, found.row.name, revision=number)}
    except (BackendError, DomainError) as exc:
        return {"unplanned": errors.sentence_of(exc)}


def _if_there(kind: Kind, scope: Scope, name: str) -> Found | None:
    """Return the object for what the question says of it; None if it is out of reach or gone."""
    try:
        return objects.read(kind, scope, name)
    except (BackendError, Missing):
        return None


def _caller(request: HttpRequest) -> access.Caller:
    assert isinstance(request.user, User)
    return access.caller_of_user(request.user, address=access.peer_address(request))
