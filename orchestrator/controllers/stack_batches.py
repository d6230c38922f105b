"""Works on batch deletes: several side by side, each a few seconds at a time."""

from datetime import datetime, timedelta

from django.conf import settings

from orchestrator.services.stacks import batch_work, batches, parallel

IDLE = timedelta(minutes=1)  # Whoever begins a job asks for a run before that.
SOON = timedelta(milliseconds=200)
SLICE_SECONDS = 5.0  # in one run, so that a job that was begun meanwhile has its turn


def reconcile(now: datetime) -> datetime:
    """Work on the oldest jobs and forget old ones; return when to go on.

    What fails in one job does not stop the others; the first failure is raised at the end.
    """
    jobs = batch_work.waiting()
    parallel.each(
        lambda job: batch_work.work(job, at=now, seconds=SLICE_SECONDS),
        jobs,
        workers=settings.STACK_BATCH_WORKERS,
    )
    more = batches.forget(now)
    return now + (SOON if more or batch_work.waiting(1) else IDLE)
