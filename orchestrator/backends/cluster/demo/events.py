"""The events of the demo world: always 120 normal ones and 30 warnings, all of them within a day.

They follow from what happens to pods and jobs. Some repeat all the time (back-off, no node, no image), the
others come again after `EVERY` minutes under a new name while their older selves leave.
"""

from collections.abc import Iterator
from typing import NamedTuple

from orchestrator.backends.cluster.demo import batch, plans, tables
from orchestrator.backends.cluster.demo.moment import Moment
from orchestrator.backends.cluster.demo.parts import API_VERSION, Manifest
from orchestrator.backends.cluster.demo.plans import INCIDENT_EVERY, Plan
from orchestrator.backends.cluster.demo.pods import NO_NODE
from orchestrator.backends.cluster.demo.tables import App, State

EVERY = 720  # minutes
REPORTS = 9  # runs of the hourly report that are still told of
SYNCS = 5  # of each ingress
SLOW_PROBES = 9
WARNING, NORMAL = "Warning", "Normal"
SCHEDULER, KUBELET = "default-scheduler", "kubelet"


class Told(NamedTuple):
    """One event. `at` is when it happened last, in minutes from the start."""

    type: str
    reason: str
    message: str
    kind: str
    namespace: str
    name: str
    source: str
    at: float
    first: float | None = None  # when it happened first, if that was earlier
    times: int = 1
    host: str = ""


def events(moment: Moment, pods: list[Plan]) -> list[Manifest]:
    """Return all events of a moment."""
    told = [
        *_rollouts(moment, pods),
        *_restarts(moment),
        *_reports(moment),
        *_syncs(moment),
        *_back_offs(moment, pods),
        *_stuck(moment, pods),
        *_slow_probes(moment, pods),
        *_controllers(moment),
    ]
    return [_manifest(moment, each) for each in told]


def _manifest(moment: Moment, told: Told) -> Manifest:
    first = told.at if told.first is None else told.first
    namespace = told.namespace or "default"
    fraction = moment.draw(told.kind, told.namespace, told.name, told.reason, told.message).randrange(10**9)
    involved = {
        "apiVersion": API_VERSION.get(told.kind, "v1"),
        "kind": told.kind,
        "name": told.name,
        "uid": moment.uid(told.kind, told.namespace, told.name),
    }
    if told.namespace:
        involved["namespace"] = told.namespace
    name = f"{told.name}.{int(moment.time(first).timestamp()) * 10**9 + fraction:x}"
    source = {"component": told.source} | ({"host": told.host} if told.host else {})
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": moment.uid("Event", namespace, name),
            "creationTimestamp": moment.stamp(first),
        },
        "involvedObject": involved,
        "type": told.type,
        "reason": told.reason,
        "message": told.message,
        "count": told.times,
        "firstTimestamp": moment.stamp(first),
        "lastTimestamp": moment.stamp(told.at),
        "eventTime": None,
        "source": source,
        "reportingComponent": told.source,
        "reportingInstance": told.host,
    }


def _of_pod(
    plan: Plan,
    type_: str,
    reason: str,
    message: str,
    *,
    at: float,
    first: float | None = None,
    count: int = 1,
) -> Told:
    """Return what the kubelet tells of a pod."""
    place = plan.app.namespace, plan.name
    return Told(type_, reason, message, "Pod", *place, KUBELET, at, first, count, plan.node)


def _rollouts(moment: Moment, pods: list[Plan]) -> Iterator[Told]:
    """What the present pods of rolling deployments went through: five events of each, two of the newest."""
    for plan in pods:
        if plan.app.name not in tables.ROLLING:
            continue
        image, name, at = plan.app.image, plan.name, plan.created
        where = f"Successfully assigned {plan.app.namespace}/{name} to {plan.node}"
        yield Told(NORMAL, "Scheduled", where, "Pod", plan.app.namespace, name, SCHEDULER, at)
        yield _of_pod(plan, NORMAL, "Pulling", f'Pulling image "{image}"', at=at)
        if plan.state is State.CREATING:
            _, replica_set = plan.owner
            message = f"Scaled up replica set {replica_set}"
            place = plan.app.namespace, plan.app.name
            yield Told(
                NORMAL, "ScalingReplicaSet", message, "Deployment", *place, "deployment-controller", at
            )
        else:
            yield _of_pod(plan, NORMAL, "Pulled", f'Successfully pulled image "{image}"', at=plan.started)
            yield from _begun(plan)


def _begun(plan: Plan) -> Iterator[Told]:
    yield _of_pod(plan, NORMAL, "Created", f"Created container {plan.app.name}", at=plan.started)
    yield _of_pod(plan, NORMAL, "Started", f"Started container {plan.app.name}", at=plan.started)


def _restarts(moment: Moment) -> Iterator[Told]:
    """What led to the latest restart of each healthy pod that has one: five events."""
    for plan in plans.restarted(moment):
        ended = plan.ended or 0.0
        probe = f"dial tcp :{plan.app.port}: connect: connection refused"
        killing = f"Container {plan.app.name} failed liveness probe, will be restarted"
        present = f'Container image "{plan.app.image}" already present on machine'
        yield _of_pod(
            plan,
            WARNING,
            "Unhealthy",
            f"Liveness probe failed: {probe}",
            at=ended,
            first=ended - 0.4,
            count=3,
        )
        yield _of_pod(plan, NORMAL, "Killing", killing, at=ended)
        yield _of_pod(plan, NORMAL, "Pulled", present, at=plan.started)
        yield from _begun(plan)


def _reports(moment: Moment) -> Iterator[Told]:
    """What the cron job and its jobs told: four events of each run."""
    place, cron = tables.REPORT.namespace, tables.REPORT.name
    for run in batch.runs(moment, REPORTS):
        job, end = batch.run_name(moment, run), run + batch.RUN_MINUTES
        pod = f"{job}-{moment.letters(5, 'pod', cron, run % tables.DAY)}"
        by, by_job = "cronjob-controller", "job-controller"
        yield Told(NORMAL, "SuccessfulCreate", f"Created job {job}", "CronJob", place, cron, by, run)
        yield Told(NORMAL, "SuccessfulCreate", f"Created pod: {pod}", "Job", place, job, by_job, run)
        yield Told(NORMAL, "Completed", "Job completed", "Job", place, job, by_job, end)
        saw = f"Saw completed job: {job}, status: Complete"
        yield Told(NORMAL, "SawCompletedJob", saw, "CronJob", place, cron, by, end)


def _syncs(moment: Moment) -> Iterator[Told]:
    """The ingress controller loads each ingress again now and then."""
    for namespace, name, *_ in tables.INGRESSES:
        for number in range(SYNCS):
            at = _slot(moment, "sync", namespace, name, number)
            message = "Scheduled for sync"
            yield Told(NORMAL, "Sync", message, "Ingress", namespace, name, "nginx-ingress-controller", at)


def _back_offs(moment: Moment, pods: list[Plan]) -> Iterator[Told]:
    """One event of each crashing pod, counted again with every restart."""
    for plan in pods:
        if plan.app.name == tables.BROKEN and plan.restarts:
            message = f"Back-off restarting failed container {plan.app.name} in pod {plan.name}"
            at = plan.ended or 0.0
            count = max(plan.restarts * 4, 1)
            yield _of_pod(plan, WARNING, "BackOff", message, at=at, first=plan.created + 2, count=count)


def _stuck(moment: Moment, pods: list[Plan]) -> Iterator[Told]:
    """What is told again and again of the pods that cannot start."""
    for plan in pods:
        at = moment.latest(1, every=5) - 0.2
        count = int((at - plan.created) // 5)
        if plan.state is State.UNSCHEDULABLE:
            place = plan.app.namespace, plan.name
            yield Told(
                WARNING, "FailedScheduling", NO_NODE, "Pod", *place, SCHEDULER, at, plan.created, count
            )
        if plan.state is State.UNPULLABLE:
            image, first = plan.app.image, plan.created
            pull = f'Failed to pull image "{image}": not found'
            yield _of_pod(plan, WARNING, "Failed", pull, at=at, first=first, count=count)
            yield _of_pod(plan, WARNING, "Failed", "Error: ErrImagePull", at=at, first=first, count=count)


def _slow_probes(moment: Moment, pods: list[Plan]) -> Iterator[Told]:
    """Readiness probes that failed once, of pods that are well."""
    well = sorted(
        (plan for plan in pods if plan.state is State.RUNNING and plan.created < -INCIDENT_EVERY),
        key=lambda plan: plan.name,
    )
    for plan in moment.draw("slow").sample(well, SLOW_PROBES):
        at = _slot(moment, "slow", plan.name)
        message = f"Readiness probe failed: dial tcp :{plan.app.port}: i/o timeout"
        yield _of_pod(plan, WARNING, "Unhealthy", message, at=at)


def _controllers(moment: Moment) -> Iterator[Told]:
    """Warnings about a node, an autoscaler and a job."""
    at = moment.latest(3, every=10) - 0.6
    node = tables.SHORT_OF_MEMORY
    pressure = "Attempting to reclaim memory"
    count = int(at + 60) // 10
    yield Told(
        WARNING,
        "EvictionThresholdMet",
        pressure,
        "Node",
        "",
        node,
        KUBELET,
        at,
        -tables.SHORT_SINCE,
        count,
        node,
    )
    kind, by = "HorizontalPodAutoscaler", "horizontal-pod-autoscaler"
    scale = "the HPA controller was unable to update the target scale"
    yield Told(
        WARNING, "FailedRescale", scale, kind, "default", tables.BROKEN, by, at + 0.3, -50, int(at + 60) // 10
    )
    job: App = tables.IMPORT
    limit = "Job has reached the specified backoff limit"
    failed = batch.failed_at(moment)
    yield Told(
        WARNING, "BackoffLimitExceeded", limit, "Job", job.namespace, job.name, "job-controller", failed
    )


def _slot(moment: Moment, *words: object) -> float:
    """Return when something happened last that happens once in `EVERY` minutes."""
    draw = moment.draw("slot", *words)
    return moment.latest(draw.randrange(EVERY), every=EVERY) - draw.random() * 0.9
