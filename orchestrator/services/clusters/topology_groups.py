"""Which objects of a map share a node, where they are too many for one each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orchestrator.backends.cluster import objects
from orchestrator.backends.cluster.objects import Row
from orchestrator.services.clusters.topology_edges import CLUSTER_WIDE, Key, Line, Web

MOST_NODES = 200  # More are no picture any more.
MADE = {"Pod", "ReplicaSet", "Job"}  # what workloads make
# https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/, and what came before it.
APP_LABELS = ("app.kubernetes.io/instance", "app.kubernetes.io/name", "app", "k8s-app")
Home = Callable[[Key], Key]


@dataclass(frozen=True, slots=True)
class Grouped:
    """Nodes with what each stands for, and the edges between them, each once and in order."""

    members: dict[Key, list[tuple[Key, Row | None]]]
    edges: dict[Line, None]


def grouped(web: Web, *, spread: bool, most: int) -> tuple[Grouped, str]:
    """Return the first grouping that has at most so many nodes, or the last one, and what it groups by.

    First every object has a node of its own; then the pods of a workload share one; then all that has the
    label of an app; then, in a map of all namespaces, all of one namespace.
    """
    steps: list[tuple[str, Home]] = [("", lambda key: key), ("workload", _by_workload(web))]
    steps.append(("app", _by_app(web)))
    if spread:
        steps.append(("namespace", _by_namespace))
    for by, home in steps:
        homes = {key: home(key) for key in web.rows}
        if by == steps[-1][0] or len(set(homes.values())) <= most:
            break
    return _merged(web, homes), by


def _merged(web: Web, homes: Mapping[Key, Key]) -> Grouped:
    members: dict[Key, list[tuple[Key, Row | None]]] = {}
    for key, row in web.rows.items():
        members.setdefault(homes[key], []).append((key, row))
    edges: dict[Line, None] = {}
    for source, target, relation in web.edges:
        if homes[source] != homes[target]:
            edges[homes[source], homes[target], relation] = None
    return Grouped(members, edges)


def _by_workload(web: Web) -> Home:
    def home(key: Key) -> Key:
        top = web.top(key)
        if key.kind not in MADE or top == key:
            return key
        return Key("Pods", top.namespace, top.name, top.kind)

    return home


def _by_app(web: Web) -> Home:
    def home(key: Key) -> Key:
        if key.kind in CLUSTER_WIDE:
            return Key(f"{key.kind}s", "", "")
        return Key("App", key.namespace, _app(web.rows[key]) or _app(web.rows.get(web.top(key))))

    return home


def _by_namespace(key: Key) -> Key:
    return Key(f"{key.kind}s", "", "") if key.kind in CLUSTER_WIDE else Key("Namespace", "", key.namespace)


def _app(row: Row | None) -> str:
    """Return the app that an object belongs to, "" if it does not say."""
    labels = row.labels if row is not None else {}
    chosen = row.selector if isinstance(row, objects.Service) else {}
    said = (each.get(label) for label in APP_LABELS for each in (labels, chosen))
    return next((value for value in said if value), "")
