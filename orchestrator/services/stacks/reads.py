"""What stacks are at a moment: rows, overlaid with what the watch caches say. Nothing is written or asked."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.backends.cluster.objects import Event, Pod
from orchestrator.backends.cluster.port import RESOURCES, CacheState, Kind
from orchestrator.backends.errors import BackendError, NotFound
from orchestrator.errors import Problem
from orchestrator.models import Stack
from orchestrator.models.stacks import StackQuerySet
from orchestrator.services.clusters import yaml
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.stacks import manifests, place
from orchestrator.services.stacks.errors import ClusterUnavailable, InvalidQuery, StackNotFound
from orchestrator.services.stacks.lines import COLUMNS, Line, Now, lines, whole, whole_by_key
from orchestrator.services.stacks.lines import SORTS as SORTS
from orchestrator.services.stacks.refusals import failure
from orchestrator.services.stacks.status import Seen, Status
from orchestrator.services.stacks.views import PortView as PortView
from orchestrator.services.stacks.views import View as View
from orchestrator.services.stacks.views import views

STATUSES = tuple(Status.values)
ACTIVE = (Status.CREATING.value, Status.RUNNING.value)
MOST = 1000  # on one page


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which stacks, in which order; empty values do not restrict, no limit is everything."""

    status: tuple[str, ...] = ()
    node_id: str = ""
    search: str = ""  # part of the id, the node or who made it
    sort: str = "created_at"  # one of SORTS, with - before it for the other way round
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some stacks; `total` is before paging, `state` is how old what is shown is (None: not known)."""

    views: list[View]
    total: int
    state: CacheState | None
    counts: dict[str, int] = field(default_factory=dict)  # by state, whatever state was asked for


def row(stack_id: str, *, at: datetime) -> Stack:
    """Return the row of a stack; raise `StackNotFound` if there is none, or no longer."""
    found = Stack.objects.visible(at=at).filter(pk=stack_id).first() if "\0" not in stack_id else None
    if found is None:
        raise StackNotFound
    return found


def is_being_made(stack_id: str) -> bool:
    """Return True while the create of a stack has not ended, or is being undone."""
    return Stack.objects.filter(pk=stack_id, settled=False).exists()


def get(stack_id: str, *, at: datetime) -> View:
    """Return one stack; raise `StackNotFound` if there is none, or no longer."""
    return view_of(row(stack_id, at=at))


def view_of(row: Stack) -> View:
    """Return a row with what the caches say now."""
    return views([row], Now())[0]


def page(query: Query, *, at: datetime, counted: bool = True) -> Page:
    """Return the stacks that match, oldest first; raise `InvalidQuery` with every bad value.

    Counting by state looks at every row: whoever shows no counts says `counted=False`.
    """
    _check(query)
    name, turn = query.sort.removeprefix("-"), "-" if query.sort.startswith("-") else ""
    columns = COLUMNS.get(name, COLUMNS["created_at"])
    rows = Stack.objects.visible(at=at).order_by(*(f"{turn}{column}" for column in columns))
    now, by = Now(many=True), SORTS[name]
    if not (by or counted or query.status or query.node_id or query.search.strip()):
        return _page_of_table(query, rows, now)
    found = ((row, now.seen(row)) for row in lines(rows))
    matching = [(row, seen) for row, seen in found if _matches(query, row, seen)]
    counts = Counter(seen.status for _, seen in matching)
    if query.status:
        matching = [each for each in matching if each[1].status in query.status]
    if by is not None:
        matching.sort(key=lambda each: by(each[1]), reverse=bool(turn))
    chosen = [row.pk for row, _ in matching[query.offset : _end(query)]]
    there = whole_by_key(chosen)
    # A row that went since is left out; the next look tells.
    shown = views([there[pk] for pk in chosen if pk in there], now)
    return Page(views=shown, total=len(matching), state=_state(), counts=dict(counts))


def _page_of_table(query: Query, rows: StackQuerySet, now: Now) -> Page:
    """Return a page that the database alone can cut out."""
    shown = views(whole(rows[query.offset : _end(query)]), now)
    everything = query.limit is None and not query.offset
    return Page(views=shown, total=len(shown) if everything else rows.count(), state=_state())


def _end(query: Query) -> int | None:
    return None if query.limit is None else query.offset + query.limit


def events(stack_id: str, *, at: datetime) -> list[Event]:
    """Return what the cluster has told of the pod and the service of a stack, latest first."""
    found = row(stack_id, at=at)
    cluster = place.named(found.context)
    if cluster is None:
        return []
    about = {("Pod", found.pk), ("Service", manifests.service_name(found.pk))}
    rows = cluster.cache(Kind.EVENTS).rows(found.namespace)
    told = [each for each in rows if isinstance(each, Event) and (each.kind, each.name) in about]
    return sorted(told, key=lambda event: event.last_timestamp or event.created_at, reverse=True)


def manifest(stack_id: str, *, at: datetime) -> tuple[str, str]:
    """Return the pod and the service of a stack as YAML, as the cluster has them; "" for what is gone.

    Raises `StackNotFound`, and `ClusterUnavailable` or `Broken` if the cluster does not tell.
    """
    found = row(stack_id, at=at)
    cluster = place.named(found.context)
    if cluster is None:
        raise ClusterUnavailable

    def text(kind: Kind, name: str) -> str:
        try:
            return yaml.text(cluster.get(RESOURCES[kind], namespace=found.namespace, name=name))
        except NotFound:
            return ""
        except BackendError as exc:
            raise failure(exc) from exc

    return text(Kind.PODS, found.pk), text(Kind.SERVICES, manifests.service_name(found.pk))


def log_place(stack_id: str, *, at: datetime) -> tuple[Scope, str]:
    """Return where the logs of a stack are: a scope and the name of a pod.

    Raises `StackNotFound`, and `ClusterUnavailable` if its cluster was not opened.
    """
    found = row(stack_id, at=at)
    cluster = place.named(found.context)
    if cluster is None:
        raise ClusterUnavailable
    return Scope(cluster, found.namespace), found.pk


def _check(query: Query) -> None:
    problems = [
        Problem("status", f"status is one of {', '.join(STATUSES)}")
        for each in query.status
        if each not in STATUSES
    ]
    if query.sort.removeprefix("-") not in SORTS:
        message = f"sort is one of {', '.join(SORTS)}, with - before it to turn it round"
        problems.append(Problem("sort", message))
    if query.limit is not None and not 1 <= query.limit <= MOST:
        problems.append(Problem("limit", f"limit is a number from 1 to {MOST}"))
    if query.offset < 0:
        problems.append(Problem("offset", "offset is a number from 0"))
    if problems:
        raise InvalidQuery(*problems)


def _matches(query: Query, row: Line, seen: Seen) -> bool:
    if query.node_id and seen.node_id != query.node_id:
        return False
    text = query.search.strip().lower()
    return not text or any(text in each.lower() for each in (row.pk, seen.node_id, row.actor))


def seen_of(row: Stack) -> Seen:
    """Return the state of a stack as row and cache have it."""
    return Now().seen(row)


def pod_of(row: Stack) -> Pod | None:
    """Return the pod of a stack as the cache has it, None if it has none."""
    return Now().pod(row)


def _state() -> CacheState | None:
    try:
        return place.cluster().cache(Kind.PODS).state()
    except ClusterUnavailable:
        return None
