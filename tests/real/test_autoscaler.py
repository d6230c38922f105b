"""What is said of an autoscaler that works from real metrics is what the API server says of it."""

import os
from collections.abc import Iterator
from contextlib import closing

import pytest
from kubernetes import client, config

from tests.real.processes import started, wait_until
from tests.real.product import Product

pytestmark = [pytest.mark.needs("TEST_KUBECONFIG"), pytest.mark.timeout(300)]
NAME = "busy"
METRICS_SECONDS = 180  # metrics-server looks every 15 s, the autoscaler's controller too


@pytest.fixture(scope="module")
def autoscaler(place) -> Iterator[client.AutoscalingV2Api]:
    """Make a deployment that is never idle, and an autoscaler that follows its CPU."""
    labels = {"app": NAME}
    container = {
        "name": "c",
        "image": "lab/busybox:1",
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", "while :; do :; done"],
        "resources": {"requests": {"cpu": "20m", "memory": "8Mi"}, "limits": {"cpu": "40m"}},
    }
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
    }
    resource = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME},
        "minReplicas": 1,
        "maxReplicas": 2,
        "metrics": [{"type": "Resource", "resource": resource}],
    }
    with closing(config.new_client_from_config(os.environ["TEST_KUBECONFIG"])) as api:
        client.AppsV1Api(api).create_namespaced_deployment(
            place.name,
            {"metadata": {"name": NAME}, "spec": {"selector": {"matchLabels": labels}, "template": template}},
        )
        scalers = client.AutoscalingV2Api(api)
        scalers.create_namespaced_horizontal_pod_autoscaler(
            place.name, {"metadata": {"name": NAME}, "spec": spec}
        )
        yield scalers


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    folder = tmp_path_factory.mktemp("autoscaler")
    real = {"CLUSTER_BACKEND": "auto", "KUBECONFIG": os.environ["TEST_KUBECONFIG"]}
    with started(f"sqlite:///{folder}/a.sqlite3", **real) as processes:
        yield Product(processes)


def test_its_use_and_its_replicas_are_those_of_the_api_server(product, place, autoscaler):
    def theirs() -> tuple[int, int, int] | None:
        found = autoscaler.read_namespaced_horizontal_pod_autoscaler(NAME, place.name).status
        current = (found.current_metrics or [None])[0]
        if (
            current is None
            or current.resource is None
            or current.resource.current.average_utilization is None
        ):
            return None
        return current.resource.current.average_utilization, found.current_replicas, found.desired_replicas

    def ours() -> tuple[int, int, int] | None:
        (row,) = product.get(f"/api/hpa?namespace={place.name}").json
        resource = row["metrics"][0]["resource"]
        assert resource["target"] == {"type": "Utilization", "averageUtilization": 80}
        if "current" not in resource:
            return None
        return resource["current"]["averageUtilization"], row["currentReplicas"], row["desiredReplicas"]

    wait_until(lambda: theirs() is not None, within_seconds=METRICS_SECONDS)
    wait_until(lambda: theirs() == ours())
    assert ours()[0] > 80
