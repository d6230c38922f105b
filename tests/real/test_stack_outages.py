"""An API server that goes away while stacks are made and ended, and one whose news come late"""

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils.timezone import now

from orchestrator.controllers.stacks import reconcile
from orchestrator.models import HeldPort, Stack, StackPort
from orchestrator.services import stacks
from orchestrator.services.stacks.errors import ClusterUnavailable, StackNotFound
from tests.real.acted import contexts_of
from tests.real.faults import Answer, Handler, Request
from tests.real.processes import wait_until
from tests.real.proxy import Proxy
from tests.real.stacks import WRITER, Yard, spec, yard

pytestmark = [
    pytest.mark.needs("TEST_KUBECONFIG"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(180),
]
SLEEP = spec("sleep", "3600", image="lab/busybox:1")


class Deaf(Proxy):
    """Hands on what is made of a kind, and then says that there was no answer."""

    mute = ""
    times = 1000  # how often

    def otherwise(self, handler: Handler, request: Request) -> Answer | None:
        answer = super().otherwise(handler, request)
        if request.method != "POST" or request.kind != self.mute or self.times < 1:
            return answer
        self.times -= 1
        return Answer(504)


@pytest.fixture
def proxy() -> Iterator[Deaf]:
    proxy = Deaf(os.environ["TEST_KUBECONFIG"])
    yield proxy
    proxy.close()


@pytest.fixture
def place(tmp_path, monkeypatch, settings, proxy):
    settings.STACK_SCHEDULING_TIMEOUT = timedelta(seconds=3)
    settings.K8S_API_TIMEOUT_SECONDS = 3
    with yard() as found:
        settings.STACK_NAMESPACE = found.name
        with contexts_of(proxy.kubeconfig(tmp_path / "kubeconfig"), monkeypatch, settings):
            yield found


def nothing_left(place: Yard) -> bool:
    """Let the controller look, and return True if nothing of a stack is left anywhere."""
    reconcile(now() + timedelta(minutes=1))
    return not (Stack.objects.exists() or StackPort.objects.exists() or place.pods() or place.services())


def test_a_create_without_an_api_server_ends_with_nothing(place, proxy):
    stacks.delete(WRITER, place.make(SLEEP).stack_id, at=now())
    proxy.stop()
    with pytest.raises(ClusterUnavailable):
        place.make(SLEEP)
    assert stacks.page(stacks.Query(), at=now()).total == 0
    proxy.start()
    wait_until(lambda: nothing_left(place), within_seconds=60)


@pytest.mark.parametrize("kind", ["pods", "services"])
def test_a_create_that_never_hears_the_answer_leaves_nothing_for_good(place, proxy, kind):
    """The API server has done it, and says that it failed: again and again, until the time is over."""
    stacks.delete(WRITER, place.make(SLEEP).stack_id, at=now())

    proxy.mute = kind
    with pytest.raises(ClusterUnavailable):
        place.make(SLEEP)
    proxy.mute = ""
    wait_until(lambda: nothing_left(place), within_seconds=60)


@pytest.mark.parametrize("kind", ["pods", "services"])
def test_what_was_made_by_a_try_without_an_answer_is_what_the_next_try_finds(place, proxy, kind):
    """Of a service the API server then says that its own port is taken, not that it exists."""
    stacks.delete(WRITER, place.make(SLEEP).stack_id, at=now())
    proxy.mute, proxy.times = kind, 1
    view = place.make(SLEEP)
    assert proxy.times == 0
    service = place.core.read_namespaced_service(view.service_name, place.name)
    assert [port.node_port for port in service.spec.ports] == [port.node_port for port in view.ports]
    assert not HeldPort.objects.exists()


def test_a_delete_without_an_api_server_is_finished_later(place, proxy):
    view = place.make(SLEEP)
    proxy.stop()
    with pytest.raises(ClusterUnavailable):
        stacks.delete(WRITER, view.stack_id, at=now())
    assert StackPort.objects.get().node_port == view.ports[0].node_port
    with pytest.raises(StackNotFound):
        stacks.get(view.stack_id, at=now())
    proxy.start()
    wait_until(lambda: nothing_left(place), within_seconds=60)


def test_a_node_port_that_was_taken_unheard_is_set_aside(place, proxy, settings):
    low = free_pair(place)
    settings.STACK_NODEPORT_MIN, settings.STACK_NODEPORT_MAX = low, low + 1
    stacks.delete(WRITER, place.make(SLEEP).stack_id, at=now())
    proxy.hold()  # What happens from here on is not heard of: neither of that service, nor of our own pods.
    taken = hold(place, low)
    for _ in range(30):  # Each draw begins with the one that is taken, or with the other.
        view = place.make(SLEEP)
        assert view.ports[0].node_port == low + 1
        if HeldPort.objects.filter(node_port=low).exists():
            break
        stacks.delete(WRITER, view.stack_id, at=now())
    assert HeldPort.objects.get().node_port == low
    assert taken in place.services()


def hold(place: Yard, number: int) -> str:
    """Let a service that is not ours hold a node port; return its name."""
    ports = [{"port": 80, "nodePort": number}]
    body = {
        "metadata": {"name": "other"},
        "spec": {"type": "NodePort", "selector": {"a": "b"}, "ports": ports},
    }
    place.core.create_namespaced_service(place.name, body)
    return "other"


def free_pair(place: Yard) -> int:
    """Return the first of two node ports that nobody holds."""
    services = place.core.list_service_for_all_namespaces().items
    held = {port.node_port for service in services for port in service.spec.ports}
    return next(low for low in range(32100, 32700, 2) if not held & {low, low + 1})
