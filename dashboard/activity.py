"""The page of the timeline: what happened, in all areas."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from dashboard.htmx import etag, render_either, unchanged
from dashboard.permissions import needs
from dashboard.tables import Address
from orchestrator.services import activity

KNOWN = ("area", "q", "failures", "before", "context", "namespace")
FILTERS = ("area", "q", "failures")
ICONS = {"error": ("crit", "alert-octagon"), "warning": ("warn", "alert-triangle"), "info": ("", "activity")}
MOST_DIGITS = 18  # of an id that every database takes


@require_safe
@needs("activity:read")
def index(request: HttpRequest) -> HttpResponse:
    address = Address(request, known=KNOWN)
    before = _number(address.get("before"))
    found = activity.recent(
        area=address.get("area"), q=address.get("q"), failures=bool(address.get("failures")), before=before
    )
    areas = activity.areas()
    tag = etag(address.query, areas, [(line.entry.pk, line.times) for line in found.lines])
    context = {
        "etag": tag,
        "address": address,
        "query": address.query,
        "here": address.to(),
        "newest": before is None,
        "lines": [(line, *ICONS[line.entry.level]) for line in found.lines],
        "chips": [("All areas", address.to(area=None, before=None), not address.get("area"))]
        + [(name, address.to(area=name, before=None), name == address.get("area")) for name in areas],
        "only_failures": address.to(failures=None if address.get("failures") else "1", before=None),
        "hidden": [(key, value) for key, value in address.query.items() if key not in ("q", "before")],
        "first": address.to(before=None),
        "older": address.to(before=found.older) if found.older else "",
        "filtered": any(address.get(name) for name in FILTERS),
        "clear": address.to(**dict.fromkeys(FILTERS), before=None),
        "total": 0 if found.lines else activity.total(),
        "keep_days": settings.ACTIVITY_KEEP.days,
    }
    return unchanged(request, etag=tag) or render_either(
        request, context, page="activity/page.html", fragment="activity/_list.html"
    )


def _number(text: str) -> int | None:
    """Return a whole number, or None for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


urlpatterns = [path("activity", index, name="activity")]
