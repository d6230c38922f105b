"""What the pages of stacks say of one: its status, its ports, how long it lives."""

from collections.abc import Iterable, Sequence
from html import escape

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import now

from dashboard import cells, charts
from dashboard.tables import Column
from dashboard.templatetags.ui import NOW_SECONDS, SOON_SECONDS, left, status
from orchestrator.services.stacks.reads import PortView, View

GLYPHS = {
    "creating": ("prog", ""),
    "running": ("ok", "quiet"),
    "stopped": ("off", "quiet"),
    "failed": ("crit", ""),
    "node_deleted": ("crit", ""),
}
STATES = {name: name for name in GLYPHS}
HOUR = 3600  # seconds
PRESETS = (HOUR, 4 * HOUR)  # by which a stack is extended


def path(stack_id: str, tab: str = "") -> str:
    """Return the address of a stack, or of one of its tabs."""
    here = reverse("dashboard:stack", args=[stack_id])
    return f"{here}/{tab}" if tab else here


def badge(view: View, css: str | None = None) -> SafeString:
    """Return the status of a stack, quiet where nobody is needed unless `css` says how it looks."""
    glyph, usual = GLYPHS.get(view.status, ("unk", ""))
    return status(glyph, view.status, usual if css is None else css)


def url(view: View, port: PortView) -> str:
    """Return where a port answers from outside; "" while no address is known, or where no browser can go."""
    if not view.node_public_ip or port.protocol != "TCP" or view.cleaned:
        return ""
    return f"http://{host(view.node_public_ip)}:{port.node_port}"


def host(address: str) -> str:
    """Return an address as URLs have it: RFC 3986, section 3.2.2 puts those of IPv6 into brackets."""
    return f"[{address}]" if ":" in address else address


def first_port(view: View) -> int | None:
    """Return the port that one click opens; None while nothing answers."""
    tcp = [port.container_port for port in view.ports if port.protocol == "TCP"]
    return tcp[0] if tcp and view.status == "running" and not view.cleaned else None


def left_to_give(view: View) -> int:
    """Return by how many seconds a stack can still be extended."""
    latest = view.created_at + settings.STACK_TTL_MAX
    return max(0, int((latest - view.ttl_expires_at).total_seconds()))


def presets(view: View) -> list[tuple[int, str]]:
    """Return by how much a stack can be extended: seconds, and words for the button."""
    rest = left_to_give(view)
    found = [(seconds, span(seconds)) for seconds in PRESETS if seconds < rest]
    return [*found, (rest, "to the limit" if found else span(rest))] if rest else []


def by_an_hour(view: View) -> tuple[int, str] | None:
    """Return by how much one click extends a stack; None if it lives as long as it may."""
    rest = min(HOUR, left_to_give(view))
    return (rest, span(rest)) if rest else None


def span(seconds: int) -> str:
    """Return a length of time: 45 s, 15 min, 1 h 30 min, 24 h, 2 d 4 h."""
    if seconds < 60:
        return f"{seconds} s"
    days, rest = divmod(seconds, 86400) if seconds >= 2 * 86400 else (0, seconds)
    hours, rest = divmod(rest, 3600)
    parts = ((days, "d"), (hours, "h"), (rest // 60, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def reserved(view: View) -> str:
    return f"{cores(view.requested_cpu_milli)} · {cells.size_text(view.requested_memory_bytes)}"


def cores(milli: int) -> str:
    return f"{milli} m" if milli < 1000 else f"{milli / 1000:g} cores"


def columns() -> Sequence[Column]:
    """Return the columns of the list."""
    return (
        Column("status", "Status", _status, sort="status", css="p", fixed=True),
        Column("stack", "Stack", _name, sort="stack_id", css="p clip o-name", fixed=True),
        Column("by", "Created by", lambda view: cells.text(view.actor), label="by", css="clip o-by"),
        Column("ports", "Port → node port", _ports, css="mono", label="ports"),
        Column(
            "node", "Node", lambda view: cells.text(view.node_id), sort="node_id", css="hide-m", label="on"
        ),
        Column("reserved", "Reserved", reserved, css="num hide-t x"),
        Column("created", "Age", _age, sort="-created_at", css="num", label="age", shown=False),
        Column("namespace", "Namespace", lambda view: view.namespace, css="hide-t x", shown=False),
        Column("left", "Stops in", _left, sort="expires_at", css="num", label="stops in", fixed=True),
    )


def _status(view: View) -> SafeString:
    if not view.reason:
        return badge(view)
    about = f'<span class="t3 sm hide-m" title="{escape(view.message)}"> · {escape(view.reason)}</span>'
    return badge(view) + mark_safe(about)


def _name(view: View) -> SafeString:
    return mark_safe(f'<a class="nm mono" href="{path(view.stack_id)}">{escape(view.stack_id)}</a>')


def _ports(view: View) -> SafeString:
    return mark_safe(", ".join(_port(view, port) for port in view.ports)) if view.ports else cells.DASH


def _port(view: View, port: PortView) -> str:
    words = f"{port.container_port}{'' if port.protocol == 'TCP' else '/' + escape(port.protocol)}"
    words += f"→{port.node_port}"
    href = url(view, port)
    return (
        f'<a href="{escape(href)}" target="_blank" rel="noopener noreferrer">{words}</a>' if href else words
    )


def _age(view: View) -> SafeString:
    return cells.since(view.created_at.isoformat())


def _left(view: View) -> SafeString:
    return mark_safe(f'<span class="o-lasts">{lifetime(view)}{left(view.ttl_expires_at)}</span>')


def lifetime(view: View) -> SafeString:
    """Return a bar of how much of its time a stack still has."""
    seconds = (view.ttl_expires_at - now()).total_seconds()
    whole = (view.ttl_expires_at - view.created_at).total_seconds()
    css = "crit" if seconds < NOW_SECONDS else "warn" if seconds < SOON_SECONDS else ""
    return charts.meter(seconds / whole if whole > 0 else 0, css=css)


def segments(parts: Iterable[tuple[int, str]], *, total: int, title: str) -> SafeString:
    """Return a bar of several colours; each part is a number and a class."""
    bars, start = [], 0.0
    for number, css in parts:
        width = 100 * number / total if total else 0
        bars.append(f'<rect class="{css}" x="{start:g}" width="{width:g}" height="4"/>')
        start += width
    return mark_safe(
        '<svg class="o-meter o-segments" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(title)}"><rect class="w" width="100" height="4"/>{"".join(bars)}</svg>'
    )
