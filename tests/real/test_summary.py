"""The numbers of a running server agree with the API server, whatever rights we have there."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import Any

import pytest
from kubernetes import client, config

from tests.real.place import NOWHERE
from tests.real.processes import started, wait_until
from tests.real.product import Product

pytestmark = pytest.mark.needs("TEST_KUBECONFIG")
IMAGE = "lab/busybox:1"


def pod_spec(*command: str, **more: Any) -> dict[str, Any]:
    container = {"name": "main", "image": IMAGE, "command": list(command)}
    return {
        "containers": [container],
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        **more,
    }


def deployment(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": spec}
    return {
        "metadata": {"name": name},
        # Soon given up, so that a rollout that fails is degraded while the test looks.
        "spec": {
            "replicas": 1,
            "progressDeadlineSeconds": 5,
            "selector": {"matchLabels": labels},
            "template": template,
        },
    }


def job(name: str, *command: str) -> dict[str, Any]:
    spec = pod_spec(*command, restartPolicy="Never")
    return {"metadata": {"name": name}, "spec": {"backoffLimit": 0, "template": {"spec": spec}}}


class Workload:
    """One of each, in a namespace of our own."""

    def __init__(self) -> None:
        self._client = config.new_client_from_config(os.environ["TEST_KUBECONFIG"])
        self.core = client.CoreV1Api(self._client)
        self.apps = client.AppsV1Api(self._client)
        self.batch = client.BatchV1Api(self._client)
        self.name = f"t-sum-{secrets.token_hex(4)}"

    def make(self) -> None:
        self.core.create_namespace({"metadata": {"name": self.name}})
        sleeping = pod_spec("sleep", "100000")
        self.apps.create_namespaced_deployment(self.name, deployment("healthy", sleeping))
        self.apps.create_namespaced_deployment(
            self.name, deployment("crashing", pod_spec("sh", "-c", "exit 3"))
        )
        self.apps.create_namespaced_deployment(
            self.name, deployment("nowhere", sleeping | {"nodeSelector": NOWHERE})
        )
        self.batch.create_namespaced_job(self.name, job("done", "true"))
        self.batch.create_namespaced_job(self.name, job("failed", "false"))
        self.core.create_namespaced_config_map(self.name, {"metadata": {"name": "settings"}})
        self.core.create_namespaced_secret(self.name, {"metadata": {"name": "password"}})
        port = {"ports": [{"port": 80}], "selector": {"app": "healthy"}}
        self.core.create_namespaced_service(self.name, {"metadata": {"name": "healthy"}, "spec": port})

    def close(self) -> None:
        self.core.delete_namespace(self.name)
        self._client.close()


@pytest.fixture(scope="module")
def workload() -> Iterator[Workload]:
    workload = Workload()
    workload.make()
    yield workload
    workload.close()


@contextmanager
def serving(folder: Any, kubeconfig: str, **more: str) -> Iterator[Product]:
    real = {"CLUSTER_BACKEND": "auto", "KUBECONFIG": kubeconfig, "LOG_LEVEL": "warning"}
    with started(f"sqlite:///{folder}/summary.sqlite3", **real, **more) as processes:
        yield Product(processes)


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("summary"), os.environ["TEST_KUBECONFIG"]) as product:
        yield product


def read(product: Product, path: str) -> Any:
    reply = product.get(path)
    assert reply.status == 200, reply.body
    return reply.json


def verify(product: Product, body: dict[str, Any]) -> tuple[int, Any]:
    with closing(HTTPConnection("127.0.0.1", product.port, timeout=20)) as connection:
        connection.request("POST", "/api/cluster-health", json.dumps(body))
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def test_the_numbers_of_a_namespace_are_those_of_its_workload(product, workload):
    expected = {
        "deployments": {"total": 3, "healthy": 1, "degraded": 2, "progressing": 0},
        "pods": {"total": 5, "running": 1, "pending": 1, "failed": 2},
        "jobs": {"total": 2, "active": 0, "succeeded": 1, "failed": 1},
        "configMaps": len(workload.core.list_namespaced_config_map(workload.name).items),
        "secrets": 1,
        "services": 1,
        "ingress": 0,
        "hpa": 0,
    }

    def agree() -> bool:
        found = read(product, f"/api/dashboard/summary?namespace={workload.name}")
        return bool(expected.items() <= found.items())

    wait_until(agree, within_seconds=120)


def test_the_numbers_of_the_cluster_agree_with_the_api_server(product, workload):
    def totals() -> dict[str, int]:
        return {
            "deployments": len(workload.apps.list_deployment_for_all_namespaces().items),
            "daemonsets": len(workload.apps.list_daemon_set_for_all_namespaces().items),
            "statefulsets": len(workload.apps.list_stateful_set_for_all_namespaces().items),
            "pods": len(workload.core.list_pod_for_all_namespaces().items),
            "nodes": len(workload.core.list_node().items),
            "pv": len(workload.core.list_persistent_volume().items),
            "jobs": len(workload.batch.list_job_for_all_namespaces().items),
        }

    def agree() -> bool:
        found = read(product, "/api/dashboard/summary")
        assert "partial" not in found
        return {name: found[name]["total"] for name in totals()} == totals()

    wait_until(agree, within_seconds=60)


def test_the_score_names_what_crashes(product, workload):
    def told() -> bool:
        found = read(product, f"/api/cluster-health?namespace={workload.name}")
        assert found["partial"] is False
        words = " ".join(found["issues"])
        return found["score"] <= 50 and "2 deployments degraded" in words and "2 pods failing" in words

    wait_until(told, within_seconds=60)


def test_the_cluster_is_connected(product):
    assert read(product, "/api/cluster/health")["status"] == "connected"
    assert read(product, "/api/test-connection")["success"] is True
    (context,) = [each for each in read(product, "/api/contexts")["contexts"] if each["current"]]
    status, answer = verify(product, {"contextName": context["name"]})
    assert (status, answer["status"], answer["contextName"]) == (200, "healthy", context["name"])
    assert verify(product, {"contextName": "nope"})[0] == 404


# --- With fewer rights


@pytest.fixture(scope="module")
def nobody(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("nobody"), os.environ["TEST_KUBECONFIG_NOBODY"]) as product:
        yield product


@pytest.fixture(scope="module")
def seeing(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("viewer"), os.environ["TEST_KUBECONFIG_VIEWER"]) as product:
        yield product


@pytest.mark.needs("TEST_KUBECONFIG_NOBODY")
class TestNobody:
    def test_a_summary_is_partial_and_says_of_what(self, nobody):
        found = read(nobody, "/api/dashboard/summary")
        assert (found["partial"], found["pods"]["total"], found["nodes"]["total"]) == (True, 0, 0)
        assert {"resource": "nodes", "code": "forbidden"} in found["errors"]
        assert {each["code"] for each in found["errors"]} == {"forbidden"}

    def test_a_score_of_what_may_not_be_seen_is_partial(self, nobody):
        assert read(nobody, "/api/cluster-health")["partial"] is True

    def test_a_connection_that_shows_no_pods_is_told_in_a_sentence(self, nobody):
        found = read(nobody, "/api/test-connection")
        assert found["success"] is False
        assert "may not list pods" in found["error"]

    def test_a_cluster_can_be_verified_without_rights(self, nobody):
        assert verify(nobody, {})[0] == 200


@pytest.mark.needs("TEST_KUBECONFIG_VIEWER")
class TestViewer:
    def test_a_viewer_sees_the_workload_but_what_they_may_not(self, seeing, workload):
        def agree() -> bool:
            found = read(seeing, f"/api/dashboard/summary?namespace={workload.name}")
            refused = {each["resource"] for each in found.get("errors", [])}
            return found["deployments"]["total"] == 3 and "secrets" in refused and found["secrets"] == 0

        wait_until(agree, within_seconds=60)
        assert read(seeing, "/api/test-connection")["success"] is True
