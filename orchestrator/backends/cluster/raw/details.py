"""What only single objects show: probes, states of containers, templates, as far as we read them."""

from typing import Any

import msgspec

from orchestrator.backends.cluster.raw.core import Condition, Metadata, Raw
from orchestrator.backends.cluster.raw.workloads import Strategy, TemplateMetadata


class HTTPGet(Raw, gc=False):
    path: str = "/"
    port: int | str = ""
    scheme: str = "HTTP"


class TCPSocket(Raw, gc=False):
    port: int | str = ""


class Exec(Raw, gc=False):
    command: list[str] = []


class GRPC(Raw, gc=False):
    port: int = 0
    service: str = ""


class Probe(Raw, rename="camel", gc=False):
    http_get: HTTPGet | None = None
    tcp_socket: TCPSocket | None = None
    exec: Exec | None = None
    grpc: GRPC | None = None
    initial_delay_seconds: int | None = None
    period_seconds: int | None = None
    timeout_seconds: int | None = None
    success_threshold: int | None = None
    failure_threshold: int | None = None


class Container(Raw, rename="camel", gc=False):
    name: str = ""
    image: str = ""
    ports: list[dict[str, Any]] = []
    resources: dict[str, Any] = {}
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None


class Spec(Raw, rename="camel", gc=False):
    containers: list[Container] = []
    init_containers: list[Container] = []


class Waiting(Raw, gc=False):
    reason: str = ""
    message: str = ""


class Running(Raw, rename="camel", gc=False):
    started_at: str | None = None


class Terminated(Raw, rename="camel", gc=False):
    exit_code: int = 0
    reason: str = ""
    message: str = ""
    started_at: str | None = None
    finished_at: str | None = None


class State(Raw, gc=False):
    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Raw, rename="camel", gc=False):
    name: str = ""
    ready: bool = False
    restart_count: int = 0
    state: State = msgspec.field(default_factory=State)
    last_state: State = msgspec.field(default_factory=State)


class Status(Raw, rename="camel", gc=False):
    conditions: list[Condition] = []
    container_statuses: list[ContainerStatus] = []
    init_container_statuses: list[ContainerStatus] = []


class PodDetailRaw(Raw, gc=False):
    metadata: Metadata
    spec: Spec = msgspec.field(default_factory=Spec)
    status: Status = msgspec.field(default_factory=Status)


class Template(Raw, gc=False):
    metadata: TemplateMetadata = msgspec.field(default_factory=TemplateMetadata)
    spec: Spec = msgspec.field(default_factory=Spec)


class DeploymentDetailSpec(Raw, gc=False):
    strategy: Strategy = msgspec.field(default_factory=Strategy)
    template: Template = msgspec.field(default_factory=Template)


class DeploymentDetailRaw(Raw, gc=False):
    metadata: Metadata
    spec: DeploymentDetailSpec = msgspec.field(default_factory=DeploymentDetailSpec)


class ConfigMapDetailRaw(Raw, gc=False):
    data: dict[str, str] = {}
