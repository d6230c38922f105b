"""Keeps stacks and clusters together: ends what is over, undoes what is half made, notes what it sees."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from orchestrator.backends.cluster.objects import Pod
from orchestrator.backends.errors import BackendError, Overloaded, TimedOut, Unreachable
from orchestrator.errors import DomainError
from orchestrator.models import Stack
from orchestrator.services import access, activity, leases
from orchestrator.services.leases import LeaseLost
from orchestrator.services.stacks import decisions, figures, parallel, place, removal
from orchestrator.services.stacks.decisions import Decision, Step, Why
from orchestrator.services.stacks.looks import World
from orchestrator.services.stacks.retries import Retries
from orchestrator.services.stacks.status import NODE_LOST, WORDS, status_of

logger = logging.getLogger(__name__)

WORKERS = 8  # stacks that are removed at once: most of it is waiting for the API server
GIVE_UP_AFTER = 3  # stacks of one cluster in one round; when it does not answer, the rest waits
AWAY = (Unreachable, TimedOut, Overloaded)
HEAVY = ("pod", "pod_spec")
SENTENCES = {
    Why.EXPIRED: "its time was over",
    Why.DELETED: "it was to be deleted",
    Why.HALF_MADE: "its creation was cut short",
    Why.STOPPED: "it was stopped",
    Why.NODE_GONE: "its node is gone",
    Why.MISSING: "its pod or its service was deleted from outside",
}
SAID_ALREADY = (Why.DELETED, Why.STOPPED)  # by whoever asked for it
retries = Retries()


@dataclass(slots=True)
class Round:
    """What one comparison of all stacks has found and done."""

    scanned: int = 0
    targets: Counter[Why] = field(default_factory=Counter)
    cleaned: Counter[Why] = field(default_factory=Counter)
    failures: int = 0
    due: list[datetime] = field(default_factory=list)  # when time alone makes something due
    lock: Lock = field(default_factory=Lock)

    def done(self, why: Why) -> None:
        with self.lock:
            self.cleaned[why] += 1

    def failed(self) -> None:
        with self.lock:
            self.failures += 1


@dataclass(frozen=True, slots=True)
class Task:
    """A stack that something is to be done about."""

    row: Stack
    world: World
    decision: Decision


def patience() -> timedelta:
    """Return how long a create may take before it is taken for dead: longer than any that lives."""
    call = timedelta(seconds=settings.K8S_API_TIMEOUT_SECONDS)
    return 2 * settings.STACK_SCHEDULING_TIMEOUT + call


def compare(at: datetime) -> Round:
    """Compare every stack with its cluster once, and do one step for each; return what was done.

    It may be killed at any line and repeated. A stack that cannot be removed is tried again later. Raises
    `LeaseLost` if another process took over.
    """
    found = Round()
    # Rows first: the other way round a stack that was just made looks like one that lost its pod.
    rows = list(Stack.objects.defer(*HEAVY))
    tasks = list(_tasks(rows, found, at=at))
    away: Counter[str] = Counter()

    def work(task: Task) -> None:
        if away[task.row.context] < GIVE_UP_AFTER and not _attempt(task, found, at=at):
            away[task.row.context] += 1

    parallel.each(work, tasks, workers=WORKERS)
    retries.keep({row.pk for row in rows})
    if (due := retries.next_due(at=at)) is not None:
        found.due.append(due)
    return found


def _tasks(rows: Iterable[Stack], found: Round, *, at: datetime) -> Iterable[Task]:
    """Yield what is to be done, and write down what is new of stacks that need nothing."""
    worlds: dict[str, World | None] = {}
    for row in rows:
        if row.context not in worlds:
            cluster = place.named(row.context)
            worlds[row.context] = World(cluster) if cluster else None
        world = worlds[row.context]
        if world is None:  # Its cluster was not opened, so nothing is known and nothing can be done.
            continue
        found.scanned += 1
        facts = decisions.facts(row)
        decision = decisions.decide(facts, world.seen(row), at=at, patience=patience())
        if (due := decisions.next_due(facts, at=at, patience=patience())) is not None:
            found.due.append(due)
        if decision.why is None:
            _note(row, world, found, at=at)
        else:
            found.targets[decision.why] += 1
            if retries.may_try(row.pk, at=at):
                yield Task(row, world, decision)


def _note(row: Stack, world: World, found: Round, *, at: datetime) -> None:
    try:
        note_status(row, world, at=at)
    except LeaseLost:
        raise
    except Exception:  # One bad row must not stop the rest.
        logger.exception("the state of stack %s could not be written down", row.pk)
        found.failed()


def note_status(row: Stack, world: World, *, at: datetime) -> None:
    """Write down the state of a stack as its pod shows it, if it is another one than before."""
    pod = world.pod(row)
    if pod is None or not world.knows_pods(row) or not row.settled or row.cleaned_at is not None:
        return
    seen = status_of(row, pod)
    words = {"reason": activity.storable(seen.reason), "message": activity.storable(seen.message)}
    now_ = {"status": seen.status, "node_id": seen.node_id, **words}
    if all(getattr(row, name) == value for name, value in now_.items()):
        return
    with transaction.atomic():
        leases.guard()
        present = Stack.objects.filter(pk=row.pk, wanted=Stack.Wanted.PRESENT, cleaned_at__isnull=True)
        if not present.exclude(status=Stack.Status.NODE_DELETED).update(**now_, updated_at=at):
            return
        removal.tell(row.pk)
    _tell_of(row, pod, seen.status, at=at)


def _tell_of(row: Stack, pod: Pod, status: str, *, at: datetime) -> None:
    """Count and tell what a new state means."""
    if status == row.status:
        return
    if status == Stack.Status.RUNNING and row.status == Stack.Status.CREATING:
        figures.running((at - row.created_at).total_seconds())
    if status == Stack.Status.FAILED:
        why = pod.reason or "Error"
        removal.told(None, row, f"saw stack {row.pk} fail: {why}", at=at, level="warning")


def _attempt(task: Task, found: Round, *, at: datetime) -> bool:
    """Do what is to be done about one stack; return False if its cluster does not answer."""
    row = task.row
    try:
        done = _do(task, at=at)
    except LeaseLost:
        raise
    except (BackendError, DomainError) as exc:
        _failed(row, found, exc.message, at=at)
        return not isinstance(exc, AWAY)
    except Exception as exc:  # One bad row must not stop the rest.
        logger.exception("stack %s could not be looked after", row.pk)
        _failed(row, found, f"An unexpected {type(exc).__name__}.", at=at)
        return True
    retries.worked(row.pk)
    if done is not None:
        found.done(done)
    return True


def _failed(row: Stack, found: Round, problem: str, *, at: datetime) -> None:
    first = retries.failed(row.pk, at=at)
    found.failed()
    removal.note(row, problem)
    if first:
        removal.told(None, row, f"could not remove stack {row.pk}: {problem}", at=at, level="error")


def _do(task: Task, *, at: datetime) -> Why | None:
    """Do one step and return what it was for; None if it turned out that nothing is to be done."""
    row, decision = task.row, task.decision
    if decision.doubts:
        seen = task.world.confirmed(row, task.world.seen(row), decision.doubts)
        facts = decisions.facts(row)
        after = decisions.decide(facts, seen, at=at, patience=patience())
        decision = decisions.confirmed(decision, after)
    if decision.why is None or not _claimed(row, decision.why, at=at):
        return None
    if row.cleaned_at is None:
        removal.clean(row, at=at)
    if decision.step is Step.REMOVE and not removal.forget(row):
        return None  # Somebody else was first.
    return decision.why


def _claimed(row: Stack, why: Why, *, at: datetime) -> bool:
    """Write down what is going to be done, if it still is to be; then a crash only delays it."""
    with transaction.atomic():
        leases.guard()
        mine = _still(row, why, at=at)
        if why in SAID_ALREADY:
            return mine.exists()
        if why is Why.NODE_GONE:
            lost = {"status": Stack.Status.NODE_DELETED, "reason": NODE_LOST, "message": WORDS[NODE_LOST]}
            if row.status == Stack.Status.NODE_DELETED:
                return mine.exists()
            claimed = mine.update(**lost, updated_at=at)
        else:
            claimed = mine.update(wanted=Stack.Wanted.ABSENT)
        if claimed:
            removal.tell(row.pk)
            _tell_of_end(row, why, at=at)
    return bool(claimed)


def _still(row: Stack, why: Why, *, at: datetime) -> "QuerySet[Stack]":
    """Return the row, unless what was decided about it no longer holds."""
    rows = Stack.objects.filter(pk=row.pk)
    present = rows.filter(wanted=Stack.Wanted.PRESENT, settled=True, cleaned_at__isnull=True)
    return {
        Why.DELETED: rows.filter(wanted=Stack.Wanted.ABSENT),
        Why.STOPPED: rows.filter(wanted=Stack.Wanted.STOPPED),
        Why.HALF_MADE: rows.filter(settled=False, wanted=Stack.Wanted.PRESENT),
        Why.EXPIRED: rows.filter(expires_at__lte=at).exclude(wanted=Stack.Wanted.ABSENT),
        Why.NODE_GONE: present,
        Why.MISSING: present,
    }[why]


def _tell_of_end(row: Stack, why: Why, *, at: datetime) -> None:
    """Write what nobody asked for into the audit and the timeline."""
    access.record(
        None,
        area=removal.AREA,
        action="Remove",
        target=f"stack {row.pk}",
        place=f"{row.context} / {row.namespace}",
        note=SENTENCES[why],
        at=at,
    )
    if why is not Why.EXPIRED:  # There are thousands of these a day; the round tells of them together.
        removal.told(None, row, f"removes stack {row.pk}: {SENTENCES[why]}", at=at, level="warning")
