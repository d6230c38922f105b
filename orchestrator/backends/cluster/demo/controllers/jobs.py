"""Jobs run pods until enough of them succeeded, or too many failed.

https://kubernetes.io/docs/concepts/workloads/controllers/job/
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from orchestrator.backends.cluster.demo.controllers.objects import (
    Found,
    active,
    add_pod,
    condition_of,
    is_ready,
    owned,
    put_status,
    tell,
)
from orchestrator.backends.cluster.demo.deleting import end_pod
from orchestrator.backends.cluster.demo.overlay import Draft, Key, seconds_of, stamp
from orchestrator.backends.cluster.demo.parts import Manifest, condition
from orchestrator.backends.cluster.kinds import Kind

CONTROLLER = "job-controller"
RETRY_SECONDS = 10  # after the first failure, then twice as long each time


def reconcile(draft: Draft) -> Iterator[datetime]:
    """Yield when a job will try again."""
    for key, manifest in draft.kept(Kind.JOBS):
        if not is_finished(manifest):
            yield from _run(draft, key, manifest)


def is_finished(manifest: Manifest) -> bool:
    """Return True for a job that is complete or has failed."""
    over = (condition_of(manifest, type_) for type_ in ("Complete", "Failed"))
    return any(each is not None and each["status"] == "True" for each in over)


def _run(draft: Draft, key: Key, manifest: Manifest) -> Iterator[datetime]:
    spec, pods = manifest["spec"], owned(draft, manifest, Kind.PODS)
    running = active(pods)
    succeeded, failed = _ended(pods, "Succeeded"), _ended(pods, "Failed")
    status: Manifest = {"startTime": stamp(draft.at)} | dict(manifest.get("status") or {})
    wanted = spec.get("completions") or spec.get("parallelism") or 1
    if spec.get("suspend"):
        for pod, found in running:
            end_pod(draft, pod, found)
        running = []
        status.pop("startTime", None)
    elif len(succeeded) >= wanted:
        return _finish(draft, key, manifest, status | _counts([], succeeded, failed))
    elif len(failed) > spec["backoffLimit"]:
        for pod, found in running:
            end_pod(draft, pod, found)
        return _give_up(draft, key, manifest, status | _counts([], succeeded, failed))
    elif (ready := _retry_at(failed)) is not None and ready > draft.at:
        yield ready
    else:
        missing = min(spec.get("parallelism", 1), wanted - len(succeeded)) - len(running)
        for _ in range(missing):
            running.append(_start(draft, key, manifest))
    counts = _counts(running, succeeded, failed)
    put_status(draft, key, manifest, {name: each for name, each in (status | counts).items() if each != 0})


def _start(draft: Draft, key: Key, manifest: Manifest) -> Found:
    template = manifest["spec"]["template"]
    labels = (template.get("metadata") or {}).get("labels") or {}
    pod = add_pod(draft, manifest, labels=labels, spec=template["spec"])
    tell(draft, key, "SuccessfulCreate", f"Created pod: {pod.name}", by=CONTROLLER)
    return pod, draft.find(pod) or {}


def _ended(pods: Sequence[Found], phase: str) -> list[Manifest]:
    return [pod for _, pod in pods if (pod.get("status") or {}).get("phase") == phase]


def _counts(running: Sequence[Found], succeeded: Sequence[Manifest], failed: Sequence[Manifest]) -> Manifest:
    return {
        "active": len(running),
        "ready": sum(is_ready(pod) for _, pod in running),
        "succeeded": len(succeeded),
        "failed": len(failed),
    }


def _retry_at(failed: Sequence[Manifest]) -> datetime | None:
    """Return when a job may try again; None if nothing failed."""
    ends = [
        seconds_of(each["state"]["terminated"]["finishedAt"])
        for pod in failed
        for each in pod["status"].get("containerStatuses", [])
        if "terminated" in each["state"]
    ]
    return max(ends) + timedelta(seconds=RETRY_SECONDS * 2 ** min(len(failed) - 1, 5)) if ends else None


def _finish(draft: Draft, key: Key, manifest: Manifest, status: Manifest) -> None:
    now = stamp(draft.at)
    over = condition("Complete", True, since=now) | {"lastProbeTime": now}
    kept = {name: each for name, each in status.items() if each != 0}
    tell(draft, key, "Completed", "Job completed", by=CONTROLLER)
    put_status(draft, key, manifest, kept | {"completionTime": now, "conditions": [over]})


def _give_up(draft: Draft, key: Key, manifest: Manifest, status: Manifest) -> None:
    now, message = stamp(draft.at), "Job has reached the specified backoff limit"
    over = condition("Failed", True, since=now, reason="BackoffLimitExceeded", message=message)
    kept = {name: each for name, each in status.items() if each != 0}
    tell(draft, key, "BackoffLimitExceeded", message, by=CONTROLLER, warning=True)
    put_status(draft, key, manifest, kept | {"conditions": [over | {"lastProbeTime": now}]})
