"""The manifests of jobs and cron jobs."""

from orchestrator.backends.cluster.demo import tables
from orchestrator.backends.cluster.demo.moment import Moment
from orchestrator.backends.cluster.demo.parts import Manifest, condition, metadata, template
from orchestrator.backends.cluster.demo.tables import DAY, HOUR, App

KEPT_RUNS = 2  # successfulJobsHistoryLimit of the hourly report
RUN_MINUTES = 0.7
IMPORT_SLOT, IMPORT_EVERY = 310, 720  # minutes: somebody tries the import again twice a day, and it fails
BACKOFF_LIMIT = 3


def jobs(moment: Moment) -> list[Manifest]:
    """Return the jobs: one runs, one has failed, the others are complete."""
    failed = failed_at(moment)
    return [
        _job(moment, tables.MIGRATION, tables.MIGRATION.name, began=-tables.MIGRATION_AGE),
        _job(moment, tables.IMPORT, tables.IMPORT.name, began=failed - 9, ended=failed, failed=True),
        _job(moment, tables.SCAN, tables.SCAN.name, began=-3 * DAY, ended=-3 * DAY + 15.4),
        *(
            _job(moment, tables.REPORT, run_name(moment, run), began=run, ended=run + RUN_MINUTES)
            for run in runs(moment)[:KEPT_RUNS]
        ),
    ]


def failed_at(moment: Moment) -> float:
    """Return when the failed job failed."""
    return moment.latest(IMPORT_SLOT, every=IMPORT_EVERY) - 0.2


def runs(moment: Moment, number: int = KEPT_RUNS) -> list[int]:
    """Return the minutes at which the hourly report began, the latest completed one first."""
    latest = (moment.minute - 1) // HOUR * HOUR
    return [latest - back * HOUR for back in range(number)]


def run_name(moment: Moment, run: int) -> str:
    """Return the name of a run: a cron job appends the minutes since 1970."""
    return f"{tables.REPORT.name}-{int(moment.time(run).timestamp()) // 60}"


def _job(
    moment: Moment, app: App, name: str, *, began: float, ended: float | None = None, failed: bool = False
) -> Manifest:
    uid = moment.uid("Job", app.namespace, name)
    selector = {"batch.kubernetes.io/controller-uid": uid}
    labels = selector | {"batch.kubernetes.io/job-name": name, "job-name": name}
    owner = ("CronJob", app.name) if app is tables.REPORT else None
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(
            moment, "Job", app.namespace, name, created=began, labels=labels, owner=owner, generation=1
        ),
        "spec": {
            "parallelism": 1,
            "completions": 1,
            "backoffLimit": BACKOFF_LIMIT,
            "completionMode": "NonIndexed",
            "suspend": False,
            "selector": {"matchLabels": selector},
            "template": template(app, labels=labels, restart="Never"),
        },
        "status": _job_status(moment, began=began, ended=ended, failed=failed),
    }


def _job_status(moment: Moment, *, began: float, ended: float | None, failed: bool) -> Manifest:
    status: Manifest = {"startTime": moment.stamp(began)}
    if ended is None:
        return status | {"active": 1, "ready": 1}
    at = moment.stamp(ended)
    if failed:
        message = "Job has reached the specified backoff limit"
        over = condition("Failed", True, since=at, reason="BackoffLimitExceeded", message=message)
        return status | {"failed": BACKOFF_LIMIT + 1, "conditions": [over | {"lastProbeTime": at}]}
    over = condition("Complete", True, since=at) | {"lastProbeTime": at}
    return status | {"succeeded": 1, "completionTime": at, "conditions": [over]}


def cron_jobs(moment: Moment) -> list[Manifest]:
    """Return the cron jobs: one runs every hour, the other is suspended."""
    latest = runs(moment)[0]
    ran = {
        "lastScheduleTime": moment.stamp(latest),
        "lastSuccessfulTime": moment.stamp(latest + RUN_MINUTES),
    }
    paused = {"lastScheduleTime": moment.stamp(-23 * DAY), "lastSuccessfulTime": moment.stamp(-23 * DAY + 2)}
    return [
        _cron_job(moment, tables.REPORT, "0 * * * *", suspend=False, status=ran),
        _cron_job(moment, tables.CLEANUP, "0 3 * * 0", suspend=True, status=paused),
    ]


def _cron_job(moment: Moment, app: App, schedule: str, *, suspend: bool, status: Manifest) -> Manifest:
    labels = {"app": app.name}
    pod = template(app, labels=labels, restart="Never")
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": metadata(
            moment, "CronJob", app.namespace, app.name, created=-70 * DAY, labels=labels, generation=1
        ),
        "spec": {
            "schedule": schedule,
            "suspend": suspend,
            "concurrencyPolicy": "Forbid",
            "successfulJobsHistoryLimit": KEPT_RUNS,
            "failedJobsHistoryLimit": 1,
            "jobTemplate": {"spec": {"backoffLimit": BACKOFF_LIMIT, "template": pod}},
        },
        "status": status,
    }
