"""orchestrator.backends.cluster.kubernetes: what we ask about our own rights"""

import json

import pytest
from kubernetes import client
from werkzeug import Request, Response

from orchestrator.backends.cluster.kubernetes import KubernetesCluster
from orchestrator.backends.cluster.port import RESOURCES, Context, Kind
from orchestrator.backends.cluster.writes import REVIEWS, review_of
from orchestrator.backends.errors import Forbidden, Unreachable


@pytest.fixture
def cluster(httpserver):
    cluster = KubernetesCluster(
        Context(name="scripted", cluster="scripted", user="somebody"),
        load=lambda: client.Configuration(host=httpserver.url_for("").rstrip("/")),
        listener=lambda change: None,
    )
    yield cluster
    cluster.close()


@pytest.mark.parametrize(
    ("kind", "group"),
    [
        (Kind.PODS, ""),
        (Kind.NODES, ""),
        (Kind.DEPLOYMENTS, "apps"),
        (Kind.CRONJOBS, "batch"),
        (Kind.INGRESSES, "networking.k8s.io"),
        (Kind.HPAS, "autoscaling"),
    ],
)
def test_a_review_names_the_group_of_the_kind(kind, group):
    asked = review_of("delete", resource=RESOURCES[kind], namespace="shop")["spec"]["resourceAttributes"]
    core = {"verb": "delete", "resource": kind.value, "namespace": "shop"}
    assert asked == core | ({"group": group} if group else {})


@pytest.mark.parametrize("allowed", [True, False])
def test_the_api_server_is_asked_and_its_answer_counts(cluster, httpserver, allowed):
    asked = []

    def answer(request: Request) -> Response:
        asked.append((request.content_type, request.get_json()))
        return Response(json.dumps({"status": {"allowed": allowed}}), status=201)

    httpserver.expect_request(REVIEWS, method="POST").respond_with_handler(answer)
    assert cluster.may("list", resource=RESOURCES[Kind.PODS], namespace="shop") is allowed
    assert asked == [("application/json", review_of("list", resource=RESOURCES[Kind.PODS], namespace="shop"))]


def test_an_answer_without_a_status_makes_no_sense(cluster, httpserver):
    httpserver.expect_request(REVIEWS).respond_with_json({"kind": "SelfSubjectAccessReview"})
    with pytest.raises(Unreachable):
        cluster.may("list", resource=RESOURCES[Kind.PODS], namespace="")


def test_who_may_not_even_ask_is_told_so(cluster, httpserver):
    failure = {"kind": "Status", "code": 403, "reason": "Forbidden", "message": "no reviews for you"}
    httpserver.expect_request(REVIEWS).respond_with_json(failure, status=403)
    with pytest.raises(Forbidden, match="no reviews for you"):
        cluster.may("list", resource=RESOURCES[Kind.PODS], namespace="")
