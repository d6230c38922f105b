"""Rows of services, ingresses and network policies."""

from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from orchestrator.backends.cluster.objects.core import Row


class ServicePort(msgspec.Struct, frozen=True, rename="camel", gc=False):
    port: int
    protocol: str = "TCP"
    name: str | UnsetType = UNSET
    target_port: int | str | UnsetType = UNSET
    node_port: int | UnsetType = UNSET


class Service(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    private: ClassVar[tuple[str, ...]] = ("annotations", "uid")

    uid: str = ""
    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    external_ips: tuple[str, ...] | UnsetType = msgspec.field(default=UNSET, name="externalIPs")
    external_name: str | UnsetType = UNSET
    load_balancer: tuple[str, ...] = ()
    ports: tuple[ServicePort, ...] = ()
    selector: dict[str, str] = {}


class Expression(msgspec.Struct, frozen=True, gc=False):
    """https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors"""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class NetworkPolicy(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    """`match_labels` and `match_expressions` select its pods: both, and all pods if they are empty."""

    private: ClassVar[tuple[str, ...]] = ("annotations", "uid")

    uid: str = ""
    match_labels: dict[str, str] = {}
    match_expressions: tuple[Expression, ...] = ()
    policy_types: tuple[str, ...] = ()
    ingress_rules: int = 0
    egress_rules: int = 0


class IngressPath(msgspec.Struct, frozen=True, rename="camel", gc=False):
    path: str
    path_type: str
    backend: dict[str, Any]


class IngressRule(msgspec.Struct, frozen=True, rename="camel", gc=False):
    paths: tuple[IngressPath, ...]
    host: str | UnsetType = UNSET


class IngressTLS(msgspec.Struct, frozen=True, rename="camel", gc=False):
    hosts: tuple[str, ...]
    secret_name: str | UnsetType = UNSET


class Ingress(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    private: ClassVar[tuple[str, ...]] = ()

    class_name: str | UnsetType = UNSET
    hosts: tuple[str, ...] = ()
    rules: tuple[IngressRule, ...] = ()
    tls: tuple[IngressTLS, ...] | UnsetType = UNSET
    default_backend: dict[str, Any] | UnsetType = UNSET
    addresses: tuple[str, ...] = ()
    annotations: dict[str, str] = {}
