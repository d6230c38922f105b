"""What a row means to a person: one word to group by, and how much it needs somebody."""

from msgspec import UNSET

from orchestrator.backends.cluster.objects import Event, Namespace, Node, Pod, Row

# In the order in which they need somebody; the words of the URL's `state`.
STATES: dict[type[Row], tuple[str, ...]] = {
    Pod: ("failing", "unready", "starting", "terminating", "running", "done"),
    Node: ("notready", "pressure", "cordoned", "ready"),
    Namespace: ("terminating", "active"),
    Event: ("Warning", "Normal"),
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


def of(row: Row) -> str:
    """Return the state of a row, one of `STATES` of its type; "" for other types."""
    if isinstance(row, Pod):
        return _of_pod(row)
    if isinstance(row, Node):
        return _of_node(row)
    if isinstance(row, Namespace):
        return "terminating" if row.status == "Terminating" else "active"
    return row.type if isinstance(row, Event) else ""


def urgency(row: Row) -> int:
    """Return how early a row stands when what needs somebody comes first; 0 is first."""
    ranks = RANKS.get(type(row), {})
    return ranks.get(of(row), len(ranks))


def reason(row: Row) -> str:
    """Return the word a person reads as the status: `ContainerCreating` says more than `Pending`."""
    if isinstance(row, Pod):
        return _reason_of_pod(row)
    if isinstance(row, Node) and _of_node(row) == "cordoned":
        return "Cordoned"
    return row.status or "Unknown"


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
