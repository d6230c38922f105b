"""Pods find a node, start, fare as their containers do, and end when they are asked to."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from orchestrator.backends.cluster.demo import deleting
from orchestrator.backends.cluster.demo.controllers.lives import Step, lived
from orchestrator.backends.cluster.demo.controllers.objects import Found, is_ending, is_over, put_status, tell
from orchestrator.backends.cluster.demo.controllers.scheduling import choose
from orchestrator.backends.cluster.demo.overlay import Draft, Key, seconds_of, stamp
from orchestrator.backends.cluster.demo.parts import Manifest, condition
from orchestrator.backends.cluster.kinds import Kind

ENDING_SECONDS = 2  # that a container takes to end when it is asked
SCHEDULER, KUBELET = "default-scheduler", "kubelet"


def reconcile(draft: Draft) -> Iterator[datetime]:
    """Yield when a pod will have got on."""
    for key, pod in draft.kept(Kind.PODS):
        if is_ending(pod):
            yield from _end(draft, (key, pod))
        elif _is_lost(draft, pod):
            _collect(draft, key, pod)
        elif not pod["spec"].get("nodeName"):
            _schedule(draft, key, pod)
        elif not is_over(pod) and not _is_left_alone(draft, key, pod):
            yield from _live(draft, key, pod)


def _is_left_alone(draft: Draft, key: Key, pod: Manifest) -> bool:
    """Return True for a pod that was well when it was taken out of the generated world: it stays so."""
    since = draft.taken_at(key)
    images = {each["name"]: each["image"] for each in pod["spec"]["containers"]}
    return all(
        each["ready"]
        and each["image"] == images.get(each["name"])
        and each["state"]["running"]["startedAt"] <= since
        for each in pod["status"].get("containerStatuses", [{"ready": False}])
    )


def _is_lost(draft: Draft, pod: Manifest) -> bool:
    """Return True for a pod whose node is gone."""
    node = pod["spec"].get("nodeName")
    return bool(node) and draft.find(Key(Kind.NODES, "", node)) is None


def _collect(draft: Draft, key: Key, pod: Manifest) -> None:
    """Ask a pod without its node to end, as the garbage collector of pods does, only sooner.

    https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-garbage-collection
    """
    status = pod["status"]
    if not is_over(pod):
        gone = condition(
            "DisruptionTarget",
            True,
            since=stamp(draft.at),
            reason="DeletionByPodGC",
            message="PodGC: node no longer exists",
        )
        status = status | {"phase": "Failed", "conditions": [*status.get("conditions", ()), gone]}
    deleting.end_pod(draft, key, pod | {"status": status}, grace_seconds=ENDING_SECONDS)


def _end(draft: Draft, found: Found) -> Iterator[datetime]:
    key, pod = found
    grace = pod["metadata"]["deletionGracePeriodSeconds"]
    asked = seconds_of(pod["metadata"]["deletionTimestamp"]) - timedelta(seconds=grace)
    end = asked + timedelta(seconds=min(grace, ENDING_SECONDS))
    if draft.at >= end:
        draft.remove(key)
        return
    for container in pod["spec"]["containers"]:
        message = f"Stopping container {container['name']}"
        if not _is_told(draft, pod, message):
            tell(draft, key, "Killing", message, by=KUBELET)
    yield end


def _is_told(draft: Draft, pod: Manifest, message: str) -> bool:
    return any(
        event["message"] == message and event["involvedObject"].get("uid") == pod["metadata"]["uid"]
        for _, event in draft.kept(Kind.EVENTS)
    )


def _schedule(draft: Draft, key: Key, pod: Manifest) -> None:
    name, why = choose(draft, pod)
    if not name:
        unscheduled = condition(
            "PodScheduled", False, since=_since(draft, pod), reason="Unschedulable", message=why
        )
        status = pod["status"] | {"phase": "Pending", "conditions": [unscheduled]}
        if status != pod["status"]:
            put_status(draft, key, pod, status)
            tell(draft, key, "FailedScheduling", why, by=SCHEDULER, warning=True)
        return
    node = draft.find(Key(Kind.NODES, "", name))
    address = node["status"]["addresses"][0]["address"] if node else ""
    now = stamp(draft.at)
    status = {
        "phase": "Pending",
        "qosClass": pod["status"].get("qosClass", "Burstable"),
        "hostIP": address,
        "startTime": now,
        "conditions": [condition("PodScheduled", True, since=now)],
    }
    draft.put(key, pod | {"spec": pod["spec"] | {"nodeName": name}, "status": status})
    place = f"{key.namespace}/{key.name}"
    tell(draft, key, "Scheduled", f"Successfully assigned {place} to {name}", by=SCHEDULER)


def _since(draft: Draft, pod: Manifest) -> str:
    conditions = pod["status"].get("conditions") or [{"lastTransitionTime": stamp(draft.at)}]
    since: str = conditions[0]["lastTransitionTime"]
    return since


def _live(draft: Draft, key: Key, pod: Manifest) -> Iterator[datetime]:
    def has(kind: str, name: str) -> bool:
        return draft.find(Key(kind, key.namespace, name)) is not None

    if "startTime" not in pod["status"]:  # It was created with its node.
        pod = pod | {"status": pod["status"] | {"startTime": pod["metadata"]["creationTimestamp"]}}
    step = Step(draft.at, pod, has)
    status = lived(step)
    if status != pod["status"]:
        put_status(draft, key, pod, status)
        for reason, message, warning in step.told:
            tell(draft, key, reason, message, by=KUBELET, warning=warning)
    yield from step.due
