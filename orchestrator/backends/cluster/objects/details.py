"""Single objects: rows with what is shown only when somebody opens one."""

from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from orchestrator.backends.cluster.objects.core import NodeCondition, OwnerReference, Pod
from orchestrator.backends.cluster.objects.workloads import Deployment


class OwnedPod(Pod, frozen=True, kw_only=True, rename="camel", gc=False):
    """A pod of a list that also says who owns it."""

    private: ClassVar[tuple[str, ...]] = tuple(set(Pod.private) - {"owner_references"})

    owner_references: tuple[OwnerReference, ...] = ()


class HTTPGet(msgspec.Struct, frozen=True, rename="camel", gc=False):
    path: str = "/"
    port: int | str = ""
    scheme: str = "HTTP"


class TCPSocket(msgspec.Struct, frozen=True, gc=False):
    port: int | str = ""


class Exec(msgspec.Struct, frozen=True, gc=False):
    command: tuple[str, ...] = ()


class GRPC(msgspec.Struct, frozen=True, gc=False):
    port: int = 0
    service: str | UnsetType = UNSET


class Probe(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """`type` names the one of the four that is there."""

    type: str = ""
    http_get: HTTPGet | UnsetType = UNSET
    tcp_socket: TCPSocket | UnsetType = UNSET
    exec: Exec | UnsetType = UNSET
    grpc: GRPC | UnsetType = UNSET
    initial_delay_seconds: int | UnsetType = UNSET
    period_seconds: int | UnsetType = UNSET
    timeout_seconds: int | UnsetType = UNSET
    success_threshold: int | UnsetType = UNSET
    failure_threshold: int | UnsetType = UNSET


class ProbedContainer(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    name: str
    image: str
    ready: bool
    restart_count: int
    liveness_probe: Probe | UnsetType = UNSET
    readiness_probe: Probe | UnsetType = UNSET
    startup_probe: Probe | UnsetType = UNSET


class WaitingState(msgspec.Struct, frozen=True, gc=False):
    reason: str = ""
    message: str | UnsetType = UNSET


class RunningState(msgspec.Struct, frozen=True, rename="camel", gc=False):
    started_at: str = ""


class TerminatedState(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    exit_code: int = 0
    reason: str = ""
    message: str | UnsetType = UNSET
    started_at: str = ""
    finished_at: str = ""


class State(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a container does; nothing is set before the kubelet has said anything."""

    waiting: WaitingState | UnsetType = UNSET
    running: RunningState | UnsetType = UNSET
    terminated: TerminatedState | UnsetType = UNSET


class ContainerStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    name: str
    ready: bool
    restart_count: int
    state: State
    last_state: State | UnsetType = UNSET


class PodDetail(OwnedPod, frozen=True, kw_only=True, rename="camel", gc=False):
    containers: tuple[ProbedContainer, ...] = ()  # type: ignore[assignment]  # The same members, and more.
    init_containers: tuple[ProbedContainer, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    conditions: tuple[NodeCondition, ...] = ()


class TemplateContainer(msgspec.Struct, frozen=True, gc=False):
    name: str
    image: str
    ports: tuple[dict[str, Any], ...] = ()
    resources: dict[str, Any] = {}


class PodTemplate(msgspec.Struct, frozen=True, gc=False):
    labels: dict[str, str] = {}
    containers: tuple[TemplateContainer, ...] = ()


class StrategyDetail(msgspec.Struct, frozen=True, rename="camel", gc=False):
    type: str = "RollingUpdate"
    rolling_update: dict[str, Any] | UnsetType = UNSET


class DeploymentDetail(Deployment, frozen=True, kw_only=True, rename="camel", gc=False):
    template: PodTemplate = PodTemplate()
    strategy_detail: StrategyDetail = StrategyDetail()
