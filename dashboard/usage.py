"""What nodes, pods and workloads use, on pages: columns of lists, containers, panels."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from dashboard import cells, charts
from dashboard.cells import DASH
from dashboard.parts import Container
from dashboard.tables import Column
from orchestrator.backends.cluster.objects import Node, Pod, Row
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import requirements
from orchestrator.services.clusters import usage as services
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.quantities import number
from orchestrator.services.clusters.requirements import Asked
from orchestrator.services.clusters.samples import Point, Use
from orchestrator.services.clusters.usage import Measured

LISTED = {Kind.PODS: "restarts", Kind.NODES: "pods"}  # kind -> the column that use comes after
METERED = (  # kinds whose objects use something, by themselves or through pods
    Kind.PODS,
    Kind.NODES,
    Kind.DEPLOYMENTS,
    Kind.STATEFULSETS,
    Kind.DAEMONSETS,
    Kind.REPLICASETS,
    Kind.JOBS,
)
WAIT_SECONDS = 0.3  # for a sampler that has just begun; the page follows it
SHORT, HALF = timedelta(minutes=15), timedelta(minutes=30)
HIDDEN = "x hide-t"


@dataclass(frozen=True, slots=True)
class Line:
    """An amount of something there is only so much of."""

    label: str
    part: str  # 8 %; "" where there is no whole
    words: str  # 0.32 of 4 cores
    meter: SafeString


def beside(columns: Sequence[Column], kind: Kind, found: Measured) -> list[Column]:
    """Return the columns of a list with those of use in their place."""
    place = next(index for index, each in enumerate(columns) if each.key == LISTED[kind]) + 1
    kept = [each for each in columns[place:] if each.key not in ("cpu", "memory")]
    made = _of_pods(found) if kind is Kind.PODS else _of_nodes(found)
    shown = [replace(each, shown=each.shown and not found.why_not) for each in made]
    if kind is Kind.NODES and found.why_not:
        shown = [each for each in columns if each.key in ("cpu", "memory")]  # What there is of it.
    return [*columns[:place], *shown, *kept]


def version(found: Measured) -> object:
    """Return what changes with what pages say of use."""
    return found.samples.round, found.state.condition, found.namespace


def _of_pods(found: Measured) -> Iterable[Column]:
    def cpu(pod: Pod) -> SafeString | str:
        use = found.of(pod)
        return cores(use.cpu) if use else DASH

    def spark(pod: Pod) -> SafeString:
        return small(found.history([pod], span=SHORT), "cpu", span=SHORT)

    def memory(pod: Pod) -> SafeString:
        return of_whole(found.of(pod), "memory", requirements.of_pod(pod).memory_limit)

    yield Column("cpu", "CPU", cpu, sort="-cpu", label="cpu", css="num hide-t")
    yield Column("trend", "CPU, 15 min", spark, css=HIDDEN)
    yield Column("memory", "Memory / limit", memory, sort="-memory", label="memory", css="num")


def _of_nodes(found: Measured) -> Iterable[Column]:
    def cpu(node: Node) -> SafeString:
        return of_whole(found.of(node), "cpu", number(node.allocatable.cpu))

    def spark(node: Node) -> SafeString:
        return small(found.history([node], span=SHORT), "cpu", span=SHORT)

    def memory(node: Node) -> SafeString:
        return of_whole(found.of(node), "memory", number(node.allocatable.memory))

    yield Column("cpu", "CPU / cores", cpu, sort="-cpu", label="cpu", css="num")
    yield Column("trend", "CPU, 15 min", spark, css=HIDDEN, shown=False)
    yield Column("memory", "Memory / all", memory, sort="-memory", label="memory", css="num")


def of_whole(use: Use | None, member: str, whole: float | None) -> SafeString:
    """Return an amount beside the whole, if there is one, with a bar."""
    if use is None and not whole:
        return DASH
    words = cores if member == "cpu" else size
    if use is None:
        return format_html('– <span class="t3">/ {}</span>', words(whole or 0))
    amount: float = getattr(use, member)
    if not whole:
        return mark_safe(words(amount))
    said = short(words(amount), words(whole))
    return format_html('{} {} <span class="t3">/ {}</span>', charts.meter(amount / whole), said, words(whole))


def small(
    points: Sequence[Point],
    member: str,
    *,
    span: timedelta,
    limit: float | None = None,
    width: int = 64,
    height: int = 18,
) -> SafeString:
    """Return a small chart of the last time; "" if nothing is known."""
    return charts.spark(
        values(points, member),
        title=title(points, member, span),
        seconds=span.total_seconds(),
        limit=limit,
        width=width,
        height=height,
    )


def values(points: Iterable[Point], member: str) -> list[charts.Value]:
    return [(point.at, getattr(point, member)) for point in points]


def title(points: Sequence[Point], member: str, span: timedelta) -> str:
    """Return a chart in words: `CPU of the last 15 min, from 12 m to 120 m`."""
    known = [value for _, value in values(points, member) if value is not None]
    words, name = (cores, "CPU") if member == "cpu" else (size, "Memory")
    amounts = f", from {words(min(known))} to {words(max(known))}" if known else ", of which nothing is known"
    return f"{name} of the last {span.total_seconds() / 60:.0f} min{amounts}"


def on_containers(found: Sequence[Container], pod: Pod, use: Measured) -> list[Container]:
    """Return the containers of a pod with what each uses; what does not run uses nothing."""
    latest = use.parts(pod)
    return [_with_use(each, pod, use, latest.get(each.name)) for each in found]


def _with_use(each: Container, pod: Pod, found: Measured, use: Use | None) -> Container:
    asked = requirements.of_container(pod, each.name)
    points = found.history([pod], span=HALF, container=each.name)
    chart = small(points, "memory", span=HALF, limit=asked.memory_limit, width=72, height=28)
    return replace(
        each,
        memory=format_html(
            '<span class="row-f">{}<span class="sm">{}<br><span class="t3">{}</span></span></span>',
            chart,
            size(use.memory) if use else "–",
            f"of {size(asked.memory_limit)}" if asked.memory_limit else "no limit",
        ),
        cpu=format_html(
            '{}<br><span class="sm t3">{}</span>',
            cores(use.cpu) if use else "–",
            f"of {cores(asked.cpu_limit)}" if asked.cpu_limit else "no limit",
        ),
    )


def capacity(scope: Scope, found: Measured) -> Iterable[Line]:
    """Yield how much of a cluster's nodes is in use and asked for, and which one has the most pods."""
    caches = scope.cluster.cache(Kind.NODES), scope.cluster.cache(Kind.PODS)
    nodes = [row for row in caches[0].rows() if isinstance(row, Node)]
    if not nodes:
        return
    cpu = sum(number(node.allocatable.cpu) or 0 for node in nodes)
    memory = sum(number(node.allocatable.memory) or 0 for node in nodes)
    state = caches[1].state()
    if not state.synced or state.partial:  # What pods ask for together is not known then.
        yield from lines(found.together(nodes), None, cpu=cpu, memory=memory)
        return
    pods = [row for row in caches[1].rows() if isinstance(row, Pod) and row.node_name != "Unknown"]
    yield from lines(found.together(nodes), requirements.of_pods(pods), cpu=cpu, memory=memory)
    counts = Counter(pod.node_name for pod in pods if pod.phase not in requirements.ENDED)
    fullest = max(nodes, key=lambda node: counts[node.name] / (number(node.allocatable.pods) or 1))
    most = number(fullest.allocatable.pods)
    part = line("Pods, fullest node", counts[fullest.name], most, "{:,.0f}".format)
    yield replace(part, words=f"{part.words} · {fullest.name}")


def lines(use: Use | None, asked: Asked | None, *, cpu: float | None, memory: float | None) -> list[Line]:
    """Return what is used and what is asked for, of what there is."""
    found = []
    if use is not None:
        found += [line("CPU used", use.cpu, cpu, cores), line("Memory used", use.memory, memory, size)]
    if asked is not None:
        found.append(line("CPU requested", asked.cpu, cpu, cores))
        found.append(line("Memory requested", asked.memory, memory, size))
    return found


def line(label: str, amount: float, whole: float | None, words: Callable[[float], str]) -> Line:
    """Return an amount of what there is; without a whole, by itself."""
    if not whole:
        return Line(label, "", words(amount), SafeString())
    part = amount / whole
    said = f"{short(words(amount), words(whole))} of {words(whole)}"
    return Line(label, f"{part * 100:.0f} %", said, charts.meter(part))


def measured(kind: Kind, scope: Scope) -> Measured:
    """Return what is known of the use behind the page of an object; a first sample is waited for shortly."""
    return services.measured(
        Kind.NODES if kind is Kind.NODES else Kind.PODS, scope, wait_seconds=WAIT_SECONDS
    )


def on_page(
    kind: Kind, row: Row, pods: Sequence[Pod], scope: Scope, containers: Sequence[Container]
) -> dict[str, Any]:
    """Return what the page of an object says of its use, and the containers with what each uses."""
    if kind not in METERED:
        return {"use": None, "used": (), "containers": containers, "version": None}
    found = measured(kind, scope)
    return {
        "use": found,
        "used": () if isinstance(row, Pod) else panel(row, pods, found),
        "containers": on_containers(containers, row, found) if isinstance(row, Pod) else containers,
        "version": version(found),
    }


def panel(row: Row, pods: Sequence[Pod], found: Measured) -> list[Line]:
    """Return what a node, or what makes pods, uses and asks for."""
    asked = requirements.of_pods(pods)
    if isinstance(row, Node):
        room = number(row.allocatable.cpu), number(row.allocatable.memory)
        return lines(found.of(row), asked, cpu=room[0], memory=room[1])
    return lines(found.together(pods), asked, cpu=asked.cpu_limit, memory=asked.memory_limit)


def cores(amount: float) -> str:
    """Return cores in words: 103 m below one, 1.25 cores above."""
    if amount < 0.9995:
        return f"{amount * 1000:.0f} m"
    digits = f"{amount:.2f}".rstrip("0").rstrip(".") if amount < 10 else f"{amount:,.0f}"
    return f"{digits} core{'' if digits == '1' else 's'}"


def short(words: str, whole: str) -> str:
    """Return an amount without its unit, if the whole beside it has the same."""
    amount, _, unit = words.partition(" ")
    return amount if unit == whole.partition(" ")[2] else words


def size(amount: float) -> str:
    """Return bytes in words: 248 MiB, 1.5 GiB."""
    return cells.size_text(amount)
