"""The page of the product itself: controllers, processes, relay, caches."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from dashboard.htmx import etag, render_either, unchanged
from dashboard.permissions import needs
from orchestrator import live, relay
from orchestrator.backends.cluster.port import CacheState, Condition
from orchestrator.services import controllers
from orchestrator.services.clusters import contexts

RELAYS = {
    "redis": "Redis",
    "postgresql": "PostgreSQL, LISTEN and NOTIFY",
    "table": "a table, read twice a second",
    "none": "none",
}
GLYPHS = {Condition.LIVE: "ok", Condition.SYNCING: "prog", Condition.RECONNECTING: "warn"}


@dataclass(frozen=True, slots=True)
class ControllerRow:
    """A controller as its row shows it."""

    status: controllers.Status
    glyph: str
    word: str


@dataclass(frozen=True, slots=True)
class CacheRow:
    """A watch cache of this process as its row shows it."""

    context: str
    kind: str
    state: CacheState
    glyph: str
    rows: int


@require_safe
@needs("activity:read")
def index(request: HttpRequest) -> HttpResponse:
    context = _context(now())
    tag = etag(*context.values())
    return unchanged(request, etag=tag) or render_either(
        request, context | {"etag": tag}, page="system/page.html", fragment="system/_panels.html"
    )


def word_for(status: controllers.Status) -> tuple[str, str]:
    """Return the glyph and the word for how a controller does."""
    if status.problem:
        return "crit", "overdue" if status.overdue and status.lease_live else "not running"
    if not status.lease_live:
        return "warn", "changing hands"
    if status.result == "failed":
        return "warn", "failing"
    if status.running:
        return "prog", "running"
    return ("ok", "done") if status.result else ("off", "not yet")


def _context(at: datetime) -> dict[str, object]:
    return {
        "controllers": [ControllerRow(each, *word_for(each)) for each in controllers.status(at)],
        "processes": controllers.processes(at),
        "relay": relay.state(),
        "relay_name": RELAYS[relay.state().kind],
        "followers": live.hub.followers(),
        "caches": [
            CacheRow(place.name, kind.value, state, GLYPHS.get(state.condition, "crit"), rows)
            for place, kind, state, rows in contexts.caches()
        ],
        "version": settings.VERSION,
        "database": connection.vendor,
    }


urlpatterns = [path("system", index, name="system")]
