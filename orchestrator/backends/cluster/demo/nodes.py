"""The manifests of nodes and namespaces, and what nodes and pods use."""

import math
from collections.abc import Iterable

from orchestrator.backends.cluster.demo import tables
from orchestrator.backends.cluster.demo.moment import Moment
from orchestrator.backends.cluster.demo.parts import Manifest, condition, metadata
from orchestrator.backends.cluster.demo.plans import Plan
from orchestrator.backends.cluster.demo.tables import DAY, SHORT_OF_MEMORY, SHORT_SINCE, NodeFacts, State

VERSION = "v1.28.0"
CAPACITY = {"cpu": "8", "memory": "32Gi", "pods": "110"}
CPU_MILLICORES, MEMORY_MEBIBYTES = 8000, 32 * 1024
CONDITIONS = (  # type, healthy reason and message
    ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
)


def node(moment: Moment, facts: NodeFacts) -> Manifest:
    """Return a node."""
    labels = {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": facts.name,
        "kubernetes.io/os": "linux",
        "node-role.kubernetes.io/worker": "",
        "role": "stack",
        "topology.kubernetes.io/zone": facts.zone,
    } | dict([facts.label])
    spec: Manifest = {"providerID": f"demo:///{facts.zone}/{facts.name}"}
    if facts.name == SHORT_OF_MEMORY:
        key, since = "node.kubernetes.io/memory-pressure", moment.stamp(-SHORT_SINCE)
        spec["taints"] = [{"key": key, "effect": "NoSchedule", "timeAdded": since}]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": metadata(moment, "Node", "", facts.name, created=-facts.age, labels=labels),
        "spec": spec,
        "status": {
            "capacity": CAPACITY,
            "allocatable": CAPACITY,
            "conditions": _conditions(moment, facts),
            "addresses": _addresses(facts),
            "nodeInfo": {
                "architecture": "amd64",
                "operatingSystem": "linux",
                "osImage": "Ubuntu 22.04.3 LTS",
                "kernelVersion": "5.15.0-91-generic",
                "containerRuntimeVersion": "containerd://1.7.11",
                "kubeletVersion": VERSION,
                "kubeProxyVersion": VERSION,
            },
        },
    }


def _conditions(moment: Moment, facts: NodeFacts) -> list[Manifest]:
    heard = {"lastHeartbeatTime": moment.stamp(moment.minute - 0.3)}
    since = moment.stamp(-facts.age + 1)
    found = [
        condition(type_, False, since=since, reason=reason, message=message) | heard
        for type_, reason, message in CONDITIONS
    ]
    if facts.name == SHORT_OF_MEMORY:
        message = "kubelet has insufficient memory available"
        short = moment.stamp(-SHORT_SINCE)
        found[0] = heard | condition(
            "MemoryPressure", True, since=short, reason="KubeletHasInsufficientMemory", message=message
        )
    message = "kubelet is posting ready status"
    return [*found, condition("Ready", True, since=since, reason="KubeletReady", message=message) | heard]


def _addresses(facts: NodeFacts) -> list[Manifest]:
    addresses = [
        {"type": "InternalIP", "address": facts.address},
        {"type": "Hostname", "address": facts.name},
    ]
    return [*addresses, {"type": "ExternalIP", "address": facts.external}] if facts.external else addresses


def namespaces(moment: Moment) -> list[Manifest]:
    """Return the namespaces."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": metadata(
                moment,
                "Namespace",
                "",
                name,
                created=-days * DAY,
                labels={"kubernetes.io/metadata.name": name},
            ),
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        }
        for name, days in tables.NAMESPACES
    ]


def percent(moment: Moment, *words: str, start: int) -> int:
    """Return a share that is `start` at the start and then wanders between 20 and 85."""
    period = moment.draw("period", *words).randint(40, 120)
    swing = math.sin(2 * math.pi * moment.minute / period)
    room = 85 - start if swing > 0 else start - 20
    return round(start + swing * min(room, 15))


def node_metrics(moment: Moment) -> list[Manifest]:
    """Return what the metrics API says of nodes."""
    return [
        _metrics(moment, "NodeMetrics", {"name": facts.name}) | {"usage": _node_usage(moment, facts)}
        for facts in tables.NODES
    ]


def pod_metrics(moment: Moment, pods: Iterable[Plan]) -> list[Manifest]:
    """Return what the metrics API says of running pods, container by container."""
    return [
        _metrics(moment, "PodMetrics", {"name": plan.name, "namespace": plan.app.namespace})
        | {"containers": [_usage(moment, plan)]}
        for plan in pods
        if plan.state is State.RUNNING
    ]


def _usage(moment: Moment, plan: Plan) -> Manifest:
    start = moment.draw("usage", plan.name).randint(25, 80)
    cpu = percent(moment, plan.name, "cpu", start=start)
    memory = percent(moment, plan.name, "memory", start=start)
    usage = {"cpu": f"{cpu * plan.app.cpu // 100}m", "memory": _mebibytes(memory, plan.app.memory)}
    return {"name": plan.app.name, "usage": usage}


def _node_usage(moment: Moment, facts: NodeFacts) -> Manifest:
    cpu = percent(moment, facts.name, "cpu", start=facts.cpu_percent)
    memory = percent(moment, facts.name, "memory", start=facts.memory_percent)
    return {"cpu": f"{cpu * CPU_MILLICORES // 100}m", "memory": _mebibytes(memory, MEMORY_MEBIBYTES)}


def _metrics(moment: Moment, kind: str, named: Manifest) -> Manifest:
    return {
        "apiVersion": "metrics.k8s.io/v1beta1",
        "kind": kind,
        "metadata": named,
        "timestamp": moment.stamp(moment.minute),
        "window": "30s",
    }


def _mebibytes(share: int, of: int) -> str:
    return f"{share * of // 100}Mi"
