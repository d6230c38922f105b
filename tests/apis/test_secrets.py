"""apis.secrets: the values of a secret, and that no other answer has them"""

from base64 import b64decode

import pytest
from django.utils.timezone import now

from orchestrator.backends.cluster.port import Kind
from orchestrator.models import AuditEvent
from orchestrator.services import access
from tests.apis.reading import error_of

SECRET = "/api/secrets/db-credentials"
IN_DEFAULT = "?namespace=default"


@pytest.fixture
def key(db):
    """Return the header with a key that may see secrets."""
    issued = access.issue_key("see", scopes=["clusters:read", "clusters:secrets"], owner=None, at=now())
    return {"X-API-Key": issued.key}


def values_of(demo) -> set[bytes]:
    """Return the values of a secret of the demo world, in base64 and plain."""
    data = demo.read(Kind.SECRETS, namespace="default", name="db-credentials")["data"].values()
    return {*(value.encode() for value in data), *(b64decode(value) for value in data)}


@pytest.mark.parametrize(
    "path", ["secrets", "secrets/db-credentials", "resources/secrets/db-credentials/yaml", "labels"]
)
def test_no_value_of_a_secret_is_in_any_other_answer(api, demo, path):
    content = api.get(f"/api/{path}{IN_DEFAULT}").content
    assert [value for value in values_of(demo) if value in content] == []


def test_a_secret_shows_a_mask_for_every_value(api):
    found = api.get(f"{SECRET}{IN_DEFAULT}").json()
    assert found["data"] == {"DB_PASSWORD": "********", "DB_USER": "********"}


def reveal(api, key, **body):
    return api.post(f"{SECRET}/reveal", body, content_type="application/json", headers=key)


def test_a_reveal_gives_the_values_and_is_written_down(api, demo, key):
    response = reveal(api, key, namespace="default", reason="the restore needs it")
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    body = response.json()
    assert body.keys() == {"name", "namespace", "type", "keys", "data", "masked", "revealedAt"}
    assert body["data"] == demo.read(Kind.SECRETS, namespace="default", name="db-credentials")["data"]
    assert (body["masked"], body["keys"]) == (False, ["DB_PASSWORD", "DB_USER"])
    event = AuditEvent.objects.filter(action="Reveal secret").get()
    assert (event.actor, event.target, event.result) == ("key see", "secret db-credentials", "done")
    assert event.place == "demo-cluster / default"
    assert event.note == "the restore needs it (keys: DB_PASSWORD, DB_USER)"


def test_a_reveal_can_be_of_some_keys(api, key):
    body = reveal(api, key, namespace="default", keys=["DB_USER"]).json()
    assert (list(body["data"]), body["keys"]) == (["DB_USER"], ["DB_USER"])


@pytest.mark.parametrize(
    "wrong",
    [{"keys": ["NOPE"]}, {"keys": []}, {"keys": "DB_USER"}, {"keys": [1]}, {"reason": "x" * 201}],
)
def test_a_wrong_reveal_shows_nothing(api, key, wrong):
    response = reveal(api, key, namespace="default", **wrong)
    assert (response.status_code, error_of(response)["code"]) == (400, "validation_error")


def test_a_reveal_needs_a_namespace(api, key):
    assert error_of(reveal(api, key))["error"] == "Namespace parameter is required"


def test_a_reveal_that_fails_is_written_down_too(api, key):
    response = api.post(
        "/api/secrets/nope/reveal", {"namespace": "default"}, content_type="application/json", headers=key
    )
    assert response.status_code == 404
    assert AuditEvent.objects.get(action="Reveal secret").result == "failed"


@pytest.mark.parametrize("address", ["127.0.0.1", "203.0.113.7"])
def test_nobody_unknown_is_shown_a_value(api, demo, address):
    response = api.post(
        f"{SECRET}/reveal", {"namespace": "default"}, content_type="application/json", REMOTE_ADDR=address
    )
    assert (response.status_code, error_of(response)["code"]) == (401, "authentication_required")


def test_a_key_without_the_scope_is_shown_no_value(api):
    issued = access.issue_key("reader", scopes=["clusters:read", "clusters:write"], owner=None, at=now())
    response = reveal(api, {"X-API-Key": issued.key}, namespace="default")
    assert (response.status_code, error_of(response)["code"]) == (403, "insufficient_scope")
