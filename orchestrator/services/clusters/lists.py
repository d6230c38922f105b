"""Lists of what runs in a cluster: filtered, sorted and paged out of the caches."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.utils.timezone import now
from msgspec import UNSET

from orchestrator.backends.cluster.objects import Event, Row
from orchestrator.backends.cluster.port import CacheState, Condition, Kind
from orchestrator.backends.errors import BackendError, Forbidden, TimedOut
from orchestrator.services.clusters import states
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.query import DAY_HOURS, compiled
from orchestrator.services.clusters.query import SORTS as SORTS
from orchestrator.services.clusters.query import Query as Query

NEVER = "Unknown"
Order = Callable[[Row], Any]  # what a row is sorted by
NO_ORDERS: Mapping[str, Order] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Rows of one page with their age filled in, and what surrounds them."""

    rows: list[Row]
    total: int  # after filters, before paging
    everything: int  # before filters
    counts: dict[str, int]  # rows by state, whatever `state` was asked for; empty if not asked for
    state: CacheState
    version: int


def listing(
    kind: Kind,
    scope: Scope,
    query: Query,
    *,
    wait_seconds: float | None = None,
    counted: bool = True,
    orders: Mapping[str, Order] = NO_ORDERS,
) -> Listing:
    """Return what a list shows now. Rows come from memory; only a cache that just began is waited for.

    Counting looks at every row: whoever shows no counts says `counted=False`. `orders` are further words that
    it may be sorted by, for what rows do not hold. Raises `InvalidInput` with
    every bad value. Rows may be missing, or old: `state` says so. Use `required` where that must be an error.
    """
    matches = compiled(kind, query, orders=orders)
    cache = scope.cluster.cache(kind)
    cache.wait(settings.K8S_API_TIMEOUT_SECONDS if wait_seconds is None else wait_seconds)
    version, state = cache.version, cache.state()
    rows = cache.rows(_place(kind, scope))
    moment = now()
    found = rows if matches is None else [row for row in rows if matches(row)]
    if kind is Kind.EVENTS:
        found = recent(found, hours=query.time_range_hours, at=moment)
    counts = Counter(map(states.of, found)) if counted else {}
    if query.state:
        found = [row for row in found if states.of(row) == query.state]
    ordered = in_order(found, kind=kind, sort=query.sort, orders=orders)
    end = None if query.limit is None else query.offset + query.limit
    return Listing(
        rows=[aged(row, at=moment) for row in ordered[query.offset : end]],
        total=len(ordered),
        everything=len(rows),
        counts=dict(counts),
        state=state,
        version=version,
    )


def required(kind: Kind, scope: Scope, query: Query) -> Listing:
    """Return a list that is complete as far as the caller's rights go; old rows count, no rows do not.

    It has no counts. Raises `InvalidInput`, and the `BackendError` that keeps the rows away.
    """
    found = listing(kind, scope, query, counted=False)
    check_complete(kind, scope, found.state)
    return found


def check_complete(kind: Kind, scope: Scope, state: CacheState) -> None:
    """Raise the `BackendError` that keeps the rows of a kind away: that it shows none then means nothing."""
    if kind.namespaced and not state.covers(scope.namespace):
        raise _forbidden(kind, scope, f"You may not list {kind} in the namespace {scope.namespace}.")
    if state.synced:
        return
    if state.condition is Condition.SYNCING:
        raise TimedOut(
            "The first list takes longer than a request may.", service="kubernetes", reason="ETIMEDOUT"
        )
    error = state.error or BackendError(state.problem, service="kubernetes")
    if isinstance(error, Forbidden):
        raise _forbidden(kind, scope, error.message) from error
    raise error


def _forbidden(kind: Kind, scope: Scope, message: str) -> Forbidden:
    place = scope.namespace or ""
    asked = {"reason": "Forbidden", "verb": "list", "resource": kind.value, "namespace": place}
    return Forbidden(message, service="kubernetes", status=403, details=asked)


def everything(kind: Kind, scope: Scope) -> Sequence[Row]:
    """Return the rows of a scope as they are; only a cache that just began is waited for."""
    cache = scope.cluster.cache(kind)
    cache.wait(settings.K8S_API_TIMEOUT_SECONDS)
    return cache.rows(_place(kind, scope))


def _place(kind: Kind, scope: Scope) -> str | None:
    """Return the namespace that rows must be in; None where there are none to be in."""
    return scope.namespace if kind.namespaced else None


def recent(rows: Iterable[Row], *, hours: float, at: datetime) -> list[Row]:
    """Return the events of the last hours, at most a day, newest first; one without a time counts as new."""
    span = hours if 0 < hours <= DAY_HOURS else DAY_HOURS
    oldest = (at - timedelta(hours=span)).isoformat(timespec="milliseconds")[:23] + "Z"
    events = [
        row for row in rows if isinstance(row, Event) and (not row.counts_at or row.counts_at >= oldest)
    ]
    events.sort(key=lambda event: event.counts_at or "", reverse=True)
    return [*events]


def in_order(
    rows: Sequence[Row], *, kind: Kind, sort: str, orders: Mapping[str, Order] = NO_ORDERS
) -> Sequence[Row]:
    """Return rows by a comma list of fields, `-` for descending; as they are if nothing is asked."""
    descending: dict[str, bool] = {}
    for part in (each.strip() for each in sort.split(",") if each.strip()):
        # A field named twice orders nothing more, and a thousand times it would keep us busy.
        descending.setdefault(part.removeprefix("-"), part.startswith("-"))
    ordered = rows
    for name in reversed(descending):
        key = orders.get(name) or _key(SORTS[kind][name])
        ordered = sorted(ordered, key=key, reverse=descending[name])
    return ordered


def _key(attribute: str) -> Callable[[Row], Any]:
    if attribute == "state":
        return states.urgency

    def value(row: Row) -> tuple[bool, object]:
        found = getattr(row, attribute)
        if found is UNSET:
            return True, ""  # after those that have a value
        return False, found if isinstance(found, (str, int)) else repr(found)

    return value


def aged(row: Row, *, at: datetime) -> Row:
    """Return the row with its age at a moment."""
    return msgspec.structs.replace(row, age=age(row.created_at, at=at))


def age(created_at: str, *, at: datetime) -> str:
    """Return whole days if there are any, else hours, else minutes: `5d`, `3h`, `12m`.

    Without a time it is `Unknown`.
    """
    if not created_at:
        return NEVER
    minutes = max(0, int((at - datetime.fromisoformat(created_at)).total_seconds() // 60))
    if minutes >= 1440:
        return f"{minutes // 1440}d"
    return f"{minutes // 60}h" if minutes >= 60 else f"{minutes}m"


@dataclass(frozen=True, slots=True)
class Hit:
    """Something a search has found."""

    kind: Kind
    row: Row


def search(scope: Scope, text: str, *, limit: int = 20) -> list[Hit]:
    """Return what the running caches hold by name, names that begin with `text` first. Never waits."""
    wanted = text.strip().lower()
    hits: list[Hit] = []
    for kind, cache in scope.cluster.running().items():
        if wanted and kind is not Kind.EVENTS:
            hits += [Hit(kind, row) for row in cache.peek() if wanted in row.name]
    hits.sort(key=lambda hit: (not hit.row.name.startswith(wanted), len(hit.row.name), hit.row.key))
    return hits[:limit]
