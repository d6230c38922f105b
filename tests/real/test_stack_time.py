"""A server with real stacks as time passes: they end when they should"""

from contextlib import closing
from time import monotonic

import pytest

from tests.real.processes import started, wait_until
from tests.real.shop import Shop
from tests.real.stacks import spec, yard

pytestmark = [pytest.mark.needs("TEST_KUBECONFIG"), pytest.mark.timeout(240)]
SLEEP = spec("sleep", "3600", image="lab/busybox:1", more="  terminationGracePeriodSeconds: 0\n")
TTL = 12  # seconds
PROMISED = 5  # seconds after its end in which everything of a stack is gone


@pytest.fixture
def place():
    with yard() as found:
        yield found


@pytest.fixture
def shop(tmp_path, place, proxy):
    with started(f"sqlite:///{tmp_path}/db.sqlite3") as processes, closing(proxy):
        yield Shop(processes, place, proxy.kubeconfig(tmp_path / "kubeconfig"))


def test_a_stack_ends_with_its_time_and_its_objects_soon_after(shop, place):
    shop.serve(STACK_TTL=f"{TTL}s", STACK_TTL_MAX="1h", STACK_SCHEDULER_INTERVAL="1m")
    extended = shop.create(SLEEP)
    assert shop.ask("POST", f"/stacks/{extended}/extend", {"seconds": 600})[0] == 200
    begun = monotonic()
    stack = shop.create(SLEEP)
    created = monotonic()
    wait_until(lambda: shop.ask("GET", f"/stacks/{stack}")[0] == 404, within_seconds=TTL + 5)
    assert TTL - 1 <= monotonic() - begun <= created - begun + TTL + PROMISED
    wait_until(lambda: stack not in place.pods(), within_seconds=30)
    wait_until(lambda: f"svc-{stack}" not in place.services(), within_seconds=30)
    assert monotonic() - created <= TTL + PROMISED
    assert shop.ask("GET", f"/stacks/{extended}")[0] == 200
    assert extended in place.pods()


def test_what_lost_its_pod_is_gone_and_what_is_not_ours_stays(shop, place):
    shop.serve()
    lost, kept = shop.create(SLEEP), shop.create(SLEEP)
    stranger = {
        "metadata": {"name": "stranger"},
        "spec": {"containers": [{"name": "c", "image": "lab/busybox:1"}]},
    }
    place.core.create_namespaced_pod(place.name, stranger)
    place.core.delete_namespaced_pod(lost, place.name, grace_period_seconds=0)
    wait_until(lambda: shop.ask("GET", f"/stacks/{lost}")[0] == 404, within_seconds=60)
    wait_until(lambda: place.services() == {f"svc-{kept}"})
    wait_until(lambda: shop.ask("GET", "/stats")[1]["used_node_ports"] == 1)
    assert place.pods() == {kept, "stranger"}
