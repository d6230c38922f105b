"""Batch deletes: asked for by somebody, written down, and worked on by a controller."""

import re
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Count

from orchestrator import live
from orchestrator.models import StackBatch, StackBatchItem
from orchestrator.services import access, activity, controllers
from orchestrator.services.access import Caller
from orchestrator.services.stacks import removal
from orchestrator.services.stacks.errors import InvalidBatch, InvalidStackIds, JobNotFound

CONTROLLER = "stack-batch-delete"
MOST_ERRORS = 100
LONGEST_ERROR = 512
CHUNK = 1000  # rows in one statement
# PostgreSQL stores no NUL, and neither database half a surrogate pair. No stack has such an id.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
Result = StackBatchItem.Result
OPEN = (Result.WAITING, Result.BEGUN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A batch delete as it is at a moment. `errors` are stacks and sentences, the first ones only."""

    job_id: str
    status: str
    total: int
    deleted: int
    not_found: int
    failed: int
    errors: tuple[tuple[str, str], ...]
    created_at: datetime
    updated_at: datetime
    actor: str
    ended_at: datetime | None

    @property
    def over(self) -> bool:
        return self.ended_at is not None

    @property
    def left(self) -> int:
        return self.total - self.deleted - self.not_found - self.failed


def topic(job_id: str) -> str:
    """Return what a page follows to hear of a job."""
    return f"batch:{job_id}"


def begin(caller: Caller, stack_ids: Sequence[object] | None, *, at: datetime) -> Job:
    """Write down that stacks are to be deleted and return the job; a controller deletes them one by one.

    Ids are trimmed, and repeated ones left out. Raises `Refused` without the scope stacks:write,
    `InvalidBatch` without ids, and `InvalidStackIds` if one is blank or no text.
    """
    removal.require_write(caller)
    ids = _checked(stack_ids)
    row = StackBatch(
        id=f"job-{secrets.token_hex(8)}",
        actor=caller.name[:150],
        user=caller.user,
        created_at=at,
        updated_at=at,
    )
    with transaction.atomic():
        row.save(force_insert=True)
        items = [StackBatchItem(batch=row, position=place, stack_id=each) for place, each in enumerate(ids)]
        StackBatchItem.objects.bulk_create(items, batch_size=CHUNK)
        note = f"{len(items)} stacks"
        access.record(caller, area="stacks", action="Delete stacks", target=row.pk, note=note, at=at)
        controllers.ask(CONTROLLER, at=at)
        tell(row.pk)
    return _job(row, Counter({Result.WAITING: len(items)}), errors=())


def job(job_id: str) -> Job:
    """Return a batch delete; raises `JobNotFound` if there is none, or no longer."""
    if UNSTORABLE.search(job_id):
        raise JobNotFound
    row = StackBatch.objects.filter(pk=job_id).first()
    if row is None:
        raise JobNotFound
    return _job(row, _counts([row])[row.pk], errors=_errors(row))


def results(job_id: str, *, limit: int, offset: int = 0) -> list[StackBatchItem]:
    """Return some stacks of a job in the order in which they are worked on, each with how it ended."""
    items = StackBatchItem.objects.filter(batch=job_id).order_by("position")
    return list(items[offset : offset + limit])


def latest(limit: int = 10) -> list[Job]:
    """Return the batch deletes that were begun last, newest first, without their errors."""
    rows = list(StackBatch.objects.all()[:limit])
    counts = _counts(rows)
    return [_job(row, counts[row.pk], errors=()) for row in rows]


def forget(at: datetime) -> bool:
    """Delete jobs that ended longer ago than they are kept; return True if there is more to delete."""
    old = StackBatch.objects.filter(ended_at__lt=at - settings.STACK_BATCH_JOB_RETENTION)
    return activity.delete_in_batches(old)


def counted(row: StackBatch) -> Counter[str]:
    """Return how many items of a job ended how."""
    return _counts([row])[row.pk]


def tell(job_id: str) -> None:
    """Tell pages and streams that a job moved, once it is committed."""
    live.publish_on_commit("stacks")
    live.publish_on_commit(topic(job_id))


def _checked(stack_ids: Sequence[object] | None) -> list[str]:
    """Return the ids as they are worked on: trimmed, each once, in the order in which they were given."""
    if not stack_ids:
        raise InvalidBatch
    found: dict[str, None] = {}
    for each in stack_ids:
        name = each.strip() if isinstance(each, str) else ""
        if not name:
            raise InvalidStackIds
        found[UNSTORABLE.sub("\ufffd", name)] = None
    return list(found)


def _counts(rows: Iterable[StackBatch]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {row.pk: Counter() for row in rows}
    items = StackBatchItem.objects.filter(batch__in=list(found)).order_by()
    for batch, result, number in items.values_list("batch_id", "result").annotate(Count("pk")):
        found[batch][result] = number
    return found


def _errors(row: StackBatch) -> tuple[tuple[str, str], ...]:
    failed = row.items.filter(result=Result.FAILED).order_by("position")
    return tuple(failed.values_list("stack_id", "error")[:MOST_ERRORS])


def _job(row: StackBatch, counts: Counter[str], *, errors: tuple[tuple[str, str], ...]) -> Job:
    return Job(
        job_id=row.pk,
        status=row.status,
        total=sum(counts.values()),
        deleted=counts[Result.DELETED],
        not_found=counts[Result.NOT_FOUND],
        failed=counts[Result.FAILED],
        errors=errors,
        created_at=row.created_at,
        updated_at=row.updated_at,
        actor=row.actor,
        ended_at=row.ended_at,
    )
