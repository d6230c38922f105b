"""The four lists of a running server agree with the API server, object by object."""

import os
from typing import Any

import pytest
from kubernetes import client, config

from tests.real.place import NOWHERE, Place
from tests.real.processes import started, wait_until
from tests.real.product import Product, Reply

pytestmark = pytest.mark.needs("TEST_KUBECONFIG")
IMAGE = "lab/busybox:1"
FINALIZER = "tests.example.com/held"
SLEEPS = ["sleep", "100000"]


def container(name: str = "main", *command: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "image": IMAGE, "command": list(command or SLEEPS), **more}


def exits(code: int) -> dict[str, Any]:
    return container("main", "sh", "-c", f"exit {code}")


def missing_map() -> dict[str, Any]:
    return container(envFrom=[{"configMapRef": {"name": "no-such-map"}}])


# What each pod is, and the statuses of contracts/clusters 6.2 that it ends in.
PODS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "healthy": ({"containers": [container()]}, {"Running"}),
    "two": ({"containers": [container("one"), container("two")]}, {"Running"}),
    "crashing": ({"containers": [exits(3)]}, {"CrashLoopBackOff"}),
    "no-image": ({"containers": [container(image="lab/no-such-image:1")]}, {"ImagePullBackOff"}),
    "no-map": ({"containers": [missing_map()]}, {"CreateContainerConfigError"}),
    "nowhere": ({"containers": [container()], "nodeSelector": NOWHERE}, {"Pending"}),
    "init": (
        {"initContainers": [exits(1) | {"name": "first"}], "containers": [container()]},
        {"Init:CrashLoopBackOff"},
    ),
    "completed": ({"containers": [exits(0)], "restartPolicy": "Never"}, {"Succeeded"}),
    "failed": ({"containers": [exits(2)], "restartPolicy": "Never"}, {"Failed"}),
    "leaving": ({"containers": [container()], "nodeSelector": NOWHERE}, {"Terminating"}),
}


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    real = {"CLUSTER_BACKEND": "auto", "KUBECONFIG": os.environ["TEST_KUBECONFIG"], "LOG_LEVEL": "warning"}
    with started(f"sqlite:///{folder}/api.sqlite3", **real) as processes:
        yield Product(processes)


@pytest.fixture(scope="module")
def workload(place: Place):
    """Make every pod of the table; those that are held are let go in the end."""
    for name, (spec, _) in PODS.items():
        metadata: dict[str, Any] = {"name": name, "labels": {"tests/pod": name}}
        if name == "leaving":
            metadata["finalizers"] = [FINALIZER]
        spec = {"terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False, **spec}
        place.api.create_namespaced_pod(place.name, {"metadata": metadata, "spec": spec})
    place.remove("leaving")
    yield place
    place.api.patch_namespaced_pod("leaving", place.name, {"metadata": {"finalizers": None}})


@pytest.fixture(scope="module")
def api():
    """Return a client that goes straight to the API server."""
    reached = config.new_client_from_config(os.environ["TEST_KUBECONFIG"])
    yield client.CoreV1Api(reached)
    reached.close()


@pytest.fixture
def pods(product, workload):
    """Return a function that gives the pods of the workload by name."""

    def pods(query: str = "") -> dict[str, dict[str, Any]]:
        reply = product.get(f"/api/pods?namespace={workload.name}&{query}")
        assert reply.status == 200, reply.body
        return {each["name"]: each for each in reply.json}

    return pods


def stamp(time: Any) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def of_pod(pod: Any) -> dict[str, Any]:
    """Return what the list must say of a pod, apart from its status."""
    statuses = {each.name: each for each in pod.status.container_statuses or []}
    containers = [
        {
            "name": each.name,
            "image": each.image,
            "ready": bool(each.name in statuses and statuses[each.name].ready),
            "restartCount": statuses[each.name].restart_count if each.name in statuses else 0,
        }
        for each in pod.spec.containers
    ]
    return {
        "name": pod.metadata.name,
        "namespace": pod.metadata.namespace,
        "createdAt": stamp(pod.metadata.creation_timestamp),
        "labels": pod.metadata.labels or {},
        "phase": pod.status.phase,
        "nodeName": pod.spec.node_name or "Unknown",
        "ip": pod.status.pod_ip or "Unknown",
        "containers": containers,
        "restartCount": sum(each["restartCount"] for each in containers),
        "ready": f"{sum(each['ready'] for each in containers)}/{len(containers)}",
    }


def same(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> bool:
    """Return True if each object says at least what is expected, in that order."""
    if len(found) != len(expected):
        return False
    return all(wanted.items() <= each.items() for each, wanted in zip(found, expected, strict=True))


def objects(reply: Reply) -> list[dict[str, Any]]:
    assert reply.status == 200, reply.body
    assert reply.headers["x-backend"] == "real"
    assert int(reply.headers["x-total-count"]) == len(reply.json)
    return list(reply.json)


@pytest.mark.parametrize("name", PODS)
def test_a_pod_has_the_status_that_a_person_would_name(pods, name):
    wait_until(lambda: pods()[name]["status"] in PODS[name][1], within_seconds=120)


def test_a_pod_says_why_it_does_not_run(pods):
    wait_until(lambda: pods()["crashing"]["restartCount"] >= 1, within_seconds=60)
    wait_until(lambda: pods()["no-image"].get("reason") in ("ImagePullBackOff", "ErrImagePull"))
    assert pods()["nowhere"]["reason"] == "Unschedulable"
    assert "node" in pods()["nowhere"]["message"]
    assert pods()["two"]["ready"] == "2/2"
    assert (pods()["nowhere"]["nodeName"], pods()["nowhere"]["ip"]) == ("Unknown", "Unknown")


def test_pods_agree_with_the_api_server(product, workload, api):
    def agree() -> bool:
        # Restarts happen between the two questions, so they are asked until nothing did.
        expected = [of_pod(each) for each in api.list_namespaced_pod(workload.name).items]
        expected.sort(key=lambda each: each["name"])
        return len(expected) == len(PODS) and same(
            objects(product.get(f"/api/pods?namespace={workload.name}")), expected
        )

    wait_until(agree, within_seconds=60)


def test_pods_of_all_namespaces_are_there(product, workload, api):
    def agree() -> bool:
        listed = api.list_pod_for_all_namespaces().items
        names = sorted((each.metadata.namespace, each.metadata.name) for each in listed)
        return [(each["namespace"], each["name"]) for each in objects(product.get("/api/pods"))] == names

    wait_until(agree, within_seconds=60)


def test_nodes_agree_with_the_api_server(product, api):
    def of_node(node: Any) -> dict[str, Any]:
        amounts = ("cpu", "memory", "pods")
        return {
            "name": node.metadata.name,
            "createdAt": stamp(node.metadata.creation_timestamp),
            "labels": node.metadata.labels,
            "version": node.status.node_info.kubelet_version,
            "osImage": node.status.node_info.os_image,
            "capacity": {name: node.status.capacity[name] for name in amounts},
            "allocatable": {name: node.status.allocatable[name] for name in amounts},
            "addresses": [{"type": each.type, "address": each.address} for each in node.status.addresses],
            "unschedulable": bool(node.spec.unschedulable),
            "status": "Ready",
        }

    found = objects(product.get("/api/nodes"))
    assert same(found, [of_node(each) for each in api.list_node().items])
    conditions = {each["type"]: each["status"] for each in found[0]["conditions"]}
    assert conditions == {
        each.type: each.status for each in api.read_node(found[0]["name"]).status.conditions
    }


def test_namespaces_agree_with_the_api_server(product, workload, api):
    def agree() -> bool:
        expected = [
            {
                "name": each.metadata.name,
                "status": each.status.phase,
                "labels": each.metadata.labels or {},
                "annotations": each.metadata.annotations or {},
                "createdAt": stamp(each.metadata.creation_timestamp),
            }
            for each in api.list_namespace().items
        ]
        return same(objects(product.get("/api/namespaces")), sorted(expected, key=lambda each: each["name"]))

    wait_until(agree, within_seconds=60)


def test_events_agree_with_the_api_server(product, workload, api):
    def key(each: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(each[name] for name in ("name", "reason", "message", "type", "count"))

    def of_event(each: Any) -> tuple[Any, ...]:
        about = each.involved_object.name
        return (
            about,
            each.reason,
            each.message,
            each.type,
            each.count or (each.series and each.series.count) or 1,
        )

    def agree() -> bool:
        found = objects(product.get(f"/api/events?namespace={workload.name}"))
        listed = api.list_namespaced_event(workload.name).items
        return sorted(map(key, found)) == sorted(map(of_event, listed))

    wait_until(agree, within_seconds=60)


def test_filters_take_what_kubectl_would(pods, workload, api):
    wait_until(lambda: pods()["two"]["phase"] == pods()["healthy"]["phase"] == "Running", within_seconds=60)
    chosen = api.list_namespaced_pod(
        workload.name, label_selector="tests/pod in (healthy,two)", field_selector="status.phase=Running"
    )
    found = pods("labelSelector=tests/pod%20in%20(healthy,two)&fieldSelector=status.phase%3DRunning")
    assert sorted(found) == sorted(each.metadata.name for each in chosen.items) == ["healthy", "two"]
    assert sorted(pods("fieldSelector=spec.nodeName%3D")) == ["leaving", "nowhere"]
    assert sorted(pods("search=NO-")) == ["no-image", "no-map"]


# --- With fewer rights


@pytest.fixture(scope="module")
def limited(tmp_path_factory, place):
    """Start a server for somebody who may read one namespace."""
    folder = tmp_path_factory.mktemp("limited")
    place.allow("nobody")
    nobody = {"KUBECONFIG": os.environ["TEST_KUBECONFIG_NOBODY"], "CLUSTER_NAMESPACES": place.name}
    with started(f"sqlite:///{folder}/limited.sqlite3", CLUSTER_BACKEND="auto", **nobody) as processes:
        yield Product(processes)


@pytest.mark.needs("TEST_KUBECONFIG_NOBODY")
class TestLimited:
    def test_what_may_be_read_is_shown_and_said_to_be_partial(self, limited, workload):
        reply = limited.get("/api/pods")
        assert (reply.status, reply.headers["x-partial"]) == (200, "true")
        assert {each["namespace"] for each in reply.json} == {workload.name}

    @pytest.mark.parametrize("path", ["/api/nodes", "/api/namespaces"])
    def test_what_may_not_be_read_is_refused_and_never_empty(self, limited, path):
        reply = limited.get(path)
        assert (reply.status, reply.json["code"]) == (403, "forbidden")
        assert reply.json["details"] == {
            "reason": "Forbidden",
            "verb": "list",
            "resource": path.removeprefix("/api/"),
            "namespace": "",
        }
