"""What the pods of a deployment use and ask for, container by container, as the API tells it."""

from collections.abc import Iterable

import msgspec
from django.conf import settings
from django.utils.timezone import now
from msgspec import UNSET, UnsetType

from orchestrator.backends.cluster.objects import Pod
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import Forbidden, TimedOut
from orchestrator.services.clusters import relations, usage
from orchestrator.services.clusters.contexts import Scope, invalid
from orchestrator.services.clusters.quantities import number
from orchestrator.services.clusters.sampler import Condition

USE = "pods.metrics.k8s.io"


class Amounts(msgspec.Struct, frozen=True, rename="camel"):
    """Quantities, and the same in thousandths of a core and in bytes; 0 is none said."""

    cpu: str = "0"
    memory: str = "0"
    cpu_value: int = 0
    memory_value: int = 0


class ContainerUse(msgspec.Struct, frozen=True, rename="camel"):
    pod_name: str
    container_name: str
    cpu: str
    memory: str
    cpu_value: int
    memory_value: int


class ContainerRequirements(msgspec.Struct, frozen=True, rename="camel"):
    pod_name: str
    container_name: str
    requests: Amounts
    limits: Amounts


class PodMetrics(msgspec.Struct, frozen=True, rename="camel"):
    """`metricsAvailable` is there, and false, where the cluster serves no metrics API."""

    deployment: str
    namespace: str
    metrics: list[ContainerUse]
    requirements: list[ContainerRequirements]
    timestamp: str
    metrics_available: bool | UnsetType = UNSET


def of_deployment(scope: Scope, name: str) -> PodMetrics:
    """Return what the pods of a deployment of the scope's namespace use and ask for.

    Raises `InvalidInput` without a name, `Missing` if there is no such deployment, `Forbidden` if the context
    may not read use, and what else keeps it away.
    """
    if not name.strip():
        raise invalid("deployment", "deployment is the name of a deployment")
    listing = relations.pods_of(Kind.DEPLOYMENTS, scope, name)
    pods = [row for row in listing.rows if isinstance(row, Pod)]
    found = usage.measured(Kind.PODS, scope, wait_seconds=settings.K8S_API_TIMEOUT_SECONDS)
    absent = found.state.condition is Condition.NONE
    if not absent:
        _check(found)
    return PodMetrics(
        deployment=name.strip(),
        namespace=scope.namespace or "",
        metrics=[] if absent else list(_uses(pods, found)),
        requirements=list(_requirements(pods)),
        timestamp=(found.state.heard_at or now()).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        metrics_available=False if absent else UNSET,
    )


def _check(found: usage.Measured) -> None:
    """Raise the error that keeps use away: that nothing is known then means nothing."""
    if found.known:
        return
    if found.state.known or isinstance(found.state.error, Forbidden):
        asked = {"verb": "list", "resource": USE, "namespace": found.namespace or ""}
        details = {"reason": "Forbidden", **asked}
        raise Forbidden(found.why_not, service="kubernetes", status=403, details=details)
    if found.state.error is not None:
        raise found.state.error
    raise TimedOut("The first sample takes longer than a request may.", service="kubernetes")


def _uses(pods: Iterable[Pod], found: usage.Measured) -> Iterable[ContainerUse]:
    for pod in pods:
        for container, use in found.parts(pod).items():
            yield ContainerUse(
                pod.name,
                container,
                usage.cpu_text(use.cpu),
                usage.memory_text(use.memory),
                round(use.cpu * 1000),
                use.memory,
            )


def _requirements(pods: Iterable[Pod]) -> Iterable[ContainerRequirements]:
    for pod in pods:
        for each in pod.requirements or ():
            if each.container and not each.first:
                requests, limits = (
                    _amounts(each.cpu, each.memory),
                    _amounts(each.cpu_limit, each.memory_limit),
                )
                yield ContainerRequirements(pod.name, each.container, requests, limits)


def _amounts(cpu: str, memory: str) -> Amounts:
    cores, size = number(cpu) or 0.0, number(memory) or 0.0
    return Amounts(cpu or "0", memory or "0", round(cores * 1000), round(size))
