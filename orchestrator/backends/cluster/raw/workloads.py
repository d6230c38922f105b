"""Deployments and what else makes pods, as far as we read them."""

from typing import Any

import msgspec

from orchestrator.backends.cluster.raw.core import Condition, Metadata, PodSpec, Raw


class Selector(Raw, rename="camel", gc=False):
    match_labels: dict[str, str] = {}


class TemplateMetadata(Raw, gc=False):
    labels: dict[str, str] = {}


class Template(Raw, gc=False):
    metadata: TemplateMetadata = msgspec.field(default_factory=TemplateMetadata)
    spec: PodSpec = msgspec.field(default_factory=PodSpec)


class Strategy(Raw, rename="camel", gc=False):
    type: str = "RollingUpdate"
    rolling_update: dict[str, Any] | None = None


class DeploymentSpec(Raw, gc=False):
    replicas: int = 1
    selector: Selector = msgspec.field(default_factory=Selector)
    strategy: Strategy = msgspec.field(default_factory=Strategy)
    template: Template = msgspec.field(default_factory=Template)
    paused: bool = False


class DeploymentStatus(Raw, rename="camel", gc=False):
    observed_generation: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    updated_replicas: int = 0
    conditions: list[Condition] = []


class DeploymentRaw(Raw, gc=False):
    metadata: Metadata
    spec: DeploymentSpec = msgspec.field(default_factory=DeploymentSpec)
    status: DeploymentStatus = msgspec.field(default_factory=DeploymentStatus)


class ReplicaSetRaw(Raw, gc=False):
    metadata: Metadata
    spec: DeploymentSpec = msgspec.field(default_factory=DeploymentSpec)
    status: DeploymentStatus = msgspec.field(default_factory=DeploymentStatus)


class ClaimTemplate(Raw, gc=False):
    metadata: Metadata


class StatefulSetSpec(Raw, rename="camel", gc=False):
    replicas: int = 1
    selector: Selector = msgspec.field(default_factory=Selector)
    service_name: str = ""
    update_strategy: Strategy = msgspec.field(default_factory=Strategy)
    pod_management_policy: str = "OrderedReady"
    volume_claim_templates: list[ClaimTemplate] = []
    template: Template = msgspec.field(default_factory=Template)


class StatefulSetStatus(Raw, rename="camel", gc=False):
    ready_replicas: int = 0
    available_replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0


class StatefulSetRaw(Raw, gc=False):
    metadata: Metadata
    spec: StatefulSetSpec = msgspec.field(default_factory=StatefulSetSpec)
    status: StatefulSetStatus = msgspec.field(default_factory=StatefulSetStatus)


class DaemonSetSpec(Raw, rename="camel", gc=False):
    selector: Selector = msgspec.field(default_factory=Selector)
    update_strategy: Strategy = msgspec.field(default_factory=Strategy)
    template: Template = msgspec.field(default_factory=Template)


class DaemonSetStatus(Raw, rename="camel", gc=False):
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    number_ready: int = 0
    updated_number_scheduled: int = 0
    number_available: int = 0


class DaemonSetRaw(Raw, gc=False):
    metadata: Metadata
    spec: DaemonSetSpec = msgspec.field(default_factory=DaemonSetSpec)
    status: DaemonSetStatus | None = None


class JobSpec(Raw, gc=False):
    completions: int | None = None
    suspend: bool = False


class JobCondition(Raw, rename="camel", gc=False):
    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_probe_time: str | None = None
    last_transition_time: str | None = None


class JobStatus(Raw, rename="camel", gc=False):
    active: int = 0
    ready: int = 0
    succeeded: int = 0
    failed: int = 0
    start_time: str | None = None
    completion_time: str | None = None
    conditions: list[JobCondition] = []


class JobRaw(Raw, gc=False):
    metadata: Metadata
    spec: JobSpec = msgspec.field(default_factory=JobSpec)
    status: JobStatus = msgspec.field(default_factory=JobStatus)


class CronJobSpec(Raw, gc=False):
    schedule: str = ""
    suspend: bool = False


class CronJobStatus(Raw, rename="camel", gc=False):
    active: list[Any] = []
    last_schedule_time: str | None = None
    last_successful_time: str | None = None


class CronJobRaw(Raw, gc=False):
    metadata: Metadata
    spec: CronJobSpec = msgspec.field(default_factory=CronJobSpec)
    status: CronJobStatus = msgspec.field(default_factory=CronJobStatus)


class ScaleTarget(Raw, gc=False):
    kind: str = ""
    name: str = ""


class AutoscalerSpec(Raw, rename="camel", gc=False):
    scale_target_ref: ScaleTarget = msgspec.field(default_factory=ScaleTarget)
    min_replicas: int = 1
    max_replicas: int = 1
    metrics: list[dict[str, Any]] = []


class AutoscalerStatus(Raw, rename="camel", gc=False):
    current_replicas: int = 0
    desired_replicas: int = 0
    current_metrics: list[dict[str, Any]] | None = None


class AutoscalerRaw(Raw, gc=False):
    metadata: Metadata
    spec: AutoscalerSpec = msgspec.field(default_factory=AutoscalerSpec)
    status: AutoscalerStatus = msgspec.field(default_factory=AutoscalerStatus)
