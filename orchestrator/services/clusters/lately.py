"""What was done to an object a moment ago, for its page to follow."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.backends.cluster.port import Kind
from orchestrator.models import AuditEvent
from orchestrator.services.clusters import acting
from orchestrator.services.clusters.contexts import Scope

LATELY = timedelta(minutes=10)
ACTIONS = ("Restart", "Scale", "Pause", "Resume", "Suspend", "Roll back", "Delete", "Edit", "Apply")


@dataclass(frozen=True, slots=True)
class Lately:
    """An act: what, by whom, when, and what was noted, such as "from 1 to 3"."""

    action: str
    actor: str
    at: datetime
    note: str


def done_to(kind: Kind, scope: Scope, name: str, *, at: datetime) -> Lately | None:
    """Return the last act on an object that its cluster accepted in the ten minutes before `at`."""
    place = f"{scope.context.name} / {(kind.namespaced and scope.namespace) or ''}".rstrip(" /")
    events = AuditEvent.objects.filter(
        area=acting.AREA,
        at__gt=at - LATELY,
        target=f"{kind.word.lower()} {name}",
        place=place,
        action__in=ACTIONS,
        result=AuditEvent.Result.DONE,
    )
    event = events.first()
    return Lately(event.action, event.actor, event.at, event.note) if event else None
