"""Rows of what makes pods: deployments, stateful sets, daemon sets, jobs, cron jobs, autoscalers."""

from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from orchestrator.backends.cluster.objects.core import NodeCondition, Row


class DeploymentReplicas(msgspec.Struct, frozen=True, gc=False):
    desired: int = 0
    ready: int = 0
    available: int = 0
    unavailable: int = 0
    updated: int = 0


class Deployment(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    private: ClassVar[tuple[str, ...]] = ()

    uid: str = ""
    replicas: DeploymentReplicas
    strategy: str = "RollingUpdate"
    annotations: dict[str, str] = {}
    selector: dict[str, str] = {}
    images: tuple[str, ...] = ()
    conditions: tuple[NodeCondition, ...] = ()
    config_maps: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


class ReplicaSet(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    """A revision of a deployment; `owner` is its name, "" if nobody owns it."""

    uid: str = ""
    desired: int = 0
    ready: int = 0
    owner: str = ""
    owner_uid: str = ""
    revision: int = 0
    change_cause: str = ""
    images: tuple[str, ...] = ()


class StatefulSetReplicas(msgspec.Struct, frozen=True, gc=False):
    desired: int = 0
    ready: int = 0
    current: int = 0
    updated: int = 0


class StatefulSet(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    replicas: StatefulSetReplicas
    selector: dict[str, str] = {}
    service_name: str = ""
    update_strategy: str = "RollingUpdate"
    pod_management_policy: str = "OrderedReady"
    persistent_volume_claims: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    config_maps: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


class DaemonSet(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    desired: int = 0
    current: int = 0
    ready: int = 0
    up_to_date: int = 0
    available: int = 0
    selector: dict[str, str] = {}
    update_strategy: str = "RollingUpdate"
    images: tuple[str, ...] = ()
    config_maps: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


class JobCondition(msgspec.Struct, frozen=True, rename="camel", gc=False, omit_defaults=True):
    type: str
    status: str
    last_probe_time: str = ""
    last_transition_time: str = ""
    reason: str = ""
    message: str = ""


class Job(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    """`owner` is the name of its cron job, "" if it has none."""

    private: ClassVar[tuple[str, ...]] = ("annotations", "owner")

    completions: int = 1
    succeeded: int = 0
    failed: int = 0
    active: int = 0
    start_time: str | UnsetType = UNSET
    completion_time: str | UnsetType = UNSET
    duration: str | UnsetType = UNSET
    conditions: tuple[JobCondition, ...] = ()
    owner: str | UnsetType = UNSET


class CronJob(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    schedule: str = ""
    suspend: bool = False
    active: int = 0
    last_schedule: str | UnsetType = UNSET
    last_successful_time: str | UnsetType = UNSET


class Target(msgspec.Struct, frozen=True, gc=False):
    kind: str = ""
    name: str = ""


class HPA(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    """A horizontal pod autoscaler; `metrics` are as the contract writes them, CPU first."""

    target_ref: Target
    min_replicas: int = 1
    max_replicas: int = 1
    current_replicas: int = 0
    desired_replicas: int = 0
    metrics: tuple[dict[str, Any], ...] = ()
