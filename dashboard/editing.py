"""The page on which one object is edited as YAML: what was typed, what it changes, what speaks against it."""

import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dashboard import errors, generic_objects, objects
from dashboard.htmx import wants_fragment
from dashboard.kinds import PAGES
from dashboard.links import BY_WORD, NOWHERE, Links
from dashboard.permissions import caller_of, needs
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import BackendError, Conflict, NotFound, TimedOut, Unreachable
from orchestrator.errors import DomainError, InvalidInput, Missing, NotNow
from orchestrator.services.clusters import acting, contexts, diffs, documents, editing, edits, related, served
from orchestrator.services.clusters import generic as things
from orchestrator.services.clusters import objects as found_objects
from orchestrator.services.clusters.threeway import ABSENT

ROLLED = (Kind.DEPLOYMENTS, Kind.STATEFULSETS, Kind.DAEMONSETS)
LONGEST_VALUE = 300  # characters
NOTHING = "Nothing is changed: the text says what the cluster has."


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The object of a page, and how pages of its kind look."""

    target: acting.Target
    scope: contexts.Scope
    kind: Kind | None  # None for kinds without pages of their own
    tab: Callable[[str], str]  # the address of a tab; "" is the overview
    place: dict[str, Any]  # what is known of it without asking for it
    head: Callable[[], dict[str, Any]]  # what every page of it shows


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(acting.WRITE)
def edit(request: HttpRequest, kind: Kind, namespace: str, name: str) -> HttpResponse:
    """Show an object for editing; POST checks what was typed, or stores it."""
    if kind.namespaced is (namespace == NOWHERE):
        raise Http404
    scope = _scope(request, namespace)
    target = acting.target(caller_of(request), kind, scope, name)
    links = Links(scope.context.name)

    def head() -> dict[str, Any]:
        around = objects.gathered(kind, scope, found_objects.read(kind, scope, target.name))
        makers = related.owners(around.found, around.rows)
        return objects.head(replace(around, writes=True), tab="yaml") | {"makers": makers}

    place = {
        "page": PAGES[kind],
        "kind": kind,
        "name": target.name,
        "scope": scope,
        "list": links.listing(kind),
        "list_here": links.listing(kind, target.namespace or None),
    }

    def tab(name: str) -> str:
        return links.to(kind, target.namespace or None, target.name, tab=name)

    return _answer(request, Subject(target=target, scope=scope, kind=kind, tab=tab, place=place, head=head))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(acting.WRITE)
def edit_any(request: HttpRequest, resource: str, namespace: str, name: str) -> HttpResponse:
    """Do the same for an object of a kind without pages of its own."""
    scope = _scope(request, namespace)
    links = Links(scope.context.name)
    own = served.KIND_OF.get(resource)
    if own is not None and own is not Kind.EVENTS:
        return redirect(links.to(own, scope.namespace, name, tab="edit"))
    kind = served.kind(scope, resource)
    if kind.namespaced is (scope.namespace is None):
        raise Http404
    target = editing.target(caller_of(request), scope, kind, name)

    def head() -> dict[str, Any]:
        thing = things.read(scope, kind, target.name)
        return generic_objects.head(generic_objects.gathered(scope, thing), tab="yaml")

    def tab(name: str) -> str:
        return links.thing(kind.id, target.namespace, target.name, tab=name)

    place = generic_objects.place_of(links, kind, scope, target.name)
    return _answer(request, Subject(target=target, scope=scope, kind=None, tab=tab, place=place, head=head))


def _scope(request: HttpRequest, namespace: str) -> contexts.Scope:
    place = None if namespace == NOWHERE else namespace
    return acting.place(context=request.GET.get("context"), namespace=place)


def _answer(request: HttpRequest, subject: Subject) -> HttpResponse:
    if request.method != "POST":
        return _page(request, subject)
    typed = _typed(request)
    if request.POST.get("act") == "apply":
        return _apply(request, subject, typed)
    outcome = outcome_of(subject.target, typed)
    if wants_fragment(request):
        context = {"scope": subject.scope, "target": subject.target, "edit": typed, **outcome}
        return render(request, "objects/_check.html", context | {"here": subject.tab("edit")})
    return _page(request, subject, typed, outcome)


def outcome_of(target: acting.Target, typed: edits.Edit) -> dict[str, Any]:
    """Return what a check says, for the page: what would change, or why it would not."""
    try:
        checked = editing.check(target, typed)
    except (BackendError, DomainError) as exc:
        return refusal(exc)
    added, removed = diffs.changed(checked.hunks)
    template = any(each.path[:2] == ("spec", "template") for each in checked.changes)
    return {
        "checked": checked,
        "checked_at": now(),
        "added": added,
        "removed": removed,
        "rolls": template and target.resource.plural in ROLLED,
        "clashes": [(each.field, value_of(each.theirs), value_of(each.mine)) for each in checked.clashes],
        "adapted": [
            (each.field, value_of(each.before), value_of(each.after)) for each in checked.adapted[:20]
        ],
    }


def refusal(exc: BackendError | DomainError) -> dict[str, Any]:
    """Return what went wrong for the page: a title, a sentence, and the line it is about."""
    said = errors.sentence_of(exc)
    title = "The server refuses this change"
    if isinstance(exc, InvalidInput):
        said = exc.problems[0].message if exc.problems else exc.message
        said = said[:1].upper() + said[1:]
        title = "This text cannot be used"
    elif isinstance(exc, (Unreachable, TimedOut)):
        title = "The cluster does not answer"
    elif isinstance(exc, (Missing, NotFound)):
        title = "It is gone"
    elif isinstance(exc, (Conflict, NotNow)):
        title = "Somebody changed it meanwhile"
    line = re.match(r"Line (\d+)", said)
    return {"refused": said, "refusal": title, "line": int(line[1]) if line else 0}


def value_of(value: Any) -> str:
    """Return a value as a person reads it in one line."""
    if value is ABSENT:
        return "not there"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def packed(text: str) -> str:
    """Return a text small enough to travel with a form beside another of its size."""
    return b64encode(zlib.compress(text.encode())).decode()


def unpacked(text: str) -> str:
    """Return what was packed; raise `InvalidInput` if it is nothing that we packed."""
    try:
        unpacking = zlib.decompressobj()
        found = unpacking.decompress(b64decode(text, validate=True), documents.LONGEST * 4)
        if not unpacking.eof:
            raise zlib.error("more than any object has")
        return found.decode()
    except (ValueError, zlib.error) as exc:
        raise documents.problem("the form is incomplete: open the object again") from exc


def _typed(request: HttpRequest) -> edits.Edit:
    given = request.POST
    return edits.Edit(
        text=given.get("yaml", "").replace("\r\n", "\n"),
        base=unpacked(given.get("base", "")),
        version=given.get("version", ""),
        mine=given.get("mine") == "1",
        seen=given.get("seen", ""),
    )


def _apply(request: HttpRequest, subject: Subject, typed: edits.Edit) -> HttpResponse:
    target = subject.target
    try:
        stored = editing.apply(target, typed, at=now())
    except NotNow as exc:  # What is different now is shown, and asked about again.
        outcome = outcome_of(target, replace(typed, seen=""))
        return _page(request, subject, typed, outcome | {"again": exc.message}, status=409)
    except (BackendError, DomainError) as exc:
        return _page(request, subject, typed, refusal(exc), status=errors.status_of(exc))
    told = f"{target.resource.kind} {target.name} is changed: {editing.noted(stored.changes)}."
    messages.info(request, told if stored.changes else NOTHING)
    return redirect(subject.tab(""))


def _page(
    request: HttpRequest,
    subject: Subject,
    typed: edits.Edit | None = None,
    outcome: dict[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """Answer with the page; what was typed is on it even if the object cannot be read any more."""
    context, target = {**subject.place}, subject.target
    try:
        opened = editing.opened(target)
        context |= subject.head()
        context |= {"opened": opened, "owner": _owner(opened, subject, context.get("makers", []))}
        typed = typed or edits.Edit(text=opened.text, base=opened.text, version=opened.version)
    except (BackendError, DomainError):
        if typed is None:
            raise
    context |= {"here": subject.tab("edit"), "live": subject.tab("yaml"), "target": target}
    context |= {"edit": typed, "base": packed(typed.base), **(outcome or {})}
    return render(request, "objects/edit.html", context, status=status)


def _owner(
    opened: edits.Opened, subject: Subject, makers: Sequence[related.Reference]
) -> tuple[str, str, str] | None:
    """Return kind, name and address of what keeps the object as it is; no address for kinds without pages.

    It is the last of its `makers`: a change of a replica set of a deployment would not last either.
    """
    if opened.owner is None:
        return None
    word, name = (makers[-1].kind.word, makers[-1].name) if makers else opened.owner
    kind = BY_WORD.get(word)
    links = Links(subject.scope.context.name)
    return word, name, links.to(kind, subject.target.namespace or None, name, tab="edit") if kind else ""
