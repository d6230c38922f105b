"""Lists of any kind, as the API server prints them: a page at a time, or searched up to a limit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.utils.timezone import now

from orchestrator.backends.cluster import selectors
from orchestrator.backends.cluster.port import Column, Resource, Table, TableRow
from orchestrator.backends.errors import Forbidden
from orchestrator.errors import InvalidInput, Problem
from orchestrator.services.clusters import contexts, refused
from orchestrator.services.clusters.contexts import Scope

MOST = 1000  # rows in one page
AT_ONCE = 500  # rows asked for at a time by a search
MOST_SEARCHED = 2000  # rows that a search looks at
LONGEST_SEARCH = 253
LONGEST_TOKEN = 4096
FOUND = "@"  # begins the token of a search: how many hits came before


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked of a list. Values are checked by `page`."""

    limit: int = MOST
    token: str = ""  # of the page before
    search: str = ""  # in names, labels and cells
    labels: str = ""
    fields: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Part of a list. The API server was asked at `read_at`; nothing follows what changes since."""

    resource: Resource
    columns: Sequence[Column]
    rows: Sequence[TableRow]
    token: str  # asks for the next page, "" if there is none
    total: int | None  # of all pages; None if nobody counted
    left: int | None = None  # after this page, if the API server says
    searched: int = 0  # rows that a search has looked at
    more: bool = False  # there are rows that the search did not look at
    only: Sequence[str] = ()  # the namespaces that were asked, where not all may be
    refused: Sequence[str] = ()  # and those of them that may not be read either
    read_at: datetime


def page(scope: Scope, resource: Resource, query: Query) -> Page:
    """Return one page of a list of the scope.

    Where a kind may not be listed in all namespaces, those of the settings are asked one by one, or that of
    the context. Raises `InvalidInput` with every bad value, `Gone` for a token that is too old, `Forbidden`,
    and what else keeps the rows away.
    """
    _check(query)
    return _searched(scope, resource, query) if query.search.strip() else _part(scope, resource, query)


def _check(query: Query) -> None:
    problems = []
    if not 1 <= query.limit <= MOST:
        problems.append(Problem("limit", f"limit is a whole number from 1 to {MOST}"))
    if len(query.search) > LONGEST_SEARCH:
        problems.append(Problem("search", f"a search has at most {LONGEST_SEARCH} characters"))
    if len(query.token) > LONGEST_TOKEN:
        problems.append(Problem("continue", "that is no token of ours"))
    if len(query.fields) > selectors.LONGEST:
        problems.append(Problem("fieldSelector", f"a selector has at most {selectors.LONGEST} characters"))
    try:
        if query.labels.strip():
            selectors.labels(query.labels)
    except ValueError as exc:
        problems.append(Problem("labelSelector", str(exc)))
    if problems:
        raise InvalidInput("Validation failed", problems=problems)


def _part(scope: Scope, resource: Resource, query: Query) -> Page:
    place, mark, inner = query.token.partition("~")
    if query.token and (not mark or place not in ("", *_fallback(scope))):
        raise contexts.invalid("continue", "that is no token of ours")
    if not place:
        try:
            everywhere = scope.namespace if resource.namespaced else None
            table = _table(scope, resource, everywhere, query, limit=query.limit, token=inner)
        except Forbidden:
            if scope.namespace or not resource.namespaced:
                raise
        else:
            return _of_table(resource, table, first=not query.token)
    return _by_namespace(scope, resource, query, place=place, token=inner)


def _of_table(resource: Resource, table: Table, *, first: bool) -> Page:
    whole = len(table.rows) if not table.token else None
    total = len(table.rows) + table.left if table.left is not None else whole
    return Page(
        resource=resource,
        columns=table.columns,
        rows=table.rows,
        token=f"~{table.token}" if table.token else "",
        total=total if first else None,
        left=table.left,
        read_at=now(),
    )


def _by_namespace(scope: Scope, resource: Resource, query: Query, *, place: str, token: str) -> Page:
    """Return rows of the namespaces that may be read, from a place and a token in it on."""
    places = _fallback(scope)
    rows: list[TableRow] = []
    columns: Sequence[Column] = ()
    refusals: dict[str, Forbidden] = {}
    following = ""
    for each in places[places.index(place) if place else 0 :]:
        if len(rows) >= query.limit:
            following = f"{each}~"
            break
        try:
            left, inner = query.limit - len(rows), token if each == place else ""
            table = _table(scope, resource, each, query, limit=left, token=inner)
        except Forbidden as exc:
            refusals[each] = exc
            continue
        rows += table.rows
        columns = columns or table.columns
        if table.token:
            following = f"{each}~{table.token}"
            break
    if len(refusals) == len(places):
        raise next(iter(refusals.values()))
    return Page(
        resource=resource,
        columns=columns,
        rows=rows,
        token=following,
        total=None if following or query.token else len(rows),
        only=places,
        refused=tuple(refusals),
        read_at=now(),
    )


def _fallback(scope: Scope) -> list[str]:
    """Return the namespaces to ask where not all may be listed."""
    return [scope.namespace] if scope.namespace else settings.CLUSTER_NAMESPACES or [scope.context.namespace]


def _table(
    scope: Scope, resource: Resource, namespace: str | None, query: Query, *, limit: int, token: str
) -> Table:
    try:
        return refused.unless(
            scope.cluster,
            f"list {resource.id} {namespace or ''}",
            lambda: scope.cluster.table(
                resource,
                namespace=namespace,
                limit=limit,
                token=token,
                labels=query.labels.strip(),
                fields=query.fields.strip(),
            ),
        )
    except Forbidden as exc:
        asked = {
            "reason": "Forbidden",
            "verb": "list",
            "resource": resource.id,
            "namespace": namespace or "",
        }
        raise Forbidden(exc.message, service="kubernetes", status=403, details=asked) from exc


def _searched(scope: Scope, resource: Resource, query: Query) -> Page:
    """Return the rows that mention something. API servers cannot search, so the first rows are looked at."""
    before = query.token.removeprefix(FOUND)
    if query.token and (before == query.token or not before.isdecimal() or not before.isascii()):
        raise contexts.invalid("continue", "that is no token of ours")
    start = int(before or 0)
    wanted = query.search.strip().lower()
    hits: list[TableRow] = []
    looked_at = 0
    part = _part(scope, resource, replace(query, limit=AT_ONCE, token=""))
    while True:
        looked_at += len(part.rows)
        hits += matching(part.rows, wanted)
        if not part.token or not part.rows or looked_at >= MOST_SEARCHED:
            break
        part = _part(scope, resource, replace(query, limit=AT_ONCE, token=part.token))
    end = start + query.limit
    return Page(
        resource=resource,
        columns=part.columns,
        rows=hits[start:end],
        token=f"{FOUND}{end}" if end < len(hits) else "",
        total=len(hits),
        searched=looked_at,
        more=bool(part.token),
        only=part.only,
        refused=part.refused,
        read_at=part.read_at,
    )


def matching(rows: Iterable[TableRow], text: str) -> list[TableRow]:
    """Return the rows that mention `text`, in lower case, in their name, namespace, labels or cells."""
    return [row for row in rows if text in _words(row)]


def _words(row: TableRow) -> str:
    labels = (f"{key}={value}" for key, value in row.labels.items())
    return "\n".join((row.name, row.namespace, *labels, *map(str, row.cells))).lower()
