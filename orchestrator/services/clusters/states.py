"""What a row means to a person: one word to group by, and how much it needs somebody."""

from collections.abc import Callable
from typing import Any

from msgspec import UNSET

from orchestrator.backends.cluster import objects
from orchestrator.backends.cluster.objects import Event, Namespace, Node, Pod, Row
from orchestrator.services.clusters import quantities

WORKLOAD = ("degraded", "progressing", "available", "zero")
# In the order in which they need somebody; the words of the URL's `state`. Other rows have no state.
STATES: dict[type[Row], tuple[str, ...]] = {
    Pod: ("failing", "unready", "starting", "terminating", "running", "done"),
    Node: ("notready", "pressure", "cordoned", "ready"),
    Namespace: ("terminating", "active"),
    Event: ("Warning", "Normal"),
    objects.Deployment: WORKLOAD,
    objects.ReplicaSet: WORKLOAD,
    objects.StatefulSet: WORKLOAD,
    objects.DaemonSet: WORKLOAD,
    objects.Job: ("failing", "starting", "running", "done"),
    objects.CronJob: ("suspended", "active"),
    objects.HPA: ("blind", "limited", "scaling", "steady"),
    objects.Service: ("pending", "active"),
    objects.Ingress: ("pending", "active"),
    objects.ResourceQuota: ("full", "tight", "free"),
    objects.PersistentVolumeClaim: ("lost", "pending", "bound"),
    objects.PersistentVolume: ("failed", "released", "pending", "available", "bound"),
}
RANKS = {type_: {state: rank for rank, state in enumerate(order)} for type_, order in STATES.items()}
PRESSURES = {"MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"}
STATE_OF_POD = {
    "Terminating": "terminating",
    "Succeeded": "done",
    "Completed": "done",
    "Unknown": "unready",
    "NodeLost": "unready",
}
STATE_OF_DAEMONS = {"Healthy": "available", "Unknown": "progressing"}
STATE_OF_JOB = {"Complete": "done", "Failed": "failing", "Running": "running"}
TIGHT = 0.9  # of a quota: little is left from here on
REASONS = {  # state -> the word for it, where a row has no status of its own
    "active": "Active",
    "available": "Available",
    "blind": "No metrics",
    "degraded": "Degraded",
    "free": "Within limits",
    "full": "Used up",
    "limited": "At its maximum",
    "pending": "No address yet",
    "progressing": "Progressing",
    "scaling": "Scaling",
    "steady": "Steady",
    "tight": "Nearly used up",
    "zero": "Scaled to 0",
}


def of(row: Row) -> str:
    """Return the state of a row, one of `STATES` of its type; "" for types without."""
    find = FINDERS.get(type(row))
    return find(row) if find else ""


def urgency(row: Row) -> int:
    """Return how early a row stands when what needs somebody comes first; 0 is first."""
    ranks = RANKS.get(type(row), {})
    return ranks.get(of(row), len(ranks))


def reason(row: Row) -> str:
    """Return the word a person reads as the status: `ContainerCreating` says more than `Pending`."""
    if isinstance(row, Pod):
        return _reason_of_pod(row)
    state = of(row)
    if isinstance(row, Node) and state == "cordoned":
        return "Cordoned"
    if state == "zero":
        return REASONS[state]
    return row.status or REASONS.get(state, "Unknown")


def _of_pod(pod: Pod) -> str:
    if pod.status == "Running":
        ready, _, wanted = pod.ready.partition("/")
        return "running" if ready == wanted else "unready"
    if pod.status == "Pending":
        return "unready" if pod.reason == "Unschedulable" else "starting"
    return STATE_OF_POD.get(str(pod.status), "failing")


def _reason_of_pod(pod: Pod) -> str:
    state = _of_pod(pod)
    if pod.status == "Running" and state == "unready":
        return "Not ready"
    if pod.status == "Pending" and pod.reason is not UNSET:
        return pod.reason
    return "Completed" if pod.status == "Succeeded" else str(pod.status)


def _of_node(node: Node) -> str:
    if node.status != "Ready":
        return "notready"
    if any(each.type in PRESSURES and each.status == "True" for each in node.conditions):
        return "pressure"
    return "cordoned" if node.unschedulable else "ready"


def _of_replicas(row: objects.Deployment | objects.StatefulSet) -> str:
    state = str(row.status).lower()
    return "zero" if state == "available" and not row.replicas.desired else state


def _of_replica_set(row: objects.ReplicaSet) -> str:
    if not row.desired:
        return "zero"
    if row.ready >= row.desired:
        return "available"
    return "progressing" if row.ready else "degraded"


def _of_hpa(row: objects.HPA) -> str:
    # Each metric is {"type": "Resource", "resource": {"name", "target", "current"}}.
    bodies = [body for metric in row.metrics for body in metric.values() if isinstance(body, dict)]
    if not any("current" in body for body in bodies):
        return "blind"
    if row.desired_replicas != row.current_replicas:
        return "scaling"
    return "limited" if row.min_replicas < row.max_replicas <= row.current_replicas else "steady"


def _of_service(row: objects.Service) -> str:
    return "pending" if row.type == "LoadBalancer" and not row.load_balancer else "active"


def _of_quota(row: objects.ResourceQuota) -> str:
    share = max(
        (quantities.share(row.used.get(key, "0"), of=hard) for key, hard in row.hard.items()), default=0
    )
    if share >= 1:
        return "full"
    return "tight" if share >= TIGHT else "free"


FINDERS: dict[type[Row], Callable[[Any], str]] = {
    Pod: _of_pod,
    Node: _of_node,
    Namespace: lambda row: "terminating" if row.status == "Terminating" else "active",
    Event: lambda row: str(row.type),
    objects.Deployment: _of_replicas,
    objects.ReplicaSet: _of_replica_set,
    objects.StatefulSet: _of_replicas,
    objects.DaemonSet: lambda row: STATE_OF_DAEMONS.get(row.status, "degraded"),
    objects.Job: lambda row: STATE_OF_JOB.get(row.status, "starting"),
    objects.CronJob: lambda row: "suspended" if row.suspend else "active",
    objects.HPA: _of_hpa,
    objects.Service: _of_service,
    objects.Ingress: lambda row: "active" if row.addresses else "pending",
    objects.ResourceQuota: _of_quota,
    objects.PersistentVolumeClaim: lambda row: str(row.status).lower(),
    objects.PersistentVolume: lambda row: str(row.status).lower(),
}
