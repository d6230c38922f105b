"""Rows of deployments and what else makes pods."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from orchestrator.backends.cluster import derive, raw
from orchestrator.backends.cluster.objects import (
    HPA,
    CronJob,
    DaemonSet,
    Deployment,
    DeploymentReplicas,
    Job,
    JobCondition,
    NodeCondition,
    ReplicaSet,
    Row,
    StatefulSet,
    StatefulSetReplicas,
    Target,
)
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.cluster.raw import workloads as of
from orchestrator.backends.cluster.rows.shared import annotations, base, controller, iso, pool, references

REVISION = "deployment.kubernetes.io/revision"
CHANGE_CAUSE = "kubernetes.io/change-cause"


def deployment(item: of.DeploymentRaw) -> Deployment:
    status = item.status
    return Deployment(
        **base(item.metadata),
        **_template(item.spec.template),
        uid=item.metadata.uid,
        status=derive.deployment_status(item),
        replicas=DeploymentReplicas(
            desired=item.spec.replicas,
            ready=status.ready_replicas,
            available=status.available_replicas,
            unavailable=status.unavailable_replicas,
            updated=status.updated_replicas,
        ),
        strategy=item.spec.strategy.type,
        annotations=item.metadata.annotations,
        selector=item.spec.selector.match_labels,
        conditions=tuple(_condition(each) for each in status.conditions),
    )


def replica_set(item: of.ReplicaSetRaw) -> ReplicaSet:
    revision = item.metadata.annotations.get(REVISION, "0")
    owner = controller(item.metadata)
    return ReplicaSet(
        **base(item.metadata),
        uid=item.metadata.uid,
        desired=item.spec.replicas,
        ready=item.status.ready_replicas,
        owner=owner.name,
        owner_uid=owner.uid,
        revision=int(revision) if revision.isdecimal() else 0,
        change_cause=item.metadata.annotations.get(CHANGE_CAUSE, ""),
        images=_images(item.spec.template.spec.containers),
    )


def stateful_set(item: of.StatefulSetRaw) -> StatefulSet:
    spec, status = item.spec, item.status
    return StatefulSet(
        **base(item.metadata),
        **_template(spec.template),
        annotations=annotations(item.metadata),
        status=derive.stateful_set_status(desired=spec.replicas, ready=status.ready_replicas),
        replicas=StatefulSetReplicas(
            desired=spec.replicas,
            ready=status.ready_replicas,
            current=status.current_replicas,
            updated=status.updated_replicas,
        ),
        selector=spec.selector.match_labels,
        service_name=spec.service_name,
        update_strategy=spec.update_strategy.type,
        pod_management_policy=spec.pod_management_policy,
        persistent_volume_claims=tuple(each.metadata.name for each in spec.volume_claim_templates),
    )


def daemon_set(item: of.DaemonSetRaw) -> DaemonSet:
    status = item.status or of.DaemonSetStatus()
    return DaemonSet(
        **base(item.metadata),
        **_template(item.spec.template),
        annotations=annotations(item.metadata),
        status=derive.daemon_set_status(item.status),
        desired=status.desired_number_scheduled,
        current=status.current_number_scheduled,
        ready=status.number_ready,
        up_to_date=status.updated_number_scheduled,
        available=status.number_available,
        selector=item.spec.selector.match_labels,
        update_strategy=item.spec.update_strategy.type,
    )


def job(item: of.JobRaw) -> Job:
    status = item.status
    return Job(
        **base(item.metadata),
        annotations=annotations(item.metadata),
        status=derive.job_status(item),
        completions=1 if item.spec.completions is None else item.spec.completions,
        succeeded=status.succeeded,
        failed=status.failed,
        active=status.active,
        start_time=iso(status.start_time) or UNSET,
        completion_time=iso(status.completion_time) or UNSET,
        duration=_duration(status.start_time, status.completion_time),
        conditions=tuple(_job_condition(each) for each in status.conditions),
        owner=next((each.name for each in item.metadata.owner_references if each.kind == "CronJob"), ""),
    )


def cron_job(item: of.CronJobRaw) -> CronJob:
    return CronJob(
        **base(item.metadata),
        annotations=annotations(item.metadata),
        status="Suspended" if item.spec.suspend else "Active",
        schedule=item.spec.schedule,
        suspend=item.spec.suspend,
        active=len(item.status.active),
        last_schedule=iso(item.status.last_schedule_time) or UNSET,
        last_successful_time=iso(item.status.last_successful_time) or UNSET,
    )


def autoscaler(item: of.AutoscalerRaw) -> HPA:
    spec, status = item.spec, item.status
    return HPA(
        **base(item.metadata),
        target_ref=Target(spec.scale_target_ref.kind, spec.scale_target_ref.name),
        min_replicas=spec.min_replicas,
        max_replicas=spec.max_replicas,
        current_replicas=status.current_replicas,
        desired_replicas=status.desired_replicas,
        metrics=tuple(_metrics(spec.metrics, status.current_metrics or [])),
    )


def _template(template: of.Template) -> dict[str, Any]:
    """Return what a list shows of the pods that are made."""
    config_maps, secrets = references(template.spec)
    images = _images(template.spec.containers)
    return {"images": images, "config_maps": config_maps, "secrets": secrets}


def _images(containers: Iterable[raw.ContainerSpec]) -> tuple[str, ...]:
    return pool.share(tuple(pool.share(each.image) for each in containers))


def _condition(each: raw.Condition) -> NodeCondition:
    return NodeCondition(each.type, each.status, each.reason, each.message, iso(each.last_transition_time))


def _job_condition(each: of.JobCondition) -> JobCondition:
    return JobCondition(
        type=each.type,
        status=each.status,
        last_probe_time=iso(each.last_probe_time),
        last_transition_time=iso(each.last_transition_time),
        reason=each.reason,
        message=each.message,
    )


def _duration(start: str | None, end: str | None) -> str | UnsetType:
    """Return how long a finished job took: `2h 5m`, `15m 23s` or `12s`."""
    if not start or not end:
        return UNSET
    seconds = int((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())
    if seconds >= 3600:
        return f"{seconds // 3600}h {seconds % 3600 // 60}m"
    return f"{seconds // 60}m {seconds % 60}s" if seconds >= 60 else f"{seconds}s"


def _metrics(wanted: list[dict[str, Any]], current: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each target with its current value beside it, CPU first, then as the object has them."""
    now = {_metric_key(each): _metric_body(each).get("current", {}) for each in current}
    found = []
    for each in wanted:
        body = _metric_body(each)
        name = {"name": _metric_name(body)}
        value = {"current": now[_metric_key(each)]} if _metric_key(each) in now else {}
        kind = str(each.get("type", ""))
        found.append({"type": kind, _member(kind): {**name, "target": body.get("target", {}), **value}})
    return sorted(found, key=lambda each: each.get("resource", {}).get("name") != "cpu")


def _member(kind: str) -> str:
    """Return the member that holds a metric of a type: `resource` for `Resource`."""
    return kind[:1].lower() + kind[1:]


def _metric_body(metric: dict[str, Any]) -> dict[str, Any]:
    return metric.get(_member(str(metric.get("type", "")))) or {}


def _metric_name(body: dict[str, Any]) -> str:
    return str(body.get("name") or body.get("metric", {}).get("name", ""))


def _metric_key(metric: dict[str, Any]) -> tuple[str, str]:
    return str(metric.get("type", "")), _metric_name(_metric_body(metric))


PROJECTIONS: dict[Kind, tuple[type[Any], Callable[[Any], Row]]] = {
    Kind.DEPLOYMENTS: (of.DeploymentRaw, deployment),
    Kind.REPLICASETS: (of.ReplicaSetRaw, replica_set),
    Kind.STATEFULSETS: (of.StatefulSetRaw, stateful_set),
    Kind.DAEMONSETS: (of.DaemonSetRaw, daemon_set),
    Kind.JOBS: (of.JobRaw, job),
    Kind.CRONJOBS: (of.CronJobRaw, cron_job),
    Kind.HPAS: (of.AutoscalerRaw, autoscaler),
}
