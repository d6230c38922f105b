"""What nodes, pods and workloads use, beside what they ask for."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec
from django.utils.timezone import now

from orchestrator.backends.cluster.objects import Node, Pod, Row, Spent
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import requirements, sampler
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.requirements import Asked
from orchestrator.services.clusters.sampler import Condition, SourceState
from orchestrator.services.clusters.samples import Point, Samples, Use

HOUR = timedelta(hours=1)
NO_API = (
    "The cluster serves no metrics API. metrics-server, installed there, would tell what pods and nodes use."
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of the use of one kind in a scope."""

    state: SourceState
    samples: Samples
    namespace: str | None

    @property
    def known(self) -> bool:
        """Return True if there are samples of this scope, fresh or old."""
        return self.state.known and (self.namespace is None or self.state.covers(self.namespace))

    @property
    def why_not(self) -> str:
        """Return in a sentence why nothing is known; "" if something is, or will be in a moment."""
        if self.known or self.state.condition is Condition.STARTING:
            return ""
        if self.state.condition is Condition.NONE:
            return NO_API
        if self.state.known:
            return f"You may not read the use of pods in the namespace {self.namespace}."
        return self.state.problem

    def of(self, row: Row) -> Use | None:
        """Return what a pod or a node uses."""
        return self.samples.total(*row.key) if self.known else None

    def parts(self, row: Row) -> dict[str, Use]:
        """Return what each container of a pod uses."""
        return self.samples.latest(*row.key) if self.known else {}

    def together(self, rows: Iterable[Row]) -> Use | None:
        """Return what some pods or nodes use together, as far as it is known; None if it is of none."""
        found = [use for row in rows if (use := self.of(row))]
        return Use(sum(each.cpu for each in found), sum(each.memory for each in found)) if found else None

    def history(
        self, rows: Iterable[Row], *, span: timedelta = HOUR, container: str | None = None
    ) -> list[Point]:
        """Return what some pods or nodes used together in the last time, oldest first."""
        if not self.known:
            return []
        since = now() - min(span, HOUR)
        return self.samples.history([row.key for row in rows], since=since.timestamp(), container=container)


def measured(kind: Kind, scope: Scope, *, wait_seconds: float = 0) -> Measured:
    """Return what is known of the use of pods or nodes; only a sampler that just began is waited for."""
    source = sampler.of(scope.cluster).sources[kind]
    source.decided.wait(wait_seconds)
    return Measured(source.state, source.samples, scope.namespace if kind.namespaced else None)


def topic(scope: Scope) -> str:
    """Return what a page follows to hear of new samples."""
    return sampler.topic(scope.context.name)


def orders(found: Measured) -> Mapping[str, Callable[[Row], float]]:
    """Return by which further words a list may be sorted; what nobody measured uses less than nothing."""

    def cpu(row: Row) -> float:
        use = found.of(row)
        return use.cpu if use else -1.0

    def memory(row: Row) -> float:
        use = found.of(row)
        return use.memory if use else -1.0

    return {"cpu": cpu, "memory": memory}


def on_nodes(rows: Sequence[Row], scope: Scope, *, wait_seconds: float) -> list[Row]:
    """Return nodes with what they use, where that is known; other kinds as they are."""
    found = measured(Kind.NODES, scope, wait_seconds=wait_seconds)
    return [_with_use(row, found.of(row)) for row in rows]


def _with_use(row: Row, use: Use | None) -> Row:
    if use is None or not isinstance(row, Node):
        return row
    return msgspec.structs.replace(row, usage=Spent(cpu_text(use.cpu), memory_text(use.memory)))


def cpu_text(cores: float) -> str:
    """Return cores as a quantity, in thousandths."""
    return f"{round(cores * 1000)}m"


def memory_text(size: float) -> str:
    """Return bytes as a quantity, in Mi."""
    return f"{round(size / 2**20)}Mi"


def requested_by_node(pods: Iterable[Row]) -> dict[str, Asked]:
    """Return what the pods of each node ask for together; those that wait for a node are under Unknown."""
    by_node: dict[str, list[Pod]] = defaultdict(list)
    for pod in pods:
        if isinstance(pod, Pod):
            by_node[pod.node_name].append(pod)
    return {node: requirements.of_pods(found) for node, found in by_node.items()}
