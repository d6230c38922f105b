"""Acts on cron jobs: suspend, resume, and start a job now."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from orchestrator.backends.cluster.port import RESOURCES, Kind, Patch
from orchestrator.services.access import Caller
from orchestrator.services.clusters import acting, objects
from orchestrator.services.clusters.acting import Act, Done
from orchestrator.services.clusters.contexts import Scope

SUSPEND = Act(action="Suspend", past="suspended", verb="patch")
RESUME = Act(action="Resume", past="resumed", verb="patch")
TRIGGER = Act(action="Trigger", past="triggered", verb="create")
# Set on jobs that were not made by the schedule:
# https://kubernetes.io/docs/reference/labels-annotations-taints/#cronjob-kubernetes-io-instantiate
MANUAL = {"cronjob.kubernetes.io/instantiate": "manual"}


def suspend(caller: Caller, scope: Scope, name: str, *, at: datetime) -> Done:
    """Let a cron job start nothing more; jobs that run go on. Again changes nothing.

    Raises what `acting.target` and `acting.attempt` raise.
    """
    return _set_suspended(caller, scope, name, suspended=True, at=at)


def resume(caller: Caller, scope: Scope, name: str, *, at: datetime) -> Done:
    """Let a cron job start jobs by its schedule again; again changes nothing.

    Raises what `acting.target` and `acting.attempt` raise.
    """
    return _set_suspended(caller, scope, name, suspended=False, at=at)


def trigger(caller: Caller, scope: Scope, name: str, *, at: datetime) -> Done:
    """Start a job of a cron job now, whatever its schedule says; the target of the answer is that job.

    The job bears the second in its name: asked twice within one, the second time raises `Conflict`. Raises
    `Missing` if there is no such cron job, and what `acting.target` and `acting.attempt` raise.
    """
    cron_job = acting.target(caller, Kind.CRONJOBS, scope, name)
    # As the controller names its own, so that whoever looks for its jobs finds this one. Names of cron jobs
    # leave room: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
    job = replace(cron_job, resource=RESOURCES[Kind.JOBS], name=f"{cron_job.name}-{int(at.timestamp())}")
    with acting.attempt(job, TRIGGER, at=at, note=f"of the cron job {cron_job.name}"):
        manifest = job_of(objects.source(Kind.CRONJOBS, scope, cron_job.name), name=job.name)
        job.cluster.create(job.resource, manifest, namespace=job.namespace)
    return Done(target=job, message=f"Job {job.name} of the cron job {cron_job.name} created", at=at)


def job_of(cron_job: Mapping[str, Any], *, name: str) -> dict[str, Any]:
    """Return the job that a cron job would make, owned by it and marked as made by hand."""
    template, metadata = cron_job["spec"]["jobTemplate"], cron_job["metadata"]
    marks = template.get("metadata") or {}
    owner = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,  # So the history limits count it. To block its owner would need one more right.
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": metadata["namespace"],
            "labels": marks.get("labels") or {},
            "annotations": {**(marks.get("annotations") or {}), **MANUAL},
            "ownerReferences": [owner],
        },
        "spec": template["spec"],
    }


def _set_suspended(caller: Caller, scope: Scope, name: str, *, suspended: bool, at: datetime) -> Done:
    target = acting.target(caller, Kind.CRONJOBS, scope, name)
    act = SUSPEND if suspended else RESUME
    with acting.attempt(target, act, at=at):
        target.cluster.patch(
            target.resource,
            {"spec": {"suspend": suspended}},
            namespace=target.namespace,
            name=target.name,
            how=Patch.MERGE,
        )
    return Done(target=target, message=f"CronJob {target.name} {act.past}", at=at)
