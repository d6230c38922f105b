"""orchestrator.backends.cluster.writes"""

import pytest
from kubernetes import client
from werkzeug import Request, Response

from orchestrator.backends.cluster.kubernetes import KubernetesCluster
from orchestrator.backends.cluster.port import Context
from orchestrator.backends.errors import Overloaded

EVICTION = "/api/v1/namespaces/shop/pods/web-1/eviction"
NEEDED = "The disruption budget web needs 2 healthy pods and has 2 currently"


@pytest.fixture
def cluster(httpserver):
    cluster = KubernetesCluster(
        Context(name="scripted", cluster="scripted", user="somebody"),
        load=lambda: client.Configuration(host=httpserver.url_for("").rstrip("/")),
        listener=lambda change: None,
    )
    yield cluster
    cluster.close()


def test_an_eviction_is_of_one_very_pod_and_gives_it_time(cluster, httpserver):
    asked = []

    def answer(request: Request) -> Response:
        asked.append(request.get_json())
        return Response("{}", status=201)

    httpserver.expect_request(EVICTION, method="POST").respond_with_handler(answer)
    cluster.evict("web-1", namespace="shop", uid="u-1", grace_seconds=0)
    assert asked[0]["metadata"] == {"name": "web-1", "namespace": "shop"}
    assert asked[0]["deleteOptions"]["preconditions"] == {"uid": "u-1"}
    assert asked[0]["deleteOptions"]["gracePeriodSeconds"] == 0


def test_a_budget_that_forbids_an_eviction_is_named(cluster, httpserver):
    details = {"causes": [{"reason": "DisruptionBudget", "message": NEEDED}]}
    failure = {"kind": "Status", "code": 429, "message": "Cannot evict pod.", "details": details}
    httpserver.expect_request(EVICTION).respond_with_json(failure, status=429)
    with pytest.raises(Overloaded, match="Cannot evict") as caught:
        cluster.evict("web-1", namespace="shop")
    assert [each.message for each in caught.value.causes] == [NEEDED]
