"""apis.topology"""

import pytest
from jsonschema import Draft202012Validator

from apis.topology import TOPOLOGY
from orchestrator.backends.cluster.port import CacheState, Condition, Kind
from orchestrator.backends.errors import Forbidden
from tests.apis.reading import error_of

PATH = "/api/topology"


def test_a_map_has_nodes_edges_and_where_it_is_from(api):
    response = api.get(PATH, {"namespace": "default"})
    found = response.json()
    assert {
        "id": "deployment-backend",
        "kind": "Deployment",
        "name": "backend",
        "namespace": "default",
    }.items() <= (next(node for node in found["nodes"] if node["id"] == "deployment-backend").items())
    assert {
        "source": "ingress-api",
        "target": "service-api-gateway",
        "relation": "routes",
    } in found["edges"]
    assert (found["grouped"], found["groupedBy"], found["errors"]) == (False, "", [])
    assert (response.headers["X-Context"], response.headers["X-Backend"]) == ("demo-cluster", "demo")


def test_a_map_is_as_the_document_says(api):
    document = api.get("/api/openapi.json").json()
    described = document["paths"][PATH]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    validator = Draft202012Validator({**described, "components": document["components"]})
    assert list(validator.iter_errors(api.get(PATH).json())) == []
    assert described["required"] == TOPOLOGY["required"]


def test_who_has_a_map_is_told_that_it_is_the_same(api):
    first = api.get(PATH)
    again = api.get(PATH, HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert (again.status_code, again.content, again.headers["X-Context"]) == (304, b"", "demo-cluster")


def test_kinds_can_be_chosen(api):
    found = api.get(PATH, {"kinds": "deployments,pods", "namespace": "default"}).json()
    assert {node["kind"] for node in found["nodes"]} == {"Deployment", "Pod"}
    assert {edge["relation"] for edge in found["edges"]} == {"owns"}


def test_a_kind_that_may_not_be_read_is_named(api, demo, monkeypatch):
    cache = demo.cache(Kind.SECRETS)
    refused = Forbidden("You may not.", service="kubernetes", status=403)
    state = CacheState(condition=Condition.FORBIDDEN, since=cache.state().since, error=refused)
    monkeypatch.setattr(cache, "state", lambda: state)
    response = api.get(PATH, {"namespace": "default"})
    found = response.json()
    assert found["errors"] == [{"resource": "secrets", "code": "forbidden"}]
    assert response.headers["X-Partial"] == "true"
    # That a deployment names a secret is no secret, but nothing more is known of it.
    assert {node["state"] for node in found["nodes"] if node["kind"] == "Secret"} == {"unread"}


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("namespace=Bad_NS", 400, "validation_error"),
        ("kinds=things", 400, "validation_error"),
        ("context=nope", 404, "context_not_found"),
    ],
)
def test_bad_parameters_are_told(api, query, status, code):
    response = api.get(f"{PATH}?{query}")
    assert (response.status_code, error_of(response)["code"]) == (status, code)


def test_strangers_are_asked_who_they_are(api):
    response = api.get(PATH, REMOTE_ADDR="192.0.2.1")
    assert (response.status_code, error_of(response)["code"]) == (401, "authentication_required")
