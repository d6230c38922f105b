"""Stateful sets: numbered pods, one after the other, each with volumes of its own.

https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from orchestrator.backends.cluster.demo.controllers import revisions
from orchestrator.backends.cluster.demo.controllers.objects import (
    add_pod,
    is_ending,
    is_ready,
    owned,
    put_status,
    tell,
)
from orchestrator.backends.cluster.demo.deleting import end_pod
from orchestrator.backends.cluster.demo.overlay import Draft, Key, fresh
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import Kind

CONTROLLER = "statefulset-controller"
POD_NAME = "statefulset.kubernetes.io/pod-name"


def reconcile(draft: Draft) -> Iterator[datetime]:
    """Yield nothing: pods say when they get on."""
    for key, manifest in draft.kept(Kind.STATEFULSETS):
        revision = revisions.current(draft, key, manifest)
        pods = {_number(pod.name): found for pod, found in owned(draft, manifest, Kind.PODS)}
        _step(draft, key, manifest, pods, revision)
        _report(draft, key, manifest, revision)
    yield from ()


def _number(name: str) -> int:
    return int(name.rpartition("-")[2])


def _step(draft: Draft, key: Key, manifest: Manifest, pods: Mapping[int, Manifest], revision: str) -> None:
    """Add or end the next pod: those before it must be ready, unless the set says otherwise."""
    spec = manifest["spec"]
    in_order = spec.get("podManagementPolicy") != "Parallel"
    for number in range(spec["replicas"]):
        if number not in pods:
            _add(draft, key, manifest, number, revision)
        if in_order and (number not in pods or not is_ready(pods[number])):
            break
    surplus = sorted((number for number in pods if number >= spec["replicas"]), reverse=True)
    for number in surplus[: 1 if in_order else None]:
        _end(draft, key, number, pods[number])
    if not surplus and spec.get("updateStrategy", {}).get("type") != "OnDelete":
        _update(draft, key, manifest, pods, revision)


def _update(draft: Draft, key: Key, manifest: Manifest, pods: Mapping[int, Manifest], revision: str) -> None:
    """Give up the highest pod of another revision, once all above it are ready."""
    partition = ((manifest["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}).get(
        "partition", 0
    )
    for number in range(manifest["spec"]["replicas"] - 1, partition - 1, -1):
        pod = pods.get(number)
        if pod is None or is_ending(pod):
            return
        if pod["metadata"]["labels"].get(revisions.LABEL) != revision:
            return _end(draft, key, number, pod)
        if not is_ready(pod):
            return


def _end(draft: Draft, key: Key, number: int, pod: Manifest) -> None:
    if is_ending(pod):
        return
    name = f"{key.name}-{number}"
    message = f"delete Pod {name} in StatefulSet {key.name} successful"
    tell(draft, key, "SuccessfulDelete", message, by=CONTROLLER)
    end_pod(draft, Key(Kind.PODS, key.namespace, name), pod)


def _add(draft: Draft, key: Key, manifest: Manifest, number: int, revision: str) -> None:
    name, template = f"{key.name}-{number}", manifest["spec"]["template"]
    volumes = list(template["spec"].get("volumes") or [])
    for claim in manifest["spec"].get("volumeClaimTemplates") or []:
        claim_name = f"{claim['metadata']['name']}-{name}"
        _add_claim(draft, Key(Kind.PVCS, key.namespace, claim_name), claim)
        mounted = {"name": claim["metadata"]["name"], "persistentVolumeClaim": {"claimName": claim_name}}
        volumes = [each for each in volumes if each["name"] != mounted["name"]] + [mounted]
    labels = (template["metadata"].get("labels") or {}) | {revisions.LABEL: revision, POD_NAME: name}
    spec = template["spec"] | {"hostname": name} | ({"volumes": volumes} if volumes else {})
    add_pod(draft, manifest, name=name, labels=labels, spec=spec)
    message = f"create Pod {name} in StatefulSet {key.name} successful"
    tell(draft, key, "SuccessfulCreate", message, by=CONTROLLER)


def _add_claim(draft: Draft, key: Key, template: Manifest) -> None:
    if draft.find(key) is None:
        spec = {"storageClassName": "standard", "volumeMode": "Filesystem"} | template["spec"]
        body = {"spec": spec, "status": {"phase": "Pending"}}
        draft.put(key, fresh(draft, Kind.PVCS, key, labels=template["metadata"].get("labels") or {}) | body)


def _report(draft: Draft, key: Key, manifest: Manifest, revision: str) -> None:
    pods = [pod for _, pod in owned(draft, manifest, Kind.PODS)]
    updated = sum(pod["metadata"]["labels"].get(revisions.LABEL) == revision for pod in pods)
    before = (manifest.get("status") or {}).get("currentRevision", revision)
    done = updated == len(pods) == manifest["spec"]["replicas"]
    ready = sum(map(is_ready, pods))
    status = {
        "observedGeneration": manifest["metadata"].get("generation", 1),
        "replicas": len(pods),
        "readyReplicas": ready,
        "availableReplicas": ready,
        "currentReplicas": len(pods) if done else len(pods) - updated,
        "updatedReplicas": updated,
        "currentRevision": revision if done else before,
        "updateRevision": revision,
        "collisionCount": 0,
    }
    put_status(draft, key, manifest, status)
