"""Opens the clusters that settings name."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings

from orchestrator.backends.cluster import rows
from orchestrator.backends.cluster.objects import Row
from orchestrator.backends.cluster.port import DEMO_CONTEXT, Catalogue, Cluster, Kind, Listener
from orchestrator.backends.cluster.rows import details
from orchestrator.backends.errors import BackendError

logger = logging.getLogger(__name__)

HOME_KUBECONFIG = Path("~/.kube/config")


def open_catalogue(listener: Listener) -> Catalogue:
    """Return every context there is; `listener` hears of each change in a cache. Asks no server anything.

    Real clusters are opened if they are named (`KUBECONFIG`, `K8S_CONTEXT`, `CLUSTER_BACKEND=kubernetes`) or
    found in the usual places. One that is named and cannot be opened is a problem, never a demo in disguise.
    """
    demo: dict[str, Cluster] = {DEMO_CONTEXT: _demo(listener)}
    if settings.CLUSTER_BACKEND == "demo" or not (_named() or _found()):
        logger.info("cluster back end: demo")
        return Catalogue(clusters=demo)
    try:
        real, current = _real(listener)
    except (BackendError, OSError) as exc:
        problem = f"The kubeconfig cannot be read: {exc.strerror}" if isinstance(exc, OSError) else str(exc)
        logger.error("cluster back end: kubernetes. %s", problem)
        return Catalogue(clusters=demo, current="", problem=problem)
    problem = ""
    if settings.K8S_CONTEXT and settings.K8S_CONTEXT not in real:
        problem = f"K8S_CONTEXT names {settings.K8S_CONTEXT}, which the kubeconfig does not hold."
        logger.error(problem)
    current = "" if problem else settings.K8S_CONTEXT or current
    logger.info("cluster back end: kubernetes, %d contexts, current %s", len(real), current or "none")
    return Catalogue(clusters={**real, **demo}, current=current, problem=problem)


def _named() -> bool:
    return bool(settings.KUBECONFIG or settings.K8S_CONTEXT) or settings.CLUSTER_BACKEND == "kubernetes"


def _found() -> bool:
    return HOME_KUBECONFIG.expanduser().is_file() or _in_cluster()


def _in_cluster() -> bool:
    return "KUBERNETES_SERVICE_HOST" in os.environ


def _demo(listener: Listener) -> Cluster:
    from orchestrator.backends.cluster.demo import DemoCluster

    return DemoCluster(
        seed=settings.DEMO_SEED,
        evolve=settings.DEMO_EVOLVE,
        ticks=settings.DEMO_TICKS,
        state=settings.DEMO_STATE,
        listener=listener,
    )


def _real(listener: Listener) -> tuple[dict[str, Cluster], str]:
    # Imported here because the client library costs 0.7 s and 42 MB.
    from orchestrator.backends.cluster.kubernetes import open_in_cluster, open_kubernetes

    places = _places()
    kubeconfig = settings.KUBECONFIG
    if kubeconfig is None and not HOME_KUBECONFIG.expanduser().is_file() and _in_cluster():
        cluster = open_in_cluster(listener=listener, **places)
        return {cluster.context.name: cluster}, cluster.context.name
    path = kubeconfig or str(HOME_KUBECONFIG.expanduser())
    clusters, current = open_kubernetes(path, listener=listener, **places)
    return {**clusters}, current


def _places() -> dict[str, Any]:
    """Return what is read where reading all namespaces is forbidden."""
    return {"namespaces": settings.CLUSTER_NAMESPACES, "of_stacks": settings.STACK_NAMESPACE}


def open_added(config: dict[str, Any], *, name: str, listener: Listener) -> Cluster:
    """Return the cluster of a kubeconfig that holds one context, which was checked before it was kept."""
    from orchestrator.backends.cluster.kubernetes import open_config

    return open_config(config, name=name, listener=listener, **_places())


def as_row(kind: Kind, manifest: dict[str, Any]) -> Row:
    """Return a whole object as the row that lists show; raise `BackendError` if it makes no sense."""
    with _sense():
        return rows.from_object(kind, manifest)


def as_detail(kind: Kind, row: Row, manifest: dict[str, Any]) -> Row:
    """Return the row of a whole object with what one object shows more than a list.

    No value of a secret is in it. Raises `BackendError` if the object makes no sense.
    """
    with _sense():
        return details.detail(kind, row, manifest)


@contextmanager
def _sense() -> Iterator[None]:
    try:
        yield
    except msgspec.ValidationError as exc:
        raise BackendError("The cluster sent an object that makes no sense.", service="kubernetes") from exc
