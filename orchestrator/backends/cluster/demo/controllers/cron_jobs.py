"""Cron jobs create jobs by their schedule, and keep only the latest of them.

https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from orchestrator.backends.cluster.demo import allotting
from orchestrator.backends.cluster.demo.controllers.jobs import is_finished
from orchestrator.backends.cluster.demo.controllers.objects import (
    Found,
    condition_of,
    owned,
    owner_reference,
    put_status,
    tell,
)
from orchestrator.backends.cluster.demo.deleting import release
from orchestrator.backends.cluster.demo.overlay import Draft, Key, fresh, seconds_of, stamp
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import RESOURCES, Kind

CONTROLLER = "cronjob-controller"
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))  # minute, hour, day, month, weekday; 7 is Sunday too
NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
AHEAD = timedelta(days=1)  # how far a schedule is looked through at once


def reconcile(draft: Draft) -> Iterator[datetime]:
    """Yield when a cron job will run, or is looked at again."""
    for key, manifest in draft.kept(Kind.CRONJOBS):
        jobs = owned(draft, manifest, Kind.JOBS)
        _forget(draft, manifest, jobs)
        _report(draft, key, manifest, jobs)
        if manifest["spec"].get("suspend"):
            continue
        now, created = draft.at.replace(second=0, microsecond=0), manifest["metadata"]["creationTimestamp"]
        if now == draft.at > seconds_of(created) and fits(manifest["spec"]["schedule"], now):
            _run(draft, key, manifest, jobs)
        yield next_run(manifest["spec"]["schedule"], after=draft.at) or draft.at + AHEAD


def fits(schedule: str, minute: datetime) -> bool:
    """Return True if a schedule names a minute; one that makes no sense never does."""
    fields = NAMED.get(schedule, schedule).split()
    if len(fields) != 5:
        return False
    minutes, hours, days, months, weekdays = (
        _values(field, *limits) for field, limits in zip(fields, RANGES, strict=True)
    )
    by_weekday = bool({minute.isoweekday(), minute.isoweekday() % 7} & weekdays)
    by_day = minute.day in days
    # If both are limited, one of them is enough: https://en.wikipedia.org/wiki/Cron#CRON_expression
    either = by_day or by_weekday if "*" not in (fields[2][0], fields[4][0]) else by_day and by_weekday
    return minute.minute in minutes and minute.hour in hours and minute.month in months and either


def _values(field: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span in ("*", "?"):
            first, last = str(low), str(high)
        elif not last:
            last = str(high) if step else first
        if first.isdecimal() and last.isdecimal() and (not step or step.isdecimal()):
            found |= set(range(int(first), min(int(last), high) + 1, max(1, int(step or 1))))
    return found


def next_run(schedule: str, *, after: datetime) -> datetime | None:
    """Return the next minute that a schedule names within a day; None if there is none."""
    return _next(schedule, after.replace(second=0, microsecond=0) + timedelta(minutes=1))


@lru_cache(maxsize=256)  # It is asked for with every change of the world.
def _next(schedule: str, first: datetime) -> datetime | None:
    minutes = (first + timedelta(minutes=number) for number in range(AHEAD // timedelta(minutes=1)))
    return next((minute for minute in minutes if fits(schedule, minute)), None)


def _run(draft: Draft, key: Key, manifest: Manifest, jobs: list[Found]) -> None:
    job_key = Key(Kind.JOBS, key.namespace, f"{key.name}-{int(draft.at.timestamp()) // 60}")
    unfinished = [job for job in jobs if not is_finished(job[1])]
    policy = manifest["spec"].get("concurrencyPolicy")
    if draft.find(job_key) is not None or (policy == "Forbid" and unfinished):
        return
    for each, job in unfinished if policy == "Replace" else ():
        draft.remove(each)
        release(draft, job["metadata"]["uid"], orphan=False)
    template = manifest["spec"]["jobTemplate"]
    metadata = template.get("metadata") or {}
    begun = fresh(
        draft,
        Kind.JOBS,
        job_key,
        labels=metadata.get("labels") or {},
        annotations={**(metadata.get("annotations") or {})},
        ownerReferences=[owner_reference(manifest)],
        generation=1,
    )
    spec = {"parallelism": 1, "completions": 1, "backoffLimit": 6} | template["spec"]
    draft.put(job_key, allotting.allotted(draft, RESOURCES[Kind.JOBS], begun | {"spec": spec, "status": {}}))
    tell(draft, key, "SuccessfulCreate", f"Created job {job_key.name}", by=CONTROLLER)
    status = {**(manifest.get("status") or {}), "lastScheduleTime": stamp(draft.at)}
    put_status(draft, key, draft.find(key) or manifest, status)


def _report(draft: Draft, key: Key, manifest: Manifest, jobs: list[Found]) -> None:
    """Write which jobs run, and when the latest one succeeded."""
    status = {name: each for name, each in (manifest.get("status") or {}).items() if name != "active"}
    running = [job for _, job in jobs if not is_finished(job)]
    if running:
        names = ("apiVersion", "kind", "name", "uid")
        status["active"] = [{name: owner_reference(job)[name] for name in names} for job in running]
    ends = [job["status"]["completionTime"] for _, job in jobs if condition_of(job, "Complete") is not None]
    if ends and max(ends) > status.get("lastSuccessfulTime", ""):
        status["lastSuccessfulTime"] = max(ends)
    put_status(draft, key, manifest, status)


def _forget(draft: Draft, manifest: Manifest, jobs: list[Found]) -> None:
    spec = manifest["spec"]
    for type_, kept in (
        ("Complete", spec.get("successfulJobsHistoryLimit", 3)),
        ("Failed", spec.get("failedJobsHistoryLimit", 1)),
    ):
        over = [job for job in jobs if condition_of(job[1], type_) is not None]
        over.sort(key=lambda job: seconds_of(job[1]["metadata"]["creationTimestamp"]), reverse=True)
        for key, job in over[kept:]:
            draft.remove(key)
            release(draft, job["metadata"]["uid"], orphan=False)
