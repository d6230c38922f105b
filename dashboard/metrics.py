"""The tab of an object that shows an hour of what it uses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.safestring import SafeString

from dashboard import charts, usage
from dashboard.links import Links
from orchestrator.backends.cluster.objects import Node, Pod, Row
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import requirements
from orchestrator.services.clusters import usage as services
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.quantities import number
from orchestrator.services.clusters.requirements import Asked
from orchestrator.services.clusters.samples import Point, Use
from orchestrator.services.clusters.usage import HOUR, Measured

MOST_PARTS = 50


@dataclass(frozen=True, slots=True)
class Chart:
    """An hour of one resource."""

    title: str
    now: str
    note: str  # what it may use, and asks for
    svg: SafeString
    begin: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """A container or a pod, and its part of the whole."""

    name: SafeString | str
    cpu: str
    cpu_chart: SafeString
    memory: str
    memory_chart: SafeString


def of(kind: Kind, row: Row, pods: Sequence[Pod], scope: Scope) -> dict[str, Any]:
    """Return what the tab of a pod, a node or of what makes pods shows, and what changes with it."""
    found = usage.measured(kind, scope)
    return {
        "use": found,
        "charts": list(_charts(kind, row, pods, found)),
        "parts": list(_parts(row, pods, scope, found)),
        "part": "Container" if kind is Kind.PODS else "Pod",
        "version": usage.version(found),
    }


def _charts(kind: Kind, row: Row, pods: Sequence[Pod], found: Measured) -> Iterable[Chart]:
    """Yield the hour of CPU and that of memory; nothing if nothing is known of it."""
    own: Sequence[Row] = [row] if kind in (Kind.PODS, Kind.NODES) else pods
    points, use = found.history(own), found.together(own)
    if all(point.cpu is None for point in points):
        return
    asked = requirements.of_pod(row) if isinstance(row, Pod) else requirements.of_pods(pods)
    limits = _room(row) if isinstance(row, Node) else (asked.cpu_limit, asked.memory_limit)
    word = "there is" if isinstance(row, Node) else "limit"
    for name, request, limit in (("cpu", asked.cpu, limits[0]), ("memory", asked.memory, limits[1])):
        yield _chart(name, points, use, request=request, limit=limit, word=word)


def _room(node: Node) -> tuple[float | None, float | None]:
    return number(node.allocatable.cpu), number(node.allocatable.memory)


def _chart(
    member: str, points: Sequence[Point], use: Use | None, *, request: float, limit: float | None, word: str
) -> Chart:
    words, name = (usage.cores, "CPU") if member == "cpu" else (usage.size, "Memory")
    most = max(value for _, value in usage.values(points, member) if value is not None)
    notes = (
        f"{word} {words(limit)}, dashed" if limit else "no limit",
        f"asked for {words(request)}, dotted" if request else "asks for nothing",
        f"at most {words(most)} in this hour",
    )
    svg = charts.large(
        usage.values(points, member),
        title=usage.title(points, member, HOUR),
        seconds=HOUR.total_seconds(),
        limit=limit,
        request=request,
    )
    begin = datetime.fromtimestamp(points[-1].at, UTC) - HOUR
    return Chart(name, words(getattr(use, member)) if use else "–", " · ".join(notes), svg, begin)


def _parts(row: Row, pods: Sequence[Pod], scope: Scope, found: Measured) -> Iterable[Part]:
    if isinstance(row, Pod):
        for name, part in found.parts(row).items():
            points = found.history([row], container=name)
            yield _part(name, part, points, requirements.of_container(row, name))
        return
    of_pods = services.measured(Kind.PODS, scope, wait_seconds=usage.WAIT_SECONDS)
    links = Links(scope.context.name)
    used = [(pod, use) for pod in pods if (use := of_pods.of(pod))]
    used.sort(key=lambda each: -each[1].memory)
    for pod, amounts in used[:MOST_PARTS]:
        yield _part(links.name(Kind.PODS, pod), amounts, of_pods.history([pod]), requirements.of_pod(pod))


def _part(name: SafeString | str, use: Use, points: Sequence[Point], asked: Asked) -> Part:
    return Part(
        name,
        usage.cores(use.cpu),
        usage.small(points, "cpu", span=HOUR, limit=asked.cpu_limit, width=132),
        usage.size(use.memory),
        usage.small(points, "memory", span=HOUR, limit=asked.memory_limit, width=132),
    )
