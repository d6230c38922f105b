"""apis.editing: objects changed and made as YAML"""

import json

import pytest
from django.utils.timezone import now

from orchestrator.models import AuditEvent
from orchestrator.services import access
from tests.apis.reading import check_headers, error_of

PLACE = "namespace=default&context=demo-cluster"
CONFIG = "/api/resources/configmaps/app-config/yaml"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fresh}\ndata: {a: b}\n"


def put(api, body, path=CONFIG, query="", **more):
    return api.put(f"{path}?{PLACE}&{query}", body, content_type="application/json", **more)


def apply(api, text, query="", **more):
    return api.post(f"/api/apply?{PLACE}&{query}", {"yaml": text}, content_type="application/json", **more)


@pytest.fixture
def text(api) -> str:
    return api.get(f"{CONFIG}?{PLACE}").json()["yaml"]


def test_what_was_read_can_be_put_back_changed(api, text):
    response = put(api, {"yaml": text.replace("\ndata:", "\ndata:\n  fresh: '1'")})
    assert response.status_code == 200, response.content
    check_headers(response)
    body = response.json()
    assert body["changes"] == [{"field": "data.fresh", "after": "1", "managers": []}]
    assert body["dryRun"] is False
    assert "fresh: '1'" in api.get(f"{CONFIG}?{PLACE}").json()["yaml"]
    assert response.headers["X-Context"] == "demo-cluster"
    assert AuditEvent.objects.get().action == "Edit"


def test_a_dry_run_stores_nothing(api, text):
    response = put(api, {"yaml": text.replace("\ndata:", "\ndata:\n  fresh: '1'")}, query="dryRun=true")
    assert (response.status_code, response.json()["dryRun"]) == (200, True)
    assert "fresh" in response.json()["yaml"]
    assert api.get(f"{CONFIG}?{PLACE}").json()["yaml"] == text


def test_an_old_version_is_a_conflict(api, text):
    response = put(api, {"yaml": text, "resourceVersion": "1"})
    assert (response.status_code, error_of(response)["code"]) == (409, "conflict")


@pytest.mark.parametrize("path", ["deployments/api-gateway", "services/api-gateway", "pods/none"])
def test_other_kinds_can_be_put_back_too(api, path):
    kind, name = path.split("/")
    text = f"apiVersion: v1\nkind: X\nmetadata: {{name: {name}}}"
    body = error_of(put(api, {"yaml": text}, path=f"/api/resources/{kind}/{name}/yaml"))
    assert body["fields"]["yaml"][0].split(" must stay ")[0] in ("kind", "apiVersion")


def test_any_kind_that_is_served_can_be_put_back(api):
    text = (
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: nope}\n"
        "spec: {podSelector: {}}\n"
    )
    path = "/api/resources/networkpolicies.networking.k8s.io/nope/yaml"
    response = put(api, {"yaml": text}, path=path)
    assert (response.status_code, error_of(response)["details"]["resource"]) == (404, "NetworkPolicy")
    assert put(api, {"yaml": text}, path=path.replace("k8s.io", "example.com")).status_code == 404


def test_the_contract_of_reading_stays(api):
    assert api.get(f"/api/resources/services/api-gateway/yaml?{PLACE}").status_code == 400
    assert put(api, {"yaml": "a"}, path="/api/resources/widgets/a/yaml").status_code == 400


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "yaml"),
        ({"yaml": 3}, "yaml"),
        ({"yaml": ""}, "yaml"),
        ({"yaml": "a: ["}, "yaml"),
        ({"yaml": MAP, "resourceVersion": 3}, "resourceVersion"),
    ],
)
def test_bad_bodies_name_the_field(api, body, field):
    response = put(api, body)
    assert (response.status_code, error_of(response)["code"]) == (400, "validation_error")
    assert error_of(response)["details"][0]["path"] == field


@pytest.mark.parametrize("query", ["dryRun=yes", "dryRun=1"])
def test_bad_flags_are_named(api, text, query):
    assert error_of(put(api, {"yaml": text}, query=query))["details"][0]["path"] == "dryRun"
    assert error_of(apply(api, MAP, query=query))["details"][0]["path"] == "dryRun"


def test_a_namespace_is_required(api, text):
    response = api.put(CONFIG, {"yaml": text}, content_type="application/json")
    assert error_of(response)["error"] == "Namespace parameter is required"


def test_bad_json_is_400(api):
    assert put(api, "{").status_code == 400


def test_what_is_not_there_is_404(api, text):
    named = text.replace("name: app-config", "name: nope")
    response = put(api, {"yaml": named}, path=CONFIG.replace("app-config", "nope"))
    assert (response.status_code, error_of(response)["details"]["identifier"]) == (404, "nope")


def test_values_of_secrets_are_never_answered(api, demo):
    path = "/api/resources/secrets/api-keys/yaml"
    text = api.get(f"{path}?{PLACE}").json()["yaml"]
    response = put(
        api, {"yaml": text.replace("\ndata:", "\nstringData:\n  fresh: my-0wn-value\ndata:")}, path=path
    )
    assert response.status_code == 200, response.content
    assert "my-0wn-value" not in response.content.decode()
    assert response.json()["changes"][0]["after"] == "********"


@pytest.mark.parametrize("call", [put, apply])
def test_who_may_only_read_is_refused(api, call):
    issued = access.issue_key("reader", scopes=["clusters:read"], owner=None, at=now())
    body = MAP if call is apply else {"yaml": MAP}
    response = call(api, body, headers={"X-API-Key": issued.key})
    assert (response.status_code, error_of(response)["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize("call", [put, apply])
def test_strangers_are_refused(api, call):
    body = MAP if call is apply else {"yaml": MAP}
    assert call(api, body, REMOTE_ADDR="203.0.113.7").status_code == 401


def test_a_kind_that_nobody_serves_is_one_refused_object(api):
    text = "apiVersion: example.com/v1\nkind: Nothing\nmetadata: {name: a}\n"
    response = apply(api, text)
    assert response.status_code == 200
    assert response.json()["results"] == [
        {
            "kind": "Nothing",
            "name": "a",
            "action": "refused",
            "error": "The cluster serves no Nothing of example.com/v1.",
        }
    ]


def test_a_text_that_cannot_be_read_applies_nothing(api):
    response = apply(api, f"{MAP}---\nkind: [")
    assert (response.status_code, error_of(response)["code"]) == (400, "validation_error")
    assert not AuditEvent.objects.exists()


def test_both_calls_are_documented(api):
    paths = json.loads(api.get("/openapi.json").content)["paths"]
    assert {"get", "put"} <= paths["/api/resources/{type}/{name}/yaml"].keys()
    assert (
        "409" in paths["/api/apply"]["post"]["responses"] or "200" in paths["/api/apply"]["post"]["responses"]
    )
