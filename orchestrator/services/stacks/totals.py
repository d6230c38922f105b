"""How much is in use, and how much room there is: figures over all stacks."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from orchestrator.backends.cluster.objects import Node, Pod
from orchestrator.backends.cluster.port import Kind
from orchestrator.models import Stack
from orchestrator.services.clusters import requirements
from orchestrator.services.clusters.quantities import number
from orchestrator.services.stacks import manifests, place, ports, reads
from orchestrator.services.stacks.errors import ClusterUnavailable
from orchestrator.services.stacks.lines import Now, lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What GET /stats answers. Sums are over the stacks that still have a pod."""

    total_stacks: int
    active_stacks: int
    node_distribution: dict[str, int]
    used_node_ports: int
    reserved_cpu_milli: int
    reserved_memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRoom:
    """A node that stacks may run on: what it has, and what its pods ask for together."""

    name: str
    ready: bool
    cpu_milli: int
    cpu_used_milli: int
    memory: int  # bytes
    memory_used: int
    stacks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    ports_total: int
    ports_free: int
    nodes: tuple[NodeRoom, ...]

    @property
    def ports_held(self) -> int:
        return self.ports_total - self.ports_free


def stats(*, at: datetime) -> Stats:
    """Return the figures of all stacks. Asks nobody, and never fails for one odd stack."""
    now = Now(many=True)
    rows = lines(Stack.objects.visible(at=at).order_by())
    seen = [now.seen(row) for row in rows]
    with_pod = [(row, each) for row, each in zip(rows, seen, strict=True) if row.has_pod]
    return Stats(
        total_stacks=len(rows),
        active_stacks=sum(each.status in reads.ACTIVE for each in seen),
        node_distribution=dict(sorted(Counter(each.node_id for _, each in with_pod if each.node_id).items())),
        used_node_ports=ports.used(),
        reserved_cpu_milli=sum(row.requested_cpu_milli for row, _ in with_pod),
        reserved_memory_bytes=sum(row.requested_memory_bytes for row, _ in with_pod),
    )


def count(*, at: datetime) -> int:
    """Return how many stacks there are."""
    return Stack.objects.visible(at=at).count()


def ending(within: timedelta, *, at: datetime) -> int:
    """Return how many stacks end within a time from `at`."""
    return Stack.objects.visible(at=at).filter(expires_at__lte=at + within).count()


def capacity(*, at: datetime) -> Capacity:
    """Return the room that is left: node ports, and on each node of the role what its pods do not ask for."""
    low, high = settings.STACK_NODEPORT_MIN, settings.STACK_NODEPORT_MAX
    try:
        cluster = place.cluster()
    except ClusterUnavailable:
        return Capacity(ports_total=high - low + 1, ports_free=0, nodes=())
    total, free = ports.free(cluster, at=at)
    nodes = [each for each in cluster.cache(Kind.NODES).rows() if isinstance(each, Node)]
    chosen = [each for each in nodes if each.labels.get("role") == settings.STACK_NODE_ROLE]
    on: dict[str, list[Pod]] = {each.name: [] for each in chosen}
    for pod in cluster.cache(Kind.PODS).rows():
        if isinstance(pod, Pod) and pod.node_name in on:
            on[pod.node_name].append(pod)
    return Capacity(
        ports_total=total, ports_free=free, nodes=tuple(_room(each, on[each.name]) for each in chosen)
    )


def _room(node: Node, pods: list[Pod]) -> NodeRoom:
    asked = requirements.of_pods(pods)
    return NodeRoom(
        name=node.name,
        ready=node.status == "Ready" and not node.unschedulable,
        cpu_milli=int((number(node.allocatable.cpu) or 0) * 1000),
        cpu_used_milli=int(asked.cpu * 1000),
        memory=int(number(node.allocatable.memory) or 0),
        memory_used=int(asked.memory),
        stacks=sum(pod.labels.get(manifests.APP_LABEL) == manifests.APP for pod in pods),
    )
