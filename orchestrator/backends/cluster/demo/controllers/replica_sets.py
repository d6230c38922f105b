"""Replica sets keep as many pods as they are told to."""

from collections.abc import Iterator
from datetime import datetime

from orchestrator.backends.cluster.demo.controllers.objects import (
    HASH,
    Found,
    active,
    add_pod,
    available_at,
    is_ready,
    owned,
    put_status,
    tell,
)
from orchestrator.backends.cluster.demo.deleting import end_pod
from orchestrator.backends.cluster.demo.overlay import Draft
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import Kind

CONTROLLER = "replicaset-controller"


def reconcile(draft: Draft) -> Iterator[datetime]:
    """Yield when a pod will have been ready for long enough."""
    for key, manifest in draft.kept(Kind.REPLICASETS):
        pods = active(owned(draft, manifest, Kind.PODS))
        missing = manifest["spec"]["replicas"] - len(pods)
        template = manifest["spec"]["template"]
        for _ in range(missing):
            labels = template["metadata"].get("labels", {})
            pod = add_pod(draft, manifest, labels=labels, spec=template["spec"])
            tell(draft, key, "SuccessfulCreate", f"Created pod: {pod.name}", by=CONTROLLER)
        for pod, found in sorted(pods, key=worth)[: max(0, -missing)]:
            end_pod(draft, pod, found)
            tell(draft, key, "SuccessfulDelete", f"Deleted pod: {pod.name}", by=CONTROLLER)
        yield from _count(draft, (key, manifest))


def worth(found: Found) -> tuple[bool, bool, int]:
    """Return the order in which pods are given up: those that do not run first, then the newest.

    https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-a-replicaset
    """
    _, pod = found
    age = -int(pod["metadata"]["creationTimestamp"].translate(str.maketrans("", "", "-:TZ")))
    return bool(pod["spec"].get("nodeName")), is_ready(pod), age


def _count(draft: Draft, found: Found) -> Iterator[datetime]:
    key, manifest = found
    pods = active(owned(draft, manifest, Kind.PODS))
    since = [available_at(pod, min_ready_seconds=_min_ready(manifest)) for _, pod in pods]
    labels = manifest["spec"]["template"]["metadata"].get("labels", {}).items()
    status: Manifest = {
        "observedGeneration": manifest["metadata"].get("generation", 1),
        "replicas": len(pods),
        "fullyLabeledReplicas": sum(labels <= pod["metadata"]["labels"].items() for _, pod in pods),
        "readyReplicas": sum(is_ready(pod) for _, pod in pods),
        "availableReplicas": sum(time is not None and time <= draft.at for time in since),
    }
    put_status(draft, key, manifest, status)
    yield from (time for time in since if time is not None and time > draft.at)


def _min_ready(manifest: Manifest) -> int:
    seconds: int = manifest["spec"].get("minReadySeconds", 0)
    return seconds


def labels_of(template: Manifest, digest: str) -> Manifest:
    """Return the labels of the pods of a deployment's set."""
    labels: Manifest = (template.get("metadata") or {}).get("labels") or {}
    return labels | {HASH: digest}
