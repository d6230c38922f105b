"""apis.actions: what is done to workloads and pods"""

import pytest
from django.utils.timezone import now

from apis import acting
from orchestrator.backends.cluster.port import LISTED, Kind
from orchestrator.models import AuditEvent
from orchestrator.services import access
from tests.apis.reading import error_of

RESTARTS = ["deployments/api-gateway", "statefulsets/postgres", "daemonsets/agent"]


def post(api, path, body=None, **more):
    return api.post(f"/api/{path}", body or {}, content_type="application/json", **more)


@pytest.mark.parametrize("path", [*RESTARTS, "pods/web"])
def test_a_caller_who_may_only_read_is_refused(api, path):
    issued = access.issue_key("reader", scopes=["clusters:read"], owner=None, at=now())
    response = post(api, f"{path}/restart?namespace=default", headers={"X-API-Key": issued.key})
    assert (response.status_code, error_of(response)["code"]) == (403, "insufficient_scope")
    assert not AuditEvent.objects.filter(action="Restart").exists()


@pytest.mark.parametrize("path", RESTARTS)
def test_a_stranger_is_refused(api, path):
    assert post(api, f"{path}/restart?namespace=default", REMOTE_ADDR="203.0.113.7").status_code == 401


@pytest.mark.parametrize("path", ["deployments/api-gateway", "pods/web"])
def test_a_restart_needs_a_namespace(api, path):
    assert error_of(post(api, f"{path}/restart"))["error"] == "Namespace parameter is required"


@pytest.mark.parametrize("path", ["deployments/api-gateway", "pods/web"])
def test_a_query_and_a_body_must_not_name_two_namespaces(api, path):
    response = post(api, f"{path}/restart?namespace=default", {"namespace": "shop"})
    assert (response.status_code, error_of(response)["details"][0]["path"]) == (400, "namespace")


@pytest.mark.parametrize(
    "body", ["[]", "1", "{", '{"namespace": 1}', '{"namespace": "Bad_NS"}', '{"namespace": {}}']
)
def test_a_body_that_makes_no_sense_is_refused(api, body):
    response = api.post("/api/deployments/web/restart", body, content_type="application/json")
    assert response.status_code == 400
    assert error_of(response)["code"] in ("bad_request", "validation_error")


def test_a_pod_that_is_not_there_cannot_be_restarted(api):
    response = post(api, "pods/nope/restart", {"namespace": "default"})
    assert (response.status_code, error_of(response)["error"]) == (404, "Pod not found: nope")
    assert AuditEvent.objects.get(action="Restart").result == "failed"


def test_what_the_cluster_forbids_is_not_done(api, demo, monkeypatch):
    monkeypatch.setattr(demo, "may", lambda verb, **_more: False)
    response = post(api, "deployments/api-gateway/restart", {"namespace": "default"})
    assert (response.status_code, error_of(response)["code"]) == (403, "forbidden")
    assert error_of(response)["details"] == {
        "reason": "Forbidden",
        "verb": "patch",
        "resource": "deployments",
        "namespace": "default",
    }
    assert AuditEvent.objects.get(action="Restart").result == "refused"


def test_restarts_are_limited(api, settings):
    settings.RATE_LIMIT_ENABLED = True
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"RESTART": (1, 60.0), "POD_RESTART": (1, 60.0)}
    for path in ("deployments/nope", "pods/nope"):
        statuses = [post(api, f"{path}/restart", {}).status_code for _ in range(2)]
        assert statuses == [400, 429]


@pytest.mark.parametrize("path", [*RESTARTS, "pods/web"])
def test_an_act_is_a_post(api, path):
    response = api.get(f"/api/{path}/restart")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST, OPTIONS")


@pytest.mark.parametrize(
    "body", [{}, {"replicas": None}, {"replicas": "many"}, {"replicas": -1}, {"replicas": 1.5}]
)
def test_a_number_of_replicas_is_a_whole_one(api, body):
    response = post(api, "deployments/api-gateway/scale?namespace=default", body)
    assert (response.status_code, error_of(response)["code"]) == (400, "validation_error")
    assert "replicas" in error_of(response)["fields"]


@pytest.mark.parametrize(
    "query",
    ["propagationPolicy=Sideways", "gracePeriodSeconds=soon", "gracePeriodSeconds=-1", "dryRun=maybe"],
)
def test_a_deletion_with_a_bad_value_is_refused(api, query):
    response = api.delete(f"/api/configmaps/app-config?namespace=default&{query}")
    assert (response.status_code, error_of(response)["code"]) == (400, "validation_error")
    assert list(error_of(response)["fields"]) == [query.partition("=")[0]]


def test_a_namespace_is_deleted_only_by_its_name(api):
    response = api.delete("/api/namespaces/staging?confirm=stagin")
    assert (response.status_code, list(error_of(response)["fields"])) == (400, ["confirm"])


@pytest.mark.parametrize("kind", LISTED)
def test_every_kind_can_be_deleted_by_who_may(api, kind):
    issued = access.issue_key("reader", scopes=["clusters:read"], owner=None, at=now())
    path = f"/api/{acting.path_of(kind)}/x?namespace=default"
    response = api.delete(path, headers={"X-API-Key": issued.key})
    assert (response.status_code, error_of(response)["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize(
    ("path", "state"),
    [("deployments/frontend", "done"), ("configmaps/app-config", "done"), ("pods/nope", "gone")],
)
def test_what_is_under_way_can_be_followed(api, path, state):
    response = api.get(f"/api/{path}/progress?namespace=default")
    assert (response.status_code, response.json()["state"]) == (200, state)


def test_what_is_followed_needs_a_namespace(api):
    response = api.get("/api/deployments/frontend/progress")
    assert error_of(response)["error"] == "Namespace parameter is required"


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("deployments/frontend/restart", {}, "Deployment frontend restart initiated"),
        (
            "statefulsets/postgres/restart",
            {"namespace": "production"},
            "StatefulSet postgres restart initiated",
        ),
        ("deployments/frontend/scale", {"replicas": 5}, "Deployment frontend scaled to 5"),
        ("deployments/frontend/pause", {}, "Deployment frontend paused"),
        ("deployments/frontend/resume", {}, "Deployment frontend resumed"),
    ],
)
def test_the_demo_world_is_acted_on_too(api, path, body, message):
    response = post(api, path, {"namespace": "default", **body})
    assert (response.status_code, response.json()["message"]) == (200, message)
    assert response.headers["X-Backend"] == "demo"
    watched = api.get(response.json()["watch"])
    assert watched.status_code == 200


def test_a_restart_is_as_documented(api, demo):
    body = post(api, "deployments/frontend/restart", {"namespace": "default"}).json()
    manifest = demo.read(Kind.DEPLOYMENTS, namespace="default", name="frontend")
    annotations = manifest["spec"]["template"]["metadata"]["annotations"]
    assert annotations["kubectl.kubernetes.io/restartedAt"] == body["restartedAt"] == body["timestamp"]
    assert (body["success"], body["deployment"], body["deploymentName"], body["namespace"]) == (
        True,
        "frontend",
        "frontend",
        "default",
    )


def test_a_pod_that_is_restarted_is_gone_at_once(api):
    name = api.get("/api/deployments/frontend/pods?namespace=default").json()[0]["name"]
    response = post(api, f"pods/{name}/restart?namespace=default")
    assert (response.status_code, response.json()["podName"]) == (200, name)


def test_an_object_is_deleted_and_a_dry_run_deletes_nothing(api):
    path = "/api/configmaps/logging-config?namespace=default"
    assert api.delete(f"{path}&dryRun=true").status_code == 200
    assert api.get(path).status_code == 200
    assert api.delete(path).json()["message"] == "ConfigMap logging-config deletion initiated"
    assert (api.get(path).status_code, api.delete(path).status_code) == (404, 404)


def test_a_cron_job_runs_now(api):
    name = api.get("/api/cronjobs?namespace=default").json()[0]["name"]
    body = post(api, f"cronjobs/{name}/trigger?namespace=default").json()
    assert (body["kind"], body["name"].rpartition("-")[0]) == ("Job", name)
    assert api.get(f"/api/jobs/{body['name']}?namespace=default").status_code == 200
