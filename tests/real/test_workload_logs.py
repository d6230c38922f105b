"""Logs of a workload of a running server, in a real cluster: merged, followed while it grows, flooded."""

import os
import socket
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from time import monotonic

import pytest
from kubernetes import client

from tests.real.place import Place
from tests.real.processes import started, wait_until
from tests.real.product import Product
from tests.real.test_logs import COUNTS, FLOODS, MOST_GROWTH_BYTES, container

pytestmark = pytest.mark.needs("TEST_KUBECONFIG")
SECONDS = 6


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workload-logs")
    with started(f"sqlite:///{folder}/logs.sqlite3", CLUSTER_BACKEND="kubernetes") as processes:
        yield Product(processes, KUBECONFIG=os.environ["TEST_KUBECONFIG"], LOG_LEVEL="warning")


@pytest.fixture(scope="module")
def apps(place: Place) -> client.AppsV1Api:
    """Return the way to the deployments of the namespace: two that count, two that flood."""
    found = client.AppsV1Api(place.api.api_client)
    for name, command in (("counts", COUNTS), ("floods", FLOODS)):
        labels = {"app": name}
        pod = {"containers": [container("main", command)], "terminationGracePeriodSeconds": 0}
        template = {"metadata": {"labels": labels}, "spec": pod}
        spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
        found.create_namespaced_deployment(place.name, {"metadata": {"name": name}, "spec": spec})
    return found


@pytest.fixture
def ask(product, place, apps):
    """Return a function that asks for the logs of a deployment."""
    return lambda name, query="": product.get(f"/api/deployments/{name}/logs?namespace={place.name}&{query}")


@pytest.fixture
def follow(product, place):
    """Return a context manager that opens a stream of the logs of a deployment."""

    @contextmanager
    def follow(name: str):
        with closing(HTTPConnection("127.0.0.1", product.port, timeout=60)) as connection:
            path = f"/api/deployments/{name}/logs?namespace={place.name}&tail=5"
            connection.request("GET", path, headers={"Accept": "text/event-stream"})
            yield connection.getresponse()
            connection.sock and connection.sock.shutdown(socket.SHUT_RDWR)

    return follow


def pods_of(reply) -> set[str]:
    return {each["pod"] for each in reply.json.get("parsed", ())}


def until(condition) -> None:
    wait_until(condition, within_seconds=90)


def test_lines_of_both_pods_are_in_the_order_of_time(ask):
    until(lambda: len(pods_of(ask("counts"))) == 2)
    reply = ask("counts", "timestamps=true&tail=200")
    stamps = [line.partition("] ")[2].partition(" ")[0] for line in reply.json["logs"].splitlines()]
    assert stamps == sorted(stamps)
    assert reply.json["unread"] == []


def test_the_download_holds_every_line_of_every_pod(ask, place):
    until(lambda: len(pods_of(ask("counts"))) == 2)
    text = ask("counts", "download=true").body.decode()
    for pod in pods_of(ask("counts")):
        ours = [line.rsplit(" ", 1)[1] for line in text.splitlines() if line.startswith(f"[{pod}/main]")]
        assert ours == [str(number) for number in range(1, len(ours) + 1)]


def test_a_pod_that_starts_joins_and_one_that_goes_leaves(ask, follow, apps, place):
    until(lambda: len(pods_of(ask("counts"))) == 2)
    with follow("counts") as response:
        joined = sources(response, "joined", 2)
        apps.patch_namespaced_deployment("counts", place.name, {"spec": {"replicas": 3}})
        (new,) = sources(response, "joined", 1)
        assert new not in joined
        apps.patch_namespaced_deployment("counts", place.name, {"spec": {"replicas": 2}})
        assert sources(response, "ended", 1)


def sources(response, type_: str, count: int) -> list[str]:
    """Return the containers that the stream tells of next."""
    found: list[str] = []
    while len(found) < count:
        line = response.readline().decode()
        if line.startswith('data: {"source"') and f'"type": "{type_}"' in line:
            found.append(line.split('"')[3])
    return found


def test_a_flood_of_several_pods_is_followed_in_constant_memory(product, ask, follow):
    until(lambda: len(pods_of(ask("floods", "tail=1000"))) == 2)
    with follow("floods") as response:
        read_for(response, SECONDS)
        before = product.memory_bytes()
        assert read_for(response, SECONDS) > 1000 * SECONDS
        assert product.memory_bytes() - before < MOST_GROWTH_BYTES
        begun = monotonic()
        assert product.get("/livez").status == 200
        assert monotonic() - begun < 5


def read_for(response, seconds: float) -> int:
    """Return how many lines were told while we read for so long."""
    ends_at, count = monotonic() + seconds, 0
    while monotonic() < ends_at:
        count += response.readline().startswith(b"event: log")
    return count
