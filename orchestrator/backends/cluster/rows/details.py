"""From whole manifests to what is shown when somebody opens one object. Pure functions."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from orchestrator.backends.cluster import masks
from orchestrator.backends.cluster.objects import ConfigMap, Deployment, Pod, Row, Secret, details
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.cluster.raw import details as raw
from orchestrator.backends.cluster.rows.core import condition
from orchestrator.backends.cluster.rows.shared import iso

T = TypeVar("T")
PROBES = {"http_get": "httpGet", "tcp_socket": "tcpSocket", "exec": "exec", "grpc": "grpc"}
SECONDS_AND_THRESHOLDS = (
    "initial_delay_seconds",
    "period_seconds",
    "timeout_seconds",
    "success_threshold",
    "failure_threshold",
)


def detail(kind: Kind, row: Row, manifest: dict[str, Any]) -> Row:
    """Return the row of a manifest with what one object shows more than a list.

    Raises `msgspec.ValidationError` if the manifest is none.
    """
    project = DETAILS.get(kind)
    return row if project is None else project(row, manifest)


def _pod(row: Pod, manifest: dict[str, Any]) -> details.PodDetail:
    item = msgspec.convert(manifest, raw.PodDetailRaw)
    status = item.status
    known = msgspec.structs.asdict(row) | {
        "containers": _probed(item.spec.containers, status.container_statuses),
        "init_containers": _probed(item.spec.init_containers, status.init_container_statuses),
        "container_statuses": tuple(_container_status(each) for each in status.container_statuses),
        "conditions": tuple(condition(each) for each in status.conditions),
    }
    return details.PodDetail(**known)


def _probed(
    specs: Iterable[raw.Container], statuses: Iterable[raw.ContainerStatus]
) -> tuple[details.ProbedContainer, ...]:
    known = {each.name: each for each in statuses}
    unknown = raw.ContainerStatus()
    return tuple(_probed_container(spec, known.get(spec.name, unknown)) for spec in specs)


def _probed_container(spec: raw.Container, status: raw.ContainerStatus) -> details.ProbedContainer:
    return details.ProbedContainer(
        name=spec.name,
        image=spec.image,
        ready=status.ready,
        restart_count=status.restart_count,
        liveness_probe=_probe(spec.liveness_probe),
        readiness_probe=_probe(spec.readiness_probe),
        startup_probe=_probe(spec.startup_probe),
    )


def _probe(probe: raw.Probe | None) -> details.Probe | UnsetType:
    if probe is None:
        return UNSET
    type_ = next((word for name, word in PROBES.items() if getattr(probe, name) is not None), "")
    numbers = {name: _given(getattr(probe, name)) for name in SECONDS_AND_THRESHOLDS}
    http, tcp, command, grpc = probe.http_get, probe.tcp_socket, probe.exec, probe.grpc
    return details.Probe(
        type=type_,
        http_get=details.HTTPGet(http.path, http.port, http.scheme) if http else UNSET,
        tcp_socket=details.TCPSocket(tcp.port) if tcp else UNSET,
        exec=details.Exec(tuple(command.command)) if command else UNSET,
        grpc=details.GRPC(grpc.port, grpc.service or UNSET) if grpc else UNSET,
        **numbers,
    )


def _given(value: T | None) -> T | UnsetType:
    return UNSET if value is None else value


def _container_status(status: raw.ContainerStatus) -> details.ContainerStatus:
    last = _state(status.last_state)
    return details.ContainerStatus(
        name=status.name,
        ready=status.ready,
        restart_count=status.restart_count,
        state=_state(status.state),
        last_state=UNSET if last == details.State() else last,
    )


def _state(state: raw.State) -> details.State:
    waiting, running, ended = state.waiting, state.running, state.terminated
    return details.State(
        waiting=details.WaitingState(waiting.reason, waiting.message or UNSET) if waiting else UNSET,
        running=details.RunningState(iso(running.started_at)) if running else UNSET,
        terminated=_terminated(ended) if ended else UNSET,
    )


def _terminated(ended: raw.Terminated) -> details.TerminatedState:
    return details.TerminatedState(
        exit_code=ended.exit_code,
        reason=ended.reason,
        message=ended.message or UNSET,
        started_at=iso(ended.started_at),
        finished_at=iso(ended.finished_at),
    )


def _deployment(row: Deployment, manifest: dict[str, Any]) -> details.DeploymentDetail:
    spec = msgspec.convert(manifest, raw.DeploymentDetailRaw).spec
    containers = tuple(
        details.TemplateContainer(each.name, each.image, tuple(each.ports), each.resources)
        for each in spec.template.spec.containers
    )
    strategy = details.StrategyDetail(spec.strategy.type, spec.strategy.rolling_update or UNSET)
    return details.DeploymentDetail(
        **msgspec.structs.asdict(row),
        template=details.PodTemplate(spec.template.metadata.labels, containers),
        strategy_detail=strategy,
    )


def _config_map(row: ConfigMap, manifest: dict[str, Any]) -> ConfigMap:
    """Return a config map with whole values."""
    data = msgspec.convert(manifest, raw.ConfigMapDetailRaw).data
    return msgspec.structs.replace(row, data=data, truncated_keys=UNSET)


def _secret(row: Secret, _manifest: dict[str, Any]) -> Secret:
    return msgspec.structs.replace(row, data=dict.fromkeys(row.keys, masks.MASK))


DETAILS: dict[Kind, Callable[[Any, dict[str, Any]], Row]] = {
    Kind.PODS: _pod,
    Kind.DEPLOYMENTS: _deployment,
    Kind.CONFIGMAPS: _config_map,
    Kind.SECRETS: _secret,
}
