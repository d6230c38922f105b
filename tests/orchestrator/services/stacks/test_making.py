"""orchestrator.services.stacks.making: what a service opens is what its stack says"""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from orchestrator.backends.cluster.port import RESOURCES, Kind
from orchestrator.backends.errors import Cause, Invalid, NotFound, TimedOut
from orchestrator.models import HeldPort, Stack
from orchestrator.services import stacks
from orchestrator.services.access import Caller
from orchestrator.services.stacks import removal
from orchestrator.services.stacks.errors import ClusterSaturated
from orchestrator.services.stacks.targets import Target
from tests.faulty import Faulty
from tests.stack_rows import SPEC

pytestmark = pytest.mark.usefixtures("db")
WRITER = Caller("shop", frozenset({"stacks:read", "stacks:write"}))
TAKEN = Invalid(
    "Service is invalid",
    service="kubernetes",
    status=422,
    reason="Invalid",
    causes=[Cause(field="spec.ports[0].nodePort", message="provided port is already allocated")],
)


@pytest.fixture
def faulty(catalogue) -> Faulty:
    opened = catalogue()
    found = opened.clusters["demo-cluster"] = Faulty(opened.clusters["demo-cluster"])
    return found


def make() -> stacks.View:
    return stacks.create(WRITER, pod_spec=SPEC, targets=(Target(80, "TCP"),), at=now()).view


def node_ports(cluster, view: stacks.View) -> list[int]:
    """Return the ports that the cluster opens for a stack."""
    service = cluster.get(RESOURCES[Kind.SERVICES], namespace="stacks", name=view.service_name)
    return [port["nodePort"] for port in service["spec"]["ports"]]


def test_a_service_whose_making_was_not_heard_of_keeps_its_port(faulty):
    faulty.fail("create", "services", TimedOut("no answer", service="kubernetes"), after=True)
    view = make()
    assert node_ports(faulty, view) == [port.node_port for port in view.ports]
    assert not HeldPort.objects.exists()


def test_a_service_that_came_late_with_a_port_given_up_makes_room_for_the_right_one(faulty):
    """The first try is under way for so long that its port looks taken, and another one is drawn."""
    faulty.fail("create", "services", TAKEN, after=True)
    faulty.fail("get", "services", NotFound("not yet", service="kubernetes", status=404))
    view = make()
    assert node_ports(faulty, view) == [port.node_port for port in view.ports]
    assert view.ports[0].node_port not in HeldPort.objects.values_list("node_port", flat=True)


def test_what_is_made_after_the_controller_gave_the_create_up_is_removed(cluster, settings):
    settings.STACK_SCHEDULING_TIMEOUT = timedelta(seconds=1)

    def gives_up(verb: str, plural: str, name: str) -> None:
        if (verb, plural) == ("create", "services"):
            row = Stack.objects.get()
            removal.want(row, Stack.Wanted.ABSENT, at=now())
            removal.clean(row, at=now())
            removal.forget(row)

    cluster.before = gives_up
    with pytest.raises(ClusterSaturated):
        make()
    assert cluster.names(Kind.SERVICES) == cluster.names(Kind.PODS) == set()
