"""What the lists of a cluster show: the columns of each kind, and the HTML of their cells."""

from collections.abc import Mapping
from datetime import datetime
from html import escape

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import now

from dashboard.tables import Column
from dashboard.templatetags.ui import age_text, status
from orchestrator.backends.cluster.objects import Event, Namespace, Node, Pod, Row
from orchestrator.services.clusters import states

GLYPHS = {  # state -> shape, and quiet where nobody is needed
    "failing": ("crit", ""),
    "unready": ("warn", ""),
    "starting": ("prog", ""),
    "terminating": ("prog", ""),
    "running": ("ok", "quiet"),
    "done": ("off", "quiet"),
    "notready": ("crit", ""),
    "pressure": ("warn", ""),
    "cordoned": ("sleep", ""),
    "ready": ("ok", "quiet"),
    "active": ("ok", "quiet"),
    "Warning": ("warn", ""),
    "Normal": ("off", "quiet"),
}
BYTES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
DASH = mark_safe('<span class="t3">–</span>')


def state_of(row: Row) -> SafeString:
    """Return the status badge of a row."""
    text = row.type if isinstance(row, Event) else states.reason(row)
    glyph, css = GLYPHS.get(states.of(row), ("unk", ""))
    if text == "Unknown":
        glyph = "unk"
    if isinstance(row, Node) and states.of(row) == "pressure":
        text = ", ".join(
            each.type for each in row.conditions if each.type != "Ready" and each.status == "True"
        )
    return status(glyph, text, css)


def name(row: Row) -> SafeString:
    return mark_safe(f'<span class="nm">{escape(row.name)}</span>')


def age(row: Row) -> SafeString:
    return since(row.created_at)


def since(moment: str) -> SafeString:
    """Return how long ago an ISO 8601 time was; it ticks in the browser."""
    if not moment:
        return DASH
    seconds = (now() - datetime.fromisoformat(moment)).total_seconds()
    return mark_safe(f'<time datetime="{escape(moment)}" data-age="short">{age_text(seconds)}</time>')


def number(value: int, *, usual: int = 0) -> SafeString:
    """Return a number, loud if it is more than usual."""
    return mark_safe(f'<span class="{"strong" if value > usual else "t3"}">{value:,}</span>')


def namespace(row: Row) -> str:
    return row.namespace or ""


def known(value: str) -> SafeString | str:
    return DASH if value in ("", "Unknown") else value


def images(pod: Pod) -> str:
    return ", ".join(dict.fromkeys(each.image for each in pod.containers))


def labels(row: Row) -> SafeString:
    tags = (
        f'<span class="o-tag mono">{escape(key)}={escape(value)}</span>' for key, value in row.labels.items()
    )
    return mark_safe(" ".join(tags)) if row.labels else DASH


def taints(node: Node) -> SafeString:
    tags = (
        f'<span class="o-tag mono">{escape(each.key)}:{escape(each.effect)}</span>' for each in node.taints
    )
    return mark_safe(" ".join(tags)) if node.taints else DASH


def roles(node: Node) -> SafeString | str:
    return DASH if node.roles == ("<none>",) else ", ".join(node.roles)


def bytes_text(quantity: str) -> str:
    """Return a quantity of memory in GiB or MiB; what is no quantity stays as it is."""
    suffix = next((each for each in BYTES if quantity.endswith(each)), "")
    digits = quantity.removesuffix(suffix)
    if not digits.replace(".", "", 1).isdigit():
        return quantity
    mebibytes = float(digits) * BYTES.get(suffix, 1) / 2**20
    return f"{mebibytes / 1024:.1f} GiB" if mebibytes >= 1024 else f"{mebibytes:.0f} MiB"


def cores_text(quantity: str) -> str:
    """Return a quantity of CPU in cores: 7910m is 7.91."""
    digits = quantity.removesuffix("m")
    if not digits.isdigit():
        return quantity
    return f"{int(digits) / (1000 if quantity.endswith('m') else 1):g}"


def about(event: Event) -> SafeString:
    return format_html('<span class="t3">{}</span> <span class="nm">{}</span>', event.kind, event.name)


def message(event: Event) -> SafeString:
    return format_html('<span title="{}">{}</span>', event.message, event.message)


STATE = Column("state", "State", state_of, sort="state", css="p", fixed=True)
NAME = Column("name", "Name", name, sort="name", css="p clip o-name", fixed=True)
NAMESPACE = Column("namespace", "Namespace", namespace, sort="namespace", label="in")
AGE = Column("age", "Age", age, sort="age", label="age", css="num")
PODS = (
    STATE,
    NAME,
    NAMESPACE,
    Column("ready", "Ready", lambda pod: pod.ready, sort="ready", label="ready", css="num"),
    Column(
        "restarts",
        "Restarts",
        lambda pod: number(pod.restart_count),
        sort="-restartCount",
        label="restarts",
        css="num",
    ),
    Column("ip", "IP", lambda pod: known(pod.ip), sort="ip", css="mono x", shown=False),
    Column("images", "Images", images, css="clip o-wide x", shown=False),
    Column("node", "Node", lambda pod: known(pod.node_name), sort="nodeName", css="hide-t x"),
    AGE,
)
EVENTS = (
    Column(
        "seen",
        "Last seen",
        lambda event: since(event.counts_at),
        sort="-lastTimestamp",
        css="o-seen",
        fixed=True,
    ),
    Column("type", "Type", state_of, sort="type", fixed=True),
    Column("reason", "Reason", lambda event: event.reason, sort="reason", css="strong"),
    Column("object", "Object", about, sort="name", css="p clip o-name", fixed=True),
    Column(
        "count", "Count", lambda event: number(event.count, usual=1), sort="-count", label="count", css="num"
    ),
    Column("namespace", "Namespace", namespace, sort="namespace", label="in"),
    Column("message", "Message", message, css="p clip o-rest"),
    Column("source", "Source", lambda event: known(event.source.component), css="hide-t x", shown=False),
)


def of_nodes(running: Mapping[str, int] | None) -> tuple[Column, ...]:
    """Return the columns of nodes; `running` is how many pods each has, None if nobody counts."""

    def pods(node: Node) -> SafeString:
        here = "–" if running is None else f"{running.get(node.name, 0):,}"
        return format_html('{} <span class="t3">/ {}</span>', here, node.allocatable.pods)

    return (
        STATE,
        NAME,
        Column("roles", "Roles", roles, sort="roles", label="roles"),
        Column("version", "Version", lambda node: known(node.version), sort="version", label="version"),
        Column("pods", "Pods", pods, label="pods", css="num"),
        Column("cpu", "CPU, cores", lambda node: cores_text(node.allocatable.cpu), label="cores", css="num"),
        Column(
            "memory", "Memory", lambda node: bytes_text(node.allocatable.memory), label="memory", css="num"
        ),
        Column("taints", "Taints", taints, css="hide-t x"),
        Column("os", "System", lambda node: known(node.os_image), css="hide-t x", shown=False),
        AGE,
    )


def of_namespaces(running: Mapping[str, int] | None, failing: Mapping[str, int]) -> tuple[Column, ...]:
    """Return the columns of namespaces with the number of their pods, and of those that fail."""

    def pods(row: Namespace) -> SafeString:
        if running is None:
            return DASH
        bad = (
            format_html(' <span class="o-cnt bad">{} failing</span>', failing[row.name])
            if row.name in failing
            else ""
        )
        return format_html("{}{}", f"{running.get(row.name, 0):,}", bad)

    return (
        STATE,
        NAME,
        Column("pods", "Pods", pods, label="pods", css="num"),
        Column("labels", "Labels", labels, css="clip o-wide hide-t x"),
        AGE,
    )
