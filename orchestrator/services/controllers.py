"""What the controllers do: recorded by their runner, shown on a page, in probes and in metrics."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from orchestrator import live
from orchestrator.backends.errors import BackendError
from orchestrator.errors import DomainError
from orchestrator.models import ControllerRun, Lease
from orchestrator.services import activity
from orchestrator.services.leases import Held

TOPIC = "controllers"
AREA = "controllers"
# So soon after a death a lease changes hands; only what lasts longer is a problem that a probe reports.
TAKEOVER: timedelta = settings.LEASE_REPLACED
LATE = timedelta(seconds=60)  # A run that should have begun this long ago is overdue.
LONGEST_RUN = timedelta(minutes=10)  # A run that takes longer is stuck.


@dataclass(frozen=True, slots=True)
class Status:
    """One controller as it is at a moment. `problem` is a sentence, or empty if it does its work."""

    name: str
    owner: str
    fence: int
    heartbeat_at: datetime | None
    lease_live: bool
    running: bool
    started_at: datetime | None
    finished_at: datetime | None
    duration_ms: int
    result: str
    last_error: str
    last_error_at: datetime | None
    runs: int
    failures: int
    next_due: datetime | None
    overdue: bool
    problem: str


@dataclass(frozen=True, slots=True)
class Process:
    """A process that holds leases."""

    owner: str
    heartbeat_at: datetime
    controllers: tuple[str, ...]
    live: bool


def announce(names: Iterable[str], *, at: datetime) -> None:
    """Make a row for each controller that exists, and forget those that no version runs any more."""
    known = list(names)
    ControllerRun.objects.bulk_create([ControllerRun(name=name) for name in known], ignore_conflicts=True)
    # While versions change, another process may still run a controller that this one does not know.
    held = Lease.objects.filter(expires_at__gt=at).values("name")
    ControllerRun.objects.exclude(name__in=known).exclude(name__in=held).delete()


def ask(name: str, *, at: datetime) -> None:
    """Ask a controller to run soon, in whichever process it lives. Repeating it is fine."""
    ControllerRun.objects.update_or_create(name=name, defaults={"asked_at": at})


def asked_at(name: str) -> datetime | None:
    """Return when a controller was last asked to run, None if never."""
    return ControllerRun.objects.filter(name=name).values_list("asked_at", flat=True).first()


def began(held: Held, *, at: datetime) -> None:
    """Record that a run began under the lease `held`; a new owner is told to the pages."""
    before = ControllerRun.objects.get_or_create(name=held.name)[0]
    _ours(held).update(owner=held.owner, fence=held.fence, started_at=at)
    if before.owner != held.owner:
        live.publish_on_commit(TOPIC)
    if held.replaced and before.fence < held.fence:
        text = f"took over the controller {held.name} from {held.replaced}, which stopped answering"
        activity.add(text, area=AREA, actor=held.owner, object=held.name, level="warning", at=at)


def ended(held: Held, *, at: datetime, duration: timedelta, next_due: datetime, error: str = "") -> bool:
    """Record how a run ended; `error` is a sentence, or empty. Pages hear of it if the outcome is another.

    Return False, and record nothing, if another owner has recorded a later run.
    """
    with transaction.atomic():
        before = ControllerRun.objects.select_for_update().filter(name=held.name).first()
        changes = {"last_error": error[:500], "last_error_at": at} if error else {}
        result = ControllerRun.Result.FAILED if error else ControllerRun.Result.DONE
        recorded = _ours(held).update(
            finished_at=at,
            duration_ms=round(duration.total_seconds() * 1000),
            result=result,
            runs=F("runs") + 1,
            failures=F("failures") + int(bool(error)),
            next_due=next_due,
            **changes,
        )
        if recorded and before:
            _tell(before, result=result, error=error[:500], at=at)
    return recorded == 1


def _ours(held: Held) -> "QuerySet[ControllerRun]":
    """Return the row, unless it was written under a later lease: a late process changes nothing."""
    return ControllerRun.objects.filter(name=held.name, fence__lte=held.fence)


def _tell(before: ControllerRun, *, result: str, error: str, at: datetime) -> None:
    """Publish and note a change of the outcome; the same outcome again is no news."""
    failed, did_fail = result == ControllerRun.Result.FAILED, before.result == ControllerRun.Result.FAILED
    if before.result != result or (failed and before.last_error != error):
        live.publish_on_commit(TOPIC)
    if failed and not did_fail:
        text = f"failed: {error}"
        activity.add(text, area=AREA, actor=before.name, object=before.name, level="error", at=at)
    elif did_fail and not failed:
        activity.add("works again", area=AREA, actor=before.name, object=before.name, at=at)


def sentence(exc: Exception) -> str:
    """Return what to show of an error.

    Texts of libraries may hold addresses or secrets, so they stay in the log.
    """
    if isinstance(exc, (DomainError, BackendError)):
        return exc.message
    return f"An unexpected {type(exc).__name__}; the log of the process has the details."


def status(at: datetime) -> list[Status]:
    """Return every controller as it is at `at`, by name."""
    leases = {lease.name: lease for lease in Lease.objects.all()}
    return [_status(run, lease=leases.get(run.name), at=at) for run in ControllerRun.objects.all()]


def processes(at: datetime) -> list[Process]:
    """Return the processes that hold leases, or held them when they died."""
    held: dict[str, list[Lease]] = {}
    for lease in Lease.objects.exclude(owner=""):
        held.setdefault(lease.owner, []).append(lease)
    return [
        Process(
            owner=owner,
            heartbeat_at=max(lease.heartbeat_at for lease in leases),
            controllers=tuple(lease.name for lease in leases),
            live=any(lease.expires_at > at for lease in leases),
        )
        for owner, leases in sorted(held.items())
    ]


def problems(at: datetime) -> list[str]:
    """Return a sentence for each controller that does not run; one that runs and fails is not here."""
    rows = status(at)
    if not rows:
        return ["No process has run the controllers yet."]
    return [f"{row.name}: {row.problem}" for row in rows if row.problem]


def healthy(at: datetime) -> bool:
    """Return True if every controller has an owner and is in time."""
    return not problems(at)


def _status(run: ControllerRun, *, lease: Lease | None, at: datetime) -> Status:
    running = run.started_at is not None and (run.finished_at is None or run.finished_at < run.started_at)
    lease_live = lease is not None and lease.expires_at > at
    overdue = is_overdue(started_at=run.started_at, next_due=run.next_due, running=running, at=at)
    return Status(
        name=run.name,
        owner=lease.owner if lease else "",
        fence=lease.fence if lease else 0,
        heartbeat_at=lease.heartbeat_at if lease else None,
        lease_live=lease_live,
        running=running and lease_live,
        started_at=run.started_at,
        finished_at=run.finished_at,
        duration_ms=run.duration_ms,
        result=run.result,
        last_error=run.last_error,
        last_error_at=run.last_error_at,
        runs=run.runs,
        failures=run.failures,
        next_due=run.next_due,
        overdue=overdue,
        problem=_problem(lease=lease, overdue=overdue, at=at),
    )


def is_overdue(
    *, started_at: datetime | None, next_due: datetime | None, running: bool, at: datetime
) -> bool:
    """Return True if a run takes too long, or should have begun long ago."""
    if running and started_at is not None:
        return at - started_at > LONGEST_RUN
    return next_due is not None and at - next_due > LATE


def _problem(*, lease: Lease | None, overdue: bool, at: datetime) -> str:
    if lease is None or at - lease.expires_at > TAKEOVER:
        return "no process runs it."
    return "its run is overdue." if overdue else ""
