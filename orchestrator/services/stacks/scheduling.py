"""Waits until a new pod has a node, as the watch tells it."""

from time import monotonic

from django.conf import settings

from orchestrator import connections, live
from orchestrator.backends.cluster import as_row
from orchestrator.backends.cluster.objects import Pod
from orchestrator.backends.cluster.port import Cluster, Kind
from orchestrator.backends.errors import BackendError, NotFound
from orchestrator.models import Stack
from orchestrator.services.clusters import feed
from orchestrator.services.stacks.errors import Broken, ClusterSaturated
from orchestrator.services.stacks.status import UNKNOWN, UNSCHEDULABLE, Seen, status_of

LOOK_SECONDS = 5.0  # A watch that says nothing for so long is not relied on alone.


def wait(cluster: Cluster, row: Stack) -> Seen:
    """Return the state of a stack whose pod was just created, once it has a node.

    Raises `ClusterSaturated` if no node takes it, if the pod goes, or after STACK_SCHEDULING_TIMEOUT,
    `Broken` if it fails before, and `BackendError`.
    """
    topic = feed.topic(Kind.PODS, context=cluster.context.name, namespace=row.namespace)
    cache = cluster.cache(Kind.PODS)
    deadline = monotonic() + settings.STACK_SCHEDULING_TIMEOUT.total_seconds()
    known = False
    connections.give_back()
    seen_until = live.hub.mark()
    look_at = monotonic() + LOOK_SECONDS
    while True:
        pod = cache.get(row.namespace, row.pk)
        if isinstance(pod, Pod) and (not row.pod_uid or pod.uid == row.pod_uid):
            known = True
            if decided(pod):
                return status_of(row, pod)
        elif known:
            raise ClusterSaturated  # It was there, and is gone.
        left = deadline - monotonic()
        if left <= 0 or monotonic() >= look_at:
            pod = _fetched(cluster, row)
            if decided(pod):
                return status_of(row, pod)
            if left <= 0:
                raise ClusterSaturated
            look_at = monotonic() + LOOK_SECONDS
        seen_until = live.hub.wait(topic, since=seen_until, seconds=min(left, look_at - monotonic()))


def decided(pod: Pod) -> bool:
    """Return True for a pod that has a node, False for one that may get one.

    Raises `ClusterSaturated` if the scheduler has found none, and `Broken` for a pod that failed without one.
    https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-conditions
    """
    if pod.node_name not in ("", UNKNOWN):
        return True
    if pod.phase == "Failed":
        raise Broken
    if pod.reason == UNSCHEDULABLE:
        raise ClusterSaturated
    return False


def _fetched(cluster: Cluster, row: Stack) -> Pod:
    """Return the pod as the API server has it; raise `ClusterSaturated` if it is gone."""
    try:
        manifest = cluster.read(Kind.PODS, namespace=row.namespace, name=row.pk)
    except NotFound as exc:
        raise ClusterSaturated from exc
    found = as_row(Kind.PODS, manifest)
    if not isinstance(found, Pod):
        raise BackendError("The cluster sent a pod that makes no sense.", service="kubernetes")
    return found
