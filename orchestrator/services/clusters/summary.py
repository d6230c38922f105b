"""What a cluster holds, in numbers, and how well it is."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from django.conf import settings

from orchestrator.backends.cluster.objects import (
    CronJob,
    DaemonSet,
    Deployment,
    Job,
    Node,
    PersistentVolume,
    Pod,
    Row,
    StatefulSet,
)
from orchestrator.backends.cluster.port import CacheState, Kind
from orchestrator.backends.errors import BackendError, Forbidden, NotFound
from orchestrator.services.clusters import lists, states
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.score import Health, score

Counts = dict[str, int]

COUNTED: dict[Kind, str] = {  # the name of each kind in a summary
    Kind.DEPLOYMENTS: "deployments",
    Kind.PODS: "pods",
    Kind.NODES: "nodes",
    Kind.CONFIGMAPS: "configMaps",
    Kind.SECRETS: "secrets",
    Kind.HPAS: "hpa",
    Kind.PVS: "pv",
    Kind.SERVICES: "services",
    Kind.INGRESSES: "ingress",
    Kind.JOBS: "jobs",
    Kind.CRONJOBS: "cronjobs",
    Kind.STATEFULSETS: "statefulsets",
    Kind.DAEMONSETS: "daemonsets",
}
SCORED = (Kind.DEPLOYMENTS, Kind.PODS, Kind.NODES, Kind.PVS)


@dataclass(frozen=True, slots=True)
class Read:
    """Rows by kind; a kind that may not be read has none, and an error."""

    rows: dict[Kind, Sequence[Row]] = field(default_factory=dict)
    errors: dict[Kind, BackendError] = field(default_factory=dict)
    partial: bool = False  # rows or whole kinds are missing because they may not be read


@dataclass(frozen=True, slots=True)
class Summary:
    """Numbers by the names of `COUNTED`: one, or several by their own names."""

    numbers: dict[str, Counts | int]
    errors: dict[Kind, BackendError]
    partial: bool


def summary(scope: Scope) -> Summary:
    """Return how many objects of each kind there are, and how they are; a kind that is missing has zeros.

    Raises the `BackendError` of a cluster that shows nothing at all.
    """
    found = read(scope, COUNTED)
    numbers = {name: numbers_of(kind, found.rows.get(kind, ())) for kind, name in COUNTED.items()}
    return Summary(numbers, found.errors, found.partial)


def health(scope: Scope) -> Health:
    """Return how well the cluster is; what may not be read costs nothing, and the answer is partial.

    Raises the `BackendError` that keeps away anything else that counts: half a score is none.
    """
    found = read(scope, SCORED)
    unforeseen = [error for error in found.errors.values() if not isinstance(error, Forbidden)]
    if unforeseen:
        raise unforeseen[0]
    return score(
        deployments=deployments(found.rows.get(Kind.DEPLOYMENTS, ())),
        pods=pods(found.rows.get(Kind.PODS, ())),
        nodes=nodes(found.rows.get(Kind.NODES, ())),
        volumes=volumes(found.rows.get(Kind.PVS, ())),
        partial=found.partial,
    )


def read(scope: Scope, kinds: Iterable[Kind]) -> Read:
    """Return the rows of several kinds. All caches begin together, so the first call waits once for all.

    A kind that is refused or unknown to the cluster does not keep away the others; if none can be read for
    another reason, that `BackendError` is raised.
    """
    caches = {kind: scope.cluster.cache(kind) for kind in kinds}
    deadline = monotonic() + settings.K8S_API_TIMEOUT_SECONDS
    found = Read()
    partial = False
    for kind, cache in caches.items():
        cache.wait(max(0.0, deadline - monotonic()))
        state = cache.state()
        partial = partial or state.partial
        error = _error(kind, state, scope)
        if error is None:
            found.rows[kind] = cache.rows(scope.namespace if kind.namespaced else None)
        else:
            found.errors[kind] = error
    silent = [each for each in found.errors.values() if not isinstance(each, (Forbidden, NotFound))]
    if silent and not found.rows:
        raise silent[0]
    return Read(found.rows, found.errors, partial or bool(found.errors))


def _error(kind: Kind, state: CacheState, scope: Scope) -> BackendError | None:
    """Return what keeps the rows of a kind away."""
    try:
        lists.check_complete(kind, scope, state)
    except BackendError as exc:
        return exc
    return None


def numbers_of(kind: Kind, rows: Sequence[Row]) -> Counts | int:
    """Return what a summary says of the rows of a kind."""
    of = COUNTERS.get(kind)
    return of(rows) if of else len(rows)


def deployments(rows: Iterable[Row]) -> Counts:
    """Return total, healthy, degraded and progressing deployments."""
    found = Counter(row.status for row in rows if isinstance(row, Deployment))
    healthy, degraded = found["Available"], found["Degraded"]
    total = found.total()
    return {
        "total": total,
        "healthy": healthy,
        "degraded": degraded,
        "progressing": total - healthy - degraded,
    }


def pods(rows: Sequence[Row]) -> Counts:
    """Return total, running, pending and failed pods; one that fails is not counted by its phase."""
    found = Counter(_phase(row) for row in rows if isinstance(row, Pod))
    return {
        "total": found.total(),
        "running": found["Running"],
        "pending": found["Pending"],
        "failed": found["Failed"],
    }


def _phase(pod: Pod) -> str:
    return "Failed" if states.of(pod) == "failing" else pod.phase


def nodes(rows: Iterable[Row]) -> Counts:
    """Return total, ready and not ready nodes."""
    return _ready([row.status == "Ready" for row in rows if isinstance(row, Node)])


def volumes(rows: Iterable[Row]) -> Counts:
    """Return total and bound volumes."""
    bound = [row.status == "Bound" for row in rows if isinstance(row, PersistentVolume)]
    return {"total": len(bound), "bound": sum(bound)}


def jobs(rows: Iterable[Row]) -> Counts:
    """Return total, active, succeeded and failed jobs."""
    found = Counter(row.status for row in rows if isinstance(row, Job))
    return {
        "total": found.total(),
        "active": found["Running"],
        "succeeded": found["Complete"],
        "failed": found["Failed"],
    }


def cron_jobs(rows: Iterable[Row]) -> Counts:
    """Return total, active and suspended cron jobs."""
    suspended = [row.suspend for row in rows if isinstance(row, CronJob)]
    return {
        "total": len(suspended),
        "active": len(suspended) - sum(suspended),
        "suspended": sum(suspended),
    }


def stateful_sets(rows: Iterable[Row]) -> Counts:
    """Return total, ready and not ready stateful sets."""
    return _ready(
        [row.replicas.ready == row.replicas.desired for row in rows if isinstance(row, StatefulSet)]
    )


def daemon_sets(rows: Iterable[Row]) -> Counts:
    """Return total, ready and not ready daemon sets."""
    return _ready([row.ready == row.desired for row in rows if isinstance(row, DaemonSet)])


def _ready(ready: Sequence[bool]) -> Counts:
    return {"total": len(ready), "ready": sum(ready), "notReady": len(ready) - sum(ready)}


COUNTERS = {
    Kind.DEPLOYMENTS: deployments,
    Kind.PODS: pods,
    Kind.NODES: nodes,
    Kind.PVS: volumes,
    Kind.JOBS: jobs,
    Kind.CRONJOBS: cron_jobs,
    Kind.STATEFULSETS: stateful_sets,
    Kind.DAEMONSETS: daemon_sets,
}
# A summary of nothing at all: which numbers there are.
NOTHING = {name: numbers_of(kind, ()) for kind, name in COUNTED.items()}
