"""Works on batch deletes: the oldest first, several side by side, for a few seconds at a time."""

from datetime import datetime, timedelta
from time import monotonic

from django.conf import settings

from orchestrator.services.stacks import batch_work, batches, parallel

IDLE = timedelta(minutes=1)  # Whoever begins a job asks for a run before that.
SOON = timedelta(milliseconds=200)
SLICE = timedelta(seconds=5)  # of one run, so that a lost lease and a stop are heard in between


def reconcile(now: datetime) -> datetime:
    """Work on the oldest jobs and forget old ones; return when to go on.

    A job is begun when one before it is done. What fails in one does not stop the others; the first failure
    is raised at the end.
    """
    begun = monotonic()

    def clock() -> datetime:
        return now + timedelta(seconds=monotonic() - begun)

    parallel.each(
        lambda job: batch_work.work(job, clock=clock, until=now + SLICE),
        batch_work.waiting(),
        workers=settings.STACK_BATCH_WORKERS,
    )
    more = batches.forget(now)
    return now + (SOON if more or batch_work.waiting() else IDLE)
