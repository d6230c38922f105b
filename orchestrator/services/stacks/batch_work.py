"""Works on batch deletes: each item once, in order, and written down before the next one begins."""

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import DatabaseError, transaction

from orchestrator.backends.errors import BackendError
from orchestrator.errors import DomainError
from orchestrator.models import AuditEvent, Stack, StackBatch, StackBatchItem
from orchestrator.services import access, activity, controllers, leases
from orchestrator.services.access import Caller
from orchestrator.services.leases import LeaseLost
from orchestrator.services.stacks import batches, removal
from orchestrator.services.stacks.batches import LONGEST_ERROR, Result
from orchestrator.services.stacks.refusals import failure

logger = logging.getLogger(__name__)

FAILED = "delete pod/service failed"
MOST = 100  # jobs that one round looks at
Clock = Callable[[], datetime]


def waiting() -> list[StackBatch]:
    """Return the jobs that are not over, the oldest first."""
    return list(StackBatch.objects.filter(ended_at__isnull=True).order_by("created_at", "pk")[:MOST])


def work(row: StackBatch, *, clock: Clock, until: datetime) -> None:
    """Delete the stacks of a job one after another, and close it; what is left at `until` is left.

    It may be killed at any line and repeated: what was begun is finished first. Raises `LeaseLost` if another
    process took over.
    """
    while clock() < until:
        item = _next(row)
        if item is None:
            _end(row, at=clock())
            return
        _finish(row, item, clock=clock)


def _next(row: StackBatch) -> StackBatchItem | None:
    """Return the item that comes next; one that was begun comes before all that were not."""
    items = StackBatchItem.objects.filter(batch=row.pk).order_by("position")
    return items.filter(result=Result.BEGUN).first() or items.filter(result=Result.WAITING).first()


def _finish(row: StackBatch, item: StackBatchItem, *, clock: Clock) -> None:
    """Take one item to its end."""
    if item.result == Result.WAITING and not _begun(row, item, at=clock()):
        _settle(row, item, Result.NOT_FOUND, at=clock())
        return
    stack = Stack.objects.filter(pk=item.stack_id).first()
    error = _removed(stack, at=clock()) if stack else ""
    result = Result.FAILED if error else Result.DELETED
    _settle(row, item, result, error=error, at=clock())
    if error:
        controllers.ask(removal.REAPER, at=clock())


def _begun(row: StackBatch, item: StackBatchItem, *, at: datetime) -> bool:
    """Make the deletion of a stack this job's; return False for one that does not exist to readers.

    Both are written at once: so the stack counts as deleted in one job only, whoever finishes it.
    """
    with transaction.atomic():
        leases.guard()
        there = Stack.objects.visible(at=at).filter(pk=item.stack_id)
        if not there.update(wanted=Stack.Wanted.ABSENT, updated_at=at):
            return False
        item.result = Result.BEGUN
        item.save(update_fields=["result"])
        StackBatch.objects.filter(pk=row.pk).update(status=StackBatch.Status.RUNNING, updated_at=at)
        removal.tell(item.stack_id)
    return True


def _removed(stack: Stack, *, at: datetime) -> str:
    """Remove a stack; return why that failed, "" if it did not. The reaper tries again what did."""
    try:
        if stack.cleaned_at is None:
            removal.clean(stack, at=at)
        removal.forget(stack)
    except LeaseLost:
        raise
    except BackendError as exc:
        removal.note(stack, exc.message)
        logger.warning("stack %s of a batch was not deleted: %s", stack.pk, exc.message)
        return f"{FAILED}: {failure(exc).message}"
    except DomainError as exc:
        return f"{FAILED}: {exc.message}"
    except DatabaseError:
        raise  # Nothing can be written down at present; the item stays begun.
    except Exception:  # One bad item must not stop the rest.
        logger.exception("stack %s of a batch was not deleted", stack.pk)
        return f"{FAILED}: internal server error"
    return ""


def _settle(row: StackBatch, item: StackBatchItem, result: Result, *, at: datetime, error: str = "") -> None:
    """Write down how an item ended, and tell of it."""
    with transaction.atomic():
        leases.guard()
        open_ = StackBatchItem.objects.filter(pk=item.pk, result__in=batches.OPEN)
        if not open_.update(result=result, error=activity.storable(error)[:LONGEST_ERROR]):
            return
        StackBatch.objects.filter(pk=row.pk).update(status=StackBatch.Status.RUNNING, updated_at=at)
        if result != Result.NOT_FOUND:
            _record(row, item, result, error=error, at=at)
        batches.tell(row.pk)


def _record(row: StackBatch, item: StackBatchItem, result: Result, *, error: str, at: datetime) -> None:
    """Write a deletion into the audit, in the name of who asked for the job."""
    failed = result == Result.FAILED
    access.record(
        Caller(row.actor, frozenset(), user=row.user),
        area=removal.AREA,
        action="Delete",
        target=f"stack {item.stack_id}",
        result=AuditEvent.Result.FAILED if failed else AuditEvent.Result.DONE,
        note=error or f"by {row.pk}",
        at=at,
    )


def _end(row: StackBatch, *, at: datetime) -> None:
    """Close a job and tell of it once."""
    found = batches.counted(row)
    deleted, missing, failed = (found[each] for each in (Result.DELETED, Result.NOT_FOUND, Result.FAILED))
    all_failed = failed and not deleted and not missing
    status = StackBatch.Status.FAILED if all_failed else StackBatch.Status.COMPLETED
    with transaction.atomic():
        leases.guard()
        open_ = StackBatch.objects.filter(pk=row.pk, ended_at__isnull=True)
        if not open_.update(status=status, updated_at=at, ended_at=at):
            return
        more = [f"{missing} not found"] * bool(missing) + [f"{failed} failed"] * bool(failed)
        text = f"deleted {deleted} of {sum(found.values())} stacks"
        activity.add(
            f"{text}: {', '.join(more)}" if more else text,
            area=removal.AREA,
            actor=row.actor,
            object=row.pk,
            level="error" if failed else "info",
            at=at,
        )
        batches.tell(row.pk)
