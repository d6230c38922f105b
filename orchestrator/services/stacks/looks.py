"""What a cluster shows of stacks: from its caches, and asked of the API server where a cache is doubted."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from orchestrator.backends.cluster.objects import Pod
from orchestrator.backends.cluster.port import RESOURCES, CacheState, Cluster, Condition, Kind
from orchestrator.backends.errors import Forbidden, NotFound
from orchestrator.models import Stack
from orchestrator.services.stacks import manifests
from orchestrator.services.stacks.decisions import Part, Presence, Seen
from orchestrator.services.stacks.status import NODE_LOST, UNKNOWN

KINDS = (Kind.PODS, Kind.SERVICES, Kind.NODES)


def is_current(state: CacheState, namespace: str | None) -> bool:
    """Return True if what a cache does not show is not there, but for the moment that a watch takes."""
    return state.condition is Condition.LIVE and state.synced and state.covers(namespace)


class World:
    """The caches of one cluster at a moment. Nothing is asked of the API server but by `confirmed`."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._caches = {kind: cluster.cache(kind) for kind in KINDS}
        self._states = {kind: cache.state() for kind, cache in self._caches.items()}

    def pod(self, row: Stack) -> Pod | None:
        """Return the pod of a stack; None if there is none, or another one of the name."""
        found = self._caches[Kind.PODS].get(row.namespace, row.pk)
        return found if isinstance(found, Pod) and is_ours(row, found.uid) else None

    def knows_pods(self, row: Stack) -> bool:
        return is_current(self._states[Kind.PODS], row.namespace)

    def seen(self, row: Stack) -> Seen:
        """Return what is there of a stack."""
        pod = self.pod(row)
        service = self._caches[Kind.SERVICES].get(row.namespace, manifests.service_name(row.pk))
        node = node_of(row, pod)
        node_row = self._caches[Kind.NODES].get("", node) if node else None
        return Seen(
            pod=self._presence(Kind.PODS, pod, row.namespace),
            service=self._presence(Kind.SERVICES, service, row.namespace),
            node=self._presence(Kind.NODES, node_row, None) if node else Presence.THERE,
            node_lost=pod is not None and pod.reason == NODE_LOST,
        )

    def confirmed(self, row: Stack, seen: Seen, doubts: frozenset[Part]) -> Seen:
        """Return what is there with what was doubted asked of the API server.

        Raises `BackendError` if it does not say. What may not be read stays unknown.
        """
        asked: dict[Part, Presence] = {}
        if Part.POD in doubts:
            ours = partial(is_ours, row)
            asked[Part.POD] = _asked(self.cluster, Kind.PODS, row.namespace, row.pk, ours=ours)
        if Part.SERVICE in doubts:
            name = manifests.service_name(row.pk)
            asked[Part.SERVICE] = _asked(self.cluster, Kind.SERVICES, row.namespace, name)
        if Part.NODE in doubts and (node := node_of(row, self.pod(row))):
            asked[Part.NODE] = _asked(self.cluster, Kind.NODES, "", node)
        return replace(
            seen,
            pod=asked.get(Part.POD, seen.pod),
            service=asked.get(Part.SERVICE, seen.service),
            node=asked.get(Part.NODE, seen.node),
        )

    def _presence(self, kind: Kind, found: object, namespace: str | None) -> Presence:
        if found is not None:
            return Presence.THERE
        return Presence.ABSENT if is_current(self._states[kind], namespace) else Presence.UNKNOWN


def is_ours(row: Stack, uid: str) -> bool:
    """Return False for a pod that only bears the name of a stack's."""
    return not row.pod_uid or not uid or uid == row.pod_uid


def node_of(row: Stack, pod: Pod | None) -> str:
    """Return the name of the node of a stack, "" if it has none yet."""
    if pod is not None and pod.node_name != UNKNOWN:
        return pod.node_name
    return row.node_id


def signs(cluster: Cluster, namespace: str) -> tuple[object, ...]:
    """Return something that differs once something changes there that a stack may depend on.

    Only caches that run are looked at.
    """
    found: list[object] = []
    for kind, cache in cluster.running().items():
        if kind is Kind.NODES:
            found += [row.name for row in cache.peek()]
        elif kind in (Kind.PODS, Kind.SERVICES, Kind.NETWORKPOLICIES):
            found += cache.rows(namespace)
        else:
            continue
        found.append(cache.state().condition)
    return tuple(found)


def _asked(
    cluster: Cluster, kind: Kind, namespace: str, name: str, *, ours: Callable[[str], bool] = bool
) -> Presence:
    """Return whether the API server has an object; one with another uid than `ours` is another one."""
    try:
        found = cluster.get(RESOURCES[kind], namespace=namespace, name=name)
    except NotFound:
        return Presence.ABSENT
    except Forbidden:
        return Presence.UNKNOWN
    return Presence.THERE if ours(str(found["metadata"]["uid"])) else Presence.ABSENT
