"""The cells of the lists of a cluster, and the columns that every kind has."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from html import escape
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import now
from msgspec import UnsetType

from dashboard.links import Links
from dashboard.tables import Column
from dashboard.templatetags.ui import age_text, status
from orchestrator.backends.cluster.objects import Event, Node, Row
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import quantities, states

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
    "degraded": ("warn", ""),
    "progressing": ("prog", ""),
    "available": ("ok", "quiet"),
    "zero": ("off", "quiet"),
    "suspended": ("sleep", ""),
    "blind": ("warn", ""),
    "limited": ("warn", ""),
    "scaling": ("prog", ""),
    "steady": ("ok", "quiet"),
    "pending": ("prog", ""),
    "full": ("crit", ""),
    "tight": ("warn", ""),
    "free": ("ok", "quiet"),
    "bound": ("ok", "quiet"),
    "released": ("warn", ""),
    "lost": ("crit", ""),
    "failed": ("crit", ""),
    "Warning": ("warn", ""),
    "Normal": ("off", "quiet"),
}
DASH = mark_safe('<span class="t3">–</span>')


def state_of(row: Row, css: str = "") -> SafeString:
    """Return the status badge of a row, quiet where nobody is needed unless `css` says how it looks."""
    text = row.type if isinstance(row, Event) else states.reason(row)
    glyph, usual = GLYPHS.get(states.of(row), ("unk", ""))
    if text == "Unknown":
        glyph = "unk"
    if isinstance(row, Node) and states.of(row) == "pressure":
        text = ", ".join(
            each.type for each in row.conditions if each.type != "Ready" and each.status == "True"
        )
    return status(glyph, text, css or usual)


def age(row: Row) -> SafeString:
    return since(row.created_at)


def since(moment: str | UnsetType) -> SafeString:
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


def text(value: str | UnsetType) -> SafeString | str:
    return value or DASH


def several(values: Iterable[str]) -> SafeString | str:
    return ", ".join(values) or DASH


def tags(values: Mapping[str, str]) -> SafeString:
    """Return labels as tags."""
    found = (f'<span class="o-tag mono">{escape(f"{key}={values[key]}")}</span>' for key in values)
    return mark_safe(" ".join(found)) if values else DASH


def labels(row: Row) -> SafeString:
    return tags(row.labels)


def bytes_text(quantity: str) -> str:
    """Return a quantity of memory in GiB or MiB; what is no quantity stays as it is."""
    value = quantities.number(quantity)
    if value is None:
        return quantity
    return size_text(value)


def size_text(value: float) -> str:
    """Return bytes in GiB or MiB."""
    mebibytes = value / 2**20
    return f"{mebibytes / 1024:.1f} GiB" if mebibytes >= 1024 else f"{mebibytes:.0f} MiB"


def cores_text(quantity: str) -> str:
    """Return a quantity of CPU in cores: 7910m is 7.91."""
    digits = quantity.removesuffix("m")
    if not digits.isdigit():
        return quantity
    return f"{int(digits) / (1000 if quantity.endswith('m') else 1):g}"


STATE = Column("state", "State", state_of, sort="state", css="p", fixed=True)
NAMESPACE = Column("namespace", "Namespace", namespace, sort="namespace", label="in")
AGE = Column("age", "Age", age, sort="age", label="age", css="num")


def name_of(kind: Kind, links: Links) -> Column:
    """Return the column of names, each a link to its object."""
    return Column(
        "name", "Name", lambda row: links.name(kind, row), sort="name", css="p clip o-name", fixed=True
    )


def images_of(images: Callable[[Any], Iterable[str]], *, shown: bool = True) -> Column:
    return Column("images", "Images", lambda row: several(images(row)), css="clip o-wide x", shown=shown)


def labels_column(*, shown: bool = False) -> Column:
    return Column("labels", "Labels", labels, css="clip o-wide hide-t x", shown=shown)
