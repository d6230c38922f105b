"""The timeline: what people, controllers and clusters did, in all areas."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q, QuerySet
from structlog.contextvars import get_contextvars

from orchestrator import live
from orchestrator.models import Activity
from orchestrator.services import leases

TOPIC = "activity"
PAGE_SIZE = 50
LONGEST_Q = 200
BATCH = 500  # rows deleted in one transaction: others wait for it a few milliseconds at most
BATCHES = 20  # in one round, so that a stop is heard in between

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of the timeline that happened `times` in a row; `entry` is the newest of them."""

    entry: Activity
    times: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, newest first. `older` is what to give as `before` for the next page, if there is one."""

    lines: Sequence[Line]
    older: int | None


def add(
    text: str,
    *,
    area: str,
    at: datetime,
    actor: str = "",
    object: str = "",
    context: str = "",
    namespace: str = "",
    level: Level = "info",
) -> Activity:
    """Write one line and return it; open pages hear of it when the transaction is committed.

    `text` goes on after the actor: "deleted 12 stacks". `level` is error for what failed or was refused, and
    warning for what deserves a look. The id of the current request is kept with it.
    """
    entry = Activity.objects.create(
        at=at,
        area=area,
        actor=storable(actor)[:150],
        text=storable(text)[:500],
        object=storable(object)[:300],
        context=storable(context)[:200],
        namespace=storable(namespace)[:63],
        level=level,
        request_id=str(get_contextvars().get("request_id", ""))[:64],
    )
    live.publish_on_commit(TOPIC)
    return entry


def recent(
    *, area: str = "", q: str = "", failures: bool = False, before: int | None = None, size: int = PAGE_SIZE
) -> Page:
    """Return one page, newest first; `q` looks into text, actor, object, place and request id.

    Pages go by id and not by number, so that nothing moves between them while entries arrive.
    """
    found = Activity.objects.filter(_filter(area=area, q=q, failures=failures))
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found[: size + 1])
    shown = rows[:size]
    return Page(lines=merged(shown), older=shown[-1].pk if len(rows) > size else None)


def total() -> int:
    """Return how many entries there are."""
    return Activity.objects.count()


def areas() -> list[str]:
    """Return the areas that something happened in, by name."""
    return list(Activity.objects.order_by("area").values_list("area", flat=True).distinct())


def merged(entries: Sequence[Activity]) -> list[Line]:
    """Return entries with repeats in a row made one line."""
    groups = (list(group) for _, group in groupby(entries, key=_sameness))
    return [Line(group[0], len(group)) for group in groups]


def prune(at: datetime) -> bool:
    """Delete activity older than `ACTIVITY_KEEP`; return True if there is more to delete."""
    old = Activity.objects.filter(at__lt=at - settings.ACTIVITY_KEEP).order_by("pk")
    return delete_in_batches(old)


def prune_sessions(at: datetime) -> bool:
    """Delete sign-ins of browsers that have expired; return True if there is more to delete."""
    return delete_in_batches(Session.objects.filter(expire_date__lt=at))


def delete_in_batches(rows: "QuerySet[Any]") -> bool:
    """Delete rows, each batch in a transaction of its own; return True if there is more to delete.

    It may be killed at any line and repeated. Raises `LeaseLost` if another process took over.
    """
    for _ in range(BATCHES):
        with transaction.atomic():
            leases.guard()
            keys = list(rows.values_list("pk", flat=True)[:BATCH])
            rows.model._default_manager.filter(pk__in=keys).delete()
        if len(keys) < BATCH:
            return False
    return True


def storable(text: str) -> str:
    """Return text without NUL, which PostgreSQL refuses to store and to look for."""
    return text.replace("\0", "")


def _filter(*, area: str, q: str, failures: bool) -> Q:
    wanted = Q()
    if area:
        wanted &= Q(area=storable(area))
    if failures:
        wanted &= Q(level=Activity.Level.ERROR)
    if q:
        fields = ("text", "actor", "object", "context", "namespace", "request_id")
        wanted &= Q(*((f"{field}__icontains", storable(q)[:LONGEST_Q]) for field in fields), _connector=Q.OR)
    return wanted


def _sameness(entry: Activity) -> tuple[str, ...]:
    return (
        entry.area,
        entry.actor,
        entry.text,
        entry.object,
        entry.context,
        entry.namespace,
        entry.level,
    )
