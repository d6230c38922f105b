"""The pages of any kind that a cluster serves: which there are, and lists as the cluster prints them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from dashboard import area_tabs, cells, errors, tables
from dashboard.htmx import render_either, wants_fragment
from dashboard.kinds import BESIDE, BESIDE_OF
from dashboard.links import Links
from dashboard.permissions import needs
from dashboard.tables import PAGE_SIZE, Address
from orchestrator.backends.cluster.port import CacheState, Column, Condition, Resource, TableRow
from orchestrator.backends.errors import BackendError, Forbidden, Gone, Unauthorized
from orchestrator.services.clusters import contexts, printed, served

KNOWN = (
    "context",
    "namespace",
    "q",
    "labelSelector",
    "fieldSelector",
    "continue",
    "page",
    "cols",
)
AGES = {"Age", "Created At"}  # columns that we show as one, which ticks
EMPTY = {"", "<none>", "<unset>"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the list of a kind is called, as `kinds.Page` says it of kinds with caches."""

    kind: str
    title: str
    one: str
    many: str
    what: str
    icon: str = "box"
    placeholder: str = "Name, label or value"
    states: dict[str, str] = field(default_factory=dict)


@require_safe
@needs("clusters:read")
def kinds(request: HttpRequest) -> HttpResponse:
    """Answer with every kind, or those that a word finds."""
    address = Address(request, known=("context", "namespace", "q"))
    scope = contexts.scope(context=address.get("context"), namespace=address.get("namespace"))
    address.query["context"] = scope.context.name
    context: dict[str, Any] = {
        "scope": scope,
        "query": address.query,
        "address": address,
        "here": address.to(),
    }
    try:
        groups = served.groups(scope, search=address.get("q"))
    except BackendError as exc:
        if wants_fragment(request):
            raise
        context |= _trouble(exc, page=page_of("kinds", None))
    else:
        links = Links(scope.context.name)
        context["groups"] = [
            (group.name, [_line(each, count, links, scope) for each, count in group.kinds])
            for group in groups
        ]
    return render_either(request, context, page="generic/kinds.html", fragment="generic/_kinds.html")


def _line(resource: Resource, count: int | None, links: Links, scope: contexts.Scope) -> dict[str, Any]:
    own = served.own_page(resource)
    href = links.listing(own, scope.namespace) if own else links.served(resource.id, scope.namespace)
    return {"resource": resource, "count": count, "href": href}


@require_safe
@needs("clusters:read")
def index(request: HttpRequest, resource: str) -> HttpResponse:
    """Answer with a list of any kind, or its fragment; kinds with a list of their own are there."""
    address = Address(request, known=KNOWN)
    scope = contexts.scope(context=address.get("context"), namespace=address.get("namespace"))
    address.query["context"] = scope.context.name
    own = served.KIND_OF.get(resource)
    if own:
        return redirect(Links(scope.context.name).listing(own, scope.namespace))
    area = BESIDE_OF.get(resource, "")
    context: dict[str, Any] = {
        "scope": scope,
        "address": address,
        "query": address.query,
        "here": address.to(),
        "everywhere": address.to(**FIRST, namespace=None),
        "tabs": list(area_tabs.tabs(area, scope, current=resource)),
        "all_kinds": Links(scope.context.name).kinds(scope.namespace),
    }
    try:
        found = served.kind(scope, resource)
        context |= _listed(scope, found, address)
    except Gone:  # The list has changed too much since its first page.
        return redirect(address.to(**FIRST))
    except BackendError as exc:
        if wants_fragment(request):
            raise  # What the page shows stays.
        context |= _trouble(exc, page=page_of(resource, None))
    return render_either(request, context, page="generic/page.html", fragment="generic/_list.html")


FIRST: dict[str, Any] = {"continue": None, "page": None}


def page_of(id_: str, resource: Resource | None) -> Page:
    """Return what the list of a kind is called; without a resource, of one that cannot be asked for."""
    title = BESIDE.get(BESIDE_OF.get(id_, ""), {}).get(id_) or (resource.kind if resource else id_)
    many = title[0].lower() + title[1:] if id_ in BESIDE_OF else f"{title} objects"
    return Page(
        kind=id_,
        title=title,
        one=many.removesuffix("s"),
        many=many,
        what="The cluster serves this kind and has no object of it here.",
    )


def _listed(scope: contexts.Scope, resource: Resource, address: Address) -> dict[str, Any]:
    query = printed.Query(
        limit=PAGE_SIZE,
        token=address.get("continue"),
        search=address.get("q"),
        labels=address.get("labelSelector"),
        fields=address.get("fieldSelector"),
    )
    found = printed.page(scope, resource, query)
    columns = columns_of(found, Links(scope.context.name), namespaced=not scope.namespace)
    chosen = tables.chosen(columns, address.get("cols"))
    html = tables.cells(chosen, found.rows)
    return {
        "page": page_of(resource.id, resource),
        "resource": resource,
        "found": found,
        "rows": [(f"{row.namespace}/{row.name}", line) for row, line in zip(found.rows, html, strict=True)],
        "headings": [(each.title, each.css) for each in chosen],
        "choices": [(each, each in chosen) for each in columns if not each.fixed],
        "first": address.offset + 1,
        "last": address.offset + len(found.rows),
        "total": _total(found, address),
        "to_first": address.to(**FIRST) if address.get("continue") else "",
        "to_next": _next(found, address),
        "filtered": any(address.get(key) for key in ("q", "labelSelector", "fieldSelector")),
        "clear": address.to(q=None, labelSelector=None, fieldSelector=None, **FIRST),
        "only": ", ".join(each for each in found.only if each not in found.refused),
        "read_at": found.read_at,
    }


def _next(found: printed.Page, address: Address) -> str:
    if not found.token:
        return ""
    changes: dict[str, Any] = {"continue": found.token, "page": address.page + 1}
    return address.to(**changes)


def _total(found: printed.Page, address: Address) -> int | None:
    """Return how many rows all pages have, as far as the page can tell."""
    if found.total is not None:
        return found.total
    if found.left is not None:
        return address.offset + len(found.rows) + found.left
    return None if found.token else address.offset + len(found.rows)


def columns_of(found: printed.Page, links: Links, *, namespaced: bool) -> list[tables.Column]:
    """Return the columns of a printed list: the name, the namespace, what is printed, the age."""

    def name(row: TableRow) -> SafeString:
        shown = row.cells[position] if position is not None else row.name
        href = links.thing(found.resource.id, row.namespace, row.name)
        return format_html('<a class="nm" href="{}">{}</a>', href, shown)

    titles = [each.name for each in found.columns]
    position = titles.index("Name") if "Name" in titles else None
    columns = [tables.Column("name", "Name", name, css="p clip o-name", fixed=True)]
    if found.resource.namespaced and namespaced:
        columns.append(tables.Column("namespace", "Namespace", lambda row: row.namespace, label="in"))
    columns += [
        _column(number, each)
        for number, each in enumerate(found.columns)
        if each.name != "Name" and each.name not in AGES
    ]
    return [
        *columns,
        tables.Column("age", "Age", lambda row: cells.since(row.created_at), label="age", css="num"),
    ]


def _column(number: int, column: Column) -> tables.Column:
    css = "num" if column.type in ("integer", "number") else "clip"
    return tables.Column(
        f"c{number}",
        column.name[0].upper() + column.name[1:] if column.name else str(number),
        _cell(number),
        label=column.name.lower(),
        css=css,
        shown=not column.wide,
    )


def _cell(number: int) -> Callable[[TableRow], SafeString | str]:
    def cell(row: TableRow) -> SafeString | str:
        return text(row.cells[number]) if number < len(row.cells) else cells.DASH

    return cell


def text(value: object) -> SafeString | str:
    """Return a value as people read it; a dash for none."""
    if value is None or (isinstance(value, str) and value in EMPTY):
        return cells.DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value)


def _trouble(exc: BackendError, *, page: Page) -> dict[str, Any]:
    """Return what stands in the place of a list that cannot be shown."""
    condition = Condition.UNREACHABLE
    if isinstance(exc, Forbidden):
        condition = Condition.FORBIDDEN
    elif isinstance(exc, Unauthorized):
        condition = Condition.UNAUTHORIZED
    state = CacheState(condition=condition, since=now(), problem=errors.sentence_of(exc), error=exc)
    return {"page": page, "state": state, "trouble": condition.value}
