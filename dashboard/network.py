"""The columns of services and ingresses."""

from django.utils.safestring import SafeString

from dashboard import cells
from dashboard.cells import AGE, NAMESPACE, STATE
from dashboard.links import Links
from dashboard.tables import Column
from orchestrator.backends.cluster.objects import Ingress, Service, ServicePort
from orchestrator.backends.cluster.port import Kind


def services(links: Links) -> tuple[Column, ...]:
    return (
        STATE,
        cells.name_of(Kind.SERVICES, links),
        NAMESPACE,
        Column("type", "Type", lambda row: row.type, sort="type"),
        Column("ip", "Cluster IP", lambda row: cells.text(row.cluster_ip), sort="clusterIP", css="mono x"),
        Column("outside", "From outside", lambda row: cells.several(outside(row)), css="mono clip o-name x"),
        Column(
            "ports",
            "Ports",
            lambda row: cells.several(map(port, row.ports)),
            css="mono clip o-name",
            label="ports",
        ),
        Column(
            "selector",
            "Selects",
            lambda row: cells.tags(row.selector),
            css="clip o-wide hide-t x",
            shown=False,
        ),
        AGE,
    )


def ingresses(links: Links) -> tuple[Column, ...]:
    def hosts(row: Ingress) -> SafeString | str:
        return ", ".join(row.hosts) or "any host"

    return (
        STATE,
        cells.name_of(Kind.INGRESSES, links),
        NAMESPACE,
        Column("class", "Class", lambda row: cells.text(row.class_name), sort="className", label="class"),
        Column("hosts", "Hosts", hosts, css="clip o-wide", label="for"),
        Column("tls", "TLS", lambda row: "yes" if row.tls else "no", css="x"),
        Column("addresses", "Address", lambda row: cells.several(row.addresses), css="mono clip o-name x"),
        AGE,
    )


def port(each: ServicePort) -> str:
    """Return a port as people write it: `80→8080` or `80→http, node port 30080`."""
    inside = f"→{each.target_port}" if each.target_port and each.target_port != each.port else ""
    protocol = "" if each.protocol == "TCP" else f"/{each.protocol}"
    node = f", node port {each.node_port}" if each.node_port else ""
    return f"{each.port}{inside}{protocol}{node}"


def outside(row: Service) -> list[str]:
    """Return the addresses by which a service is reached from outside the cluster."""
    return [
        *row.load_balancer,
        *(row.external_ips or ()),
        *([row.external_name] if row.external_name else []),
    ]
