"""What pods ask for and may use at most."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from orchestrator.backends.cluster.objects import Pod, Requirement
from orchestrator.services.clusters.quantities import number


@dataclass(frozen=True, slots=True)
class Asked:
    """Cores and bytes: 0 asks for nothing; None is no limit."""

    cpu: float = 0.0
    memory: float = 0.0
    cpu_limit: float | None = None
    memory_limit: float | None = None

    def __add__(self, other: "Asked") -> "Asked":
        return Asked(
            self.cpu + other.cpu,
            self.memory + other.memory,
            _both(self.cpu_limit, other.cpu_limit),
            _both(self.memory_limit, other.memory_limit),
        )


ENDED = {"Succeeded", "Failed"}
NOTHING = Asked(cpu_limit=0.0, memory_limit=0.0)  # adds nothing to anything


def of_pod(pod: Pod) -> Asked:
    """Return what a pod asks for, as the scheduler counts it.

    Containers together, or what a container asks for that runs before them if that is more; what is said of
    the pod as a whole goes first.
    https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
    """
    return _together(pod.requirements) if pod.requirements else Asked()


def of_container(pod: Pod, name: str) -> Asked:
    """Return what one container asks for."""
    found = (each for each in pod.requirements or () if each.container == name)
    return next(map(_of, found), Asked())


def of_pods(pods: Iterable[Pod]) -> Asked:
    """Return what pods ask for together; those that have ended ask for nothing."""
    total = NOTHING
    for pod in pods:
        if pod.phase not in ENDED:
            total += of_pod(pod)
    return total


@lru_cache(maxsize=4096)  # Pods of one template say the same.
def _together(requirements: tuple[Requirement, ...]) -> Asked:
    total, before, whole = NOTHING, Asked(), Asked()
    for each in requirements:
        asked = _of(each)
        if not each.container:
            whole = asked
        elif each.first:
            before = Asked(max(before.cpu, asked.cpu), max(before.memory, asked.memory))
        else:
            total += asked
    return Asked(
        whole.cpu or max(total.cpu, before.cpu),
        whole.memory or max(total.memory, before.memory),
        total.cpu_limit if whole.cpu_limit is None else whole.cpu_limit,
        total.memory_limit if whole.memory_limit is None else whole.memory_limit,
    )


def _of(each: Requirement) -> Asked:
    return Asked(
        number(each.cpu) or 0.0, number(each.memory) or 0.0, number(each.cpu_limit), number(each.memory_limit)
    )


def _both(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other
