"""GET /api/metrics/pods, and what nodes use in /api/nodes"""

import re

import pytest
from django.utils.dateparse import parse_datetime

from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import Forbidden, NotFound, Unreachable
from tests.apis.reading import check_headers, error_of

ASKED = "/api/metrics/pods?deployment=api-gateway"
REFUSED = Forbidden('pods.metrics.k8s.io is forbidden: User "viewer"', service="kubernetes", status=403)
NO_API = NotFound("the server could not find the requested resource", service="kubernetes", status=404)
DOWN = Unreachable("The API server cannot be reached (ECONNREFUSED).", service="kubernetes")


@pytest.fixture
def failing(demo):
    """Return a function that makes every question about use fail."""

    def fail(failure: Exception) -> None:
        def usage(kind, *, namespace=None):
            raise failure

        demo.usage = usage

    return fail


def test_each_container_says_what_it_uses_and_asks_for(api, demo):
    response = api.get(ASKED)
    check_headers(response)
    body = response.json()
    assert body.keys() == {"deployment", "namespace", "metrics", "requirements", "timestamp"}
    assert (body["deployment"], body["namespace"]) == ("api-gateway", "default")
    assert parse_datetime(body["timestamp"]).tzinfo
    known = {each.name for each in demo.usage(Kind.PODS) if each.name.startswith("api-gateway-")}
    assert {each["podName"] for each in body["metrics"]} == known
    assert {each["podName"] for each in body["requirements"]} > known  # Those that do not run ask too.


def test_amounts_are_quantities_and_numbers(api, demo):
    body = api.get(ASKED).json()
    use = body["metrics"][0]
    assert use.keys() == {"podName", "containerName", "cpu", "memory", "cpuValue", "memoryValue"}
    measured = next(each for each in demo.usage(Kind.PODS) if each.name == use["podName"])
    assert use["containerName"] == measured.container
    assert (use["cpu"], use["cpuValue"]) == (f"{measured.cpu * 1000:.0f}m", round(measured.cpu * 1000))
    assert (use["memory"], use["memoryValue"]) == (f"{measured.memory // 2**20}Mi", measured.memory)
    asked = body["requirements"][0]
    assert asked.keys() == {"podName", "containerName", "requests", "limits"}
    for amounts in (asked["requests"], asked["limits"]):
        assert amounts.keys() == {"cpu", "memory", "cpuValue", "memoryValue"}
        assert re.fullmatch(r"\d+m?", amounts["cpu"])
        assert amounts["memoryValue"] == int(amounts["memory"].removesuffix("Mi")) * 2**20


def test_another_namespace_has_other_deployments(api):
    body = error_of(api.get(f"{ASKED}&namespace=staging"))
    assert (body["statusCode"], body["details"]["resource"]) == (404, "Deployment")


@pytest.mark.parametrize("query", ["", "?deployment=", "?deployment=No_Name", "?deployment=a&namespace=B_A"])
def test_bad_input_is_refused(api, query):
    response = api.get(f"/api/metrics/pods{query}")
    assert response.status_code == 400
    assert error_of(response)["details"]


def test_without_a_metrics_api_it_says_so(api, failing):
    failing(NO_API)
    body = api.get(ASKED).json()
    assert (body["metrics"], body["metricsAvailable"]) == ([], False)
    assert body["requirements"]


@pytest.mark.parametrize(("failure", "status"), [(REFUSED, 403), (DOWN, 503)])
def test_what_keeps_use_away_is_told(api, failing, failure, status):
    failing(failure)
    response = api.get(ASKED)
    assert (response.status_code, error_of(response)["error"]) == (status, failure.message)


def test_a_namespace_that_may_not_be_read_is_forbidden(api, demo, settings):
    settings.CLUSTER_NAMESPACES = ["staging"]
    plain = demo.usage

    def usage(kind, *, namespace=None):
        if namespace is None:
            raise REFUSED
        return plain(kind, namespace=namespace)

    demo.usage = usage
    response = api.get(ASKED)
    assert response.status_code == 403
    error = error_of(response)
    assert "namespace default" in error["error"]
    assert error["details"]["resource"] == "pods.metrics.k8s.io"
    assert (error["details"]["verb"], error["details"]["namespace"]) == ("list", "default")


def test_one_answer_serves_many_questions(api, demo):
    asked = []
    plain = demo.usage
    demo.usage = lambda kind, *, namespace=None: asked.append(kind) or plain(kind, namespace=namespace)
    for _ in range(5):
        api.get(ASKED)
    assert asked.count(Kind.PODS) == 1


def test_other_methods_are_not_allowed(api):
    assert api.post("/api/metrics/pods").status_code == 405


def test_nodes_say_what_they_use(api):
    nodes = {each["name"]: each for each in api.get("/api/nodes").json()}
    assert nodes["worker-a"]["usage"] == {"cpu": "3600m", "memory": "19660Mi"}
    assert api.get("/api/nodes/worker-a").json()["usage"] == {"cpu": "3600m", "memory": "19660Mi"}


@pytest.mark.parametrize("failure", [NO_API, REFUSED, DOWN])
def test_nodes_say_nothing_of_use_where_nobody_knows(api, failing, failure):
    failing(failure)
    response = api.get("/api/nodes")
    assert response.status_code == 200
    assert all("usage" not in each for each in response.json())


def test_pods_do_not_show_what_is_for_ourselves(api):
    row = api.get("/api/pods?namespace=staging").json()[0]
    detail = api.get(f"/api/pods/{row['name']}?namespace=staging").json()
    assert not {"requirements", "uid", "controller", "emptyDir"} & (row.keys() | detail.keys())
    assert "ownerReferences" in detail
