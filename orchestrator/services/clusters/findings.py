"""What is broken in a cluster, one line for each cause, for people."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from orchestrator.backends.cluster.objects import Node, NodeCondition, Pod, Row
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import states

JOB_LABELS = ("batch.kubernetes.io/job-name", "job-name")
NUMBERED_LABELS = (
    "apps.kubernetes.io/pod-index",
    "statefulset.kubernetes.io/pod-name",
    "controller-revision-hash",
)
PHRASES = {  # reason of a pod -> what it means, after the name of the workload
    "CrashLoopBackOff": "restarts again and again",
    "CreateContainerConfigError": "lacks part of its configuration",
    "ErrImagePull": "cannot pull its image",
    "Error": "ended with an error",
    "Evicted": "was evicted",
    "ImagePullBackOff": "cannot pull its image",
    "InvalidImageName": "cannot pull its image",
    "Not ready": "is not ready",
    "OOMKilled": "is out of memory",
    "Unschedulable": "finds no node",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something broken: what, why, where, and which list shows it."""

    level: str  # crit or warn
    title: str
    why: str
    facts: list[str]
    kind: Kind
    search: str  # finds the objects in the list of the kind
    only: str = ""  # the one object that it is about
    namespace: str | None = None
    state: str = ""
    since: datetime | None = None


def workload_of(pod: Pod) -> str:
    """Return the name of what made a pod, as far as its labels tell; else the pod's own."""
    template = pod.labels.get("pod-template-hash")
    if template and f"-{template}-" in pod.name:
        return pod.name.partition(f"-{template}-")[0]
    job = next((pod.labels[key] for key in JOB_LABELS if key in pod.labels), "")
    if job:
        return job
    numbered = any(key in pod.labels for key in NUMBERED_LABELS)
    return pod.name.rpartition("-")[0] if numbered and "-" in pod.name else pod.name


def broken_pods(rows: Iterable[Row], *, context: str) -> list[Finding]:
    """Return one finding for each workload and reason among pods that fail or are not ready."""
    groups: dict[tuple[str, str, str, str], list[Pod]] = {}
    for row in rows:
        state = states.of(row)
        if isinstance(row, Pod) and state in ("failing", "unready"):
            key = (state, row.namespace or "", workload_of(row), states.reason(row))
            groups.setdefault(key, []).append(row)
    return [_broken(*key, pods, context=context) for key, pods in groups.items()]


def counted(number: int, one: str) -> str:
    """Return a number with its word: 1 pod, 3 pods."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def broken_nodes(rows: Iterable[Row], *, context: str) -> list[Finding]:
    """Return one finding for each node that is not ready or under pressure."""
    found = []
    for row in rows:
        if isinstance(row, Node) and states.of(row) in ("notready", "pressure"):
            bad = states.of(row) == "notready"
            condition = next(
                (each for each in row.conditions if (each.type == "Ready") is bad and _is_bad(each)), None
            )
            found.append(
                Finding(
                    level="crit" if bad else "warn",
                    title=f"Node {row.name} is {'not ready' if bad else 'under pressure'}",
                    why=(condition.message or condition.reason) if condition else "",
                    facts=[context],
                    kind=Kind.NODES,
                    search=row.name,
                    only=row.name,
                    since=_time(condition.last_transition_time) if condition else None,
                )
            )
    return found


def _broken(
    state: str, namespace: str, workload: str, reason: str, pods: list[Pod], *, context: str
) -> Finding:
    restarts = sum(pod.restart_count for pod in pods)
    several = counted(len(pods), "pod")
    said = PHRASES.get(reason.removeprefix("Init:"))
    return Finding(
        level="crit" if state == "failing" else "warn",
        title=f"{workload} {said}: {several}" if said else f"{workload}: {several}, {reason}",
        why=next((str(pod.message) for pod in pods if pod.message), ""),
        facts=[f"{context} / {namespace}", reason, *([counted(restarts, "restart")] if restarts else [])],
        kind=Kind.PODS,
        search=workload,
        only=pods[0].name if len(pods) == 1 else "",
        namespace=namespace,
        state=state,
    )


def _is_bad(condition: NodeCondition) -> bool:
    """Return True for Ready that is not True, and for any other condition that is."""
    return (condition.status != "True") is (condition.type == "Ready")


def _time(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
