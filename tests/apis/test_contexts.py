"""apis.contexts"""

import json
from urllib.parse import quote

import pytest
from django.utils.timezone import now

from orchestrator.services import access
from orchestrator.services.clusters import added
from tests.apis.reading import error_of
from tests.kubeconfigs import kubeconfig

PATH = "/api/contexts"
SECOND = "admin@prod:eu/1"


@pytest.fixture(autouse=True)
def looked_at(db):
    added.look_again()


@pytest.fixture
def send(api, admin):
    """Return a function that sends JSON with the key of an admin."""
    key = access.issue_key("tests", scopes=["admin"], owner=admin, expires_at=None, at=now()).key

    def send(method: str, path: str, body=None, **headers):
        headers = {"X-API-Key": key} | headers
        return api.generic(
            method, path, json.dumps(body or {}), content_type="application/json", headers=headers
        )

    return send


def names(api) -> list[str]:
    return [each["name"] for each in api.get(f"{PATH}?mode=real").json()["contexts"]]


def test_contexts_are_added_listed_renamed_and_removed(send, api):
    made = send("POST", PATH, {"kubeconfig": kubeconfig()})
    assert (made.status_code, made.json()) == (201, {"success": True, "contexts": ["staging", SECOND]})
    assert names(api) == [SECOND, "staging"]
    renamed = send("PATCH", f"{PATH}/{quote(SECOND)}", {"name": "prod"})
    assert (renamed.status_code, renamed.json()) == (200, {"success": True, "name": "prod"})
    assert send("DELETE", f"{PATH}/prod").status_code == 200
    assert names(api) == ["staging"]
    assert send("DELETE", f"{PATH}/prod").status_code == 404


def test_an_added_context_that_does_not_answer_says_so(send, api):
    send("POST", PATH, {"kubeconfig": kubeconfig()})
    response = api.get("/api/test-connection?context=staging")
    assert (response.status_code, response.json()["success"]) == (503, False)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "kubeconfig"),
        ({"kubeconfig": 7}, "kubeconfig"),
        ({"kubeconfig": "nothing"}, "kubeconfig"),
        ({"kubeconfig": kubeconfig(), "contexts": "staging"}, "contexts"),
        ({"kubeconfig": kubeconfig(), "contexts": ["no-such"]}, "contexts"),
        ({"kubeconfig": kubeconfig(), "replace": 1}, "replace"),
        ({"kubeconfig": kubeconfig(user={"exec": {"command": "ls"}})}, "kubeconfig"),
    ],
)
def test_a_bad_body_is_refused_with_its_reason(send, body, path):
    response = send("POST", PATH, body)
    assert response.status_code == 400
    assert path in error_of(response)["fields"]


def test_a_context_of_the_servers_own_cannot_be_removed(send):
    response = send("DELETE", f"{PATH}/demo-cluster")
    assert (response.status_code, error_of(response)["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", PATH), ("PATCH", f"{PATH}/a"), ("DELETE", f"{PATH}/a")]
)
def test_others_than_admins_may_not(send, operator, method, path):
    key = access.issue_key("other", scopes=["clusters:write"], owner=operator, expires_at=None, at=now()).key
    assert send(method, path, **{"X-API-Key": key}).status_code == 403
