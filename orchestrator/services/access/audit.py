"""The record of who did what."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db.models import CharField, Q, QuerySet
from django.utils.timezone import now

from orchestrator import live
from orchestrator.models import AuditEvent
from orchestrator.services.access.callers import Caller

TOPIC = "audit"
SYSTEM = "system"
RESULTS = tuple(AuditEvent.Result.values)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to look for; an empty value does not restrict."""

    q: str = ""  # part of the action, target, place or note
    actor: str = ""
    area: str = ""
    result: str = ""
    since: datetime | None = None
    until: datetime | None = None


def record(
    caller: Caller | None,
    *,
    area: str,
    action: str,
    target: str = "",
    place: str = "",
    result: str = AuditEvent.Result.DONE,
    note: str = "",
    at: datetime | None = None,
) -> AuditEvent:
    """Write down one change, one reveal of a secret or one refusal, and return it.

    `action` is a verb for people ("Restart"), `target` the thing, `place` where it is ("prod-eu / shop"),
    `result` is done, refused, failed, or asked if `settle` says later how it ended. Without a caller it is
    the system's own doing. The request id is taken from the log context. Long texts are cut.
    """
    event = AuditEvent(
        at=at or now(),
        actor=caller.name if caller else SYSTEM,
        user=caller.user if caller else None,
        area=area,
        action=action,
        target=target,
        place=place,
        result=AuditEvent.Result(result),
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
        address=caller.address if caller else "",
        note=note,
    )
    _fit(event)
    event.save(force_insert=True)
    live.publish_on_commit(TOPIC)
    return event


def settle(event: AuditEvent, *, result: str, note: str = "") -> None:
    """Write down how something ended that was asked for; an event with another result stays as it is."""
    event.result, event.note = AuditEvent.Result(result), note
    _fit(event)
    asked = AuditEvent.objects.filter(pk=event.pk, result=AuditEvent.Result.ASKED)
    asked.update(result=event.result, note=event.note)
    live.publish_on_commit(TOPIC)


def events(wanted: AuditFilter) -> QuerySet[AuditEvent]:
    """Return the events that match, newest first."""
    found = AuditEvent.objects.select_related("user")
    exact = {"actor": wanted.actor, "area": wanted.area, "result": wanted.result}
    found = found.filter(**{name: value for name, value in exact.items() if value})
    if wanted.since:
        found = found.filter(at__gte=wanted.since)
    if wanted.until:
        found = found.filter(at__lt=wanted.until)
    return found.filter(_mentions(wanted.q)) if wanted.q else found


def _mentions(text: str) -> Q:
    parts = [Q(**{f"{field}__icontains": text}) for field in ("action", "target", "place", "note", "actor")]
    return Q(*parts, _connector=Q.OR)


def _fit(event: AuditEvent) -> None:
    """Cut texts to their columns: even a refused name as long as a request must be kept."""
    for field in AuditEvent._meta.fields:
        if isinstance(field, CharField):
            text = str(getattr(event, field.name)).replace("\0", "�")  # PostgreSQL refuses NUL in text.
            setattr(event, field.name, text[: field.max_length])
