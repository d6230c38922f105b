"""orchestrator.services.clusters.ports"""

import pytest

from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import ports


def test_ports_of_a_service_say_where_they_lead():
    spec = {"ports": [{"port": 80, "targetPort": "web", "name": "http"}, {"port": 53, "protocol": "UDP"}]}
    http, dns = ports.of(Kind.SERVICES, {"spec": spec})
    assert (http.number, http.name, http.where, http.opens, http.tls) == (
        80,
        "http",
        "target web",
        True,
        False,
    )
    assert (dns.number, dns.where, dns.opens) == (53, "target 53", False)


def test_ports_of_a_pod_are_those_of_all_its_containers():
    spec = {
        "initContainers": [{"name": "proxy", "ports": [{"containerPort": 15001}]}],
        "containers": [{"name": "app", "ports": [{"containerPort": 8080}]}, {"name": "silent"}],
    }
    found = ports.of(Kind.PODS, {"spec": spec})
    assert [(each.number, each.where) for each in found] == [(15001, "proxy"), (8080, "app")]


@pytest.mark.parametrize(
    ("port", "tls"),
    [
        ({"port": 443}, True),
        ({"port": 8443, "name": "https"}, True),
        ({"port": 8443, "name": "https-admin"}, True),
        ({"port": 8443, "name": "x", "appProtocol": "https"}, True),
        ({"port": 443, "name": "http"}, True),
        ({"port": 8443}, False),
        ({"port": 80, "name": "httpsomething"}, False),
    ],
)
def test_a_port_speaks_tls_by_its_protocol_name_or_number(port, tls):
    assert ports.of(Kind.SERVICES, {"spec": {"ports": [port]}})[0].tls is tls


def test_an_object_without_ports_has_none():
    assert ports.of(Kind.SERVICES, {}) == []
    assert ports.of(Kind.PODS, {"spec": {"containers": [{"name": "a"}]}}) == []
