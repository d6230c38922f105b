"""The columns of pods, nodes, namespaces and events."""

from collections import Counter
from collections.abc import Mapping

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from dashboard import cells
from dashboard.cells import AGE, DASH, NAMESPACE, STATE
from dashboard.links import BY_WORD, Links
from dashboard.tables import Column
from orchestrator.backends.cluster.objects import Event, Namespace, Node, Pod
from orchestrator.backends.cluster.port import Kind


def pods(links: Links) -> tuple[Column, ...]:
    def node(pod: Pod) -> SafeString | str:
        known = pod.node_name not in ("", "Unknown")
        return links.named(Kind.NODES, "", pod.node_name, css="t2") if known else DASH

    return (
        STATE,
        cells.name_of(Kind.PODS, links),
        NAMESPACE,
        Column("ready", "Ready", lambda pod: pod.ready, sort="ready", label="ready", css="num"),
        Column(
            "restarts",
            "Restarts",
            lambda pod: cells.number(pod.restart_count),
            sort="-restartCount",
            label="restarts",
            css="num",
        ),
        Column("ip", "IP", lambda pod: cells.known(pod.ip), sort="ip", css="mono x", shown=False),
        cells.images_of(lambda pod: dict.fromkeys(each.image for each in pod.containers), shown=False),
        Column("node", "Node", node, sort="nodeName", css="hide-t x"),
        AGE,
    )


def events(links: Links) -> tuple[Column, ...]:
    def about(event: Event) -> SafeString:
        kind = BY_WORD.get(event.kind)
        named = links.name(kind, event) if kind else format_html('<span class="nm">{}</span>', event.name)
        return format_html('<span class="t3">{}</span> {}', event.kind, named)

    return (
        Column(
            "seen",
            "Last seen",
            lambda event: cells.since(event.counts_at),
            sort="-lastTimestamp",
            css="o-seen",
            fixed=True,
        ),
        Column("type", "Type", cells.state_of, sort="type", fixed=True),
        Column("reason", "Reason", lambda event: event.reason, sort="reason", css="strong"),
        Column("object", "Object", about, sort="name", css="p clip o-name", fixed=True),
        Column(
            "count",
            "Count",
            lambda event: cells.number(event.count, usual=1),
            sort="-count",
            label="count",
            css="num",
        ),
        NAMESPACE,
        Column("message", "Message", _message, css="p clip o-rest"),
        Column(
            "source",
            "Source",
            lambda event: cells.known(event.source.component),
            css="hide-t x",
            shown=False,
        ),
    )


def nodes(links: Links, running: Mapping[str, int] | None) -> tuple[Column, ...]:
    """Return the columns of nodes; `running` is how many pods each has, None if nobody counts."""

    def pods_of(node: Node) -> SafeString:
        here = "–" if running is None else f"{running.get(node.name, 0):,}"
        return format_html('{} <span class="t3">/ {}</span>', here, node.allocatable.pods)

    return (
        STATE,
        cells.name_of(Kind.NODES, links),
        Column("roles", "Roles", roles, sort="roles", label="roles"),
        Column("version", "Version", lambda node: cells.known(node.version), sort="version", label="version"),
        Column("pods", "Pods", pods_of, label="pods", css="num"),
        Column(
            "cpu",
            "CPU, cores",
            lambda node: cells.cores_text(node.allocatable.cpu),
            label="cores",
            css="num",
        ),
        Column(
            "memory",
            "Memory",
            lambda node: cells.bytes_text(node.allocatable.memory),
            label="memory",
            css="num",
        ),
        Column("taints", "Taints", taints, css="hide-t x"),
        Column("os", "System", lambda node: cells.known(node.os_image), css="hide-t x", shown=False),
        AGE,
    )


def namespaces(links: Links, running: Mapping[str, int] | None, failing: Counter[str]) -> tuple[Column, ...]:
    """Return the columns of namespaces with the number of their pods, and of those that fail."""

    def pods_of(row: Namespace) -> SafeString:
        if running is None:
            return DASH
        bad = failing[row.name]
        tag = format_html(' <span class="o-cnt bad">{} failing</span>', bad) if bad else ""
        return format_html("{}{}", f"{running.get(row.name, 0):,}", tag)

    return (
        STATE,
        cells.name_of(Kind.NAMESPACES, links),
        Column("pods", "Pods", pods_of, label="pods", css="num"),
        cells.labels_column(shown=True),
        AGE,
    )


def taints(node: Node) -> SafeString:
    """Return the taints of a node as tags."""
    found = (f"{each.key}:{each.effect}" for each in node.taints)
    tags = " ".join(f'<span class="o-tag mono">{escape(each)}</span>' for each in found)
    return mark_safe(tags) if tags else DASH


def roles(node: Node) -> SafeString | str:
    """Return what a node is for; most say nothing."""
    return DASH if node.roles == ("<none>",) else ", ".join(node.roles)


def _message(event: Event) -> SafeString:
    return format_html('<span title="{}">{}</span>', event.message, event.message)
