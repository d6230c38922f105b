"""Take, keep and give back the right to act for a controller."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from orchestrator.errors import NotNow
from orchestrator.models import Lease

# A dead owner must be replaced within 15 seconds. The others look every POLL, so the lease itself has to end
# earlier; three seconds remain for a busy machine. A live owner renews four times in that while, so that one
# slow write does not cost it the lease. Machines must agree on the time to a second or two (NTP).
DURATION: timedelta = settings.LEASE_DURATION
POLL: timedelta = settings.LEASE_POLL
HEARTBEAT = DURATION / 4


class LeaseLost(NotNow):
    """Another process acts for this controller now."""

    code = "lease_lost"


@dataclass(frozen=True, slots=True)
class Held:
    """A lease we hold. `replaced` is the owner that stopped answering, if there was one."""

    name: str
    owner: str
    fence: int
    replaced: str = ""


_acting: ContextVar[Held | None] = ContextVar("acting", default=None)


def acquire(name: str, *, owner: str, at: datetime) -> Held | None:
    """Return the lease if `owner` now holds it, None if another does. Repeating it is fine.

    A conditional update decides, so two processes never both win.
    """
    lease, _ = Lease.objects.get_or_create(name=name, defaults={"expires_at": at, "heartbeat_at": at})
    if lease.expires_at > at:  # The usual case writes nothing: the heartbeat prolongs what is held.
        return Held(name, owner, lease.fence) if lease.owner == owner else None
    changed = lease.owner != owner
    won = Lease.objects.filter(name=name, fence=lease.fence, owner=lease.owner, expires_at__lte=at).update(
        owner=owner, fence=F("fence") + int(changed), expires_at=at + DURATION, heartbeat_at=at
    )
    if not won:
        return None
    return Held(name, owner, lease.fence + int(changed), replaced=lease.owner if changed else "")


def renew(*, owner: str, at: datetime) -> int:
    """Prolong every lease that `owner` still holds; return how many."""
    held = Lease.objects.filter(owner=owner, expires_at__gt=at)
    return held.update(expires_at=at + DURATION, heartbeat_at=at)


def release(name: str, *, owner: str, at: datetime) -> bool:
    """Give up a lease, so that the next process need not wait; return False if it was not ours."""
    return Lease.objects.filter(name=name, owner=owner).update(owner="", expires_at=at) == 1


@contextmanager
def acting(held: Held) -> Iterator[None]:
    """Make `held` the lease that `guard` looks at in this thread."""
    token = _acting.set(held)
    try:
        yield
    finally:
        _acting.reset(token)


def guard() -> None:
    """Raise `LeaseLost` if another process took over since this controller's run began.

    Call it inside a transaction, before writing: the row stays locked until the end, so a process that was
    frozen and woke up late cannot write over its successor. Outside a controller it does nothing.
    """
    held = _acting.get()
    if held is None:
        return
    current = Lease.objects.select_for_update().filter(name=held.name, owner=held.owner, fence=held.fence)
    if current.first() is None:
        raise LeaseLost(f"Another process runs the controller {held.name} now.")
