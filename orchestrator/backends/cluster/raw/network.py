"""Services and ingresses, as far as we read them."""

from typing import Any

import msgspec

from orchestrator.backends.cluster.raw.core import Metadata, Raw


class ServicePort(Raw, rename="camel", gc=False):
    port: int = 0
    name: str = ""
    protocol: str = "TCP"
    target_port: int | str | None = None
    node_port: int | None = None


class Balancer(Raw, gc=False):
    ip: str = ""
    hostname: str = ""


class BalancerStatus(Raw, gc=False):
    ingress: list[Balancer] = []


class Balanced(Raw, rename="camel", gc=False):
    load_balancer: BalancerStatus = msgspec.field(default_factory=BalancerStatus)


class ServiceSpec(Raw, gc=False):
    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    external_ips: list[str] = msgspec.field(default_factory=list, name="externalIPs")
    external_name: str = msgspec.field(default="", name="externalName")
    ports: list[ServicePort] = []
    selector: dict[str, str] = {}


class ServiceRaw(Raw, gc=False):
    metadata: Metadata
    spec: ServiceSpec = msgspec.field(default_factory=ServiceSpec)
    status: Balanced = msgspec.field(default_factory=Balanced)


class Expression(Raw, gc=False):
    key: str = ""
    operator: str = ""
    values: list[str] = []


class PodSelector(Raw, rename="camel", gc=False):
    match_labels: dict[str, str] = {}
    match_expressions: list[Expression] = []


class PolicySpec(Raw, rename="camel", gc=False):
    pod_selector: PodSelector = msgspec.field(default_factory=PodSelector)
    policy_types: list[str] = []
    ingress: list[Any] = []
    egress: list[Any] = []


class PolicyRaw(Raw, gc=False):
    metadata: Metadata
    spec: PolicySpec = msgspec.field(default_factory=PolicySpec)


class IngressPath(Raw, rename="camel", gc=False):
    path: str = "/"
    path_type: str = "Prefix"
    backend: dict[str, Any] = {}


class IngressHTTP(Raw, gc=False):
    paths: list[IngressPath] = []


class IngressRule(Raw, gc=False):
    host: str = ""
    http: IngressHTTP | None = None


class IngressTLS(Raw, rename="camel", gc=False):
    hosts: list[str] = []
    secret_name: str = ""


class IngressSpec(Raw, rename="camel", gc=False):
    ingress_class_name: str = ""
    default_backend: dict[str, Any] | None = None
    rules: list[IngressRule] = []
    tls: list[IngressTLS] = []


class IngressRaw(Raw, gc=False):
    metadata: Metadata
    spec: IngressSpec = msgspec.field(default_factory=IngressSpec)
    status: Balanced = msgspec.field(default_factory=Balanced)
