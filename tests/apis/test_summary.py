"""apis.summary"""

import json

import pytest
from jsonschema import Draft202012Validator

from apis.summary import HEALTH, SUMMARY
from orchestrator.backends.cluster.port import CacheState, Condition, Kind
from orchestrator.backends.errors import Forbidden, Unreachable
from tests.apis.reading import error_of

READS = ["/api/dashboard/summary", "/api/cluster-health"]


@pytest.fixture
def fail(demo, monkeypatch):
    """Return a function that keeps the rows of some kinds away."""

    def fail(error, *kinds: Kind) -> None:
        condition = Condition.FORBIDDEN if isinstance(error, Forbidden) else Condition.UNREACHABLE
        for kind in kinds:
            cache = demo.cache(kind)
            state = CacheState(condition=condition, since=cache.state().since, error=error)
            monkeypatch.setattr(cache, "state", lambda state=state: state)

    return fail


def forbidden() -> Forbidden:
    return Forbidden("You may not.", service="kubernetes", status=403)


def lost() -> Unreachable:
    return Unreachable("Nobody answers.", service="kubernetes", reason="ECONNREFUSED")


def verify(api, body) -> tuple[int, dict]:
    response = api.post("/api/cluster-health", json.dumps(body), content_type="application/json")
    return response.status_code, response.json()


# --- Summary


def test_a_summary_has_the_documented_members(api):
    found = api.get("/api/dashboard/summary").json()
    assert found == {
        "deployments": {"total": 15, "healthy": 12, "degraded": 1, "progressing": 2},
        "pods": {"total": 42, "running": 35, "pending": 3, "failed": 4},
        "nodes": {"total": 3, "ready": 3, "notReady": 0},
        "configMaps": found["configMaps"],
        "secrets": 25 - found["configMaps"],
        "hpa": 5,
        "pv": {"total": 8, "bound": 5},
        "services": 10,
        "ingress": 3,
        "jobs": {"total": 5, "active": 1, "succeeded": 3, "failed": 1},
        "cronjobs": {"total": 2, "active": 1, "suspended": 1},
        "statefulsets": found["statefulsets"],
        "daemonsets": {"total": 3, "ready": 3, "notReady": 0},
    }


def test_a_namespace_takes_its_own(api):
    found = api.get("/api/dashboard/summary", {"namespace": "kube-system"}).json()
    assert (found["deployments"]["total"], found["daemonsets"]["total"], found["nodes"]["total"]) == (0, 3, 3)


def test_what_may_not_be_read_is_listed(api, fail):
    fail(forbidden(), Kind.NODES, Kind.HPAS)
    response = api.get("/api/dashboard/summary")
    found = response.json()
    assert response.headers["X-Partial"] == "true"
    assert (found["partial"], found["nodes"], found["hpa"]) == (
        True,
        {"total": 0, "ready": 0, "notReady": 0},
        0,
    )
    assert found["errors"] == [
        {"resource": "nodes", "code": "forbidden"},
        {"resource": "hpa", "code": "forbidden"},
    ]


@pytest.mark.parametrize("kinds", [(), (Kind.NODES, Kind.PODS)])
def test_a_summary_and_a_score_are_as_the_document_says(api, fail, kinds):
    fail(forbidden(), *kinds)
    for path, described in zip(READS, (SUMMARY, HEALTH), strict=True):
        validator = Draft202012Validator({**described, "additionalProperties": False})
        assert list(validator.iter_errors(api.get(path).json())) == []


# --- Score


def test_a_score_names_what_lowered_it(api):
    response = api.get("/api/cluster-health")
    assert response.json() == {
        "score": 80,
        "status": "healthy",
        "label": "Healthy",
        "issues": ["1 deployment(s) degraded", "4 pod(s) failing"],
        "partial": False,
    }
    assert (response.headers["X-Context"], response.headers["X-Backend"]) == ("demo-cluster", "demo")


def test_a_score_without_nodes_is_partial(api, fail):
    fail(forbidden(), Kind.NODES)
    response = api.get("/api/cluster-health")
    assert (response.json()["score"], response.json()["partial"]) == (80, True)
    assert response.headers["X-Partial"] == "true"


# --- Both


@pytest.mark.parametrize("path", READS)
def test_a_cluster_that_was_never_heard_of_is_503(api, fail, path):
    fail(lost(), *Kind)
    response = api.get(path)
    assert (response.status_code, error_of(response)["code"]) == (503, "connection_error")


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("namespace=Bad_NS", 400, "validation_error"),
        ("mode=live", 400, "validation_error"),
        ("context=nope", 404, "context_not_found"),
    ],
)
def test_bad_parameters_are_told(api, path, query, status, code):
    response = api.get(f"{path}?{query}")
    assert (response.status_code, error_of(response)["code"]) == (status, code)


@pytest.mark.parametrize("path", READS)
def test_strangers_are_asked_who_they_are(api, path):
    response = api.get(path, REMOTE_ADDR="192.0.2.1")
    assert (response.status_code, error_of(response)["code"]) == (401, "authentication_required")


def test_other_methods_are_refused(api):
    assert api.post("/api/dashboard/summary").status_code == 405
    assert api.delete("/api/cluster-health").headers["Allow"] == "GET, POST, HEAD, OPTIONS"


# --- Whether it answers


@pytest.mark.parametrize(
    "body", [{"contextName": "demo-cluster"}, {"context": "demo-cluster"}, {}, {"contextName": ""}]
)
def test_a_cluster_that_answers_is_verified(api, body):
    assert verify(api, body) == (
        200,
        {
            "status": "healthy",
            "contextName": "demo-cluster",
            "message": "Successfully connected to cluster",
        },
    )


def test_a_cluster_that_does_not_answer_is_not(api, demo, monkeypatch):
    def version() -> str:
        raise lost()

    monkeypatch.setattr(demo, "version", version)
    status, found = verify(api, {"contextName": "demo-cluster"})
    assert (status, found["error"]) == (503, "Failed to verify cluster connection")
    assert found["details"] == {"message": "ECONNREFUSED"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"contextName": "nope"}, 404, "context_not_found"),
        ({"contextName": "a b"}, 400, "validation_error"),
        ({"contextName": 7}, 400, "validation_error"),
        ([], 400, "bad_request"),
        ("text", 400, "bad_request"),
    ],
)
def test_what_cannot_be_verified_is_told(api, body, status, code):
    found, answer = verify(api, body)
    assert (found, answer["code"]) == (status, code)


def test_who_may_read_may_verify(api, viewer):
    api.force_login(viewer)
    assert verify(api, {})[0] == 200
