"""Rows of services, ingresses and network policies."""

from collections.abc import Callable
from typing import Any

from msgspec import UNSET

from orchestrator.backends.cluster.objects import (
    Expression,
    Ingress,
    IngressPath,
    IngressRule,
    IngressTLS,
    NetworkPolicy,
    Row,
    Service,
    ServicePort,
)
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.cluster.raw import network as of
from orchestrator.backends.cluster.rows.shared import annotations, base, pool


def service(item: of.ServiceRaw) -> Service:
    spec = item.spec
    return Service(
        **base(item.metadata),
        annotations=annotations(item.metadata),
        uid=item.metadata.uid,
        type=spec.type,
        cluster_ip=spec.cluster_ip,
        external_ips=tuple(spec.external_ips) or UNSET,
        external_name=spec.external_name or UNSET,
        load_balancer=_addresses(item.status),
        ports=tuple(_port(each) for each in spec.ports),
        selector=spec.selector,
    )


def ingress(item: of.IngressRaw) -> Ingress:
    spec = item.spec
    return Ingress(
        **base(item.metadata),
        class_name=spec.ingress_class_name or UNSET,
        hosts=tuple(dict.fromkeys(rule.host for rule in spec.rules if rule.host)),
        rules=tuple(_rule(each) for each in spec.rules),
        tls=tuple(IngressTLS(tuple(each.hosts), each.secret_name or UNSET) for each in spec.tls) or UNSET,
        default_backend=spec.default_backend or UNSET,
        addresses=_addresses(item.status),
        annotations=item.metadata.annotations,
    )


def network_policy(item: of.PolicyRaw) -> NetworkPolicy:
    spec, selector = item.spec, item.spec.pod_selector
    return NetworkPolicy(
        **base(item.metadata),
        annotations=annotations(item.metadata),
        uid=item.metadata.uid,
        match_labels=pool.labels(selector.match_labels),
        match_expressions=tuple(
            Expression(each.key, each.operator, tuple(each.values)) for each in selector.match_expressions
        ),
        policy_types=pool.share(tuple(spec.policy_types)),
        ingress_rules=len(spec.ingress),
        egress_rules=len(spec.egress),
    )


def _port(each: of.ServicePort) -> ServicePort:
    return ServicePort(
        port=each.port,
        protocol=each.protocol,
        name=each.name or UNSET,
        target_port=UNSET if each.target_port is None else each.target_port,
        node_port=each.node_port or UNSET,
    )


def _rule(rule: of.IngressRule) -> IngressRule:
    paths = rule.http.paths if rule.http else []
    found = tuple(IngressPath(each.path, each.path_type, each.backend) for each in paths)
    return IngressRule(found, rule.host or UNSET)


def _addresses(status: of.Balanced) -> tuple[str, ...]:
    return tuple(each.ip or each.hostname for each in status.load_balancer.ingress)


PROJECTIONS: dict[Kind, tuple[type[Any], Callable[[Any], Row]]] = {
    Kind.SERVICES: (of.ServiceRaw, service),
    Kind.INGRESSES: (of.IngressRaw, ingress),
    Kind.NETWORKPOLICIES: (of.PolicyRaw, network_policy),
}
