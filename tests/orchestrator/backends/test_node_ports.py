"""Every cluster adapter gives out the ports of nodes as 1.34 does; for TEST_KUBECONFIG too."""

from contextlib import suppress

import pytest

from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import Invalid, NotFound
from tests.orchestrator.backends.acting import Bench, manifest

TAKEN = "provided port is already allocated"


def port(number: int, node_port: int = 0, *, protocol: str = "TCP") -> dict:
    found = {"name": f"p-{number}-{protocol.lower()}", "port": number, "protocol": protocol}
    return found | ({"nodePort": node_port} if node_port else {})


def service(name: str, *ports: dict, type_: str = "NodePort") -> dict:
    return manifest(Kind.SERVICES, name, spec={"type": type_, "selector": {"a": "b"}, "ports": [*ports]})


def refusal(bench: Bench, body: dict) -> Invalid:
    with pytest.raises(Invalid) as caught:
        bench.create(Kind.SERVICES, body)
    assert (caught.value.status, caught.value.reason) == (422, "Invalid")
    return caught.value


def node_ports(body: dict) -> list[int]:
    return [each["nodePort"] for each in body["spec"]["ports"]]


@pytest.fixture
def held(bench):
    """A service, and the port that it got on every node."""
    made = bench.create(Kind.SERVICES, service("web", port(80)))
    yield node_ports(made)[0]
    with suppress(NotFound):
        bench.delete(Kind.SERVICES, "web")


def test_a_service_gets_a_port_of_the_range(held):
    assert 30000 <= held <= 32767


@pytest.mark.parametrize("name", ["other", "web"])
def test_a_port_of_another_service_is_taken_whatever_the_name(bench, held, name):
    found = refusal(bench, service(name, port(81, held)))
    why = f"Invalid value: {held}: {TAKEN}"
    assert found.message == f'Service "{name}" is invalid: spec.ports[0].nodePort: {why}'
    (cause,) = found.causes
    assert (cause.field, cause.reason) == ("spec.ports[0].nodePort", "FieldValueInvalid")
    assert cause.message == why


def test_the_cause_names_the_port_that_is_taken(bench, held):
    found = refusal(bench, service("other", port(81), port(82, held, protocol="UDP")))
    assert [each.field for each in found.causes] == ["spec.ports[1].nodePort"]


@pytest.mark.parametrize("wrong", [8080, 29999, 32768, 70000, -1])
def test_a_port_beyond_the_range_is_refused(bench, wrong):
    (cause,) = refusal(bench, service("other", port(80, wrong))).causes
    rule = "provided port is not in the valid range. The range of valid ports is 30000-32767"
    assert cause.message == f"Invalid value: {wrong}: {rule}"


def test_tcp_and_udp_of_one_service_may_share_a_port(bench, held):
    bench.delete(Kind.SERVICES, "web")
    both = service("both", port(80, held), port(80, held, protocol="UDP"))
    assert node_ports(bench.create(Kind.SERVICES, both)) == [held, held]
    bench.delete(Kind.SERVICES, "both")


def test_a_port_is_free_again_once_its_service_is_gone(bench, held):
    bench.delete(Kind.SERVICES, "web")
    bench.wait_until_gone(Kind.SERVICES, "web")
    assert node_ports(bench.create(Kind.SERVICES, service("next", port(80, held)))) == [held]
    bench.delete(Kind.SERVICES, "next")


def test_a_service_keeps_its_port_when_it_is_written_again(bench, held):
    assert node_ports(bench.replace(Kind.SERVICES, service("web", port(80)))) == [held]


def test_a_service_that_opens_no_port_of_nodes_may_name_none(bench):
    found = refusal(bench, service("inside", port(80, 31999), type_="ClusterIP"))
    rule = "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"
    assert found.message == f'Service "inside" is invalid: {rule}'


@pytest.mark.parametrize(
    ("name", "ports", "fields"),
    [
        ("1x", [port(80)], ["metadata.name"]),
        ("x", [{"port": 80}, {"port": 81}], ["spec.ports[0].name", "spec.ports[1].name"]),
        ("x", [port(80, protocol="XX")], ["spec.ports[0].protocol"]),
    ],
)
def test_a_service_that_makes_no_sense_is_refused_by_its_fields(bench, name, ports, fields):
    assert [each.field for each in refusal(bench, service(name, *ports)).causes] == fields


def test_rows_of_services_say_their_node_ports(bench, held):
    bench.wait_until(lambda: [row.name for row in bench.rows(Kind.SERVICES)] == ["web"])
    (row,) = bench.rows(Kind.SERVICES)
    assert [(each.port, each.protocol, each.node_port) for each in row.ports] == [(80, "TCP", held)]
    assert row.uid == bench.get(Kind.SERVICES, "web")["metadata"]["uid"]
