"""The map of a cluster: its objects as nodes, what connects them as edges, grouped where they are many."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import msgspec
from msgspec import UNSET, UnsetType

from orchestrator.backends.cluster.objects import Pod, Row
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import BackendError
from orchestrator.errors import InvalidInput, Problem
from orchestrator.services.clusters import related, states, summary, topology_edges, topology_groups
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.related import Known
from orchestrator.services.clusters.topology_edges import MAPPED as MAPPED
from orchestrator.services.clusters.topology_edges import RELATIONS as RELATIONS
from orchestrator.services.clusters.topology_edges import Key

LONGEST_SEARCH = 253
USUAL = tuple(kind for kind in MAPPED if kind not in (Kind.NODES, Kind.PVS, Kind.REPLICASETS))
# States of all kinds from what needs somebody first; the others are fine.
WORST = (
    *("failing", "failed", "lost", "notready", "degraded", "missing", "unready", "pressure"),
    *("blind", "released", "limited", "starting", "progressing", "scaling", "pending", "terminating"),
    *("suspended", "cordoned", "unread"),
)
RANK = {state: rank for rank, state in enumerate(WORST)}


class MapNode(msgspec.Struct, frozen=True, rename="camel"):
    """An object, or several: `Pods` of a workload, an `App`, a `Namespace`, or all `Nodes`.

    `state` is one of `states.STATES`, or `missing` for what others name and does not exist, or `unread` for
    what may not be read; of a group it is the worst. `counts` are the pods of a group by state.
    """

    id: str
    kind: str
    name: str
    namespace: str | UnsetType = UNSET
    state: str = ""
    status: str = ""
    objects: int = 1
    counts: dict[str, int] = {}
    workload: str | UnsetType = UNSET  # the kind of the workload whose pods these are


class MapEdge(msgspec.Struct, frozen=True):
    """`source` does something with `target`, such as `selects`; see `topology_edges`."""

    source: str
    target: str
    relation: str


class Topology(msgspec.Struct, frozen=True, rename="camel"):
    """A map. `grouped_by` is workload, app or namespace; "" if every object has a node of its own."""

    nodes: tuple[MapNode, ...]
    edges: tuple[MapEdge, ...]
    grouped: bool
    grouped_by: str
    objects: int  # before they were grouped


@dataclass(frozen=True, slots=True)
class Found:
    """A map, and what keeps kinds of it away."""

    topology: Topology
    errors: dict[Kind, BackendError]
    partial: bool


def read(scope: Scope, *, kinds: Collection[Kind] = MAPPED) -> Found:
    """Return the map of a scope; a kind that may not be read is left out and named.

    Raises the `BackendError` of a cluster that shows nothing at all.
    """
    rows = summary.read(scope, MAPPED)
    topology = build(Known(rows.rows, tuple(rows.errors)), namespace=scope.namespace, kinds=kinds)
    return Found(topology, rows.errors, rows.partial)


def kinds_of(text: str) -> tuple[Kind, ...]:
    """Return the kinds that a comma list names, all for ""; raise `InvalidInput` for others."""
    asked = [each.strip() for each in text.split(",") if each.strip()]
    unknown = [each for each in asked if each not in set(MAPPED)]
    if unknown:
        allowed = ", ".join(MAPPED)
        raise InvalidInput("Validation failed", problems=[Problem("kinds", f"kinds are some of {allowed}")])
    return tuple(kind for kind in MAPPED if kind in asked) or MAPPED


def build(
    rows: Known,
    *,
    namespace: str | None,
    kinds: Collection[Kind] = MAPPED,
    search: str = "",
    most: int = topology_groups.MOST_NODES,
) -> Topology:
    """Return the map of rows: of one namespace, or of all if it is None. The same rows make the same map.

    Kinds that are left out are bridged: without replica sets, deployments own pods. A search keeps what has
    the text in its name and what is connected with that. Above `most` nodes they are grouped.
    """
    web = topology_edges.web(rows)
    web = topology_edges.restricted(web, {kind.word for kind in kinds})
    if search.strip():
        web = topology_edges.matching(web, search.strip().lower()[:LONGEST_SEARCH])
    grouped, by = topology_groups.grouped(web, spread=namespace is None, most=most)
    nodes = tuple(_nodes(grouped.members, rows, spread=namespace is None))
    edges = (
        MapEdge(_id(source, namespace is None), _id(target, namespace is None), relation)
        for source, target, relation in grouped.edges
    )
    return Topology(nodes, tuple(edges), bool(by), by, len(web.rows))


def _nodes(
    members: dict[Key, list[tuple[Key, Row | None]]], rows: Known, *, spread: bool
) -> Iterable[MapNode]:
    unread = {kind.word for kind in rows.unread}
    for key, found in members.items():
        group = len(found) > 1 or found[0][0] != key
        yield (_group if group else _single)(key, found, unread, spread)


def _single(
    key: Key, found: Sequence[tuple[Key, Row | None]], unread: Collection[str], spread: bool
) -> MapNode:
    row = found[0][1]
    state = _state(found[0][0], row, unread)
    return MapNode(
        id=_id(key, spread),
        kind=key.kind,
        name=key.name,
        namespace=key.namespace or UNSET,
        state=state,
        status=states.reason(row) if row is not None and state else "",
    )


def _group(
    key: Key, found: Sequence[tuple[Key, Row | None]], unread: Collection[str], spread: bool
) -> MapNode:
    every = {_state(each, row, unread) for each, row in found}
    pods = Counter(states.of(row) for _, row in found if isinstance(row, Pod))
    return MapNode(
        id=_id(key, spread),
        kind=key.kind,
        name=key.name,
        namespace=key.namespace or UNSET,
        state=min(every, key=lambda state: (RANK.get(state, len(RANK)), state)),
        objects=len(found),
        counts={state: pods[state] for state in states.STATES[Pod] if pods[state]},
        workload=key.workload or UNSET,
    )


def _state(key: Key, row: Row | None, unread: Collection[str]) -> str:
    if row is not None:
        return states.of(row)
    return "unread" if key.kind in unread else "missing"


def _id(key: Key, spread: bool) -> str:
    """Return `kind-name`, as the contract says; in a map of all namespaces the name has its namespace."""
    workload = f"{key.workload.lower()}-" if key.workload else ""
    place = f"{key.namespace}/" if spread and key.namespace else ""
    return f"{key.kind.lower()}-{workload}{place}{key.name}"


def known(scope: Scope, *, wait_seconds: float) -> Known:
    """Return what the caches of a map hold; those that just began are waited for, together."""
    return related.known(MAPPED, scope, wait_seconds=wait_seconds)
