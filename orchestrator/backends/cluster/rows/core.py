"""Rows of pods, nodes, namespaces and events."""

from msgspec import UNSET

from orchestrator.backends.cluster import derive, raw
from orchestrator.backends.cluster.objects import (
    Address,
    Amounts,
    Container,
    Event,
    Halt,
    Involved,
    Namespace,
    Node,
    NodeCondition,
    Pod,
    Source,
    Taint,
)
from orchestrator.backends.cluster.rows.shared import (
    LONGEST_VALUE,
    annotations,
    base,
    claims,
    controller,
    iso,
    owners,
    pool,
    references,
    requirements,
)


def pod(item: raw.PodRaw) -> Pod:
    reason, message = derive.pod_reason(item)
    containers = _containers(item)
    config_maps, secrets = references(item.spec)
    return Pod(
        **base(item.metadata),
        status=pool.share(derive.pod_status(item)),
        phase=pool.share(item.status.phase),
        ready=pool.share(f"{sum(each.ready for each in containers)}/{len(containers)}"),
        node_name=pool.share(item.spec.node_name or "Unknown"),
        ip=item.status.pod_ip or "Unknown",
        restart_count=sum(each.restart_count for each in item.status.container_statuses),
        containers=containers,
        config_maps=config_maps,
        secrets=secrets,
        annotations=annotations(item.metadata),
        owner_references=owners(item.metadata),
        requirements=requirements(item.spec),
        claims=claims(item.spec),
        reason=pool.share(reason) if reason else UNSET,
        message=pool.share(message) if message else UNSET,
        uid=item.metadata.uid,
        controller=pool.share(controller(item.metadata).kind),
        halts=_halts(item.status),
        deleted_at=iso(item.metadata.deletion_timestamp),
        empty_dir=any(each.empty_dir is not None for each in item.spec.volumes),
    )


def _containers(item: raw.PodRaw) -> tuple[Container, ...]:
    """Return the containers of the spec, each with what its status says."""
    statuses = {each.name: each for each in item.status.container_statuses}
    unknown = raw.ContainerStatus()
    found = []
    for spec in item.spec.containers:
        status = statuses.get(spec.name, unknown)
        found.append(
            pool.share(
                Container(pool.share(spec.name), pool.share(spec.image), status.ready, status.restart_count)
            )
        )
    return pool.share(tuple(found))


def _halts(status: raw.PodStatus) -> tuple[Halt, ...]:
    """Return the containers that do not run; init containers are named only if they keep the pod back."""
    found = [_halt(each, first=True) for each in status.init_container_statuses if derive.is_in_trouble(each)]
    found += [_halt(each) for each in status.container_statuses if derive.is_halted(each)]
    return pool.share(tuple(found))


def _halt(status: raw.ContainerStatus, *, first: bool = False) -> Halt:
    ended, waiting = status.state.terminated, status.state.waiting or raw.Waiting()
    why = ended or waiting
    reason, message = pool.share(why.reason), pool.share(why.message[:LONGEST_VALUE])
    code = None if ended is None else ended.exit_code
    return pool.share(Halt(pool.share(status.name), reason, message, code, first))


def node(item: raw.NodeRaw) -> Node:
    status = item.status
    return Node(
        **base(item.metadata, namespaced=False),
        status=derive.node_status(item),
        roles=derive.node_roles(item.metadata.labels),
        version=status.node_info.kubelet_version,
        capacity=_amounts(status.capacity),
        allocatable=_amounts(status.allocatable),
        conditions=tuple(condition(each) for each in status.conditions),
        unschedulable=item.spec.unschedulable,
        taints=tuple(Taint(each.key, each.effect, each.value) for each in item.spec.taints),
        addresses=tuple(Address(each.type, each.address) for each in status.addresses),
        os_image=status.node_info.os_image,
    )


def _amounts(amounts: dict[str, str]) -> Amounts:
    return Amounts(**{name: amounts.get(name, "0") for name in ("cpu", "memory", "pods")})


def condition(each: raw.Condition) -> NodeCondition:
    return NodeCondition(each.type, each.status, each.reason, each.message, iso(each.last_transition_time))


def namespace(item: raw.NamespaceRaw) -> Namespace:
    return Namespace(
        **base(item.metadata, namespaced=False),
        status=item.status.phase,
        annotations=item.metadata.annotations,
    )


def event(item: raw.EventRaw) -> Event:
    """Return an event about its object; `eventTime` and `series` are the newer way to write one."""
    involved = item.involved_object
    about = Involved(*map(pool.share, (involved.kind, involved.name, involved.namespace)))
    series = item.series
    first = iso(item.first_timestamp or item.event_time)
    last = iso(item.last_timestamp or (series and series.last_observed_time) or item.event_time)
    created_at = iso(item.metadata.creation_timestamp)
    return Event(
        id=f"{item.metadata.namespace}/{item.metadata.name}",
        name=about.name,
        namespace=about.namespace,
        created_at=created_at,
        labels=pool.labels(item.metadata.labels),
        type=pool.share(item.type),
        reason=pool.share(item.reason),
        message=pool.share(item.message),
        kind=about.kind,
        count=item.count or (series.count if series else 0) or 1,
        first_timestamp=first,
        last_timestamp=last,
        counts_at=last or first or created_at,
        involved_object=pool.share(about),
        source=pool.share(
            Source(
                item.source.component or item.reporting_component, item.source.host or item.reporting_instance
            )
        ),
    )
