"""What may be asked of a list, and the test of rows that follows from it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from orchestrator.backends.cluster import objects
from orchestrator.backends.cluster.objects import Event, Namespace, Node, Pod, Row
from orchestrator.backends.cluster.port import Kind
from orchestrator.errors import InvalidInput, Problem
from orchestrator.services.clusters import selectors, states

Test = Callable[[Row], bool]
MOST = 1000  # rows in one page
LONGEST_SEARCH = 253
DAY_HOURS = 24
ROWS: dict[Kind, type[Row]] = {
    Kind.PODS: Pod,
    Kind.NODES: Node,
    Kind.NAMESPACES: Namespace,
    Kind.EVENTS: Event,
    Kind.DEPLOYMENTS: objects.Deployment,
    Kind.REPLICASETS: objects.ReplicaSet,
    Kind.STATEFULSETS: objects.StatefulSet,
    Kind.DAEMONSETS: objects.DaemonSet,
    Kind.JOBS: objects.Job,
    Kind.CRONJOBS: objects.CronJob,
    Kind.HPAS: objects.HPA,
    Kind.SERVICES: objects.Service,
    Kind.INGRESSES: objects.Ingress,
    Kind.CONFIGMAPS: objects.ConfigMap,
    Kind.SECRETS: objects.Secret,
    Kind.RESOURCEQUOTAS: objects.ResourceQuota,
    Kind.LIMITRANGES: objects.LimitRange,
    Kind.PVCS: objects.PersistentVolumeClaim,
    Kind.PVS: objects.PersistentVolume,
}
STATUSES = {Kind.PODS, Kind.NODES, Kind.DEPLOYMENTS}  # kinds whose `status` may be asked for


def _field_names(type_: type[Row]) -> dict[str, str]:
    """Return the attribute behind each member of the JSON, as far as it may be sorted by."""
    fields = msgspec.structs.fields(type_)
    # No cache holds what a node uses.
    return {each.encode_name: each.name for each in fields if each.name not in (*type_.private, "usage")}


# `age` sorts by the time of creation; `state` by what needs somebody, for pages.
SORTS: dict[Kind, dict[str, str]] = {
    kind: _field_names(type_) | {"age": "created_at", "state": "state"} for kind, type_ in ROWS.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked of a list. Values are checked by `compiled`."""

    search: str = ""
    state: str = ""  # one of `states.STATES`
    status: str = ""  # exact
    label_selector: str = ""
    field_selector: str = ""
    sort: str = ""
    limit: int | None = None  # all, if None
    offset: int = 0
    type: str = ""  # of events
    time_range_hours: float = DAY_HOURS  # of events


def compiled(kind: Kind, query: Query, *, orders: Iterable[str] = ()) -> Test | None:
    """Return the test that a row must pass; None if every row does. `state` and times are not part of it.

    `orders` are further words that it may be sorted by.
    Raises `InvalidInput` with every value that breaks a rule.
    """
    found = problems(kind, query, orders=orders)
    tests: list[Test] = []
    try:
        if query.label_selector:
            wanted = selectors.labels(query.label_selector)
            tests.append(lambda row: wanted(row.labels))
    except ValueError as exc:
        found.append(Problem("labelSelector", str(exc)))
    try:
        if query.field_selector:
            tests.append(selectors.fields(query.field_selector, kind))
    except ValueError as exc:
        found.append(Problem("fieldSelector", str(exc)))
    if found:
        raise InvalidInput("Validation failed", problems=found)
    if query.status:
        tests.append(lambda row: row.status == query.status)
    if query.type:
        tests.append(lambda row: getattr(row, "type", "") == query.type)
    if query.search.strip():
        tests.append(containing(query.search.strip().lower()))
    if not tests:
        return None
    return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)


def containing(text: str) -> Test:
    """Return a test whether a row mentions `text`, in lower case, where a person would look for it."""
    # Rows share their labels and containers, so each distinct one is searched once.
    seen: dict[int, bool] = {}

    def in_shared(value: Any, words: Callable[[Any], str]) -> bool:
        known = seen.get(id(value))
        if known is None:
            known = seen[id(value)] = text in words(value).lower()
        return known

    def test(row: Row) -> bool:
        if text in row.name or text in (row.namespace or "") or text in (row.status or "").lower():
            return True
        if in_shared(row.labels, lambda labels: "\n".join(f"{key}={labels[key]}" for key in labels)):
            return True
        if isinstance(row, Pod):
            images = in_shared(row.containers, lambda found: "\n".join(each.image for each in found))
            return images or text in row.node_name or text in str(row.reason or "").lower()
        words: tuple[str, ...] = getattr(row, "images", None) or getattr(row, "hosts", None) or ()
        if words:
            return in_shared(words, "\n".join)
        if isinstance(row, Event):
            return text in f"{row.name}\n{row.reason}\n{row.message}\n{row.kind}".lower()
        return isinstance(row, Node) and text in f"{row.version}\n{' '.join(row.roles)}".lower()

    return test


def problems(kind: Kind, query: Query, *, orders: Iterable[str] = ()) -> list[Problem]:
    """Return every value of a query that breaks a rule."""
    found = []
    if query.limit is not None and not 1 <= query.limit <= MOST:
        found.append(Problem("limit", f"limit is a whole number from 1 to {MOST}"))
    if query.offset < 0:
        found.append(Problem("offset", "offset is 0 or more"))
    if len(query.search) > LONGEST_SEARCH:
        found.append(Problem("search", f"a search has at most {LONGEST_SEARCH} characters"))
    known = {*SORTS[kind], *orders}
    fields = (each.strip().removeprefix("-") for each in query.sort.split(",") if each.strip())
    if any(field not in known for field in fields):
        found.append(Problem("sort", f"sort by {', '.join(sorted(known))}, with - for descending"))
    if query.status and kind not in STATUSES:
        found.append(Problem("status", f"{kind} have no status to filter by"))
    if query.type not in ("", "Normal", "Warning"):
        found.append(Problem("type", "type is Normal or Warning"))
    if query.state and query.state not in states.STATES.get(ROWS[kind], ()):
        found.append(Problem("state", f"state is one of {', '.join(states.STATES.get(ROWS[kind], ()))}"))
    return found
