"""Where stacks live: one cluster, the one that the settings name."""

from orchestrator.backends.cluster.port import Cluster
from orchestrator.services.clusters import contexts
from orchestrator.services.stacks.errors import ClusterUnavailable


def cluster() -> Cluster:
    """Return the cluster that new stacks go to; raise `ClusterUnavailable` if it could not be opened."""
    everything = contexts.catalogue()
    found = everything.clusters.get(everything.current)
    if found is None:
        raise ClusterUnavailable
    return found


def named(context: str) -> Cluster | None:
    """Return the cluster that a row names, None if it is not among those that were opened."""
    return contexts.catalogue().clusters.get(context)
