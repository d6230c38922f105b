"""What state a stack is in, from its row and from its pod. Pure."""

from dataclasses import dataclass
from typing import Protocol

from msgspec import UNSET

from orchestrator.backends.cluster.objects import Node, Pod
from orchestrator.models import Stack

Status = Stack.Status
# As plain texts: lists compare a thousand of them.
CREATING, STOPPED = str(Status.CREATING.value), str(Status.STOPPED.value)
NODE_DELETED, STOPPED_BY_USER = str(Status.NODE_DELETED.value), str(Stack.Wanted.STOPPED.value)
# https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase
OF_PHASE = {"Running": str(Status.RUNNING.value), "Succeeded": STOPPED, "Failed": str(Status.FAILED.value)}
UNKNOWN = "Unknown"  # what a row of a pod says that has no node
NODE_LOST = "NodeLost"
UNSCHEDULABLE = "Unschedulable"
ENDED_WELL = "Completed"
WORDS = {
    "ErrImagePull": "The image cannot be pulled.",
    "ImagePullBackOff": "The image cannot be pulled; the node tries again ever more slowly.",
    "InvalidImageName": "The image's name is not one.",
    "ErrImageNeverPull": "The image is not on the node, and may not be pulled.",
    "CreateContainerConfigError": "The container cannot be made: something that it refers to is missing.",
    "CreateContainerError": "The container cannot be made.",
    "OOMKilled": "It was killed because it used more memory than its limit.",
    "Evicted": "The node was short of resources and evicted it.",
    "DeadlineExceeded": "It ran for longer than it may.",
    "Error": "A container ended with an error.",
    "ContainerCannotRun": "The container cannot run.",
    UNSCHEDULABLE: "No node has room for it, or none fits what it asks for.",
    NODE_LOST: "Its node is gone.",
    ENDED_WELL: "All containers have ended, without an error.",
}


class Stored(Protocol):
    """What the row of a stack says about its state."""

    @property
    def wanted(self) -> str: ...

    @property
    def status(self) -> str: ...

    @property
    def reason(self) -> str: ...

    @property
    def message(self) -> str: ...

    @property
    def node_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """A state, and why: a word of Kubernetes' and a sentence, both "" while nothing is to be said."""

    status: str
    node_id: str
    reason: str = ""
    message: str = ""


def status_of(stored: Stored, pod: Pod | None) -> Seen:
    """Return the state of a stack whose pod, as a cache has it, is `pod`; None if the cache has none.

    What a user has stopped, and what lost its node, stays so whatever its pod still says.
    """
    stopped = stored.wanted == STOPPED_BY_USER
    if pod is None or stopped or stored.status == NODE_DELETED:
        status = STOPPED if stopped else stored.status
        return Seen(status, stored.node_id, stored.reason, stored.message)
    node = pod.node_name if pod.node_name != UNKNOWN else stored.node_id
    reason, message = _why(pod)
    if reason == NODE_LOST:
        return Seen(NODE_DELETED, node, reason, message)
    return Seen(OF_PHASE.get(pod.phase, CREATING), node, reason, message)


def _why(pod: Pod) -> tuple[str, str]:
    if pod.reason is UNSET and pod.message is UNSET and pod.phase not in ("Succeeded", "Failed"):
        return "", ""
    reason = "" if pod.reason is UNSET else pod.reason
    said = "" if pod.message is UNSET else pod.message
    if not reason and pod.phase == "Succeeded":
        reason = ENDED_WELL
    if not reason and pod.phase == "Failed":
        reason = "Error"
    words = WORDS.get(reason, "")
    return reason[:64], " ".join(filter(None, (words, said)))[:500]


def address_of(node: Node | None, *, internal: bool) -> str | None:
    """Return where a node is reached: its first external address, else with `internal` its internal one."""
    if node is None:
        return None
    kinds = ("ExternalIP", "InternalIP") if internal else ("ExternalIP",)
    found = (each.address for kind in kinds for each in node.addresses if each.type == kind and each.address)
    return next(found, None)
