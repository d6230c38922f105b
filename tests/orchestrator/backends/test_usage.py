"""orchestrator.backends.cluster.metrics: what the metrics API says, over HTTP and in the demo world"""

from datetime import UTC, datetime

import pytest
from kubernetes import client

from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.kubernetes import KubernetesCluster
from orchestrator.backends.cluster.port import Context, Kind, Usage
from orchestrator.backends.cluster.quantities import number
from orchestrator.backends.errors import BackendError, Forbidden, NotFound, Overloaded, Unreachable

PATH = "/apis/metrics.k8s.io/v1beta1"
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STAMP = "2026-01-02T03:04:05Z"


@pytest.fixture
def cluster(httpserver):
    cluster = KubernetesCluster(
        Context(name="scripted", cluster="scripted", user="somebody"),
        load=lambda: client.Configuration(host=httpserver.url_for("").rstrip("/")),
        listener=lambda change: None,
    )
    yield cluster
    cluster.close()


def measured(name: str, **more) -> dict:
    return {
        "metadata": {"name": name, "creationTimestamp": None},
        "timestamp": STAMP,
        "window": "10s",
        **more,
    }


def test_a_node_has_one_row(cluster, httpserver):
    usage = {"cpu": "319356090n", "memory": "1807800Ki"}
    httpserver.expect_request(f"{PATH}/nodes").respond_with_json({"items": [measured("n-1", usage=usage)]})
    expected = Usage(name="n-1", cpu=0.31935609, memory=1807800 * 1024, at=AT)
    assert cluster.usage(Kind.NODES) == [expected]


def test_a_pod_has_a_row_for_each_container(cluster, httpserver):
    parts = [
        {"name": "web", "usage": {"cpu": "245m", "memory": "412Mi"}},
        {"name": "proxy", "usage": {"cpu": "0", "memory": "0"}},
    ]
    pod = measured("web-1", containers=parts)
    pod["metadata"]["namespace"] = "shop"
    httpserver.expect_request(f"{PATH}/namespaces/shop/pods").respond_with_json({"items": [pod]})
    found = cluster.usage(Kind.PODS, namespace="shop")
    assert [(each.name, each.namespace, each.container) for each in found] == [
        ("web-1", "shop", "web"),
        ("web-1", "shop", "proxy"),
    ]
    assert [(each.cpu, each.memory) for each in found] == [(0.245, 432013312), (0, 0)]


def test_amounts_that_make_no_sense_are_left_out(cluster, httpserver):
    parts = [{"name": "a", "usage": {"cpu": "lots", "memory": "1Mi"}}, {"name": "b"}]
    httpserver.expect_request(f"{PATH}/pods").respond_with_json({"items": [measured("p", containers=parts)]})
    assert cluster.usage(Kind.PODS) == []


def test_no_items_are_no_rows(cluster, httpserver):
    httpserver.expect_request(f"{PATH}/pods").respond_with_json({"items": None})
    assert cluster.usage(Kind.PODS) == []


@pytest.mark.parametrize(
    ("status", "error"), [(404, NotFound), (503, Overloaded), (403, Forbidden), (500, BackendError)]
)
def test_a_failure_is_told_by_its_kind(cluster, httpserver, status, error):
    httpserver.expect_request(f"{PATH}/nodes").respond_with_data("no", status=status)
    with pytest.raises(error) as caught:
        cluster.usage(Kind.NODES)
    assert type(caught.value) is error


@pytest.mark.parametrize("body", ["[]", '{"items": [{"metadata": {}}]}', "no JSON"])
def test_an_answer_that_makes_no_sense_is_an_error(cluster, httpserver, body):
    httpserver.expect_request(f"{PATH}/nodes").respond_with_data(body)
    with pytest.raises(Unreachable, match="makes no sense"):
        cluster.usage(Kind.NODES)


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("319356090n", 0.31935609),
        ("250u", 0.00025),
        ("1807800Ki", 1807800 * 1024),
        ("128974848", 128974848),
        ("129M", 129_000_000),
        ("1Ti", 2**40),
        ("0.1", 0.1),
        ("12E", 12e18),
        ("1e-3", 0.001),
        ("", None),
        ("1KiB", None),
        ("-", None),
    ],
)
def test_quantities_are_read_exactly(quantity, expected):
    assert number(quantity) == expected


def test_nodes_of_the_demo_use_what_the_contract_says_at_its_start():
    cluster = DemoCluster(seed=42, evolve=False)
    shares = {each.name: (each.cpu / 8, each.memory / 2**35) for each in cluster.usage(Kind.NODES)}
    assert shares["worker-a"] == pytest.approx((0.45, 0.6), abs=0.001)
    assert shares["worker-b"] == pytest.approx((0.7, 0.75), abs=0.001)


def test_use_in_the_demo_changes_with_time():
    cluster = DemoCluster(seed=42, evolve=False)
    before = cluster.usage(Kind.PODS, namespace="default")
    cluster.tick(7)
    after = cluster.usage(Kind.PODS, namespace="default")
    assert {each.cpu for each in before} != {each.cpu for each in after}
    assert after[0].at > before[0].at


def test_use_in_a_demo_that_lives_is_that_of_this_minute():
    at = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
    cluster = DemoCluster(seed=42, evolve=True, clock=lambda: at)
    assert cluster.usage(Kind.NODES)[0].at == at.replace(second=0)
