"""What is said of use is what the metrics API says, for a pod that works and for who may not read it."""

import os
from collections.abc import Iterator

import pytest
from kubernetes import client, config

from orchestrator.backends.cluster.quantities import number
from tests.real.processes import started, wait_until
from tests.real.product import Product

pytestmark = [pytest.mark.needs("TEST_KUBECONFIG"), pytest.mark.timeout(300)]
NAME = "busy"
RESOURCES = {"requests": {"cpu": "20m", "memory": "8Mi"}, "limits": {"cpu": "100m", "memory": "32Mi"}}
GROUP = ("metrics.k8s.io", "v1beta1")


def deployment() -> dict:
    """Return one pod that is never idle, beside one that always is."""
    image = {"image": "lab/busybox:1", "imagePullPolicy": "IfNotPresent"}
    busy = {"name": "busy", "command": ["sh", "-c", "while :; do :; done"], "resources": RESOURCES, **image}
    idle = {"name": "idle", "command": ["sleep", "3600"], **image}
    labels = {"app": NAME}
    pod = {"containers": [busy, idle], "terminationGracePeriodSeconds": 0}
    template = {"metadata": {"labels": labels}, "spec": pod}
    return {"metadata": {"name": NAME}, "spec": {"selector": {"matchLabels": labels}, "template": template}}


@pytest.fixture(scope="module")
def source(place) -> Iterator[client.CustomObjectsApi]:
    """Make the deployment; give what asks the metrics API itself."""
    api = config.new_client_from_config(os.environ["TEST_KUBECONFIG"])
    client.AppsV1Api(api).create_namespaced_deployment(place.name, deployment())
    yield client.CustomObjectsApi(api)
    api.close()


def product_of(folder, variable: str, **settings: str):
    real = {"CLUSTER_BACKEND": "auto", "KUBECONFIG": os.environ[variable], **settings}
    return started(f"sqlite:///{folder}/usage.sqlite3", **real)


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    with product_of(tmp_path_factory.mktemp("usage"), "TEST_KUBECONFIG") as processes:
        yield Product(processes)


@pytest.fixture(scope="module")
def viewer(tmp_path_factory, place):
    folder = tmp_path_factory.mktemp("usage-viewer")
    with product_of(folder, "TEST_KUBECONFIG_VIEWER", CLUSTER_NAMESPACES=place.name) as processes:
        yield Product(processes)


def said(source: client.CustomObjectsApi, namespace: str) -> dict[str, tuple[float, int]]:
    """Return what the metrics API says of our pod now: container -> cores and bytes."""
    found = source.list_namespaced_custom_object(*GROUP, namespace, "pods")["items"]
    return {
        each["name"]: (number(each["usage"]["cpu"]), int(number(each["usage"]["memory"])))
        for item in found
        for each in item["containers"]
    }


def test_use_is_what_the_metrics_api_says(product, source, place):
    address = f"/api/metrics/pods?deployment={NAME}&namespace={place.name}"
    heard: list[dict[str, tuple[int, int]]] = []

    def agree() -> bool:
        now = {name: (round(cpu * 1000), memory) for name, (cpu, memory) in said(source, place.name).items()}
        if now and now not in heard:
            heard.append(now)
        reply = product.get(address)
        assert reply.status == 200, reply.body
        found = {
            each["containerName"]: (each["cpuValue"], each["memoryValue"]) for each in reply.json["metrics"]
        }
        return bool(found) and found in heard and found["busy"][0] > 0

    wait_until(agree, within_seconds=200, every_seconds=0.5)
    body = product.get(address).json
    asked = {each["containerName"]: (each["requests"], each["limits"]) for each in body["requirements"]}
    assert asked["busy"] == (
        {"cpu": "20m", "memory": "8Mi", "cpuValue": 20, "memoryValue": 8 * 2**20},
        {"cpu": "100m", "memory": "32Mi", "cpuValue": 100, "memoryValue": 32 * 2**20},
    )
    assert asked["idle"][1] == {"cpu": "0", "memory": "0", "cpuValue": 0, "memoryValue": 0}
    assert "metricsAvailable" not in body


def test_nodes_use_what_the_metrics_api_says(product, source):
    heard: set[tuple[str, int, int]] = set()

    def agree() -> bool:
        for item in source.list_cluster_custom_object(*GROUP, "nodes")["items"]:
            cpu, memory = number(item["usage"]["cpu"]), number(item["usage"]["memory"])
            heard.add((item["metadata"]["name"], round(cpu * 1000), round(memory / 2**20)))
        found = {
            (each["name"], int(each["usage"]["cpu"][:-1]), int(each["usage"]["memory"][:-2]))
            for each in product.get("/api/nodes").json
            if "usage" in each
        }
        return bool(found) and found <= heard

    wait_until(agree, within_seconds=120, every_seconds=0.5)


@pytest.mark.needs("TEST_KUBECONFIG_VIEWER")
def test_who_may_not_read_use_is_told_so(viewer, source, place):
    reply = viewer.get(f"/api/metrics/pods?deployment={NAME}&namespace={place.name}")
    assert (reply.status, reply.json["code"]) == (403, "forbidden")
    assert "metrics.k8s.io" in reply.json["error"]


@pytest.mark.needs("TEST_KUBECONFIG_VIEWER")
def test_nodes_are_listed_without_their_use(viewer):
    reply = viewer.get("/api/nodes")
    assert reply.status == 200
    assert reply.json
    assert not any("usage" in each for each in reply.json)
