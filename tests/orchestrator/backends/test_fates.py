"""Every cluster adapter lets pods end, fail, wait and be lost as 1.34 does; for TEST_KUBECONFIG too."""

import pytest

from orchestrator.backends.cluster import objects
from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.port import RESOURCES, Kind
from tests.orchestrator.backends.acting import manifest
from tests.orchestrator.backends.test_admission import takes_pods
from tests.real.place import NOWHERE


def pod(name: str, *command: str, **spec) -> dict:
    container = {"name": "c", "image": "lab/busybox:1", "imagePullPolicy": "IfNotPresent"}
    container |= {"command": [*command]} if command else {"ports": [{"containerPort": 80}]}
    whole = {"containers": [container], "restartPolicy": "Never", "terminationGracePeriodSeconds": 0}
    return manifest(Kind.PODS, name, spec=whole | spec)


@pytest.fixture(scope="module")
def place(bench):
    bench.wait_until(lambda: takes_pods(bench))
    return bench


def row(bench, name: str) -> objects.Pod | None:
    return next((each for each in bench.rows(Kind.PODS) if each.name == name), None)


def ended(bench, body: dict) -> objects.Pod:
    """Create a pod and return its row once it is over."""
    name = body["metadata"]["name"]
    bench.create(Kind.PODS, body)

    def is_over() -> bool:
        found = row(bench, name)
        return found is not None and found.phase in ("Succeeded", "Failed") and bool(found.halts)

    bench.wait_until(is_over)
    found = row(bench, name)
    assert found is not None
    return found


def test_a_pod_whose_containers_end_well_succeeds(place):
    found = ended(place, pod("well", "true"))
    assert found.phase == "Succeeded"
    assert found.halts == (objects.Halt("c", "Completed", "", 0),)


def test_a_pod_whose_container_fails_is_failed_with_its_code(place):
    found = ended(place, pod("badly", "sh", "-c", "exit 3"))
    assert (found.phase, found.reason) == ("Failed", "Error")
    assert found.halts == (objects.Halt("c", "Error", "", 3),)


def test_a_pod_past_its_deadline_is_failed_for_that(place):
    found = ended(place, pod("late", "sleep", "1000", activeDeadlineSeconds=4))
    assert (found.phase, found.status, found.reason) == ("Failed", "DeadlineExceeded", "DeadlineExceeded")
    assert found.message == "Pod was active on the node longer than the specified deadline"


def test_a_pod_that_no_node_suits_says_so(place):
    place.create(Kind.PODS, pod("lost", "true", nodeSelector=NOWHERE))
    place.wait_until(lambda: (found := row(place, "lost")) and found.is_unschedulable)
    found = row(place, "lost")
    assert found is not None
    assert (found.phase, found.is_scheduled, found.halts) == ("Pending", False, ())
    assert "nodes are available" in str(found.message)


def test_a_pod_that_is_deleted_without_grace_is_gone(place):
    place.create(Kind.PODS, pod("brief", "sleep", "1000"))
    place.wait_until(lambda: (found := row(place, "brief")) and found.phase == "Running")
    place.delete(Kind.PODS, "brief", grace_seconds=0)
    place.wait_until(lambda: row(place, "brief") is None)


@pytest.fixture
def demo():
    cluster = DemoCluster(seed=42, evolve=False)
    yield cluster
    cluster.close()


def put(cluster: DemoCluster, body: dict) -> None:
    cluster.create(RESOURCES[Kind.PODS], body, namespace="default")


def pods(cluster: DemoCluster, seconds: int) -> dict[str, objects.Pod]:
    for _ in range(seconds):
        cluster.step(1)
    return {each.name: each for each in cluster.cache(Kind.PODS).rows("default")}


def test_what_listens_runs_on_although_it_would_not_be_started_again(demo):
    put(demo, pod("server", nodeSelector={"role": "stack"}))
    found = pods(demo, 300)["server"]
    assert (found.phase, found.node_name) == ("Running", "worker-c")


def test_an_image_that_is_not_there_is_named(demo):
    body = pod("missing")
    body["spec"]["containers"][0]["image"] = "missing/thing:1"
    put(demo, body)
    (halt,) = pods(demo, 10)["missing"].halts
    assert (halt.reason, halt.exit_code) == ("ImagePullBackOff", None)


def test_a_node_that_is_gone_takes_its_pods_with_it(demo):
    put(demo, pod("server", nodeSelector={"role": "stack"}))
    node = pods(demo, 5)["server"].node_name
    others = {each.name for each in pods(demo, 0).values() if each.node_name == node}
    demo.delete(RESOURCES[Kind.NODES], namespace="", name=node)
    assert pods(demo, 0)["server"].status == "Terminating"
    left = pods(demo, 30)
    assert not others & left.keys()
    assert node not in {each.node_name for each in left.values()}


@pytest.mark.parametrize(
    ("name", "address"), [("worker-a", "203.0.113.10"), ("worker-b", ""), ("worker-c", "203.0.113.12")]
)
def test_nodes_for_stacks_have_their_public_addresses(demo, name, address):
    node = demo.cache(Kind.NODES).get("", name)
    assert node is not None
    assert node.labels["role"] == "stack"
    assert [each.address for each in node.addresses if each.type == "ExternalIP"] == (
        [address] if address else []
    )
