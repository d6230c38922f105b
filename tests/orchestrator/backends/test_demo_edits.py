"""What people do to the demo world has the consequences that it would have in a cluster."""

from datetime import UTC, datetime

import pytest

from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.port import RESOURCES, ChangeType, Kind, Patch
from orchestrator.backends.errors import NotFound

START = datetime(2026, 3, 4, tzinfo=UTC)
APP = "nginx-deployment"


@pytest.fixture
def heard() -> list:
    return []


@pytest.fixture
def cluster(heard):
    cluster = DemoCluster(seed=42, evolve=False, listener=heard.append, clock=lambda: START)
    yield cluster
    cluster.close()


def pods(cluster: DemoCluster, app: str = APP, namespace: str = "default") -> list:
    return [row for row in cluster.cache(Kind.PODS).rows(namespace) if row.name.startswith(f"{app}-")]


def statuses(cluster: DemoCluster, app: str = APP) -> list[str]:
    return sorted(row.status for row in pods(cluster, app))


def deployment(cluster: DemoCluster, name: str = APP):
    return cluster.cache(Kind.DEPLOYMENTS).get("default", name)


def sets(cluster: DemoCluster, name: str = APP) -> dict[int, int]:
    """The wanted pods of each revision."""
    rows = cluster.cache(Kind.REPLICASETS).rows("default")
    return {row.revision: row.desired for row in rows if row.owner == name}


def patch(cluster: DemoCluster, kind: Kind, name: str, body: object, *, namespace="default", **more):
    more.setdefault("how", Patch.MERGE)
    return cluster.patch(RESOURCES[kind], body, namespace=namespace, name=name, **more)


def scale(cluster: DemoCluster, replicas: int, name: str = APP) -> None:
    patch(cluster, Kind.DEPLOYMENTS, name, {"spec": {"replicas": replicas}}, subresource="scale")


def set_container(cluster: DemoCluster, name: str = APP, **members) -> None:
    containers = [{"name": name, **members}]
    body = {"spec": {"template": {"spec": {"containers": containers}}}}
    patch(cluster, Kind.DEPLOYMENTS, name, body, how=Patch.STRATEGIC)


def run(cluster: DemoCluster, seconds: int) -> None:
    for _ in range(seconds):
        cluster.step(1)


def reasons(cluster: DemoCluster, name: str) -> list[str]:
    return [row.reason for row in cluster.cache(Kind.EVENTS).rows() if row.involved_object.name == name]


def test_a_scaled_deployment_gets_pods_that_start(cluster):
    before = {row.name for row in pods(cluster)}
    scale(cluster, 5)
    assert statuses(cluster) == ["Pending", "Pending", "Running", "Running", "Running"]
    assert deployment(cluster).status == "Progressing"
    run(cluster, 8)
    assert statuses(cluster) == ["Running"] * 5
    assert (deployment(cluster).status, deployment(cluster).replicas.ready) == ("Available", 5)
    assert before < {row.name for row in pods(cluster)}
    assert sets(cluster) == {3: 5}
    assert "ScalingReplicaSet" in reasons(cluster, APP)


def test_a_deployment_scaled_down_gives_up_the_newest_pods(cluster):
    scale(cluster, 1)
    assert statuses(cluster) == ["Running", "Terminating", "Terminating"]
    run(cluster, 3)
    assert statuses(cluster) == ["Running"]
    assert deployment(cluster).replicas.desired == 1


def test_the_listener_hears_of_a_change_at_once(cluster, heard):
    cluster.cache(Kind.PODS)
    scale(cluster, 4)
    assert [change.type for change in heard] == [ChangeType.ADDED]
    run(cluster, 3)
    assert {change.row.name for change in heard} == {heard[0].row.name}
    assert {change.type for change in heard[1:]} == {ChangeType.MODIFIED}


def test_a_new_image_is_rolled_out_step_by_step(cluster):
    old = {row.name for row in pods(cluster)}
    set_container(cluster, image="docker.io/library/nginx:1.27.0")
    assert deployment(cluster).status == "Progressing"
    assert sets(cluster) == {3: 3, 4: 1}
    run(cluster, 30)
    assert sets(cluster) == {3: 0, 4: 3}
    assert deployment(cluster).status == "Available"
    assert not old & {row.name for row in pods(cluster)}
    assert statuses(cluster) == ["Running"] * 3


def test_an_image_that_nobody_has_stops_the_rollout(cluster):
    set_container(cluster, image="docker.io/library/nginx:nope")
    run(cluster, 3)
    assert "ErrImagePull" in statuses(cluster)
    run(cluster, 5)
    assert statuses(cluster) == ["ImagePullBackOff", "Running", "Running", "Running"]
    assert deployment(cluster).status == "Progressing"
    cluster.step(600)
    status = cluster.read(Kind.DEPLOYMENTS, namespace="default", name=APP)["status"]
    assert [each["reason"] for each in status["conditions"]][1] == "ProgressDeadlineExceeded"
    set_container(cluster, image="docker.io/library/nginx:1.25.3")
    run(cluster, 10)
    assert (deployment(cluster).status, statuses(cluster)) == ("Available", ["Running"] * 3)
    assert sets(cluster) == {4: 0, 5: 3}  # The first one is back, under a new number.


def test_a_paused_deployment_rolls_nothing_out_until_it_is_resumed(cluster):
    patch(cluster, Kind.DEPLOYMENTS, APP, {"spec": {"paused": True}})
    set_container(cluster, image="docker.io/library/nginx:1.27.0")
    scale(cluster, 4)
    run(cluster, 10)
    assert sets(cluster) == {3: 4}
    patch(cluster, Kind.DEPLOYMENTS, APP, {"spec": {"paused": None}})
    run(cluster, 30)
    assert sets(cluster) == {3: 0, 4: 4}


def test_a_deleted_pod_comes_back_under_another_name(cluster):
    first = pods(cluster)[0].name
    cluster.delete(RESOURCES[Kind.PODS], namespace="default", name=first)
    assert statuses(cluster) == ["Pending", "Running", "Running", "Terminating"]
    run(cluster, 8)
    assert statuses(cluster) == ["Running"] * 3
    assert first not in {row.name for row in pods(cluster)}


def test_a_rollout_of_the_generated_world_comes_to_an_end_when_it_is_touched(cluster):
    patch(cluster, Kind.DEPLOYMENTS, "order-service", {"metadata": {"labels": {"a": "b"}}})
    run(cluster, 60)
    assert deployment(cluster, "order-service").status == "Available"
    cluster.tick(30)
    assert statuses(cluster, "order-service") == ["Running"] * 3


def test_the_broken_service_stays_broken_until_it_gets_more_memory(cluster):
    patch(cluster, Kind.DEPLOYMENTS, "api-gateway", {"metadata": {"labels": {"a": "b"}}})
    seen = set()
    for _ in range(40):
        cluster.step(20)
        seen |= set(statuses(cluster, "api-gateway"))
    assert "CrashLoopBackOff" in seen
    limits = {"cpu": "500m", "memory": "1Gi"}
    set_container(cluster, "api-gateway", resources={"limits": limits})
    run(cluster, 40)
    assert deployment(cluster, "api-gateway").status == "Available"
    cluster.step(600)
    assert statuses(cluster, "api-gateway") == ["Running"] * 5


def test_a_pod_that_ends_again_and_again_waits_longer_each_time(cluster):
    body = {"spec": {"containers": [{"name": "c", "image": "busybox", "command": ["sh", "-c", "exit 3"]}]}}
    body["metadata"] = {"name": "fail-1"}
    cluster.create(RESOURCES[Kind.PODS], body, namespace="default")
    run(cluster, 5)
    (row,) = pods(cluster, "fail")
    assert row.status == "CrashLoopBackOff"
    cluster.step(60)
    found = cluster.read(Kind.PODS, namespace="default", name="fail-1")["status"]["containerStatuses"][0]
    assert found["lastState"]["terminated"]["exitCode"] == 3
    assert found["restartCount"] == 2  # after 10 and 20 seconds; the next 40 are not over


def test_a_container_waits_for_its_config_map(cluster):
    container = {"name": "c", "image": "nginx", "envFrom": [{"configMapRef": {"name": "later"}}]}
    body = {"metadata": {"name": "wait-1"}, "spec": {"containers": [container]}}
    cluster.create(RESOURCES[Kind.PODS], body, namespace="default")
    run(cluster, 4)
    assert pods(cluster, "wait")[0].status == "CreateContainerConfigError"
    cluster.create(RESOURCES[Kind.CONFIGMAPS], {"metadata": {"name": "later"}}, namespace="default")
    assert pods(cluster, "wait")[0].status == "Running"


def test_new_pods_go_to_other_nodes_than_cordoned_ones(cluster):
    patch(cluster, Kind.NODES, "worker-c", {"spec": {"unschedulable": True}}, namespace="")
    scale(cluster, 6)
    new = [row for row in pods(cluster) if row.status == "Pending"]
    assert {row.node_name for row in new} == {"worker-a"}
    patch(cluster, Kind.NODES, "worker-a", {"spec": {"unschedulable": True}}, namespace="")
    scale(cluster, 7)
    conditions = [
        cluster.read(Kind.PODS, namespace="default", name=row.name)["status"]["conditions"][0]
        for row in pods(cluster)
    ]
    (why,) = [each["message"] for each in conditions if each.get("reason") == "Unschedulable"]
    assert "2 node(s) were unschedulable" in why
    patch(cluster, Kind.NODES, "worker-a", {"spec": {"unschedulable": None}}, namespace="")
    run(cluster, 8)
    assert statuses(cluster) == ["Running"] * 7


def test_more_than_the_nodes_can_hold_stays_pending(cluster):
    scale(cluster, 200)
    run(cluster, 8)
    assert "Pending" in statuses(cluster)
    assert deployment(cluster).status != "Available"


def test_what_is_in_a_deleted_namespace_goes_with_it(cluster):
    cluster.delete(RESOURCES[Kind.NAMESPACES], namespace="", name="staging")
    assert cluster.cache(Kind.NAMESPACES).get("", "staging").status == "Terminating"
    run(cluster, 3)
    assert cluster.cache(Kind.NAMESPACES).get("", "staging") is None
    cluster.tick(60)
    assert all(not cluster.cache(kind).rows("staging") for kind in Kind)


def test_a_deleted_deployment_takes_its_sets_and_pods_with_it(cluster):
    cluster.delete(RESOURCES[Kind.DEPLOYMENTS], namespace="default", name="order-service")
    run(cluster, 3)
    cluster.tick(120)
    assert (sets(cluster, "order-service"), pods(cluster, "order-service")) == ({}, [])
    with pytest.raises(NotFound):
        cluster.read(Kind.DEPLOYMENTS, namespace="default", name="order-service")


def test_nodes_live_on_when_they_are_touched(cluster):
    patch(cluster, Kind.NODES, "worker-a", {"spec": {"unschedulable": True}}, namespace="")
    first = cluster.read(Kind.NODES, namespace="", name="worker-a")["status"]["conditions"][0]
    cluster.tick(10)
    found = cluster.read(Kind.NODES, namespace="", name="worker-a")
    assert found["spec"]["unschedulable"]
    assert found["status"]["conditions"][0]["lastHeartbeatTime"] > first["lastHeartbeatTime"]


def test_a_reset_brings_the_generated_world_back(cluster):
    before = list(cluster.cache(Kind.PODS).rows())
    scale(cluster, 9)
    run(cluster, 5)
    cluster.reset()
    assert list(cluster.cache(Kind.PODS).rows()) == before


def test_the_same_deeds_at_the_same_time_have_the_same_consequences():
    worlds = []
    for steps in (1, 5, 10):
        cluster = DemoCluster(seed=42, evolve=False, clock=lambda: START)
        set_container(cluster, image="docker.io/library/nginx:1.27.0")
        for _ in range(0, 30, steps):
            cluster.step(steps)
        worlds.append(cluster.world())
        cluster.close()
    assert worlds[0] == worlds[1] == worlds[2]
