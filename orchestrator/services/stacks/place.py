"""Where stacks live: one cluster, the one that the settings name."""

from django.conf import settings

from orchestrator.backends.cluster.port import Cluster, Kind
from orchestrator.services.clusters import contexts
from orchestrator.services.stacks.errors import ClusterUnavailable


def cluster() -> Cluster:
    """Return the cluster that new stacks go to; raise `ClusterUnavailable` if it could not be opened."""
    everything = contexts.catalogue()
    found = everything.clusters.get(everything.current)
    if found is None:
        raise ClusterUnavailable
    return found


def watched(cluster: Cluster) -> None:
    """Wait for what a create looks at, if it is being read for the first time."""
    for kind in (Kind.PODS, Kind.NODES, Kind.SERVICES):
        cluster.cache(kind).wait(settings.K8S_API_TIMEOUT_SECONDS)


def name() -> str:
    """Return the context that new stacks go to, also if it could not be opened."""
    return contexts.catalogue().current


def named(context: str) -> Cluster | None:
    """Return the cluster that a row names, None if it is not among those that were opened."""
    return contexts.catalogue().clusters.get(context)
