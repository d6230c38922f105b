"""Daemon sets: a pod on each node that fits.

https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/
"""

from collections.abc import Iterator
from datetime import datetime

from orchestrator.backends.cluster.demo.controllers import revisions
from orchestrator.backends.cluster.demo.controllers.objects import (
    Found,
    active,
    add_pod,
    is_ready,
    owned,
    put_status,
    tell,
)
from orchestrator.backends.cluster.demo.controllers.scheduling import tolerated
from orchestrator.backends.cluster.demo.deleting import end_pod
from orchestrator.backends.cluster.demo.overlay import Draft, Key, stamp
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import Kind

CONTROLLER = "daemonset-controller"
OWN_TAINTS = "node.kubernetes.io/"  # Daemons are tolerant of what Kubernetes itself says of a node.


def reconcile(draft: Draft) -> Iterator[datetime]:
    """Yield nothing: pods say when they get on."""
    for key, manifest in draft.kept(Kind.DAEMONSETS):
        letters = revisions.label_of(key, revisions.current(draft, key, manifest), whole=False)
        wanted = {node["metadata"]["name"] for node in draft.each(Kind.NODES) if fits(manifest, node)}
        pods = active(owned(draft, manifest, Kind.PODS))
        for name in sorted(wanted - {pod["spec"].get("nodeName") for _, pod in pods}):
            _add(draft, key, manifest, name, letters)
        for pod, found in pods:
            if found["spec"].get("nodeName") not in wanted:
                _end(draft, key, pod, found)
        _update(draft, key, manifest, pods, letters)
        _report(draft, key, manifest, letters, len(wanted))
    yield from ()


def fits(manifest: Manifest, node: Manifest) -> bool:
    """Return True if a daemon of a set is to run on a node."""
    spec = manifest["spec"]["template"]["spec"]
    if not (spec.get("nodeSelector") or {}).items() <= node["metadata"].get("labels", {}).items():
        return False
    taints = [each for each in node["spec"].get("taints") or [] if not each["key"].startswith(OWN_TAINTS)]
    return all(
        each["effect"] == "PreferNoSchedule" or tolerated(each, spec.get("tolerations") or [])
        for each in taints
    )


def _add(draft: Draft, key: Key, manifest: Manifest, node: str, letters: str) -> None:
    template = manifest["spec"]["template"]
    labels = (template["metadata"].get("labels") or {}) | {revisions.LABEL: letters}
    pod = add_pod(draft, manifest, labels=labels, spec=template["spec"] | {"nodeName": node})
    found = draft.find(pod)
    if found is not None:
        put_status(draft, pod, found, found["status"] | {"startTime": stamp(draft.at)})
    tell(draft, key, "SuccessfulCreate", f"Created pod: {pod.name}", by=CONTROLLER)


def _end(draft: Draft, key: Key, pod: Key, found: Manifest) -> None:
    tell(draft, key, "SuccessfulDelete", f"Deleted pod: {pod.name}", by=CONTROLLER)
    end_pod(draft, pod, found)


def _update(draft: Draft, key: Key, manifest: Manifest, pods: list[Found], letters: str) -> None:
    """Give up one pod of another revision at a time, once all others are ready."""
    if (manifest["spec"].get("updateStrategy") or {}).get("type") == "OnDelete":
        return
    old = [each for each in pods if each[1]["metadata"]["labels"].get(revisions.LABEL) != letters]
    unready = [each for each in pods if not is_ready(each[1])]
    if old and (not unready or unready[0] in old):
        _end(draft, key, *(unready or old)[0])


def _report(draft: Draft, key: Key, manifest: Manifest, letters: str, wanted: int) -> None:
    pods = [pod for _, pod in active(owned(draft, manifest, Kind.PODS))]
    ready = sum(map(is_ready, pods))
    status = {
        "observedGeneration": manifest["metadata"].get("generation", 1),
        "desiredNumberScheduled": wanted,
        "currentNumberScheduled": len(pods),
        "updatedNumberScheduled": sum(
            pod["metadata"]["labels"].get(revisions.LABEL) == letters for pod in pods
        ),
        "numberReady": ready,
        "numberAvailable": ready,
        "numberMisscheduled": 0,
    }
    if wanted > ready:
        status["numberUnavailable"] = wanted - ready
    put_status(draft, key, manifest, status)
