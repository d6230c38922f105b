"""From Kubernetes objects to the rows of lists. Pure functions; equal parts of rows are shared in memory."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET

from orchestrator.backends.cluster import derive, raw
from orchestrator.backends.cluster.objects import (
    Address,
    Amounts,
    Container,
    Event,
    Involved,
    Namespace,
    Node,
    NodeCondition,
    Pod,
    Replicas,
    Row,
    Source,
    Taint,
    Workload,
)
from orchestrator.backends.cluster.port import Kind

T = TypeVar("T")
POOL_LIMIT = 50_000  # values; a pool that grew past it begins again


class Pool:
    """Gives the same object for equal values: names of images, labels, containers repeat a thousand times."""

    def __init__(self) -> None:
        self._values: dict[Any, Any] = {}
        # Apart, because the key of no labels equals the empty tuple, which is a value of its own.
        self._labels: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}

    def share(self, value: T) -> T:
        """Return an equal value that others hold too. Threads may both add one: then two copies live."""
        if len(self._values) > POOL_LIMIT:
            self._values = {}
        shared: T = self._values.setdefault(value, value)
        return shared

    def labels(self, value: dict[str, str]) -> dict[str, str]:
        """Return an equal dictionary that others hold too; nobody changes it."""
        if len(self._labels) > POOL_LIMIT:
            self._labels = {}
        return self._labels.setdefault(tuple(value.items()), value)


_pool = Pool()


def iso(time: str | None) -> str:
    """Return a time of the API as ISO 8601 with milliseconds, "" for none.

    The API writes whole seconds, or microseconds in the newer fields of events; always in UTC.
    """
    if not time:
        return ""
    return _pool.share(time[:19] + ".000Z" if len(time) == 20 else time[:23] + "Z")


def _base(metadata: raw.Metadata, *, namespaced: bool = True) -> dict[str, Any]:
    base: dict[str, Any] = {
        "name": metadata.name,
        "created_at": iso(metadata.creation_timestamp),
        "labels": _pool.labels(metadata.labels),
    }
    return base | {"namespace": _pool.share(metadata.namespace)} if namespaced else base


def pod(item: raw.PodRaw) -> Pod:
    reason, message = derive.pod_reason(item)
    containers = _containers(item)
    config_maps, secrets = _references(item.spec)
    return Pod(
        **_base(item.metadata),
        status=_pool.share(derive.pod_status(item)),
        phase=_pool.share(item.status.phase),
        ready=_pool.share(f"{sum(each.ready for each in containers)}/{len(containers)}"),
        node_name=_pool.share(item.spec.node_name or "Unknown"),
        ip=item.status.pod_ip or "Unknown",
        restart_count=sum(each.restart_count for each in item.status.container_statuses),
        containers=containers,
        config_maps=config_maps,
        secrets=secrets,
        reason=_pool.share(reason) if reason else UNSET,
        message=_pool.share(message) if message else UNSET,
    )


def _containers(item: raw.PodRaw) -> tuple[Container, ...]:
    """Return the containers of the spec, each with what its status says."""
    statuses = {each.name: each for each in item.status.container_statuses}
    unknown = raw.ContainerStatus()
    found = []
    for spec in item.spec.containers:
        status = statuses.get(spec.name, unknown)
        found.append(
            _pool.share(
                Container(_pool.share(spec.name), _pool.share(spec.image), status.ready, status.restart_count)
            )
        )
    return _pool.share(tuple(found))


def _references(spec: raw.PodSpec) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the config maps and the secrets that a pod mentions, each once, in order of mention."""
    maps: list[str] = []
    secrets = [each.name for each in spec.image_pull_secrets]
    for container in [*spec.init_containers, *spec.containers]:
        for source in container.env_from:
            maps += _name(source.config_map_ref)
            secrets += _name(source.secret_ref)
        for variable in container.env:
            if variable.value_from:
                maps += _name(variable.value_from.config_map_key_ref)
                secrets += _name(variable.value_from.secret_key_ref)
    for volume in spec.volumes:
        maps += _name(volume.config_map)
        secrets += [volume.secret.secret_name] if volume.secret else []
        for projection in volume.projected.sources if volume.projected else []:
            maps += _name(projection.config_map)
            secrets += _name(projection.secret)
    return _once(maps), _once(secrets)


def _name(named: raw.Named | None) -> list[str]:
    return [named.name] if named else []


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return _pool.share(tuple(_pool.share(name) for name in dict.fromkeys(names) if name))


def node(item: raw.NodeRaw) -> Node:
    status = item.status
    return Node(
        **_base(item.metadata, namespaced=False),
        status=derive.node_status(item),
        roles=derive.node_roles(item.metadata.labels),
        version=status.node_info.kubelet_version,
        capacity=_amounts(status.capacity),
        allocatable=_amounts(status.allocatable),
        conditions=tuple(_condition(each) for each in status.conditions),
        unschedulable=item.spec.unschedulable,
        taints=tuple(Taint(each.key, each.effect, each.value) for each in item.spec.taints),
        addresses=tuple(Address(each.type, each.address) for each in status.addresses),
        os_image=status.node_info.os_image,
    )


def _amounts(amounts: dict[str, str]) -> Amounts:
    return Amounts(**{name: amounts.get(name, "0") for name in ("cpu", "memory", "pods")})


def _condition(each: raw.Condition) -> NodeCondition:
    return NodeCondition(each.type, each.status, each.reason, each.message, iso(each.last_transition_time))


def namespace(item: raw.NamespaceRaw) -> Namespace:
    return Namespace(
        **_base(item.metadata, namespaced=False),
        status=item.status.phase,
        annotations=item.metadata.annotations,
    )


def event(item: raw.EventRaw) -> Event:
    """Return an event about its object; `eventTime` and `series` are the newer way to write one."""
    involved = item.involved_object
    about = Involved(*map(_pool.share, (involved.kind, involved.name, involved.namespace)))
    series = item.series
    first = iso(item.first_timestamp or item.event_time)
    last = iso(item.last_timestamp or (series and series.last_observed_time) or item.event_time)
    created_at = iso(item.metadata.creation_timestamp)
    return Event(
        id=f"{item.metadata.namespace}/{item.metadata.name}",
        name=about.name,
        namespace=about.namespace,
        created_at=created_at,
        labels=_pool.labels(item.metadata.labels),
        type=_pool.share(item.type),
        reason=_pool.share(item.reason),
        message=_pool.share(item.message),
        kind=about.kind,
        count=item.count or (series.count if series else 0) or 1,
        first_timestamp=first,
        last_timestamp=last,
        counts_at=last or first or created_at,
        involved_object=_pool.share(about),
        source=_pool.share(
            Source(
                item.source.component or item.reporting_component, item.source.host or item.reporting_instance
            )
        ),
    )


def _workload(kind: str, metadata: raw.Metadata, replicas: Replicas, status: str | None = None) -> Workload:
    return Workload(**_base(metadata), kind=kind, replicas=replicas, status=status or UNSET)


def deployment(item: raw.DeploymentRaw) -> Workload:
    replicas = Replicas(item.spec.replicas, item.status.ready_replicas, item.status.available_replicas)
    return _workload("Deployment", item.metadata, replicas, derive.deployment_status(item))


def stateful_set(item: raw.DeploymentRaw) -> Workload:
    replicas = Replicas(item.spec.replicas, item.status.ready_replicas, item.status.available_replicas)
    return _workload("StatefulSet", item.metadata, replicas)


def daemon_set(item: raw.DaemonSetRaw) -> Workload:
    status = item.status
    replicas = Replicas(status.desired_number_scheduled, status.number_ready, status.number_available)
    return _workload("DaemonSet", item.metadata, replicas)


def job(item: raw.JobRaw) -> Workload:
    wanted = 1 if item.spec.completions is None else item.spec.completions
    return _workload("Job", item.metadata, Replicas(wanted, item.status.ready, item.status.succeeded))


PROJECTIONS: dict[Kind, tuple[type[Any], Callable[[Any], Row]]] = {
    Kind.PODS: (raw.PodRaw, pod),
    Kind.NODES: (raw.NodeRaw, node),
    Kind.NAMESPACES: (raw.NamespaceRaw, namespace),
    Kind.EVENTS: (raw.EventRaw, event),
    Kind.DEPLOYMENTS: (raw.DeploymentRaw, deployment),
    Kind.STATEFULSETS: (raw.DeploymentRaw, stateful_set),
    Kind.DAEMONSETS: (raw.DaemonSetRaw, daemon_set),
    Kind.JOBS: (raw.JobRaw, job),
}
DECODERS = {kind: msgspec.json.Decoder(type_) for kind, (type_, _) in PROJECTIONS.items()}


def from_json(kind: Kind, body: bytes | msgspec.Raw) -> Row:
    """Return the row of one object as the API server sends it; raise `msgspec.DecodeError` if it is none."""
    return PROJECTIONS[kind][1](DECODERS[kind].decode(body))


def from_object(kind: Kind, item: dict[str, Any]) -> Row:
    """Return the row of an object that is a dictionary; raise `msgspec.ValidationError` if it is none."""
    type_, project = PROJECTIONS[kind]
    return project(msgspec.convert(item, type_))
